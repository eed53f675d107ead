public import Model

/// What each kind of error is called on each wire: the one table of codes, statuses and reasons (A2A 1.0 §5.4, §9.5,
/// §11.6; 0.3 §8).
public struct ErrorMapping: Sendable, Equatable {
  /// `error.code` of JSON-RPC, the same in both versions but for ``codeV03``.
  public var code: Int
  public var codeV03: Int
  /// HTTP status and its `google.rpc` name over REST of 1.0.
  public var status: Int
  public var rpcStatus: StaticString
  /// HTTP status over REST of 0.3, where the reference server of 0.3 has its own column.
  public var statusV03: Int
  /// `google.rpc.ErrorInfo.reason`.
  public var reason: StaticString

  public static func == (a: ErrorMapping, b: ErrorMapping) -> Bool {
    a.code == b.code && a.codeV03 == b.codeV03 && a.status == b.status && a.statusV03 == b.statusV03
      && a.reason.description == b.reason.description && a.rpcStatus.description == b.rpcStatus.description
  }

  private init(
    _ code: Int, _ status: Int, _ rpcStatus: StaticString, _ reason: StaticString, codeV03: Int? = nil,
    statusV03: Int? = nil
  ) {
    self.code = code
    self.codeV03 = codeV03 ?? code
    self.status = status
    self.rpcStatus = rpcStatus
    self.statusV03 = statusV03 ?? status
    self.reason = reason
  }

  static let domain: StaticString = "a2a-protocol.org"

  public static func of(_ kind: AgentError.Kind) -> ErrorMapping {
    switch kind {
    case .taskNotFound: ErrorMapping(-32001, 404, "NOT_FOUND", "TASK_NOT_FOUND")
    case .taskNotCancelable: ErrorMapping(-32002, 400, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE", statusV03: 409)
    case .pushNotificationNotSupported:
      ErrorMapping(-32003, 400, "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED", statusV03: 501)
    case .unsupportedOperation:
      ErrorMapping(-32004, 400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", statusV03: 501)
    case .contentTypeNotSupported:
      ErrorMapping(-32005, 400, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED", statusV03: 415)
    case .invalidAgentResponse: ErrorMapping(-32006, 500, "INTERNAL", "INVALID_AGENT_RESPONSE", statusV03: 502)
    case .extendedAgentCardNotConfigured:
      ErrorMapping(-32007, 400, "FAILED_PRECONDITION", "EXTENDED_AGENT_CARD_NOT_CONFIGURED", statusV03: 404)
    // 0.3 knows neither of the next two. An extension that was not asked for is an invalid request there; a version
    // that is not served is told by the number of 1.0, since only a client that knows versions can ask for one.
    case .extensionSupportRequired:
      ErrorMapping(-32008, 400, "FAILED_PRECONDITION", "EXTENSION_SUPPORT_REQUIRED", codeV03: -32600)
    case .versionNotSupported: ErrorMapping(-32009, 400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED")
    case .parseError: ErrorMapping(-32700, 400, "INVALID_ARGUMENT", "INVALID_REQUEST")
    case .invalidRequest: ErrorMapping(-32600, 400, "INVALID_ARGUMENT", "INVALID_REQUEST")
    case .methodNotFound: ErrorMapping(-32601, 404, "NOT_FOUND", "METHOD_NOT_FOUND")
    case .invalidParams: ErrorMapping(-32602, 400, "INVALID_ARGUMENT", "INVALID_PARAMS", statusV03: 422)
    case .internalError: ErrorMapping(-32603, 500, "INTERNAL", "INTERNAL_ERROR")
    // What an edge adds. JSON-RPC has no code of its own for them.
    case .tooManyRequests: ErrorMapping(-32603, 429, "RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS")
    case .unavailable: ErrorMapping(-32603, 503, "UNAVAILABLE", "UNAVAILABLE")
    }
  }

  /// The HTTP status of an answer. JSON-RPC answers 200 whatever the call came to, but for what the whole edge refuses:
  /// 429 and 503 are real on every binding, so that generic clients and proxies understand them.
  public static func httpStatus(_ kind: AgentError.Kind, _ version: ProtocolVersion, _ binding: Binding) -> Int {
    let mapping = of(kind)
    switch binding {
    case .rest: return version == .v1_0 ? mapping.status : mapping.statusV03
    case .jsonRPC: return kind == .tooManyRequests || kind == .unavailable ? mapping.status : 200
    }
  }

  /// The `google.rpc` name of an HTTP status that comes from no kind of error.
  public static func rpcStatus(ofHTTP status: Int) -> StaticString {
    switch status {
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404: "NOT_FOUND"
    case 405: "UNIMPLEMENTED"
    case 429: "RESOURCE_EXHAUSTED"
    case 503: "UNAVAILABLE"
    case 500...: "INTERNAL"
    default: "INVALID_ARGUMENT"
    }
  }

  /// The kind that an answer of JSON-RPC names. Codes outside the table are internal errors of the peer.
  public static func kind(code: Int) -> AgentError.Kind {
    AgentError.Kind.allCases.first { of($0).code == code } ?? .internalError
  }

  /// The kind that an `ErrorInfo` names; nil for a reason that is not in the table.
  public static func kind(reason: String) -> AgentError.Kind? {
    if reason == "INVALID_REQUEST" { return .invalidRequest }
    return AgentError.Kind.allCases.first { of($0).reason.description == reason }
  }

  /// The kind that a bare HTTP status of REST suggests, where the body says nothing (0.3 has no shape for errors).
  public static func kind(status: Int) -> AgentError.Kind {
    switch status {
    case 400, 422: .invalidParams
    case 404: .taskNotFound
    case 405: .methodNotFound
    case 409: .taskNotCancelable
    case 415: .contentTypeNotSupported
    case 429: .tooManyRequests
    case 501: .unsupportedOperation
    case 503: .unavailable
    default: .internalError
    }
  }
}
