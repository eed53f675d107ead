/// Classes of ASCII bytes as the protocols define them.
public enum ASCII {
  /// One bit for each character of a token: 0–63 and 64–127.
  @usableFromInline static var tokens: (low: UInt64, high: UInt64) { (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE) }

  /// RFC 9110 §5.6.2: what names of methods and fields are made of.
  @inlinable
  public static func isToken(_ byte: UInt8) -> Bool {
    // Nearly all.
    if (byte | 0x20) &- 0x61 < 26 || byte == 0x2D { return true }
    return switch byte {
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

  /// The first place from `start` on of a byte that is none of a token's.
  public static func endOfToken(_ bytes: Span<UInt8>, from start: Int) -> Int {
    // A byte has no invalid representation.
    let raw = unsafe bytes.bytes
    var index = start
    while index &+ 8 <= bytes.count {
      // In bounds by the loop's condition.
      let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let others = ~lettersAndHyphens(UInt64(littleEndian: word)) & 0x8080_8080_8080_8080
      index &+= others.trailingZeroBitCount >> 3
      if others == 0 { continue }
      if !isToken(bytes[index]) { return index }
      index += 1
    }
    while index < bytes.count, isToken(bytes[index]) { index += 1 }
    return index
  }

  /// The highest bit of each byte that is a letter or a hyphen; what the other bits say means nothing.
  private static func lettersAndHyphens(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // The highest bit of each byte below tells what its lower seven bits are.
    let small = (word | ones &* 0x20) & (ones &* 0x7F)
    let letters = (small &+ ones &* (0x80 - 0x61)) & ~(small &+ ones &* (0x80 - 0x7B))
    let notHyphens = ((word ^ ones &* 0x2D) & (ones &* 0x7F)) &+ ones &* 0x7F
    return (letters | ~notHyphens) & ~word
  }

  /// True if the bytes are the literal.
  public static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    bytes.count == text.utf8CodeUnitCount && bytes.matches(text)
  }

  /// True if the bytes are the literal, upper and lower case being the same.
  public static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    let count = bytes.count
    guard count == text.utf8CodeUnitCount else { return false }
    guard count >= 8 else {
      for index in 0..<count {
        // Within the literal: the counts are equal.
        let byte = unsafe text.utf8Start[index]
        if bytes[index] != byte, lowercased(bytes[index]) != lowercased(byte) { return false }
      }
      return true
    }
    // A byte has no invalid representation; a literal's bytes live as long as the program.
    let own = unsafe bytes.bytes
    let other = unsafe UnsafeRawPointer(text.utf8Start)
    var index = 0
    while true {
      // Both loads end at or before `count`, as they begin at or before `count - 8`.
      let a = unsafe own.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let b = unsafe other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if a != b, lowercased(a) != lowercased(b) { return false }
      if index == count - 8 { return true }
      // The last words overlap those before them, so that no single bytes are left over.
      index = min(index + 8, count - 8)
    }
  }

  /// Eight bytes at once, in any order: those of capital letters get the bit that makes them small.
  private static func lowercased(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // The highest bit of each byte below tells whether its lower seven bits are at least "A", or beyond "Z".
    let low = word & (ones &* 0x7F)
    let atLeastA = low &+ ones &* (0x80 - 0x41)
    let beyondZ = low &+ ones &* (0x80 - 0x5B)
    return word | (atLeastA & ~beyondZ & ~word & (ones &* 0x80)) >> 2
  }

  /// True if two strings are the same but for upper and lower case of ASCII letters.
  public static func equalsIgnoringCase(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lowercased($0) == lowercased($1) }
  }
}
