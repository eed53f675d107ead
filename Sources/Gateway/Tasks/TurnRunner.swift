internal import A2A
internal import Configuration
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network

/// What an agent has said and the store does not hold yet.
private struct Unwritten {
  /// A task that is to come into the store, with what the agent has said of it so far.
  var task: TaskRecord?
  /// What the journal of a task in the store is to get.
  var events: [JournalEvent] = []

  var isEmpty: Bool { task == nil && events.isEmpty }

  mutating func begin(
    _ newTask: @autoclosure () -> TaskRecord, with event: consuming JournalEvent, isFollowed: Bool
  ) {
    if task == nil { task = newTask() }
    task?.begin(with: event, isFollowed: isFollowed)
  }
}

/// Runs one turn: hands the message to the agent's backend and writes what it says to the task's journal. Lives on the
/// loop of the request that began it, and goes on when that caller hangs up.
final class TurnRunner {
  private enum Phase {
    case waiting
    case running
    case ended
  }

  private let context: LoopContext
  private let agent: ExposedAgent
  private let turn: Turn
  /// Let go of at the end. An observer whose caller has gone hears the rest to no effect.
  var observer: (any TurnObserver)?

  private var phase = Phase.waiting
  /// True once the task is in the store. A turn whose agent may answer without a task opens with its first event.
  private var isOpen: Bool
  /// The status that asked for this turn's message, where the turn continues a task.
  private let answered: TaskStatus?
  /// The agent has said its last word; anything after it is ignored.
  private var isDone = false
  private var isStarting = false
  /// Runs or waits in the line of its context, and leaves it at its end.
  private var isInLine = false
  /// The context is known to nobody before the task is: the turn takes its place when the task opens, if it goes on then.
  private var joinsLineLate = false
  private var flushIsDue = false
  private var unwritten = Unwritten()
  private var eventCount = 0
  private var hasSpoken = false
  private var losses: [JSONValue] = []
  /// Not yet in the journal.
  private var hasNewLosses = false
  /// Waits for an approval elsewhere.
  private var isPaused = false
  private var byteCount = 0
  private var running: (any RunningTurn)?
  /// One for all bounds of time: it goes off when the first of them may be reached, and looks.
  private var timer: Timer?
  /// When a caller is given a task, whatever the agent does.
  private var openBy = MonotonicTime.distantFuture
  /// When the agent must be done.
  private var endBy = MonotonicTime.distantFuture
  private var lastEventAt: MonotonicTime
  /// The backend does not look after its own silence.
  private let watchesSilence: Bool

  /// - Parameter answered: the status of the existing task that the message answers; nil for a new task.
  init(context: LoopContext, agent: ExposedAgent, turn: Turn, answered: TaskStatus? = nil) {
    lastEventAt = context.loop.now
    isOpen = answered != nil
    watchesSilence = !agent.mindsSilence
    self.context = context
    self.agent = agent
    self.turn = turn
    self.answered = answered
  }

  var handle: TurnHandle {
    TurnHandle(
      id: ObjectIdentifier(self), taskID: turn.taskID, mailbox: context.loop.mailbox,
      runner: LoopBound(self, on: context.loop))
  }

  private var owner: TaskOwner { turn.owner }
  private var key: ContextKey { ContextKey(owner: owner, contextID: turn.contextID) }

  // MARK: Life

  /// Takes its place in the line of the context; starts at once if it is first.
  ///
  /// - Parameter isContextNew: the context's id was minted for this turn. Until the loop turn is over nobody else can know
  ///   it, so that a turn which ends at once needs no place in a line.
  func submit(openNow: Bool, isContextNew: Bool) {
    guard agent.takePlace() else {
      return refuse("this agent has as many tasks under way as it may have; retry in a moment")
    }
    if isContextNew {
      joinsLineLate = true
      if openNow, !agent.answersAtOnce, !openIfNeeded() { return }
      start(isContextNew: true)
      return
    }
    isInLine = true
    switch context.services.turns.admit(handle, to: key) {
    case .full:
      isInLine = false
      agent.leavePlace()
      refuse("too many messages wait in this context; retry when earlier ones are answered")
    case .wait:
      _ = openIfNeeded()
      stopIfRetired()
    case .start:
      if openNow, !agent.answersAtOnce, !openIfNeeded() { return }
      if isOpen { stopIfRetired() }
      start()
    }
  }

  /// The turn never begins.
  private func refuse(_ reason: String) {
    phase = .ended
    if let answered { restore(answered) }
    observer.take()?.turnRefused(AgentError(.tooManyRequests, reason, source: .gateway, retryAfterSeconds: 5))
  }

