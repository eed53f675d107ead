import Bytes
import JSON
import Model

// Messages, artifacts, tasks and their updates, of all three dialects (A2A 1.0 §4.1 and §4.2).

extension FieldReader {
  // MARK: Message

  mutating func message(_ node: JSONNode) -> Message {
    checkKind(node, "message")
    let messageID = requiredString(node, "messageId", "message_id")
    let role = self.role(node)
    let parts = self.parts(node, dialect == .v03REST ? "content" : "parts")
    return Message(
      messageID: messageID, role: role, parts: parts, contextID: contextID(node),
      taskID: string(node, "taskId", "task_id"), metadata: metadata(node),
      extensions: strings(node, "extensions", max: A2ALimits.extensionsMax, bytesMax: A2ALimits.uriBytesMax),
      referenceTaskIDs: dialect == .v03REST
        ? [] : strings(node, "referenceTaskIds", "reference_task_ids", max: A2ALimits.referenceTaskIDsMax))
  }

  private mutating func role(_ node: JSONNode) -> Role {
    guard let place = place(in: node, "role") else {
      fail(at: "role", "Is required.")
      return .user
    }
    guard let role = Role(node[place], dialect) else {
      fail(at: "role", "Must be \(Role.user.wireName(dialect)) or \(Role.agent.wireName(dialect)).")
      return .user
    }
    return role
  }

  /// A context id that a caller chose goes into logs, headers of backends and page tokens: visible ASCII only.
  mutating func contextID(_ node: JSONNode) -> String? {
    guard author == .caller else { return string(node, "contextId", "context_id") }
    guard let id = string(node, "contextId", "context_id", bytesMax: .max) else { return nil }
    if let fault = FieldReader.faultOfContextID(id) { fail(at: "contextId", fault) }
    return id
  }

  static func faultOfContextID(_ id: String) -> String? {
    let fits = id.utf8.count <= A2ALimits.contextIDBytesMax && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    return fits ? nil : "Must be 1 to \(A2ALimits.contextIDBytesMax) visible ASCII characters."
  }

  /// 0.3 JSON-RPC marks objects by `kind`; where it is left out the place says what an object is.
  private mutating func checkKind(_ node: JSONNode, _ kind: StaticString) {
    guard dialect == .v03JSONRPC, let stated = place(in: node, "kind"), !node.equals(kind, at: stated) else { return }
    fail(at: "kind", "Must be \(kind).")
  }

  // MARK: Task

  mutating func task(_ node: JSONNode) -> AgentTask {
    checkKind(node, "task")
    let id = requiredString(node, "id")
    var status = TaskStatus(.unspecified)
    // A task without a status says nothing of its state, and neither do we (A2A 1.0 §4.1.2: unspecified).
    if let member = object(node, "status") {
      enter("status")
      status = self.status(member)
      leave()
    }
    return AgentTask(
      id: id, contextID: string(node, "contextId", "context_id") ?? "", status: status,
      artifacts: elements(node, "artifacts") { reader, node in reader.artifact(node) },
      history: elements(node, "history") { reader, node in reader.message(node) }, metadata: metadata(node))
  }

  mutating func status(_ node: JSONNode) -> TaskStatus {
    var status = TaskStatus(.unspecified)
    if let state = member(node, "state") {
      if let known = TaskState(state, dialect) {
        status.state = known
      } else {
        fail(at: "state", "Is no state of a task.")
      }
    }
    // The schema of 0.3 REST calls the field `update` but writes it as `message`.
    if let message = object(node, "message", dialect == .v03REST ? "update" : nil) {
      enter("message")
      status.message = self.message(message)
      leave()
    }
    if let timestamp = member(node, "timestamp") {
      status.timestamp = timestamp.string.flatMap { Timestamp($0) }
      if status.timestamp == nil { fail(at: "timestamp", "Must be a date and time of RFC 3339.") }
    }
    return status
  }

  mutating func artifact(_ node: JSONNode) -> Artifact {
    Artifact(
      artifactID: requiredString(node, "artifactId", "artifact_id"), name: text(node, "name"),
      description: text(node, "description"), parts: parts(node, "parts"), metadata: metadata(node),
      extensions: strings(node, "extensions", max: A2ALimits.extensionsMax, bytesMax: A2ALimits.uriBytesMax))
  }

  // MARK: Updates

  mutating func statusUpdate(_ node: JSONNode) -> TaskStatusUpdate {
    checkKind(node, "status-update")
    let taskID = requiredString(node, "taskId", "task_id")
    var status = TaskStatus(.unspecified)
    if let member = requiredObject(node, "status") {
      enter("status")
      status = self.status(member)
      leave()
    }
    return TaskStatusUpdate(
      taskID: taskID, contextID: string(node, "contextId", "context_id") ?? "", status: status,
      metadata: metadata(node))
  }

  mutating func artifactUpdate(_ node: JSONNode) -> TaskArtifactUpdate {
    checkKind(node, "artifact-update")
    let taskID = requiredString(node, "taskId", "task_id")
    var artifact = Artifact(artifactID: "", parts: [])
    if let member = requiredObject(node, "artifact") {
      enter("artifact")
      artifact = self.artifact(member)
      leave()
    }
    return TaskArtifactUpdate(
      taskID: taskID, contextID: string(node, "contextId", "context_id") ?? "", artifact: artifact,
      append: bool(node, "append") ?? false, lastChunk: bool(node, "lastChunk", "last_chunk") ?? false,
      metadata: metadata(node))
  }

  // MARK: Lists

  mutating func elements<Element>(
    _ parent: JSONNode, _ name: StaticString, _ read: (inout FieldReader, JSONNode) -> Element
  ) -> [Element] {
    guard let list = array(parent, name, max: .max) else { return [] }
    var result: [Element] = []
    result.reserveCapacity(list.count)
    enter(name)
    list.forEachElement { node in
      enter(index: result.count)
      if node.kind == .object { result.append(read(&self, node)) } else { fail("Must be an object.") }
      leave()
    }
    leave()
    return result
  }
}
