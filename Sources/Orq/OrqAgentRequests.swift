public import JSON

/// The body of `create` (contract §3.1): an agent as `run` defines it, and what only `create` says.
public struct OrqCreateRequest: OrqRequestBody {
  public enum Source: String, Sendable, CaseIterable {
    case `internal`, external, experiment
  }

  public var agent: OrqAgentDefinition
  public var displayName: JSONString?
  /// An object: values of variables that a call does not say.
  public var variables: JSONFragment?
  public var engine: OrqTurn.Engine?
  public var source: Source?
  public var skills: [String]

  public init(
    agent: OrqAgentDefinition, displayName: JSONString? = nil, variables: JSONFragment? = nil,
    engine: OrqTurn.Engine? = nil, source: Source? = nil, skills: [String] = []
  ) {
    self.agent = agent
    self.displayName = displayName
    self.variables = variables
    self.engine = engine
    self.source = source
    self.skills = skills
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      agent: OrqAgentDefinition(node, &reader), displayName: reader.text(node, "display_name"),
      variables: reader.object(node, "variables"), engine: reader.name(node, "engine", OrqTurn.Engine.self),
      source: reader.name(node, "source", Source.self),
      skills: reader.strings(node, "skills", max: OrqLimits.skillsMax))
    if agent.description == nil { _ = reader.requiredText(node, "description") }
  }

  public func write(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.beginObject()
    agent.members(into: &json, for: generation)
    json.optional("display_name", displayName)
    json.optional("variables", variables)
    if generation == .v4 { json.optional("engine", engine?.rawValue) }
    json.optional("source", source?.rawValue)
    if !skills.isEmpty { json.member("skills", skills) }
    json.endObject()
  }
}

/// The body of `update` (contract §3.5): any members of an agent, and what kind of step the new version is.
public struct OrqUpdateRequest: OrqReadable {
  public enum Increment: String, Sendable, CaseIterable {
    case major, minor, patch
  }

  public static var author: OrqReader.Author { .caller }

  /// By the contract's names; null takes a member away. What the values are is checked with the agent as a whole.
  public var changes: JSONObject
  public var increment: Increment?
  public var description: String?

  public init(changes: JSONObject, increment: Increment? = nil, description: String? = nil) {
    self.changes = changes
    self.increment = increment
    self.description = description
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    // Of the contract's camelCase names these are the snake_case twins.
    self.init(
      changes: OrqAgentMembers.stated(in: node, OrqAgentMembers.ofCreate),
      increment: reader.name(node, "version_increment", Increment.self),
      description: reader.string(node, "version_description", bytesMax: 4 * OrqLimits.versionDescriptionMax))
    if let description, description.count > OrqLimits.versionDescriptionMax {
      reader.fail(
        at: "versionDescription", "Must not be longer than \(OrqLimits.versionDescriptionMax) characters.")
    }
  }

  public static func == (a: OrqUpdateRequest, b: OrqUpdateRequest) -> Bool {
    a.increment == b.increment && a.description == b.description && .object(a.changes) == JSONValue.object(b.changes)
  }
}

/// Members that define an agent, as they are kept: whole, also where nothing here reads them.
public enum OrqAgentMembers {
  /// What `run` can say of the agent.
  public static let ofRun: Set<String> = [
    "key", "model", "role", "instructions", "path", "settings", "description", "system_prompt", "fallback_models",
    "memory_stores", "knowledge_bases", "team_of_agents", "engine", "icon_url",
  ]
  /// What a turn of any call style can say, but for `engine`: that of a run is the agent's.
  public static let ofTurn: Set<String> = [
    "message", "task_id", "variables", "identity", "contact", "external_id", "thread", "context_id", "memory",
    "metadata", "stream_timeout_seconds",
  ]
  public static let ofCreate = ofRun.union(["display_name", "variables", "source", "skills", "project_id"])

  /// A member's name as the contract spells it, of whichever spelling it is.
  public static func name(_ spelled: String) -> String { OrqNameTwins.snakeCase(spelled) }

  /// The members of those names, spelled as in the contract, as are those of `settings`; the others are the call's own, or
  /// nothing that the API knows.
  public static func stated(in node: JSONNode, _ names: Set<String>) -> JSONObject {
    var result: JSONObject = [:]
    node.forEachMember { key, value in
      let name = OrqNameTwins.snakeCase(key.string)
      guard names.contains(name), result[name] == nil || key.string == name else { return }
      result[name] = name == "settings" ? .object(spelled(value)) : value.value
      if name == "settings", value.kind != .object { result[name] = value.value }
    }
    return result
  }

  private static func spelled(_ node: JSONNode) -> JSONObject {
    var result: JSONObject = [:]
    node.forEachMember { key, value in
      let name = OrqNameTwins.snakeCase(key.string)
      if result[name] == nil || key.string == name { result[name] = value.value }
    }
    return result
  }
}
