import Bytes
public import JSON

/// The event of which streams mostly consist, a `part.delta` with text, read in one pass. It is known by how Orq writes it,
/// byte by byte; whatever is written otherwise is left to ``OrqResponseEvent``, which reads the same from this.
public struct OrqTextDelta: Sendable {
  /// Never empty, and without escapes.
  public let partID: ArraySlice<UInt8>
  public let text: JSONString

  /// nil for any other event, and for this one in any other form.
  ///
  /// - Parameter data: of a server-sent event.
  public init?(_ data: ArraySlice<UInt8>) {
    let bytes = data.span
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
    let start = data.startIndex
    self.partID = data[start + partID.range.lowerBound..<start + partID.range.upperBound]
    self.text = JSONString(text, in: bytes)
  }

  /// True if the piece belongs to the part with this id.
  public func belongs(to partID: [UInt8]) -> Bool { self.partID.span.isSame(as: partID.span) }
}
