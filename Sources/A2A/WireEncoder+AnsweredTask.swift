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
    json.beginObject("status")
    json.member("state", TaskState.completed.wireName(dialect))
    json.member("timestamp", task.ended)
    json.endObject()
    json.beginArray("artifacts")
    artifact(task.answer, into: &json)
    json.endArray()
    json.beginArray("history")
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
    json.beginArray("parts")
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "text") }
    json.member("text", answer.text)
    json.endObject()
    json.endArray()
    json.endObject()
  }
}
