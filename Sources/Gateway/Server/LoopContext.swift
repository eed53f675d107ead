internal import Configuration
internal import Model
internal import Network
internal import Synchronization
internal import Telemetry

/// What all loops share; every member is safe from any thread.
final class GatewayServices: Sendable {
  let configuration: GatewayConfiguration
  let limits: Limits
  /// Where callers reach each listener.
  let publicURLs: [String]
  let store: any TaskStore
  let turns: TurnQueue
  let authenticator: Authenticator
  let logger: Logger
  /// Tells this process's journals from those of an earlier one in the ids of stream events.
  let epoch: String
  private let draining = Atomic(false)
  private let currentRegistry: Mutex<Registry>

  init(
    configuration: GatewayConfiguration, publicURLs: [String], store: any TaskStore, registry: Registry,
    authenticator: Authenticator,
    logger: Logger, epoch: String
  ) {
    self.configuration = configuration
    self.publicURLs = publicURLs
    limits = configuration.limits
    self.store = store
    turns = TurnQueue(waitingMax: configuration.limits.contexts.waitingTurnsMax)
    currentRegistry = Mutex(registry)
    self.authenticator = authenticator
    self.logger = logger
    self.epoch = epoch
  }

  /// True once the process was told to stop: new work is refused, `/readyz` says 503.
  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func beginDrain() { draining.store(true, ordering: .relaxed) }

  /// The agents as they are now. Requests read their loop's own copy, ``LoopContext/registry``.
  var registry: Registry { currentRegistry.withLock { $0 } }

  func replace(_ registry: Registry) { currentRegistry.withLock { $0 = registry } }
}

/// What one loop has for itself.
final class LoopContext {
  let loop: EventLoop
  let services: GatewayServices
  /// The agents, as they were at some moment as a whole; the server replaces it.
  var registry: Registry
  let mint: IdentifierMint
  let accessLog: AccessLog?

  init(loop: EventLoop, services: GatewayServices, accessLog: AccessLog?) {
    self.loop = loop
    self.services = services
    self.accessLog = accessLog
    registry = services.registry
    mint = IdentifierMint(wallMilliseconds: { [unowned loop] in loop.wallMilliseconds })
  }

  var wallTime: Timestamp { Timestamp(milliseconds: loop.wallMilliseconds) }
}
