public import JSON

extension OrqAgentEvent {
  /// A task has begun, or goes on.
  public struct ExecutionStarted: EventPayload {
    static let type: StaticString = "agents.execution_started"

    /// By which the task is continued and looked up.
    public var taskID: String
    public var workspaceID: String
    public var traceID: String
    /// Only in 2025, as is ``agentKey``.
    public var manifestID: String?
    public var agentKey: String?

    public init(
      taskID: String, workspaceID: String = "", traceID: String = "", manifestID: String? = nil, agentKey: String? = nil
    ) {
      self.taskID = taskID
      self.workspaceID = workspaceID
      self.traceID = traceID
      self.manifestID = manifestID
      self.agentKey = agentKey
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      taskID = reader.identifier(data, "agent_task_id")
      workspaceID = reader.drifting(data, "workspace_id")
      traceID = reader.drifting(data, "trace_id")
      manifestID = reader.string(data, "agent_manifest_id")
      agentKey = reader.string(data, "agent_key")
    }

    func members(into json: inout JSONWriter) {
      json.member("agent_task_id", taskID)
      json.member("workspace_id", workspaceID)
      json.member("trace_id", traceID)
      json.optional("agent_manifest_id", manifestID)
      json.optional("agent_key", agentKey)
    }
  }

  /// The agent has begun to work. Shows what the operator told it: nothing for callers.
  public struct Started: EventPayload {
    static let type: StaticString = "event.agents.started"

    public var inputMessage: OrqMessage
    public var modelID: String
    public var instructions: JSONString
    public var systemPrompt: JSONString
    public var manifestID: String
    public var agentKey: String
    public var workflowRunID: String
    /// An object.
    public var settings: JSONFragment?
    public var agentDescription: JSONString?
    /// An object.
    public var variables: JSONFragment?
    public var isContinuation: Bool?
    public var stream: Bool?
    public var responseID: String?

    public init(
      inputMessage: OrqMessage, modelID: String, instructions: JSONString, systemPrompt: JSONString, manifestID: String,
      agentKey: String, workflowRunID: String = "", settings: JSONFragment? = nil, agentDescription: JSONString? = nil,
      variables: JSONFragment? = nil, isContinuation: Bool? = nil, stream: Bool? = nil, responseID: String? = nil
    ) {
      self.inputMessage = inputMessage
      self.modelID = modelID
      self.instructions = instructions
      self.systemPrompt = systemPrompt
      self.manifestID = manifestID
      self.agentKey = agentKey
      self.workflowRunID = workflowRunID
      self.settings = settings
      self.agentDescription = agentDescription
      self.variables = variables
      self.isContinuation = isContinuation
      self.stream = stream
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      inputMessage = reader.value(data, "inputMessage", filler: .filler)
      modelID = reader.requiredString(data, "modelId")
      instructions = reader.requiredText(data, "instructions")
      systemPrompt = reader.requiredText(data, "system_prompt")
      manifestID = reader.requiredString(data, "agent_manifest_id")
      agentKey = reader.requiredString(data, "agent_key")
      workflowRunID = reader.drifting(data, "workflowRunId")
      settings = reader.object(data, "settings")
      agentDescription = reader.text(data, "agent_description")
      variables = reader.object(data, "variables")
      isContinuation = reader.bool(data, "is_continuation")
      stream = reader.bool(data, "stream")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("inputMessage", inputMessage)
      json.member("modelId", modelID)
      json.member("instructions", instructions)
      json.member("system_prompt", systemPrompt)
      json.member("agent_manifest_id", manifestID)
      json.member("agent_key", agentKey)
      json.member("workflowRunId", workflowRunID)
      json.optional("settings", settings)
      json.optional("agent_description", agentDescription)
      json.optional("variables", variables)
      json.optional("is_continuation", isContinuation)
      json.optional("stream", stream)
      json.optional("responseId", responseID)
    }
  }

  /// The agent has stopped: it is done, or waits for the results of pending calls.
  public struct Inactive: EventPayload {
    static let type: StaticString = "event.agents.inactive"

    /// The text of the answer.
    public var lastMessage: JSONString
    public var finishReason: OrqFinishReason
    public var workflowRunID: String
    /// The whole answer, where the server says it.
    public var lastMessageFull: OrqMessage?
    public var pendingToolCalls: [OrqPendingToolCall]
    public var usage: OrqUsage?
    /// An object with `total_cost` and what it is made of.
    public var billing: JSONFragment?
    public var responseID: String?

