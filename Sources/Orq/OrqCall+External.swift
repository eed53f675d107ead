// What keeps an external agent in a workspace (contract §5).
extension OrqCall {
  /// From 4.5 to 4.9.
  public static func registerExternal(_ registration: OrqExternalRegistration) -> OrqCall {
    OrqCall(OrqRoute(.registerExternal), .v4, body: registration.encoded(for: .v4))
  }

  public static func updateExternal(_ agentKey: String, _ update: OrqExternalUpdate) -> OrqCall {
    OrqCall(OrqRoute(.updateAgent, agentKey: agentKey), .v4, body: update.encoded(for: .v4))
  }

  /// From 4.5 to 4.10.
  public static func refreshCard(_ agentKey: String) -> OrqCall {
    OrqCall(OrqRoute(.refreshCard, agentKey: agentKey), .v4)
  }

  public static func removeExternal(_ agentKey: String) -> OrqCall {
    OrqCall(OrqRoute(.deleteAgent, agentKey: agentKey), .v4)
  }
}
