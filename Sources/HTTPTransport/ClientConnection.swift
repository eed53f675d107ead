import Bytes
import HTTP
import Network

/// One connection of a client: idle, or working on one call.
final class ClientConnection: Connection {
  let pool: UpstreamPool
  var idleSince: MonotonicTime
  /// In the list of its pool.
  var nextIdle: ClientConnection?
  /// Whether an earlier call has used it: then it may turn out to have been closed meanwhile.
  private(set) var isReused = false

  private let client: HTTPClient
  /// Keeps the trust of a kept connection, and with it the identity in the pool's key.
  private let tls: TLSClientContext?
  private var call: HTTPClientCall?
  /// Nothing that runs while it decodes knows of it: overlaps cannot be.
  @exclusivity(unchecked) private var decoder: HTTPResponseDecoder
  private var keepsAlive = false
  /// Bytes of earlier calls.
  private var sentBefore = 0
  private var hasReceived = false
  /// When the call's step began, or something last moved in it.
  private var movedAt = MonotonicTime.distantFuture
  /// Goes off when the call's step may have taken too long. It stays when a call ends: the next one's end of time is later,
  /// so that a call on a connection that is used again and again sets no timer.
  private var timer: Timer?
  private var timerDue = MonotonicTime.distantFuture
  /// It was set before this call began, and so before what others have set since to the same moment.
  private var isTimerOfEarlierCall = false

  /// Connects to `address` and then works on `call`.
  init(
    _ client: HTTPClient, _ pool: UpstreamPool, _ address: SocketAddress, _ session: TLSSession?,
    _ tls: TLSClientContext?, for call: HTTPClientCall
  ) throws(SystemError) {
    self.client = client
    self.pool = pool
    self.tls = tls
    self.call = call
    idleSince = client.loop.now
    unsafe decoder = HTTPResponseDecoder(limits: client.options.limits, memory: client.headMemory)
    try super.init(loop: client.loop, to: address, tls: session)
    reportsEndWhilePaused = false
  }

  func open() {
    client.opened(self)
    start()
  }

  /// Works on `call`, on a connection that stands.
  func begin(_ call: HTTPClientCall) {
    self.call = call
    isReused = true
    isTimerOfEarlierCall = timer != nil
    send(call)
  }

  private func send(_ call: HTTPClientCall) {
    call.connected()
    moved(call)
    sentBefore = bytesSent
    hasReceived = false
    keepsAlive = false
    let form = call.form
    unsafe decoder.expect(requestMethod: form.method, bodyBytesMax: form.responseBytesMax)
    let bodyBytes = call.body.count
    let isJoined = bodyBytes < ClientConnection.joinedBodyBytesMax
    let bytesMax = form.head.count + HTTPEncoder.requestEndBytesMax + (isJoined ? bodyBytes : 0)
    write(bytesMax: bytesMax) { output in
      output.append(form.head)
      HTTPEncoder.requestEnd(contentLength: form.statesLength(of: bodyBytes) ? bodyBytes : nil, into: &output)
      if isJoined { call.body.append(to: &output) }
    }
    if !isJoined { write(call.body.array) }
  }

  /// Bodies up to this size are copied behind their head; larger ones are sent from where they are.
  private static let joinedBodyBytesMax = 16 * 1024

  /// Whether the server may have seen some of the call's request.
  var mayHaveArrived: Bool { bytesSent > sentBefore }

  /// Lets go of its call, without telling it, and closes.
  func abandon() {
    call = nil
    close()
  }

  /// Reads on after a pause, in which nothing could move.
  func resume() {
    movedAt = loop.now
    resumeReading()
  }

  // MARK: Time

  /// A step of the call begins.
  func moved(_ call: HTTPClientCall) {
    movedAt = loop.now
    watchTime(of: call)
  }

  /// Sees to it that the call's step is looked at in time. The timer does not move with what moves: it looks when it goes
  /// off. Not to be called for a step that is over before the turn is.
  private func watchTime(of call: HTTPClientCall) {
    let due = movedAt + call.allowance
    if timer != nil {
      guard due < timerDue else { return }
      stopTimer()
    }
    timerDue = due
    isTimerOfEarlierCall = false
    timer = loop.schedule(after: due - loop.now) { [weak self] in self?.timeHasCome() }
  }

