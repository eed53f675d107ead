public import JSON

/// An agent as `retrieve` and `list` answer it (contract §7). What is written has every member that some release of the
/// SDKs requires.
///
/// ``instructions`` and ``systemPrompt`` are the operator's own: no card may show them.
public struct OrqManifest: OrqValue {
  public enum Kind: String, Sendable, CaseIterable {
    case `internal`
    /// An external A2A agent.
    case a2a
  }

  /// The cursor of lists.
  public var id: String
  public var key: String
  /// `live`, `draft`, `pending` or `published`.
  public var status: String
  /// A name for people; empty where there is none.
  public var displayName: JSONString
  public var description: JSONString
  /// Not empty in what is written: the SDKs refuse it.
  public var role: JSONString
  public var instructions: JSONString
  public var path: JSONString
  /// What Orq calls the model inside, or `provider/model`.
  public var modelID: String
  /// How the model is asked, and which ones take its place where it fails.
  public var modelDetails = ModelDetails()
  /// Empty where the release has none, as is ``workspaceID``.
  public var projectID: String
  public var workspaceID: String
  /// Semantic; of older releases a hash; empty where neither is said.
  public var version: String
  public var kind: Kind
  public var systemPrompt: JSONString?
  public var settings: OrqSettings
  public var memoryStores: [String]
  public var knowledgeBases: [String]
  public var teamOfAgents: [OrqTeamMember]
  public var skills: [String]
  /// Of an external agent.
  public var external: OrqExternalAgent?
  /// ISO 8601, as is ``updated``.
  public var created: String?
  public var updated: String?
  public var createdByID: String?
  public var updatedByID: String?
  /// An object.
  public var variables: JSONFragment?
  public var engine: OrqTurn.Engine?
  public var source: OrqCreateRequest.Source?

  /// What is said of an agent's model beside its name.
  public struct ModelDetails: Sendable, Equatable {
    /// Objects.
    public var parameters: JSONFragment?
    public var retry: JSONFragment?
    public var fallbackModels: [OrqModel]

    public init(parameters: JSONFragment? = nil, retry: JSONFragment? = nil, fallbackModels: [OrqModel] = []) {
      self.parameters = parameters
      self.retry = retry
      self.fallbackModels = fallbackModels
    }
  }

  public init(
    id: String, key: String, status: String = "live", displayName: JSONString = "", description: JSONString = "",
    role: JSONString, instructions: JSONString = "", path: JSONString = "", modelID: String = "",
    projectID: String = "", workspaceID: String = "", version: String = "", kind: Kind = .internal,
    systemPrompt: JSONString? = nil, settings: OrqSettings = OrqSettings(), memoryStores: [String] = [],
    knowledgeBases: [String] = [], teamOfAgents: [OrqTeamMember] = [], skills: [String] = [],
    external: OrqExternalAgent? = nil, created: String? = nil, updated: String? = nil
  ) {
    self.id = id
    self.key = key
    self.status = status
    self.displayName = displayName
    self.description = description
    self.role = role
    self.instructions = instructions
    self.path = path
    self.modelID = modelID
    self.projectID = projectID
    self.workspaceID = workspaceID
    self.version = version
    self.kind = kind
    self.systemPrompt = systemPrompt
    self.settings = settings
    self.memoryStores = memoryStores
    self.knowledgeBases = knowledgeBases
    self.teamOfAgents = teamOfAgents
    self.skills = skills
    self.external = external
    self.created = created
    self.updated = updated
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.identifier(node, "_id"), key: reader.identifier(node, "key"),
      status: reader.requiredString(node, "status"), displayName: reader.text(node, "display_name") ?? "",
      description: reader.requiredText(node, "description"), role: reader.requiredText(node, "role"),
      instructions: reader.requiredText(node, "instructions"), path: reader.requiredText(node, "path"),
      projectID: reader.drifting(node, "project_id"), workspaceID: reader.drifting(node, "workspace_id"),
      version: reader.string(node, "version") ?? reader.drifting(node, "version_hash"),
      // A kind that is new to us is nothing that A2A is spoken with.
      kind: reader.string(node, "type").flatMap { Kind(rawValue: $0) } ?? .internal,
      systemPrompt: reader.text(node, "system_prompt"),
      settings: reader.value(node, "settings", OrqSettings.self) ?? OrqSettings(),
      memoryStores: reader.strings(node, "memory_stores"), knowledgeBases: reader.knowledgeBases(node),
      teamOfAgents: reader.values(node, "team_of_agents", OrqTeamMember.self) ?? [],
      skills: reader.strings(node, "skills"), external: reader.value(node, "a2a", OrqExternalAgent.self),
      created: reader.string(node, "created"), updated: reader.string(node, "updated"))
    let model = reader.value(node, "model", filler: ModelReference(id: ""))
    modelID = model.id
    modelDetails = model.details
    createdByID = reader.string(node, "created_by_id")
    updatedByID = reader.string(node, "updated_by_id")
    variables = reader.object(node, "variables")
    // A way or a source that is new to us changes nothing here.
    engine = reader.string(node, "engine").flatMap { OrqTurn.Engine(rawValue: $0) }
    source = reader.string(node, "source").flatMap { OrqCreateRequest.Source(rawValue: $0) }
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("_id", id)
    json.member("key", key)
    json.member("display_name", displayName)
    json.member("workspace_id", workspaceID)
    json.member("project_id", projectID)
    json.member("status", status)
    json.member("type", kind.rawValue)
    json.member("path", path)
    json.member("role", role)
    json.member("description", description)
    json.member("instructions", instructions)
    json.optional("system_prompt", systemPrompt)
    json.member("model", ModelReference(id: modelID, details: modelDetails))
    json.member("settings", settings)
    json.member("version", version)
    // Its name in 3.x.
    json.member("version_hash", version)
    json.member("memory_stores", memoryStores)
    json.writeKnowledgeBases(knowledgeBases)
    json.member("team_of_agents", teamOfAgents)
    json.member("skills", skills)
    json.key("metrics")
    json.beginObject()
    json.member("total_cost", 0)
    json.endObject()
    json.optional("a2a", external)
    json.optional("variables", variables)
    json.optional("engine", engine?.rawValue)
    json.optional("source", source?.rawValue)
    json.optional("created_by_id", createdByID)
    json.optional("updated_by_id", updatedByID)
    json.optional("created", created)
    json.optional("updated", updated)
    json.endObject()
  }
}

