internal import A2A
internal import Bytes
internal import HTTP
internal import HTTPTransport
internal import Model
internal import Network

/// A whole answer of an external agent, not yet read.
struct ExternalAnswer {
  var status: Int
  /// It says that it is JSON.
  var isJSON: Bool
  var body: [UInt8]
  /// Seconds, where the agent says so.
  var retryAfter: Int?

  /// What the call came to.
  func result(_ operation: AgentOperation, at endpoint: ExternalEndpoint) throws(PeerFault) -> CallResult {
    if (200...299).contains(status) {
      guard isJSON || body.isEmpty else { throw PeerFault.invalid("The answer is not said to be JSON.") }
      switch endpoint.binding {
      case .jsonRPC: return try ResultDecoder.jsonRPC(body, operation: operation, version: endpoint.version)
      case .rest:
        return try ResultDecoder.rest(body, status: status, operation: operation, version: endpoint.version)
      }
    }
    // These are of the agent's server or of a proxy before it, whatever the body says.
    if [401, 403, 407, 408, 429, 502, 503, 504, 508].contains(status) || (300...399).contains(status) {
      throw PeerFault(status: status, body: body, retryAfter: retryAfter)
    }
    switch endpoint.binding {
    case .rest:
      _ = try ResultDecoder.rest(body, status: status, operation: operation, version: endpoint.version)
    case .jsonRPC:
      do throws(PeerFault) {
        _ = try ResultDecoder.jsonRPC(body, operation: operation, version: endpoint.version)
      } catch {
        if error.code != nil { throw error }
      }
    }
    throw PeerFault(status: status, body: body, retryAfter: retryAfter)
  }
}

extension PeerFault {
  /// Of an HTTP status that no body explains.
  init(status: Int, body: [UInt8], retryAfter: Int?) {
    let kind: AgentError.Kind =
      switch status {
      case 404, 405, 501: .methodNotFound
      case 429: .tooManyRequests
      case 503: .unavailable
      default: .internalError
      }
    let excerpt = String(decoding: body.prefix(512), as: UTF8.self)
    self.init(
      error: AgentError(
        kind, "the agent's server answered \(status)", source: .upstream, retryAfterSeconds: retryAfter),
      code: status, text: excerpt)
  }
}

/// One call to an external agent, on one loop: proves who sends it, sends it once, and hands over what comes. A token that
/// the agent does not take is fetched anew once, and so is the other verb of a subscription tried.
final class ExternalCall {
  enum Outcome {
    /// The answer was no stream.
    case answer(ExternalAnswer)
    /// The stream ended as HTTP says that it should.
    case streamEnded
    case failed(HTTPClientError)
    /// Nothing was sent. The reason is for the log.
    case notSent(String)
    /// What came cannot be used. The reason is for the log.
    case unusable(String)
  }

  private enum Reading {
    case head
    case whole(status: Int, isJSON: Bool, retryAfter: Int?)
    case events
    case over
  }

  private let agent: ExternalAgent
  private let endpoint: ExternalEndpoint
  private var request: ExternalRequest
  private let hasTwoMethods: Bool
  private let loop: EventLoop
  private let timeouts: HTTPClientTimeouts
  private let bodyBytesMax: Int
  private let onEvent: (SSEEvent) -> Void
  private var done: ((Outcome) -> Void)?
  private var flight: ExternalFlight?
  private var reading = Reading.head
  private var body: [UInt8] = []
  private var events: SSEDecoder
  /// The agent has begun to answer with a stream.
  private(set) var isStream = false
  private var token: String?
  private var hasNewToken = false

  static let bodyBytesMax = 16 * 1024 * 1024
  /// Of an error, of which little is of use.
  private static let errorBytesMax = 64 * 1024
  /// How long a stream may go on behind its last event, so that its connection can be used again.
  private static let lingerTime: Duration = .seconds(1)

