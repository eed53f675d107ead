internal import Configuration
internal import Model
internal import Network
internal import Orq

/// Answers one turn as a whole: when it ends, or as soon as there is a task if the caller does not wait.
final class OrqReply: TurnObserver {
  enum Form {
    case task
    case response
  }

  private let conversations: OrqConversations
  private let responder: OrqResponder
  private let form: Form
  private let waits: Bool
  private let message: Message
  private let losses: OrqLosses
  private var isAnswered = false
  private var waitTimer: Timer?

  private var loop: EventLoop { conversations.context.loop }

  /// - Parameters:
  ///   - message: what the caller said.
  ///   - losses: of the request.
  init(
    _ conversations: OrqConversations, _ responder: OrqResponder, _ form: Form, waits: Bool, message: Message,
    losses: OrqLosses = []
  ) {
    self.conversations = conversations
    self.responder = responder
    self.form = form
    self.waits = waits
    self.message = message
    self.losses = losses
  }

  func turnReplied(_ message: Message) {
    do {
      answer(isEnded: true, try conversations.record(message, to: self.message).id)
    } catch {
      turnRefused(error)
    }
  }

  func turnOpened(taskID: String, at sequence: JournalSequence) {
    if !waits {
      loop.later { [weak self] in self?.answer(isEnded: false, taskID) }
    } else if let wait = conversations.agent.limits.turns.blockingWait {
      waitTimer = loop.schedule(after: wait) { [weak self] in self?.answer(isEnded: false, taskID) }
    }
  }

  func turnEnded(taskID: String, _ task: AgentTask?) { answer(isEnded: true, taskID) }

  /// A caller that waits does so until the agent rests (contract §3.14), and it does not while somebody approves.
  func turnPaused(taskID: String) {}

  func turnLost(_ name: String) { responder.note(loss: name) }

  func turnRefused(_ error: AgentError) {
    guard !isAnswered else { return }
    isAnswered = true
    responder.respond(error)
  }

  /// - Parameter isEnded: the turn is over, so that there is output to tell.
  private func answer(isEnded: Bool, _ taskID: String) {
    guard !isAnswered else { return }
    isAnswered = true
    if let waitTimer { loop.cancel(waitTimer) }
    waitTimer = nil
    do {
      let view = try conversations.view(ofTurn: taskID)
      responder.note(taskID: taskID, state: view.task.status.state)
      var translation = OrqAnswerTranslation(losses: losses)
      switch form {
      case .task:
        let task = view.task(withOutput: waits && isEnded, &translation)
        responder.note(translation.losses)
        responder.respond(task)
      case .response:
        var response = view.response(&translation)
        // Only `responses.get` tells a status (contract §3.14).
        response.status = nil
        if !waits { response = response.withoutOutput }
        responder.note(translation.losses)
        responder.respond(response)
      }
    } catch {
      responder.respond(AgentError(.internalError, "the task ended and is no longer kept", source: .gateway))
    }
  }
}

extension OrqResponse {
  /// As it stands while the agent runs.
  fileprivate var withoutOutput: OrqResponse {
    OrqResponse(id: id, taskID: taskID, output: [], createdAt: createdAt, model: model)
  }
}
