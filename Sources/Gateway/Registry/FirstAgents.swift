internal import Configuration
internal import LocalRuntime
internal import Telemetry

/// The agents that a gateway begins to serve with: those of card files, and those that calls made in earlier runs.
struct FirstAgents: Sendable {
  let builder: ExternalAgentBuilder
  let store: ExternalStore
  let maker: RuntimeAgentMaker
  /// The external ones among them, as they were left.
  let restored: [ExternalStore.Restored]
  /// Those that calls defined, as they were left.
  let runtimeRecords: [RuntimeAgentRecord]
  let files: [ExposedAgent]
  let records: [ExposedAgent]

  init(
    _ registry: RegistryBuilder, _ cards: [CardFile], _ engines: [String: any LocalEngine], _ state: StateDirectory?
  ) throws {
    let builder = ExternalAgentBuilder(registry: registry)
    let store = ExternalStore(state)
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
    let maker = try RuntimeAgentMaker(registry)
    let made = maker.restored(from: state)
    records += made.map(\.agent)
    for record in records where files.contains(where: { $0.key == record.key }) {
      registry.logger.warning(
        "an agent that a call made is not served: a card file has its key", ["agent": .string(record.key)])
    }
    self.builder = builder
    self.maker = maker
    runtimeRecords = made.map(\.record)
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
