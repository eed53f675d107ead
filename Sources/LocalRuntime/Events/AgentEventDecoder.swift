import Bytes
import JSON
import Model

/// Turns one JSON object of an agent (a program or a service) into an event. Keeps what short forms need: the artifact that a chunk without
/// an id belongs to, and whether anything was said yet.
struct AgentEventDecoder {
  /// The events that an agent can send. A first line whose `type` is none of these is plain text.
  enum Kind: String, CaseIterable {
    case status, artifact, message, tool, usage, metadata
  }

  private static let idBytesMax = 256

  private var artifactCount = 0
  private var lastArtifactID: String?
  private var hasSpoken = false

  /// The kind of an object, nil when it is not one of this protocol.
  static func kind(_ node: JSONNode) -> Kind? { node["type"]?.string.flatMap(Kind.init(rawValue:)) }

  /// - Throws: What is wrong with the object, in words for the operator.
  mutating func decode(_ node: JSONNode) throws(Refusal) -> TurnEvent {
    guard node.kind == .object else { throw Refusal("it is not a JSON object") }
    guard let type = node["type"]?.string else { throw Refusal("\"type\" is missing") }
    guard let kind = Kind(rawValue: type) else {
      throw Refusal("unknown type \"\(type.prefix(40))\"; known: \(Kind.allCases.map(\.rawValue))")
    }
    let event =
      switch kind {
      case .status: try status(node)
      case .artifact: try artifact(node)
      case .message: try message(node)
      case .tool: TurnEvent.status(.working, parts: [], metadata: JSONFragment(["tool": Self.withoutType(node)]))
      case .usage: TurnEvent.taskMetadata(name: "usage", JSONFragment(Self.withoutType(node)))
      case .metadata: try metadata(node)
      }
    hasSpoken = true
    return event
  }

  /// Why an object is refused.
  struct Refusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }

  private func status(_ node: JSONNode) throws(Refusal) -> TurnEvent {
    guard let word = node["state"]?.string else { throw Refusal("a status needs \"state\"") }
    let state: TaskState
    switch word {
    case "working": state = .working
    case "input-required": state = .inputRequired
    case "auth-required": state = .authRequired
    case "completed": state = .completed
    case "failed": state = .failed
    case "canceled": state = .canceled
    case "rejected": state = .rejected
    default:
      throw Refusal(
        "unknown state \"\(word.prefix(40))\"; known: working, input-required, auth-required, completed, failed, "
          + "canceled, rejected")
    }
    return .status(state, parts: try parts(node) ?? [], metadata: try object(node["metadata"], "metadata"))
  }

  private mutating func artifact(_ node: JSONNode) throws(Refusal) -> TurnEvent {
    let append = try bool(node["append"], "append")
    let last = try bool(node["last"], "last")
    let id = try artifactID(node, append: append)
    guard let parts = try parts(node), !parts.isEmpty else {
      throw Refusal("an artifact needs \"text\", \"data\" or \"parts\"")
    }
    let artifact = Artifact(
      artifactID: id, name: try text(node["name"], "name"), description: try text(node["description"], "description"),
      parts: parts, metadata: try object(node["metadata"], "metadata"))
    return .artifact(artifact, append: append, lastChunk: last, metadata: nil)
  }

  /// Without an id, a chunk that appends belongs to the artifact before it, and any other begins a new one.
  private mutating func artifactID(_ node: JSONNode, append: Bool) throws(Refusal) -> String {
    if let given = node["id"], !given.isNull {
      guard let id = given.string, (1...Self.idBytesMax).contains(id.utf8.count) else {
        throw Refusal("\"id\" must be text of 1 to \(Self.idBytesMax) bytes")
      }
      lastArtifactID = id
      return id
    }
    if append, let lastArtifactID { return lastArtifactID }
    artifactCount += 1
    let id = "artifact-\(artifactCount)"
    lastArtifactID = id
    return id
  }

  private func message(_ node: JSONNode) throws(Refusal) -> TurnEvent {
    if hasSpoken { throw Refusal("a message is an answer without a task: it must be the first event") }
    guard let parts = try parts(node), !parts.isEmpty else { throw Refusal("a message needs \"text\" or \"parts\"") }
    return .reply(parts: parts, metadata: try object(node["metadata"], "metadata"))
  }

  private func metadata(_ node: JSONNode) throws(Refusal) -> TurnEvent {
    guard let name = node["name"]?.string, (1...Self.idBytesMax).contains(name.utf8.count) else {
      throw Refusal("metadata needs \"name\"")
    }
    guard let value = node["value"] else { throw Refusal("metadata needs \"value\"") }
    return .taskMetadata(name: name, value.fragment)
  }

  // MARK: Members

  /// `parts`, or the short forms `text` and `data`; nil where there is none of them.
  private func parts(_ node: JSONNode) throws(Refusal) -> [Part]? {
    if let list = node["parts"], !list.isNull {
      guard list.kind == .array else { throw Refusal("\"parts\" must be a list") }
      var result: [Part] = []
      try list.forEachElement { (element) throws(Refusal) in result.append(try part(element)) }
      return result
    }
    if let text = node["text"], !text.isNull {
      guard let text = text.text else { throw Refusal("\"text\" must be text") }
      return [Part(.text(text))]
    }
    if let data = node["data"] { return [Part(.data(data.fragment))] }
    return nil
  }

  /// A part in the shape of A2A 1.0 (§4.1.6).
  private func part(_ node: JSONNode) throws(Refusal) -> Part {
    var contents: [Part.Content] = []
    if let value = node["text"] {
      guard let text = value.text else { throw Refusal("\"text\" of a part must be text") }
      contents.append(.text(text))
    }
    if let value = node["raw"] {
      guard let text = value.string, let base64 = Base64.normalize(Array(text.utf8)) else {
        throw Refusal("\"raw\" of a part must be base64")
      }
      contents.append(.raw(JSONString(String(decoding: base64, as: UTF8.self))))
    }
    if let value = node["url"] {
      guard let text = value.text, !text.isEmpty else { throw Refusal("\"url\" of a part must be text") }
      contents.append(.url(text))
    }
    if let value = node["data"] { contents.append(.data(value.fragment)) }
    guard contents.count == 1, let content = contents.first else {
      throw Refusal("a part must have exactly one of \"text\", \"raw\", \"url\" and \"data\"")
    }
    return Part(
      content, mediaType: try text(node["mediaType"], "mediaType"), filename: try text(node["filename"], "filename"),
      metadata: try object(node["metadata"], "metadata"))
  }

  private func text(_ node: JSONNode?, _ name: String) throws(Refusal) -> JSONString? {
    guard let node, !node.isNull else { return nil }
    guard let text = node.text else { throw Refusal("\"\(name)\" must be text") }
    return text
  }

  private func object(_ node: JSONNode?, _ name: String) throws(Refusal) -> JSONFragment? {
    guard let node, !node.isNull else { return nil }
    guard node.kind == .object else { throw Refusal("\"\(name)\" must be an object") }
    return node.fragment
  }

  private func bool(_ node: JSONNode?, _ name: String) throws(Refusal) -> Bool {
    guard let node, !node.isNull else { return false }
    guard let flag = node.bool else { throw Refusal("\"\(name)\" must be true or false") }
    return flag
  }

  private static func withoutType(_ node: JSONNode) -> JSONValue {
    guard case .object(var object) = node.value else { return .null }
    object["type"] = nil
    return .object(object)
  }
}
