internal import JSON
internal import Model
internal import Orq

/// One turn of a conversation, for the answers that tell of it: what the API calls a task is the conversation, and its
/// state and output are those of the newest turn.
struct OrqTurnView {
  /// The model's task, with the output of this turn only.
  let task: AgentTask
  let agent: ExposedAgent
  /// Its agent works, or waits for an approval elsewhere.
  let isActive: Bool

  private func stated(_ name: StaticString) -> JSONFragment? { task.metadata?.document.root[name]?.fragment }

  /// The answer of `run`, `invoke` and `retrieve_task` (contract §2.5, §3.11).
  ///
  /// - Parameters:
  ///   - withOutput: the turn's output stands in `messages`.
  ///   - history: all messages of the conversation.
  func task(
    withOutput: Bool = false, history: [OrqMessage]? = nil, _ translation: inout OrqAnswerTranslation
  ) -> OrqTask {
    var messages: [OrqMessage]?
    if withOutput { messages = translation.output(of: task, withCalls: true).map { [inConversation($0)] } ?? [] }
    return OrqTask(
      id: task.contextID, contextID: task.contextID, state: OrqTask.State(task.status.state),
      timestamp: task.status.timestamp?.text, statusMessage: task.status.message.map { translation.message($0) },
      messages: messages, history: history?.map(inConversation),
      metadata: translation.metadata(of: task, agentKey: agent.key))
  }

  private func inConversation(_ message: OrqMessage) -> OrqMessage {
    var message = message
    message.taskID = task.contextID
    message.contextID = task.contextID
    return message
  }

  /// The answer of `responses.get`, and without its status that of `responses.create` (contract §3.14, §3.15).
  func response(_ translation: inout OrqAnswerTranslation) -> OrqResponse {
    var response = OrqResponse(
      id: OrqNames.responseID(turn: task.id), taskID: task.contextID, output: [],
      createdAt: (task.created ?? task.status.timestamp)?.text ?? "",
      model: OrqNames.model(agent: agent.key), status: .inProgress)
    if isActive { return response }
    response.output = translation.output(of: task, withCalls: false).map { [$0] } ?? []
    response.usage = translation.usage(stated("usage"))
    if task.status.state.isFailure {
      response.status = .failed
      response.error = task.status.failureText
    } else {
      response.status = .completed
      response.pendingToolCalls = OrqToolCalls.pending(in: task.status)
      response.finishReason = OrqAnswerTranslation.finishReason(task.status.state, stated: stated("finish_reason"))
    }
    return response
  }

  /// An element of `list_tasks` (contract §3.10).
  func record(_ translation: inout OrqAnswerTranslation) -> OrqTaskRecord {
    let state = task.status.state
    let updated = task.status.timestamp?.text
    var record = OrqTaskRecord(
      id: task.contextID, agent: OrqTaskRecord.Snapshot(agent), workspaceID: OrqNames.workspaceID,
      state: OrqTaskRecord.State(
        waitingForApproval: state == .authRequired, inactive: !isActive,
        error: state.isFailure ? task.status.failureText : nil),
      created: task.created?.text ?? updated, updated: updated,
      metadata: translation.metadata(of: task, agentKey: agent.key))
    if let usage = translation.usage(stated("usage")) {
      record.metrics.promptTokens = usage.promptTokens ?? 0
      record.metrics.completionTokens = usage.completionTokens ?? 0
      record.metrics.totalTokens = usage.totalTokens ?? 0
    }
    return record
  }
}

extension OrqTaskRecord.Status {
  /// The states of a newest turn that are told so.
  var states: Set<TaskState> {
    switch self {
    case .inactive: [.completed, .inputRequired]
    case .approvalRequired: [.authRequired]
    case .inProgress: [.unspecified, .submitted, .working]
    case .errored: [.failed, .canceled, .rejected]
    }
  }
}

extension OrqTask.State {
  init(_ state: TaskState) {
    switch state {
    case .submitted: self = .submitted
    // The SDKs of 4.x refuse a state that is not known.
    case .unspecified, .working: self = .working
    case .inputRequired: self = .inputRequired
    case .authRequired: self = .authRequired
    case .completed: self = .completed
    case .failed: self = .failed
    case .canceled: self = .canceled
    case .rejected: self = .rejected
    }
  }
}
