internal import Bytes
internal import HTTP
internal import HTTPTransport
internal import Model

/// One request and what is known of it, phase by phase; at its end it becomes the access-log line.
final class ExchangeState: HTTPExchange {
  /// Names the request in the log and in its answer, as sixteen hexadecimal digits.
  let requestNumber: UInt64
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

  init(_ beginning: consuming HTTPExchange.Beginning, requestNumber: UInt64) {
    self.requestNumber = requestNumber
    super.init(beginning)
  }

  /// Whose the tasks are that the request is about; nil until agent and caller are known.
  var owner: TaskOwner? {
    guard let agent, let principal else { return nil }
    return TaskOwner(caller: principal.ownerName, agent: agent.ownerName)
  }

  var requestID: String { Hex.encode(requestNumber) }
  var method: HTTPMethod { request.method }
  /// Without the query, whose values may hold secrets.
  var path: String { request.path }
}
