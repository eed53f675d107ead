public import HTTP
import Network

/// One request under way, on the client's loop. Whoever has one object for each call makes a class of its own, which hears
/// about the response itself, in the order that ``HTTPClientDelegate`` has; for others ``HTTPClient/send(_:_:)`` makes a
/// call that tells a delegate.
open class HTTPClientCall {
  final let form: HTTPRequestForm
  /// Kept for the case that it is sent once more.
  final let body: HTTPRequestBody

  private enum Phase {
    case connecting, waiting, receiving, ended
  }

  private final let client: HTTPClient
  private final var phase = Phase.connecting
  private final var connection: ClientConnection?
  private final var tls: TLSClientContext?
  /// Addresses not tried yet, the next one last.
  private final var addresses: [SocketAddress] = []
  private final var hasRetried = false
  private final var isPaused = false
  /// Until there is a connection, which has one of its own.
  private final var timer: Timer?

  public init(_ client: HTTPClient, _ form: HTTPRequestForm, body: consuming HTTPRequestBody) {
    self.client = client
    self.form = form
    self.body = body
  }

  // MARK: What is heard

  /// The head, once.
  open func responseBegan(_ head: HTTPResponseHead) {}
  /// A piece of the body, lent for the time of the call.
  open func responseContinued(_ body: Span<UInt8>) {}
  /// The end, with the last piece of the body, which may be empty. The connection is free for others already.
  open func responseEnded(_ last: Span<UInt8>) {}
  /// There will be no end.
  open func responseFailed(_ error: HTTPClientError) {}

  // MARK: What is asked for

  /// Sends the request, once. Nothing is heard before this has returned, nor after the end, an error or `cancel`; until then
  /// somebody holds on to the call.
  public final func begin() {
    // All but the use of a connection that stands may fail at once, for which the caller is not ready yet.
    if !startOnIdleConnection() { client.loop.later { self.start() } }
  }

  public final var isEnded: Bool { phase == .ended }

  /// Gives up: the connection is closed, and nothing is heard any more.
  open func cancel() {
    guard phase != .ended else { return }
    end()?.abandon()
  }

  /// Leaves the rest of the response in the kernel until `resume`; the server waits when its buffers are full.
  public final func pause() {
    isPaused = true
    connection?.pauseReading()
  }

  public final func resume() {
    guard isPaused else { return }
    isPaused = false
    connection?.resume()
  }

  // MARK: Connecting

  /// Sends the request over a connection that is kept, if there is one.
  private func startOnIdleConnection() -> Bool {
    do throws(TLSError) {
      return try useIdleConnection()
    } catch {
      // Nobody has a connection that could not be begun; `start` says what is wrong.
      return false
    }
  }

  private func start() {
    guard phase == .connecting else { return }
    do throws(TLSError) {
      if try useIdleConnection() { return }
      startConnecting()
    } catch {
      fail(.tls, error.message, mayHaveArrived: false)
    }
  }

  private func useIdleConnection() throws(TLSError) -> Bool {
    if form.url.isSecure { tls = try client.trust(of: form) }
    guard let idle = client.takeIdle(for: form, tls: tls) else { return false }
    idle.begin(self)
    connection = idle
    return true
  }

  private func startConnecting() {
    phase = .connecting
    watchConnecting()
    resolve()
  }

  private func resolve() {
    let host = form.url.host
    let port = UInt16(form.url.effectivePort)
    if let address = form.address ?? SocketAddress(ip: host, port: port) {
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
      session = try tls?.makeSession(host: form.url.host, port: UInt16(form.url.effectivePort))
    } catch {
      return fail(.tls, error.message, mayHaveArrived: false)
    }
    do throws(SystemError) {
      let pool = client.pool(UpstreamKey(form, tls: tls))
      let new = try ClientConnection(client, pool, address, session, tls, for: self)
      connection = new
      new.open()
    } catch {
      fail(.connect, error.description, mayHaveArrived: false)
    }
  }

