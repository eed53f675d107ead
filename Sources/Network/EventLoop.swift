import CLinux
import Glibc
public import Synchronization

/// What to be told about a descriptor.
public struct Interest: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let read = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
  public static let write = Interest(rawValue: EPOLLOUT.rawValue)
  /// Told once per change instead of as long as it lasts: the handler reads until nothing is left.
  public static let edge = Interest(rawValue: EPOLLET.rawValue)
}

/// What a descriptor is ready for.
public struct ReadyEvents: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Reading will not block: there are bytes, the end, or an error to fetch.
  public static let readable = ReadyEvents(rawValue: EPOLLIN.rawValue)
  public static let writable = ReadyEvents(rawValue: EPOLLOUT.rawValue)
  /// The peer has closed its side, or the connection has failed.
  public static let peerClosed = ReadyEvents(rawValue: EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue)
  /// The end of a turn of the loop, for those who have asked for it: none of epoll's events.
  static let turnEnd = ReadyEvents(rawValue: EPOLLONESHOT.rawValue)

  func overlaps(_ other: ReadyEvents) -> Bool { rawValue & other.rawValue != 0 }
}

/// Handles the events of one descriptor.
public protocol EventHandler: AnyObject {
  func ready(_ events: ReadyEvents, on loop: EventLoop)
}

/// One thread's loop over descriptors (epoll), timers and a mailbox. It is not Sendable: everything that hangs on it
/// lives and dies on the thread that runs it, and other threads reach it through `mailbox` only.
///
/// A turn: wait, refresh the clock, handle events and mail, run due timers, then the turn's end: `later` bodies, the
/// turn-end hooks, and last what connections have queued for sending. Hooks may therefore persist what a turn decided
/// before any answer of that turn leaves.
@safe public final class EventLoop {
  private struct Registration {
    /// nil while it handles an event, too.
    var handler: (any EventHandler)?
    /// 0 where nothing is watched. An event carries the generation of its registration: one that was queued for a descriptor
    /// closed earlier in the same turn, and perhaps opened anew, finds a different one and is dropped.
    var generation: UInt32 = 0
  }

  /// A function among other values is wrapped in one more; in a structure it lies as it is.
  private struct Body {
    let run: () -> Void
  }

  public let index: Int
  /// Reaches this loop from other threads.
  public let mailbox: Mailbox

  // Atomics, though only this thread touches them: everybody reads them, and each reading of a class's variable in another
  // module is checked for exclusive access.
  @usableFromInline let monotonic: Atomic<UInt64>
  @usableFromInline let wall: Atomic<Int64>
  private let held = Atomic(0)

  private let time: any TimeSource
  private let epoll: Int32
  private let events: UnsafeMutableBufferPointer<epoll_event>
  /// By descriptor: the kernel hands out the lowest free number, so the table stays dense.
  private let registrations = Ring<Registration>()
  private var generations: UInt32 = 0
  private let timers = TimerQueue()
  private let laterBodies = Ring<Body>()
  private let turnEndHooks = Ring<Body>()
  /// Keys of the descriptors whose handlers have asked for the turn's end.
  private let flushQueue = Ring<UInt64>()
  private var isStopping = false
  private var replies: UInt64 = 0
  private var expected: [UInt64: (any Sendable) -> Void] = [:]
  /// A few, which are found faster in a row than in a table.
  private let locals = Ring<AnyObject>()
  let buffers = BufferPool()

  /// How much one turn may do before it waits for events again.
  private static let eventsPerTurnMax = 256
  private static let endRoundsMax = 4
  /// A timer farther away than this may be late by the length of one turn.
  private static let nearTime: Duration = .milliseconds(50)