  /// - Parameter bodyBytesMax: of an answer, or of one event of a stream.
  init(
    _ request: ExternalRequest, to endpoint: ExternalEndpoint, of agent: ExternalAgent, on loop: EventLoop,
    timeouts: HTTPClientTimeouts, bodyBytesMax: Int = ExternalCall.bodyBytesMax,
    onEvent: @escaping (SSEEvent) -> Void = { _ in },
    done: @escaping (Outcome) -> Void
  ) {
    self.agent = agent
    self.endpoint = endpoint
    self.request = request
    hasTwoMethods = request.otherMethod != nil
    self.loop = loop
    self.timeouts = timeouts
    self.bodyBytesMax = bodyBytesMax
    events = SSEDecoder(eventBytesMax: bodyBytesMax)
    self.onEvent = onEvent
    self.done = done
    if hasTwoMethods, let method = agent.memory.subscribeMethod(at: endpoint) {
      self.request.otherMethod = method == request.method ? nil : request.method
      self.request.method = method
    }
  }

  func start(rejecting rejected: String? = nil) {
    guard let tokens = agent.authorization.tokens else { return send() }
    tokens.token(on: loop, rejecting: rejected, through: agent.network) { [self] result in
      guard done != nil else { return }
      switch result {
      case .success(let token):
        self.token = token
        send()
      case .failure(let failure): finish(.notSent(failure.message))
      }
    }
  }

  /// Gives up: nothing is handed over any more.
  func cancel() {
    done = nil
    reading = .over
    flight?.cancel()
    flight = nil
  }

  /// All that matters was heard. The end of the stream comes in a moment, and leaves its connection free for the next call.
  func linger() {
    guard done != nil else { return }
    done = nil
    guard let flight else { return }
    self.flight = nil
    reading = .over
    _ = loop.schedule(after: ExternalCall.lingerTime) { flight.cancel() }
  }

  private func send() {
    var (fields, url) = (request.fields, request.url)
    agent.authorization.apply(token: token, fields: &fields, url: &url)
    var outgoing = HTTPClientRequest(request.method, url, fields: fields, body: request.body)
    outgoing.timeouts = timeouts
    outgoing.responseBytesMax = .max
    reading = .head
    body = []
    let flight = ExternalFlight(
      outgoing, through: agent.network, on: loop,
      HTTPClientHandlers(
        onHead: { [self] in receive($0) }, onBody: { [self] in receive($0) }, onEnd: { [self] in ended() },
        onError: { [self] in finish(.failed($0)) }),
      onRefusal: { [self] in finish(.notSent($0)) })
    self.flight = flight
    flight.start()
  }

  // MARK: The answer

  private func receive(_ head: HTTPResponseHead) {
    let type = head.fields["content-type"].flatMap { MediaType($0) }
    let retryAfter = RetryAfter.seconds(head.fields["retry-after"], wallMilliseconds: loop.wallMilliseconds)
    if let encoding = head.fields["content-encoding"], encoding.lowercased() != "identity" {
      return finish(.unusable("the answer has a content encoding that nobody asked for"))
    }
    if head.status == 200, type?.type == "text", type?.subtype == "event-stream" {
      reading = .events
      isStream = true
      if hasTwoMethods { agent.memory.noteSubscribeMethod(request.method, at: endpoint) }
    } else {
      let isJSON = type?.type == "application" && (type?.subtype == "json" || type?.subtype == "a2a+json")
      reading = .whole(status: head.status, isJSON: isJSON, retryAfter: retryAfter)
    }
  }

  private func receive(_ bytes: [UInt8]) {
    switch reading {
    case .head, .over: break
    case .whole(let status, _, _):
      body += bytes
      if (200...299).contains(status) {
        if body.count > bodyBytesMax { finish(.unusable("the answer is too large")) }
      } else if body.count > ExternalCall.errorBytesMax {
        ended()
      }
    case .events:
      do {
        try events.feed(bytes) { event in if done != nil { onEvent(event) } }
      } catch {
        finish(.unusable("an event is too large"))
      }
    }
  }

  private func ended() {
    switch reading {
    case .head, .over: break
    case .events: finish(.streamEnded)
    case .whole(401, _, _) where token != nil && !hasNewToken:
      hasNewToken = true
      start(rejecting: token)
    case .whole(let status, _, _) where request.otherMethod != nil && [404, 405, 501].contains(status):
      request.method = request.otherMethod ?? request.method
      request.otherMethod = nil
      send()
    case .whole(let status, let isJSON, let retryAfter):
      finish(.answer(ExternalAnswer(status: status, isJSON: isJSON, body: body, retryAfter: retryAfter)))
    }
  }

  private func finish(_ outcome: Outcome) {
    guard let done else { return }
    cancel()
    done(outcome)
  }
}
