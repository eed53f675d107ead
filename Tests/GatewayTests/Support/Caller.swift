import Bytes
import JSON
import TestSupport
import Testing

/// A client of one agent.
struct Caller {
  let gateway: TestGateway
  let agent: String
  let key: String?

  private var base: String { "/agents/\(agent)" }

  /// One call and its answer, on a connection of its own unless one is given.
  func call(
    _ wire: Wire, _ call: Call, _ fields: [(String, String)] = [], on client: WebClient? = nil,
    params: (inout JSONObject) -> Void = { _ in }
  ) throws -> Reply {
    let client = try client ?? gateway.web()
    try send(call.outgoing(wire, params), fields, on: client)
    return try Reply(wire, client.response())
  }

  /// Makes a call and leaves its answer for later.
  func begin(_ wire: Wire, _ call: Call, on client: WebClient? = nil) throws -> PendingReply {
    let client = try client ?? gateway.web()
    try send(call.outgoing(wire), [], on: client)
    return PendingReply(wire: wire, client: client)
  }

  /// Opens a stream; an answer that is none fails.
  func open(_ wire: Wire, _ call: Call, _ fields: [(String, String)] = [], on client: WebClient? = nil) throws
    -> EventStream
  {
    let client = try client ?? gateway.web()
    try send(call.outgoing(wire), fields, on: client)
    let head = try client.head()
    try #require(head.status == 200)
    try #require(head.field("content-type")?.hasPrefix("text/event-stream") == true)
    return EventStream(wire: wire, reader: EventReader(client, head))
  }

  /// Sends a request as it stands.
  func send(_ out: Outgoing, _ fields: [(String, String)] = [], on client: WebClient) throws {
    var all = out.fields + fields
    if let key { all.append(("Authorization", "Bearer \(key)")) }
    try client.send(out.method, base + out.path, all, body: out.body.map(Caller.bytes))
  }

  func request(
    _ method: String, _ path: String, _ fields: [(String, String)] = [], body: [UInt8]? = nil
  ) throws -> WebResponse {
    var all = fields
    if let key { all.append(("Authorization", "Bearer \(key)")) }
    return try gateway.web().request(method, base + path, all, body: body)
  }

  static func bytes(_ value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    writer.value(value)
    return writer.finish()
  }
}

/// A call whose answer is still to come.
struct PendingReply {
  let wire: Wire
  let client: WebClient

  func reply() throws -> Reply { try Reply(wire, client.response()) }
}

/// An open stream of events.
struct EventStream {
  let wire: Wire
  let reader: EventReader

  /// The next event, comments skipped; nil at the end of the stream.
  func next() throws -> EventView? {
    while let event = try reader.next() {
      if event.comment == nil { return try EventView(wire, event) }
    }
    return nil
  }

  /// The next event; fails at the end.
  func expect() throws -> EventView { try #require(try next()) }

  /// All further events.
  func rest() throws -> [EventView] {
    var events: [EventView] = []
    while let event = try next() { events.append(event) }
    return events
  }

  /// Goes away without a word.
  func hangUp() { reader.client.raw.close() }
}

/// One event of a stream in any wire's form.
struct EventView {
  enum Kind: String {
    case task, message, status, artifact, error
  }

  let wire: Wire
  let kind: Kind
  let json: JSONValue
  /// As in `Last-Event-ID`.
  let id: String?

  init(_ wire: Wire, _ event: ServerSentEvent) throws {
    self.wire = wire
    id = event.id
    var json = try JSONValue.parse(Array(event.data.utf8))
    // REST of 0.3 has neither a name for such an event nor an envelope.
    if json["error"] != nil || event.name == "error" || wire == .rest03 && json["code"] != nil {
      kind = .error
      self.json = json
      return
    }
    if !wire.isREST { json = try Reply.result(inEnvelope: json) }
    let kinds: [String: Kind]
    if wire == .rpc03 {
      kinds = ["task": .task, "message": .message, "status-update": .status, "artifact-update": .artifact]
      kind = try #require(json["kind"]?.string.flatMap { kinds[$0] })
      self.json = json
    } else {
      kinds = ["task": .task, "message": .message, "statusUpdate": .status, "artifactUpdate": .artifact]
      let member = try #require(json.object?.members.first)
      try #require(json.object?.count == 1)
      kind = try #require(kinds[member.name])
      self.json = member.value
    }
  }

  /// Of a task or a status.
  var state: String? { try? TaskView.state(wire, json["status"]) }

  /// Of an artifact.
  var text: String? { json["artifact"].map { TaskView.texts($0).joined() } }

  /// What 0.3 says of the end.
  var final: Bool? { json["final"]?.bool }

  /// What happened, for comparisons: the same on every wire.
  var summary: String { "\(kind.rawValue) \(text ?? state ?? "")" }
}
