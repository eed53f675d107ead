import Bytes

/// The tokens of RFC 8259, each from its first byte to its end. Shared by all readers of this module.
enum JSONLexer {
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")

  /// One bit per byte of the word that ends a run of plain string content: a quote, a backslash, a control character or,
  /// where asked for, anything beyond ASCII. The lowest bit set is exact; higher ones may be false.
  @inline(__always)
  static func stops(in word: UInt64, beyondASCII: Bool) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* UInt64(quote))
    let backslashes = word ^ (ones &* UInt64(backslash))
    let (noQuotes, noBackslashes, noControls) = (quotes &- ones, backslashes &- ones, word &- ones &* 0x20)
    // Bytes beyond ASCII have the bit by themselves, as wrongly as anywhere else behind the first stop.
    if beyondASCII { return (noQuotes | noBackslashes | noControls | word) & (ones &* 0x80) }
    return (noQuotes & ~quotes | noBackslashes & ~backslashes | noControls & ~word) & (ones &* 0x80)
  }

  /// The first offset from `start` on of a byte that is not plain content, or the count.
  @inline(__always)
  static func endOfPlainContent(_ bytes: Span<UInt8>, from start: Int, beyondASCII: Bool) -> Int {
    // A byte has no invalid representation.
    let raw = unsafe bytes.bytes
    var index = start
    while index + 8 <= bytes.count {
      // In bounds by the loop's condition.
      let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let stops = stops(in: UInt64(littleEndian: word), beyondASCII: beyondASCII)
      if stops != 0 { return index + stops.trailingZeroBitCount >> 3 }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == quote || byte == backslash || byte < 0x20 || (beyondASCII && byte >= 0x80) { break }
      index += 1
    }
    return index
  }

  /// As ``endOfPlainContent(_:from:beyondASCII:)`` for ASCII alone, sixteen bytes at a time.
  @inline(never)
  static func endOfPlainASCII(_ bytes: Span<UInt8>, from start: Int) -> Int {
    // A byte has no invalid representation.
    let raw = unsafe bytes.bytes
    // Vectors on both sides: a comparison with a single byte is not made of vector instructions. Bytes beyond ASCII are
    // negative, and so below a space.
    let quotes = SIMD16<Int8>(repeating: Int8(quote))
    let backslashes = SIMD16<Int8>(repeating: Int8(backslash))
    let spaces = SIMD16<Int8>(repeating: 0x20)
    var index = start
    while index <= bytes.count &- 16 {
      // In bounds by the loop's condition.
      let block = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: SIMD16<Int8>.self)
      let stops = (block .== quotes) .| (block .== backslashes) .| (block .< spaces)
      // A byte of the mask is all ones or none, and lies where the byte of the text does.
      let halves = unsafe unsafeBitCast(stops, to: SIMD2<UInt64>.self)
      if halves[0] != 0 { return index &+ UInt64(littleEndian: halves[0]).trailingZeroBitCount &>> 3 }
      if halves[1] != 0 { return index &+ 8 &+ UInt64(littleEndian: halves[1]).trailingZeroBitCount &>> 3 }
      index &+= 16
    }
    return endOfPlainEnd(bytes, from: index)
  }

  /// As ``endOfPlainASCII(_:from:)``, for less than sixteen bytes.
  @inline(never)
  private static func endOfPlainEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    endOfPlainContent(bytes, from: start, beyondASCII: true)
  }

  /// True if nothing in the bytes must be escaped in a string.
  @inline(__always)
  static func isPlain(_ bytes: Span<UInt8>) -> Bool {
    let count = bytes.count
    if count < 8 { return endOfPlainContent(bytes, from: 0, beyondASCII: false) == count }
    // A byte has no invalid representation.
    let raw = unsafe bytes.bytes
    if count < 16 {
      // Both are in bounds. They overlap, so that no single bytes are left over.
      let first = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)
      let last = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self)
      return stops(in: first, beyondASCII: false) | stops(in: last, beyondASCII: false) == 0
    }
    // Vectors on both sides: a comparison with a single byte is not made of vector instructions.
    let quotes = SIMD16<UInt8>(repeating: quote)
    let backslashes = SIMD16<UInt8>(repeating: backslash)
    let spaces = SIMD16<UInt8>(repeating: 0x20)
    var index = 0
    while true {
      // Ends at or before `count`, as it begins at or before `count - 16`.
      let block = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: SIMD16<UInt8>.self)
      let stops = (block .== quotes) .| (block .== backslashes) .| (block .< spaces)
      // A lane of the mask is all ones or none.
      let lanes = unsafe unsafeBitCast(stops, to: SIMD2<UInt64>.self)
      if lanes[0] | lanes[1] != 0 { return false }
      if index == count &- 16 { return true }
      // The last block overlaps the one before it, so that no single bytes are left over.
      index = min(index &+ 16, count &- 16)
    }
  }

  /// Checks string content from behind the opening quote; returns the offset of the closing quote.
  @inline(__always)
  static func endOfString(_ bytes: Span<UInt8>, from start: Int, escaped: inout Bool) throws(JSONError) -> Int {
    // Most strings are plain to their end.
    let plain = endOfPlainASCII(bytes, from: start)
    // In bounds by the condition before.
    if plain < bytes.count, unsafe bytes[unchecked: plain] == quote { return plain }
    let end = try endOfContent(bytes, from: plain, escaped: &escaped)
    guard end < bytes.count else { throw JSONError(.syntax, at: end, "the text ends within a string") }
    return end
  }

  /// Checks string content up to a bare quote or the end of the bytes; returns where that is.
  static func endOfContent(_ bytes: Span<UInt8>, from start: Int, escaped: inout Bool) throws(JSONError) -> Int {
    var index = start
    while true {
      index = endOfPlainContent(bytes, from: index, beyondASCII: true)
      guard index < bytes.count, bytes[index] != quote else { return index }
      if bytes[index] == backslash {
        escaped = true
        index = try endOfEscape(bytes, from: index)
      } else if bytes[index] < 0x20 {
        throw JSONError(.syntax, at: index, "a control character must be escaped in a string")
      }
      // Text beyond ASCII mostly comes in runs.
      while index < bytes.count, bytes[index] >= 0x80 {
        let length = UTF8Scan.sequenceLength(bytes, at: index)
        if length == 0 { throw JSONError(.invalidUTF8, at: index, "not UTF-8") }
        index += length
      }
    }
  }

  /// Checks one escape (both halves of a surrogate pair); returns the offset behind it.
  private static func endOfEscape(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    guard start + 1 < bytes.count else { throw JSONError(.syntax, at: start, "the text ends within an escape") }
    switch bytes[start + 1] {
    case quote, backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"):
      return start + 2
    case UInt8(ascii: "u"):
      guard let unit = codeUnit(bytes, at: start) else { break }
      if unit & 0xF800 != 0xD800 { return start + 6 }
      guard unit < 0xDC00, let low = codeUnit(bytes, at: start + 6), low & 0xFC00 == 0xDC00 else {
        throw JSONError(.invalidUTF8, at: start, "half of a surrogate pair")
      }
      return start + 12
    default: break
    }
    throw JSONError(.syntax, at: start, "not an escape of JSON")
  }

  /// The UTF-16 code unit of `\uXXXX` at `start`; nil if there is none.
  static func codeUnit(_ bytes: Span<UInt8>, at start: Int) -> UInt32? {
    guard start + 6 <= bytes.count, bytes[start] == backslash, bytes[start + 1] == UInt8(ascii: "u") else { return nil }
    var unit: UInt32 = 0
    for index in start + 2..<start + 6 {
      guard let digit = Hex.value(bytes[index]) else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  /// Checks one of the three literals; returns the offset behind it.
  static func endOfLiteral(_ text: StaticString, _ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    guard bytes.matches(text, at: start) else {
      throw JSONError(.syntax, at: start, "a value is expected")
    }
    return start + text.utf8CodeUnitCount
  }

  /// Checks a number; returns the offset behind it.
  static func endOfNumber(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    var index = start
    if byte(bytes, index) == UInt8(ascii: "-") { index += 1 }
    if byte(bytes, index) == UInt8(ascii: "0") {
      index += 1
    } else if !skipDigits(bytes, &index) {
      throw JSONError(.syntax, at: index, "a number needs a digit here")
    }
    if byte(bytes, index) == UInt8(ascii: ".") {
      index += 1
      if !skipDigits(bytes, &index) { throw JSONError(.syntax, at: index, "a number needs a digit behind its point") }
    }
    if byte(bytes, index) | 0x20 == UInt8(ascii: "e") {
      index += 1
      let sign = byte(bytes, index)
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
      if !skipDigits(bytes, &index) { throw JSONError(.syntax, at: index, "a number needs a digit in its exponent") }
    }
    // `01` and `1x` are no numbers with something behind, but wrong numbers.
    if ASCII.isDigit(byte(bytes, index)) { throw JSONError(.syntax, at: index, "a number has no leading zero") }
    return index
  }

  /// 0, which is part of no number, behind the end.
  private static func byte(_ bytes: Span<UInt8>, _ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  /// False where there is none.
  private static func skipDigits(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
    let first = index
    while index < bytes.count, ASCII.isDigit(bytes[index]) { index += 1 }
    return index > first
  }
}
