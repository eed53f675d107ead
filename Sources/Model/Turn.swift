public import JSON

/// One message of a caller, handed to a backend: everything an agent needs to answer it.
public struct Turn: Sendable {
  public var agentKey: String
  public var taskID: String
  public var contextID: String
  public var message: Message
  /// Opaque, stable name of the caller.
  public var principal: String
  /// Earlier messages of the context, oldest first, bounded by the gateway.
  public var history: [Message]
  /// True when this message answers an interrupted task.
  public var isContinuation: Bool
  public var metadata: JSONFragment?

  public init(
    agentKey: String, taskID: String, contextID: String, message: Message, principal: String, history: [Message] = [],
    isContinuation: Bool = false, metadata: JSONFragment? = nil
  ) {
    self.agentKey = agentKey
    self.taskID = taskID
    self.contextID = contextID
    self.message = message
    self.principal = principal
    self.history = history
    self.isContinuation = isContinuation
    self.metadata = metadata
  }
}

/// What a backend says during a turn. A terminal or interrupted status, or a direct message, ends the turn; a backend
/// sends nothing after that.
public enum TurnEvent: Sendable, Equatable {
  /// A change of state. The parts, if any, become the agent's message in the status.
  case status(TaskState, parts: [Part], metadata: JSONFragment?)
  case artifact(Artifact, append: Bool, lastChunk: Bool, metadata: JSONFragment?)
  /// A reply without a task; only as the first event of a turn.
  case reply(parts: [Part], metadata: JSONFragment?)
  /// One member of the task's metadata (usage, cost, finish reason); a later value of the same name replaces it.
  case taskMetadata(name: String, JSONFragment)

  /// A status without message or metadata.
  public static func status(_ state: TaskState) -> TurnEvent { .status(state, parts: [], metadata: nil) }

  /// A status with one text part.
  public static func status(_ state: TaskState, _ text: String) -> TurnEvent {
    .status(state, parts: [.text(text)], metadata: nil)
  }
}
