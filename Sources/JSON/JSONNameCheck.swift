import Bytes

/// Finds a name that stands twice in one object (RFC 8259 §4 leaves its meaning open, and two readers that disagree
/// about it are a way around a check). Asked only for objects that may have one.
enum JSONNameCheck {
  /// Objects up to this count are compared pair by pair, which needs no memory.
  private static let pairsMax = 16

  /// Objects up to this count are told by digests of their names to hold no name twice; larger ones are always checked.
  private static let digestsMax = 32

  /// Whether a name may stand in its object before, or need be decoded to tell. Writes its digest down.
  ///
  /// - Parameters:
  ///   - name: the node appended last.
  ///   - number: counts from 1.
  @inline(__always)
  static func mayRepeat(
    _ nodes: inout JSONTape, name: Int, number: Int, object: Int, _ bytes: Span<UInt8>
  ) -> Bool {
    let node = nodes[name]
    guard number <= digestsMax, !node.flag else { return true }
    let digest = digest(of: node, bytes)
    nodes[name].count = digest
    var earlier = object + 1
    while earlier < name {
      if nodes[earlier].count == digest { return true }
      earlier = Int(nodes[earlier + 1].next)
    }
    return false
  }

  /// Of a name's length and its first and last eight bytes; fits where other nodes have their count.
  @inline(__always)
  private static func digest(of name: JSONTapeNode, _ bytes: Span<UInt8>) -> Int {
    let (start, length) = (Int(name.offset), Int(name.length))
    var word: UInt64 = 0
    if start + 8 <= bytes.count {
      word = load(bytes, at: start)
      if length < 8 { word &= (1 &<< UInt64(length * 8)) &- 1 }
    } else {
      for index in (start..<start + length).reversed() { word = word << 8 | UInt64(bytes[index]) }
    }
    if length > 8 { word = word &+ (load(bytes, at: start + length - 8) &* 0x100_0000_01b3) }
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
