/// Identifiers that sort by time: 48 bits of milliseconds and 80 bits of entropy as 26 characters of Crockford's base32.
public enum ULID {
  /// - Parameters:
  ///   - milliseconds: since 1970; the low 48 bits count.
  ///   - entropy: 16 bits of the first word and all of the second are used.
  public static func text(milliseconds: Int64, entropy: (UInt64, UInt64)) -> String {
    let digits: InlineArray<26, UInt8> = Base32.digits(
      high: UInt64(bitPattern: milliseconds) << 16 | entropy.0 & 0xFFFF, low: entropy.1)
    return Base32.text(digits.span)
  }

  /// The time of an identifier, in milliseconds since 1970; nil for a text that is none. One text for each: lower case, and the
  /// letters that other readers of base32 forgive, are other texts.
  public static func milliseconds(of text: String) -> Int64? {
    guard text.utf8.count == 26, let number = Base32.number(text.utf8Span.span) else { return nil }
    return Int64(number.high >> 16)
  }
}

/// Identifiers that say nothing but which is meant: 75 bits of entropy as 15 characters of Crockford's base32, which is as long
/// as a String can be without memory of its own.
public enum ShortID {
  /// - Parameter entropy: 11 bits of the first word and all of the second are used.
  public static func text(_ entropy: (UInt64, UInt64)) -> String {
    let digits: InlineArray<15, UInt8> = Base32.digits(high: entropy.0, low: entropy.1)
    return Base32.text(digits.span)
  }

  /// The 75 bits of an identifier; nil for a text that is none, as ``ULID/milliseconds(of:)``.
  public static func number(_ text: String) -> (high: UInt64, low: UInt64)? {
    let digits = text.utf8Span.span
    return digits.count == 15 ? Base32.number(digits) : nil
  }
}

/// Crockford's base32: digits and upper-case letters but for I, L, O and U.
private enum Base32 {
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
    for index in digits.indices {
      // There is a value for each byte.
      let value = unsafe values[unchecked: Int(digits[index])]
      guard value < 32, high >> 59 == 0 else { return nil }
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(value)
    }
    return (high, low)
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
