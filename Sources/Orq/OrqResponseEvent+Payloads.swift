public import JSON

extension OrqResponseEvent {
  /// The agent works; always the first event.
  public struct Started: EventPayload {
    static let type: StaticString = "response.started"

    public var responseID: String
    /// By which the task is continued and looked up.
    public var taskID: String
    public var model: String
    public var workflowRunID: String
    public var userMessageID: String?
    public var assistantMessageID: String?
    public var telemetry: OrqTelemetry?

    public init(
      responseID: String, taskID: String, model: String, workflowRunID: String = "", userMessageID: String? = nil,
      assistantMessageID: String? = nil, telemetry: OrqTelemetry? = nil
    ) {
      self.responseID = responseID
      self.taskID = taskID
      self.model = model
      self.workflowRunID = workflowRunID
      self.userMessageID = userMessageID
      self.assistantMessageID = assistantMessageID
      self.telemetry = telemetry
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      responseID = reader.requiredString(data, "responseId")
      taskID = reader.identifier(data, "taskId")
      model = reader.requiredString(data, "model")
      workflowRunID = reader.drifting(data, "workflowRunId")
      userMessageID = reader.string(data, "userMessageId")
      assistantMessageID = reader.string(data, "assistantMessageId")
      telemetry = reader.value(data, "telemetry", OrqTelemetry.self)
    }

    func members(into json: inout JSONWriter) {
      json.member("responseId", responseID)
      json.member("taskId", taskID)
      json.member("model", model)
      json.member("workflowRunId", workflowRunID)
      json.optional("userMessageId", userMessageID)
      json.optional("assistantMessageId", assistantMessageID)
      json.optional("telemetry", telemetry)
    }
  }

  /// A piece of a part; pieces of one part are joined.
  public struct PartDelta: EventPayload {
    static let type: StaticString = "part.delta"

    /// The kind, an underscore and a ULID.
    public var partID: String
    public var delta: OrqPart

    public init(partID: String, delta: OrqPart) {
      self.partID = partID
      self.delta = delta
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      partID = reader.identifier(data, "partId")
      delta = reader.value(data, "delta", filler: .text(""))
    }

    func members(into json: inout JSONWriter) {
      json.member("partId", partID)
      json.member("delta", delta)
    }
  }

  /// A part is complete.
  public struct PartDone: EventPayload {
    static let type: StaticString = "part.done"

    public var partID: String
    /// The whole part.
    public var part: OrqPart

    public init(partID: String, part: OrqPart) {
      self.partID = partID
      self.part = part
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      partID = reader.identifier(data, "partId")
      part = reader.value(data, "part", filler: .text(""))
    }

    func members(into json: inout JSONWriter) {
      json.member("partId", partID)
      json.member("part", part)
    }
  }

  public struct ToolStarted: EventPayload {
    static let type: StaticString = "tool.started"

    public var toolID: String
    public var toolCallID: String
    /// An object.
    public var arguments: JSONFragment
    public var name: JSONString?

    public init(toolID: String, toolCallID: String, arguments: JSONFragment, name: JSONString? = nil) {
      self.toolID = toolID
      self.toolCallID = toolCallID
      self.arguments = arguments
      self.name = name
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      toolID = reader.requiredString(data, "toolId")
      toolCallID = reader.requiredString(data, "toolCallId")
      arguments = reader.requiredObject(data, "arguments")
      name = reader.text(data, "toolName")
    }

    func members(into json: inout JSONWriter) {
      json.member("toolId", toolID)
      json.member("toolCallId", toolCallID)
      json.member("arguments", arguments)
      json.optional("toolName", name)
    }
  }

  public struct ToolDone: EventPayload {
    static let type: StaticString = "tool.done"

    public var toolID: String
    public var toolCallID: String
    /// Any value.
    public var result: JSONFragment?

    public init(toolID: String, toolCallID: String, result: JSONFragment? = nil) {
      self.toolID = toolID
      self.toolCallID = toolCallID
      self.result = result
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      toolID = reader.requiredString(data, "toolId")
      toolCallID = reader.requiredString(data, "toolCallId")
      result = reader.json(data, "result")
    }

    func members(into json: inout JSONWriter) {
      json.member("toolId", toolID)
      json.member("toolCallId", toolCallID)
      json.optional("result", result)
    }
  }

