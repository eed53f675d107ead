internal import Bytes
internal import HTTP
internal import Model
internal import Network

/// What is known of one request, phase by phase; at its end it becomes the access-log line.
final class ExchangeState {
  /// Names the request in the log and in its answer, as sixteen hexadecimal digits.
  let requestNumber: UInt64
  let head: HTTPRequestHead
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

  init(requestNumber: UInt64, head: HTTPRequestHead, startedAt: MonotonicTime) {
    self.requestNumber = requestNumber
    self.head = head
    self.startedAt = startedAt
  }

  var requestID: String { Hex.encode(requestNumber) }
  var method: HTTPMethod { head.method }
  /// Without the query, whose values may hold secrets.
  var path: String { head.path }
}
