/// Names one scheduled call of an event loop. Cancelling it late or twice does nothing.
public struct Timer: Hashable, Sendable {
  fileprivate let slot: Int
  fileprivate let generation: UInt64
}

/// Calls to make at moments to come, without a clock: a binary heap whose entries know their place, so that scheduling
/// and cancelling cost O(log n) and a cancelled call leaves at once, with all it holds on to.
struct TimerQueue {
  private struct Entry {
    var deadline: MonotonicTime
    /// Calls due at the same moment run in the order in which they were scheduled.
    var generation: UInt64
    var slot: Int
  }

  private struct Slot {
    var body: (() -> Void)?
    var generation: UInt64
    var position: Int
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var generations: UInt64 = 0

  var count: Int { heap.count }
  var nextDeadline: MonotonicTime? { heap.first?.deadline }

  mutating func schedule(at deadline: MonotonicTime, _ body: @escaping () -> Void) -> Timer {
    generations += 1
    let content = Slot(body: body, generation: generations, position: heap.count)
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      slots[slot] = content
    } else {
      slot = slots.count
      slots.append(content)
    }
    heap.append(Entry(deadline: deadline, generation: generations, slot: slot))
    rise(from: heap.count - 1)
    return Timer(slot: slot, generation: generations)
  }

  mutating func cancel(_ timer: Timer) {
    guard slots.indices.contains(timer.slot), slots[timer.slot].generation == timer.generation else { return }
    _ = remove(at: slots[timer.slot].position)
  }

  /// Takes out the next call that is due at `now`; nil when none is.
  mutating func popDue(at now: MonotonicTime) -> (() -> Void)? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    return remove(at: 0)
  }

  private mutating func remove(at position: Int) -> (() -> Void)? {
    let slot = heap[position].slot
    let body = slots[slot].body
    slots[slot] = Slot(body: nil, generation: 0, position: 0)
    freeSlots.append(slot)
    let last = heap.removeLast()
    if position < heap.count {
      place(last, at: position)
      rise(from: position)
      sink(from: position)
    }
    return body
  }

  private mutating func rise(from start: Int) {
    var position = start
    let entry = heap[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard TimerQueue.isBefore(entry, heap[parent]) else { break }
      place(heap[parent], at: position)
      position = parent
    }
    if position != start { place(entry, at: position) }
  }

  private mutating func sink(from start: Int) {
    var position = start
    let entry = heap[position]
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, TimerQueue.isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard TimerQueue.isBefore(heap[child], entry) else { break }
      place(heap[child], at: position)
      position = child
    }
    if position != start { place(entry, at: position) }
  }

  private mutating func place(_ entry: Entry, at position: Int) {
    heap[position] = entry
    slots[entry.slot].position = position
  }

  private static func isBefore(_ a: Entry, _ b: Entry) -> Bool {
    a.deadline == b.deadline ? a.generation < b.generation : a.deadline < b.deadline
  }
}