    public init(
      lastMessage: JSONString, finishReason: OrqFinishReason, workflowRunID: String = "",
      lastMessageFull: OrqMessage? = nil, pendingToolCalls: [OrqPendingToolCall] = [], usage: OrqUsage? = nil,
      billing: JSONFragment? = nil, responseID: String? = nil
    ) {
      self.lastMessage = lastMessage
      self.finishReason = finishReason
      self.workflowRunID = workflowRunID
      self.lastMessageFull = lastMessageFull
      self.pendingToolCalls = pendingToolCalls
      self.usage = usage
      self.billing = billing
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      lastMessage = reader.requiredText(data, "last_message")
      finishReason = OrqFinishReason(reader.requiredString(data, "finish_reason"))
      workflowRunID = reader.drifting(data, "workflowRunId")
      lastMessageFull = reader.value(data, "last_message_full", OrqMessage.self)
      pendingToolCalls = reader.values(data, "pending_tool_calls", OrqPendingToolCall.self) ?? []
      usage = reader.value(data, "usage", OrqUsage.self)
      billing = reader.object(data, "billing")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("last_message", lastMessage)
      json.member("finish_reason", finishReason.name)
      json.member("workflowRunId", workflowRunID)
      json.optional("last_message_full", lastMessageFull)
      if !pendingToolCalls.isEmpty { json.member("pending_tool_calls", pendingToolCalls) }
      json.optional("usage", usage)
      json.optional("billing", billing)
      json.optional("responseId", responseID)
    }
  }

  /// The agent has failed.
  public struct Errored: EventPayload {
    static let type: StaticString = "event.agents.errored"

    public var error: JSONString
    /// As in HTTP.
    public var code: Int
    public var workflowRunID: String
    public var responseID: String?

    public init(error: JSONString, code: Int, workflowRunID: String = "", responseID: String? = nil) {
      self.error = error
      self.code = code
      self.workflowRunID = workflowRunID
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      error = reader.requiredText(data, "error")
      code = reader.requiredInt(data, "code")
      workflowRunID = reader.drifting(data, "workflowRunId")
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("error", error)
      json.member("code", code)
      json.member("workflowRunId", workflowRunID)
      json.optional("responseId", responseID)
    }
  }

  /// The run has got a name for people.
  public struct ExecutionNamed: EventPayload {
    static let type: StaticString = "event.agents.execution_named"

    public var name: JSONString
    public var manifestID: String

    public init(name: JSONString, manifestID: String) {
      self.name = name
      self.manifestID = manifestID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      name = reader.requiredText(data, "name")
      manifestID = reader.requiredString(data, "agent_manifest_id")
    }

    func members(into json: inout JSONWriter) {
      json.member("name", name)
      json.member("agent_manifest_id", manifestID)
    }
  }

  /// Another agent of the team goes on.
  public struct HandedOff: EventPayload {
    static let type: StaticString = "event.agents.handed_off"

    public var agentID: String
    public var input: JSONString

    public init(agentID: String, input: JSONString) {
      self.agentID = agentID
      self.input = input
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      agentID = reader.requiredString(data, "agent_id")
      input = reader.requiredText(data, "input")
    }

    func members(into json: inout JSONWriter) {
      json.member("agent_id", agentID)
      json.member("input", input)
    }
  }

  /// The stream was held open for as long as was asked for.
  public struct Timeout: EventPayload {
    static let type: StaticString = "agents.timeout"

    public var message: JSONString

    public init(message: JSONString) {
      self.message = message
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      message = reader.requiredText(data, "message")
    }

    func members(into json: inout JSONWriter) {
      json.member("message", message)
    }
  }

  /// The stream has failed.
  public struct Failed: EventPayload {
    static let type: StaticString = "agents.error"

    public var error: JSONString
    /// A string, unlike that of ``Errored``.
    public var code: String

    public init(error: JSONString, code: String) {
      self.error = error
      self.code = code
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      error = reader.requiredText(data, "error")
      code = reader.requiredString(data, "code")
    }

    func members(into json: inout JSONWriter) {
      json.member("error", error)
      json.member("code", code)
    }
  }

  /// Somebody has to approve the run before it goes on.
  struct ExecutionReviewRequired: EventPayload {
    static let type: StaticString = "event.agents.execution_review_required"

    init(_ data: JSONNode, _ reader: inout OrqReader) {}

    func members(into json: inout JSONWriter) {}
  }

  /// Somebody has decided on the run.
  struct ExecutionReviewed: EventPayload {
    static let type: StaticString = "event.agents.execution_reviewed"

    init(_ data: JSONNode, _ reader: inout OrqReader) {}

    func members(into json: inout JSONWriter) {}
  }
}
