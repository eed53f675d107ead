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
