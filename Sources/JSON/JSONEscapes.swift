internal import Bytes

/// The content of JSON strings: between its escaped form and plain UTF-8.
enum JSONEscapes {
  /// The first byte at or after `start` that is a quote, a backslash, a control character or not ASCII.
  static func endOfPlainRun(in bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    // A byte has no invalid representation.
    let raw = unsafe bytes.bytes
    while index + 8 <= raw.byteCount {
      // In bounds by the loop's condition.
      let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let found = specialBytes(word)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
      index += 1
    }
    return index
  }

  /// The top bit of each byte of the word that is special; exact for the lowest of them, which is all that counts.
  private static func specialBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let zeros = (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
    let controls = (word &- ones &* 0x20) & ~word
    return (zeros | controls | word) & tops
  }

  /// Plain UTF-8 of valid string content. Half of a surrogate pair becomes U+FFFD.
  static func decode(_ escaped: Span<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(escaped.count)
    var index = 0
    while index < escaped.count {
      guard escaped[index] == UInt8(ascii: "\\"), index + 1 < escaped.count else {
        plain.append(escaped[index])
        index += 1
        continue
      }
      switch escaped[index + 1] {
      case UInt8(ascii: "b"): plain.append(0x08)
      case UInt8(ascii: "f"): plain.append(0x0C)
      case UInt8(ascii: "n"): plain.append(0x0A)
      case UInt8(ascii: "r"): plain.append(0x0D)
      case UInt8(ascii: "t"): plain.append(0x09)
      case UInt8(ascii: "u"):
        index += appendCharacter(escaped, at: index, to: &plain)
        continue
      default: plain.append(escaped[index + 1])
      }
      index += 2
    }
    return plain
  }

  /// Decodes `\uXXXX`, or two that are a surrogate pair; returns the bytes read.
  private static func appendCharacter(_ escaped: Span<UInt8>, at index: Int, to plain: inout [UInt8]) -> Int {
    let first = unit(escaped, at: index + 2)
    if first & 0xFC00 == 0xD800, index + 12 <= escaped.count, escaped[index + 6] == UInt8(ascii: "\\"),
      escaped[index + 7] == UInt8(ascii: "u")
    {
      let second = unit(escaped, at: index + 8)
      if second & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) {
        plain.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        return 12
      }
    }
    let scalar = Unicode.Scalar(first) ?? "\u{FFFD}"
    plain.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    return 6
  }

  private static func unit(_ escaped: Span<UInt8>, at index: Int) -> UInt32 {
    var value: UInt32 = 0
    for offset in 0..<4 where index + offset < escaped.count {
      value = value << 4 | UInt32(Hex.value(escaped[index + offset]) ?? 0)
    }
    return value
  }

  /// Appends the escaped form of plain text: only what must be escaped is.
  static func append(escaping text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { plain in
      // The buffer lives for this closure.
      let span = unsafe Span(_unsafeElements: plain)
      append(escaping: span, to: &bytes)
    }
  }

  static func append(escaping plain: Span<UInt8>, to bytes: inout [UInt8]) {
    var index = 0
    while index < plain.count {
      var end = index
      while end < plain.count {
        end = endOfPlainRun(in: plain, from: end)
        // Other than in a scanned text, bytes beyond ASCII need no look: a String is valid UTF-8.
        if end < plain.count, plain[end] >= 0x80 { end += 1 } else { break }
      }
      bytes.append(plain.extracting(index..<end))
      guard end < plain.count else { return }
      switch plain[end] {
      case UInt8(ascii: "\""): bytes.append("\\\"")
      case UInt8(ascii: "\\"): bytes.append("\\\\")
      case 0x08: bytes.append("\\b")
      case 0x0C: bytes.append("\\f")
      case 0x0A: bytes.append("\\n")
      case 0x0D: bytes.append("\\r")
      case 0x09: bytes.append("\\t")
      default:
        bytes.append("\\u00")
        bytes.append(contentsOf: Hex.encode([plain[end]]).utf8)
      }
      index = end + 1
    }
  }
}
