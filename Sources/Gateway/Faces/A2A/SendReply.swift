internal import A2A
internal import Configuration
internal import HTTPTransport
internal import Model
internal import Network

/// Answers one SendMessage: when the turn ends, or as soon as there is a task if the caller does not wait.
final class SendReply: TurnObserver {
  private let context: LoopContext
  private let owner: TaskOwner
  private let responder: A2AResponder
  private let returnsImmediately: Bool
  private let historyLength: Int?
  private let blockingWait: Duration?
  private var isAnswered = false
  private var taskID: String?
  private var waitTimer: Timer?

  init(
    context: LoopContext, owner: TaskOwner, responder: A2AResponder, request: borrowing SendRequest, agent: ExposedAgent
  ) {
    self.context = context
    self.owner = owner
    self.responder = responder
    returnsImmediately = request.returnImmediately
    historyLength = request.historyLength
    blockingWait = agent.limits.turns.blockingWait
  }

  func turnReplied(_ message: Message) {
    answer { $0.respond(.sent(.message(message))) }
  }

  func turnOpened(taskID: String, at sequence: JournalSequence) {
    self.taskID = taskID
    if returnsImmediately {
      // The task as it stands at the end of this loop turn: an agent that is done by then needs no second call.
      context.loop.later { [weak self] in self?.answerWithTask() }
    } else if let wait = blockingWait {
      waitTimer = context.loop.schedule(after: wait) { [weak self] in self?.answerWithTask() }
    }
  }

  func turnEnded(taskID: String, _ task: AgentTask?) {
    self.taskID = taskID
    answerWithTask(task)
  }

  func turnPaused(taskID: String) {
    self.taskID = taskID
    answerWithTask()
  }

  func turnLost(_ name: String) { responder.note(loss: name) }

  func turnRefused(_ error: AgentError) {
    answer { $0.respond(error) }
  }

  /// - Parameter task: as it stands, where that is known.
  private func answerWithTask(_ task: AgentTask? = nil) {
    guard let taskID else { return }
    answer { responder in
      guard let task = task ?? context.services.store.snapshot(of: taskID, owner: owner)?.task else {
        responder.respond(
          AgentError(.internalError, "the task ended and is no longer kept", source: .gateway))
        return
      }
      responder.note(taskID: taskID, state: task.status.state)
      responder.respond(.sent(.task(task.trimmed(toHistory: historyLength))))
    }
  }

  private func answer(_ body: (A2AResponder) -> Void) {
    guard !isAnswered else { return }
    isAnswered = true
    if let waitTimer { context.loop.cancel(waitTimer) }
    waitTimer = nil
    body(responder)
  }
}

extension AgentTask {
  /// With the newest messages that a caller asked for.
  func trimmed(toHistory length: Int?) -> AgentTask {
    var task = self
    task.limitHistory(to: length)
    return task
  }
}
