internal import Bytes

/// A scanned JSON text: its bytes and where its values are. Immutable and cheap to share.
public final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let tape: [TapeEntry]

  private init(bytes: [UInt8], tape: [TapeEntry]) {
    self.bytes = bytes
    self.tape = tape
  }

  /// Scans a text, strictly by RFC 8259; member names are unique, strings are UTF-8, there is no byte order mark.
  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONDocument {
    JSONDocument(bytes: bytes, tape: try JSONScanner.scan(bytes, limits: limits))
  }

  public var root: JSONNode { JSONNode(document: self, index: 0) }
}