  private func timeHasCome() {
    timer = nil
    guard let call else { return }
    // What somebody has set to the same moment before this call began comes before it.
    guard !isTimerOfEarlierCall, movedAt + call.allowance <= loop.now else { return watchTime(of: call) }
    call.timedOut()
  }

  private func stopTimer() {
    if let timer { loop.cancel(timer) }
    timer = nil
  }

  // MARK: Events of the connection

  override func established() {
    guard let call else { return close() }
    send(call)
  }

  override func received(_ input: inout ByteBuffer) {
    // Nobody has asked: what comes on an idle connection is an answer to nothing, or a late error.
    guard let call else { return close() }
    // Nor does it answer a call that has taken the connection meanwhile, while nothing of its request has left.
    guard hasReceived || mayHaveArrived || !isReused else { return fail(call, .closed, "the server spoke unasked") }
    hasReceived = true
    movedAt = loop.now
    do throws(HTTPParseError) {
      repeat {
        switch try unsafe decoder.next(&input) {
        case nil: return watchTime(of: call)
        case .head(let head):
          // What a server says when it has waited too long may be about no request: the answer may follow.
          keepsAlive = head.keepAlive && head.status != 408
          call.received(head)
          client.headMemory.giveBack(head)
        case .body(let count): hand(count, of: &input, to: call)
        case .end(let count):
          let hasMore = input.count > count
          input.withBytes { finish(call, $0.extracting(..<count), hasMore: hasMore) }
          return input.consume(count)
        }
        // Its user may have cancelled it.
      } while self.call != nil
    } catch {
      fail(call, ClientConnection.kind(of: error), error.message)
    }
  }

  /// Lends the call bytes of its body where they were received.
  private func hand(_ count: Int, of input: inout ByteBuffer, to call: HTTPClientCall) {
    input.withBytes { call.responseContinued($0.extracting(..<count)) }
    input.consume(count)
  }

  /// - Parameters:
  ///   - last: of the body.
  ///   - hasMore: whether something has come behind the response.
  private func finish(_ call: HTTPClientCall, _ last: Span<UInt8>, hasMore: Bool) {
    self.call = nil
    resumeReading()
    // A server that answers before it has the whole request may or may not read the rest.
    if keepsAlive, !hasMore, bufferedBytes == 0, isOpen, pool.idleCount < client.options.idlePerUpstreamMax {
      idleSince = loop.now
      pool.keep(self, call.end())
      client.watchIdle()
    } else {
      _ = call.end()
      close()
    }
    call.responseEnded(last)
  }

  override func ended(clean: Bool) {
    guard let call else { return close() }
    do throws(HTTPParseError) {
      // Over TLS an unannounced end may be an attacker's, so that it ends no body that lasts until then.
      if clean, case .end? = try unsafe decoder.endOfInput() { return finish(call, Span(), hasMore: false) }
    } catch {
      return fail(call, .truncated, "the server closed the connection within its response")
    }
    fail(
      call, hasReceived ? .truncated : .closed,
      hasReceived
        ? "the server closed the connection within its response" : "the server closed the connection without a response"
    )
  }

  override func flushed() { movedAt = loop.now }

  override func closed(_ error: ConnectionError?) {
    client.closed(self)
    stopTimer()
    guard let call else { return }
    self.call = nil
    call.connectionFailed(error, connection: self, hasReceived: hasReceived)
  }

  private func fail(_ call: HTTPClientCall, _ kind: HTTPClientError.Kind, _ message: String) {
    self.call = nil
    let arrived = mayHaveArrived
    close()
    call.failed(kind, message, mayHaveArrived: arrived, connection: self, hasReceived: hasReceived)
  }

  private static func kind(of error: HTTPParseError) -> HTTPClientError.Kind {
    error.kind == .bodyTooLarge ? .responseTooLarge : .invalidResponse
  }
}
