internal import Bytes
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// One turn with Orq: the call that sends the message, and, where its answer is cut off, further ones that look up how the
/// task stands until it ends. Lives on one loop.
final class OrqExchange: HTTPClientCall, RunningTurn, HTTPClientDelegate {
  private let backend: OrqBackend
  private let loop: EventLoop
  private var emit: ((consuming TurnEvent) -> Void)?
  private var reader: OrqTurnReader
  private var lookUpCall: HTTPClientCall?
  /// The call that is under way may go on to its end, which nobody waits for.
  private var isLingering = false
  private var timer: Timer?

  private enum Answer {
    case none
    /// The head is not 200: its body goes nowhere, but its first bytes to the log.
    case refusal(status: Int, retryAfter: Int?)
    case json
    case events
    /// What still comes of it counts no more.
    case abandoned
  }

  /// What was asked last, and whether it was how the task stands.
  private var asked: OrqOperation
  private var isLookingUp = false
  private var answer = Answer.none
  private var body: [UInt8] = []
  /// Of an answer that is a stream.
  private var events: SSEDecoder?
  private let isAgentFamily: Bool
  /// Orq has taken the message: from here on a failure is the task's, and the task is looked up first.
  private var isAccepted = false
  private let losses: OrqSendLosses
  private let gateways: [String]
  /// The answer, where it does not say how the turn ended: it counts if nobody knows more.
  private var undecided: OrqOutcome?
  private var pollDelay = OrqExchange.pollDelayMin
  /// Which of the ways to look a task up answers; the next one is tried where one knows of no such task.
  private var lookUpIndex = 0
  private var isRefusalTold = false

  private static let eventBytesMax = 16 * 1024 * 1024
  private static let bodyBytesMax = 16 * 1024 * 1024
  private static let refusalBytesMax = 2048
  private static let pollDelayMin: Duration = .milliseconds(250)
  private static let pollDelayMax: Duration = .seconds(5)
  /// How long a stream may go on behind its last event, so that its connection can be used again.
  private static let lingerTime: Duration = .seconds(1)

  /// - Parameters:
  ///   - form: of the request that sends the message, by `operation`.
  ///   - gateways: that the message has come through.
  init(
    backend: OrqBackend, context: OrqContextState, loop: EventLoop, operation: OrqOperation, form: HTTPRequestForm,
    body: consuming HTTPRequestBody, losses: OrqSendLosses, gateways: [String],
    emit: @escaping (consuming TurnEvent) -> Void
  ) {
    self.backend = backend
    self.loop = loop
    self.emit = emit
    self.losses = losses
    self.gateways = gateways
    reader = OrqTurnReader(context: context)
    asked = operation
    isAgentFamily = operation == .streamTask || operation == .streamRun
    super.init(HTTPClient.shared(on: loop), form, body: body)
  }

  override func cancel() {
    emit = nil
    stop()
  }

  private func stop() {
    answer = .abandoned
    if !isLingering { cancelCalls() }
    if let timer { loop.cancel(timer) }
    timer = nil
  }

  private func cancelCalls() {
    super.cancel()
    lookUpCall?.cancel()
    lookUpCall = nil
  }

  // MARK: The call

  override func responseBegan(_ head: HTTPResponseHead) {
    guard head.status == 200 else {
      let seconds = RetryAfter.seconds(head.fields["retry-after"], wallMilliseconds: loop.wallMilliseconds)
      answer = .refusal(status: head.status, retryAfter: seconds)
      return
    }
    if let encoding = head.fields["content-encoding"], encoding.lowercased() != "identity" {
      stop()
      return notUnderstood("it has a content encoding that was not asked for")
    }
    guard OrqExchange.hasEvents(head) else {
      answer = .json
      return
    }
    answer = .events
    events = SSEDecoder(eventBytesMax: OrqExchange.eventBytesMax)
    accept()
  }

  private static func hasEvents(_ head: HTTPResponseHead) -> Bool {
    // As nearly every server writes it.
    if head.fields.has("content-type", "application/json") { return false }
    let type = head.fields["content-type"].flatMap { MediaType($0) }
    return type?.type == "text" && type?.subtype == "event-stream"
  }

  override func responseContinued(_ bytes: Span<UInt8>) {
    switch answer {
    case .none, .abandoned: break
    case .refusal: body.append(bytes.extracting(first: max(0, OrqExchange.refusalBytesMax - body.count)))
    case .json:
      if body.isEmpty { body = bytes.copied } else { body.append(bytes) }
      // The client bounds what it knows to be no stream; whether a stream was asked for, Orq decides (contract §3.14).
      if body.count > OrqExchange.bodyBytesMax {
        stop()
        notUnderstood("the answer is too large")
      }
    case .events: receive(events: bytes)
    }
  }

  override func responseEnded(_ last: Span<UInt8>) {
    // Read where it was received.
    if body.isEmpty, case .json = answer, asked == .createResponse, let told = OrqTextAnswer(last) {
      return heard(told, in: last)
    }
    if !last.isEmpty { responseContinued(last) }
    responseEnded()
  }

  func responseEnded() {
    lookUpCall = nil
    if isLookingUp { lookedUp() } else { answered() }
  }

  override func responseFailed(_ failure: HTTPClientError) {
    lookUpCall = nil
    guard emit != nil else { return }
    backend.logger.warning(
      "a call to Orq failed", ["error": .string(failure.message), "accepted": .bool(isAccepted)])
    if isAccepted { return lookUpLater() }
    refuse(UpstreamRefusal.error(failure))
  }

  // MARK: The answer

  private func answered() {
    switch answer {
    case .none: refuse(UpstreamRefusal.notUnderstood)
    case .refusal(let status, let retryAfter): refused(status, retryAfter)
    case .json: answeredJSON()
    case .events: if !reader.isOver { lookUpLater() }
    case .abandoned: break
    }
  }

