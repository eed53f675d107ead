/// Signatures of cards: the gateway's own, and where keys of others are believed. Which keys an external agent's card may be
/// signed with stands with the agent.
public struct SignatureConfiguration: Sendable, Equatable {
  /// What the gateway signs its cards of A2A 1.0 with, where it has a folder for its state.
  public enum Signing: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case edDSA = "EdDSA"
    case off
  }

  public var signing = Signing.es256
  /// Hosts, in lower case, whose key sets are believed where a card names them (`jku`), over https only.
  public var trustedHosts: Set<String> = []

  public init() {}
}
