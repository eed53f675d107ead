/// Searches sixteen bytes at a time.
extension Span where Element == UInt8 {
  /// The first place from `start` on of a byte that `hits` marks in a block, and `isHit` on its own.
  @inlinable @inline(__always)
  public func first(
    from start: Int, block hits: (SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>>, byte isHit: (UInt8) -> Bool
  ) -> Int? {
    // A byte has no invalid representation.
    let raw = unsafe bytes
    var index = start
    while index <= count &- 16 {
      // In bounds by the loop's condition.
      let block = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: SIMD16<UInt8>.self)
      // A byte of the mask is all ones or none, and lies where the byte of the text does.
      let halves = unsafe unsafeBitCast(hits(block), to: SIMD2<UInt64>.self)
      if halves[0] != 0 { return index &+ UInt64(littleEndian: halves[0]).trailingZeroBitCount &>> 3 }
      if halves[1] != 0 { return index &+ 8 &+ UInt64(littleEndian: halves[1]).trailingZeroBitCount &>> 3 }
      index &+= 16
    }
    while index < count {
      if isHit(self[index]) { return index }
      index += 1
    }
    return nil
  }

  // Vectors on both sides of a comparison: one with a single byte is not made of vector instructions.

  /// The first place from `start` on of a byte.
  public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    let bytes = SIMD16(repeating: byte)
    return first(from: start, block: { $0 .== bytes }, byte: { $0 == byte })
  }

  /// The first place from `start` on of a carriage return or line feed.
  public func firstLineBreak(from start: Int = 0) -> Int? {
    let (returns, feeds) = (SIMD16<UInt8>(repeating: 0x0D), SIMD16<UInt8>(repeating: 0x0A))
    return first(from: start, block: { ($0 .== returns) .| ($0 .== feeds) }, byte: { $0 == 0x0D || $0 == 0x0A })
  }

  /// The first place from `start` on of a byte below the space, or of DEL.
  public func firstControl(from start: Int = 0) -> Int? {
    let (spaces, deletes) = (SIMD16<UInt8>(repeating: 0x20), SIMD16<UInt8>(repeating: 0x7F))
    return first(from: start, block: { ($0 .< spaces) .| ($0 .== deletes) }, byte: { $0 < 0x20 || $0 == 0x7F })
  }
}
