internal import Model

/// What each kind of error is called on the Orq face, whose errors have a status and a message and nothing else
/// (contract §1.1).
enum OrqErrorMapping {
  static func status(of kind: AgentError.Kind) -> Int {
    switch kind {
    case .taskNotFound, .methodNotFound: 404
    // What the task's state forbids.
    case .unsupportedOperation, .taskNotCancelable: 409
    case .contentTypeNotSupported: 415
    case .parseError, .invalidRequest, .invalidParams, .versionNotSupported, .extensionSupportRequired,
      .extendedAgentCardNotConfigured, .pushNotificationNotSupported:
      400
    case .tooManyRequests: 429
    case .internalError: 500
    case .invalidAgentResponse: 502
    case .unavailable: 503
    }
  }
}
