/// Searches eight bytes at a time. In the words below, the lowest bit set marks the first byte found exactly; higher bits
/// may be false, since a borrow can run over.
extension Span where Element == UInt8 {
  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var tops: UInt64 { 0x8080_8080_8080_8080 }

  @inline(__always)
  private func first(
    from start: Int, word hits: (UInt64) -> UInt64, byte isHit: (UInt8) -> Bool
  ) -> Int? {
    // A byte has no invalid representation.
    let raw = unsafe bytes
    var index = start
    while index &+ 8 <= count {
      // In bounds by the loop's condition.
      let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let found = hits(UInt64(littleEndian: word)) & Self.tops
      if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
      index &+= 8
    }
    while index < count {
      if isHit(self[index]) { return index }
      index += 1
    }
    return nil
  }

  /// The first place from `start` on of a byte.
  public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    let pattern = Self.ones &* UInt64(byte)
    return first(
      from: start,
      word: { word in
        let difference = word ^ pattern
        return (difference &- Self.ones) & ~difference
      }, byte: { $0 == byte })
  }

  /// The first place from `start` on of a carriage return or line feed.
  public func firstLineBreak(from start: Int = 0) -> Int? {
    first(
      from: start,
      word: { word in
        let returns = word ^ (Self.ones &* 0x0D)
        let feeds = word ^ (Self.ones &* 0x0A)
        return (returns &- Self.ones) & ~returns | (feeds &- Self.ones) & ~feeds
      }, byte: { $0 == 0x0D || $0 == 0x0A })
  }

  /// The first place from `start` on of a byte below the space, or of DEL.
  public func firstControl(from start: Int = 0) -> Int? {
    first(
      from: start,
      word: { word in
        let deletes = word ^ (Self.ones &* 0x7F)
        return (word &- Self.ones &* 0x20) & ~word | (deletes &- Self.ones) & ~deletes
      }, byte: { $0 < 0x20 || $0 == 0x7F })
  }
}
