internal import A2A
internal import HTTPTransport
internal import Model

/// What the refusal of an external agent becomes for the caller. The agent's own words stay in the log.
enum ExternalRefusal {
  /// - Parameter isContinuation: the message was to a task that the agent has.
  static func error(_ fault: PeerFault, isContinuation: Bool) -> AgentError {
    switch fault.error.kind {
    case .contentTypeNotSupported: upstream(.contentTypeNotSupported, "the agent does not take content of this type")
    case .unsupportedOperation: upstream(.unsupportedOperation, "the agent does not support this")
    case .extensionSupportRequired:
      upstream(.extensionSupportRequired, "the agent requires an extension; see the extensions on its card")
    // A 0.3 agent calls it so when its task has ended meanwhile (contracts: errors, translation).
    case .invalidParams where isContinuation, .taskNotFound where isContinuation:
      upstream(
        .unsupportedOperation, "the agent takes no more messages to this task; start a new task in the same context")
    case .invalidParams: upstream(.invalidParams, "the agent does not take this message")
    case .tooManyRequests:
      upstream(
        .tooManyRequests, "the agent limits the rate of messages; retry later", fault.error.retryAfterSeconds ?? 1)
    case .unavailable:
      upstream(.unavailable, "the agent is not available; retry later", fault.error.retryAfterSeconds ?? 5)
    case .invalidAgentResponse: UpstreamRefusal.notUnderstood
    case .taskNotFound, .taskNotCancelable, .pushNotificationNotSupported, .extendedAgentCardNotConfigured,
      .versionNotSupported, .parseError, .invalidRequest, .methodNotFound, .internalError:
      upstream(.internalError, "the agent cannot be reached at the moment")
    }
  }

  static let cardNotRead = AgentError(
    .unavailable, "the agent's card has not been read yet; retry in a moment", source: .upstream, retryAfterSeconds: 5)

  static let noInterface = AgentError(
    .unavailable, "the agent offers no interface that this gateway can call", source: .upstream)

  static let notReachable = AgentError(.internalError, "the agent cannot be reached at the moment", source: .upstream)

  static let brokeOff = AgentError(.internalError, "the agent's answer broke off", source: .upstream)

  private static func upstream(_ kind: AgentError.Kind, _ message: String, _ retryAfter: Int? = nil) -> AgentError {
    AgentError(kind, message, source: .upstream, retryAfterSeconds: retryAfter)
  }
}

/// Why an agent did not take a call, as far as it says what to try next.
enum ExternalObstacle {
  /// The endpoint speaks another version, or nothing of ours: nothing has begun there.
  case notSpoken
  case refused

  init(_ fault: PeerFault, at endpoint: ExternalEndpoint) {
    switch fault.error.kind {
    case .methodNotFound, .versionNotSupported: self = .notSpoken
    // Some servers check the whole envelope before they look for the method.
    case .invalidRequest where endpoint.binding == .jsonRPC: self = .notSpoken
    case .taskNotFound where !fault.saysNoSuchTask(at: endpoint): self = .notSpoken
    default: self = .refused
    }
  }
}

extension PeerFault {
  /// The task does not exist; told from a path that does not exist, over HTTP+JSON, by what the body says.
  func saysNoSuchTask(at endpoint: ExternalEndpoint) -> Bool {
    error.kind == .taskNotFound && (endpoint.binding == .jsonRPC || reason != nil || hasText)
  }
}
