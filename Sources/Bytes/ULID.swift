/// Identifiers that sort by time: 48 bits of milliseconds and 80 bits of entropy as 26 characters of Crockford's base32.
public enum ULID {
  private static let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

  /// - Parameters:
  ///   - milliseconds: since 1970; the low 48 bits count.
  ///   - entropy: 16 bits of the first word and all of the second are used.
  public static func text(milliseconds: Int64, entropy: (UInt64, UInt64)) -> String {
    var high = UInt64(bitPattern: milliseconds) << 16 | entropy.0 & 0xFFFF
    var low = entropy.1
    var digits = InlineArray<26, UInt8>(repeating: 0)
    for index in 0..<26 {
      // From the last digit on; each is one of the 32 letters of the literal.
      digits[25 - index] = unsafe alphabet.utf8Start[Int(low & 31)]
      low = low >> 5 | high << 59
      high >>= 5
    }
    // Letters and digits are valid UTF-8.
    return unsafe String(copying: UTF8Span(unchecked: digits.span, isKnownASCII: true))
  }
}
