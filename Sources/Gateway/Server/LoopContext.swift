internal import Bytes
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
  /// nil where the configuration names none.
  let workspace: OrqWorkspace?
  /// Whose the tasks are that calls began in the Orq workspace.
  let forwardedTasks: ForwardedTasks
  let logger: Logger
  /// Tells this process's journals from those of an earlier one in the ids of stream events.
  let epoch: String
  /// What this deployment calls itself towards others; see ``GatewayHops``.
  let gatewayName: String
  /// What the gateway signs with; nil where it signs nothing.
  let keys: GatewayKeys?
  let lossCounts = LossCounts()
  private let draining = Atomic(false)
  /// Brings changes of the agents to all loops.
  let publisher: RegistryPublisher
  /// The way to what changes them.
  let control = ControlDoor()

  init(
    configuration: GatewayConfiguration, publicURLs: [String], store: any TaskStore, registry: Registry,
    authenticator: Authenticator, workspace: OrqWorkspace? = nil, forwardedTasks: ForwardedTasks, keys: GatewayKeys?,
    logger: Logger, epoch: String, gatewayName: String
  ) {
    self.configuration = configuration
    self.publicURLs = publicURLs
    limits = configuration.limits
    self.store = store
    turns = TurnQueue(waitingMax: configuration.limits.contexts.waitingTurnsMax)
    publisher = RegistryPublisher(registry)
    self.authenticator = authenticator
    self.workspace = workspace
    self.forwardedTasks = forwardedTasks
    self.keys = keys
    self.logger = logger
    self.epoch = epoch
    self.gatewayName = gatewayName
  }

  /// True once the process was told to stop: new work is refused, `/readyz` says 503.
  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func beginDrain() { draining.store(true, ordering: .relaxed) }
}

/// What one loop has for itself.
final class LoopContext {
  let loop: EventLoop
  let services: GatewayServices
  /// The agents, as they were at some moment as a whole; ``RegistryPublisher`` replaces it.
  var registry: Registry
  let mint: IdentifierMint
  let accessLog: AccessLog?
  /// What answers are written in, one after the other; nil while one is. Taken and given back, each in one step: overlaps
  /// cannot be.
  @exclusivity(unchecked) private var answer: ByteWriter?

  init(loop: EventLoop, services: GatewayServices, accessLog: AccessLog?) {
    self.loop = loop
    self.services = services
    self.accessLog = accessLog
    registry = services.publisher.current
    mint = IdentifierMint(on: loop)
    services.publisher.join(self)
  }

  /// Memory of the loop's to write an answer in, which comes back by ``giveBack(_:)``.
  func takeMemory() -> ByteWriter { unsafe answer.take() ?? ByteWriter(capacity: LoopContext.answerBytesUsual) }

  func giveBack(_ memory: consuming ByteWriter) {
    memory.clear(keepingAtMost: LoopContext.answerBytesKept)
    unsafe answer = consume memory
  }

  private static let answerBytesUsual = 4 * 1024
  /// Larger answers give their memory back.
  private static let answerBytesKept = 64 * 1024

  var wallTime: Timestamp { Timestamp(milliseconds: loop.wallMilliseconds) }
}
