internal import HTTP
internal import Model
internal import Network

/// What is known of one request, phase by phase; at its end it becomes the access-log line.
final class ExchangeState {
  let requestID: String
  let method: HTTPMethod
  /// Without the query, whose values may hold secrets.
  let path: String
  let startedAt: MonotonicTime
  /// The caller's address as a trusted proxy names it; nil where the caller is the peer itself.
  var forwardedFor: String?
  var route = Route.notFound
  var agent: ExposedAgent?
  var principal: Principal?
  var operation: AgentOperation?
  var version: String?
  var binding: String?
  var taskID: String?
  var state: TaskState?
  var errorKind: String?
  var losses: [String] = []
  var eventCount = 0
  /// Keeps the observer of a turn alive as long as its caller is there.
  var observer: AnyObject?

  init(requestID: String, method: HTTPMethod, path: String, startedAt: MonotonicTime) {
    self.requestID = requestID
    self.method = method
    self.path = path
    self.startedAt = startedAt
  }
}
