internal import Bytes

/// The content of a JSON string, still escaped, so that text which only passes through is copied and not decoded. Two are
/// equal if their escaped bytes are; texts that a person would call equal may be escaped differently.
public struct JSONString: Sendable, Hashable, ExpressibleByStringLiteral {
  /// What stands between the quotes.
  public private(set) var escaped: [UInt8]

  /// Escapes a text.
  public init(_ text: String) {
    escaped = []
    escaped.reserveCapacity(text.utf8.count + 8)
    JSONEscapes.append(escaping: text, to: &escaped)
  }

  public init(stringLiteral text: String) { self.init(text) }

  /// - Parameter checked: content that a scan has found valid.
  init(checked: [UInt8]) { escaped = checked }

  /// nil unless this is what may stand between the quotes of a JSON string.
  public init?(validatingEscaped content: [UInt8]) {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    text += content
    text.append(UInt8(ascii: "\""))
    guard let document = try? JSONDocument.parse(text), document.root.kind == .string else { return nil }
    escaped = content
  }

  /// The text, decoded. Half of a surrogate pair becomes U+FFFD.
  public var string: String { String(decoding: JSONEscapes.decode(escaped.span), as: UTF8.self) }

  public var isEmpty: Bool { escaped.isEmpty }

  /// Adds text at the end.
  public mutating func append(_ other: JSONString) { escaped += other.escaped }
}