  /// The question that this turn's message was to answer stands again.
  private func restore(_ question: TaskStatus) {
    _ = context.services.store.append(
      [.status(question, metadata: nil)], to: turn.taskID, owner: owner, at: context.wallTime, onlyIf: .notTerminal)
  }

  /// Its turn has come.
  func start(isContextNew: Bool = false) {
    guard phase == .waiting else { return }
    phase = .running
    lastEventAt = context.loop.now
    // Before the agent sets time-outs of its own: of two that are due at one moment the task's opening comes first, so that
    // the other one is told as the task's end.
    startClock(agent.limits.turns)
    isStarting = true
    let buildsOnPast = !isContextNew || !turn.message.referenceTaskIDs.isEmpty
    let started = buildsOnPast ? hand(over: turn.building(on: past(isContextNew))) : hand(over: turn)
    isStarting = false
    if phase == .ended { return }
    running = started
    if hasSpoken { flush() }
  }

  private func hand(over turn: borrowing Turn) -> any RunningTurn {
    agent.backend.start(copy turn, on: context.loop) { [self] event in receive(consume event) }
  }

  private func past(_ isContextNew: Bool) -> TurnPast {
    let store = context.services.store
    var past = TurnPast()
    if agent.backend.remembers {
      if !isContextNew { past.earlier = store.earlierTurn(before: turn, owner: owner) }
      for id in turn.message.referenceTaskIDs { past.references[id] = store.backendState(of: id, owner: owner) }
    }
    if !isContextNew, agent.usesHistory {
      past.history = store.conversation(before: turn, owner: owner, limits: context.services.limits.contexts)
    }
    return past
  }

  /// The task was canceled by a caller; its journal says so already.
  func cancel() {
    guard phase != .ended else { return }
    unwritten = Unwritten()
    running?.cancel()
    end()
  }

  /// A message of the caller takes the place of what the turn waits for.
  func giveWay() {
    guard phase == .running, isPaused else { return }
    running?.cancel()
    end()
  }

  private func joinLine() {
    guard joinsLineLate, !isInLine, !isDone, phase != .ended else { return }
    isInLine = true
    _ = context.services.turns.admit(handle, to: key)
    stopIfCanceled()
    stopIfRetired()
  }

  /// Who removed the agent looked for its turns in the lines: this one may have come too late to be found.
  private func stopIfRetired() {
    guard phase != .ended, agent.isRetired else { return }
    _ = context.services.store.append(
      [.status(TaskStatus(.canceled), metadata: nil)], to: turn.taskID, owner: owner, at: context.wallTime,
      onlyIf: .notTerminal)
    cancel()
  }

  /// The task was in the store before the turn was in the line: who canceled it in between did not find the turn.
  private func stopIfCanceled() {
    guard isOpen, let snapshot = context.services.store.snapshot(of: turn.taskID, owner: owner),
      snapshot.task.status.state.isTerminal
    else { return }
    cancel()
  }

  // MARK: Time

  private func startClock(_ limits: TurnLimits) {
    openBy = isOpen ? .distantFuture : context.loop.now + limits.directReplyWait
    endBy = context.loop.now + limits.taskTime
    setTimer()
  }

  // Waiting for somebody's approval is not the agent's time.

  private func pauseClock() {
    endBy = .distantFuture
    setTimer()
  }

  private func resumeClock() {
    isPaused = false
    startClock(agent.limits.turns)
  }

  /// When the agent has been silent for too long; it moves with every event, and the timer does not.
  private var speakBy: MonotonicTime {
    endBy == .distantFuture || !watchesSilence ? .distantFuture : lastEventAt + agent.limits.turns.silence
  }

  private func setTimer() {
    stopTimer()
    let due = min(openBy, endBy, speakBy)
    guard due != .distantFuture else { return }
    // Holds the runner, which stops it when it ends.
    timer = context.loop.schedule(after: due - context.loop.now) { [self] in checkTime() }
  }

  private func stopTimer() {
    if let timer { context.loop.cancel(timer) }
    timer = nil
  }

  private func checkTime() {
    timer = nil
    guard phase == .running else { return }
    let now = context.loop.now
    if endBy <= now { return fail("the agent did not finish within the time allowed for a task") }
    if speakBy <= now { return fail("the agent was silent for too long") }
    if openBy <= now {
      openBy = .distantFuture
      guard openIfNeeded() else { return }
    }
    setTimer()
  }

  // MARK: Events of the agent

  /// Output up to this size is taken even when there is no room.
  private static let smallOutputBytesMax = 64 * 1024

