internal import A2A
internal import Configuration
internal import JSON
internal import LocalRuntime
internal import Model

/// From a card file to the agent that callers see: generate from the backend → merge the file → keep only what the
/// gateway really carries → add interfaces and security of each listener.
struct CardPipeline {
  /// The merged card of an agent, without interfaces and security, which belong to the listener.
  ///
  /// - Parameter origin: the agent's own card, where it has one. What it says of how to reach the agent, and its
  ///   signatures, are never published.
  func card(for file: CardFile, engine: EngineDescription, origin: AgentCard? = nil) -> AgentCard {
    var card = AgentCard(
      name: engine.name, description: engine.description, version: engine.version,
      capabilities: AgentCapabilities(streaming: engine.canStream), defaultInputModes: engine.inputModes,
      defaultOutputModes: engine.outputModes, skills: engine.skills)
    if let origin {
      card.provider = origin.provider
      card.documentationURL = origin.documentationURL
      card.iconURL = origin.iconURL
      card.capabilities.extensions = origin.capabilities.extensions
    }
    file.card.apply(to: &card)
    // What the gateway does not carry is not promised, whatever the file says.
    card.capabilities.streaming = engine.canStream && card.capabilities.streaming != false
    card.capabilities.pushNotifications = false
    card.capabilities.extendedAgentCard = false
    if card.skills.isEmpty {
      // A card needs at least one skill (A2A 1.0 §4.4.5): the agent itself.
      card.skills = [AgentSkill(id: file.key, name: card.name, description: card.description, tags: ["agent"])]
    }
    card.skills.removeAll { skill in !file.access.skills.contains { $0.matches(skill.id) } }
    return card
  }

  /// The card as one listener publishes it.
  func published(
    _ card: AgentCard, of file: CardFile, at listener: ListenerConfiguration, publicURL: String
  ) -> AgentCard {
    var card = card
    let url = "\(publicURL)/agents/\(file.key)"
    card.supportedInterfaces = ["1.0", "0.3"].flatMap { version in
      ["JSONRPC", "HTTP+JSON"].map { AgentInterface(url: url, protocolBinding: $0, protocolVersion: version) }
    }
    // A declared scheme is demanded of every request (A2A 1.0 §7.4), so a card that anyone may use declares none.
    let isForAnyone = listener.auth.anonymous && file.access.allows(principal: Principal.anonymousName)
    guard listener.auth.apiKeys, !isForAnyone else { return card }
    card.securitySchemes = [
      NamedSecurityScheme(
        name: "bearer", scheme: SecurityScheme(.http(scheme: "Bearer", bearerFormat: nil), description: "An API key.")),
      NamedSecurityScheme(
        name: "apiKey",
        scheme: SecurityScheme(.apiKey(location: "header", name: "X-API-Key"), description: "An API key.")),
    ]
    card.securityRequirements = ["bearer", "apiKey"].map { SecurityRequirement(schemes: [.init(name: $0)]) }
    return card
  }
}
