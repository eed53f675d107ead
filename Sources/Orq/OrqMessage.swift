public import JSON

/// A message of a request, of a task, of a response or of an event: the places differ in which members they have
/// (contract §2.2, §2.4).
public struct OrqMessage: OrqValue {
  public enum Role: String, Sendable, CaseIterable {
    case user
    /// Results of tools, which their caller sends.
    case tool
    case agent
    case system

    /// As ``rawValue``.
    var name: StaticString {
      switch self {
      case .user: "user"
      case .tool: "tool"
      case .agent: "agent"
      case .system: "system"
      }
    }
  }

  /// Required of a server, in tasks and responses.
  public var messageID: String?
  public var role: Role
  public var parts: [OrqPart]
  /// Only in messages of a task, as is ``contextID``.
  public var taskID: String?
  public var contextID: String?
  /// An object. None in requests, but for the release candidate of 3.13.
  public var metadata: JSONFragment?

  public init(
    messageID: String? = nil, role: Role, parts: [OrqPart], taskID: String? = nil, contextID: String? = nil,
    metadata: JSONFragment? = nil
  ) {
    self.messageID = messageID
    self.role = role
    self.parts = parts
    self.taskID = taskID
    self.contextID = contextID
    self.metadata = metadata
  }

  /// Stands in beside a fault.
  static let filler = OrqMessage(role: .user, parts: [])

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    messageID = reader.string(node, "messageId")
    role = OrqMessage.role(node, &reader)
    parts = reader.requiredValues(node, "parts", OrqPart.self, max: OrqLimits.partsMax)
    taskID = reader.string(node, "taskId")
    contextID = reader.string(node, "contextId")
    metadata = reader.object(node, "metadata")
    if reader.author == .caller { checkRequest(&reader) }
  }

  /// Appends the parts of an agent's message; those of others are only checked, as is all else.
  static func readAnswer(_ node: JSONNode, into parts: inout [OrqPart], _ reader: inout OrqReader) {
    let hasID = reader.checkString(node, "messageId")
    let role = OrqMessage.role(node, &reader)
    let before = parts.count
    reader.requireObjects(node, "parts") { reader, node in
      let part = OrqPart(node, &reader)
      guard role == .agent else { return }
      // Most answers have one part.
      if parts.isEmpty { parts = [part] } else { parts.append(part) }
    }
    // Mostly those are all its members.
    if !hasID || parts.count == before || node.count > 3 {
      reader.checkString(node, "taskId")
      reader.checkString(node, "contextId")
      reader.checkObject(node, "metadata")
    }
  }

  private static func role(_ node: JSONNode, _ reader: inout OrqReader) -> Role {
    // As nearly all is said that is read.
    reader.says("agent", node, "role") ? .agent : reader.requiredName(node, "role", filler: .user)
  }

  /// What a caller may say.
  private func checkRequest(_ reader: inout OrqReader) {
    switch role {
    case .user: break
    case .tool:
      let isResults = parts.allSatisfy { if case .toolResult = $0.content { true } else { false } }
      if !isResults { reader.fail(at: "parts", "Must all be of the kind tool_result, since the role is tool.") }
    case .agent, .system: reader.fail(at: "role", "Must be user or tool.")
    }
  }

  /// Without the members that only a task's messages have: for requests, responses and events.
  public func write(into json: inout JSONWriter) {
    json.beginObject()
    members(into: &json)
    json.endObject()
  }

  /// With the mark and the ids that a task's messages have.
  public func writeExtended(into json: inout JSONWriter) {
    json.beginObject()
    json.member("kind", "message")
    members(into: &json)
    json.optional("taskId", taskID)
    json.optional("contextId", contextID)
    json.endObject()
  }

  /// For an object that has more members than the message.
  func members(into json: inout JSONWriter) {
    OrqMessage.beginMembers(id: messageID, role: role, into: &json)
    for part in parts { part.write(into: &json) }
    OrqMessage.endMembers(metadata: metadata, into: &json)
  }

  /// Up to the parts, which come next.
  static func beginMembers(id: String?, role: Role, into json: inout JSONWriter) {
    json.optional("messageId", id)
    json.member("role", role.name)
    json.key("parts")
    json.beginArray()
  }

  static func endMembers(metadata: JSONFragment? = nil, into json: inout JSONWriter) {
    json.endArray()
    json.optional("metadata", metadata)
  }
}
