/// Numbers of slots by hash, with open addressing. An entry takes eight bytes and leads to one slot: a table of a hundred
/// thousand tasks stays near the processor, where a dictionary of their keys does not.
///
/// Several slots may have one hash: whoever looks says which is meant. Hashes must be spread over their upper half and
/// beyond the reach of callers.
struct SlotTable {
  /// The upper half of the hash, and below it the slot and one; 0 where there is none. Each stands at the place that the
  /// uppermost bits say, or behind it with no gap between.
  private var entries = [UInt64](repeating: 0, count: 16)
  private(set) var count = 0

  private var mask: Int { entries.count - 1 }

  func slot(_ hash: UInt64, where isMeant: (Int) -> Bool) -> Int? {
    place(hash, where: isMeant).map { SlotTable.slot(entries[$0]) }
  }

  mutating func insert(_ slot: Int, _ hash: UInt64) {
    // At most two thirds full: the more there is, the longer are the runs without a gap.
    if 3 * (count + 1) > 2 * entries.count { grow() }
    count += 1
    add(hash & SlotTable.upperHalf | UInt64(slot + 1))
  }

  mutating func replace(_ old: Int, by new: Int, _ hash: UInt64) {
    guard let place = place(hash, where: { $0 == old }) else { return }
    entries[place] = hash & SlotTable.upperHalf | UInt64(new + 1)
  }

  mutating func remove(_ slot: Int, _ hash: UInt64) {
    guard var gap = place(hash, where: { $0 == slot }) else { return }
    count -= 1
    // What stands behind the gap and may stand in it moves there, until nothing follows.
    var next = (gap + 1) & mask
    while entries[next] != 0 {
      if (next - home(of: entries[next])) & mask >= (next - gap) & mask {
        entries[gap] = entries[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    entries[gap] = 0
  }

  private func place(_ hash: UInt64, where isMeant: (Int) -> Bool) -> Int? {
    var place = home(of: hash)
    while entries[place] != 0 {
      let entry = entries[place]
      if (entry ^ hash) & SlotTable.upperHalf == 0, isMeant(SlotTable.slot(entry)) { return place }
      place = (place + 1) & mask
    }
    return nil
  }

  private mutating func add(_ entry: UInt64) {
    var place = home(of: entry)
    while entries[place] != 0 { place = (place + 1) & mask }
    entries[place] = entry
  }

  private mutating func grow() {
    let old = entries
    entries = [UInt64](repeating: 0, count: 2 * old.count)
    for entry in old where entry != 0 { add(entry) }
  }

  private func home(of hash: UInt64) -> Int { Int(hash >> UInt64(64 - entries.count.trailingZeroBitCount)) }

  private static let upperHalf: UInt64 = 0xFFFF_FFFF_0000_0000

  private static func slot(_ entry: UInt64) -> Int { Int(entry & ~upperHalf) - 1 }
}
