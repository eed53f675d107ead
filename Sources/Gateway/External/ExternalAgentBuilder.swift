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
      record.key, agent, card: card?.card, check: check(isTrusted: file != nil),
      replacing: (earlier?.backend as? A2ABackend)?.agent)
    external.memory.noteProbed(streamless: record.card.streamless(of: external.interfaces))
    let file = file ?? CardFile(file: record.fileName, key: record.key, backend: .a2a(agent))
    return registry.agent(file, external: external, record: record, replacing: earlier)
  }

  /// An agent whose card is still to be fetched: with the credentials and the network that calls to it will use.
  ///
  /// - Parameters:
  ///   - isTrusted: the operator has written the addresses down, so that they need no further permission.
  ///   - exposed: as callers see it now, where it is there already. Its tokens and connections stay good.
  func caller(
    _ key: String, _ agent: ExternalAgentConfiguration, isTrusted: Bool, exposed: ExposedAgent?
  ) throws -> ExternalAgent {
    let earlier = (exposed?.backend as? A2ABackend)?.agent
    return try registry.externalAgent(
      key, agent, card: nil, check: check(isTrusted: isTrusted),
      replacing: earlier?.configuration == agent ? earlier : nil)
  }

  private func check(isTrusted: Bool) -> ExternalNetwork.AddressCheck? {
    isTrusted ? nil : EgressGuard(registry.configuration.egress).check
  }
}

extension ExternalRecord.Card {
  /// The interfaces that have said of themselves that they do not stream.
  func streamless(of interfaces: ExternalInterfaces) -> Set<ExternalEndpoint> {
    Set(
      interfaces.stated.filter { endpoint in
        probes.contains { $0.streaming?.outcome == .refused && $0.isOf(endpoint) }
      })
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
