public import JSON

/// The record of an execution, as `list_tasks` answers it: not a task of A2A (contract §3.10).
public struct OrqTaskRecord: OrqValue {
  /// By which tasks can be listed.
  public enum Status: String, Sendable, CaseIterable {
    case inactive
    case approvalRequired = "approval_required"
    case inProgress = "in_progress"
    case errored
  }

  /// The agent as it was when the task began.
  public struct Snapshot: Sendable, Equatable {
    public var id: String
    public var key: String
    public var role: JSONString
    public var description: JSONString
    public var instructions: JSONString
    public var modelID: String

    public init(
      id: String, key: String, role: JSONString, description: JSONString, instructions: JSONString, modelID: String
    ) {
      self.id = id
      self.key = key
      self.role = role
      self.description = description
      self.instructions = instructions
      self.modelID = modelID
    }
  }

  public struct State: Sendable, Equatable {
    public var waitingForApproval: Bool
    public var inactive: Bool
    /// Why the task failed, where it did.
    public var error: JSONString?

    public init(waitingForApproval: Bool, inactive: Bool, error: JSONString? = nil) {
      self.waitingForApproval = waitingForApproval
      self.inactive = inactive
      self.error = error
    }
  }

  public struct Metrics: Sendable, Equatable {
    public var inputCost = JSONNumber(0)
    public var outputCost = JSONNumber(0)
    public var totalCost = JSONNumber(0)
    public var promptTokens = 0
    public var completionTokens = 0
    public var totalTokens = 0

    public init() {}
  }

  /// The cursor of the list; also the task's id.
  public var id: String
  public var agent: Snapshot
  public var workspaceID: String
  public var state: State
  public var metrics: Metrics
  public var name: JSONString?
  /// ISO 8601, as is ``updated``.
  public var created: String?
  public var updated: String?
  /// An object.
  public var metadata: JSONFragment?

  public init(
    id: String, agent: Snapshot, workspaceID: String = "", state: State, metrics: Metrics = Metrics(),
    name: JSONString? = nil, created: String? = nil, updated: String? = nil, metadata: JSONFragment? = nil
  ) {
    self.id = id
    self.agent = agent
    self.workspaceID = workspaceID
    self.state = state
    self.metrics = metrics
    self.name = name
    self.created = created
    self.updated = updated
    self.metadata = metadata
  }

  public var status: Status {
    if state.error != nil { return .errored }
    if state.waitingForApproval { return .approvalRequired }
    return state.inactive ? .inactive : .inProgress
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.identifier(node, "_id"), agent: reader.value(node, "agent_manifest_snapshot", filler: .filler),
      workspaceID: reader.requiredString(node, "workspace_id"),
      state: reader.value(node, "state", filler: State(waitingForApproval: false, inactive: true)),
      metrics: reader.value(node, "metrics", filler: Metrics()), name: reader.text(node, "name"),
      created: reader.string(node, "created"), updated: reader.string(node, "updated"),
      metadata: reader.object(node, "metadata"))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("_id", id)
    json.member("agent_manifest_snapshot", agent)
    json.member("workspace_id", workspaceID)
    json.member("state", state)
    json.member("metrics", metrics)
    json.optional("name", name)
    json.optional("created", created)
    json.optional("updated", updated)
    json.optional("metadata", metadata)
    json.endObject()
  }
}

extension OrqTaskRecord.Snapshot: OrqValue {
  /// Stands in beside a fault.
  static let filler = Self(id: "", key: "", role: "", description: "", instructions: "", modelID: "")

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.requiredString(node, "_id"), key: reader.requiredString(node, "key"),
      role: reader.requiredText(node, "role"), description: reader.requiredText(node, "description"),
      instructions: reader.requiredText(node, "instructions"),
      modelID: reader.value(node, "model", filler: ModelReference(id: "")).id)
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("_id", id)
    json.member("key", key)
    json.member("role", role)
    json.member("description", description)
    json.member("instructions", instructions)
    json.member("model", ModelReference(id: modelID))
    json.endObject()
  }
}

extension OrqTaskRecord.State: OrqValue {
  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      waitingForApproval: reader.bool(node, "waiting_for_approval") ?? false,
      inactive: reader.bool(node, "inactive") ?? true, error: reader.text(node, "error"))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("waiting_for_approval", waitingForApproval)
    json.member("inactive", inactive)
    json.optional("error", error)
    json.endObject()
  }
}

extension OrqTaskRecord.Metrics: OrqValue {
  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init()
    inputCost = reader.requiredNumber(node, "input_cost")
    outputCost = reader.requiredNumber(node, "output_cost")
    totalCost = reader.requiredNumber(node, "total_cost")
    promptTokens = reader.requiredInt(node, "prompt_tokens")
    completionTokens = reader.requiredInt(node, "completion_tokens")
    totalTokens = reader.requiredInt(node, "total_tokens")
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("input_cost", inputCost)
    json.member("output_cost", outputCost)
    json.member("total_cost", totalCost)
    json.member("prompt_tokens", promptTokens)
    json.member("completion_tokens", completionTokens)
    json.member("total_tokens", totalTokens)
    json.endObject()
  }
}
