import Bytes
import HTTP
import HTTPTransport
import Model
import Network
import Telemetry

/// One message on its way to an upstream and the answer back, and what is the same for every upstream: its refusals and
/// failures, the bounds, the end. Lives on the loop of its request; the call's handlers keep it until the call is over.
final class UpstreamTurn<Answer: UpstreamAnswer>: RunningTurn {
  private enum Phase {
    case waiting
    case answering
    /// The response says what went wrong; its beginning is read for the log.
    case refused(status: Int)
    /// All is said; the end of the response is waited for, for a short while, so that the connection can be used again.
    case lingering
    case over
  }

  /// Bytes of an error's body that are read for the log, and bytes behind the end of an answer that are put up with.
  private static var excessBytesMax: Int { 4096 }
  /// What of it is logged.
  private static var excerptBytesMax: Int { 512 }
  private static var lingerTime: Duration { .seconds(2) }

  private let loop: EventLoop
  private let logger: Logger
  private var answer: Answer
  private var phase = Phase.waiting
  /// nil once the turn has ended for its caller.
  private var emit: ((consuming TurnEvent) -> Void)?
  private var call: HTTPClientCall?
  private var pacer = ChunkPacer()
  private var pacingTimer: Timer?
  private var lingerTimer: Timer?
  private var excess: [UInt8] = []

  init(answer: Answer, loop: EventLoop, logger: Logger, emit: @escaping (consuming TurnEvent) -> Void) {
    self.answer = answer
    self.loop = loop
    self.logger = logger
    self.emit = emit
  }

  /// Sends the request. What comes of it comes in later turns of the loop.
  func begin(_ request: consuming HTTPClientRequest) {
    let handlers = HTTPClientHandlers(
      onHead: { [self] in received($0) }, onBody: { [self] in received($0) }, onEnd: { [self] in ended() },
      onError: { [self] in failed($0) })
    call = HTTPClient.shared(on: loop).send(request, handlers)
  }

  func cancel() {
    guard emit != nil else { return }
    emit = nil
    leave()
  }

  // MARK: The response

  private func received(_ head: HTTPResponseHead) {
    switch head.status {
    case 200..<300:
      phase = .answering
      read { answer, emit throws(UpstreamFault) in
        // Nobody asked for it: an answer in it would be taken for text.
        if let coding = head.fields["content-encoding"], coding.lowercased() != "identity" {
          throw UpstreamFault(.notUnderstood, "the answer has the content coding \(coding.prefix(50))")
        }
        try answer.begin(contentType: head.fields["content-type"].flatMap(MediaType.init), emit)
      }
    case 429: refuse(.tooManyRequests, FailureText.busy, head)
    case 503: refuse(.unavailable, FailureText.unavailable, head)
    default:
      phase = .refused(status: head.status)
      finish(Answer.event(forStatus: head.status) ?? .status(.failed, FailureText.failed))
    }
  }

  private func refuse(_ kind: AgentError.Kind, _ text: String, _ head: HTTPResponseHead) {
    phase = .refused(status: head.status)
    let seconds =
      RetryAfter.seconds(head.fields["retry-after"], wallMilliseconds: loop.wallMilliseconds)
      ?? RetryAfter.defaultSeconds
    finish(.refused(AgentError(kind, text, source: .upstream, retryAfterSeconds: seconds)))
  }

  private func received(_ bytes: [UInt8]) {
    switch phase {
    case .answering: read { answer, emit throws(UpstreamFault) in try answer.receive(bytes, emit) }
    case .refused, .lingering:
      excess += bytes.prefix(Self.excessBytesMax - excess.count)
      if excess.count >= Self.excessBytesMax { leave() }
    case .waiting, .over: break
    }
  }

  private func ended() {
    if case .answering = phase { read { answer, emit throws(UpstreamFault) in try answer.finish(emit) } }
    leave()
  }

  private func failed(_ error: HTTPClientError) {
    defer { leave() }
    guard emit != nil else { return }
    if answer.isComplete {
      read { answer, emit throws(UpstreamFault) in try answer.finish(emit) }
      return
    }
    logger.error(
      "The agent's server cannot be used. Check its \"url\" in the card file, and that it runs.",
      ["error": .string(error.message)])
    switch error.kind {
    case .overloaded:
      finish(
        .refused(
          AgentError(.unavailable, FailureText.busy, source: .gateway, retryAfterSeconds: RetryAfter.defaultSeconds)))
    case .resolve, .connect, .tls: finish(.status(.failed, FailureText.notReached))
    case .connectTimeout, .firstByteTimeout, .silenceTimeout: finish(.status(.failed, FailureText.tookTooLong))
    case .closed: finish(.status(.failed, FailureText.failed))
    case .truncated: finish(.status(.failed, FailureText.brokeOff))
    case .invalidResponse: finish(.status(.failed, FailureText.notUnderstood))
    case .responseTooLarge: finish(.status(.failed, FailureText.saidTooMuch))
    }
  }

  // MARK: What it says

  /// Has the answer read something and passes on what it says.
  private func read(_ body: (inout Answer, (consuming TurnEvent) -> Void) throws(UpstreamFault) -> Void) {
    do throws(UpstreamFault) {
      try body(&answer) { deliver($0) }
      pace()
    } catch {
      refuse(error)
    }
  }

  private func deliver(_ event: TurnEvent) {
    guard Answer.comesInSmallPieces else { return pass(event) }
    for event in pacer.take(event, at: loop.now) { pass(event) }
  }

  /// Sends what is held if its time has come, else when it comes.
  private func pace() {
    guard emit != nil, pacer.isHolding, pacingTimer == nil else { return }
    guard pacer.due > loop.now else { return release() }
    pacingTimer = loop.schedule(after: pacer.due - loop.now) { [weak self] in
      guard let self else { return }
      pacingTimer = nil
      release()
    }
  }

  private func release() {
    if let event = pacer.release(at: loop.now) { pass(event) }
  }

  private func pass(_ event: TurnEvent) {
    if event.endsTurn { finish(event) } else { emit?(event) }
  }

  private func refuse(_ fault: UpstreamFault) {
    logger.warning("The agent's server gave an answer that cannot be used.", ["reason": .string(fault.reason)])
    switch fault.kind {
    case .notUnderstood: finish(.status(.failed, FailureText.notUnderstood))
    case .tooLong: finish(.status(.failed, FailureText.saidTooMuch))
    case .brokeOff: finish(.status(.failed, FailureText.brokeOff))
    case .reported: finish(.status(.failed, FailureText.failed))
    }
    leave()
  }

  // MARK: The end

  /// Ends the turn with its last event; what was held back goes before it.
  private func finish(_ event: TurnEvent) {
    guard let emit else { return }
    if let held = pacer.release(at: loop.now) { emit(held) }
    self.emit = nil
    if case .answering = phase { phase = .lingering }
    if call?.isEnded == false {
      lingerTimer = loop.schedule(after: Self.lingerTime) { [self] in
        lingerTimer = nil
        leave()
      }
    }
    emit(event)
  }

  /// Lets go of the call.
  private func leave() {
    if case .over = phase { return }
    if case .refused(let status) = phase { report(status) }
    phase = .over
    for timer in [pacingTimer, lingerTimer] {
      if let timer { loop.cancel(timer) }
    }
    pacingTimer = nil
    lingerTimer = nil
    call?.cancel()
    call = nil
  }

  private func report(_ status: Int) {
    let excerpt = String(decoding: excess.prefix(Self.excerptBytesMax), as: UTF8.self)
    logger.warning(
      "The agent's server refused the message.", ["status": .int(status), "answer": .string(excerpt)])
  }
}
