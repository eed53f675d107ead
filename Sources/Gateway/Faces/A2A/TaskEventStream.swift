internal import A2A
internal import Configuration
internal import HTTPTransport
internal import Model
internal import Network

/// Sends one task's journal to one caller as server-sent events: the task first, then what happens to it. Reads at the
/// pace of the caller; whoever is cut can come back with the id of the last event it saw.
final class TaskEventStream: TurnObserver {
  private let context: LoopContext
  private let owner: TaskOwner
  private let responder: A2AResponder
  /// A sent message's stream ends when the agent asks back, so that its caller can answer; a subscription of 1.0 lasts
  /// until the task is terminal (A2A 1.0 §3.1.6).
  private let endsWhenInterrupted: Bool
  private let historyLength: Int?

  private var taskID = ""
  private var contextID = ""
  private var cursor: JournalSequence = 0
  private var isAttached = false
  private var isOver = false
  private var waitToken: WaitToken?
  private var keepAliveTimer: Timer?
  private var lastWriteAt: MonotonicTime

  private static let eventsPerRead = 64

  init(
    context: LoopContext, owner: TaskOwner, responder: A2AResponder, historyLength: Int?, endsWhenInterrupted: Bool
  ) {
    self.context = context
    self.owner = owner
    self.responder = responder
    self.historyLength = historyLength
    self.endsWhenInterrupted = endsWhenInterrupted
    lastWriteAt = context.loop.now
  }

  // MARK: A sent message

  func turnReplied(_ message: Message) {
    guard !isOver else { return }
    responder.startStream()
    responder.send(.message(message), endsStream: true, id: nil)
    isOver = true
    responder.finishStream()
  }

  func turnOpened(taskID: String, at sequence: JournalSequence) { attach(to: taskID, at: sequence) }

  func turnEnded(taskID: String) { pump() }

  func turnLost(_ name: String) { responder.note(loss: name) }

  /// A stream stays open while somebody approves elsewhere (A2A 1.0 §7.6.1), but for 0.3, whose clients wait for its end.
  func turnPaused(taskID: String) {}

  func turnRefused(_ error: AgentError) {
    guard !isOver else { return }
    isOver = true
    if isAttached { responder.failStream(error) } else { responder.respond(error) }
  }

  // MARK: Following

  /// Sends the task as it stood at `sequence` (nil: now), then all later events.
  func attach(to taskID: String, at sequence: JournalSequence?) {
    let store = context.services.store
    guard !isAttached,
      let snapshot = sequence.flatMap({ store.snapshot(of: taskID, owner: owner, at: $0) })
        ?? store.snapshot(of: taskID, owner: owner)
    else { return }
    isAttached = true
    self.taskID = taskID
    contextID = snapshot.task.contextID
    cursor = snapshot.sequence
    responder.note(taskID: taskID, state: snapshot.task.status.state)
    responder.startStream()
    responder.exchange.onClose = { [weak self] in self?.close() }
    responder.exchange.onDrained = { [weak self] in self?.pump() }
    let isTerminal = snapshot.task.status.state.isTerminal
    send(.task(snapshot.task.trimmed(toHistory: historyLength)), endsStream: isTerminal)
    if isTerminal {
      // It ended between the caller's question and this answer: there is nothing to wait for.
      close()
      return responder.finishStream()
    }
    armKeepAlive()
    // The journal may already hold more, even the end.
    context.loop.later { [weak self] in self?.pump() }
  }

  private func pump() {
    let store = context.services.store
    let bufferBytesMax = context.services.limits.streams.bufferBytesMax
    while isAttached, !isOver {
      // A slow reader is read for no further; `onDrained` comes back here.
      if responder.exchange.bufferedBytes > bufferBytesMax { return }
      guard let events = store.events(of: taskID, owner: owner, after: cursor, max: TaskEventStream.eventsPerRead)
      else {
        // Retention took the task, or the journal no longer reaches back: the caller asks for the task anew.
        fail()
        return
      }
      if events.isEmpty {
        if !waitForMore() { return }
        continue
      }
      for entry in events {
        // A few events can be large: what does not fit is read again when there is room.
        if responder.exchange.bufferedBytes > bufferBytesMax { return }
        cursor = entry.sequence
        if relay(entry.event) { return }
      }
    }
  }

  /// True when the stream has ended.
  private func relay(_ event: JournalEvent) -> Bool {
    switch event {
    case .history, .metadata, .backendState: return false
    case .artifact(let artifact, let append, let lastChunk, let metadata):
      let update = TaskArtifactUpdate(
        taskID: taskID, contextID: contextID, artifact: artifact, append: append, lastChunk: lastChunk,
        metadata: metadata)
      send(.artifact(update), endsStream: false)
      return false
    case .status(let status, let metadata):
      let ends = status.state.isTerminal || isEnd(status.state)
      responder.note(taskID: taskID, state: status.state)
      let update = TaskStatusUpdate(taskID: taskID, contextID: contextID, status: status, metadata: metadata)
      send(.status(update), endsStream: ends)
      guard ends else { return false }
      close()
      responder.finishStream()
      return true
    }
  }

  /// Whether an interruption ends the stream.
  private func isEnd(_ state: TaskState) -> Bool {
    switch state {
    case .inputRequired: endsWhenInterrupted
    case .authRequired: endsWhenInterrupted && !(responder.isV1 && isTurnRunning)
    default: false
    }
  }

  /// An approval is waited for within the turn: its agent will go on by itself.
  private var isTurnRunning: Bool {
    context.services.turns.isRunning(taskID, in: ContextKey(owner: owner, contextID: contextID))
  }

  /// False once a waker is registered; true if there is something to read after all.
  private func waitForMore() -> Bool {
    if waitToken != nil { return false }
    let bound = LoopBound(self, on: context.loop)
    let waker = Waker(mailbox: context.loop.mailbox) { loop in
      let stream = bound.value(on: loop)
      stream.waitToken = nil
      stream.pump()
    }
    switch context.services.store.wait(forEventsOf: taskID, owner: owner, after: cursor, waker: waker) {
    case .ready: return true
    case .registered(let token):
      waitToken = token
      return false
    case .notFound:
      fail()
      return false
    }
  }

  private func send(_ event: TaskEvent, endsStream: Bool) {
    lastWriteAt = context.loop.now
    responder.send(event, endsStream: endsStream, id: "\(context.services.epoch).\(cursor)")
  }

  private func fail() {
    guard !isOver else { return }
    close()
    responder.failStream(
      AgentError(.internalError, "the stream cannot go on; ask for the task to see how it stands", source: .gateway))
  }

  private func close() {
    guard !isOver else { return }
    isOver = true
    if let waitToken { context.services.store.cancelWait(waitToken, forEventsOf: taskID) }
    if let keepAliveTimer { context.loop.cancel(keepAliveTimer) }
    waitToken = nil
    keepAliveTimer = nil
  }

  // MARK: Keep-alive

  private func armKeepAlive() {
    let interval = context.services.limits.streams.keepAlive
    keepAliveTimer = context.loop.schedule(after: lastWriteAt + interval - context.loop.now) { [weak self] in
      guard let self, !isOver else { return }
      if context.loop.now >= lastWriteAt + interval {
        lastWriteAt = context.loop.now
        responder.sendKeepAlive()
      }
      armKeepAlive()
    }
  }
}
