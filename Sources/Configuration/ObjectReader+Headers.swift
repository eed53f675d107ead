import JSON

extension ObjectReader {
  /// Fields that say how a message travels.
  private static let ownHeaders: Set<String> = [
    "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
    "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
  ]

  /// The member `headers`: fields of every request to an upstream.
  ///
  /// - Parameter own: names, in lower case, that the gateway writes itself beyond those of HTTP.
  mutating func headerFields(own: Set<String> = []) -> [(name: String, value: TextOrSecret)] {
    textsOrSecrets("headers", "fields").compactMap { member, value in
      if !Self.isToken(member.name) {
        faults.error(member.nameRange, "\"\(member.name)\" cannot be the name of a header field")
        return nil
      }
      let name = member.name.lowercased()
      if Self.ownHeaders.contains(name) || own.contains(name) {
        faults.error(member.nameRange, "\"\(member.name)\" is the gateway's to say", hint: "remove it")
        return nil
      }
      if case .text(let text) = value, !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
        faults.error(member.value.range, "a header field holds visible ASCII characters and spaces")
        return nil
      }
      return (member.name, value)
    }
  }

  /// Whether text can be the name of a field or a cookie (RFC 9110 §5.6.2).
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
      }
  }
}
