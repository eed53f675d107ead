import Bytes

/// Finds a name that stands twice in one object (RFC 8259 §4 leaves its meaning open, and two readers that disagree
/// about it are a way around a check). Asked only for objects that may have one.
enum JSONNameCheck {
  /// Objects up to this count are compared pair by pair, which needs no memory.
  private static let pairsMax = 16

  /// Objects up to this count are told by digests of their names to hold no name twice; larger ones are always checked.
  static let digestsMax = 32

  /// Of a name's length and its first and last eight bytes, in 28 bits.
  @inline(__always)
  static func digest(of bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let length = end &- start
    var word: UInt64 = 0
    if start &+ 8 <= bytes.count {
      word = load(bytes, at: start)
      if length < 8 { word &= (1 &<< UInt64(truncatingIfNeeded: length &* 8)) &- 1 }
    } else {
      for index in (start..<end).reversed() { word = word << 8 | UInt64(bytes[index]) }
    }
    if length > 8 { word = word &+ (load(bytes, at: end &- 8) &* 0x100_0000_01b3) }
    let mixed = (word ^ UInt64(truncatingIfNeeded: length)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 36)
  }

  @inline(__always)
  private static func load(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    // A byte has no invalid representation; the callers see to it that eight of them are there.
    unsafe UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  static func check(_ nodes: borrowing JSONTape, object: Int, _ bytes: Span<UInt8>) throws(JSONError) {
    var names: [Int] = []
    names.reserveCapacity(nodes[object].count)
    var hasEscapes = false
    var index = object + 1
    while index < Int(nodes[object].next) {
      names.append(index)
      hasEscapes = hasEscapes || nodes[index].flag
      index = Int(nodes[index + 1].next)
    }
    let repeated =
      names.count <= pairsMax && !hasEscapes
      ? repeatedInPairs(names, nodes, bytes) : repeatedInSet(names, nodes, bytes)
    if let repeated {
      throw JSONError(.duplicateName, at: Int(nodes[repeated].offset) - 1, "a member's name is repeated")
    }
  }

  private static func repeatedInPairs(_ names: [Int], _ nodes: borrowing JSONTape, _ bytes: Span<UInt8>) -> Int? {
    for later in names.indices {
      for earlier in 0..<later {
        if bytes.areEqual(nodes[names[earlier]].range, nodes[names[later]].range) { return names[later] }
      }
    }
    return nil
  }

  /// A set's hash is seeded anew in each process, so that nobody can choose names that collide.
  private static func repeatedInSet(_ names: [Int], _ nodes: borrowing JSONTape, _ bytes: Span<UInt8>) -> Int? {
    var seen: Set<[UInt8]> = []
    seen.reserveCapacity(names.count)
    for name in names {
      let text = JSONText.unescaped(bytes.extracting(nodes[name].range))
      if !seen.insert(text).inserted { return name }
    }
    return nil
  }
}