  public struct ToolFailed: EventPayload {
    static let type: StaticString = "tool.failed"

    public var toolID: String
    public var toolCallID: String
    public var error: JSONString

    public init(toolID: String, toolCallID: String, error: JSONString) {
      self.toolID = toolID
      self.toolCallID = toolCallID
      self.error = error
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      toolID = reader.requiredString(data, "toolId")
      toolCallID = reader.requiredString(data, "toolCallId")
      error = reader.requiredText(data, "error")
    }

    func members(into json: inout JSONWriter) {
      json.member("toolId", toolID)
      json.member("toolCallId", toolCallID)
      json.member("error", error)
    }
  }

  /// The run rests until somebody has approved a tool.
  public struct ToolReviewRequested: EventPayload {
    static let type: StaticString = "tool.review.requested"

    public var toolID: String
    public var toolCallID: String
    public var name: JSONString?
    /// An object.
    public var arguments: JSONFragment
    public var requiresApproval: Bool

    public init(toolID: String, toolCallID: String, name: JSONString?, arguments: JSONFragment, requiresApproval: Bool)
    {
      self.toolID = toolID
      self.toolCallID = toolCallID
      self.name = name
      self.arguments = arguments
      self.requiresApproval = requiresApproval
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      toolID = reader.requiredString(data, "toolId")
      toolCallID = reader.requiredString(data, "toolCallId")
      name = reader.text(data, "toolName")
      arguments = reader.requiredObject(data, "arguments")
      requiresApproval = reader.requiredBool(data, "requiresApproval")
    }

    func members(into json: inout JSONWriter) {
      json.member("toolId", toolID)
      json.member("toolCallId", toolCallID)
      json.optional("toolName", name)
      json.member("arguments", arguments)
      json.member("requiresApproval", requiresApproval)
    }
  }

  /// Somebody has decided on a tool.
  public struct ToolReviewDone: EventPayload {
    static let type: StaticString = "tool.review.done"

    public var toolID: String
    public var toolCallID: String
    public var review: OrqReview

    public init(toolID: String, toolCallID: String, review: OrqReview) {
      self.toolID = toolID
      self.toolCallID = toolCallID
      self.review = review
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      toolID = reader.requiredString(data, "toolId")
      toolCallID = reader.requiredString(data, "toolCallId")
      review = reader.requiredName(data, "review", filler: .rejected)
    }

    func members(into json: inout JSONWriter) {
      json.member("toolId", toolID)
      json.member("toolCallId", toolCallID)
      json.member("review", review.rawValue)
    }
  }

  /// The agent has stopped: it is done, or waits for the results of pending calls.
  public struct Done: EventPayload {
    static let type: StaticString = "response.done"

    public var finishReason: OrqFinishReason
    public var usage: OrqUsage?
    public var pendingToolCalls: [OrqPendingToolCall]
    public var telemetry: OrqTelemetry?

    public init(
      finishReason: OrqFinishReason, usage: OrqUsage? = nil, pendingToolCalls: [OrqPendingToolCall] = [],
      telemetry: OrqTelemetry? = nil
    ) {
      self.finishReason = finishReason
      self.usage = usage
      self.pendingToolCalls = pendingToolCalls
      self.telemetry = telemetry
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      finishReason = OrqFinishReason(reader.requiredString(data, "finishReason"))
      usage = reader.value(data, "usage", OrqUsage.self)
      pendingToolCalls = reader.values(data, "pendingToolCalls", OrqPendingToolCall.self) ?? []
      telemetry = reader.value(data, "telemetry", OrqTelemetry.self)
    }

    func members(into json: inout JSONWriter) {
      json.member("finishReason", finishReason.name)
      json.optional("usage", usage)
      if !pendingToolCalls.isEmpty { json.member("pendingToolCalls", pendingToolCalls) }
      json.optional("telemetry", telemetry)
    }
  }

  /// The agent has failed.
  public struct Failed: EventPayload {
    static let type: StaticString = "response.failed"

    public var error: JSONString
    /// As in HTTP.
    public var code: Int

    public init(error: JSONString, code: Int) {
      self.error = error
      self.code = code
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      error = reader.requiredText(data, "error")
      code = reader.requiredInt(data, "code")
    }

    func members(into json: inout JSONWriter) {
      json.member("error", error)
      json.member("code", code)
    }
  }
}
