internal import Configuration
internal import Model
internal import Network
internal import Telemetry

/// Makes the agents that callers see of external agents and their cards.
struct ExternalAgentBuilder {
  let registry: RegistryBuilder

  /// - Parameters:
  ///   - card: the one in force; nil where none was had yet.
  ///   - file: of an agent of a card file, whose statements win over the card's.
  ///   - earlier: what it takes the place of.
  func agent(
    _ record: ExternalRecord, _ agent: ExternalAgentConfiguration, _ card: ExternalCard?, file: CardFile?,
    replacing earlier: ExposedAgent?
  ) throws -> ExposedAgent {
    let external = try registry.externalAgent(
      record.key, agent, card: card?.card, check: file == nil ? EgressGuard(registry.configuration.egress).check : nil,
      replacing: (earlier?.backend as? A2ABackend)?.agent)
    let file = file ?? CardFile(file: record.fileName, key: record.key, backend: .a2a(agent))
    return registry.agent(file, external: external, record: record, replacing: earlier)
  }
}

extension EgressGuard {
  /// For the calls of an agent that was registered by a call.
  var check: ExternalNetwork.AddressCheck {
    { url, loop, done in
      addresses(for: url, on: loop) { result in
        done(
          result.mapError { ExternalNetwork.AddressRefusal(isUnresolved: $0.isUnresolved, reason: $0.message) })
      }
    }
  }
}
