/// Fills room that an array has made once for all of its pieces: see `Array.append(addingCapacity:initializingWith:)`.
extension OutputSpan where Element == UInt8 {
  @inlinable @inline(__always)
  public mutating func append(_ bytes: Span<UInt8>) {
    precondition(bytes.count <= freeCapacity, "there is no room for these bytes")
    // Both pointers are used within the closures only; that the bytes fit was checked.
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      unsafe bytes.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let start = buffer.baseAddress else { return }
        unsafe (start + count).update(from: from, count: source.count)
        count += source.count
      }
    }
  }

  @inlinable @inline(__always)
  public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  /// Appends a literal.
  @inlinable @inline(__always)
  public mutating func append(_ text: StaticString) {
    precondition(
      text.hasPointerRepresentation && text.utf8CodeUnitCount <= freeCapacity, "there is no room for this text")
    // A static string's bytes live as long as the program; that they fit was checked.
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      guard let start = buffer.baseAddress else { return }
      unsafe (start + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
      count += text.utf8CodeUnitCount
    }
  }

  /// Appends the UTF-8 of a string.
  public mutating func append(utf8 text: String) { append(text.utf8Span.span) }

  /// Appends a number in decimal digits: at most 20 bytes.
  public mutating func append(decimal number: Int) { number.withDecimalDigits { append($0) } }

  /// Appends a number in hexadecimal digits, without leading zeros: at most 16 bytes.
  public mutating func append(shortHex number: UInt64) {
    var shift = number == 0 ? 0 : (63 - number.leadingZeroBitCount) & ~3
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift) & 15)
      append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      shift -= 4
    }
  }

  /// Appends a number as sixteen hexadecimal digits.
  public mutating func append(hex number: UInt64) {
    // All digits of four bytes at once: each half of a byte goes into a byte of its own, and from 10 on the digits are
    // letters.
    func digits(_ half: UInt32) -> UInt64 {
      var word = UInt64(half)
      word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
      word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
      word = (word | word << 4) & 0x0F0F_0F0F_0F0F_0F0F
      let ones: UInt64 = 0x0101_0101_0101_0101
      let letters = (word &+ ones &* 6) >> 4 & ones
      return (word &+ ones &* 0x30 &+ letters &* (0x61 - 0x3A)).bigEndian
    }
    let text = (
      digits(UInt32(truncatingIfNeeded: number >> 32)), digits(UInt32(truncatingIfNeeded: number))
    )
    // Sixteen bytes either way, and any bits are bytes.
    append(unsafe unsafeBitCast(text, to: InlineArray<16, UInt8>.self).span)
  }
}
