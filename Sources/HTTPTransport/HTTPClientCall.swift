import HTTP
import Network

/// One request under way, on the client's loop.
public final class HTTPClientCall {
  public let request: HTTPClientRequest

  private enum Phase {
    case connecting, waiting, receiving, ended
  }

  private let client: HTTPClient
  private var delegate: (any HTTPClientDelegate)?
  private var phase = Phase.connecting
  private var connection: ClientConnection?
  private var tls: TLSClientContext?
  /// Addresses not tried yet, the next one last.
  private var addresses: [SocketAddress] = []
  private var hasRetried = false
  private var isPaused = false
  /// When the step began, or something last moved in it.
  private var movedAt = MonotonicTime.distantFuture
  /// While there is no connection yet, which has one of its own.
  private var timer: Timer?

  init(_ client: HTTPClient, _ request: consuming HTTPClientRequest, _ delegate: any HTTPClientDelegate) {
    self.client = client
    self.request = consume request
    self.delegate = delegate
  }

  public var isEnded: Bool { phase == .ended }

  /// Whether the request says how long its body is, and be it empty.
  var hasBody: Bool {
    switch request.method {
    case .post, .put, .patch: true
    case .get, .head, .delete, .options, .other: !request.body.isEmpty
    }
  }

  /// Gives up: the connection is closed, and the delegate is not called any more.
  public func cancel() {
    guard phase != .ended else { return }
    end()?.close()
  }

  /// Leaves the rest of the response in the kernel until `resume`; the server waits when its buffers are full.
  public func pause() {
    isPaused = true
    connection?.pauseReading()
  }

  public func resume() {
    guard isPaused else { return }
    isPaused = false
    touched(at: client.loop.now)
    connection?.resumeReading()
  }

  // MARK: Connecting

  /// Sends the request over a connection that is kept, if there is one.
  func startOnIdleConnection() -> Bool {
    do throws(TLSError) {
      return try useIdleConnection()
    } catch {
      // Nobody has a connection that could not be begun; `start` says what is wrong.
      return false
    }
  }

  func start() {
    guard phase == .connecting else { return }
    do throws(TLSError) {
      if try useIdleConnection() { return }
      begin(.connecting, at: client.loop.now)
      resolve()
    } catch {
      fail(.tls, error.message, mayHaveArrived: false)
    }
  }

  private func useIdleConnection() throws(TLSError) -> Bool {
    if request.url.isSecure { tls = try client.trust(of: request) }
    guard let idle = client.takeIdle(for: request, tls: tls) else { return false }
    connection = idle
    idle.begin(self)
    return true
  }

  private func resolve() {
    let host = request.url.host
    let port = UInt16(request.url.effectivePort)
    if let address = request.address ?? SocketAddress(ip: host, port: port) {
      addresses = [address]
      return connect()
    }
    client.resolver.resolve(
      host, port: port,
      client.loop.expect { [self] result in
        guard phase == .connecting else { return }
        switch result {
        case .success(let found):
          addresses = found.reversed()
          connect()
        case .failure(let error):
          fail(.resolve, error.description, mayHaveArrived: false)
        }
      })
  }

  private func connect() {
    guard let address = addresses.popLast() else { return }
    guard client.connectionCount < client.options.connectionsMax else {
      return fail(.overloaded, "too many connections are open", mayHaveArrived: false)
    }
    let session: TLSSession?
    do throws(TLSError) {
      session = try tls?.makeSession(host: request.url.host, port: UInt16(request.url.effectivePort))
    } catch {
      return fail(.tls, error.message, mayHaveArrived: false)
    }
    do throws(SystemError) {
      let pool = client.pool(UpstreamKey(request, tls: tls))
      let new = try ClientConnection(client, pool, address, session, tls, for: self)
      connection = new
      new.start()
    } catch {
      fail(.connect, error.description, mayHaveArrived: false)
    }
  }

  /// The connection stands; the request goes out.
  func connected(at now: MonotonicTime) {
    if timer != nil { endConnecting() }
    begin(.waiting, at: now)
  }

  /// Where the connection was made for this call.
  @inline(never)
  private func endConnecting() {
    addresses = []
    stopTimer()
  }

  // MARK: Receiving

