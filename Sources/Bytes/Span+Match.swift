extension Span where Element == UInt8 {
  /// True if the bytes from `offset` on begin with the literal.
  public func matches(_ text: StaticString, at offset: Int = 0) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, length <= count - offset else { return false }
    // A byte has no invalid representation; a literal's bytes live as long as the program.
    let own = unsafe bytes
    let other = unsafe UnsafeRawPointer(text.utf8Start)
    var index = 0
    while index + 8 <= length {
      // Both loads end at or before `length`, which fits both by the guard.
      let a = unsafe own.unsafeLoadUnaligned(fromUncheckedByteOffset: offset + index, as: UInt64.self)
      let b = unsafe other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if a != b { return false }
      index += 8
    }
    while index < length {
      if self[offset + index] != (unsafe text.utf8Start[index]) { return false }
      index += 1
    }
    return true
  }

  /// True if the bytes are the same.
  public func isSame(as other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    // A byte has no invalid representation.
    let (own, others) = unsafe (bytes, other.bytes)
    var index = 0
    while index + 8 <= count {
      // Both loads end at or before `count`, which is that of both.
      let a = unsafe own.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let b = unsafe others.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      if a != b { return false }
      index += 8
    }
    while index < count {
      if self[index] != other[index] { return false }
      index += 1
    }
    return true
  }

  /// True if two ranges of these bytes, which must lie within, are the same.
  public func areEqual(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    guard a.count == b.count else { return false }
    for index in 0..<a.count where self[a.lowerBound + index] != self[b.lowerBound + index] { return false }
    return true
  }
}
