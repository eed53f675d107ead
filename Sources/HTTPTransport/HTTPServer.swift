import HTTP
public import Network
public import Telemetry

/// HTTP/1.1 (RFC 9110, RFC 9112) over TCP, Unix sockets or TLS, on one loop. With several loops each has its own server,
/// with a socket of its own on the same address (`SO_REUSEPORT`) or with one socket that they share.
public final class HTTPServer {
  public let loop: EventLoop
  public let options: HTTPServerOptions
  public let service: any HTTPService
  /// Used for connections to come: a reload sets a new one, and open connections keep the one that they have.
  public var tls: TLSContext?
  public var counters: HTTPServerCounters { noted }
  /// Whether connections end after the response that is under way.
  public var isDraining: Bool { drains }

  // Of this module alone, so that the compiler sees all uses and leaves out the checks for exclusive access.
  var noted = HTTPServerCounters()
  private(set) var drains = false

  let logger: Logger
  let headMemory = HeadMemory()
  private let socket: ListeningSocket
  private var listener: Listener?
  private var connections: [ServerConnection] = []
  /// Looks after all deadlines at once: one timer instead of one for each connection, and nothing to set up or move for
  /// a request. It runs only while there are connections.
  private var sweep: Timer?
  private var drainTimer: Timer?
  private var onDrained: (() -> Void)?
  private var complainedAt: MonotonicTime?
  private var dateSeconds: Int64 = -1
  private var dateText = InlineArray<29, UInt8>(repeating: 0)

  private static let sweepInterval: Duration = .milliseconds(500)

  public init(
    loop: EventLoop, socket: ListeningSocket, tls: TLSContext? = nil, options: HTTPServerOptions = HTTPServerOptions(),
    service: any HTTPService, logger: Logger
  ) {
    self.loop = loop
    self.socket = socket
    self.tls = tls
    self.options = options
    self.service = service
    self.logger = logger
  }

  /// Where the server listens.
  public var address: SocketAddress { socket.address }
  public var connectionCount: Int { connections.count }

  /// Accepts connections from now on.
  public func start() throws(SystemError) {
    guard listener == nil, !drains else { return }
    listener = try Listener(
      loop: loop, socket: socket,
      onAccept: { [unowned self] socket, address in accept(socket, address) },
      onError: { [unowned self] error in
        guard mayComplain() else { return }
        logger.error("cannot accept connections", ["error": .string(error.description)])
      })
  }

  /// Takes no more connections; those that are open go on.
  public func stopAccepting() {
    listener?.close()
    listener = nil
  }

  /// Ends gracefully: takes no more connections, closes idle ones, answers what is under way and closes after it. What
  /// is left after `deadline` is cut. `onDrained` is called once, when no connection is left.
  public func drain(deadline: Duration, onDrained: @escaping () -> Void) {
    listener?.acceptWaiting()
    stopAccepting()
    drains = true
    self.onDrained = onDrained
    for connection in connections { connection.drain() }
    drainTimer = loop.schedule(after: deadline) { [weak self] in self?.closeAll() }
    loop.later { self.reportDrained() }
  }

  /// Cuts all connections at once and takes no more.
  public func closeAll() {
    stopAccepting()
    drains = true
    for connection in connections { connection.closeNow(.shutDown) }
  }

  // MARK: Connections

  private func accept(_ socket: consuming Socket, _ address: SocketAddress) {
    noted.accepted += 1
    let session: TLSSession?
    do throws(TLSError) {
      session = try tls?.makeSession()
    } catch {
      return logger.error("cannot begin a TLS session", ["error": .string(error.message)])
    }
    let connection = ServerConnection(self, accepted: socket, address: address, tls: session)
    connection.position = connections.count
    connections.append(connection)
    connection.start()
    if connections.count >= options.connectionsMax {
      listener?.pause()
      if mayComplain() {
        logger.warning("the limit of connections is reached; new ones wait", ["limit": .int(options.connectionsMax)])
      }
    }
    if sweep == nil { scheduleSweep() }
  }

  /// A shortage lasts, and is met again with every client: one line in ten seconds tells of it.
  private func mayComplain() -> Bool {
    guard complainedAt.map({ $0 + .seconds(10) <= loop.now }) ?? true else { return false }
    complainedAt = loop.now
    return true
  }

  func remove(_ connection: ServerConnection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.position] = last
      last.position = connection.position
    }
    if connections.count == options.connectionsMax - 1 { listener?.resume() }
    if connections.isEmpty { reportDrained() }
  }

  private func reportDrained() {
    guard connections.isEmpty, let onDrained else { return }
    self.onDrained = nil
    if let drainTimer { loop.cancel(drainTimer) }
    onDrained()
  }

  private func scheduleSweep() {
    sweep = loop.schedule(after: HTTPServer.sweepInterval) { [weak self] in self?.checkTimes() }
  }

  private func checkTimes() {
    sweep = nil
    // A copy: connections that are cut leave the list.
    for connection in connections { connection.checkTime(loop.now) }
    if !connections.isEmpty { scheduleSweep() }
  }

  // MARK: Notes of the connections

  func noteShortage() {
    guard mayComplain() else { return }
    logger.warning(
      "large bodies and answers are refused: too many bytes wait for slow clients",
      ["bytes": .int(loop.heldBytes), "limit": .int(options.heldBytesMax)])
  }

  func noteHandshake(_ peer: PeerInfo) {
    if peer.isResumed { noted.handshakesResumed += 1 }
  }

  func noteHandshakeFailure(_ peer: PeerInfo, _ error: ConnectionError?) {
    noted.handshakesFailed += 1
    logger.debug(
      "TLS handshake failed",
      ["peer": .string(peer.address.description), "reason": .string(error?.description ?? "closed")])
  }

  /// The text of the `Date` field, made once a second.
  var date: InlineArray<29, UInt8> {
    let seconds = loop.wallMilliseconds / 1000
    if seconds != dateSeconds { writeDate(seconds) }
    return dateText
  }

  @inline(never)
  private func writeDate(_ seconds: Int64) {
    dateSeconds = seconds
    let text = HTTPDate.text(unixSeconds: seconds)
    dateText = InlineArray { text[$0] }
  }
}
