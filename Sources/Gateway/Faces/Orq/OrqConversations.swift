internal import Configuration
internal import JSON
internal import Model
internal import Orq

/// The conversations of one caller with one agent. What Orq calls a task, continued turn by turn, is a context of the
/// model, and each turn one of its tasks: the id of the context is Orq's task id (decision 0004).
struct OrqConversations {
  let context: LoopContext
  let agent: ExposedAgent
  let owner: TaskOwner

  private var store: any TaskStore { context.services.store }

  /// Messages told of one conversation, and their bytes: the newest.
  private static let historyTurnsMax = 256
  private static let historyBytesMax = 8 * 1024 * 1024

  // MARK: Beginning and continuing

  /// The send that a turn asks for: in a new conversation, in one that rests, or as the answer to a question.
  func request(for turn: OrqTurn) throws(AgentError) -> SendRequest {
    var message = try Message(turn, id: context.mint.messageID())
    guard let id = turn.taskID else {
      try OrqConversations.checkResults(of: turn.message, pending: [])
      return SendRequest(message: message)
    }
    let newest = try newestTurn(of: id)
    message.contextID = id
    switch newest.status.state {
    case .completed: try OrqConversations.checkResults(of: turn.message, pending: [])
    case .inputRequired, .authRequired:
      if isActive(newest) {
        throw AgentError(.unsupportedOperation, "the task waits for an approval and goes on by itself")
      }
      try OrqConversations.checkResults(of: turn.message, pending: OrqToolCalls.pending(in: newest.status))
      message.taskID = newest.id
    case .unspecified, .submitted, .working:
      throw AgentError(.unsupportedOperation, "the task is active; it takes a message when it is inactive")
    case .failed, .canceled, .rejected:
      throw AgentError(
        .unsupportedOperation, "the task is \(newest.status.state.word) and cannot be continued; begin a new one")
    }
    return SendRequest(message: message)
  }

  /// Each call that is pending needs one result, and nothing else does (contract §6.3).
  private static func checkResults(of message: OrqMessage, pending: [OrqPendingToolCall]) throws(AgentError) {
    var missing = pending.map(\.id)
    for part in message.parts {
      guard case .toolResult(let id, _) = part.content else { continue }
      guard let index = missing.firstIndex(of: id) else {
        throw .invalidField("message.parts", "There is no pending call with the id \(id).")
      }
      missing.remove(at: index)
    }
    if !missing.isEmpty {
      throw .invalidField(
        "message.parts", "Needs the results of the pending calls \(missing.joined(separator: ", ")).")
    }
  }

  /// Keeps an answer that came without a task: Orq knows none that has no task.
  func record(_ reply: Message, to question: Message) throws(AgentError) -> AgentTask {
    let time = context.wallTime
    let id = store.mintTaskID(owner: owner, entropy: (context.mint.word(), context.mint.word()))
    let contextID = reply.contextID ?? context.mint.contextID()
    func inTask(_ message: Message) -> Message {
      var message = message
      message.contextID = contextID
      message.taskID = id
      return message
    }
    let task = AgentTask(
      id: id, contextID: contextID, status: TaskStatus(.submitted, timestamp: time), history: [inTask(question)],
      created: time)
    let answer = TaskStatus(.completed, message: inTask(reply), timestamp: time)
    do {
      try store.create(task, events: [.status(answer, metadata: nil)], owner: owner, at: time, isFollowed: true)
    } catch {
      throw AgentError(
        .unavailable, "the gateway cannot take more tasks now; retry later", source: .gateway, retryAfterSeconds: 30)
    }
    return task
  }

  // MARK: Looking up

  /// The newest turn of a conversation of this caller.
  func newestTurn(of id: String) throws(AgentError) -> AgentTask {
    guard let task = store.tasks(inContext: id, owner: owner, max: 1).last else { throw TaskOperations.taskNotFound }
    return task
  }

  /// A turn by the model's task, as far as it is still kept.
  func view(ofTurn taskID: String) throws(AgentError) -> OrqTurnView {
    guard let snapshot = store.snapshot(of: taskID, owner: owner) else { throw TaskOperations.taskNotFound }
    return view(snapshot.task)
  }

  func view(_ task: AgentTask) -> OrqTurnView {
    OrqTurnView(task: withOwnOutput(task), agent: agent, isActive: isActive(task))
  }

  func list(_ query: OrqListQuery) -> ContextPage {
    store.listContexts(
      ListContextsRequest(
        states: query.statuses.isEmpty ? nil : query.statuses.reduce(into: []) { $0.formUnion($1.states) },
        after: query.startingAfter, before: query.endingBefore,
        pageSize: query.limit ?? OrqLimits.pageSizeDefault),
      owner: owner)
  }

  /// What was said in a conversation, oldest first; the newest as far as the bounds reach.
  func history(of id: String, _ translation: inout OrqAnswerTranslation) -> [OrqMessage] {
    var messages: [OrqMessage] = []
    var bytes = 0
    let tasks = store.tasks(
      inContext: id, owner: owner, max: OrqConversations.historyTurnsMax, bytesMax: OrqConversations.historyBytesMax)
    for task in tasks.reversed() {
      bytes += task.parts.reduce(0) { $0 + $1.byteCount }
      if bytes > OrqConversations.historyBytesMax, !messages.isEmpty { break }
      let turn =
        task.history.map { translation.message($0) }
        + (translation.output(of: task, withCalls: true).map { [$0] } ?? [])
      messages.insert(contentsOf: turn, at: 0)
    }
    return messages
  }

  /// What happened with tools in a conversation, oldest first.
  func actions(of id: String) -> [OrqAction] {
    var actions = OrqActions(agentKey: agent.key, conversationID: id)
    let tasks = store.tasks(
      inContext: id, owner: owner, max: OrqConversations.historyTurnsMax, bytesMax: .max, withJournal: true)
    for task in tasks {
      let journal = store.events(
        of: task.id, owner: owner, after: 0, max: context.services.limits.tasks.journalEventsMax)
      // A journal that no longer reaches back to its beginning tells no actions.
      actions.add(journal ?? [], of: task)
    }
    return actions.actions
  }

  private func isActive(_ task: AgentTask) -> Bool {
    switch task.status.state {
    case .unspecified, .submitted, .working: true
    case .authRequired:
      context.services.turns.isRunning(task.id, in: ContextKey(owner: owner, contextID: task.contextID))
    case .inputRequired, .completed, .failed, .canceled, .rejected: false
    }
  }

  /// A task that asked back and was answered holds the output of several turns: only what came after the last answer is
  /// the newest turn's.
  private func withOwnOutput(_ task: AgentTask) -> AgentTask {
    guard !task.artifacts.isEmpty, task.history.filter({ $0.role == .user }).count > 1 else { return task }
    let journal = store.keptEvents(of: task.id, owner: owner)
    guard let answer = journal.lastIndex(where: { if case .history = $0.event { true } else { false } }) else {
      return task
    }
    var turn = task
    turn.artifacts = []
    for event in journal[answer...].map(\.event) where event.isOfOutput { TaskRecord.fold(event, into: &turn) }
    return turn
  }
}
