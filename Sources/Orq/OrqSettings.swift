public import JSON

/// How long an agent may work, and with which tools (contract §3.1, §7). What is not said is left to the other side.
public struct OrqSettings: OrqValue {
  public enum ToolApproval: String, Sendable, CaseIterable {
    case all
    case respectTool = "respect_tool"
    case none
  }

  public var iterationsMax: Int?
  public var executionSecondsMax: Int?
  public var toolApproval: ToolApproval?
  public var tools: [OrqTool]
  /// From 4.x on.
  public var costMax: JSONNumber?
  /// Arrays of objects.
  public var evaluators: JSONFragment?
  public var guardrails: JSONFragment?

  public init(
    iterationsMax: Int? = nil, executionSecondsMax: Int? = nil, toolApproval: ToolApproval? = nil,
    tools: [OrqTool] = [], costMax: JSONNumber? = nil, evaluators: JSONFragment? = nil, guardrails: JSONFragment? = nil
  ) {
    self.iterationsMax = iterationsMax
    self.executionSecondsMax = executionSecondsMax
    self.toolApproval = toolApproval
    self.tools = tools
    self.costMax = costMax
    self.evaluators = evaluators
    self.guardrails = guardrails
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      iterationsMax: reader.int(node, "max_iterations"), executionSecondsMax: reader.int(node, "max_execution_time"),
      toolApproval: reader.name(node, "tool_approval_required", ToolApproval.self),
      tools: reader.values(node, "tools", OrqTool.self) ?? [], costMax: reader.number(node, "max_cost"),
      evaluators: reader.array(node, "evaluators"), guardrails: reader.array(node, "guardrails"))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.optional("max_iterations", iterationsMax)
    json.optional("max_execution_time", executionSecondsMax)
    json.optional("tool_approval_required", toolApproval?.rawValue)
    json.optional("max_cost", costMax)
    json.member("tools", tools)
    json.optional("evaluators", evaluators)
    json.optional("guardrails", guardrails)
    json.endObject()
  }
}

/// A tool of an agent, as manifests and reviews name it.
public struct OrqTool: OrqValue {
  /// A ULID; the SDKs check its form.
  public var id: String
  /// Such as `current_date`; not a closed set.
  public var actionType: String
  public var key: String?
  public var displayName: JSONString?
  public var description: JSONString?
  public var requiresApproval: Bool

  public init(
    id: String, actionType: String, key: String? = nil, displayName: JSONString? = nil,
    description: JSONString? = nil, requiresApproval: Bool = false
  ) {
    self.id = id
    self.actionType = actionType
    self.key = key
    self.displayName = displayName
    self.description = description
    self.requiresApproval = requiresApproval
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.requiredString(node, "id"), actionType: reader.requiredString(node, "action_type"),
      key: reader.string(node, "key"), displayName: reader.text(node, "display_name"),
      description: reader.text(node, "description"), requiresApproval: reader.bool(node, "requires_approval") ?? false)
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("action_type", actionType)
    json.optional("key", key)
    json.optional("display_name", displayName)
    json.optional("description", description)
    json.member("requires_approval", requiresApproval)
    json.endObject()
  }
}
