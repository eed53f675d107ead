public import JSON

/// A task as `run`, `invoke` and `retrieve_task` answer it (contract §2.5, §3.11).
public struct OrqTask: OrqValue {
  public enum State: String, Sendable, CaseIterable {
    case submitted
    case working
    case inputRequired = "input-required"
    case authRequired = "auth-required"
    case completed
    case failed
    case canceled
    case rejected
    /// Of 3.x, and any state that is new to us. The SDKs of 4.x refuse it.
    case unknown
  }

  public var id: String
  /// Made by the server; no request can set it, and it is no key of a conversation.
  public var contextID: String
  public var state: State
  /// ISO 8601.
  public var timestamp: String?
  public var statusMessage: OrqMessage?
  /// What a blocking invocation brought forth.
  public var messages: [OrqMessage]?
  /// All messages. `retrieve_task` must have it, also empty; the other operations have none.
  public var history: [OrqMessage]?
  /// An array of anything; only of `retrieve_task`.
  public var artifacts: JSONFragment?
  /// An object.
  public var metadata: JSONFragment?

  public init(
    id: String, contextID: String, state: State, timestamp: String? = nil, statusMessage: OrqMessage? = nil,
    messages: [OrqMessage]? = nil, history: [OrqMessage]? = nil, artifacts: JSONFragment? = nil,
    metadata: JSONFragment? = nil
  ) {
    self.id = id
    self.contextID = contextID
    self.state = state
    self.timestamp = timestamp
    self.statusMessage = statusMessage
    self.messages = messages
    self.history = history
    self.artifacts = artifacts
    self.metadata = metadata
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.identifier(node, "id"), contextID: reader.requiredString(node, "contextId"), state: .unknown)
    let status = reader.value(node, "status", filler: Status(state: .unknown))
    state = status.state
    timestamp = status.timestamp
    statusMessage = status.message
    messages = reader.values(node, "messages", OrqMessage.self)
    history = reader.values(node, "history", OrqMessage.self)
    artifacts = reader.array(node, "artifacts")
    metadata = reader.object(node, "metadata")
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("contextId", contextID)
    json.member("kind", "task")
    json.key("status")
    json.value(Status(state: state, timestamp: timestamp, message: statusMessage))
    OrqTask.write("messages", messages, into: &json)
    OrqTask.write("history", history, into: &json)
    json.optional("artifacts", artifacts)
    json.optional("metadata", metadata)
    json.endObject()
  }

  private static func write(_ name: StaticString, _ messages: [OrqMessage]?, into json: inout JSONWriter) {
    guard let messages else { return }
    json.key(name)
    json.beginArray()
    for message in messages { message.writeExtended(into: &json) }
    json.endArray()
  }

  private struct Status: OrqValue {
    var state: State
    var timestamp: String?
    var message: OrqMessage?

    init(state: State, timestamp: String? = nil, message: OrqMessage? = nil) {
      self.state = state
      self.timestamp = timestamp
      self.message = message
    }

    init(_ node: JSONNode, _ reader: inout OrqReader) {
      state = State(rawValue: reader.requiredString(node, "state")) ?? .unknown
      timestamp = reader.string(node, "timestamp")
      message = reader.value(node, "message", OrqMessage.self)
    }

    func write(into json: inout JSONWriter) {
      json.beginObject()
      json.member("state", state.rawValue)
      json.optional("timestamp", timestamp)
      if let message {
        json.key("message")
        message.writeExtended(into: &json)
      }
      json.endObject()
    }
  }
}