  func received(_ head: HTTPResponseHead) {
    phase = .receiving
    delegate?.responseBegan(head)
  }

  func received(body bytes: Span<UInt8>) { delegate?.responseContinued(bytes) }

  /// Something moved.
  func touched(at now: MonotonicTime) {
    if phase != .connecting { movedAt = now }
  }

  func ended() {
    let delegate = takeDelegate()
    end()
    delegate?.responseEnded()
  }

  // MARK: Failing

  /// The connection broke or was never made.
  func connectionFailed(_ error: ConnectionError?, connection: ClientConnection, hasReceived: Bool) {
    let text = error?.description ?? "the connection was closed"
    if phase == .connecting {
      self.connection = nil
      if case .tls? = error { return fail(.tls, text, mayHaveArrived: false) }
      guard addresses.isEmpty else { return connect() }
      return fail(.connect, text, mayHaveArrived: false)
    }
    failed(
      hasReceived ? .truncated : .closed, text, mayHaveArrived: connection.mayHaveArrived, connection: connection,
      hasReceived: hasReceived)
  }

  /// A connection that was kept may have been closed by the server just as the request went out. Then it is sent once
  /// more, on a new connection, if nothing came back and sending twice is safe.
  func failed(
    _ kind: HTTPClientError.Kind, _ message: String, mayHaveArrived: Bool, connection: ClientConnection,
    hasReceived: Bool
  ) {
    self.connection = nil
    if phase == .waiting, kind == .closed, connection.isReused, !hasRetried, !hasReceived,
      request.isRepeatable || !mayHaveArrived
    {
      hasRetried = true
      begin(.connecting, at: client.loop.now)
      return resolve()
    }
    fail(kind, message, mayHaveArrived: mayHaveArrived)
  }

  private func fail(_ kind: HTTPClientError.Kind, _ message: String, mayHaveArrived: Bool) {
    guard phase != .ended else { return }
    let delegate = takeDelegate()
    end()?.close()
    delegate?.responseFailed(HTTPClientError(kind: kind, message: message, mayHaveArrived: mayHaveArrived))
  }

  /// Lets go of everything; the connection is the caller's to close.
  @discardableResult
  private func end() -> ClientConnection? {
    phase = .ended
    delegate = nil
    stopTimer()
    var taken: ClientConnection?
    swap(&taken, &connection)
    return taken
  }

  private func takeDelegate() -> (any HTTPClientDelegate)? {
    var taken: (any HTTPClientDelegate)?
    swap(&taken, &delegate)
    return taken
  }

  // MARK: Time

  private func begin(_ step: Phase, at now: MonotonicTime) {
    phase = step
    movedAt = now
    watchTime()
  }

  /// What the step may take from when something last moved.
  private var allowance: Duration {
    switch phase {
    case .connecting: request.timeouts.connect
    case .waiting: request.timeouts.firstByte
    case .receiving, .ended: request.timeouts.silence
    }
  }

  /// Sees to it that the step is looked at in time. The timer does not move with what moves: it looks when it goes off.
  /// Not to be called for a step that is over before the turn is.
  func watchTime() {
    if phase != .ended { watchTime(until: movedAt + allowance) }
  }

  private func watchTime(until due: MonotonicTime) {
    if phase != .connecting, let connection { return connection.watchTime(until: due) }
    stopTimer()
    timer = client.loop.schedule(after: due - client.loop.now) { [self] in
      timer = nil
      checkTime()
    }
  }

  private func stopTimer() {
    guard let timer else { return }
    client.loop.cancel(timer)
    self.timer = nil
  }

  func checkTime() {
    guard phase != .ended else { return }
    let due = movedAt + allowance
    guard due <= client.loop.now else { return watchTime(until: due) }
    let arrived = connection?.mayHaveArrived ?? false
    switch phase {
    case .connecting: fail(.connectTimeout, "no connection in time", mayHaveArrived: false)
    case .waiting: fail(.firstByteTimeout, "no response in time", mayHaveArrived: arrived)
    case .receiving where isPaused: begin(.receiving, at: client.loop.now)
    case .receiving: fail(.silenceTimeout, "the response went silent", mayHaveArrived: true)
    case .ended: break
    }
  }
}
