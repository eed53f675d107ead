/// Identifiers that sort by time: 48 bits of milliseconds and 80 bits of entropy as 26 characters of Crockford's base32.
public enum ULID {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  /// - Parameters:
  ///   - milliseconds: since 1970; the low 48 bits count.
  ///   - entropy: 16 bits of the first word and all of the second are used.
  public static func text(milliseconds: Int64, entropy: (UInt64, UInt64)) -> String {
    var text = [UInt8](repeating: 0, count: 26)
    var high = UInt64(bitPattern: milliseconds) << 16 | entropy.0 & 0xFFFF
    var low = entropy.1
    for index in stride(from: 25, through: 0, by: -1) {
      text[index] = alphabet[Int(low & 31)]
      low = low >> 5 | high << 59
      high >>= 5
    }
    return String(decoding: text, as: UTF8.self)
  }
}
