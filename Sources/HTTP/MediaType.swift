import Bytes

/// A media type with its parameters (RFC 9110 §8.3.1). All but parameter values is lower case.
public struct MediaType: Sendable, Equatable {
  public let type: String
  public let subtype: String
  /// Values without their quotes.
  public let parameters: [String: String]

  /// nil for anything else, for a parameter stated twice, and beyond 1 KiB.
  public init?(_ text: String) {
    guard text.utf8.count <= 1024 else { return nil }
    var reader = Reader(bytes: Array(text.utf8))
    reader.skipSpace()
    guard let type = reader.token(), reader.skip("/"), let subtype = reader.token() else { return nil }
    var parameters: [String: String] = [:]
    reader.skipSpace()
    while reader.skip(";") {
      reader.skipSpace()
      // An empty parameter is allowed (RFC 9110 §5.6.6).
      guard let name = reader.token() else { continue }
      guard reader.skip("="), let value = reader.quoted() ?? reader.token(),
        parameters.updateValue(value, forKey: name.lowercased()) == nil
      else { return nil }
      reader.skipSpace()
    }
    guard reader.isAtEnd else { return nil }
    self.type = type.lowercased()
    self.subtype = subtype.lowercased()
    self.parameters = parameters
  }
}

private struct Reader {
  let bytes: [UInt8]
  private var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  mutating func skipSpace() {
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
  }

  mutating func token() -> String? {
    let start = index
    while index < bytes.count, ASCII.isToken(bytes[index]) { index += 1 }
    return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
  }

  /// A quoted string (RFC 9110 §5.6.4), decoded; nil, without moving, if there is none or it does not end.
  mutating func quoted() -> String? {
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
    var text: [UInt8] = []
    var place = index + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      if bytes[place] == UInt8(ascii: "\\") { place += 1 }
      guard place < bytes.count else { return nil }
      text.append(bytes[place])
      place += 1
    }
    guard place < bytes.count else { return nil }
    index = place + 1
    return String(decoding: text, as: UTF8.self)
  }
}
