import Testing

@testable import Network

struct TimerQueueTests {
  private static func time(_ nanoseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

  @Test func dueCallsComeInOrderOfTimeThenOfScheduling() {
    let queue = TimerQueue()
    var order: [String] = []
    for (name, moment) in [("c", 30), ("a", 10), ("d", 30), ("b", 20)] {
      _ = queue.schedule(at: TimerQueueTests.time(UInt64(moment))) { order.append(name) }
    }
    #expect(queue.nextDeadline == TimerQueueTests.time(10))
    while let body = queue.popDue(at: TimerQueueTests.time(20)) { body() }
    #expect(order == ["a", "b"])
    while let body = queue.popDue(at: TimerQueueTests.time(30)) { body() }
    #expect(order == ["a", "b", "c", "d"])
    #expect(queue.nextDeadline == nil)
  }

  @Test func cancelledCallsNeverComeAndLetGoOfWhatTheyHold() {
    final class Held {}
    let queue = TimerQueue()
    var held: Held? = Held()
    weak let observed = held
    let timer = queue.schedule(at: TimerQueueTests.time(1)) { [held] in _ = held }
    held = nil
    #expect(observed != nil)
    queue.cancel(timer)
    #expect(observed == nil)
    #expect(queue.count == 0)
    queue.cancel(timer)
    _ = queue.schedule(at: TimerQueueTests.time(2)) {}
    queue.cancel(timer)
    #expect(queue.count == 1, "a timer that has gone must not cancel the one that took its place")
  }

  /// Against a sorted list, with a fixed seed.
  @Test func agreesWithASortedListUnderRandomUse() {
    var random = SplitMix(state: 20_260_801)
    let queue = TimerQueue()
    var expected: [(moment: UInt64, number: Int, timer: Timer)] = []
    var popped: [Int] = []
    var now: UInt64 = 0
    for number in 0..<5000 {
      switch random.next() % 4 {
      case 0, 1:
        let moment = now + random.next() % 500
        let timer = queue.schedule(at: TimerQueueTests.time(moment)) { popped.append(number) }
        expected.append((moment, number, timer))
      case 2 where !expected.isEmpty:
        let victim = Int(random.next() % UInt64(expected.count))
        queue.cancel(expected.remove(at: victim).timer)
      default:
        now += random.next() % 200
        popped = []
        while let body = queue.popDue(at: TimerQueueTests.time(now)) { body() }
        let due = expected.filter { $0.moment <= now }.sorted { ($0.moment, $0.number) < ($1.moment, $1.number) }
        expected.removeAll { $0.moment <= now }
        #expect(popped == due.map(\.number))
      }
      #expect(queue.count == expected.count)
    }
  }
}

/// A small seeded generator: the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
