/// Crockford's base32: digits and upper-case letters but for I, L, O and U.
enum Base32 {
  private static let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

  /// The lowest bits of a number of 128, most significant digit first.
  static func digits<let count: Int>(high: UInt64, low: UInt64) -> InlineArray<count, UInt8> {
    var (high, low) = (high, low)
    var digits = InlineArray<count, UInt8>(repeating: 0)
    for index in 1...count {
      // From the last digit on; each is one of the 32 letters of the literal.
      digits[count - index] = unsafe alphabet.utf8Start[Int(low & 31)]
      low = low >> 5 | high << 59
      high >>= 5
    }
    return digits
  }

  /// The number of 128 bits that the digits write; nil where one is none, or where they write a larger one.
  static func number(_ digits: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
    let values = values.span
    var (high, low) = (UInt64(0), UInt64(0))
    // Looked at in the end: of no digit, and of what was shifted out.
    var (seen, lost) = (UInt8(0), UInt64(0))
    for index in digits.indices {
      // There is a value for each byte.
      let value = unsafe values[unchecked: Int(digits[unchecked: index])]
      seen |= value
      lost |= high >> 59
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(value)
    }
    return seen < 32 && lost == 0 ? (high, low) : nil
  }

  /// By the digit; 0xFF for what is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for value in 0..<32 { unsafe values[Int(alphabet.utf8Start[value])] = UInt8(value) }
    return values
  }()

  static func text(_ digits: Span<UInt8>) -> String {
    // Letters and digits are valid UTF-8.
    unsafe String(copying: UTF8Span(unchecked: digits, isKnownASCII: true))
  }
}
