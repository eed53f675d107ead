public import HTTP
public import Network

/// Bounds of an HTTP client.
public struct HTTPClientOptions: Sendable {
  /// Sizes of heads; the size of a body is the request's matter.
  public var limits = HTTPLimits()
  /// As many as a server takes: each of its requests may be one stream from upstream.
  public var connectionsMax = 16_384
  /// Idle connections kept for one upstream, and for how long. Most servers close theirs after a minute or more.
  public var idlePerUpstreamMax = 64
  public var idleTimeout: Duration = .seconds(50)

  public init() {}
}

/// HTTP/1.1 requests over connections that are kept and used again, on one loop.
public final class HTTPClient {
  /// Not held on to: a loop may hold its client (``shared(on:)``), and outlives what it runs.
  public unowned let loop: EventLoop
  public let options: HTTPClientOptions

  let resolver: Resolver
  let headMemory = HeadMemory()
  private var pools: [UpstreamKey: UpstreamPool] = [:]
  /// The one that was asked for last, which is looked at first: most callers have one upstream.
  private var recent: UpstreamPool?
  private(set) var connectionCount = 0
  private var defaultTLS: TLSClientContext?
  private var sweep: Timer?

  public init(loop: EventLoop, options: HTTPClientOptions = HTTPClientOptions(), resolver: Resolver = .shared) {
    self.loop = loop
    self.options = options
    self.resolver = resolver
  }

  /// The client that all upstream calls of a loop share, and with it their connections.
  public static func shared(on loop: EventLoop) -> HTTPClient { loop.local { HTTPClient(loop: $0) } }

  /// Sends a request. The call may be cancelled; its delegate is called in later turns of the loop.
  @discardableResult
  public func send(_ request: consuming HTTPClientRequest, _ delegate: any HTTPClientDelegate) -> HTTPClientCall {
    let call = DelegatedCall(self, consume request, delegate)
    call.begin()
    return call
  }

  /// Closes the connections that are idle. Calls that are under way go on.
  public func closeIdle() {
    for connection in idleConnections { connection.close() }
  }

  /// Connections that wait for a request.
  public var idleCount: Int { pools.values.reduce(0) { $0 + $1.idleCount } }

  // MARK: Connections

  /// A copy: connections that are closed leave their pools.
  private var idleConnections: [ClientConnection] { pools.values.flatMap { $0.idle } }

  /// The connections to one upstream. Only a pool that has some is remembered, by ``opened(_:)``, so that upstreams that were
  /// tried once leave nothing behind.
  func pool(_ key: UpstreamKey) -> UpstreamPool { pools[key] ?? UpstreamPool(key) }

  func takeIdle(for form: HTTPRequestForm, tls: TLSClientContext?) -> ClientConnection? {
    // Taken out and put back, which counts nothing.
    var pool: UpstreamPool?
    swap(&pool, &recent)
    defer { swap(&pool, &recent) }
    if let pool, pool.serves(form, tls) { return pool.takeIdle() }
    pool = pools[UpstreamKey(form, tls: tls)]
    return pool?.takeIdle()
  }

  /// Has idle connections closed in time: one of them has just come to be.
  func watchIdle() {
    if sweep == nil { scheduleSweep() }
  }

  func opened(_ connection: ClientConnection) {
    connectionCount += 1
    pools[connection.pool.key] = connection.pool
    connection.pool.openCount += 1
  }

  func closed(_ connection: ClientConnection) {
    connectionCount -= 1
    let pool = connection.pool
    pool.openCount -= 1
    pool.remove(connection)
    guard pool.openCount == 0 else { return }
    pools[pool.key] = nil
    if recent === pool { recent = nil }
  }

  /// One timer for all: idle connections are closed when their time is over, at most a quarter of it late.
  private func scheduleSweep() {
    sweep = loop.schedule(after: options.idleTimeout / 4) { [weak self] in self?.closeOverdue() }
  }

  private func closeOverdue() {
    sweep = nil
    for connection in idleConnections where connection.idleSince + options.idleTimeout <= loop.now {
      connection.close()
    }
    if idleCount > 0 { scheduleSweep() }
  }

  /// How an https server is proven where the request does not say.
  func trust(of form: HTTPRequestForm) throws(TLSError) -> TLSClientContext {
    if let tls = form.tls ?? defaultTLS { return tls }
    let context = try TLSClientContext()
    defaultTLS = context
    return context
  }
}

/// The connections of a client to one upstream.
final class UpstreamPool {
  let key: UpstreamKey
  /// Of the connections that wait for a request, each with the next one. The one that was used last comes first: it is least
  /// likely to be closed by now.
  private var firstIdle: ClientConnection?
  private(set) var idleCount = 0
  /// Idle ones and those that work.
  var openCount = 0

  init(_ key: UpstreamKey) { self.key = key }

  var idle: [ClientConnection] {
    var all: [ClientConnection] = []
    var next = firstIdle
    while let connection = next {
      all.append(connection)
      next = connection.nextIdle
    }
    return all
  }

  func serves(_ form: HTTPRequestForm, _ tls: TLSClientContext?) -> Bool { key.isKey(of: form, tls: tls) }

  /// - Parameter held: a hold on `connection`, which becomes the pool's.
  func keep(_ connection: ClientConnection, _ held: consuming ClientConnection?) {
    var held = held
    swap(&held, &firstIdle)
    // What was the first one until now.
    swap(&held, &connection.nextIdle)
    idleCount += 1
  }

  func takeIdle() -> ClientConnection? {
    guard idleCount > 0 else { return nil }
    var taken: ClientConnection?
    swap(&taken, &firstIdle)
    var next: ClientConnection?
    if let taken { swap(&next, &taken.nextIdle) }
    swap(&next, &firstIdle)
    idleCount -= 1
    return taken
  }

  /// Nothing happens if it is not idle.
  func remove(_ connection: ClientConnection) {
    let others = idle.filter { $0 !== connection }
    guard others.count < idleCount else { return }
    firstIdle = nil
    idleCount = 0
    for other in others.reversed() { keep(other, other) }
    connection.nextIdle = nil
  }
}

/// All that makes two upstreams one. A connection is used again only for a request whose key is equal: anything left out
/// here could send one upstream's request, or credentials, to another.
struct UpstreamKey: Hashable {
  /// Its origin counts.
  let url: URI
  /// The address that the request insists on.
  let address: SocketAddress?
  /// Trust and identity; the connection keeps the context, so that no other one can take its identifier.
  let tls: ObjectIdentifier?

  init(_ form: HTTPRequestForm, tls: TLSClientContext?) {
    url = form.url
    address = form.address
    self.tls = tls.map { ObjectIdentifier($0) }
  }

  /// Whether it is the key that is made of this form.
  func isKey(of form: HTTPRequestForm, tls context: TLSClientContext?) -> Bool {
    url.hasSameOrigin(as: form.url) && tls == context.map { ObjectIdentifier($0) }
      && (address == nil && form.address == nil || address == form.address)
  }

  static func == (a: UpstreamKey, b: UpstreamKey) -> Bool {
    a.url.hasSameOrigin(as: b.url) && a.tls == b.tls && a.address == b.address
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(url.originHash)
    if let address { hasher.combine(address) }
  }
}
