// What keeps an external agent in a workspace (contract §5).
extension OrqCall {
  /// The two families of operations.
  public enum ExternalFamily: Sendable, Equatable {
    /// Of 4.5 to 4.10: external agents among all others.
    case amongOthers
    /// Of 4.17: below `/v2/agents/external`.
    case ownPaths
  }

  public static func registerExternal(
    _ registration: OrqExternalRegistration, _ family: ExternalFamily = .amongOthers
  ) -> OrqCall {
    let operation = family == .amongOthers ? OrqOperation.registerExternal : .createExternal
    return OrqCall(OrqRoute(operation), .v4, body: registration.encoded(for: .v4))
  }

  public static func updateExternal(
    _ agentKey: String, _ update: OrqExternalUpdate, _ family: ExternalFamily = .amongOthers
  ) -> OrqCall {
    switch family {
    case .amongOthers:
      OrqCall(OrqRoute(.updateAgent, agentKey: agentKey), .v4, body: update.encoded(for: .v4))
    case .ownPaths:
      OrqCall(OrqRoute(.updateExternal, agentKey: agentKey), .v4, body: update.encodedForOwnPath())
    }
  }

  public static func refreshCard(_ agentKey: String, _ family: ExternalFamily = .amongOthers) -> OrqCall {
    let operation = family == .amongOthers ? OrqOperation.refreshCard : .refreshExternalCard
    return OrqCall(OrqRoute(operation, agentKey: agentKey), .v4)
  }

  public static func removeExternal(_ agentKey: String, _ family: ExternalFamily = .amongOthers) -> OrqCall {
    let operation = family == .amongOthers ? OrqOperation.deleteAgent : .deleteExternal
    return OrqCall(OrqRoute(operation, agentKey: agentKey), .v4)
  }
}
