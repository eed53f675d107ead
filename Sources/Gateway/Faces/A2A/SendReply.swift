internal import A2A
internal import Configuration
internal import HTTPTransport
internal import Model
internal import Network

/// Answers one SendMessage: when the turn ends, or as soon as there is a task if the caller does not wait.
final class SendReply: TurnObserver {
  private let responder: A2AResponder
  private let returnsImmediately: Bool
  private let historyLength: Int?
  private let blockingWait: Duration?
  private var losses = AnswerLosses()
  private var isAnswered = false
  private var waitTimer: Timer?

  init(_ responder: consuming A2AResponder, request: borrowing SendRequest, blockingWait: Duration?) {
    self.responder = responder
    self.blockingWait = blockingWait
    returnsImmediately = request.returnImmediately
    historyLength = request.historyLength
  }

  func turnReplied(_ message: Message) { if isFirst() { responder.respond(.sent(.message(message)), losses) } }

  func turnOpened(taskID: String, at sequence: JournalSequence) {
    let loop = responder.context.loop
    if returnsImmediately {
      // The task as it stands at the end of this loop turn: an agent that is done by then needs no second call.
      loop.later { [weak self] in self?.answer(taskID, nil) }
    } else if let wait = blockingWait {
      waitTimer = loop.schedule(after: wait) { [weak self] in self?.answer(taskID, nil) }
    }
  }

  func turnEnded(taskID: String, _ task: consuming AgentTask?) { answer(taskID, task) }

  func turnAnswered(_ task: borrowing AnsweredTask) {
    guard historyLength ?? 1 > 0 else { return answer(task.id, task.task) }
    guard isFirst() else { return }
    responder.note(taskID: task.id, state: .completed)
    let losses = losses
    responder.respond(task, losses)
  }

  func turnPaused(taskID: String) { answer(taskID, nil) }

  func turnLost(_ name: String) { losses.note(name) }

  func turnRefused(_ error: AgentError) { if isFirst() { responder.respond(error) } }

  /// - Parameter task: as it stands, where that is known.
  private func answer(_ taskID: String, _ known: consuming AgentTask?) {
    guard isFirst() else { return }
    guard var task = known ?? kept(taskID) else {
      return responder.respond(
        AgentError(.internalError, "the task ended and is no longer kept", source: .gateway))
    }
    responder.note(taskID: taskID, state: task.status.state)
    task.limitHistory(to: historyLength)
    responder.respond(.sent(.task(consume task)), losses)
  }

  private func kept(_ taskID: String) -> AgentTask? {
    responder.exchange.owner.flatMap { responder.context.services.store.snapshot(of: taskID, owner: $0)?.task }
  }

  /// Whether there is no answer yet: the next one is to be it.
  private func isFirst() -> Bool {
    guard !isAnswered else { return false }
    isAnswered = true
    if let waitTimer { responder.context.loop.cancel(waitTimer) }
    waitTimer = nil
    return true
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
