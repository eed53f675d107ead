import Bytes

/// A JSON text and where its values are. Scanned once; values are looked at in place and decoded only when asked for.
///
/// Strict RFC 8259: valid UTF-8 without a byte order mark, no half surrogate pairs, each member name once.
public final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let tape: JSONTape
  /// A carriage return or line feed stands between two tokens.
  let hasLineBreaks: Bool

  private init(bytes: [UInt8], scanner: consuming JSONScanner) {
    self.bytes = bytes
    hasLineBreaks = scanner.hasLineBreaks
    tape = scanner.tape
  }

  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONDocument {
    var scanner = try JSONScanner(bytes.span, limits: limits)
    try scanner.expectEnd(of: bytes.span)
    return JSONDocument(bytes: bytes, scanner: scanner)
  }

  /// The outermost value.
  public var root: JSONNode { JSONNode(document: self, index: 0) }
}
