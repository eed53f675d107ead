internal import Bytes
internal import Configuration
internal import Crypto
internal import JSON
internal import Model
internal import Orq

/// Names that Orq's shapes ask for and this gateway makes up: always the same ones.
enum OrqNames {
  static let workspaceID = "a2a-gateway"
  static let projectID = "a2a-gateway"
  static let path = "Default"

  /// Who answers is nobody's business: the agent stands for its model.
  static func model(agent key: String) -> String { "agent/\(key)" }

  static func responseID(turn: String) -> String { "resp_\(turn)" }
}

extension OrqManifest {
  /// An agent as this caller may see it. What an operator has told an agent, and what runs it, only operators see.
  init(_ agent: ExposedAgent, for principal: Principal?) {
    self.init(card: agent)
    if agent.record is ExternalRecord { tell(OrqExternalView(agent, principal)) }
    if let record = agent.record as? RuntimeAgentRecord, let backend = agent.backend as? RuntimeBackend {
      tell(record, backend.definition, isOperator: principal?.roles.contains(.operator) == true)
    }
  }

  /// Of an agent elsewhere (contract §5.5).
  private mutating func tell(_ view: OrqExternalView) {
    kind = .a2a
    displayName = JSONString(view.displayName)
    description = JSONString(view.details)
    path = JSONString(view.record.path)
    external = view.manifestPart
    created = Timestamp(milliseconds: view.record.createdAt).text
    updated = Timestamp(milliseconds: view.record.updatedAt).text
  }

  /// Of an agent that a call defined.
  private mutating func tell(_ record: RuntimeAgentRecord, _ definition: RuntimeDefinition, isOperator: Bool) {
    id = record.id
    created = record.created.text
    updated = record.current.created.text
    // What was live and has been replaced.
    if record.isReplaced { status = "published" }
    role = definition.agent.role
    path = definition.agent.path
    if isOperator { tellAll(definition, record) }
  }

  /// An agent as its card tells it: no instructions, no models, no tools.
  private init(card agent: ExposedAgent) {
    let card = agent.card
    self.init(
      id: agent.key, key: agent.key, displayName: JSONString(card.name), description: JSONString(card.description),
      role: OrqManifest.role(of: card), path: JSONString(OrqNames.path), modelID: OrqNames.model(agent: agent.key),
      projectID: OrqNames.projectID, workspaceID: OrqNames.workspaceID, version: card.version,
      skills: card.skills.map(\.id))
  }

  private mutating func tellAll(_ definition: RuntimeDefinition, _ record: RuntimeAgentRecord) {
    let (profile, agent) = (definition.profile, definition.agent)
    instructions = agent.instructions
    systemPrompt = agent.systemPrompt
    modelID = agent.model.id
    modelDetails = ModelDetails(
      parameters: agent.model.parameters, retry: agent.model.retry, fallbackModels: agent.fallbackModels)
    settings = OrqSettings(definition.settings, of: record)
    memoryStores = agent.memoryStores
    knowledgeBases = agent.knowledgeBases
    teamOfAgents = agent.teamOfAgents
    skills = profile.skills
    variables = profile.variables
    engine = profile.engine ?? .text
    source = profile.source ?? .internal
    createdByID = record.author
    updatedByID = record.current.author
  }

  /// Never empty: the SDKs refuse that.
  fileprivate static func role(of card: AgentCard) -> JSONString {
    JSONString(card.name.isEmpty ? "Agent" : card.name)
  }
}

extension OrqSettings {
  /// As manifests have them: each tool with an id, always the same for the same place.
  fileprivate init(_ settings: OrqDefinedSettings, of record: RuntimeAgentRecord) {
    let tools = settings.tools.enumerated().map { index, tool in
      let name = tool.function?.name ?? tool.key ?? tool.type
      let digest = SHA256.hash(Array("\(record.id) \(index) \(name)".utf8))
      func word(_ start: Int) -> UInt64 { digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
      return OrqTool(
        id: ULID.text(milliseconds: record.created.milliseconds, entropy: (word(0), word(8))),
        actionType: tool.type, key: tool.key ?? tool.function?.name,
        displayName: tool.displayName ?? JSONString(name),
        description: tool.description ?? tool.function?.description, requiresApproval: tool.requiresApproval)
    }
    self.init(
      iterationsMax: settings.iterationsMax, executionSecondsMax: settings.executionSecondsMax,
      toolApproval: settings.toolApproval, tools: tools, costMax: settings.costMax, evaluators: settings.evaluators,
      guardrails: settings.guardrails)
  }
}

extension OrqTaskRecord.Snapshot {
  init(_ agent: ExposedAgent) {
    self.init(
      id: agent.key, key: agent.key, role: OrqManifest.role(of: agent.card),
      description: JSONString(agent.card.description), instructions: "", modelID: OrqNames.model(agent: agent.key))
  }
}
