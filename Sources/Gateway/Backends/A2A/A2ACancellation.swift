internal import A2A
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Telemetry

/// Asks an external agent to cancel a task.
struct A2ACancellation: Sendable {
  let agent: ExternalAgent
  let logger: Logger

  /// How long an answer is waited for: a caller waits with it.
  private static let time: Duration = .seconds(30)

  /// - Parameters:
  ///   - state: what the backend left with the task.
  ///   - done: called once, on the loop.
  func ask(
    _ state: JSONFragment?, metadata: JSONFragment?, on loop: EventLoop, _ done: @escaping (CancelVerdict) -> Void
  ) {
    guard let taskID = A2AContextState(state)?.taskID,
      let endpoint = agent.memory.order(agent.interfaces, at: loop.now).first,
      let request = ExternalRequest(
        .cancelTask(id: taskID, metadata: metadata), to: endpoint, extensions: [], gateways: [agent.gatewayName])
    else { return done(.unknown) }
    var timeouts = HTTPClientTimeouts()
    timeouts.firstByte = A2ACancellation.time
    timeouts.silence = A2ACancellation.time
    let call = ExternalCall(request, to: endpoint, of: agent, on: loop, timeouts: timeouts) { outcome in
      done(verdict(outcome, at: endpoint))
    }
    call.start()
  }

  private func verdict(_ outcome: ExternalCall.Outcome, at endpoint: ExternalEndpoint) -> CancelVerdict {
    switch outcome {
    case .answer(let answer):
      do throws(PeerFault) {
        guard case .task(let task) = try answer.result(.cancelTask, at: endpoint) else { return .unknown }
        let message = task.status.message.flatMap { $0.role == .agent ? AgentMessage($0) : nil }
        switch task.status.state {
        case .canceled: return .canceled(message)
        case .completed, .failed, .rejected: return .refused
        case .unspecified, .submitted, .working, .inputRequired, .authRequired: return .goesOn
        }
      } catch {
        log(error.text)
        switch error.error.kind {
        case .taskNotCancelable, .unsupportedOperation, .methodNotFound: return .refused
        default: return .unknown
        }
      }
    case .failed(let error): log(error.message)
    case .notSent(let reason), .unusable(let reason): log(reason)
    case .streamEnded: log("the answer is a stream")
    }
    return .unknown
  }

  private func log(_ reason: String) {
    logger.warning("The agent did not cancel a task.", ["reason": .string(String(reason.prefix(512)))])
  }
}