  public init(index: Int = 0, time: any TimeSource = SystemTime()) throws(SystemError) {
    Signals.ignoreBrokenPipe()
    let core = try MailboxCore()
    let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw .last("epoll_create1") }
    self.index = index
    self.time = time
    self.epoll = epoll
    monotonic = Atomic(time.monotonic().nanoseconds)
    wall = Atomic(time.wallMilliseconds())
    mailbox = Mailbox(loopIndex: index, core: core)
    unsafe events = .allocate(capacity: EventLoop.eventsPerTurnMax)
    try add(core.wakeUp, .read, MailHandler(core))
  }

  deinit {
    mailbox.core.close()
    unsafe events.deallocate()
    _ = Glibc.close(epoll)
  }

  // MARK: Descriptors

  /// Starts watching `fd`. The loop holds on to `handler` until `remove`.
  public func add(_ fd: Int32, _ interest: Interest, _ handler: any EventHandler) throws(SystemError) {
    let position = Int(fd)
    while registrations.count <= position { registrations.append(Registration()) }
    generations &+= 1
    registrations[position] = Registration(handler: handler, generation: generations)
    do throws(SystemError) {
      try control(EPOLL_CTL_ADD, fd, interest, generations)
    } catch {
      registrations[position] = Registration()
      throw error
    }
  }

  /// Changes what `fd` is watched for.
  public func modify(_ fd: Int32, _ interest: Interest) throws(SystemError) {
    try control(EPOLL_CTL_MOD, fd, interest, registrations[Int(fd)].generation)
  }

  /// Stops watching `fd`; to be called before it is closed. Events that are already fetched are dropped.
  public func remove(_ fd: Int32) {
    guard Int(fd) < registrations.count, registrations[Int(fd)].generation != 0 else { return }
    registrations[Int(fd)] = Registration()
    // The only errors here are a descriptor that is not watched or not open: then there is nothing to remove.
    try? control(EPOLL_CTL_DEL, fd, [], 0)
  }

  private func control(
    _ operation: Int32, _ fd: Int32, _ interest: Interest, _ generation: UInt32
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = interest.rawValue
    unsafe event.data.u64 = EventLoop.key(fd, generation)
    // The kernel copies `event` during the call.
    guard unsafe epoll_ctl(epoll, operation, fd, &event) == 0 else { throw .last("epoll_ctl") }
  }

  private static func key(_ fd: Int32, _ generation: UInt32) -> UInt64 {
    UInt64(generation) << 32 | UInt64(UInt32(bitPattern: fd))
  }

  // MARK: Other threads

  /// Has `body` run on this loop with the value that some other thread sends through the reply. A reply that is never
  /// sent keeps `body` until the loop ends.
  public func expect<Value: Sendable>(_ body: @escaping (Value) -> Void) -> Reply<Value> {
    replies += 1
    expected[replies] = { value in
      if let value = value as? Value { body(value) }
    }
    return Reply(mailbox: mailbox, number: replies)
  }

  func deliver(_ value: any Sendable, _ number: UInt64) { expected.removeValue(forKey: number)?(value) }

  // MARK: Local values

  /// The one value of this type that belongs to this loop, made by `make` at first use: what all requests of a loop share,
  /// such as the connections to upstreams. It lives as long as the loop and must not hold on to it.
  public func local<Value: AnyObject>(_ make: (EventLoop) -> Value) -> Value {
    for index in 0..<locals.count {
      let value = locals[index]
      // It is of this very class by the line that says so.
      if type(of: value) == Value.self { return unsafe unsafeDowncast(value, to: Value.self) }
    }
    let value = make(self)
    locals.append(value)
    return value
  }

  // MARK: Memory

  /// Bytes that the loop's connections keep in memory for their peers: queued output, and what their users add, such as
  /// bodies that are not complete. For those who bound it.
  public var heldBytes: Int {
    get { held.load(ordering: .relaxed) }
    set { held.store(newValue, ordering: .relaxed) }
  }

  // MARK: Time

  /// Monotonic time at the start of this turn.
  @inlinable public var now: MonotonicTime { MonotonicTime(nanoseconds: monotonic.load(ordering: .relaxed)) }

  /// Wall-clock time at the start of this turn, in milliseconds since 1970.
  @inlinable public var wallMilliseconds: Int64 { wall.load(ordering: .relaxed) }

  /// Has `body` run once, not before `duration` has passed.
  public func schedule(after duration: Duration, _ body: consuming @escaping () -> Void) -> Timer {
    timers.schedule(at: now + duration, consume body)
  }

  /// Forgets a scheduled call and what it holds on to. Nothing happens if it has run.
  public func cancel(_ timer: Timer) { timers.cancel(timer) }

  /// Has `body` run at the end of this turn; called at a turn's end, in the next one, without waiting in between.
  public func later(_ body: consuming @escaping () -> Void) {
    laterBodies.append(Body(run: body))
  }

  /// Has `hook` run at the end of every turn, before the turn's output is sent.
  public func onTurnEnd(_ hook: @escaping () -> Void) { turnEndHooks.append(Body(run: hook)) }

  /// The clock as it is, not as it was when the turn began.
  public func readClock() -> MonotonicTime { time.monotonic() }

  // MARK: Running

  /// Turns until `stop`. The calling thread is the loop's thread from here on.
  public func run() {
    isStopping = false
    mailbox.core.runner.store(MailboxCore.currentThread, ordering: .relaxed)
    while !isStopping { turn(maxWait: nil) }
    mailbox.core.runner.store(0, ordering: .relaxed)
  }

  /// One turn that waits at most `maxWait` for something to happen: for tests and for programs of one request.
  public func runOnce(maxWait: Duration = .zero) {
    mailbox.core.runner.store(MailboxCore.currentThread, ordering: .relaxed)
    turn(maxWait: maxWait)
    mailbox.core.runner.store(0, ordering: .relaxed)
  }

  /// Closes all connections and lets go of all handlers, timers and bodies, which hold on to the loop as it does to them.
  /// The loop is of no use afterwards.
  public func close() {
    mailbox.core.close()
    for position in 0..<registrations.count {
      if let connection = registrations[position].handler as? Connection { connection.close() }
    }
    timers.removeAll()
    laterBodies.removeAll()
    turnEndHooks.removeAll()
    flushQueue.removeAll()
    expected = [:]
    registrations.removeAll()
  }

  /// Makes `run` return after this turn.
  public func stop() { isStopping = true }

  private func turn(maxWait: Duration?) {
    let timeout = waitMilliseconds(maxWait: maxWait)
    // `events` has room for eventsPerTurnMax entries and belongs to this loop.
    let count = unsafe epoll_wait(epoll, events.baseAddress, Int32(EventLoop.eventsPerTurnMax), timeout)
    refreshClock()
    // -1 is EINTR: a signal that has its own handler; the turn just has no events.
    for position in 0..<max(0, Int(count)) {
      let event = unsafe events[position]
      unsafe dispatch(event.data.u64, ReadyEvents(rawValue: event.events))
    }
    runDueTimers()
    endTurn()
  }

  private func runDueTimers() {
    guard let first = timers.popDue(at: now) else { return }
    // Only those due now: a body that schedules itself with no delay must not keep the loop from its descriptors.
    var left = timers.count
    first()
    while left > 0, let body = timers.popDue(at: now) {
      body()
      left -= 1
    }
  }

  /// The handler is taken out and put back, which counts nothing, unless it was removed meanwhile.
  private func dispatch(_ key: UInt64, _ events: ReadyEvents) {
    let position = Int(UInt32(truncatingIfNeeded: key))
    guard isWatched(key, at: position) else { return }
    var handler: (any EventHandler)?
    swap(&handler, &registrations[position].handler)
    handler?.ready(events, on: self)
    if isWatched(key, at: position) { swap(&handler, &registrations[position].handler) }
  }

  private func isWatched(_ key: UInt64, at position: Int) -> Bool {
    position < registrations.count && registrations[position].generation == UInt32(truncatingIfNeeded: key >> 32)
  }

  private func refreshClock() {
    monotonic.store(time.monotonic().nanoseconds, ordering: .relaxed)
    wall.store(time.wallMilliseconds(), ordering: .relaxed)
  }

  /// Bodies and flushes may cause each other (a drained buffer asks for more): a few rounds, then the rest waits for
  /// the next turn, so that descriptors get their share.
  private func endTurn() {
    var rounds = 0
    repeat {
      runLaterBodies()
      runOwnMail()
      for index in 0..<turnEndHooks.count { turnEndHooks[index].run() }
      flushConnections()
      rounds += 1
    } while hasWork && rounds < EventLoop.endRoundsMax
  }

  private var hasWork: Bool { laterBodies.count > 0 || flushQueue.count > 0 || hasOwnMail }

  private var hasOwnMail: Bool { mailbox.core.hasOwnMail.load(ordering: .relaxed) }

  /// What this loop's own bodies have submitted. It is not woken for that.
  private func runOwnMail() {
    guard hasOwnMail else { return }
    for body in mailbox.core.takeAll() { body(self) }
  }

  private func runLaterBodies() {
    // Those that wait now: what they put behind them is the next round's.
    for _ in 0..<laterBodies.count { laterBodies.popFirst()?.run() }
  }

  private func flushConnections() {
    for _ in 0..<flushQueue.count {
      if let key = flushQueue.popFirst() { dispatch(key, .turnEnd) }
    }
  }

  /// Has the handler of `fd`, which is watched, told of the end of this turn.
  func flushAtTurnEnd(_ fd: Int32) { flushQueue.append(EventLoop.key(fd, registrations[Int(fd)].generation)) }

  private func waitMilliseconds(maxWait: Duration?) -> Int32 {
    guard !hasWork, !isStopping else { return 0 }
    var wait = maxWait?.wholeNanoseconds
    if let deadline = timers.nextDeadline {
      // The clock of the turn is as old as the turn was long: for a timer that is near it is read again.
      let isNear = deadline <= now + EventLoop.nearTime
      let current = isNear ? time.monotonic() : now
      let untilTimer = deadline > current ? deadline.nanoseconds - current.nanoseconds : 0
      wait = min(wait ?? .max, untilTimer)
    }
    guard let wait else { return -1 }
    // Rounded up: a timer must not find itself a fraction too early and spin.
    let (milliseconds, rest) = wait.quotientAndRemainder(dividingBy: 1_000_000)
    return Int32(clamping: milliseconds + (rest > 0 ? 1 : 0))
  }
}

/// Runs what was submitted. Keeps only the mailbox's core, so that the loop is not kept by itself.
private final class MailHandler: EventHandler {
  private let core: MailboxCore

  init(_ core: MailboxCore) { self.core = core }

  func ready(_ events: ReadyEvents, on loop: EventLoop) {
    core.resetWakeUp()
    for body in core.takeAll() { body(loop) }
  }
}
