internal import HTTP
internal import HTTPTransport
internal import Model
internal import Network
internal import Telemetry

extension TaskState {
  /// For logs and labels.
  var name: StaticString {
    switch self {
    case .unspecified: "unspecified"
    case .submitted: "submitted"
    case .working: "working"
    case .inputRequired: "input-required"
    case .authRequired: "auth-required"
    case .completed: "completed"
    case .failed: "failed"
    case .canceled: "canceled"
    case .rejected: "rejected"
    }
  }
}

extension HTTPOutcome {
  var name: StaticString {
    switch self {
    case .completed: "completed"
    case .clientGone: "client-gone"
    case .timedOut: "timed-out"
    case .badRequest: "bad-request"
    case .aborted: "aborted"
    case .overflowed: "overflowed"
    case .shutDown: "shut-down"
    }
  }
}

extension LogLine {
  /// One request in the access log. No bodies, no query values, no secrets.
  mutating func fill(from state: ExchangeState, exchange: HTTPExchange) {
    field("request", state.requestID)
    field("client", state.forwardedFor ?? exchange.peer.address.description)
    if let tls = exchange.peer.tlsVersion { field("tls", tls) }
    field("method", state.method.name)
    field("path", state.path)
    field("status", exchange.status)
    if let agent = state.agent { field("agent", agent.key) }
    if let principal = state.principal { field("principal", principal.name) }
    if let operation = state.operation { field("operation", operation.rawValue) }
    if let version = state.version { field("version", version) }
    if let binding = state.binding { field("binding", binding) }
    if let taskID = state.taskID { field("task", taskID) }
    if let taskState = state.state { field("state", taskState.name) }
    if let errorKind = state.errorKind { field("error", errorKind) }
    if state.eventCount > 0 { field("events", state.eventCount) }
    if !state.losses.isEmpty { field("losses", state.losses.joined(separator: ",")) }
    field("bytes_in", exchange.bytesIn)
    field("bytes_out", exchange.bytesOut)
    if let first = exchange.firstByteAt {
      field("first_byte_ms", millisecondsOfNanoseconds: (first - state.startedAt).wholeNanoseconds)
    }
    field("ms", millisecondsOfNanoseconds: (exchange.endedAt - state.startedAt).wholeNanoseconds)
    field("end", exchange.outcome.name)
  }
}