  private func receive(_ event: consuming TurnEvent) {
    guard phase == .running, !isDone else { return }
    if watchesSilence { lastEventAt = context.loop.now }
    if !event.isRefusal {
      hasSpoken = true
      eventCount += event.count
      guard eventCount <= agent.limits.turns.events else {
        return fail("the agent sent more events than a task may have")
      }
      byteCount += event.byteCount
      guard byteCount <= agent.limits.tasks.outputBytesMax else {
        return fail("the agent's output exceeds the size allowed for a task")
      }
    }
    take(event)
  }

  private func take(_ event: consuming TurnEvent) {
    switch consume event {
    case .answered(let answer): return take(whole: answer)
    case .refused(let error): return refuseOrFail(error)
    case .reply(let message): return reply(message)
    case .status(let state, let message, let metadata):
      if isPaused { resumeClock() }
      write(.status(TaskStatus(state, message: message.map { agentMessage($0, inTask: true) }), metadata: metadata))
      isDone = state.isTerminal || state.isInterrupted
      // There is nothing to wait for.
      if isDone, !isStarting { return flush() }
    case .said(let message): write(.history(agentMessage(message, inTask: true)))
    case .text(let artifactID, let texts):
      guard hasRoom() else { return }
      write(.text(artifactID: artifactID, texts))
    case .artifact(let artifact, let append, let lastChunk, let metadata):
      guard hasRoom() else { return }
      write(JournalEvent(artifact, append: append, lastChunk: lastChunk, metadata: metadata))
    case .awaitingApproval(let message, let metadata):
      let told = message.map { agentMessage($0, inTask: true) }
      write(.status(TaskStatus(.authRequired, message: told), metadata: metadata))
      pauseClock()
      isPaused = true
    case .taskMetadata(let name, let value): write(.metadata(name: name, value))
    case .backendState(let state): write(.backendState(state))
    case .loss(let name):
      observer?.turnLost(name)
      losses.append(.string(name))
      hasNewLosses = true
      // Alone it opens no task: an answer without one may follow.
      if !isOpen, unwritten.isEmpty { return }
    }
    if !isStarting { flushAtTurnEnd() }
  }

  /// All that is said in a turn. Where it opens a task that nobody follows, the task comes into the store as it stands
  /// at its end.
  private func take(whole answer: consuming TurnAnswer) {
    // What has been said before is written at the end of the start, or is due to be.
    guard !isOpen, !isStarting, !flushIsDue, !hasNewLosses, !turn.wantsEvents,
      byteCount <= TurnRunner.smallOutputBytesMax
    else {
      for event in answer.events where phase == .running { take(event) }
      return
    }
    guard !refusesAsRetired() else { return }
    isDone = true
    var task = AnsweredTask(turn, answer, at: context.wallTime)
    do {
      try context.services.store.create(&task, owner: owner)
    } catch {
      return refuseAsFull()
    }
    close()?.turnAnswered(task)
  }

  private func reply(_ message: AgentMessage) {
    guard isOpen || !unwritten.isEmpty else {
      close()?.turnReplied(agentMessage(message, inTask: false))
      return
    }
    // A task was promised already (the caller did not wait, or the agent spoke first): the reply completes it.
    isDone = true
    write(.status(TaskStatus(.completed, message: agentMessage(message, inTask: true)), metadata: nil))
    flush()
  }

  /// Takes what the journal is to say next.
  private func write(_ event: consuming JournalEvent) {
    if isOpen {
      unwritten.events.append(event)
    } else {
      unwritten.begin(newTask(), with: event, isFollowed: turn.wantsEvents)
    }
  }

  private func newTask() -> TaskRecord {
    let task = AgentTask(
      id: turn.taskID, contextID: turn.contextID, status: TaskStatus(.submitted, timestamp: context.wallTime),
      history: [turn.message], created: context.wallTime)
    var record = TaskRecord(consume task)
    if let note = newLosses() { record.begin(with: note, isFollowed: turn.wantsEvents) }
    return record
  }

  /// What the task is to say of what the translation has lost; nil where it says so already.
  private func newLosses() -> JournalEvent? {
    guard hasNewLosses else { return nil }
    hasNewLosses = false
    return .metadata(name: GatewayExtension.uri.description, JSONFragment(["losses": .array(losses)]))
  }

  /// False, and the turn has failed, where there is no room for output. Each turn is bounded, but many of them together
  /// could still say more than there is room for.
  private func hasRoom() -> Bool {
    if byteCount > TurnRunner.smallOutputBytesMax, context.services.store.isOverfull {
      fail("the gateway has no room for more output now")
      return false
    }
    return true
  }