  /// The connection stands; the request goes out.
  final func connected() {
    if timer != nil { endConnecting() }
    phase = .waiting
  }

  /// Where the connection was made for this call.
  @inline(never)
  private func endConnecting() {
    addresses = []
    stopTimer()
  }

  // MARK: Receiving

  final func received(_ head: HTTPResponseHead) {
    phase = .receiving
    responseBegan(head)
  }

  /// Nothing is heard any more but what is on its way. Hands out the connection, which is the caller's to keep or close.
  final func end() -> ClientConnection? {
    phase = .ended
    stopTimer()
    var taken: ClientConnection?
    swap(&taken, &connection)
    return taken
  }

  // MARK: Failing

  /// The connection broke or was never made.
  final func connectionFailed(_ error: ConnectionError?, connection: ClientConnection, hasReceived: Bool) {
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
  final func failed(
    _ kind: HTTPClientError.Kind, _ message: String, mayHaveArrived: Bool, connection: ClientConnection,
    hasReceived: Bool
  ) {
    self.connection = nil
    if phase == .waiting, kind == .closed, connection.isReused, !hasRetried, !hasReceived,
      form.isRepeatable || !mayHaveArrived
    {
      hasRetried = true
      return startConnecting()
    }
    fail(kind, message, mayHaveArrived: mayHaveArrived)
  }

  private func fail(_ kind: HTTPClientError.Kind, _ message: String, mayHaveArrived: Bool) {
    guard phase != .ended else { return }
    end()?.abandon()
    responseFailed(HTTPClientError(kind: kind, message: message, mayHaveArrived: mayHaveArrived))
  }

  // MARK: Time

  /// What the step may take from when something last moved.
  final var allowance: Duration {
    switch phase {
    case .connecting: form.timeouts.connect
    case .waiting: form.timeouts.firstByte
    case .receiving, .ended: form.timeouts.silence
    }
  }

  private func watchConnecting() {
    stopTimer()
    timer = client.loop.schedule(after: allowance) { [self] in
      timer = nil
      timedOut()
    }
  }

  private func stopTimer() {
    guard let timer else { return }
    client.loop.cancel(timer)
    self.timer = nil
  }

  /// Nothing has moved for as long as the step may take.
  final func timedOut() {
    let arrived = connection?.mayHaveArrived ?? false
    switch phase {
    case .connecting: fail(.connectTimeout, "no connection in time", mayHaveArrived: false)
    case .waiting: fail(.firstByteTimeout, "no response in time", mayHaveArrived: arrived)
    case .receiving where isPaused: connection?.moved(self)
    case .receiving: fail(.silenceTimeout, "the response went silent", mayHaveArrived: true)
    case .ended: break
    }
  }
}

/// A call that tells a delegate, which it holds on to until it ends.
final class DelegatedCall: HTTPClientCall {
  private var delegate: (any HTTPClientDelegate)?

  init(_ client: HTTPClient, _ request: consuming HTTPClientRequest, _ delegate: any HTTPClientDelegate) {
    self.delegate = delegate
    super.init(client, HTTPRequestForm(request), body: .bytes(request.body))
  }

  override func responseBegan(_ head: HTTPResponseHead) { delegate?.responseBegan(head) }

  override func responseContinued(_ body: Span<UInt8>) { delegate?.responseContinued(body) }

  override func cancel() {
    delegate = nil
    super.cancel()
  }

  override func responseEnded(_ last: Span<UInt8>) {
    if !last.isEmpty { delegate?.responseContinued(last) }
    takeDelegate()?.responseEnded()
  }

  override func responseFailed(_ error: HTTPClientError) { takeDelegate()?.responseFailed(error) }

  private func takeDelegate() -> (any HTTPClientDelegate)? {
    var taken: (any HTTPClientDelegate)?
    swap(&taken, &delegate)
    return taken
  }
}
