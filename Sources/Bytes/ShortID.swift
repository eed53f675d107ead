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
