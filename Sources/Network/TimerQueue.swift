/// Names one scheduled call of an event loop. Cancelling it late or twice does nothing.
public struct Timer: Hashable, Sendable {
  fileprivate let slot: Int
  fileprivate let generation: UInt64
}

/// Calls to make at moments to come, without a clock: a binary heap. Nearly all calls are cancelled, and are later than those
/// that were scheduled before them: a cancelled call lets go at once of all it holds on to, and its place in the heap goes
/// when it comes to the front, or with all of its kind when they are more than half. So both cost O(1) mostly.
final class TimerQueue {
  private struct Entry {
    var deadline: MonotonicTime
    /// Calls due at the same moment run in the order in which they were scheduled.
    var generation: UInt64
    var slot: Int
  }

  private struct Slot {
    var body: (() -> Void)?
    /// That of the entry whose call this is; entries that find another one are of cancelled calls.
    var generation: UInt64
  }

  private let heap = Ring<Entry>()
  private let slots = Ring<Slot>()
  private let freeSlots = Ring<Int>()
  private var generations: UInt64 = 0

  /// Calls that are not cancelled.
  private(set) var count = 0

  /// Entries of cancelled calls that may stay however few others there are.
  private static let cancelledMin = 64

  var nextDeadline: MonotonicTime? {
    while heap.count > 0 {
      let first = heap[0]
      if isAlive(first) { return first.deadline }
      removeFirst()
    }
    return nil
  }

  func schedule(at deadline: MonotonicTime, _ body: consuming @escaping () -> Void) -> Timer {
    generations += 1
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
    } else {
      slot = slots.count
      slots.append(Slot(body: nil, generation: 0))
    }
    slots[slot].body = consume body
    slots[slot].generation = generations
    count += 1
    heap.append(Entry(deadline: deadline, generation: generations, slot: slot))
    rise(from: heap.count - 1)
    return Timer(slot: slot, generation: generations)
  }

  func cancel(_ timer: Timer) {
    guard timer.slot < slots.count, slots[timer.slot].generation == timer.generation else { return }
    // Let go of at the end: it may hold what cancels calls when it goes.
    let body = free(timer.slot)
    defer { _ = body }
    if heap.count - count > max(count, TimerQueue.cancelledMin) { removeCancelled() }
  }

  /// Takes out the next call that is due at `now`; nil when none is.
  func popDue(at now: MonotonicTime) -> (() -> Void)? {
    guard let deadline = nextDeadline, deadline <= now else { return nil }
    let body = free(heap[0].slot)
    removeFirst()
    return body
  }

  func removeAll() {
    heap.removeAll()
    freeSlots.removeAll()
    count = 0
    slots.removeAll()
  }

  private func isAlive(_ entry: Entry) -> Bool { slots[entry.slot].generation == entry.generation }

  private func free(_ slot: Int) -> (() -> Void)? {
    var content = Slot(body: nil, generation: 0)
    swap(&content, &slots[slot])
    freeSlots.append(slot)
    count -= 1
    return content.body
  }

  private func removeFirst() {
    guard let last = heap.popLast(), heap.count > 0 else { return }
    heap[0] = last
    sink(from: 0)
  }

  private func removeCancelled() {
    for _ in 0..<heap.count {
      if let entry = heap.popFirst(), isAlive(entry) { heap.append(entry) }
    }
    for position in (0..<heap.count / 2).reversed() { sink(from: position) }
  }

  private func rise(from start: Int) {
    var position = start
    let entry = heap[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard TimerQueue.isBefore(entry, heap[parent]) else { break }
      heap[position] = heap[parent]
      position = parent
    }
    if position != start { heap[position] = entry }
  }

  private func sink(from start: Int) {
    var position = start
    let entry = heap[position]
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, TimerQueue.isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard TimerQueue.isBefore(heap[child], entry) else { break }
      heap[position] = heap[child]
      position = child
    }
    if position != start { heap[position] = entry }
  }

  private static func isBefore(_ a: Entry, _ b: Entry) -> Bool {
    a.deadline == b.deadline ? a.generation < b.generation : a.deadline < b.deadline
  }
}
