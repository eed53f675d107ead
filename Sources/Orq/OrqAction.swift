public import JSON

/// What an agent did or wants done with a tool, as `list_actions` and `retrieve_action` answer it (3.x, contract §3.12,
/// §3.13).
public struct OrqAction: OrqValue {
  public enum Review: String, Sendable, CaseIterable {
    case approved, rejected
  }

  public struct Tool: Sendable, Equatable {
    public var id: String
    public var displayName: JSONString
    public var requiresApproval: Bool

    public init(id: String, displayName: JSONString, requiresApproval: Bool = false) {
      self.id = id
      self.displayName = displayName
      self.requiresApproval = requiresApproval
    }
  }

  public struct State: Sendable, Equatable {
    /// nil as long as nobody has decided, or nobody has to.
    public var review: Review?
    public var executed: Bool
    public var error: JSONString?
    /// Objects.
    public var input: JSONFragment
    public var output: JSONFragment

    public init(
      review: Review? = nil, executed: Bool = false, error: JSONString? = nil,
      input: JSONFragment = JSONFragment(.object([:])), output: JSONFragment = JSONFragment(.object([:]))
    ) {
      self.review = review
      self.executed = executed
      self.error = error
      self.input = input
      self.output = output
    }
  }

  public var id: String
  public var toolCallID: String
  public var tool: Tool
  public var actionType: String
  /// ISO 8601, as are the others.
  public var created: String
  public var updated: String
  public var started: String?
  public var finished: String?
  public var agentID: String
  public var taskID: String
  public var workspaceID: String
  public var state: State

  public init(
    id: String, toolCallID: String, tool: Tool, actionType: String, created: String, updated: String,
    started: String? = nil, finished: String? = nil, agentID: String, taskID: String, workspaceID: String,
    state: State
  ) {
    self.id = id
    self.toolCallID = toolCallID
    self.tool = tool
    self.actionType = actionType
    self.created = created
    self.updated = updated
    self.started = started
    self.finished = finished
    self.agentID = agentID
    self.taskID = taskID
    self.workspaceID = workspaceID
    self.state = state
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.identifier(node, "_id"), toolCallID: reader.requiredString(node, "agent_tool_call_id"),
      tool: reader.value(node, "tool", filler: Tool(id: "", displayName: "")),
      actionType: reader.requiredString(node, "action_type"), created: reader.requiredString(node, "created"),
      updated: reader.requiredString(node, "updated"), started: reader.string(node, "started"),
      finished: reader.string(node, "finished"), agentID: reader.requiredString(node, "agent_id"),
      taskID: reader.requiredString(node, "agent_execution_id"), workspaceID: reader.drifting(node, "workspace_id"),
      state: reader.value(node, "state", filler: State()))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("_id", id)
    json.member("agent_tool_call_id", toolCallID)
    json.member("tool", tool)
    json.member("created", created)
    json.member("updated", updated)
    json.optional("started", started)
    json.optional("finished", finished)
    json.member("agent_id", agentID)
    json.member("action_type", actionType)
    json.member("agent_execution_id", taskID)
    json.member("workspace_id", workspaceID)
    json.member("state", state)
    json.endObject()
  }
}

extension OrqAction.Tool: OrqValue {
  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.requiredString(node, "id"), displayName: reader.requiredText(node, "display_name"),
      requiresApproval: reader.bool(node, "requires_approval") ?? false)
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("display_name", displayName)
    json.member("requires_approval", requiresApproval)
    json.endObject()
  }
}

extension OrqAction.State: OrqValue {
  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      review: reader.name(node, "review", OrqAction.Review.self), executed: reader.bool(node, "executed") ?? false,
      error: reader.text(node, "error"), input: reader.requiredObject(node, "input"),
      output: reader.requiredObject(node, "output"))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.key("review")
    if let review { json.string(review.rawValue) } else { json.null() }
    json.member("executed", executed)
    json.optional("error", error)
    json.member("input", input)
    json.member("output", output)
    json.endObject()
  }
}
