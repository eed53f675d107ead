internal import Configuration
internal import LocalRuntime
internal import Telemetry

/// The agents that a gateway begins to serve with: those of card files, and those that calls made in earlier runs.
struct FirstAgents: Sendable {
  let builder: ExternalAgentBuilder
  let store: ExternalStore
  /// The external ones among them, as they were left.
  let restored: [ExternalStore.Restored]
  let files: [ExposedAgent]
  let records: [ExposedAgent]

  init(
    _ registry: RegistryBuilder, _ cards: [CardFile], _ engines: [String: any LocalEngine], _ store: ExternalStore
  ) throws {
    let builder = ExternalAgentBuilder(registry: registry)
    let restored = store.restore(cards, registry.configuration, registry.logger)
    var files = try registry.build(cards: cards, engines: engines).all
    var records: [ExposedAgent] = []
    for agent in restored {
      let exposed = try builder.agent(agent.record, agent.configuration, agent.card, file: agent.file, replacing: nil)
      if agent.file == nil {
        records.append(exposed)
      } else {
        files.removeAll { $0.key == exposed.key }
        files.append(exposed)
      }
    }
    for record in records where files.contains(where: { $0.key == record.key }) {
      registry.logger.warning(
        "a registered agent is not served: a card file has its key", ["agent": .string(record.key)])
    }
    self.builder = builder
    self.store = store
    self.restored = restored
    self.files = files
    self.records = records
  }

  var registry: Registry {
    let keys = Set(files.map(\.key))
    return Registry(
      files + records.filter { !keys.contains($0.key) }, defaultAgent: builder.registry.configuration.defaultAgent)
  }
}
