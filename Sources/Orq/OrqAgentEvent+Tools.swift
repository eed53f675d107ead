public import JSON

extension OrqAgentEvent {
  /// The run rests until somebody has approved a tool.
  public struct ActionReviewRequested: EventPayload {
    static let type: StaticString = "event.agents.action_review_requested"

    public var agentID: String
    public var actionID: String
    public var requiresApproval: Bool
    public var tool: OrqTool
    /// An object.
    public var input: JSONFragment
    public var toolCallID: String
    public var responseID: String?

    public init(
      agentID: String, actionID: String, requiresApproval: Bool, tool: OrqTool, input: JSONFragment, toolCallID: String,
      responseID: String? = nil
    ) {
      self.agentID = agentID
      self.actionID = actionID
      self.requiresApproval = requiresApproval
      self.tool = tool
      self.input = input
      self.toolCallID = toolCallID
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      agentID = reader.requiredString(data, "agent_id")
      actionID = reader.requiredString(data, "action_id")
      requiresApproval = reader.requiredBool(data, "requires_approval")
      tool = reader.value(data, "tool", filler: OrqTool(id: "", actionType: ""))
      input = reader.requiredObject(data, "input")
      toolCallID = reader.requiredString(data, "agent_tool_call_id")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("agent_id", agentID)
      json.member("action_id", actionID)
      json.member("requires_approval", requiresApproval)
      json.member("tool", tool)
      json.member("input", input)
      json.member("agent_tool_call_id", toolCallID)
      json.optional("responseId", responseID)
    }
  }

  /// Somebody has decided on a tool.
  public struct ActionReviewed: EventPayload {
    static let type: StaticString = "event.agents.action_reviewed"

    public var agentID: String
    public var actionID: String
    public var toolCallID: String
    public var review: OrqReview
    public var workflowRunID: String
    /// An object.
    public var mockOutput: JSONFragment?
    public var reviewSource: String?
    public var reviewedByID: String?

    public init(
      agentID: String, actionID: String, toolCallID: String, review: OrqReview, workflowRunID: String = "",
      mockOutput: JSONFragment? = nil, reviewSource: String? = nil, reviewedByID: String? = nil
    ) {
      self.agentID = agentID
      self.actionID = actionID
      self.toolCallID = toolCallID
      self.review = review
      self.workflowRunID = workflowRunID
      self.mockOutput = mockOutput
      self.reviewSource = reviewSource
      self.reviewedByID = reviewedByID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      agentID = reader.requiredString(data, "agent_id")
      actionID = reader.requiredString(data, "action_id")
      toolCallID = reader.requiredString(data, "agent_tool_call_id")
      review = reader.requiredName(data, "review", filler: .rejected)
      workflowRunID = reader.drifting(data, "workflowRunId")
      mockOutput = reader.object(data, "mock_output")
      reviewSource = reader.string(data, "review_source")
      reviewedByID = reader.string(data, "reviewed_by_id")
    }

    func members(into json: inout JSONWriter) {
      json.member("agent_id", agentID)
      json.member("action_id", actionID)
      json.member("agent_tool_call_id", toolCallID)
      json.member("review", review.rawValue)
      json.member("workflowRunId", workflowRunID)
      json.optional("mock_output", mockOutput)
      json.optional("review_source", reviewSource)
      json.optional("reviewed_by_id", reviewedByID)
    }
  }

  public struct ToolStarted: EventPayload {
    static let type: StaticString = "event.workflow_events.tool_execution_started"

    public var toolID: String
    public var actionType: String
    /// An object.
    public var arguments: JSONFragment
    public var context: ToolContext
    public var workflowRunID: String
    public var key: String?
    public var displayName: JSONString?
    public var description: JSONString?
    public var responseID: String?

    public init(
      toolID: String, actionType: String, arguments: JSONFragment, context: ToolContext, workflowRunID: String = "",
      key: String? = nil, displayName: JSONString? = nil, description: JSONString? = nil, responseID: String? = nil
    ) {
      self.toolID = toolID
      self.actionType = actionType
      self.arguments = arguments
      self.context = context
      self.workflowRunID = workflowRunID
      self.key = key
      self.displayName = displayName
      self.description = description
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      toolID = reader.requiredString(data, "tool_id")
      actionType = reader.requiredString(data, "action_type")
      arguments = reader.requiredObject(data, "tool_arguments")
      context = reader.value(data, "tool_execution_context", filler: .filler)
      workflowRunID = reader.drifting(data, "workflowRunId")
      key = reader.string(data, "tool_key")
      displayName = reader.text(data, "tool_display_name")
      description = reader.text(data, "tool_description")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("tool_id", toolID)
      json.member("action_type", actionType)
      json.member("tool_arguments", arguments)
      json.member("tool_execution_context", context)
      json.member("workflowRunId", workflowRunID)
      json.optional("tool_key", key)
      json.optional("tool_display_name", displayName)
      json.optional("tool_description", description)
      json.optional("responseId", responseID)
    }
  }

