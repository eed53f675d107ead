internal import JSON
internal import Model
internal import Orq

/// The agent family (contract §4.4): progress as thoughts, the answer as a whole at the end.
struct OrqAgentProjection: OrqProjection {
  private let subject: OrqStreamSubject
  private let startedAt: Timestamp
  private var translation = OrqAnswerTranslation()
  /// What the turn has brought forth so far.
  private var task: AgentTask
  private var usage: JSONFragment?
  private var finishReason: JSONFragment?
  private var thoughtCount = 0
  private var isInReview = false

  private(set) var eventCount = 0

  var losses: OrqLosses { translation.losses }

  init(_ subject: OrqStreamSubject, startedAt: Timestamp) {
    self.subject = subject
    self.startedAt = startedAt
    task = AgentTask(id: subject.turnID, contextID: subject.conversationID, status: TaskStatus(.working))
  }

  mutating func begin(at time: Timestamp, into output: inout [UInt8]) {
    write(
      .executionStarted(
        OrqAgentEvent.ExecutionStarted(
          taskID: subject.conversationID, workspaceID: OrqNames.workspaceID, traceID: subject.traceID,
          manifestID: subject.agentKey, agentKey: subject.agentKey)),
      time, &output)
    // What the operator told the agent is nothing for callers.
    write(
      .started(
        OrqAgentEvent.Started(
          inputMessage: subject.message, modelID: OrqNames.model(agent: subject.agentKey), instructions: "",
          systemPrompt: "", manifestID: subject.agentKey, agentKey: subject.agentKey, workflowRunID: subject.turnID,
          isContinuation: subject.isContinuation, stream: true)),
      time, &output)
  }

  mutating func artifact(
    _ artifact: Artifact, append: Bool, lastChunk: Bool, at time: Timestamp, into output: inout [UInt8]
  ) {
    task.apply(
      .artifact(
        TaskArtifactUpdate(
          taskID: task.id, contextID: task.contextID, artifact: artifact, append: append, lastChunk: lastChunk)))
  }

  mutating func metadata(_ name: String, _ value: JSONFragment, at time: Timestamp) {
    switch name {
    case "usage": usage = value
    case "finish_reason": finishReason = value
    default: break
    }
  }

  mutating func progress(
    _ status: TaskStatus, metadata: JSONFragment?, at time: Timestamp, into output: inout [UInt8]
  ) {
    if metadata != nil { translation.lose(.activity) }
    if (status.state == .authRequired) != isInReview {
      isInReview.toggle()
      write(isInReview ? .executionReviewRequired : .executionReviewed, time, &output)
    }
    guard let message = status.message else { return }
    thoughtCount += 1
    let difference = OrqAgentEvent.Difference(
      key: message.messageID, message: translation.message(message), agentID: subject.agentKey,
      agentExecutionID: subject.conversationID, workspaceID: OrqNames.workspaceID)
    write(
      .thought(
        OrqAgentEvent.Thought(
          agentID: subject.agentKey, messageDifference: [difference], iteration: thoughtCount,
          accumulatedExecutionTime: JSONNumber(Int(time.milliseconds - startedAt.milliseconds)))),
      time, &output)
  }

  mutating func end(_ status: TaskStatus, at time: Timestamp, into output: inout [UInt8]) {
    if status.state.isFailure {
      let errored = OrqAgentEvent.Errored(
        error: status.failureText, code: status.failureCode, workflowRunID: subject.turnID)
      return write(.errored(errored), time, &output)
    }
    task.status = status
    let answer = translation.output(of: task, withCalls: false)
    let inactive = OrqAgentEvent.Inactive(
      lastMessage: answer?.text ?? "",
      finishReason: OrqAnswerTranslation.finishReason(status.state, stated: finishReason),
      workflowRunID: subject.turnID, lastMessageFull: answer, pendingToolCalls: OrqToolCalls.pending(in: status),
      usage: translation.usage(usage), responseID: OrqNames.responseID(turn: subject.turnID))
    write(.inactive(inactive), time, &output)
  }

  mutating func fail(_ error: AgentError, at time: Timestamp, into output: inout [UInt8]) {
    let failed = OrqAgentEvent.Failed(
      error: JSONString(error.message), code: "\(OrqErrorMapping.status(of: error.kind))")
    write(.failed(failed), time, &output)
  }

  mutating func timeOut(at time: Timestamp, into output: inout [UInt8]) {
    let timeout = OrqAgentEvent.Timeout(
      message: "the stream was open for as long as it may be; the task goes on and can be looked up")
    write(.timeout(timeout), time, &output)
  }

  private mutating func write(_ payload: OrqAgentEvent.Payload, _ time: Timestamp, _ output: inout [UInt8]) {
    eventCount += 1
    OrqAgentEvent(payload, timestamp: time.text).write(into: &output)
  }
}
