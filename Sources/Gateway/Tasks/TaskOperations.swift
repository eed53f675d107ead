internal import A2A
internal import Configuration
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network

/// The operations on messages and tasks, for a known caller at a known agent, free of any wire dialect.
struct TaskOperations {
  let context: LoopContext
  let agent: ExposedAgent
  let owner: TaskOwner

  private var store: any TaskStore { context.services.store }

  /// Begins a turn, for a new task or for one that waits for an answer. The observer hears how it goes, on this loop; it
  /// may hear all of it before this returns.
  ///
  /// - Parameter options: what the call says beyond its message.
  func send(
    _ request: consuming SendRequest, openNow: Bool, wantsEvents: Bool, options: TurnOptions? = nil,
    observer: any TurnObserver
  ) throws(AgentError) {
    guard !context.services.isDraining else {
      throw AgentError(
        .unavailable, "the gateway is shutting down; retry in a moment", source: .gateway, retryAfterSeconds: 5)
    }
    try agent.inputModes.check(request.message)
    if let taskID = request.message.taskID {
      try resume(taskID, request, wantsEvents, options, observer)
      return
    }
    var message = request.message
    let metadata = request.metadata
    _ = consume request
    let isContextNew = message.contextID == nil
    let contextID = message.contextID ?? context.mint.contextID()
    let taskID = store.mintTaskID(owner: owner, entropy: (context.mint.word(), context.mint.word()))
    message.move(toContext: contextID, task: taskID)
    let turn = Turn(
      owner: owner, taskID: taskID, contextID: contextID, message: consume message,
      wantsEvents: wantsEvents, metadata: metadata, options: options)
    let runner = TurnRunner(context: context, agent: agent, turn: consume turn)
    runner.observer = observer
    runner.submit(
      openNow: openNow || !agent.mayAnswerWithoutTask, isContextNew: isContextNew)
  }

  private func resume(
    _ taskID: String, _ request: SendRequest, _ wantsEvents: Bool, _ options: TurnOptions?,
    _ observer: any TurnObserver
  ) throws(AgentError) {
    var message = request.message
    guard let snapshot = store.snapshot(of: taskID, owner: owner) else { throw TaskOperations.taskNotFound }
    let task = snapshot.task
    if let contextID = message.contextID, contextID != task.contextID {
      throw .invalidField("message.contextId", "does not match the context of the task")
    }
    // Only a task that waits for its caller takes a message; a terminal one is refined by a new task (A2A 1.0 §3.1.1).
    guard task.status.state.isInterrupted else { throw TaskOperations.takesNoMessage(task.status.state) }
    // A turn that asked for input is over, or will be in a moment; one that waits for an approval goes on.
    let key = ContextKey(owner: owner, contextID: task.contextID)
    guard
      task.status.state == .inputRequired || agent.backend.takesMessagesWhileAwaiting
        || !context.services.turns.isRunning(taskID, in: key)
    else {
      throw AgentError(
        .unsupportedOperation, "the task waits for an approval elsewhere and goes on by itself; it takes no message")
    }
    message.contextID = task.contextID
    // The new status moves the agent's question into the history, where the answer follows it.
    let result = store.append(
      [.status(TaskStatus(.working), metadata: nil), .history(message)], to: taskID, owner: owner, at: context.wallTime,
      onlyIf: .interrupted)
    switch result {
    case .notFound: throw TaskOperations.taskNotFound
    case .refused(let state): throw TaskOperations.takesNoMessage(state)
    case .appended(let sequence):
      let turn = Turn(
        owner: owner, taskID: taskID, contextID: task.contextID, message: message, isContinuation: true,
        wantsEvents: wantsEvents, metadata: request.metadata, options: options)
      let runner = TurnRunner(context: context, agent: agent, turn: turn, answered: task.status)
      runner.observer = observer
      observer.turnOpened(taskID: taskID, at: sequence)
      if task.status.state == .authRequired {
        for turn in context.services.turns.turns(of: taskID, in: key) { turn.perform { $0.giveWay() } }
      }
      runner.submit(openNow: true, isContextNew: false)
    }
  }

  func task(_ id: String) throws(AgentError) -> AgentTask {
    guard let snapshot = store.snapshot(of: id, owner: owner) else { throw TaskOperations.taskNotFound }
    return snapshot.task
  }

  /// Whether a caller that has seen a task up to `sequence` has missed its end; false where the journal cannot tell.
  func missedEnd(after sequence: JournalSequence?, of id: String) -> Bool {
    guard let sequence, let seen = store.snapshot(of: id, owner: owner, at: sequence) else { return false }
    return !seen.task.status.state.isTerminal
  }

  func list(_ request: ListTasksRequest) throws(AgentError) -> TaskPage { try store.list(request, owner: owner) }

