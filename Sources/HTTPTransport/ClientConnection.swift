import Bytes
import HTTP
import Network

/// One connection of a client: idle, or working on one call.
final class ClientConnection: ConnectionDelegate {
  var pool: UpstreamPool
  var idleSince: MonotonicTime
  /// In the list of its pool.
  var nextIdle: ClientConnection?
  /// Whether an earlier call has used it: then it may turn out to have been closed meanwhile.
  private(set) var isReused = false

  private let client: HTTPClient
  private let connection: Connection
  /// Keeps the trust of a kept connection, and with it the identity in the pool's key.
  private let tls: TLSClientContext?
  private var call: HTTPClientCall?
  private var decoder: HTTPResponseDecoder
  private var keepsAlive = false
  /// Bytes of earlier calls.
  private var sentBefore = 0
  private var hasReceived = false
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
    decoder = HTTPResponseDecoder(limits: client.options.limits)
    connection = try Connection(loop: client.loop, to: address, tls: session)
    connection.reportsEndWhilePaused = false
  }

  func start() {
    client.opened(self)
    connection.delegate = self
    connection.start()
  }

  /// Works on `call`, on a connection that stands.
  func begin(_ call: HTTPClientCall) {
    self.call = call
    isReused = true
    isTimerOfEarlierCall = timer != nil
    send(call)
  }

  private func send(_ call: HTTPClientCall) {
    call.connected(at: connection.loop.now)
    sentBefore = connection.bytesSent
    hasReceived = false
    keepsAlive = false
    decoder.expect(requestMethod: call.request.method, bodyBytesMax: call.request.responseBytesMax)
    let body = call.request.body
    let isJoined = body.count < ClientConnection.joinedBodyBytesMax
    let host = call.request.fields.contains("host") ? nil : call.request.url.authority
    let headBytesMax = HTTPEncoder.requestHeadBytesMax(
      method: call.request.method, target: call.request.target, host: host, fields: call.request.fields)
    connection.write(bytesMax: headBytesMax + (isJoined ? body.count : 0)) { output in
      HTTPEncoder.requestHead(
        method: call.request.method, target: call.request.target, host: host, fields: call.request.fields,
        contentLength: call.hasBody ? body.count : nil, into: &output)
      if isJoined { output.append(body.span) }
    }
    if !isJoined { connection.write(body) }
  }

  /// Bodies up to this size are copied behind their head; larger ones are sent from where they are.
  private static let joinedBodyBytesMax = 16 * 1024

  /// Whether the server may have seen some of the call's request.
  var mayHaveArrived: Bool { connection.bytesSent > sentBefore }

  func pauseReading() { connection.pauseReading() }

  func resumeReading() { connection.resumeReading() }

  /// Has the call look at its time when this moment has come.
  func watchTime(until due: MonotonicTime) {
    if timer != nil {
      guard due < timerDue else { return }
      stopTimer()
    }
    timerDue = due
    isTimerOfEarlierCall = false
    timer = connection.loop.schedule(after: due - connection.loop.now) { [weak self] in self?.timeHasCome() }
  }

  private func timeHasCome() {
    timer = nil
    guard let call else { return }
    // What somebody has set to the same moment before this call began comes before it.
    if isTimerOfEarlierCall { call.watchTime() } else { call.checkTime() }
  }

  private func stopTimer() {
    if let timer { connection.loop.cancel(timer) }
    timer = nil
  }

  /// Closes without telling the call.
  func close() {
    call = nil
    connection.close()
  }

  // MARK: Events of the connection

  func connectionEstablished(_ connection: Connection) {
    guard let call else { return connection.close() }
    send(call)
  }

  func connectionReceived(_ connection: Connection, _ input: inout ByteBuffer) {
    // Nobody has asked: what comes on an idle connection is an answer to nothing, or a late error.
    guard let call else { return connection.close() }
    hasReceived = true
    call.touched(at: connection.loop.now)
    do throws(HTTPParseError) {
      repeat {
        switch try decoder.next(&input) {
        case nil: return call.watchTime()
        case .head(let head):
          keepsAlive = head.keepAlive
          call.received(head)
        case .body(let count): hand(count, of: &input, to: call)
        case .end(let count):
          if count > 0 {
            hand(count, of: &input, to: call)
            guard self.call != nil else { return }
          }
          return finish(call, hasMore: !input.isEmpty)
        }
        // Its user may have cancelled it.
      } while self.call != nil
    } catch {
      fail(call, ClientConnection.kind(of: error), error.message)
    }
  }

  /// Lends the call bytes of its body where they were received.
  private func hand(_ count: Int, of input: inout ByteBuffer, to call: HTTPClientCall) {
    input.withBytes { call.received(body: $0.extracting(..<count)) }
    input.consume(count)
  }

  /// - Parameter hasMore: whether something has come behind the response.
  private func finish(_ call: HTTPClientCall, hasMore: Bool) {
    self.call = nil
    connection.resumeReading()
    // A server that answers before it has the whole request may or may not read the rest.
    if keepsAlive, !hasMore, connection.bufferedBytes == 0, connection.isOpen {
      client.keep(self, at: connection.loop.now)
    } else {
      connection.close()
    }
    call.ended()
  }

  func connectionEnded(_ connection: Connection, clean: Bool) {
    guard let call else { return connection.close() }
    do throws(HTTPParseError) {
      // Over TLS an unannounced end may be an attacker's, so that it ends no body that lasts until then.
      if clean, case .end? = try decoder.endOfInput() { return finish(call, hasMore: false) }
    } catch {
      return fail(call, .truncated, "the server closed the connection within its response")
    }
    fail(
      call, hasReceived ? .truncated : .closed,
      hasReceived
        ? "the server closed the connection within its response" : "the server closed the connection without a response"
    )
  }

  func connectionFlushed(_ connection: Connection) { call?.touched(at: connection.loop.now) }

  func connectionClosed(_ connection: Connection, error: ConnectionError?) {
    client.closed(self)
    stopTimer()
    guard let call else { return }
    self.call = nil
    call.connectionFailed(error, connection: self, hasReceived: hasReceived)
  }

  private func fail(_ call: HTTPClientCall, _ kind: HTTPClientError.Kind, _ message: String) {
    self.call = nil
    let arrived = mayHaveArrived
    connection.close()
    call.failed(kind, message, mayHaveArrived: arrived, connection: self, hasReceived: hasReceived)
  }

  private static func kind(of error: HTTPParseError) -> HTTPClientError.Kind {
    error.kind == .bodyTooLarge ? .responseTooLarge : .invalidResponse
  }
}
