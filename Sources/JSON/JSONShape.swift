import Bytes

/// Reads a text of one known shape in one pass, without a tape: literal pieces, with strings in between. A text that
/// differs may be valid all the same, and is then to be read by ``JSONDocument``; one that does not differ is valid.
public enum JSONShape {
  /// The content of a string within a text: valid, and still escaped.
  public struct Content: Sendable {
    /// Without the quotes.
    public let range: Range<Int>
    public let hasEscapes: Bool
  }

  /// Steps over a literal piece; false, and no step, where the text has something else.
  public static func skip(_ literal: StaticString, in text: Span<UInt8>, at offset: inout Int) -> Bool {
    guard text.matches(literal, at: offset) else { return false }
    offset += literal.utf8CodeUnitCount
    return true
  }

  /// Reads the content of a string from behind its opening quote up to the closing one; nil where it is none.
  public static func content(in text: Span<UInt8>, at offset: inout Int) -> Content? {
    var hasEscapes = false
    guard let end = try? JSONLexer.endOfString(text, from: offset, escaped: &hasEscapes) else { return nil }
    let content = Content(range: offset..<end, hasEscapes: hasEscapes)
    offset = end
    return content
  }
}

extension JSONString {
  /// - Parameters:
  ///   - content: as ``JSONShape/content(in:at:)`` found it.
  ///   - text: the text that it was found in.
  public init(_ content: JSONShape.Content, in text: Span<UInt8>) {
    self.init(unchecked: text.extracting(content.range).copied, hasEscapes: content.hasEscapes)
  }
}
