internal import Network

/// What a call made an agent of, and what is kept of it; also what is kept of an external agent of a card file.
protocol AgentRecord: Sendable {
  var key: String { get }
}

/// Every agent of the gateway, by where it comes from. On a clash of keys card files win, then agents that calls made, then
/// those that an Orq workspace exposes. Lives on the control loop; all loops get what changes as a new registry.
final class AgentCatalogue {
  enum Source {
    case cardFile, record, workspace
  }

  private let publisher: RegistryPublisher
  private let defaultAgent: String?
  private var files: [String: ExposedAgent]
  private var records: [String: ExposedAgent]
  private var workspace: [String: ExposedAgent] = [:]
  /// Keys that somebody is about to give to an agent.
  private var reserved: Set<String> = []

  /// - Parameters:
  ///   - files: agents of card files.
  ///   - records: agents that calls made in earlier runs.
  init(
    files: [ExposedAgent], records: [ExposedAgent] = [], defaultAgent: String?, publisher: RegistryPublisher
  ) {
    self.files = AgentCatalogue.byKey(files)
    self.records = AgentCatalogue.byKey(records)
    self.defaultAgent = defaultAgent
    self.publisher = publisher
  }

  subscript(_ key: String) -> ExposedAgent? { files[key] ?? records[key] ?? workspace[key] }

  /// Whose key it is; nil for a key that is free.
  func source(of key: String) -> Source? {
    if files[key] != nil { return .cardFile }
    if records[key] != nil { return .record }
    return workspace[key] == nil ? nil : .workspace
  }

  /// Takes a free key for an agent that is being made, so that of two calls for one key only one goes on. It is to be
  /// released when the agent is there, or will not be.
  ///
  /// - Returns: false for a key that is an agent's, or is about to be.
  func reserve(_ key: String) -> Bool { source(of: key) == nil && reserved.insert(key).inserted }

  func release(_ key: String) { reserved.remove(key) }

  /// The agents of card files and of the workspace, as they are now; agents that calls made stay.
  ///
  /// - Parameter published: called when every loop serves them.
  func replace(files: [ExposedAgent], workspace: [ExposedAgent], published: Reply<Void>? = nil) {
    self.files = AgentCatalogue.byKey(files)
    self.workspace = AgentCatalogue.byKey(workspace)
    publisher.publish(registry, then: published)
  }

  /// Adds or replaces agents that calls made.
  ///
  /// - Parameter published: called when every loop serves them.
  func put(_ agents: [ExposedAgent], published: Reply<Void>? = nil) {
    for agent in agents { records[agent.key] = agent }
    publisher.publish(registry, then: published)
  }

  /// Replaces an agent of a card file, which has come to know more of it.
  ///
  /// - Parameter published: called when every loop serves it.
  func put(file agent: ExposedAgent, published: Reply<Void>? = nil) {
    files[agent.key] = agent
    publisher.publish(registry, then: published)
  }

  /// Takes away an agent that a call made.
  ///
  /// - Parameter published: called when no loop serves it any more.
  func remove(_ key: String, published: Reply<Void>? = nil) {
    records[key] = nil
    publisher.publish(registry, then: published)
  }

  /// Every agent in another form.
  ///
  /// - Parameter published: called when every loop serves them.
  func transform(_ change: (ExposedAgent) -> ExposedAgent, published: Reply<Void>? = nil) {
    files = files.mapValues(change)
    records = records.mapValues(change)
    workspace = workspace.mapValues(change)
    publisher.publish(registry, then: published)
  }

  private var registry: Registry {
    let all = workspace.merging(records) { _, record in record }.merging(files) { _, file in file }
    return Registry(Array(all.values), defaultAgent: defaultAgent)
  }

  private static func byKey(_ agents: [ExposedAgent]) -> [String: ExposedAgent] {
    Dictionary(agents.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