/// The model of an agent as answers name it: an object with an id of Orq's own.
struct ModelReference: OrqValue {
  var id: String
  var details: OrqManifest.ModelDetails

  init(id: String, details: OrqManifest.ModelDetails = OrqManifest.ModelDetails()) {
    self.id = id
    self.details = details
  }

  init(_ node: JSONNode, _ reader: inout OrqReader) {
    id = reader.requiredString(node, "id")
    details = OrqManifest.ModelDetails(
      parameters: reader.object(node, "parameters"), retry: reader.object(node, "retry"),
      fallbackModels: reader.elements(node, "fallback_models", max: .max) { reader, node in
        OrqModel(node, &reader)
      } ?? [])
  }

  func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.optional("parameters", details.parameters)
    json.optional("retry", details.retry)
    if !details.fallbackModels.isEmpty {
      json.key("fallback_models")
      json.beginArray()
      for model in details.fallbackModels { model.write(into: &json, for: .v4) }
      json.endArray()
    }
    json.endObject()
  }
}

/// Where an external A2A agent is, and how it is reached (contract §5.5).
public struct OrqExternalAgent: OrqValue {
  public var agentURL: String
  public var cardURL: String?
  /// An object of objects with `value` and `encrypted`. Secrets: never part of a card.
  public var headers: JSONFragment?
  /// The agent's own card, of any version of A2A.
  public var cachedCard: JSONFragment?
  /// An object; secrets are masked. Of this gateway, as is the next: Orq has no such members.
  public var credentials: JSONFragment?
  /// An array: what came of asking the agent's interfaces.
  public var probes: JSONFragment?

  public init(
    agentURL: String, cardURL: String? = nil, headers: JSONFragment? = nil, cachedCard: JSONFragment? = nil,
    credentials: JSONFragment? = nil, probes: JSONFragment? = nil
  ) {
    self.agentURL = agentURL
    self.cardURL = cardURL
    self.headers = headers
    self.cachedCard = cachedCard
    self.credentials = credentials
    self.probes = probes
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      agentURL: reader.requiredString(node, "agent_url", bytesMax: OrqLimits.uriBytesMax),
      cardURL: reader.string(node, "card_url", bytesMax: OrqLimits.uriBytesMax),
      headers: reader.object(node, "headers"), cachedCard: reader.json(node, "cached_card"),
      credentials: reader.object(node, "credentials"), probes: reader.array(node, "probes"))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("agent_url", agentURL)
    json.optional("card_url", cardURL)
    json.optional("headers", headers)
    json.optional("cached_card", cachedCard)
    json.optional("credentials", credentials)
    json.optional("probes", probes)
    json.endObject()
  }
}
