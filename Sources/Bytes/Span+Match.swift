extension Span where Element == UInt8 {
  /// True if the bytes from `offset` on begin with the literal.
  @inlinable @inline(__always)
  public func matches(_ text: StaticString, at offset: Int = 0) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, length <= count - offset else { return false }
    // The literal's bytes live as long as the program; its length fits both by the guard.
    return unsafe withUnsafeBytes {
      guard let base = $0.baseAddress else { return length == 0 }
      return unsafe areSame(base + offset, UnsafeRawPointer(text.utf8Start), count: length)
    }
  }

  /// True if the bytes are the same.
  public func isSame(as other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    // Both hold `count` bytes (no pointer where that is 0); the pointers are used within the closures only.
    return unsafe withUnsafeBytes { own in
      unsafe other.withUnsafeBytes { others in
        guard let a = own.baseAddress, let b = others.baseAddress else { return true }
        return unsafe areSame(a, b, count: own.count)
      }
    }
  }

  /// True if two ranges of these bytes, which must lie within, are the same.
  public func areEqual(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    guard a.count == b.count else { return false }
    for index in 0..<a.count where self[a.lowerBound + index] != self[b.lowerBound + index] { return false }
    return true
  }
}

/// Compares whole words; the last one overlaps the one before it, so that no single bytes are left over.
@inlinable @inline(__always)
func areSame(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int) -> Bool {
  /// The words at an offset; both end at or before `count`.
  func sameWord<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type, at offset: Int) -> Bool {
    let own = unsafe a.loadUnaligned(fromByteOffset: offset, as: Word.self)
    return unsafe own == b.loadUnaligned(fromByteOffset: offset, as: Word.self)
  }
  switch count {
  case 0: return true
  case 1: return sameWord(UInt8.self, at: 0)
  case 2...3: return sameWord(UInt16.self, at: 0) && sameWord(UInt16.self, at: count - 2)
  case 4...7: return sameWord(UInt32.self, at: 0) && sameWord(UInt32.self, at: count - 4)
  default:
    var offset = 0
    while offset < count - 8 {
      if !sameWord(UInt64.self, at: offset) { return false }
      offset += 8
    }
    return sameWord(UInt64.self, at: count - 8)
  }
}
