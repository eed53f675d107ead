import Bytes

/// A number that keeps the digits it was written with.
public struct JSONNumber: Sendable, Hashable {
  /// Valid by RFC 8259 §6.
  public let text: String

  init(unchecked text: String) { self.text = text }

  public init(_ number: Int) { text = String(number) }

  /// nil for infinities and NaN, which JSON has no form for.
  public init?(_ number: Double) {
    guard number.isFinite else { return nil }
    text = CanonicalJSON.text(of: number)
  }

  /// nil if the text is no number of JSON.
  public init?(text: String) {
    do {
      let bytes = Array(text.utf8)
      guard try JSONLexer.endOfNumber(bytes.span, from: 0) == bytes.count else { return nil }
    } catch {
      return nil
    }
    self.text = text
  }

  /// A number without a fraction that fits, however written: `1`, `1.0`, `1e2`.
  public var int64: Int64? { JSONNumber.int64(text.utf8Span.span) }

  /// The nearest binary number; nil beyond its range.
  public var double: Double? { JSONNumber.double(text) }

  static func double(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }

  /// - Parameter text: a valid number.
  static func int64(_ text: Span<UInt8>) -> Int64? {
    var value: UInt64 = 0
    /// Zeros whose worth is not known until a digit follows.
    var zeros = 0
    /// The power of ten of the last digit taken into `value`.
    var scale = 0
    var isFraction = false
    var index = 0
    while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
      let byte = text[index]
      index += 1
      if byte == UInt8(ascii: ".") { isFraction = true }
      guard ASCII.isDigit(byte) else { continue }
      if isFraction { scale -= 1 }
      if byte == UInt8(ascii: "0") {
        zeros += 1
        continue
      }
      guard value == 0 || multiply(&value, byTenTo: zeros) else { return nil }
      guard append(digit: byte, to: &value) else { return nil }
      zeros = 0
    }
    scale += zeros + exponent(text, from: index)
    if value == 0 { return 0 }
    guard scale >= 0, multiply(&value, byTenTo: scale) else { return nil }
    return text[0] == UInt8(ascii: "-") ? Int64(exactly: -Int128(value)) : Int64(exactly: value)
  }

  private static func append(digit: UInt8, to value: inout UInt64) -> Bool {
    guard multiply(&value, byTenTo: 1) || value == 0 else { return false }
    let (sum, overflow) = value.addingReportingOverflow(UInt64(digit & 15))
    value = sum
    return !overflow
  }

  private static func multiply(_ value: inout UInt64, byTenTo power: Int) -> Bool {
    // 10^20 is beyond 64 bits.
    guard power < 20 else { return false }
    for _ in 0..<power {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return false }
      value = product
    }
    return true
  }

  /// The exponent behind an `e` at `start`; 0 if there is none. Held within ±10^6, far beyond what fits.
  private static func exponent(_ text: Span<UInt8>, from start: Int) -> Int {
    var exponent = 0
    var sign = 1
    for index in start..<text.count {
      if text[index] == UInt8(ascii: "-") { sign = -1 }
      if ASCII.isDigit(text[index]), exponent < 1_000_000 { exponent = exponent * 10 + Int(text[index] & 15) }
    }
    return sign * exponent
  }
}
