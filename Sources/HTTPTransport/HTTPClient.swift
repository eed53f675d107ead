public import HTTP
public import Network

/// Bounds of an HTTP client.
public struct HTTPClientOptions: Sendable {
  /// Sizes of heads; the size of a body is the request's matter.
  public var limits = HTTPLimits()
  public var connectionsMax = 4096
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
  private var idle: [UpstreamKey: [ClientConnection]] = [:]
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

  /// Sends a request. The call may be cancelled; its handlers are called in later turns of the loop.
  @discardableResult
  public func send(_ request: HTTPClientRequest, _ handlers: HTTPClientHandlers) -> HTTPClientCall {
    let call = HTTPClientCall(self, request, handlers)
    loop.later { call.start() }
    return call
  }

  /// Closes the connections that are idle. Calls that are under way go on.
  public func closeIdle() {
    for connection in idle.values.joined() { connection.close() }
  }

  /// Connections that wait for a request.
  public var idleCount: Int { idle.values.reduce(0) { $0 + $1.count } }

  // MARK: Connections

  /// The idle connection to this upstream that was used last: the one that is least likely to be closed by now.
  func takeIdle(_ key: UpstreamKey) -> ClientConnection? {
    guard var connections = idle.removeValue(forKey: key) else { return nil }
    let last = connections.popLast()
    if !connections.isEmpty { idle[key] = connections }
    return last
  }

  func keep(_ connection: ClientConnection) {
    guard idle[connection.key, default: []].count < options.idlePerUpstreamMax else { return connection.close() }
    connection.idleSince = loop.now
    idle[connection.key, default: []].append(connection)
    if sweep == nil { scheduleSweep() }
  }

  func opened() { connectionCount += 1 }

  func closed(_ connection: ClientConnection) {
    connectionCount -= 1
    guard var connections = idle.removeValue(forKey: connection.key) else { return }
    connections.removeAll { $0 === connection }
    if !connections.isEmpty { idle[connection.key] = connections }
  }

  /// One timer for all: idle connections are closed when their time is over, at most a quarter of it late.
  private func scheduleSweep() {
    sweep = loop.schedule(after: options.idleTimeout / 4) { [weak self] in self?.closeOverdue() }
  }

  private func closeOverdue() {
    sweep = nil
    for connection in idle.values.joined() where connection.idleSince + options.idleTimeout <= loop.now {
      connection.close()
    }
    if !idle.isEmpty { scheduleSweep() }
  }

  /// How an https server is proven where the request does not say.
  func trust(of request: HTTPClientRequest) throws(TLSError) -> TLSClientContext {
    if let tls = request.tls ?? defaultTLS { return tls }
    let context = try TLSClientContext()
    defaultTLS = context
    return context
  }
}

/// All that makes two upstreams one. A connection is used again only for a request whose key is equal: anything left out
/// here could send one upstream's request, or credentials, to another.
struct UpstreamKey: Hashable {
  let isSecure: Bool
  let host: String
  let port: Int
  /// The address that the request insists on.
  let address: SocketAddress?
  /// Trust and identity; the connection keeps the context, so that no other one can take its identifier.
  let tls: ObjectIdentifier?

  init(_ request: HTTPClientRequest, tls: TLSClientContext?) {
    isSecure = request.url.isSecure
    host = request.url.host
    port = request.url.effectivePort
    address = request.address
    self.tls = tls.map { ObjectIdentifier($0) }
  }
}
