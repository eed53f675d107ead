/// Identifiers that sort by time: 48 bits of milliseconds and 80 bits of entropy as 26 characters of Crockford's base32.
public enum ULID {
  private static let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

  /// - Parameters:
  ///   - milliseconds: since 1970; the low 48 bits count.
  ///   - entropy: 16 bits of the first word and all of the second are used.
  public static func text(milliseconds: Int64, entropy: (UInt64, UInt64)) -> String {
    var high = UInt64(bitPattern: milliseconds) << 16 | entropy.0 & 0xFFFF
    var low = entropy.1
    // The string lends 26 bytes, all of which are written, each from one of the 32 letters of the literal.
    return unsafe String(unsafeUninitializedCapacity: 26) { text in
      for index in stride(from: 25, through: 0, by: -1) {
        unsafe text[index] = alphabet.utf8Start[Int(low & 31)]
        low = low >> 5 | high << 59
        high >>= 5
      }
      return 26
    }
  }
}
