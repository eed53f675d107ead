import Bytes

/// An absolute http or https URL (RFC 3986), without user information and fragment. Many hold one, nobody changes it.
public final class URI: Sendable {
  /// `http` or `https`.
  public let scheme: String
  /// Lower case; an IPv6 address is without its brackets.
  public let host: String
  /// As stated; nil for the scheme's own.
  public let port: Int?
  /// At least `/`, still percent-encoded.
  public let path: String
  public let query: String?
  /// What a Host field says.
  public let authority: String
  public let isSecure: Bool
  /// The port to connect to.
  public let effectivePort: Int
  /// The same for all URLs of one origin: connections to it are looked up by it, for each request.
  public let originHash: Int

  /// nil for anything but a well-formed absolute URL of these schemes.
  public init?(_ text: String) {
    guard text.utf8.count <= 8192, text.utf8.allSatisfy(ASCII.isVisible), let mark = text.range(of: "://") else {
      return nil
    }
    scheme = text[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    let rest = text[mark.upperBound...]
    let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    guard let (host, port) = URI.hostAndPort(rest[..<authorityEnd]), !rest[authorityEnd...].contains("#") else {
      return nil
    }
    self.host = host
    self.port = port
    let name = host.contains(":") ? "[\(host)]" : host
    authority = port.map { "\(name):\($0)" } ?? name
    let target = rest[authorityEnd...]
    let queryStart = target.firstIndex(of: "?") ?? target.endIndex
    path = queryStart == target.startIndex ? "/" : String(target[..<queryStart])
    query = queryStart == target.endIndex ? nil : String(target[target.index(after: queryStart)...])
    isSecure = scheme == "https"
    effectivePort = port ?? (isSecure ? 443 : 80)
    var hasher = Hasher()
    hasher.combine(scheme)
    hasher.combine(host)
    hasher.combine(effectivePort)
    originHash = hasher.finalize()
  }

  private init(_ base: URI, path: String, query: String?) {
    scheme = base.scheme
    host = base.host
    port = base.port
    authority = base.authority
    isSecure = base.isSecure
    effectivePort = base.effectivePort
    originHash = base.originHash
    self.path = path
    self.query = query
  }

  /// What a request line says for a resource below this URL.
  ///
  /// - Parameter target: as in ``appending(target:)``.
  public func target(below target: String) -> String { path == "/" ? target : path + target }

  /// A resource below this URL: its path, then this target.
  ///
  /// - Parameter target: a path with its first slash, and a query; percent-encoded as it must be.
  public func appending(target: String) -> URI {
    let target = self.target(below: target)
    guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return URI(self, path: target, query: nil) }
    return URI(
      self, path: String(target[..<mark]), query: String(target[target.utf8.index(after: mark)...]))
  }

  /// What a reference, such as a `Location` field's, means at this URL (RFC 3986 §5.2); its fragment is left away. nil where
  /// that is no URL of these schemes.
  public func resolving(_ reference: String) -> URI? {
    let text = reference.prefix { $0 != "#" }
    let schemeEnd = text.firstIndex { $0 == ":" || $0 == "/" || $0 == "?" }
    if let schemeEnd, text[schemeEnd] == ":" { return URI(String(text)) }
    if text.hasPrefix("//") { return URI("\(scheme):\(text)") }
    let origin = "\(scheme)://\(authority)"
    if text.isEmpty { return self }
    if text.hasPrefix("?") { return URI(origin + path + text) }
    let (relative, query) = URI.divided(text)
    let folder: Substring = text.hasPrefix("/") ? "" : path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    return URI(origin + URI.withoutDots(folder + relative) + query)
  }

  /// Whether both are of the same origin (RFC 6454 §5).
  public func hasSameOrigin(as other: URI) -> Bool {
    self === other
      || originHash == other.originHash && scheme == other.scheme && host == other.host
        && effectivePort == other.effectivePort
  }

  private static func divided(_ target: Substring) -> (path: Substring, query: Substring) {
    let mark = target.firstIndex(of: "?") ?? target.endIndex
    return (target[..<mark], target[mark...])
  }

  /// Removes `.` and `..` segments (RFC 3986 §5.2.4) from a path with its first slash.
  private static func withoutDots(_ path: Substring) -> String {
    var segments: [Substring] = []
    let all = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in all.enumerated() {
      let isLast = index == all.count - 1
      switch segment {
      case ".": if isLast { segments.append("") }
      case "..":
        _ = segments.popLast()
        if isLast { segments.append("") }
      default: segments.append(segment)
      }
    }
    return "/" + segments.joined(separator: "/")
  }

  /// What a request line says.
  public var target: String { query.map { "\(path)?\($0)" } ?? path }

  private static func hostAndPort(_ authority: Substring) -> (String, Int?)? {
    guard !authority.contains("@") else { return nil }
    var (host, portText): (Substring, Substring?) = (authority, nil)
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { return nil }
      host = authority[authority.index(after: authority.startIndex)..<close]
      let rest = authority[authority.index(after: close)...]
      guard rest.isEmpty || rest.hasPrefix(":"), host.contains(":"),
        host.utf8.allSatisfy({ Hex.value($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else { return nil }
      portText = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      portText = authority[authority.index(after: colon)...]
    }
    let isName = host.utf8.allSatisfy { byte in
      ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
        || byte == UInt8(ascii: ":") || (ASCII.lowercased(byte) >= 0x61 && ASCII.lowercased(byte) <= 0x7A)
    }
    guard !host.isEmpty, isName else { return nil }
    guard let portText else { return (host.lowercased(), nil) }
    guard (1...5).contains(portText.utf8.count), portText.utf8.allSatisfy(ASCII.isDigit), let port = Int(portText),
      (1...65_535).contains(port)
    else { return nil }
    return (host.lowercased(), port)
  }
}

extension URI: Hashable {
  public static func == (a: URI, b: URI) -> Bool {
    a === b || a.scheme == b.scheme && a.authority == b.authority && a.path == b.path && a.query == b.query
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(originHash)
    hasher.combine(path)
    hasher.combine(query)
  }
}

extension StringProtocol {
  fileprivate func range(of needle: String) -> Range<Index>? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(needle) { return index..<self.index(index, offsetBy: needle.count) }
      index = self.index(after: index)
    }
    return nil
  }
}
