import Bytes
import JSON
import Model

// Messages, artifacts, tasks and their updates, of all three dialects (A2A 1.0 §4.1 and §4.2).

extension FieldReader {
  // MARK: Message

  mutating func message(_ node: JSONNode) -> Message {
    let before = violations.count
    let hasKind = checkKind(node, "message")
    let messageID = requiredString(node, "messageId", "message_id")
    let role = self.role(node)
    let parts = self.parts(node, dialect == .v03REST ? "content" : "parts")
    // Those are all its members, as of most messages that begin a conversation.
    if node.count == (hasKind ? 4 : 3), violations.count == before, !parts.isEmpty {
      return Message(messageID: messageID, role: role, parts: parts)
    }
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
    guard let role = Role(node, at: place, dialect) else {
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
  ///
  /// - Returns: whether there is one.
  @discardableResult
  private mutating func checkKind(_ node: JSONNode, _ kind: StaticString) -> Bool {
    guard dialect == .v03JSONRPC, let stated = place(in: node, "kind") else { return false }
    if !node.equals(kind, at: stated) { fail(at: "kind", "Must be \(kind).") }
    return true
  }

  // MARK: Task

  mutating func task(_ node: JSONNode) -> AgentTask {
    checkKind(node, "task")
    let id = requiredString(node, "id")
    var status = TaskStatus(.unspecified)
    // A task without a status says nothing of its state, and neither do we (A2A 1.0 §4.1.2: unspecified).
    if let member = object(node, "status") { status = within("status") { $0.status(member) } }
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
      status.message = within("message") { $0.message(message) }
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
    if let member = requiredObject(node, "status") { status = within("status") { $0.status(member) } }
    return TaskStatusUpdate(
      taskID: taskID, contextID: string(node, "contextId", "context_id") ?? "", status: status,
      metadata: metadata(node))
  }

  mutating func artifactUpdate(_ node: JSONNode) -> TaskArtifactUpdate {
    checkKind(node, "artifact-update")
    let taskID = requiredString(node, "taskId", "task_id")
    var artifact = Artifact(artifactID: "", parts: [])
    if let member = requiredObject(node, "artifact") { artifact = within("artifact") { $0.artifact(member) } }
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
    return within(name) { reader in
      var result: [Element] = []
      result.reserveCapacity(list.count)
      list.forEachElement { node in
        reader.within(index: result.count) { reader in
          if node.kind == .object { result.append(read(&reader, node)) } else { reader.fail("Must be an object.") }
        }
      }
      return result
    }
  }
}
