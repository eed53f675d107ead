internal import Configuration
internal import HTTP
internal import LocalRuntime
internal import Model
internal import Telemetry

/// Makes the agents that a configuration and its card files describe.
struct RegistryBuilder {
  let configuration: GatewayConfiguration
  /// By listener.
  let publicURLs: [String]
  let logger: Logger
  /// What this deployment calls itself towards others.
  var gatewayName = GatewayHops.name(deployment: "none")
  /// nil where the configuration names none.
  var workspace: OrqWorkspace?
  /// Signs cards; nil leaves them unsigned.
  var keys: GatewayKeys?

  /// - Parameter engines: by agent key, what answers in place of the engine that the card file names.
  func build(cards: [CardFile], engines: [String: any LocalEngine] = [:]) throws -> Registry {
    let agents = try cards.map { file in
      let limits = file.limits.applied(to: configuration.limits)
      let given = engines[file.key].map { LocalBackend(engine: $0) }
      return agent(file, backend: try given ?? backend(for: file, limits), limits)
    }
    return Registry(agents, defaultAgent: configuration.defaultAgent)
  }

  /// The agents with what an Orq workspace tells of them: those that card files name, and those that are exposed without
  /// one. Agents that have not changed stay what they are.
  ///
  /// - Parameters:
  ///   - current: what is served now.
  ///   - cards: the card files that it was built of.
  func agents(
    _ current: AgentCatalogue, cards: [CardFile], with agents: OrqAgents
  ) -> (files: [ExposedAgent], workspace: [ExposedAgent]) {
    let fromFiles = cards.compactMap { file -> ExposedAgent? in
      guard let now = current[file.key], case .orq(let agent) = file.backend, agent.call != .run,
        let description = agents.descriptions[agent.agentKey]
      else { return current[file.key] }
      return self.agent(file, agent, description, replacing: now)
    }
    let withoutFiles = agents.exposed.sorted().compactMap { key -> ExposedAgent? in
      guard let description = agents.descriptions[key] else { return nil }
      let agent = OrqAgentConfiguration(agentKey: key)
      let file = CardFile(file: RegistryBuilder.exposure, key: key, backend: .orq(agent))
      return self.agent(file, agent, description, replacing: current[key])
    }
    return (fromFiles, withoutFiles)
  }

  /// Stands for the file of agents that have none.
  private static let exposure = "orq.expose"

  private func agent(
    _ file: CardFile, _ agent: OrqAgentConfiguration, _ description: EngineDescription, replacing now: ExposedAgent?
  ) -> ExposedAgent? {
    guard let workspace, now?.backend.description != description else { return now }
    let limits = file.limits.applied(to: configuration.limits)
    let backend = orqBackend(workspace, agent, of: file, description, limits)
    return self.agent(file, backend: backend, limits, replacing: now)
  }

  /// - Parameters:
  ///   - record: of an agent that a call made; its card file is of our own making.
  ///   - earlier: what it takes the place of.
  func agent(
    _ file: CardFile, backend: any AgentBackend, _ limits: Limits, record: (any AgentRecord)? = nil,
    replacing earlier: ExposedAgent? = nil
  ) -> ExposedAgent {
    let pipeline = CardPipeline()
    let card = pipeline.card(for: file, engine: backend.description, origin: backend.origin)
    let signing = keys?.current
    let documents = zip(configuration.listeners, publicURLs).map { listener, url in
      CardDocuments(
        pipeline.published(card, of: file, at: listener, publicURL: url),
        signer: signing?.signer(publicURL: url))
    }
    if signing != nil, !documents.allSatisfy(\.isSigned) {
      logger.warning("the card cannot be signed: it holds what has no canonical form", ["agent": .string(file.key)])
    }
    return ExposedAgent(
      key: file.key, backend: backend, access: file.access, limits: limits, card: card, documents: documents,
      record: record, replacing: earlier)
  }

  private func backend(for file: CardFile, _ limits: Limits) throws -> any AgentBackend {
    switch file.backend {
    case .local(let engine): LocalBackend(engine: try self.engine(engine, of: file, limits))
    case .orq(let agent): try orqBackend(agent, of: file, limits)
    // Its card is fetched once the gateway runs.
    case .a2a(let agent): externalBackend(try externalAgent(file.key, agent, card: nil), of: file, limits)
    }
  }

  // MARK: Agents elsewhere

  /// An A2A agent elsewhere, ready to be called.
  ///
  /// - Parameters:
  ///   - card: the one in force; nil while it has not been read.
  ///   - check: which addresses may be called; nil where a card file states the agent.
  ///   - earlier: what it takes the place of.
  func externalAgent(
    _ key: String, _ configuration: ExternalAgentConfiguration, card: AgentCard?,
    check: ExternalNetwork.AddressCheck? = nil, replacing earlier: ExternalAgent? = nil
  ) throws -> ExternalAgent {
    try ExternalAgent(
      key: key, configuration: configuration, card: card, egress: self.configuration.egress, check: check,
      gatewayName: gatewayName, replacing: earlier)
  }

