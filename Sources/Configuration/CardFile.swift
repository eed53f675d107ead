public import Model

/// One exposed agent, as its card file states it.
public struct CardFile: Sendable, Equatable {
  /// As the operator named it.
  public var file: String
  /// The agent's name in addresses.
  public var key: String
  public var card: CardOverrides
  public var backend: Backend
  public var access: AccessRules
  public var limits: AgentLimits
  /// What every call to an agent of Orq carries.
  public var orq: OrqDefaults

  public init(
    file: String, key: String, card: CardOverrides = CardOverrides(), backend: Backend,
    access: AccessRules = AccessRules(), limits: AgentLimits = AgentLimits(), orq: OrqDefaults = OrqDefaults()
  ) {
    self.file = file
    self.key = key
    self.card = card
    self.backend = backend
    self.access = access
    self.limits = limits
    self.orq = orq
  }
}

/// The parts of an agent card that a card file states; they win over what the backend says of itself.
public struct CardOverrides: Sendable, Equatable {
  public var name: String?
  public var description: String?
  public var version: String?
  public var provider: AgentProvider?
  public var documentationURL: String?
  public var iconURL: String?
  /// What the file states of the capabilities; the rest stays as generated.
  public var capabilities: AgentCapabilities?
  public var defaultInputModes: [String]?
  public var defaultOutputModes: [String]?
  public var skills: [AgentSkill]?

  public init() {}

  /// Puts what the file states over a generated card.
  public func apply(to card: inout AgentCard) {
    if let name { card.name = name }
    if let description { card.description = description }
    if let version { card.version = version }
    if let provider { card.provider = provider }
    if let documentationURL { card.documentationURL = documentationURL }
    if let iconURL { card.iconURL = iconURL }
    if let defaultInputModes { card.defaultInputModes = defaultInputModes }
    if let defaultOutputModes { card.defaultOutputModes = defaultOutputModes }
    if let skills { card.skills = skills }
    guard let capabilities else { return }
    if let streaming = capabilities.streaming { card.capabilities.streaming = streaming }
    if let push = capabilities.pushNotifications { card.capabilities.pushNotifications = push }
    if let extended = capabilities.extendedAgentCard { card.capabilities.extendedAgentCard = extended }
    if !capabilities.extensions.isEmpty { card.capabilities.extensions = capabilities.extensions }
  }
}

/// Who may do what with an agent.
public struct AccessRules: Sendable, Equatable {
  /// Names of principals.
  public var callers: [Glob] = [.any]
  public var operations: Set<AgentOperation> = Set(AgentOperation.allCases)
  /// Ids of skills.
  public var skills: [Glob] = [.any]

  public init() {}

  /// Whether a principal may use an operation of the agent.
  public func allows(principal: String, operation: AgentOperation) -> Bool {
    operations.contains(operation) && allows(principal: principal)
  }

  /// Whether a principal may know of the agent at all.
  public func allows(principal: String) -> Bool { callers.contains { $0.matches(principal) } }
}

/// Bounds of one agent; nil is the gateway's own.
public struct AgentLimits: Sendable, Equatable {
  public var concurrentTasksMax: Int?
  public var taskTime: Duration?
  public var silence: Duration?
  public var events: Int?
  public var blockingWait: Duration?
  /// Bounds of what a `command` or `http` agent answers, and of each process of a `command`.
  public var outputBytesMax: Int?
  public var memoryBytesMax: Int?
  public var killGrace: Duration?

  public init() {}

  /// The gateway's bounds with this agent's own in place of them.
  public func applied(to limits: Limits) -> Limits {
    var result = limits
    if let concurrentTasksMax { result.turns.concurrentTasksMax = concurrentTasksMax }
    if let taskTime { result.turns.taskTime = taskTime }
    if let silence { result.turns.silence = silence }
    if let events { result.turns.events = events }
    if let blockingWait { result.turns.blockingWait = blockingWait }
    if let outputBytesMax { result.commands.outputBytesMax = outputBytesMax }
    if let memoryBytesMax { result.commands.memoryBytesMax = memoryBytesMax }
    if let killGrace { result.commands.killGrace = killGrace }
    return result
  }
}
