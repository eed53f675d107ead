import Network
import Synchronization
import Testing

struct EventLoopTests {
  @Test func timersFollowTheGivenClock() throws {
    let time = ManualTime()
    let loop = try EventLoop(time: time)
    var fired = 0
    _ = loop.schedule(after: .seconds(10)) { fired += 1 }
    let cancelled = loop.schedule(after: .seconds(1)) { fired += 100 }
    loop.cancel(cancelled)
    time.advance(by: .milliseconds(9_999))
    loop.runOnce()
    #expect(fired == 0)
    time.advance(by: .milliseconds(1))
    loop.runOnce()
    loop.runOnce()
    #expect(fired == 1)
  }

  @Test func aTimerThatSchedulesItselfWithoutDelayLeavesTurnsToOthers() throws {
    let loop = try EventLoop(time: ManualTime())
    defer { loop.close() }
    var count = 0
    func again() {
      count += 1
      _ = loop.schedule(after: .zero) { again() }
    }
    again()
    loop.runOnce()
    #expect(count == 2)
  }

  @Test func mailFromManyThreadsArrivesOnceAndInOrder() throws {
    let received = Mutex<[Int]>([])
    let senders = 4
    let each = 1000
    let target = try LoopGroup(count: 1) { _ in }
    let sources = try LoopGroup(count: senders) { _ in }
    for (number, source) in sources.mailboxes.enumerated() {
      source.submit { _ in
        for count in 0..<each {
          target.mailboxes[0].submit { loop in
            let total = received.withLock { list in
              list.append(number * each + count)
              return list.count
            }
            if total == senders * each { loop.stop() }
          }
        }
      }
    }
    target.join()
    sources.stop()
    sources.join()
    let all = received.withLock { $0 }
    for number in 0..<senders {
      let own = all.filter { $0 / each == number }
      #expect(own == Array(number * each..<(number + 1) * each))
    }
  }

  @Test func theMailboxKnowsWhoseThreadItIs() throws {
    let isCurrent = Mutex<Bool?>(nil)
    let group = try LoopGroup(count: 1) { _ in }
    let mailbox = group.mailboxes[0]
    #expect(!mailbox.isCurrent)
    mailbox.submit { loop in
      isCurrent.withLock { $0 = mailbox.isCurrent }
      loop.stop()
    }
    group.join()
    #expect(isCurrent.withLock { $0 } == true)
  }

  @Test func aTurnEndsWithLaterBodiesThenHooks() throws {
    let loop = try EventLoop(time: ManualTime())
    var order: [String] = []
    loop.onTurnEnd { order.append("hook") }
    loop.later {
      order.append("later")
      loop.later { order.append("again") }
    }
    loop.runOnce()
    #expect(order == ["later", "hook", "again", "hook"])
  }

  @Test func aLoopHasOneValueOfAType() throws {
    final class Counter {}
    let loops = try [EventLoop(), EventLoop()]
    let first = loops[0].local { _ in Counter() }
    #expect(loops[0].local { _ in Counter() } === first)
    #expect(loops[1].local { _ in Counter() } !== first)
  }

  @Test func aLoopAndItsLocalValuesEndTogether() throws {
    final class Value {}
    weak var value: Value?
    do {
      let loop = try EventLoop()
      value = loop.local { _ in Value() }
      #expect(value != nil)
    }
    #expect(value == nil)
  }

  @Test func aFailingPreparationStopsTheWholeGroup() {
    struct Refusal: Error {}
    #expect(throws: Refusal.self) {
      _ = try LoopGroup(count: 3) { loop in
        if loop.index == 1 { throw Refusal() }
      }
    }
  }
}