  /// Cancels a task, as far as its agent lets itself be stopped, and answers with the task as it stands then; at once, or
  /// in a later turn of the loop where the agent is asked.
  func cancel(
    _ id: String, metadata: JSONFragment?, _ done: @escaping (Result<AgentTask, AgentError>) -> Void
  ) {
    do throws(AgentError) {
      switch agent.backend.cancellation {
      case .stops: done(.success(try cancel(id)))
      case .refused: done(.success(try refuseCancel(of: id)))
      case .local(let note): done(.success(try cancel(id, note: note)))
      case .asks(let agent): try cancel(id, asking: agent, metadata, done)
      }
    } catch {
      done(.failure(error))
    }
  }

  private func cancel(
    _ id: String, asking agent: A2ACancellation, _ metadata: JSONFragment?,
    _ done: @escaping (Result<AgentTask, AgentError>) -> Void
  ) throws(AgentError) {
    let task = try task(id)
    let key = ContextKey(owner: owner, contextID: task.contextID)
    let state = store.backendState(of: id, owner: owner)
    if task.status.state.isTerminal { return done(.success(try refuseCancel(of: id))) }
    // It waits for its turn: the agent has not heard of it.
    if state == nil, !context.services.turns.isRunning(id, in: key) { return done(.success(try cancel(id))) }
    agent.ask(state, metadata: metadata, on: context.loop) { verdict in
      do throws(AgentError) {
        switch verdict {
        case .canceled(let message): done(.success(try cancel(id, saying: message, isSettled: true)))
        case .refused: done(.success(try refuseCancel(of: id)))
        case .goesOn: done(.success(try self.task(id)))
        case .unknown: done(.success(try cancel(id, note: TaskOperations.agentNotTold)))
        }
      } catch {
        done(.failure(error))
      }
    }
  }

  private static let agentNotTold = "Canceled here. The agent could not be told to stop and may run on."

  private func cancel(_ id: String, note: String) throws(AgentError) -> AgentTask {
    let more = try translationNote(on: id, "agent_may_run_on", .bool(true))
    return try cancel(id, saying: AgentMessage([.text(note)]), more)
  }

  /// Marks a task canceled and stops its turn, wherever it runs.
  ///
  /// - Parameter isSettled: that its turn has said so meanwhile is as good.
  private func cancel(
    _ id: String, saying message: AgentMessage? = nil, _ more: JournalEvent? = nil, isSettled: Bool = false
  ) throws(AgentError) -> AgentTask {
    var status = TaskStatus(.canceled)
    status.message = message.map { message in
      Message(
        messageID: context.mint.messageID(), role: .agent, parts: message.parts, taskID: id,
        metadata: message.metadata, extensions: message.extensions)
    }
    var events: [JournalEvent] = []
    if let more { events.append(more) }
    events.append(.status(status, metadata: nil))
    let result = store.append(events, to: id, owner: owner, at: context.wallTime, onlyIf: .notTerminal)
    guard case .appended = result, let snapshot = store.snapshot(of: id, owner: owner) else {
      if case .refused(let state) = result {
        if isSettled, state == .canceled { return try task(id) }
        throw AgentError(
          .taskNotCancelable, "the task is already \(state.word)", metadata: ["state": state.word])
      }
      throw TaskOperations.taskNotFound
    }
    let key = ContextKey(owner: owner, contextID: snapshot.task.contextID)
    for turn in context.services.turns.turns(of: id, in: key) { turn.perform { $0.cancel() } }
    return snapshot.task
  }

  /// One more member of what the gateway says of its translation in the task's metadata.
  private func translationNote(on id: String, _ name: String, _ value: JSONValue) throws(AgentError) -> JournalEvent {
    var note: JSONObject = [:]
    if case .object(let object)? = try task(id).metadata?.document.root[GatewayExtension.uri]?.value { note = object }
    note[name] = value
    return .metadata(name: GatewayExtension.uri.description, JSONFragment(.object(note)))
  }

  private func refuseCancel(of id: String) throws(AgentError) -> AgentTask {
    let state = try task(id).status.state
    throw AgentError(
      .taskNotCancelable,
      state.isTerminal ? "the task is already \(state.word)" : "this agent's tasks cannot be canceled",
      metadata: ["state": state.word])
  }

  static let taskNotFound = AgentError(.taskNotFound, "task not found")

  private static func takesNoMessage(_ state: TaskState) -> AgentError {
    AgentError(
      .unsupportedOperation,
      state.isTerminal
        ? "the task is \(state.word) and takes no more messages; start a new task in the same context"
        : "the task is \(state.word); it takes a message when it asks for input",
      metadata: ["state": state.word])
  }
}

extension TaskState {
  /// For messages to people.
  var word: String {
    switch self {
    case .unspecified: "unknown"
    case .submitted: "submitted"
    case .working: "working"
    case .inputRequired: "waiting for input"
    case .authRequired: "waiting for authorisation"
    case .completed: "completed"
    case .failed: "failed"
    case .canceled: "canceled"
    case .rejected: "rejected"
    }
  }
}
