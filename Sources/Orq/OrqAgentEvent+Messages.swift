public import JSON

extension OrqAgentEvent {
  /// One step of the agent's work.
  public struct Thought: EventPayload {
    static let type: StaticString = "event.agents.thought"

    public var agentID: String
    public var messageDifference: [Difference]
    public var iteration: Int
    /// Milliseconds or seconds; the server does not say.
    public var accumulatedExecutionTime: JSONNumber
    /// What the model answered, as chat completions say it.
    public var choice: JSONFragment?
    public var choiceIndex: Int?
    public var usage: OrqUsage?
    public var responseID: String?

    public init(
      agentID: String, messageDifference: [Difference], iteration: Int, accumulatedExecutionTime: JSONNumber,
      choice: JSONFragment? = nil, choiceIndex: Int? = nil, usage: OrqUsage? = nil, responseID: String? = nil
    ) {
      self.agentID = agentID
      self.messageDifference = messageDifference
      self.iteration = iteration
      self.accumulatedExecutionTime = accumulatedExecutionTime
      self.choice = choice
      self.choiceIndex = choiceIndex
      self.usage = usage
      self.responseID = responseID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      agentID = reader.requiredString(data, "agent_id")
      messageDifference = reader.requiredMembers(data, "message_difference", Difference.Entry.self)
        .map { Difference(key: $0.name, entry: $0.value) }
      iteration = reader.requiredInt(data, "iteration")
      accumulatedExecutionTime = reader.requiredNumber(data, "accumulated_execution_time")
      choice = reader.object(data, "choice")
      choiceIndex = reader.int(data, "choiceIndex")
      usage = reader.value(data, "usage", OrqUsage.self)
      responseID = reader.string(data, "responseId")
    }

    func members(into json: inout JSONWriter) {
      json.member("agent_id", agentID)
      json.key("message_difference")
      json.beginObject()
      for difference in messageDifference { difference.member(into: &json) }
      json.endObject()
      json.member("iteration", iteration)
      json.member("accumulated_execution_time", accumulatedExecutionTime)
      json.optional("choice", choice)
      json.optional("choiceIndex", choiceIndex)
      json.optional("usage", usage)
      json.optional("responseId", responseID)
    }
  }

  /// Messages were added to the task.
  public struct MessageCreated: EventPayload {
    static let type: StaticString = "event.agents.message-created"

    /// Of the user or of tools.
    public var messages: [OrqMessage]
    public var workflowRunID: String
    public var spanID: String
    public var parentID: String

    public init(messages: [OrqMessage], workflowRunID: String = "", spanID: String = "", parentID: String = "") {
      self.messages = messages
      self.workflowRunID = workflowRunID
      self.spanID = spanID
      self.parentID = parentID
    }

    init(_ data: JSONNode, _ reader: inout OrqReader) {
      messages = reader.requiredValues(data, "message", OrqMessage.self)
      workflowRunID = reader.drifting(data, "workflowRunId")
      spanID = reader.drifting(data, "spanId")
      parentID = reader.drifting(data, "parentId")
    }

    func members(into json: inout JSONWriter) {
      json.member("message", messages)
      json.member("workflowRunId", workflowRunID)
      json.member("spanId", spanID)
      json.member("parentId", parentID)
    }
  }

  /// A message that a thought added to the task.
  public struct Difference: Sendable, Equatable {
    /// Each once in a thought.
    public var key: String
    private var entry: Entry

    public var message: OrqMessage { entry.message }
    public var agentID: String { entry.agentID }
    public var agentExecutionID: String { entry.agentExecutionID }
    public var workspaceID: String { entry.workspaceID }

    public init(
      key: String, message: OrqMessage, agentID: String, agentExecutionID: String, workspaceID: String = ""
    ) {
      self.key = key
      entry = Entry(
        message: message, agentID: agentID, agentExecutionID: agentExecutionID, workspaceID: workspaceID)
    }

    fileprivate init(key: String, entry: Entry) {
      self.key = key
      self.entry = entry
    }

    fileprivate func member(into json: inout JSONWriter) {
      json.key(string: key)
      json.value(entry)
    }

    /// What stands under the key.
    fileprivate struct Entry: OrqValue {
      var message: OrqMessage
      var agentID: String
      var agentExecutionID: String
      var workspaceID: String

      func write(into json: inout JSONWriter) {
        json.beginObject()
        message.members(into: &json)
        json.member("agent_id", agentID)
        json.member("agent_execution_id", agentExecutionID)
        json.member("workspace_id", workspaceID)
        json.endObject()
      }
    }
  }
}

extension OrqAgentEvent.Difference.Entry {
  init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      message: OrqMessage(node, &reader), agentID: reader.requiredString(node, "agent_id"),
      agentExecutionID: reader.requiredString(node, "agent_execution_id"),
      workspaceID: reader.drifting(node, "workspace_id"))
  }
}
