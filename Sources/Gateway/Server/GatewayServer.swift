internal import Bytes
public import Configuration
internal import Crypto
internal import Glibc
internal import HTTP
internal import HTTPTransport
internal import LocalRuntime
internal import Model
public import Network
internal import Synchronization
public import Telemetry

/// A gateway could not start; the message says what, where and what to do.
public struct StartError: Error, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// The running gateway: loops, listeners and what they share.
public final class GatewayServer: Sendable {
  let services: GatewayServices
  let loops: LoopGroup
  /// What runs on each loop, in their order.
  private let members: [LoopBound<LoopMembers>]
  /// Addresses that are bound, in the order of the configuration's listeners.
  public let addresses: [SocketAddress]
  public let adminAddress: SocketAddress
  /// nil where nothing is kept.
  private let state: StateDirectory?

  /// Where callers reach each listener.
  public var publicURLs: [String] { services.publicURLs }
  public var agentKeys: [String] { services.publisher.current.all.map(\.key) }

  /// Binds every listener and starts serving; returns when all listen.
  ///
  /// - Parameters:
  ///   - configuration: valid, as the loader gives it.
  ///   - cards: the card files to expose.
  ///   - accessSink: where access-log lines go; nil for nowhere.
  public convenience init(
    configuration: GatewayConfiguration, cards: [CardFile], logger: Logger, accessSink: (any LogSink)? = nil,
    time: any TimeSource = SystemTime()
  ) throws {
    let state = try StateDirectory.open(configuration.state) { reason in
      logger.warning("nothing is kept beyond this run, and agents cannot be registered", ["reason": .string(reason)])
    }
    try self.init(
      configuration: configuration, cards: cards, engines: [:], state: state, logger: logger, accessSink: accessSink,
      time: time)
  }

  /// - Parameters:
  ///   - engines: by agent key, what answers in place of the engine that the card file names.
  ///   - state: nil where nothing is kept.
  init(
    configuration: GatewayConfiguration, cards: [CardFile], engines: [String: any LocalEngine],
    state: StateDirectory?, logger: Logger, accessSink: (any LogSink)?, time: any TimeSource
  ) throws {
    let sockets = try configuration.listeners.map { try Self.bind($0.bind, loops: configuration.workers) }
    let adminSocket = try Self.bind(configuration.admin.bind, loops: 1)[0]
    let tls = try configuration.listeners.map { try TLSMaterial.context(of: $0) }
    addresses = sockets.map { $0[0].address }
    adminAddress = adminSocket.address
    self.state = state
    let publicURLs = zip(configuration.listeners, addresses).map { listener, address in
      listener.publicURL ?? "\(listener.tls == nil ? "http" : "https")://\(address)"
    }
    let keys = try state.flatMap { state throws(StartError) in try GatewayKeys(configuration.signatures, in: state) }
    let gatewayName = GatewayHops.name(deployment: Hex.encode(Random.bytes(8)))
    let builder = RegistryBuilder(
      configuration: configuration, publicURLs: publicURLs, logger: logger, gatewayName: gatewayName,
      workspace: try configuration.orq.map { try OrqWorkspace($0, gatewayName: gatewayName) }, keys: keys)
    let callback = try OrqCallback(builder)
    // Before any loop runs: no request may find an agent missing that is only not read yet.
    let first = try FirstAgents(builder, cards, engines, state)
    let forwarded = ForwardedTasks(
      lifetime: configuration.limits.tasks.interruptedRetention, in: builder.workspace == nil ? nil : state,
      logger: logger)
    forwarded.restore(at: time.monotonic(), wallMilliseconds: time.wallMilliseconds())
    let services = GatewayServices(
      configuration: configuration, publicURLs: publicURLs,
      store: MemoryTaskStore(limits: configuration.limits.tasks), registry: first.registry,
      authenticator: Authenticator(keys: configuration.keys), workspace: builder.workspace,
      forwardedTasks: forwarded, keys: keys, logger: logger, epoch: Hex.encode(Random.bytes(4)),
      gatewayName: builder.gatewayName)
    self.services = services
    let started = Mutex<[Int: LoopBound<LoopMembers>]>([:])
    loops = try LoopGroup(count: configuration.workers, time: time) { loop in
      let accessLog = accessSink.map { AccessLog(sink: $0, wallMilliseconds: time.wallMilliseconds) }
      let context = LoopContext(loop: loop, services: services, accessLog: accessLog)
      let control = loop.index == 0 ? Self.control(context, first, state, cards, callback) : nil
      let lanes = sockets.map { $0[loop.index] }
      let members = LoopMembers(
        context: context, control: control, servers: Self.servers(context, lanes, tls),
        admin: loop.index == 0 ? Self.admin(context, adminSocket) : nil,
        commands: try control.flatMap { try Self.commands(context, $0) })
      for server in members.all { try server.start() }
      Self.keepHouse(context)
      let bound = LoopBound(members, on: loop)
      started.withLock { $0[loop.index] = bound }
      control?.start()
    }
    members = started.withLock { members in members.keys.sorted().compactMap { members[$0] } }
  }

