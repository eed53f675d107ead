import Bytes
public import JSON
public import Model

/// Writes objects of the model in one dialect, straight into a buffer: text and JSON keep the bytes they came with.
/// What the dialect cannot carry is left out and noted in ``losses``. Nothing that the dialect's schema lacks is ever
/// written, since the reference client of 0.3 REST refuses a whole answer for one unknown field.
public struct WireEncoder {
  public let dialect: Dialect
  /// What was left out or rewritten so far.
  public private(set) var losses: TranslationLosses = []

  public init(_ dialect: Dialect) { self.dialect = dialect }

  mutating func lose(_ loss: TranslationLosses) { losses.insert(loss) }

  // MARK: Message

  /// - Parameter isAnswer: whether the message stands for itself, and not in a task or a call.
  public mutating func message(_ message: Message, isAnswer: Bool = false, into json: inout JSONWriter) {
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "message") }
    json.member("messageId", message.messageID)
    if let contextID = message.contextID { json.member("contextId", contextID) }
    if let taskID = message.taskID { json.member("taskId", taskID) }
    json.member("role", message.role.wireName(dialect))
    if dialect == .v03REST { json.key("content") } else { json.key("parts") }
    parts(message.parts, into: &json)
    if let metadata = isAnswer ? noting(message.metadata) : message.metadata { json.member("metadata", metadata) }
    strings("extensions", message.extensions, into: &json)
    if dialect == .v03REST {
      if !message.referenceTaskIDs.isEmpty { lose(.referenceTaskIDs) }
    } else {
      strings("referenceTaskIds", message.referenceTaskIDs, into: &json)
    }
    json.endObject()
  }

  mutating func parts(_ parts: [Part], into json: inout JSONWriter) {
    json.beginArray()
    // By index, here and below: a loop over the elements themselves copies each.
    for index in parts.indices { part(parts[index], into: &json) }
    json.endArray()
  }

  // MARK: Task

  public mutating func task(_ task: AgentTask, into json: inout JSONWriter) {
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "task") }
    json.member("id", task.id)
    contextID(task.contextID, into: &json)
    json.key("status")
    status(task.status, into: &json)
    let artifacts = task.artifacts
    if !artifacts.isEmpty {
      json.beginArray("artifacts")
      for index in artifacts.indices { artifact(artifacts[index], into: &json) }
      json.endArray()
    }
    let history = task.history
    if !history.isEmpty {
      json.beginArray("history")
      for index in history.indices { message(history[index], into: &json) }
      json.endArray()
    }
    if notesLosses {
      if let metadata = noting(task.metadata) { json.member("metadata", metadata) }
    } else {
      task.writeMetadata("metadata", into: &json)
    }
    json.endObject()
  }

  public mutating func status(_ status: TaskStatus, into json: inout JSONWriter) {
    json.beginObject()
    // Also when unspecified: a reader must be able to tell "unknown" from "not said".
    json.member("state", status.state.wireName(dialect))
    if let message = status.message {
      json.key("message")
      self.message(message, into: &json)
    }
    if let timestamp = status.timestamp { json.member("timestamp", timestamp) }
    json.endObject()
  }

  public mutating func artifact(_ artifact: Artifact, into json: inout JSONWriter) {
    json.beginObject()
    json.member("artifactId", artifact.artifactID)
    if let name = artifact.name { json.member("name", name) }
    if let description = artifact.description { json.member("description", description) }
    json.key("parts")
    parts(artifact.parts, into: &json)
    if let metadata = artifact.metadata { json.member("metadata", metadata) }
    strings("extensions", artifact.extensions, into: &json)
    json.endObject()
  }

  /// 0.3 JSON-RPC requires a context id, even an empty one.
  func contextID(_ contextID: String, into json: inout JSONWriter) {
    if dialect == .v03JSONRPC || !contextID.isEmpty { json.member("contextId", contextID) }
  }

  // MARK: Updates

  /// - Parameter final: whether the stream ends with this event. Only 0.3 says so on the wire.
  public mutating func statusUpdate(_ update: TaskStatusUpdate, final: Bool, into json: inout JSONWriter) {
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "status-update") }
    json.member("taskId", update.taskID)
    contextID(update.contextID, into: &json)
    json.key("status")
    status(update.status, into: &json)
    switch dialect {
    case .v1: break
    case .v03JSONRPC: json.member("final", final)
    case .v03REST: if final { json.member("final", true) }
    }
    if let metadata = noting(update.metadata) { json.member("metadata", metadata) }
    json.endObject()
  }

  public mutating func artifactUpdate(_ update: TaskArtifactUpdate, into json: inout JSONWriter) {
    json.beginObject()
    if dialect == .v03JSONRPC { json.member("kind", "artifact-update") }
    json.member("taskId", update.taskID)
    contextID(update.contextID, into: &json)
    json.key("artifact")
    artifact(update.artifact, into: &json)
    if update.append { json.member("append", true) }
    if update.lastChunk { json.member("lastChunk", true) }
    if let metadata = noting(update.metadata) { json.member("metadata", metadata) }
    json.endObject()
  }

  /// One element of a stream: bare in 0.3 JSON-RPC, else wrapped under the name of its type (A2A 1.0 §4.2.3).
  public mutating func streamEvent(_ event: TaskEvent, final: Bool, into json: inout JSONWriter) {
    let wrapped = dialect != .v03JSONRPC
    if wrapped { json.beginObject() }
    switch event {
    case .task(let task):
      if wrapped { json.key("task") }
      self.task(task, into: &json)
    case .message(let message):
      if wrapped { json.key("message") }
      self.message(message, isAnswer: true, into: &json)
    case .status(let update):
      if wrapped { json.key("statusUpdate") }
      statusUpdate(update, final: final, into: &json)
    case .artifact(let update):
      if wrapped { json.key("artifactUpdate") }
      artifactUpdate(update, into: &json)
    }
    if wrapped { json.endObject() }
  }

  // MARK: Losses

  var notesLosses: Bool { dialect == .v03JSONRPC && !losses.isEmpty }

  /// Metadata of an answer, with the names of what the answer has lost on its way into the dialect. 1.0 loses nothing, and
  /// clients of 0.3 REST refuse what they do not know.
  func noting(_ metadata: JSONFragment?) -> JSONFragment? {
    guard notesLosses else { return metadata }
    var ours: JSONObject = [:]
    if let stated = metadata?.document.root[GatewayExtension.uri] {
      // Somebody else's: it stays as it is.
      guard case .object(let members) = stated.value else { return metadata }
      ours = members
    }
    let stated = ours["losses"]?.array ?? []
    ours["losses"] = .array(stated + losses.names.map { .string($0) }.filter { !stated.contains($0) })
    let (name, note) = (GatewayExtension.uri.description, JSONFragment(.object(ours)))
    return metadata?.setting(name, to: note) ?? .object(name, note)
  }

  // MARK: Lists

  /// The answer to ListTasks (1.0 only): all four members are always present.
  public mutating func page(_ page: TaskPage, into json: inout JSONWriter) {
    json.beginObject()
    json.beginArray("tasks")
    for task in page.tasks { self.task(task, into: &json) }
    json.endArray()
    json.member("nextPageToken", page.nextPageToken)
    json.member("pageSize", page.pageSize)
    json.member("totalSize", page.totalSize)
    json.endObject()
  }

  func strings(_ name: StaticString, _ values: [String], into json: inout JSONWriter) {
    guard !values.isEmpty else { return }
    json.key(name)
    json.beginArray()
    for value in values { json.string(value) }
    json.endArray()
  }
}
