public import JSON

/// A task that was over as soon as there was one, since its agent had answered by then: what most tasks are. It is kept and
/// told as the ``task`` that it stands for, which would take half a dozen blocks of memory, each for one look.
public struct AnsweredTask: ~Copyable, Sendable {
  public let id: String
  public let contextID: String
  /// The caller's, in its place.
  public let message: Message
  public let answer: TurnAnswer
  public let created: Timestamp
  /// When it was completed.
  public var ended: Timestamp

  /// - Parameter time: when it was begun and completed.
  public init(_ turn: borrowing Turn, _ answer: consuming TurnAnswer, at time: Timestamp) {
    id = turn.taskID
    contextID = turn.contextID
    message = turn.message
    self.answer = answer
    created = time
    ended = time
  }

  public var task: AgentTask {
    AgentTask(
      id: id, contextID: contextID, status: TaskStatus(.completed, timestamp: ended), artifacts: [answer.artifact],
      history: [message], metadata: TaskMetadata(members: answer.metadata), created: created)
  }

  /// Writes the metadata as a member of this name.
  public func writeMetadata(_ name: StaticString, into json: inout JSONWriter) {
    json.beginObject(name)
    if let usage = answer.usage { json.member(TurnAnswer.usageName, usage) }
    json.member(TurnAnswer.finishReasonName, answer.finishReason)
    json.endObject()
  }
}