  /// Exposes an A2A agent elsewhere.
  ///
  /// - Parameters:
  ///   - file: its card file, or one of our own making where a call registered it.
  ///   - record: of an agent that a call registered.
  ///   - earlier: what it takes the place of.
  func agent(
    _ file: CardFile, external: ExternalAgent, record: (any AgentRecord)? = nil, replacing earlier: ExposedAgent? = nil
  ) -> ExposedAgent {
    let limits = file.limits.applied(to: configuration.limits)
    return agent(
      file, backend: externalBackend(external, of: file, limits), limits, record: record, replacing: earlier)
  }

  private func externalBackend(_ agent: ExternalAgent, of file: CardFile, _ limits: Limits) -> A2ABackend {
    A2ABackend(
      agent: agent, taskTime: limits.turns.taskTime, silence: limits.turns.silence,
      logger: logger.with(["agent": .string(file.key)]))
  }

  private func orqBackend(_ agent: OrqAgentConfiguration, of file: CardFile, _ limits: Limits) throws -> OrqBackend {
    guard let workspace else { throw StartError("\(file.file): the configuration has no \"orq\" to call") }
    let definition = agent.definition
    if agent.call == .run, definition == nil {
      throw StartError(
        "\(file.file): \"agent\" needs model, role, instructions, path and settings, as Orq's run call takes them")
    }
    let description =
      definition.map { OrqDescription.description($0) } ?? OrqDescription.placeholder(agent.agentKey)
    return orqBackend(workspace, agent, of: file, description, limits)
  }

  private func orqBackend(
    _ workspace: OrqWorkspace, _ agent: OrqAgentConfiguration, of file: CardFile, _ description: EngineDescription,
    _ limits: Limits
  ) -> OrqBackend {
    OrqBackend(
      workspace: workspace, agent: agent, defaults: file.orq, description: description,
      taskTime: limits.turns.taskTime, logger: logger.with(["agent": .string(file.key)]),
      isOfFile: file.file != RegistryBuilder.exposure)
  }

  private func engine(_ engine: LocalEngineConfiguration, of file: CardFile, _ limits: Limits) throws
    -> any LocalEngine
  {
    switch engine {
    case .echo: EchoEngine()
    case .clock: ClockEngine()
    case .command(let command):
      CommandEngine(
        name: file.key, program: try CommandEngine.Program(command), bounds: CommandEngine.Bounds(limits),
        logger: logger)
    case .openai(let server):
      ChatEngine(
        name: file.key, server: try ChatEngine.Server(server, of: file), bounds: UpstreamBounds(limits), logger: logger)
    case .http(let service):
      ServiceEngine(
        name: file.key, service: try ServiceEngine.Service(service, of: file), bounds: UpstreamBounds(limits),
        logger: logger)
    }
  }
}

extension ChatEngine.Server {
  /// Reads the key and the authorities.
  init(_ configuration: ChatServerConfiguration, of file: CardFile) throws {
    let url = configuration.url + "/chat/completions"
    guard let uri = URI(url), let model = configuration.model else {
      throw StartError("\(file.file): cannot call \(url)")
    }
    self.init(
      url: uri, model: model, key: try configuration.key.map { try TextOrSecret.secret($0).read() },
      system: configuration.system, parameters: configuration.parameters, tools: configuration.tools,
      tls: try TLSMaterial.clientContext(authorityFile: configuration.authorityFile))
  }
}

extension ServiceEngine.Service {
  /// Reads the secrets among the fields, and the authorities.
  init(_ configuration: ServiceConfiguration, of file: CardFile) throws {
    guard let url = URI(configuration.url) else { throw StartError("\(file.file): cannot call \(configuration.url)") }
    var fields = HTTPFields()
    for header in configuration.headers { fields.add(named: header.name, try header.value.read()) }
    self.init(
      url: url, fields: fields, settings: configuration.settings,
      tls: try TLSMaterial.clientContext(authorityFile: configuration.authorityFile))
  }
}

extension UpstreamBounds {
  init(_ limits: Limits) {
    self.init()
    answerBytesMax = limits.commands.outputBytesMax
    eventBytesMax = limits.commands.lineBytesMax
    silence = limits.turns.silence
  }
}

extension CommandEngine.Program {
  /// Reads the secrets among the variables.
  init(_ configuration: CommandConfiguration) throws(SecretError) {
    var environment: [String: String] = [:]
    for (name, variable) in configuration.environment { environment[name] = try variable.read() }
    self.init(
      command: configuration.command, folder: configuration.folder, environment: environment,
      settings: configuration.settings, input: configuration.input == .json ? .json : .text)
  }
}

extension CommandEngine.Bounds {
  init(_ limits: Limits) {
    self.init()
    outputBytesMax = limits.commands.outputBytesMax
    lineBytesMax = limits.commands.lineBytesMax
    memoryBytesMax = limits.commands.memoryBytesMax
    killGrace = limits.commands.killGrace
    time = limits.turns.taskTime
  }
}