  private func refused(_ status: Int, _ retryAfter: Int?) {
    let text = String(decoding: body, as: UTF8.self)
    switch status {
    case 401, 403, 404:
      backend.logger.error(
        "Orq does not let this agent be called. Check orq.key and the agent's key in its card file.",
        ["status": .int(status), "answer": .string(text)])
    default: backend.logger.warning("Orq refused a message", ["status": .int(status), "answer": .string(text)])
    }
    refuse(UpstreamRefusal.error(status: status, retryAfter: retryAfter))
  }

  // Both readings ask once who hears the turn, and not for each event. Who cancels it meanwhile passes over the rest.

  private func answeredJSON() {
    guard let emit else { return }
    let body = body
    do throws(OrqFault) {
      switch asked {
      case .createResponse:
        if let told = OrqTextAnswer(body.span) { return heard(told, in: body.span) }
        let outcome = try OrqOutcome.decode(body)
        accept()
        if reader.read(outcome, emit) { return heard() }
        guard outcome.status == nil else { return lookUpLater() }
        undecided = outcome.asCompleted
        lookUp()
      case .getResponse:
        if reader.read(try OrqOutcome.decode(body), emit) { heard() } else { lookUpLater() }
      default:
        let task = try OrqTask.decode(body)
        accept()
        if reader.read(task, emit) { heard() } else { lookUpLater() }
      }
    } catch {
      notUnderstood(error.message)
    }
  }

  private func heard(_ told: OrqTextAnswer, in body: Span<UInt8>) {
    guard let emit else { return }
    accept()
    reader.read(told, in: body, emit)
    heard()
  }

  /// The turn has heard its last word.
  private func heard() { emit = nil }

  private func receive(events bytes: Span<UInt8>) {
    guard let emit else { return }
    do {
      // What was said before a fault was said.
      defer { reader.tellTexts(emit) }
      try events?.feed(bytes) { data, _, _ in
        if isAgentFamily {
          try read(OrqAgentEvent.decode(data.copied)) { reader.read($0, emit) }
        } else if let delta = OrqTextDelta(data) {
          reader.read(delta, in: data, emit)
        } else {
          try read(OrqResponseEvent.decode(data.copied)) { reader.read($0, emit) }
        }
      }
    } catch let fault as OrqFault {
      stop()
      notUnderstood(fault.message)
    } catch {
      stop()
      notUnderstood("an event is too large")
    }
    if reader.isOver {
      heard()
      linger()
    }
  }

  /// All is said. The end of the stream comes in a moment, and leaves its connection free for the next call.
  private func linger() {
    isLingering = true
    _ = loop.schedule(after: OrqExchange.lingerTime) { self.cancelCalls() }
  }

  private func read<Event>(_ item: OrqStreamItem<Event>, _ use: (Event) -> Void) throws(OrqFault) {
    switch item {
    case .event(let event): use(event)
    case .unknown(let type):
      reader.countUnknownEvent()
      // Once a turn: who sends one may send thousands.
      if reader.unknownEvents == 1 {
        backend.logger.warning("Orq sent an event of an unknown type; it is passed over", ["type": .string(type)])
      }
    case .done: break
    }
  }

  private func notUnderstood(_ fault: String) {
    backend.logger.warning("Orq's answer cannot be understood", ["fault": .string(fault)])
    if isAccepted { return lookUpLater() }
    refuse(UpstreamRefusal.notUnderstood)
  }

  // MARK: Looking up

  /// The exchange was cut off, or Orq has not finished yet: asks how the task stands, ever less often.
  private func lookUpLater() {
    guard emit != nil else { return }
    // Not before Orq has named the task of this turn: a continued one would show the answer of the turn before.
    guard reader.isAccepted else { return fail() }
    timer = loop.schedule(after: pollDelay) { [weak self] in self?.lookUp() }
    pollDelay = min(pollDelay * 2, OrqExchange.pollDelayMax)
  }

  private func lookUp() {
    guard emit != nil, let taskID = reader.context.taskID else { return }
    let call = backend.lookUps(of: taskID)[lookUpIndex]
    asked = call.operation
    isLookingUp = true
    answer = .none
    body = []
    lookUpCall = HTTPClient.shared(on: loop).send(
      backend.workspace.request(call, gateways: gateways), self)
  }

  private func lookedUp() {
    switch answer {
    case .json: answeredJSON()
    case .refusal(status: 404, _):
      lookUpIndex += 1
      guard let taskID = reader.context.taskID, lookUpIndex == backend.lookUps(of: taskID).count else {
        return lookUp()
      }
      if let undecided { _ = reader.read(undecided, deliver) } else { fail() }
    case .refusal(let status, _):
      // Once a turn: nothing else tells the operator why it goes on.
      if !isRefusalTold {
        isRefusalTold = true
        backend.logger.warning("Orq does not tell how a task stands; it is asked again", ["status": .int(status)])
      }
      lookUpLater()
    case .none, .events: lookUpLater()
    case .abandoned: break
    }
  }

  // MARK: The turn

  private func accept() {
    guard !isAccepted else { return }
    isAccepted = true
    for loss in losses.names { deliver(.loss(loss)) }
  }

  private func deliver(_ event: TurnEvent) {
    guard let emit else { return }
    if event.endsTurn { self.emit = nil }
    emit(event)
  }

  /// An error and no task, unless the task has been told of already.
  private func refuse(_ error: AgentError) {
    deliver(isAccepted ? .status(.failed, "The agent failed.") : .refused(error))
  }

  private func fail() { refuse(UpstreamRefusal.notUnderstood) }
}
