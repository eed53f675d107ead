internal import A2A
internal import Configuration
internal import HTTP
internal import Model
internal import Network

/// An A2A agent elsewhere, ready to be called: its card in force, the credentials, the trust, and what calls have taught.
/// Immutable but for the last; a new card or registration makes a new one.
final class ExternalAgent: Sendable {
  let key: String
  let configuration: ExternalAgentConfiguration
  /// nil until it has been read for the first time: until then calls are refused.
  let card: AgentCard?
  let interfaces: ExternalInterfaces
  let authorization: ExternalAuthorization
  let network: ExternalNetwork
  let memory: ExternalAgentMemory
  /// What this gateway calls itself in `Via`.
  let gatewayName: String

  /// - Parameters:
  ///   - card: the approved one.
  ///   - egress: what the operator allows beyond the hosts of the registration.
  ///   - check: which addresses may be called; nil where the operator has stated the agent in a file.
  ///   - gatewayName: ``GatewayIdentity/name``.
  ///   - earlier: what this takes the place of.
  /// - Throws: ``StartError`` naming what cannot be read.
  init(
    key: String, configuration: ExternalAgentConfiguration, card: AgentCard?, egress: EgressConfiguration,
    check: ExternalNetwork.AddressCheck?, gatewayName: String, replacing earlier: ExternalAgent? = nil
  ) throws {
    self.key = key
    self.configuration = configuration
    self.card = card
    self.gatewayName = gatewayName
    memory = earlier?.memory ?? ExternalAgentMemory()
    let hosts = ExternalHosts(configuration, egress: egress)
    interfaces =
      card.map { ExternalInterfaces($0, pin: configuration.pin, hosts: hosts) }
      ?? ExternalInterfaces()
    if let earlier, earlier.configuration == configuration {
      // Connections and tokens stay good.
      authorization = earlier.authorization
      network = earlier.network
      return
    }
    do {
      authorization = try ExternalAuthorization(configuration)
      network = ExternalNetwork(
        tls: try TLSMaterial.client(of: configuration), check: check)
    } catch let error as SecretError {
      throw StartError("the agent \(key): \(error.message)")
    }
  }

  var canStream: Bool { card?.capabilities.streaming ?? true }
}
