public import JSON

/// The body of `invoke` and `stream-task` (contract §3.6, §3.9).
public struct OrqInvokeRequest: OrqTurnRequest {
  public var turn: OrqTurn
  /// Answer with the finished task. From 4.5 on; 3.x never waits.
  public var blocking: Bool
  /// Only of `stream-task`, within ``OrqLimits/streamTimeoutSeconds``.
  public var streamTimeoutSeconds: Double?

  public init(_ turn: OrqTurn, blocking: Bool = false, streamTimeoutSeconds: Double? = nil) {
    self.turn = turn
    self.blocking = blocking
    self.streamTimeoutSeconds = streamTimeoutSeconds
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      OrqTurn(node, &reader), blocking: reader.blocking(node), streamTimeoutSeconds: reader.streamTimeout(node))
  }

  func writeClosing(into json: inout JSONWriter, for generation: OrqGeneration) {
    if blocking, generation == .v4 { json.writeBlocking() }
    json.optional("stream_timeout_seconds", streamTimeoutSeconds.flatMap { JSONNumber($0) })
  }
}

/// The body of `run` and `stream-run`: a turn, and the agent that shall take it (contract §3.7, §3.8).
public struct OrqRunRequest: OrqTurnRequest {
  public var agent: OrqAgentDefinition
  /// Members that define the agent too and that nothing here knows, or that are no part of ``OrqAgentDefinition``; they are
  /// written as they are, and not read.
  public var others: JSONObject
  public var turn: OrqTurn
  /// Only of `stream-run`, within ``OrqLimits/streamTimeoutSeconds``.
  public var streamTimeoutSeconds: Double?

  public init(
    agent: OrqAgentDefinition, others: JSONObject = [:], turn: OrqTurn, streamTimeoutSeconds: Double? = nil
  ) {
    self.agent = agent
    self.others = others
    self.turn = turn
    self.streamTimeoutSeconds = streamTimeoutSeconds
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      agent: OrqAgentDefinition(node, &reader), turn: OrqTurn(node, &reader),
      streamTimeoutSeconds: reader.streamTimeout(node))
  }

  func writeOpening(into json: inout JSONWriter, for generation: OrqGeneration) {
    agent.members(into: &json, for: generation)
    for (name, value) in others.members {
      json.key(string: name)
      json.value(value)
    }
  }

  func writeClosing(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.optional("stream_timeout_seconds", streamTimeoutSeconds.flatMap { JSONNumber($0) })
  }

  public static func == (a: OrqRunRequest, b: OrqRunRequest) -> Bool {
    a.agent == b.agent && a.turn == b.turn && a.streamTimeoutSeconds == b.streamTimeoutSeconds
      && .object(a.others) == JSONValue.object(b.others)
  }
}

/// The body of `responses.create` (contract §3.14), which 3.x has not.
public struct OrqResponseRequest: OrqTurnRequest {
  public var turn: OrqTurn
  /// From 4.5 on.
  public var blocking: Bool
  /// Answer at once, without output.
  public var background: Bool
  /// Answer with a stream. This member decides, never the field Accept (contract §3.14).
  public var stream: Bool
  /// `conv_` and a ULID.
  public var conversationID: String?

  public init(
    _ turn: OrqTurn, blocking: Bool = false, background: Bool = false, stream: Bool = false,
    conversationID: String? = nil
  ) {
    self.turn = turn
    self.blocking = blocking
    self.background = background
    self.stream = stream
    self.conversationID = conversationID
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      OrqTurn(node, &reader), blocking: reader.blocking(node),
      background: reader.bool(node, "background") ?? false, stream: reader.bool(node, "stream") ?? false,
      conversationID: reader.value(node, "conversation", Conversation.self)?.id)
  }

  func writeClosing(into json: inout JSONWriter, for generation: OrqGeneration) {
    if blocking { json.writeBlocking() }
    json.member("background", background)
    json.member("stream", stream)
    json.optional("conversation", conversationID.map { Conversation(id: $0) })
  }

  func isStreamed(by operation: OrqOperation) -> Bool { stream }

  private struct Conversation: OrqValue {
    var id: String

    init(id: String) { self.id = id }

    init(_ node: JSONNode, _ reader: inout OrqReader) { id = reader.identifier(node, "_id") }

    func write(into json: inout JSONWriter) {
      json.beginObject()
      json.member("_id", id)
      json.endObject()
    }
  }
}

extension OrqReader {
  fileprivate mutating func blocking(_ node: JSONNode) -> Bool {
    value(node, "configuration", CallConfiguration.self)?.blocking ?? false
  }

  fileprivate mutating func streamTimeout(_ node: JSONNode) -> Double? {
    guard let number = number(node, "stream_timeout_seconds") else { return nil }
    let bounds = OrqLimits.streamTimeoutSeconds
    guard let seconds = number.double, bounds.contains(seconds) else {
      fail(at: "stream_timeout_seconds", "Must be \(Int(bounds.lowerBound)) to \(Int(bounds.upperBound)).")
      return nil
    }
    return seconds
  }
}

private struct CallConfiguration: OrqReadable {
  var blocking: Bool

  init(_ node: JSONNode, _ reader: inout OrqReader) { blocking = reader.bool(node, "blocking") ?? false }
}

extension JSONWriter {
  fileprivate mutating func writeBlocking() {
    key("configuration")
    beginObject()
    member("blocking", true)
    endObject()
  }
}
