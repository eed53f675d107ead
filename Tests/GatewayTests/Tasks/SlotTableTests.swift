import TestSupport
import Testing

@testable import Gateway

@Suite struct SlotTableTests {
  @Test func anEmptyTableKnowsNoSlot() {
    let table = SlotTable()
    #expect(table.count == 0)
    #expect(table.slot(0) { _ in true } == nil)
    #expect(table.slot(.max) { _ in true } == nil)
  }

  @Test func slotsOfOneHashAreToldApart() {
    var table = SlotTable()
    for slot in 0..<100 { table.insert(slot, 7 << 32) }
    for slot in 0..<100 { #expect(table.slot(7 << 32) { $0 == slot } == slot) }
    table.remove(50, 7 << 32)
    #expect(table.slot(7 << 32) { $0 == 50 } == nil)
    #expect(table.slot(7 << 32) { $0 == 51 } == 51)
    #expect(table.count == 99)
  }

  @Test func aSlotThatIsReplacedIsGone() {
    var table = SlotTable()
    table.insert(0, .max)
    table.replace(0, by: 9, .max)
    #expect(table.slot(.max) { $0 == 0 } == nil)
    #expect(table.slot(.max) { $0 == 9 } == 9)
    #expect(table.count == 1)
  }

  @Test func whatIsNotThereIsNotRemoved() {
    var table = SlotTable()
    table.insert(1, 1 << 63)
    table.remove(2, 1 << 63)
    table.remove(1, 1 << 62)
    table.replace(2, by: 3, 1 << 63)
    #expect(table.count == 1)
    #expect(table.slot(1 << 63) { _ in true } == 1)
  }

  /// Beside a dictionary, with few enough hashes that runs are long, meet, and go round the table's end.
  @Test(arguments: 0..<20 as Range<UInt64>, [1, 3, 40, 100_000] as [UInt64])
  func behavesAsADictionaryDoes(seed: UInt64, hashes: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var table = SlotTable()
    var expected: [Int: UInt64] = [:]
    func check(_ slot: Int) {
      let hash = expected[slot]
      #expect(table.slot(hash ?? 0) { $0 == slot } == hash.map { _ in slot })
    }
    for step in 0..<600 {
      let slot = Int.random(in: 0..<200, using: &generator)
      if let hash = expected[slot] {
        if Bool.random(using: &generator) {
          table.remove(slot, hash)
        } else {
          table.replace(slot, by: 1000 + step, hash)
          expected[1000 + step] = hash
        }
        expected[slot] = nil
      } else {
        // The uppermost places, so that some runs begin at the end of the table.
        let hash = .max - UInt64.random(in: 0..<hashes, using: &generator) << 32
        table.insert(slot, hash)
        expected[slot] = hash
      }
      check(slot)
    }
    #expect(table.count == expected.count)
    for slot in expected.keys { check(slot) }
  }
}
