public import JSON
public import Model

extension WireEncoder {
  /// The answer to SendMessage: the same as for ``AnsweredTask/task``, which would have to be made first.
  public mutating func sent(_ task: borrowing AnsweredTask, into json: inout JSONWriter) {
    let wrapped = dialect != .v03JSONRPC
    if wrapped {
      json.beginObject()
      json.key("task")
    }
    self.task(task, into: &json)
    if wrapped { json.endObject() }
  }

  private mutating func task(_ task: borrowing AnsweredTask, into json: inout JSONWriter) {
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "task") }
    json.member("id", task.id)
    contextID(task.contextID, into: &json)
    json.key("status")
    status(TaskStatus(.completed, timestamp: task.ended), into: &json)
    json.key("artifacts")
    json.beginArray()
    artifact(task.answer, into: &json)
    json.endArray()
    json.key("history")
    json.beginArray()
    message(task.message, into: &json)
    json.endArray()
    if notesLosses {
      if let metadata = noting(task.task.metadata) { json.member("metadata", metadata) }
    } else {
      task.writeMetadata("metadata", into: &json)
    }
    json.endObject()
  }

  private func artifact(_ answer: TurnAnswer, into json: inout JSONWriter) {
    json.beginObject()
    json.member("artifactId", answer.artifactID)
    json.key("parts")
    json.beginArray()
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "text") }
    json.member("text", answer.text)
    json.endObject()
    json.endArray()
    json.endObject()
  }
}
