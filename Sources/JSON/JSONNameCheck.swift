import Bytes

/// Finds a name that stands twice in one object (RFC 8259 §4 leaves its meaning open, and two readers that disagree
/// about it are a way around a check). Asked only for objects that may have one.
enum JSONNameCheck {
  /// Objects up to this count are compared pair by pair, which needs no memory.
  private static let pairsMax = 16

  /// In larger objects a name is no more compared with those before it as it comes: all are checked in the end.
  static let comparedMax = 32

  /// A cheap digest of a name, which only its bounds go into.
  @inline(__always)
  static func digest(of bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var digest = (end &- start) &* 7
    // In bounds, as the name is.
    if start < end { digest &+= unsafe Int(bytes[unchecked: start]) &* 5 &+ Int(bytes[unchecked: end &- 1]) &* 13 }
    return digest
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
