internal import Bytes

/// One JSON value as its own text, so that what only passes through keeps its digits, its escapes and the order of its
/// members. Never holds a raw CR or LF: it can stand in one line of an event stream.
public struct JSONFragment: Sendable, Hashable {
  public let bytes: [UInt8]
  public let kind: JSONNode.Kind

  /// Writes a tree.
  public init(_ value: JSONValue) {
    var writer = JSONWriter()
    writer.value(value)
    bytes = writer.bytes
    kind = value.kind
  }

  /// Checks a text.
  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONFragment {
    try JSONDocument.parse(bytes, limits: limits).root.fragment
  }

  /// - Parameter checked: a value that a scan has found valid; for a string without its quotes.
  init(checked: [UInt8], kind: JSONNode.Kind) {
    self.kind = kind
    guard kind != .string else {
      bytes = JSONFragment.quoted(checked)
      return
    }
    bytes = checked.contains { $0 == 0x0A || $0 == 0x0D } ? JSONFragment.compacted(checked) : checked
  }

  private static func quoted(_ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(content.count + 2)
    bytes.append(UInt8(ascii: "\""))
    bytes += content
    bytes.append(UInt8(ascii: "\""))
    return bytes
  }

  /// Drops the white space between tokens; strings hold no raw line ends.
  private static func compacted(_ text: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var isInString = false
    var isEscaped = false
    for byte in text {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
        continue
      }
      bytes.append(byte)
    }
    return bytes
  }

  /// The value, scanned again. Cheap for small values; keep the document for repeated reads.
  public var document: JSONDocument {
    do {
      return try JSONDocument.parse(bytes, limits: JSONLimits(depthMax: .max, nodesMax: .max))
    } catch {
      preconditionFailure("a fragment holds a value that was scanned before: \(error)")
    }
  }

  public var value: JSONValue { document.root.value }

  public static func == (a: JSONFragment, b: JSONFragment) -> Bool { a.bytes == b.bytes }

  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
