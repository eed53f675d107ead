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

  /// The first place from `start` on of a byte that is none of a token's; the end where there is none.
  public static func endOfToken(_ bytes: Span<UInt8>, from start: Int) -> Int {
    let (cases, lowerA) = (SIMD16<UInt8>(repeating: 0x20), SIMD16<UInt8>(repeating: 0x61))
    let (letters, hyphens) = (SIMD16<UInt8>(repeating: 26), SIMD16<UInt8>(repeating: 0x2D))
    var index = start
    while true {
      let stop = bytes.first(
        from: index, block: { .!((($0 | cases) &- lowerA .< letters) .| ($0 .== hyphens)) }, byte: { !isToken($0) })
      guard let stop else { return bytes.count }
      // Nearly all stop at what is no token's.
      if !isToken(bytes[stop]) { return stop }
      index = stop + 1
    }
  }

  /// True if the bytes are the literal.
  public static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    bytes.count == text.utf8CodeUnitCount && bytes.matches(text)
  }

  /// True if the bytes are the literal, upper and lower case being the same.
  public static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    let count = bytes.count
    guard count == text.utf8CodeUnitCount else { return false }
    // A byte has no invalid representation; a literal's bytes live as long as the program.
    let own = unsafe bytes.bytes
    let other = unsafe UnsafeRawPointer(text.utf8Start)
    switch count {
    case 0..<4:
      for index in 0..<count {
        // Within the literal: the counts are equal.
        let byte = unsafe text.utf8Start[index]
        if lowercased(bytes[index]) != lowercased(byte) { return false }
      }
      return true
    case 4..<8:
      // Four bytes from each end.
      func word(_ bytes: UnsafeRawPointer, _ index: Int) -> UInt64 {
        unsafe UInt64(bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
      }
      return unsafe own.withUnsafeBytes { own in
        guard let own = own.baseAddress else { return false }
        return unsafe lowercased(word(own, 0) << 32 | word(own, count - 4))
          == lowercased(word(other, 0) << 32 | word(other, count - 4))
      }
    default: break
    }
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
