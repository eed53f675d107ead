internal import Configuration
internal import JSON
internal import Model
internal import Network
internal import Orq

/// Tells one turn as a stream of one of Orq's event families.
final class OrqEventStream: TurnObserver, JournalReader {
  enum Family {
    case agent
    case response
  }

  private let conversations: OrqConversations
  private let responder: OrqResponder
  private let family: Family
  private let message: Message
  /// The caller's message as it came.
  private let original: OrqMessage
  private let isContinuation: Bool
  private let timeout: Duration?
  private let follower: JournalFollower
  /// nil until the stream has begun.
  private var projection: (any OrqProjection)?
  private var losses: OrqLosses
  private var contextID = ""
  private var taskID = ""
  private var isOver = false
  private var timeoutTimer: Timer?

  private var context: LoopContext { conversations.context }

  /// - Parameters:
  ///   - message: what the caller said.
  ///   - timeout: how long the stream may be open.
  ///   - losses: of the request.
  init(
    _ conversations: OrqConversations, _ responder: OrqResponder, _ family: Family, turn: OrqTurn, message: Message,
    timeout: Duration?, losses: OrqLosses = []
  ) {
    self.conversations = conversations
    self.responder = responder
    self.family = family
    self.message = message
    original = turn.message
    isContinuation = turn.taskID != nil
    self.timeout = timeout
    self.losses = losses
    follower = JournalFollower(
      context: conversations.context, owner: conversations.owner, exchange: responder.exchange)
  }

  // MARK: The turn

  func turnReplied(_ message: Message) {
    do {
      turnOpened(taskID: try conversations.record(message, to: self.message).id, at: 0)
    } catch {
      turnRefused(error)
    }
  }

  func turnOpened(taskID: String, at sequence: JournalSequence) {
    guard !isOver, projection == nil else { return }
    guard let snapshot = context.services.store.snapshot(of: taskID, owner: conversations.owner) else {
      return turnRefused(AgentError(.internalError, "the task is no longer kept", source: .gateway))
    }
    self.taskID = taskID
    contextID = snapshot.task.contextID
    responder.note(taskID: taskID, state: snapshot.task.status.state)
    var projection = makeProjection()
    var events: [UInt8] = []
    projection.begin(at: context.wallTime, into: &events)
    self.projection = projection
    responder.startStream()
    responder.write(events)
    follower.follow(taskID, after: sequence, reader: self, isFed: true)
    guard let timeout else { return }
    timeoutTimer = context.loop.schedule(after: timeout) { [weak self] in
      guard let self else { return }
      finish { $0.timeOut(at: $1, into: &$2) }
    }
  }

  private func makeProjection() -> any OrqProjection {
    let subject = OrqStreamSubject(
      agentKey: conversations.agent.key, conversationID: contextID, turnID: taskID, message: original,
      isContinuation: isContinuation, traceID: responder.requestID)
    switch family {
    case .agent: return OrqAgentProjection(subject, startedAt: context.wallTime)
    case .response: return OrqResponseProjection(subject, mintID: { [mint = context.mint] in mint.ulid() })
    }
  }

  func turnWrote(_ events: [JournalEvent], upTo sequence: JournalSequence) { follower.feed(events, upTo: sequence) }

  func turnEnded(taskID: String, _ task: AgentTask?) { follower.endFeeding() }

  /// The journal tells.
  func turnPaused(taskID: String) { follower.endFeeding() }

  func turnLost(_ name: String) { responder.note(loss: name) }

  func turnRefused(_ error: AgentError) {
    guard !isOver else { return }
    guard projection != nil else {
      isOver = true
      return responder.respond(error)
    }
    responder.note(error: error.kind)
    finish { $0.fail(error, at: $1, into: &$2) }
  }

  // MARK: The journal

  func take(_ entry: SequencedEvent) -> Bool {
    guard !isOver, var projection else { return true }
    let time = context.wallTime
    var events: [UInt8] = []
    // Out of its place while it changes, so that its texts grow where they are.
    self.projection = nil
    switch entry.event {
    case .history, .backendState: break
    case .metadata(let name, let value): projection.metadata(name, value, at: time)
    case .artifact(let artifact, let append, let lastChunk, _):
      projection.artifact(artifact, append: append, lastChunk: lastChunk, at: time, into: &events)
    case .text(let artifactID, let texts):
      texts.forEachText { text in
        let artifact = Artifact(artifactID: artifactID, parts: [Part(.text(text))])
        projection.artifact(artifact, append: true, lastChunk: false, at: time, into: &events)
      }
    case .status(let status, let metadata):
      responder.note(taskID: taskID, state: status.state)
      if ends(status.state) {
        self.projection = projection
        finish { $0.end(status, at: $1, into: &$2) }
        return true
      }
      projection.progress(status, metadata: metadata, at: time, into: &events)
    }
    self.projection = projection
    responder.note(eventCount: projection.eventCount)
    if !events.isEmpty {
      responder.write(events)
      follower.noteWrite()
    }
    return false
  }

  /// Whether the agent rests. An approval elsewhere is waited for within the turn.
  private func ends(_ state: TaskState) -> Bool {
    switch state {
    case .authRequired:
      !context.services.turns.isRunning(
        taskID, in: ContextKey(owner: conversations.owner, contextID: contextID))
    default: state.isTerminal || state.isInterrupted
    }
  }

  func keepAlive() { responder.writeKeepAlive() }

  func journalLost() {
    let error = AgentError(
      .internalError, "the stream cannot go on; look the task up to see how it stands", source: .gateway)
    turnRefused(error)
  }

  private func finish(_ last: (inout any OrqProjection, Timestamp, inout [UInt8]) -> Void) {
    guard !isOver, var projection else { return }
    isOver = true
    follower.stop()
    if let timeoutTimer { context.loop.cancel(timeoutTimer) }
    timeoutTimer = nil
    var events: [UInt8] = []
    last(&projection, context.wallTime, &events)
    responder.note(losses.union(projection.losses))
    responder.note(eventCount: projection.eventCount)
    self.projection = projection
    responder.finishStream(events)
  }
}