  private static func bind(_ bind: BindAddress, loops: Int) throws -> [ListeningSocket] {
    guard let address = SocketAddress(bind.text) else { throw StartError("\(bind.text) is no address to listen on") }
    do {
      // Sockets that share a port share it with those of another gateway too: without them first, to find one.
      if loops > 1, address.port != 0, !address.isUnix { _ = try ListeningSocket.bind(to: address) }
      // The first socket may choose the port; the others share it.
      let first = try ListeningSocket.bind(to: address, reusePort: loops > 1)
      if first.address.isUnix { return Array(repeating: first, count: loops) }
      return try [first] + (1..<max(1, loops)).map { _ in try ListeningSocket.bind(to: first.address, reusePort: true) }
    } catch let error as SystemError {
      throw StartError("cannot listen on \(bind.text): \(error)\(advice(on: error))")
    }
  }

  private static func advice(on error: SystemError) -> String {
    switch error.errno {
    case EADDRINUSE: "; another program listens there: stop it, or choose another \"bind\""
    case EADDRNOTAVAIL: "; no interface of this machine has this address"
    case EACCES: "; only root, or a program with CAP_NET_BIND_SERVICE, may use this port or path"
    case ENOENT: "; the folder of the socket must exist"
    default: ""
    }
  }

  /// Runs on the loop, as all below.
  private static func servers(_ context: LoopContext, _ sockets: [ListeningSocket], _ tls: [TLSContext?])
    -> [HTTPServer]
  {
    let options = HTTPServerOptions(context.services.limits.http)
    return sockets.enumerated().map { index, socket in
      HTTPServer(
        loop: context.loop, socket: socket, tls: tls[index], options: options,
        service: GatewayService(context: context, listenerIndex: index), logger: context.services.logger)
    }
  }

  private static func admin(_ context: LoopContext, _ socket: ListeningSocket) -> HTTPServer {
    HTTPServer(
      loop: context.loop, socket: socket, options: HTTPServerOptions(context.services.limits.http),
      service: AdminFace(services: context.services), logger: context.services.logger)
  }

  /// The socket in the state folder, where there is one.
  private static func commands(_ context: LoopContext, _ control: ControlPlane) throws -> HTTPServer? {
    guard let state = control.state else { return nil }
    let path = state.path + "/" + AdminSocket.fileName
    guard let address = SocketAddress("unix:" + path) else {
      context.services.logger.warning(
        "commands cannot reach this gateway: the path of the state folder is too long for a socket",
        ["path": .string(path)])
      return nil
    }
    do {
      return HTTPServer(
        loop: context.loop, socket: try ListeningSocket.bind(to: address),
        options: HTTPServerOptions(context.services.limits.http),
        service: AdminSocket(control: control, services: context.services), logger: context.services.logger)
    } catch {
      throw StartError("cannot listen on \(path): \(error)")
    }
  }

  /// What recurs: the access log is written out, retention is applied.
  private static func keepHouse(_ context: LoopContext) {
    if context.accessLog != nil {
      repeats(every: .milliseconds(100), on: context.loop) { context.accessLog?.flush() }
    }
    guard context.loop.index == 0 else { return }
    repeats(every: .seconds(60), on: context.loop) { context.services.store.sweep(at: context.wallTime) }
  }

  private static func repeats(every interval: Duration, on loop: EventLoop, _ body: @escaping () -> Void) {
    _ = loop.schedule(after: interval) { [unowned loop] in
      body()
      repeats(every: interval, on: loop, body)
    }
  }

  // MARK: Agents that come and go

  private static func control(
    _ context: LoopContext, _ first: FirstAgents, _ state: StateDirectory?, _ cards: [CardFile],
    _ callback: OrqCallback?
  ) -> ControlPlane {
    let builder = first.builder.registry
    let catalogue = AgentCatalogue(
      files: first.files, records: first.records, defaultAgent: builder.configuration.defaultAgent,
      publisher: context.services.publisher)
    let control = ControlPlane(loop: context.loop, catalogue: catalogue, state: state)
    control.directory = directory(context.loop, catalogue, builder, cards)
    control.external = ExternalRegistry(
      control: control, store: first.store, builder: first.builder, restored: first.restored, logger: builder.logger)
    control.registrar = registrar(control, builder, callback)
    control.runtimeAgents = RuntimeAgents(
      loop: context.loop, catalogue: catalogue, records: first.runtimeRecords, state: state, maker: first.maker,
      services: context.services)
    context.services.control.open(control)
    return control
  }