  /// The upstream did not take the message: there is no task, unless one was promised before.
  private func refuseOrFail(_ error: AgentError) {
    if let answered, !hasSpoken {
      // The question stands again: this answer to it was not taken.
      restore(answered)
      close()?.turnRefused(error)
    } else if isOpen || !unwritten.isEmpty {
      fail(error.message)
    } else {
      close()?.turnRefused(error)
    }
  }

  private func agentMessage(_ message: AgentMessage, inTask: Bool) -> Message {
    Message(
      messageID: context.mint.messageID(), role: .agent, parts: message.parts, contextID: turn.contextID,
      taskID: inTask ? turn.taskID : nil, metadata: message.metadata, extensions: message.extensions)
  }

  private func flushAtTurnEnd() {
    if flushIsDue { return }
    flushIsDue = true
    // Holds the runner: a backend that is done lets go of it before the loop turn is over.
    context.loop.later { [self] in
      flushIsDue = false
      flush()
    }
  }

  /// Writes what the agent said since the last flush; ends the turn if that says so.
  private func flush() {
    guard phase == .running, !unwritten.isEmpty || hasNewLosses && isOpen else { return }
    var task: AgentTask?
    if isOpen {
      guard append() else { return }
    } else {
      task = open()
      if task == nil { return }
    }
    if isDone {
      end(consume task)
    } else if isPaused {
      observer?.turnPaused(taskID: turn.taskID)
    }
  }

  /// False when the turn was ended elsewhere.
  private func append() -> Bool {
    var events: [JournalEvent] = []
    swap(&events, &unwritten.events)
    if let note = newLosses() { events.insert(note, at: 0) }
    let result = context.services.store.append(
      events, to: turn.taskID, owner: owner, at: context.wallTime, onlyIf: .notTerminal)
    guard case .appended(let sequence) = result else {
      // Canceled or expired in the meantime: the journal's word stands, the agent is told to stop.
      running?.cancel()
      end()
      return false
    }
    // What ends the turn is for those to read who then find it over.
    if isDone { return true }
    observer?.turnWrote(events, upTo: sequence)
    // The next ones, of which there are mostly as few, find their room there.
    if events.capacity <= TurnRunner.keptEventsMax, unwritten.events.isEmpty {
      events.removeAll(keepingCapacity: true)
      swap(&events, &unwritten.events)
    }
    return true
  }

  /// For so many events an open turn keeps the room between two flushes.
  private static let keptEventsMax = 4

  private func fail(_ reason: String) {
    guard phase == .running else { return }
    running?.cancel()
    isDone = true
    let message = agentMessage(AgentMessage([.text(reason)]), inTask: true)
    write(.status(TaskStatus(.failed, message: message), metadata: nil))
    flush()
  }

  // MARK: Opening and ending

  /// False when the turn is refused.
  private func openIfNeeded() -> Bool { isOpen || open() != nil }

  /// Puts the task into the store. nil when the store is full: the turn is refused.
  private func open() -> AgentTask? {
    guard !refusesAsRetired() else { return nil }
    if unwritten.task == nil { unwritten.task = newTask() }
    if let note = newLosses() { unwritten.task?.begin(with: note, isFollowed: turn.wantsEvents) }
    let task: AgentTask
    do {
      task = try context.services.store.create(&unwritten.task, owner: owner, at: context.wallTime)
    } catch {
      refuseAsFull()
      return nil
    }
    isOpen = true
    observer?.turnOpened(taskID: turn.taskID, at: 0)
    joinLine()
    return task
  }

  /// Whether the agent is gone: there is no task then.
  private func refusesAsRetired() -> Bool {
    guard agent.isRetired else { return false }
    running?.cancel()
    close()?.turnRefused(AgentError(.unsupportedOperation, "the agent was removed"))
    return true
  }

  private func refuseAsFull() {
    running?.cancel()
    close()?.turnRefused(
      AgentError(
        .unavailable, "the gateway cannot take more tasks now; retry later", source: .gateway, retryAfterSeconds: 30))
  }

  /// - Parameter task: as it stands, where that is known.
  private func end(_ task: consuming AgentTask? = nil) { close()?.turnEnded(taskID: turn.taskID, task) }

  /// Lets go of everything; gives who is to be told, unless that was done before.
  private func close() -> (any TurnObserver)? {
    guard phase != .ended else { return nil }
    phase = .ended
    stopTimer()
    running = nil
    agent.leavePlace()
    if isInLine, let next = context.services.turns.leave(ObjectIdentifier(self), key) { next.perform { $0.start() } }
    return observer.take()
  }
}
