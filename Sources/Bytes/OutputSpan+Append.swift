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
    var digits = InlineArray<16, UInt8>(repeating: 0)
    var rest = number
    for index in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      digits[15 - index] = digit < 10 ? 0x30 + digit : 0x57 + digit
      rest >>= 4
    }
    append(digits.span)
  }
}
