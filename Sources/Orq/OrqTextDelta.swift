import Bytes
public import JSON

/// The event of which streams mostly consist, a `part.delta` with text, read in one pass. It is known by how Orq writes it,
/// byte by byte; whatever is written otherwise is left to ``OrqResponseEvent``, which reads the same from this.
public struct OrqTextDelta: Sendable {
  /// Where the part's id lies in the data: never empty, and without escapes.
  public let partID: Range<Int>
  /// Where the text lies.
  public let text: JSONShape.Content

  /// nil for any other event, and for this one in any other form.
  ///
  /// - Parameter bytes: the data of a server-sent event.
  public init?(_ bytes: Span<UInt8>) {
    guard bytes.count <= JSONLimits.default.bytesMax else { return nil }
    var place = 0
    while place < bytes.count, bytes[place] == 0x20 { place += 1 }
    guard JSONShape.skip(#"{"type":"part.delta","timestamp":""#, in: bytes, at: &place),
      JSONShape.content(in: bytes, at: &place) != nil,
      JSONShape.skip(#"","data":{"partId":""#, in: bytes, at: &place),
      let partID = JSONShape.content(in: bytes, at: &place), !partID.hasEscapes, !partID.range.isEmpty,
      JSONShape.skip(#"","delta":{"kind":"text","text":""#, in: bytes, at: &place),
      let text = JSONShape.content(in: bytes, at: &place),
      JSONShape.skip(#""}}}"#, in: bytes, at: &place), place == bytes.count
    else { return nil }
    self.partID = partID.range
    self.text = text
  }
}
