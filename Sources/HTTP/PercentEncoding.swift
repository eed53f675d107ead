import Bytes

/// Percent-encoding (RFC 3986 §2.1).
public enum PercentEncoding {
  /// Decodes a part of a path. nil for a bad escape, for bytes that are not UTF-8, and for control characters, which
  /// nothing that is named in a path has.
  public static func decodePath(_ text: String) -> String? { decode(text, plusIsSpace: false) }

  static func decode(_ text: String, plusIsSpace: Bool) -> String? {
    let encoded = Array(text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.count)
    var index = 0
    while index < encoded.count {
      var byte = encoded[index]
      index += 1
      if byte == UInt8(ascii: "%") {
        guard index + 2 <= encoded.count, let high = Hex.value(encoded[index]), let low = Hex.value(encoded[index + 1])
        else { return nil }
        byte = high << 4 | low
        index += 2
      } else if plusIsSpace, byte == UInt8(ascii: "+") {
        byte = 0x20
      }
      guard byte >= 0x20, byte != 0x7F else { return nil }
      bytes.append(byte)
    }
    return UTF8Scan.isValid(bytes.span) ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// Encodes all but unreserved characters.
  public static func encodePathSegment(_ text: String) -> String {
    if text.utf8.allSatisfy(isUnreserved) { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// RFC 3986 §2.3.
  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39: true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    default: false
    }
  }
}

/// The parameters of a query, decoded (`application/x-www-form-urlencoded`).
public struct QueryParameters: Sendable {
  private let items: [(name: String, value: String)]

  /// Parameters of one query at most.
  public static let parametersMax = 100

  /// nil for a bad escape or too many parameters.
  public init?(_ query: String) {
    var items: [(name: String, value: String)] = []
    for piece in query.split(separator: "&") {
      let pair = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard items.count < QueryParameters.parametersMax,
        let name = PercentEncoding.decode(String(pair[0]), plusIsSpace: true),
        let value = PercentEncoding.decode(pair.count > 1 ? String(pair[1]) : "", plusIsSpace: true)
      else { return nil }
      items.append((name, value))
    }
    self.items = items
  }

  public func first(_ name: String) -> String? { items.first { $0.name == name }?.value }

  /// All values of a name, in order.
  public func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

  /// In order, repeated names repeated.
  public var names: [String] { items.map(\.name) }
}
