import Bytes

/// Text in the form that it has between the quotes of a JSON string. What only passes through is copied as it came.
///
/// Two are equal if they say the same text, however it is escaped.
public struct JSONString: Sendable {
  /// Valid string content, still escaped.
  public private(set) var escaped: [UInt8]
  private(set) var hasEscapes: Bool

  init(unchecked escaped: [UInt8], hasEscapes: Bool) {
    self.escaped = escaped
    self.hasEscapes = hasEscapes
  }

  /// No text.
  public init() { self.init(unchecked: [], hasEscapes: false) }

  public init(_ text: String) {
    let utf8 = text.utf8Span.span
    var escaped = ByteWriter(capacity: utf8.count)
    JSONText.appendEscaped(utf8, to: &escaped)
    // Escaping always lengthens.
    let hasEscapes = escaped.count != utf8.count
    self.init(unchecked: escaped.finish(), hasEscapes: hasEscapes)
  }

  /// Takes bytes that are valid string content already; nil if they are not.
  public init?(validatingEscaped bytes: [UInt8]) {
    var hasEscapes = false
    do {
      guard try JSONLexer.endOfContent(bytes.span, from: 0, escaped: &hasEscapes) == bytes.count else { return nil }
    } catch {
      return nil
    }
    self.init(unchecked: bytes, hasEscapes: hasEscapes)
  }

  /// The text, decoded.
  public var string: String { String(decoding: utf8, as: UTF8.self) }

  /// The decoded text's UTF-8.
  public var utf8: [UInt8] { hasEscapes ? JSONText.unescaped(escaped.span) : escaped }

  public var isEmpty: Bool { escaped.isEmpty }

  /// Adds text at the end.
  public mutating func append(_ other: JSONString) {
    escaped += other.escaped
    hasEscapes = hasEscapes || other.hasEscapes
  }

  /// Adds texts at the end.
  public mutating func append(_ others: JSONStrings) {
    others.forEach {
      escaped.append($0)
      hasEscapes = hasEscapes || $1
    }
  }
}

extension JSONString: Hashable {
  public static func == (a: JSONString, b: JSONString) -> Bool {
    a.escaped == b.escaped || ((a.hasEscapes || b.hasEscapes) && a.utf8 == b.utf8)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(utf8) }
}

extension JSONString: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self.init(text) }
}
