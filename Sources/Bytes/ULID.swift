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
}

/// Identifiers that say nothing but which is meant: 75 bits of entropy as 15 characters of Crockford's base32, which is as long
/// as a String can be without memory of its own.
public enum ShortID {
  /// - Parameter entropy: 11 bits of the first word and all of the second are used.
  public static func text(_ entropy: (UInt64, UInt64)) -> String {
    let digits: InlineArray<15, UInt8> = Base32.digits(high: entropy.0, low: entropy.1)
    return Base32.text(digits.span)
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

  static func text(_ digits: Span<UInt8>) -> String {
    // Letters and digits are valid UTF-8.
    unsafe String(copying: UTF8Span(unchecked: digits, isKnownASCII: true))
  }
}
