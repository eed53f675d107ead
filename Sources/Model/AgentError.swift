/// Why a call failed, free of any wire dialect; each face maps it to its own codes in one file.
public struct AgentError: Error, Sendable, Equatable {
  /// The error types of A2A 1.0 §3.3.2 and JSON-RPC's own, plus what an edge adds.
  public enum Kind: Sendable, Equatable, CaseIterable {
    case taskNotFound
    case taskNotCancelable
    case pushNotificationNotSupported
    case unsupportedOperation
    case contentTypeNotSupported
    case invalidAgentResponse
    case extendedAgentCardNotConfigured
    case extensionSupportRequired
    case versionNotSupported
    /// The body is not JSON.
    case parseError
    /// JSON, but not a request of this protocol.
    case invalidRequest
    case methodNotFound
    case invalidParams
    case internalError
    /// A limit of ours or of the upstream: try again after ``AgentError/retryAfterSeconds``.
    case tooManyRequests
    /// Draining, or a queue is full.
    case unavailable
  }

  /// Whose fault it is.
  public enum Source: Sendable { case client, upstream, gateway }

  /// One field that is wrong, by its path in the request (`google.rpc.BadRequest`).
  public struct FieldViolation: Sendable, Equatable {
    public var field: String
    public var description: String

    public init(field: String, description: String) {
      self.field = field
      self.description = description
    }
  }

  public var kind: Kind
  /// For the caller: what is wrong and what to do; never text of an upstream or of an inner error.
  public var message: String
  public var fieldViolations: [FieldViolation]
  public var source: Source
  /// Facts for machines, as strings (`google.rpc.ErrorInfo.metadata`).
  public var metadata: [String: String]
  public var retryAfterSeconds: Int?

  public init(
    _ kind: Kind, _ message: String, fieldViolations: [FieldViolation] = [], source: Source = .client,
    metadata: [String: String] = [:], retryAfterSeconds: Int? = nil
  ) {
    self.kind = kind
    self.message = message
    self.fieldViolations = fieldViolations
    self.source = source
    self.metadata = metadata
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// An invalid parameter, naming the field by its path.
  public static func invalidField(_ field: String, _ description: String) -> AgentError {
    AgentError(
      .invalidParams, "\(field): \(description)",
      fieldViolations: [FieldViolation(field: field, description: description)])
  }
}