  /// Tells the Orq workspace of external agents, where it is to know of them: of those that are there, and of changes.
  private static func registrar(
    _ control: ControlPlane, _ builder: RegistryBuilder, _ callback: OrqCallback?
  ) -> OrqRegistrar? {
    guard let callback, let workspace = builder.workspace, let external = control.external else { return nil }
    let registrar = OrqRegistrar(
      loop: control.loop, workspace: workspace, publicURL: callback.publicURL, key: callback.key,
      logger: builder.logger)
    external.onChange = { [weak registrar] in registrar?.note($0) }
    for record in external.records where record.origin == .call { registrar.note(.registered(record)) }
    return registrar
  }

  /// Keeps in step with the Orq workspace, where there is one and it matters.
  private static func directory(
    _ loop: EventLoop, _ catalogue: AgentCatalogue, _ builder: RegistryBuilder, _ cards: [CardFile]
  ) -> OrqDirectory? {
    guard let orq = builder.configuration.orq, let workspace = builder.workspace else { return nil }
    let interest = OrqDirectory.Interest(cards: cards, expose: orq.expose)
    if interest.isEmpty { return nil }
    return OrqDirectory(
      loop: loop, workspace: workspace, interest: interest, refresh: orq.refresh, logger: builder.logger
    ) { agents, published in
      let now = builder.agents(catalogue, cards: cards, with: agents)
      catalogue.replace(files: now.files, workspace: now.workspace, published: published)
    }
  }

  // MARK: Stopping

  /// Stops accepting callers and lets open requests and streams finish within `limits.http.drainTime`; what is left then
  /// is cut. The admin listener goes on until ``stop()``, to say how it stands.
  ///
  /// - Parameter onDrained: called once, on some loop's thread.
  public func drain(_ onDrained: @escaping @Sendable () -> Void) {
    services.beginDrain()
    let deadline = services.limits.http.drainTime
    let left = DrainCount(members.count, onDrained)
    eachLoop { members in
      members.control?.stop()
      var open = members.servers.count
      for server in members.servers {
        server.drain(deadline: deadline) {
          open -= 1
          if open == 0 { left.oneLess() }
        }
      }
    }
  }

  /// Stops the loops at once and waits until they have ended.
  public func stop() {
    services.beginDrain()
    eachLoop { members in
      members.control?.stop()
      for server in members.all { server.closeAll() }
      members.context.accessLog?.flush()
    }
    loops.stop()
    loops.join()
    services.control.close()
    services.publisher.close()
    state?.release()
  }

  private func eachLoop(_ body: @escaping @Sendable (LoopMembers) -> Void) {
    for (mailbox, members) in zip(loops.mailboxes, members) {
      mailbox.submit { loop in body(members.value(on: loop)) }
    }
  }
}

/// What runs on one loop.
private final class LoopMembers {
  let context: LoopContext
  /// For callers; one for each listener.
  let servers: [HTTPServer]
  /// On the first loop only, as are the next.
  let control: ControlPlane?
  let admin: HTTPServer?
  let commands: HTTPServer?

  init(
    context: LoopContext, control: ControlPlane?, servers: [HTTPServer], admin: HTTPServer?, commands: HTTPServer?
  ) {
    self.context = context
    self.control = control
    self.servers = servers
    self.admin = admin
    self.commands = commands
  }

  var all: [HTTPServer] { servers + [admin, commands].compactMap { $0 } }
}

/// Counts loops that have still to drain.
private final class DrainCount: Sendable {
  private let left: Mutex<Int>
  private let onZero: @Sendable () -> Void

  init(_ count: Int, _ onZero: @escaping @Sendable () -> Void) {
    left = Mutex(count)
    self.onZero = onZero
  }

  func oneLess() {
    let isLast = left.withLock { left in
      left -= 1
      return left == 0
    }
    if isLast { onZero() }
  }
}

extension HTTPServerOptions {
  init(_ bounds: HTTPServerLimits) {
    self.init()
    limits.requestLineBytesMax = bounds.requestLineBytesMax
    limits.headBytesMax = bounds.headBytesMax
    limits.headersMax = bounds.headersMax
    limits.bodyBytesMax = bounds.bodyBytesMax
    connectionsMax = bounds.connectionsMax
    heldBytesMax = bounds.heldBytesMax
    headerTimeout = bounds.headTime
    bodyTimeout = bounds.bodyTime
    idleTimeout = bounds.idleTime
    writeStallTimeout = bounds.writeStallTime
  }
}
