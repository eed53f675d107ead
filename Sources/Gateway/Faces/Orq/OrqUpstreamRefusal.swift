internal import HTTP
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// What the workspace's refusal of a forwarded call becomes for the caller.
enum OrqUpstreamRefusal: Error {
  /// In the workspace's own words.
  case passed(status: Int, retryAfter: String?, body: [UInt8])
  /// In ours.
  case error(AgentError, status: Int?)

  static let notUnderstood = OrqUpstreamRefusal.error(UpstreamRefusal.notUnderstood, status: nil)

  /// Statuses and bodies are the workspace's, but for what is between it and the gateway, and bodies that are no error in
  /// Orq's form.
  ///
  /// - Parameter status: no success.
  init(_ status: Int, _ retryAfter: String?, _ body: [UInt8], _ plan: OrqForwarding, _ context: LoopContext) {
    let logger = context.services.logger
    switch status {
    case 401, 403:
      logger.error(
        "Orq does not accept the key. Put a valid API key of the workspace where orq.key points to.",
        ["status": .int(status)])
      let error = AgentError(.internalError, "the agent cannot be reached at the moment", source: .upstream)
      self = .error(error, status: 502)
    case 400..<600:
      logger.warning(
        "Orq refused a call",
        [
          "operation": .string("\(plan.route.operation)"), "status": .int(status),
          "answer": .string(String(decoding: body.prefix(512), as: UTF8.self)),
        ])
      if let fault = try? OrqErrorBody.decode(body), !fault.message.isEmpty, !plan.workspace.isLeak(body) {
        self = .passed(status: status, retryAfter: retryAfter, body: body)
      } else {
        // A page of some proxy, or worse: nothing that an SDK could read.
        let seconds = RetryAfter.seconds(retryAfter, wallMilliseconds: context.loop.wallMilliseconds)
        self = .error(UpstreamRefusal.error(status: status, retryAfter: seconds), status: status)
      }
    default:
      logger.warning("Orq's answer cannot be passed on", ["reason": .string("the status is \(status)")])
      self = .notUnderstood
    }
  }
}

extension OrqResponder {
  func respond(_ refusal: OrqUpstreamRefusal) {
    switch refusal {
    case .error(let error, let status): respond(error, status: status)
    case .passed(let status, let retryAfter, let body):
      note(error: UpstreamRefusal.error(status: status, retryAfter: nil).kind)
      pass(status, type: "application/json", retryAfter: retryAfter, body: body)
    }
  }
}
