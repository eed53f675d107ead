/// Classes of ASCII bytes as the protocols define them.
public enum ASCII {
  /// One bit for each character of a token: 0–63 and 64–127.
  @usableFromInline static var tokens: (low: UInt64, high: UInt64) { (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE) }

  /// RFC 9110 §5.6.2: what names of methods and fields are made of.
  @inlinable
  public static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0..<64: tokens.low >> UInt64(byte) & 1 != 0
    case 64..<128: tokens.high >> UInt64(byte - 64) & 1 != 0
    default: false
    }
  }

  /// Printing characters without the space: 0x21–0x7E.
  @inlinable
  public static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

  @inlinable
  public static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  @inlinable
  public static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

  /// True if the bytes are the literal.
  public static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    for index in bytes.indices {
      // Within the literal: the counts are equal.
      if unsafe bytes[index] != text.utf8Start[index] { return false }
    }
    return true
  }

  /// True if the bytes are the literal, upper and lower case being the same.
  public static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    for index in bytes.indices {
      // Within the literal: the counts are equal.
      let other = unsafe text.utf8Start[index]
      if lowercased(bytes[index]) != lowercased(other) { return false }
    }
    return true
  }

  /// True if two strings are the same but for upper and lower case of ASCII letters.
  public static func equalsIgnoringCase(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lowercased($0) == lowercased($1) }
  }
}
