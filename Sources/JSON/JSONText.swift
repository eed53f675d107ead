import Bytes

/// Escapes of RFC 8259 §7, on and off.
enum JSONText {
  /// The text that valid string content stands for.
  static func unescaped(_ content: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(content.count)
    var index = 0
    while index < content.count {
      let end = JSONLexer.endOfPlainContent(content, from: index, beyondASCII: false)
      text.append(content.extracting(index..<end))
      index = end
      if index < content.count { index = appendEscape(content, at: index, to: &text) }
    }
    return text
  }

  /// Appends what the escape at `start` stands for; returns the offset behind it.
  private static func appendEscape(_ content: Span<UInt8>, at start: Int, to text: inout [UInt8]) -> Int {
    let letter = content[start + 1]
    switch letter {
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      let (scalar, end) = escapedScalar(content, at: start)
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      return end
    default: text.append(letter)
    }
    return start + 2
  }

  private static func escapedScalar(_ content: Span<UInt8>, at start: Int) -> (Unicode.Scalar, end: Int) {
    let unit = JSONLexer.codeUnit(content, at: start) ?? 0xFFFD
    if unit & 0xFC00 == 0xD800, let low = JSONLexer.codeUnit(content, at: start + 6) {
      return (Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF) ?? "\u{FFFD}", start + 12)
    }
    return (Unicode.Scalar(unit) ?? "\u{FFFD}", start + 6)
  }

  /// Appends text as string content; escapes only what must be (RFC 8259 §7; the same choices as RFC 8785 §3.2.2.2).
  static func appendEscaped(_ text: Span<UInt8>, to bytes: inout ByteWriter) {
    var index = 0
    while true {
      let end = JSONLexer.endOfPlainContent(text, from: index, beyondASCII: false)
      bytes.append(text.extracting(index..<end))
      guard end < text.count else { return }
      bytes.append(JSONLexer.backslash)
      switch text[end] {
      case JSONLexer.quote, JSONLexer.backslash: bytes.append(text[end])
      case 0x08: bytes.append(UInt8(ascii: "b"))
      case 0x09: bytes.append(UInt8(ascii: "t"))
      case 0x0A: bytes.append(UInt8(ascii: "n"))
      case 0x0C: bytes.append(UInt8(ascii: "f"))
      case 0x0D: bytes.append(UInt8(ascii: "r"))
      default:
        bytes.append("u00")
        bytes.append(hex: text[end])
      }
      index = end + 1
    }
  }
}