  public struct ToolFinished: EventPayload {
    static let type: StaticString = "event.workflow_events.tool_execution_finished"

    public var actionType: String
    public var context: ToolContext
    public var workflowRunID: String
    /// Any value.
    public var result: JSONFragment?
    public var responseID: String?

    public init(
      actionType: String, context: ToolContext, workflowRunID: String = "", result: JSONFragment? = nil,
      responseID: String? = nil
    ) {
      self.actionType = actionType
      self.context = context
      self.workflowRunID = workflowRunID
      self.result = result
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      actionType = reader.requiredString(data, "action_type")
      context = reader.value(data, "tool_execution_context", filler: .filler)
      workflowRunID = reader.drifting(data, "workflowRunId")
      result = reader.json(data, "result")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("action_type", actionType)
      json.member("tool_execution_context", context)
      json.member("workflowRunId", workflowRunID)
      json.optional("result", result)
      json.optional("responseId", responseID)
    }
  }

  public struct ToolFailed: EventPayload {
    static let type: StaticString = "event.workflow_events.tool_execution_failed"

    public var error: ToolError
    public var actionType: String
    public var context: ToolContext
    public var workflowRunID: String
    public var responseID: String?

    public init(
      error: ToolError, actionType: String, context: ToolContext, workflowRunID: String = "", responseID: String? = nil
    ) {
      self.error = error
      self.actionType = actionType
      self.context = context
      self.workflowRunID = workflowRunID
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      error = reader.value(data, "error", filler: ToolError(""))
      actionType = reader.requiredString(data, "action_type")
      context = reader.value(data, "tool_execution_context", filler: .filler)
      workflowRunID = reader.drifting(data, "workflowRunId")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("error", error)
      json.member("action_type", actionType)
      json.member("tool_execution_context", context)
      json.member("workflowRunId", workflowRunID)
      json.optional("responseId", responseID)
    }
  }

  /// Which task and agent a tool works for.
  public struct ToolContext: OrqValue {
    public var actionID: String
    public var toolCallID: String
    /// The task.
    public var agentExecutionID: String
    public var manifestID: String
    public var workspaceID: String

    public init(
      actionID: String, toolCallID: String, agentExecutionID: String, manifestID: String, workspaceID: String = ""
    ) {
      self.actionID = actionID
      self.toolCallID = toolCallID
      self.agentExecutionID = agentExecutionID
      self.manifestID = manifestID
      self.workspaceID = workspaceID
    }

    /// Stands in beside a fault.
    static let filler = ToolContext(actionID: "", toolCallID: "", agentExecutionID: "", manifestID: "")

    public init(_ node: JSONNode, _ reader: inout OrqReader) {
      self.init(
        actionID: reader.requiredString(node, "action_id"),
        toolCallID: reader.requiredString(node, "agent_tool_call_id"),
        agentExecutionID: reader.requiredString(node, "agent_execution_id"),
        manifestID: reader.requiredString(node, "agent_manifest_id"),
        workspaceID: reader.drifting(node, "workspace_id"))
    }

    public func write(into json: inout JSONWriter) {
      json.beginObject()
      json.member("action_id", actionID)
      json.member("agent_tool_call_id", toolCallID)
      json.member("agent_execution_id", agentExecutionID)
      json.member("agent_manifest_id", manifestID)
      json.member("workspace_id", workspaceID)
      // One of a closed set, of which only this is known.
      json.member("product", "agents")
      json.endObject()
    }
  }

  /// Why a tool failed.
  public struct ToolError: OrqValue {
    public var message: JSONString
    public var stack: JSONString?

    public init(_ message: JSONString, stack: JSONString? = nil) {
      self.message = message
      self.stack = stack
    }

    public init(_ node: JSONNode, _ reader: inout OrqReader) {
      self.init(reader.requiredText(node, "message"), stack: reader.text(node, "stack"))
    }

    public func write(into json: inout JSONWriter) {
      json.beginObject()
      json.member("message", message)
      json.optional("stack", stack)
      json.endObject()
    }
  }
}

/// What somebody decided on a tool that needs approval (contract §6.4).
public enum OrqReview: String, Sendable, CaseIterable {
  case approved
  case rejected
}
