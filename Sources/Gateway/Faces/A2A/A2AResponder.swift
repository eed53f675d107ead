internal import A2A
internal import Bytes
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network

/// What is lost between an agent and its caller, for the log.
struct AnswerLosses {
  /// In the caller's dialect.
  var ofAnswer: TranslationLosses = []
  /// In the agent's, by their names.
  private var ofAgent: [String] = []

  mutating func note(_ name: String) { if !ofAgent.contains(name) { ofAgent.append(name) } }

  var isEmpty: Bool { ofAnswer.isEmpty && ofAgent.isEmpty }
  var names: [String] { ofAnswer.names + ofAgent }
}

/// Answers one A2A request in the caller's dialect: a result, an error, or a stream of events. Whoever carries the request
/// out holds it.
struct A2AResponder: ~Copyable {
  let context: LoopContext
  let exchange: ExchangeState
  private let dialect: Dialect
  /// Of the JSON-RPC request; nil over REST.
  private let requestID: JSONFragment?
  private let extraFields: [(StaticString, String)]
  /// URIs of the extensions that are in use, which the answer names (A2A 1.0 §4.6.3).
  var extensions: [String] = []
  /// A refusal goes out as the only event of a stream.
  var refusesInStream = false

  init(
    context: LoopContext, exchange: ExchangeState, dialect: Dialect, requestID: JSONFragment?,
    extraFields: [(StaticString, String)]
  ) {
    self.context = context
    self.exchange = exchange
    self.dialect = dialect
    self.requestID = requestID
    self.extraFields = extraFields
  }

  var isV1: Bool { dialect == .v1 }

  // MARK: Whole answers

  /// - Parameter losses: of the translation so far.
  func respond(_ result: CallResult, _ losses: AnswerLosses = AnswerLosses()) {
    var losses = losses
    var json = JSONWriter(into: context.takeMemory())
    ResponseEncoder.result(result, id: requestID, dialect: dialect, losses: &losses.ofAnswer, into: &json)
    respond(json, losses)
  }

  /// To SendMessage.
  ///
  /// - Parameter losses: of the translation so far.
  func respond(_ task: borrowing AnsweredTask, _ losses: AnswerLosses) {
    var losses = losses
    var json = JSONWriter(into: context.takeMemory())
    ResponseEncoder.sent(task, id: requestID, dialect: dialect, losses: &losses.ofAnswer, into: &json)
    respond(json, losses)
  }

  private func respond(_ json: consuming JSONWriter, _ losses: AnswerLosses) {
    note(losses)
    let body = json.memory()
    body.withSpan { exchange.respond(status: 200, fields: resultFields(), body: $0) }
    context.giveBack(body)
  }

  func respond(_ error: AgentError) {
    let answer: (status: Int, body: [UInt8])
    if let requestID {
      answer = ResponseEncoder.jsonRPCError(id: requestID, error, version: dialect.version)
    } else {
      answer = ResponseEncoder.restError(error, dialect: dialect)
    }
    if refusesInStream, answer.status == 200 {
      startStream()
      return failStream(error)
    }
    respond(error, status: answer.status, body: answer.body)
  }

  /// An error whose HTTP status is not the one of its kind.
  func respond(_ error: AgentError, status: Int, _ fields: [(StaticString, String)] = []) {
    let body =
      if let requestID {
        ResponseEncoder.jsonRPCError(id: requestID, error, version: dialect.version).body
      } else {
        ResponseEncoder.restError(error, dialect: dialect, status: status).body
      }
    respond(error, status: status, body: body, fields)
  }

  private func respond(
    _ error: AgentError, status: Int, body: [UInt8], _ special: [(StaticString, String)] = []
  ) {
    exchange.errorKind = "\(error.kind)"
    var fields = resultFields()
    for (name, value) in special { fields.add(name, value) }
    fields.set("content-type", "application/json")
    if let seconds = error.retryAfterSeconds { fields.add("retry-after", String(seconds)) }
    exchange.respond(status: status, fields: fields, body: body)
  }

  // MARK: Streams

  func startStream() {
    var fields = resultFields()
    fields.set("content-type", "text/event-stream; charset=utf-8")
    // Some proxies hold back what they think is a file.
    fields.add("x-accel-buffering", "no")
    exchange.startStream(status: 200, fields: fields)
  }

  /// - Parameters:
  ///   - endsStream: nothing follows; 0.3 clients are told so.
  ///   - id: what the caller can send back as `Last-Event-ID`.
  func send(_ event: TaskEvent, endsStream: Bool, id: EventID?, _ losses: inout AnswerLosses) {
    exchange.eventCount += 1
    exchange.write(
      ResponseEncoder.streamEvent(
        event, final: endsStream, dialect: dialect, id: requestID, eventID: id, losses: &losses.ofAnswer))
  }

  /// The frame of events that add text to an artifact of a task, and are not the last to do so.
  func textFrame(artifactID: String, taskID: String, contextID: String, epoch: String) -> TextFrame {
    TextFrame(
      taskID: taskID, contextID: contextID, artifactID: artifactID, dialect: dialect, id: requestID, epoch: epoch)
  }

  /// - Parameter first: number of the first text's event.
  func send(_ texts: JSONStrings, in frame: TextFrame, from first: Int) {
    exchange.eventCount += texts.count
    exchange.write(byteCount: frame.byteCount(texts, from: first)) { output in
      frame.append(texts, from: first, to: &output)
    }
  }

  func sendKeepAlive() {
    var frame: [UInt8] = []
    SSEEncoder.comment("keep-alive", into: &frame)
    exchange.write(frame)
  }

  func finishStream(_ losses: AnswerLosses = AnswerLosses()) {
    note(losses)
    exchange.finish()
  }

  /// The stream broke: says so in the dialect's way and ends it.
  func failStream(_ error: AgentError, _ losses: AnswerLosses = AnswerLosses()) {
    var frame: [UInt8] = []
    ResponseEncoder.streamError(error, id: requestID, dialect: dialect, into: &frame)
    exchange.errorKind = "\(error.kind)"
    exchange.write(frame)
    finishStream(losses)
  }

  // MARK: The log

  func note(taskID: String, state taskState: TaskState) {
    exchange.taskID = taskID
    exchange.state = taskState
  }

  private func note(_ losses: AnswerLosses) { if !losses.isEmpty { exchange.losses = losses.names } }

  /// Those of a whole result; other answers differ in their media type.
  private func resultFields() -> HTTPFields {
    var fields =
      switch (dialect.version, requestID == nil) {
      case (.v1_0, false): A2AResponder.fieldsV1
      case (.v1_0, true): A2AResponder.fieldsV1REST
      case (.v0_3, _): A2AResponder.fieldsV03
      }
    exchange.responseNumber = exchange.requestNumber
    if !extensions.isEmpty {
      fields.add(dialect.version == .v1_0 ? "a2a-extensions" : "x-a2a-extensions", extensions.joined(separator: ", "))
    }
    for (name, value) in extraFields { fields.add(name, value) }
    return fields
  }

  /// The same for every answer of a kind, and ready to be sent.
  private static let fieldsV1 = fields(.v1_0, "application/json")
  /// Over REST, 1.0 has a media type of its own (A2A 1.0 §14.1).
  private static let fieldsV1REST = fields(.v1_0, "application/a2a+json")
  private static let fieldsV03 = fields(.v0_3, "application/json")

  private static func fields(_ version: ProtocolVersion, _ type: String) -> HTTPFields {
    var fields = HTTPFields()
    fields.add("cache-control", "no-store")
    fields.add("a2a-version", version.text)
    fields.add("content-type", type)
    return fields
  }
}
