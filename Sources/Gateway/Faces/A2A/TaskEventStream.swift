internal import A2A
internal import Configuration
internal import HTTPTransport
internal import Model
internal import Network

/// Sends one task's journal to one caller as server-sent events: the task first, then what happens to it. Reads at the
/// pace of the caller; whoever is cut can come back with the id of the last event it saw.
final class TaskEventStream: TurnObserver, JournalReader {
  private let context: LoopContext
  private let owner: TaskOwner
  private let responder: A2AResponder
  /// A sent message's stream ends when the agent asks back, so that its caller can answer; a subscription of 1.0 lasts
  /// until the task is terminal (A2A 1.0 §3.1.6).
  private let endsWhenInterrupted: Bool
  private let historyLength: Int?

  private var taskID = ""
  private var contextID = ""
  /// The place in the journal of what is sent.
  private var cursor: JournalSequence = 0
  private var losses = AnswerLosses()
  /// Of the artifact that text was last added to.
  private var textFrame: TextFrame?
  private var isAttached = false
  private var isOver = false
  private let follower: JournalFollower

  init(_ responder: consuming A2AResponder, owner: TaskOwner, historyLength: Int?, endsWhenInterrupted: Bool) {
    context = responder.context
    self.owner = owner
    self.historyLength = historyLength
    self.endsWhenInterrupted = endsWhenInterrupted
    follower = JournalFollower(context: responder.context, owner: owner, exchange: responder.exchange)
    self.responder = responder
  }

  // MARK: A sent message

  func turnReplied(_ message: Message) {
    guard !isOver else { return }
    responder.startStream()
    responder.send(.message(message), endsStream: true, id: nil, &losses)
    isOver = true
    responder.finishStream(losses)
  }

  func turnOpened(taskID: String, at sequence: JournalSequence) { attach(to: taskID, at: sequence, isTurn: true) }

  func turnWrote(_ events: [JournalEvent], upTo sequence: JournalSequence) { follower.feed(events, upTo: sequence) }

  func turnEnded(taskID: String, _ task: AgentTask?) { follower.endFeeding() }

  func turnLost(_ name: String) { losses.note(name) }

  /// A stream stays open while somebody approves elsewhere (A2A 1.0 §7.6.1), but for 0.3, whose clients wait for its end.
  func turnPaused(taskID: String) { follower.endFeeding() }

  func turnRefused(_ error: AgentError) {
    guard !isOver else { return }
    isOver = true
    follower.stop()
    if isAttached { responder.failStream(error, losses) } else { responder.respond(error) }
  }

  // MARK: Following

  /// Sends the task as it stood at `sequence` (nil: now), then all later events.
  ///
  /// - Parameter isTurn: a turn on this loop tells of these events.
  func attach(to taskID: String, at sequence: JournalSequence?, isTurn: Bool = false) {
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
    let isTerminal = snapshot.task.status.state.isTerminal
    send(.task(snapshot.task.trimmed(toHistory: historyLength)), endsStream: isTerminal)
    if isTerminal {
      // It ended between the caller's question and this answer: there is nothing to wait for.
      isOver = true
      return responder.finishStream(losses)
    }
    follower.follow(taskID, after: cursor, reader: self, isFed: isTurn)
  }

  func take(_ entry: SequencedEvent) -> Bool {
    if isOver { return true }
    cursor = entry.sequence
    switch entry.event {
    case .history, .metadata, .backendState: return false
    case .text(let artifactID, let texts):
      follower.noteWrite()
      responder.send(texts, in: textFrame(of: artifactID), from: entry.first)
      return false
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
      isOver = true
      responder.finishStream(losses)
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

  private func textFrame(of artifactID: String) -> TextFrame {
    if let textFrame, textFrame.artifactID == artifactID { return textFrame }
    let frame = responder.textFrame(
      artifactID: artifactID, taskID: taskID, contextID: contextID, epoch: context.services.epoch)
    textFrame = frame
    return frame
  }

  func keepAlive() { responder.sendKeepAlive() }

  func journalLost() {
    guard !isOver else { return }
    isOver = true
    responder.failStream(
      AgentError(.internalError, "the stream cannot go on; ask for the task to see how it stands", source: .gateway),
      losses)
  }

  private func send(_ event: TaskEvent, endsStream: Bool) {
    follower.noteWrite()
    responder.send(event, endsStream: endsStream, id: eventID, &losses)
  }

  private var eventID: EventID { EventID(epoch: context.services.epoch, sequence: cursor) }
}
