internal import HTTP
internal import HTTPTransport
internal import Model
internal import Orq

/// Answers one request of the Orq face: a value, an error, or a stream.
final class OrqResponder {
  let exchange: HTTPExchange
  private let state: ExchangeState
  private let extraFields: [(StaticString, String)]
  private var losses: OrqLosses = []
  private var backendLosses: [String] = []

  init(exchange: HTTPExchange, state: ExchangeState, extraFields: [(StaticString, String)]) {
    self.exchange = exchange
    self.state = state
    self.extraFields = extraFields
  }

  /// For the stream's trace: what the access log calls this request.
  var requestID: String { state.requestID }

  // MARK: Whole answers

  func respond(_ value: some OrqWritable, status: Int = 200) {
    pass(status, type: "application/json", body: value.encoded())
  }

  /// - Parameters:
  ///   - type: nil where there is no body.
  ///   - body: as somebody else has written it.
  func pass(_ status: Int, type: String?, retryAfter: String? = nil, body: [UInt8]) {
    noteLosses()
    var fields = commonFields()
    if let type { fields.add("content-type", type) }
    if let retryAfter { fields.add("retry-after", retryAfter) }
    exchange.respond(status: status, fields: fields, body: body)
  }

  func respond(_ refusal: OrqRefusal) {
    var response = OrqResponder.problem(refusal.status, refusal.message)
    if refusal.status == 503 { response.fields.add("retry-after", "5") }
    respond(response)
  }

  /// A refusal in its own words.
  func respond(_ response: HTTPResponse) {
    var response = response
    for (name, value) in callersFields { response.fields.add(name, value) }
    state.errorKind = response.status == 403 ? "forbidden" : "refused"
    exchange.respond(response)
  }

  /// - Parameter body: JSON.
  func pass(_ status: Int = 200, body: [UInt8]) { pass(status, type: "application/json", body: body) }

  /// Done, and nothing to say.
  func passNothing() { pass(204, type: nil, body: []) }

  /// - Parameter status: where it is not that of the error's kind.
  func respond(_ error: AgentError, status: Int? = nil) {
    state.errorKind = "\(error.kind)"
    noteLosses()
    var response = OrqResponder.problem(status ?? OrqErrorMapping.status(of: error.kind), error.message)
    for (name, value) in callersFields { response.fields.add(name, value) }
    if let seconds = error.retryAfterSeconds { response.fields.add("retry-after", String(seconds)) }
    exchange.respond(response)
  }

  /// An error in the one form that this face has.
  static func problem(_ status: Int, _ message: String) -> HTTPResponse {
    var response = HTTPResponse(status, contentType: "application/json", body: OrqErrorBody(message).encoded())
    // Without a word on it, caches may keep a 404 or 405, and one caller's "not there" is another's agent.
    response.fields.add("cache-control", "no-store")
    return response
  }

  // MARK: Streams

  func startStream() {
    var fields = commonFields()
    fields.add("content-type", "text/event-stream")
    // Some proxies hold back what they think is a file.
    fields.add("x-accel-buffering", "no")
    exchange.startStream(status: 200, fields: fields)
  }

  func write(_ events: [UInt8]) { exchange.write(events) }

  func writeKeepAlive() {
    var frame: [UInt8] = []
    SSEEncoder.comment("keep-alive", into: &frame)
    exchange.write(frame)
  }

  /// - Parameter events: the last ones; the mark of the end follows.
  func finishStream(_ events: [UInt8]) {
    var last = events
    OrqStream.writeEnd(into: &last)
    exchange.write(last)
    noteLosses()
    exchange.finish()
  }

  // MARK: The log

  func note(taskID: String, state taskState: TaskState) {
    state.taskID = taskID
    state.state = taskState
  }

  /// Of a task that is not the gateway's.
  func note(upstreamTaskID id: String) { state.taskID = id }

  func note(eventCount: Int) { state.eventCount = eventCount }

  func note(error kind: AgentError.Kind) { state.errorKind = "\(kind)" }

  /// What the face's translation lost.
  func note(_ losses: OrqLosses) { self.losses.formUnion(losses) }

  /// What the backend's translation lost.
  func note(loss name: String) { if !backendLosses.contains(name) { backendLosses.append(name) } }

  private func noteLosses() { state.losses = losses.names + backendLosses }

  private func commonFields() -> HTTPFields {
    var fields = HTTPFields()
    fields.add("cache-control", "no-store")
    for (name, value) in callersFields { fields.add(name, value) }
    return fields
  }

  private var callersFields: [(StaticString, String)] { [("x-request-id", state.requestID)] + extraFields }
}
