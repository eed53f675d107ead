import Network

/// Makes load on one loop and measures it.
final class LoadGenerator {
  let loop: EventLoop
  let plan: LoadPlan
  /// Streams whose first event has come and whose end has not.
  private(set) var openStreams = 0

  private var callers: [LoadConnection] = []
  private var notOpened = 0
  /// Open loop: callers without a request, and the requests that were due so far.
  private var ready: [LoadConnection] = []
  private var firstDue = MonotonicTime.distantFuture
  private var dueCount = 0
  private var measuredSince: MonotonicTime?
  private var isOver = false
  private var result = LoadResult()

  /// Connections that are made at once: more would overflow the server's backlog, which costs a second each.
  private static let openingMax = 64
  private static let retryDelay: Duration = .milliseconds(10)

  init(loop: EventLoop, plan: LoadPlan) {
    self.loop = loop
    self.plan = plan
  }

  /// Runs the whole measurement; returns when it is over.
  ///
  /// - Parameter onMark: called when the measurement begins, after the warm-up, and when it ends.
  func run(onMark: () -> Void = {}) -> LoadResult {
    start()
    runLoop(for: plan.warmUp)
    onMark()
    begin()
    runLoop(for: plan.duration)
    end()
    onMark()
    stop()
    return result
  }

  /// Begins to make load.
  func start() {
    callers = (0..<plan.connectionCount).map {
      LoadConnection(self, plan.targets[$0 % plan.targets.count], slot: $0)
    }
    notOpened = callers.count
    firstDue = loop.readClock()
    stayAwake()
    for _ in 0..<min(LoadGenerator.openingMax, callers.count) { openNext() }
  }

  /// Ends the load and closes what is open.
  func stop() {
    isOver = true
    for caller in callers { caller.close() }
    callers = []
    ready = []
    // Both sides see the ends before the next measurement begins.
    runLoop(for: .milliseconds(50))
  }

  func runLoop(for duration: Duration) {
    let timer = loop.schedule(after: loop.readClock() + duration - loop.now) { [unowned loop] in loop.stop() }
    loop.run()
    loop.cancel(timer)
  }

  private func begin() {
    result = LoadResult()
    measuredSince = loop.readClock()
  }

  private func end() {
    guard let measuredSince else { return }
    result.seconds = (loop.readClock() - measuredSince) / .seconds(1)
    self.measuredSince = nil
  }

  private var isMeasuring: Bool { measuredSince != nil }

  private func openNext() {
    guard notOpened > 0 else { return }
    notOpened -= 1
    let caller = callers[callers.count - 1 - notOpened]
    // A new connection for every request is made with the request.
    if plan.connections == .kept { caller.open() } else { isReady(caller) }
  }

  // MARK: Fixed moments

  /// Turns the loop without waiting. A timer of the loop is as coarse as a millisecond, and requests are due more often.
  /// And a server that sends to somebody asleep pays for waking him, some microseconds, which one that keeps its callers
  /// busy never does: here all find their callers awake.
  private func stayAwake() {
    loop.later { [weak self] in
      guard let self, !isOver else { return }
      sendDue()
      stayAwake()
    }
  }

  private func sendDue() {
    guard let rate = plan.rate else { return }
    let now = loop.readClock()
    while !ready.isEmpty {
      let due = firstDue + .nanoseconds(Int64(Double(dueCount) / rate * 1e9))
      guard due <= now else { return }
      dueCount += 1
      ready.removeLast().send(intendedAt: due)
    }
  }

  // MARK: Notes of the callers

  func established(isResumed: Bool?) {
    openNext()
    guard isMeasuring, let isResumed else { return }
    if isResumed { result.resumedHandshakes += 1 } else { result.fullHandshakes += 1 }
  }

  func isReady(_ caller: LoadConnection) {
    guard !isOver else { return }
    if plan.rate == nil { caller.send(intendedAt: loop.readClock()) } else { ready.append(caller) }
  }

  func received(bytes: Int, events: Int) {
    guard isMeasuring else { return }
    result.bytes += bytes
    result.events += events
  }

  func streamBegan(_ intendedAt: MonotonicTime) {
    openStreams += 1
    if isMeasuring { result.firstEvent.record(nanoseconds(since: intendedAt)) }
  }

  func streamEnded() { openStreams -= 1 }

  func completed(_ intendedAt: MonotonicTime, status: Int) {
    guard isMeasuring else { return }
    guard status == 200 else { return result.errors["status \(status)", default: 0] += 1 }
    result.requests += 1
    result.latency.record(nanoseconds(since: intendedAt))
  }

  /// The caller has lost its connection; it makes a new one after a moment.
  func failed(_ caller: LoadConnection, _ kind: String?) {
    guard !isOver else { return }
    if isMeasuring, let kind { result.errors[kind, default: 0] += 1 }
    _ = loop.schedule(after: LoadGenerator.retryDelay) { [weak self, weak caller] in
      guard let self, let caller, !isOver else { return }
      if plan.connections == .kept { caller.open() } else { isReady(caller) }
    }
  }

  private func nanoseconds(since moment: MonotonicTime) -> UInt64 {
    (loop.readClock() - moment).wholeNanoseconds
  }
}
