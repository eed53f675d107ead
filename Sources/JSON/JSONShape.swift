public import Bytes

/// Reads a text of one known shape in one pass, without a tape: literal pieces, or objects of known members, with strings in
/// between. A text that differs may be valid all the same, and is then to be read by ``JSONDocument``; one that does not
/// differ is valid. A function that finds something else says so, and its caller gives up.
///
/// Of the space between tokens only spaces are stepped over.
public enum JSONShape {
  /// The content of a string within a text: valid, and still escaped.
  public struct Content: Sendable {
    /// Without the quotes.
    public let range: Range<Int>
    public let hasEscapes: Bool
  }

  /// Where any value lies within a text.
  public struct Value: Sendable {
    let range: Range<Int>

    /// In bytes.
    public var count: Int { range.count }
  }

  /// Steps over a literal piece; false, and no step, where the text has something else.
  @inlinable @inline(__always)
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

  /// Steps over spaces.
  @inlinable @inline(__always)
  public static func skipSpace(in text: Span<UInt8>, at offset: inout Int) {
    while offset < text.count, text[offset] == 0x20 { offset += 1 }
  }

  /// Steps over a token of one byte, and spaces before it.
  @inlinable @inline(__always)
  public static func skip(token: Unicode.Scalar, in text: Span<UInt8>, at offset: inout Int) -> Bool {
    skipSpace(in: text, at: &offset)
    guard offset < text.count, text[offset] == UInt8(ascii: token) else { return false }
    offset += 1
    return true
  }

  /// True where the text ends.
  public static func isEnd(of text: Span<UInt8>, at offset: inout Int) -> Bool {
    skipSpace(in: text, at: &offset)
    return offset == text.count
  }

  /// Steps over a string.
  public static func string(in text: Span<UInt8>, at offset: inout Int) -> Content? {
    guard skip(token: "\"", in: text, at: &offset), let content = content(in: text, at: &offset) else { return nil }
    // The closing quote.
    offset += 1
    return content
  }

  /// Steps over a string or a number.
  public static func scalar(in text: Span<UInt8>, at offset: inout Int) -> Value? {
    skipSpace(in: text, at: &offset)
    let start = offset
    if string(in: text, at: &offset) == nil {
      guard let end = try? JSONLexer.endOfNumber(text, from: start) else { return nil }
      offset = end
    }
    return Value(range: start..<offset)
  }

  /// Steps through an object of which all members are known.
  ///
  /// - Parameter member: steps over one member, name and value; false where it is none that is known, or not for the first
  ///   time.
  @inlinable @inline(__always)
  public static func object(
    in text: Span<UInt8>, at offset: inout Int, _ member: (inout Int) -> Bool
  ) -> Bool {
    guard skip(token: "{", in: text, at: &offset) else { return false }
    repeat {
      skipSpace(in: text, at: &offset)
      guard member(&offset) else { return false }
    } while skip(token: ",", in: text, at: &offset)
    return skip(token: "}", in: text, at: &offset)
  }

  /// Steps over any value without line breaks between its tokens.
  ///
  /// - Parameter depth: of the arrays and objects around it.
  public static func value(in text: Span<UInt8>, at offset: inout Int, depth: Int) -> Value? {
    skipSpace(in: text, at: &offset)
    var end = offset
    if counts(in: text, at: &end, levels: min(3, JSONLimits.default.depthMax - depth)) {
      let value = Value(range: offset..<end)
      offset = end
      return value
    }
    var limits = JSONLimits.default
    limits.depthMax -= depth
    do throws(JSONError) {
      let scanner = try JSONScanner(text, from: offset, limits: limits)
      if scanner.hasLineBreaks { return nil }
      let value = Value(range: offset..<scanner.end)
      offset = scanner.end
      return value
    } catch {
      return nil
    }
  }

  /// Steps over an object of numbers, and of objects of numbers, as counts are told. False also where two names are not
  /// different at a glance.
  private static func counts(in text: Span<UInt8>, at offset: inout Int, levels: Int) -> Bool {
    if levels == 0 { return false }
    var digests: UInt64 = 0
    return object(in: text, at: &offset) { place in
      guard let name = string(in: text, at: &place), !name.hasEscapes, skip(token: ":", in: text, at: &place) else {
        return false
      }
      let digest = JSONNameCheck.digest(of: text, from: name.range.lowerBound, to: name.range.upperBound)
      let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: digest & 63)
      if digests & bit != 0 { return false }
      digests |= bit
      skipSpace(in: text, at: &place)
      if place < text.count, text[place] == UInt8(ascii: "{") {
        return counts(in: text, at: &place, levels: levels - 1)
      }
      guard let end = try? JSONLexer.endOfNumber(text, from: place) else { return false }
      place = end
      return true
    }
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

extension String {
  /// As ``JSONString/init(_:in:)``, decoded.
  public init(_ content: JSONShape.Content, in text: Span<UInt8>) {
    let escaped = text.extracting(content.range)
    if content.hasEscapes {
      self.init(decoding: JSONText.unescaped(escaped), as: UTF8.self)
    } else {
      // The content is valid UTF-8.
      self = unsafe String(copying: UTF8Span(unchecked: escaped))
    }
  }
}

extension JSONFragment {
  /// - Parameters:
  ///   - value: as ``JSONShape`` found it.
  ///   - text: the text that it was found in.
  public init(_ value: JSONShape.Value, in text: Span<UInt8>) {
    self.init(unchecked: text.extracting(value.range).copied)
  }
}
