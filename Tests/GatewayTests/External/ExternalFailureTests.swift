import Configuration
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// What goes wrong at an external agent, and how it ends for the caller: nothing of what the agent says of errors is shown,
// nothing is sent twice, and the context can be used again.

/// Stands in everything that a caller must not see.
private let secret = "secret upstream text"

/// An answer before the agent has taken the message, and what the caller gets for it.
struct ExternalRefusalCase: Sendable, CustomTestStringConvertible {
  let name: String
  var code = -32603
  var status = 500
  var retryAfter: String?
  let act: @Sendable (A2ARequest) throws -> Void

  var testDescription: String { name }

  static func status(
    _ status: Int, _ code: Int = -32603, _ answered: Int = 500, retryAfter: String? = nil,
    _ fields: [(String, String)] = []
  ) -> ExternalRefusalCase {
    ExternalRefusalCase(name: "\(status) \(fields)", code: code, status: answered, retryAfter: retryAfter) {
      try $0.request.respond(status, "<p>\(secret)</p>", type: "text/html", fields)
    }
  }

  static func error(
    _ code: Int, _ upstream: (status: Int, reason: String), _ answered: Int, _ status: Int, sse: Bool = false
  ) -> ExternalRefusalCase {
    ExternalRefusalCase(name: "\(upstream.reason)\(sse ? " in a stream" : "")", code: answered, status: status) {
      guard sse else {
        return try $0.respond(error: code, status: upstream.status, reason: upstream.reason, text: secret)
      }
      try $0.startStream()
      try $0.request.chunk("data: \(try $0.errorBody(code, upstream.status, upstream.reason, secret))\n\n")
      try $0.endStream()
    }
  }

  static let all: [ExternalRefusalCase] = [
    .status(401), .status(403), .status(407), .status(500), .status(502), .status(504), .status(508),
    .status(302, -32603, 500, [("Location", "http://127.0.0.1:1/")]),
    .status(429, -32603, 429, retryAfter: "1"), .status(429, -32603, 429, retryAfter: "7", [("Retry-After", "7")]),
    .status(503, -32603, 503, retryAfter: "5"),
    .status(503, -32603, 503, retryAfter: "1", [("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")]),
    .error(-32005, (400, "CONTENT_TYPE_NOT_SUPPORTED"), -32005, 400),
    .error(-32603, (500, "INTERNAL_ERROR"), -32603, 500), .error(-32602, (400, "INVALID_PARAMS"), -32602, 400),
    .error(-32603, (500, "INTERNAL_ERROR"), -32603, 500, sse: true),
    .error(-32602, (400, "INVALID_PARAMS"), -32602, 400, sse: true),
    ExternalRefusalCase(name: "reset before the head", status: 503, retryAfter: "5") { $0.request.connection.reset() },
    ExternalRefusalCase(name: "closed before the head", status: 503, retryAfter: "5") { $0.request.connection.close() },
    ExternalRefusalCase(name: "no HTTP", code: -32006) { try $0.request.connection.send("\(secret)\r\n\r\n") },
    ExternalRefusalCase(name: "garbage", code: -32006) { try $0.request.respond(200, "{\"message\":\"\(secret)\"") },
    ExternalRefusalCase(name: "other JSON", code: -32006) { try $0.request.respond(200, #"{"x":"\#(secret)"}"#) },
    ExternalRefusalCase(name: "HTML", code: -32006) {
      try $0.request.respond(200, "<p>\(secret)</p>", type: "text/html")
    },
    ExternalRefusalCase(name: "nothing", code: -32006) { try $0.request.respond(200, "") },
    ExternalRefusalCase(name: "compressed", code: -32006) {
      try $0.request.respond(200, #"{"x":1}"#, [("Content-Encoding", "gzip")])
    },
    ExternalRefusalCase(name: "a stream without events") {
      try $0.startStream()
      try $0.request.chunk(": hello\n\n")
      try $0.endStream()
    },
    ExternalRefusalCase(name: "a stream of garbage", code: -32006) {
      try $0.startStream()
      try $0.request.chunk("data: {\"x\"\n\n")
    },
    ExternalRefusalCase(name: "shorter than it says") {
      try $0.request.connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{\"x\":\"\(secret)\"")
      $0.request.connection.close()
    },
    ExternalRefusalCase(name: "longer than it says", code: -32006) {
      try $0.request.connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"x\":\"\(secret)\"}")
    },
  ]
}

@Test(arguments: ExternalRefusalCase.all, Wire.allCases)
func aMessageThatAnExternalAgentDoesNotTakeIsAnErrorAndNoTask(_ refusal: ExternalRefusalCase, _ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let first = try gateway.caller().begin(.rest10, .send(context: "c"))
  try upstream.expect("SendStreamingMessage").stream(.task("completed"))
  #expect(try first.reply().task.state == "completed")
  let pending = try gateway.caller().begin(.rest10, .send(context: "c"))
  try refusal.act(try upstream.expect("SendStreamingMessage"))
  let reply = try pending.reply()
  // REST of 0.3 has no codes: what a 400 means there, its status alone tells; and in a stream there is not even that.
  let isVague = wire == .rest03 && (refusal.code == -32005 || refusal.name.hasPrefix("INVALID_PARAMS"))
  let isInStream = refusal.name.hasSuffix("stream")
  #expect(reply.error?.code == (isVague ? (isInStream ? -32603 : -32602) : refusal.code))
  #expect(reply.response.status == (isVague && isInStream ? 500 : refusal.status))
  #expect(reply.response.field("retry-after") == refusal.retryAfter)
  #expect(!reply.response.text.contains("secret"))
  try gateway.settle()
  #expect(try upstream.isQuiet())
  #expect(try gateway.caller().call(.rpc10, .list([])).result["tasks"]?.array?.count == 1)
  let next = try gateway.caller().begin(.rest10, .send(context: "c"))
  let request = try upstream.expect("SendStreamingMessage")
  #expect(try request.message["contextId"] == "UC")
  try request.stream(.task("completed"))
  #expect(try next.reply().task.state == "completed")
}

@Test(arguments: Wire.allCases)
func theOperatorIsToldThatTheCredentialsAreNotTaken(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway { $0.credentials = .bearer(.text("token-0123456789")) }
  let pending = try gateway.caller().begin(.rest10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  #expect(request.request.field("authorization") == "Bearer token-0123456789")
  try request.request.respond(401, "no")
  _ = try pending.reply()
  let line = gateway.log.lines.first { $0.contains("does not accept the gateway's credentials") }
  #expect(line?.contains("\"level\":\"error\"") == true)
  #expect(!gateway.log.lines.contains { $0.contains("token-0123456789") })
}

// MARK: Streams that break

/// How a stream ends too early.
enum StreamBreak: String, CaseIterable, Sendable {
  case ends, isCut, isReset, errs, garbles

  func act(_ request: A2ARequest) throws {
    switch self {
    case .ends: try request.endStream()
    case .isCut: request.request.connection.close()
    case .isReset: request.request.connection.reset()
    case .errs:
      try request.request.chunk(
        "event: error\ndata: \(try request.errorBody(-32603, 500, "INTERNAL_ERROR", secret))\n\n")
      try request.endStream()
    case .garbles: try request.request.chunk("data: {\"result\":[\n\n")
    }
  }
}

@Test(arguments: StreamBreak.allCases, Wire.allCases)
func aStreamThatBreaksIsFollowedWithoutLossOrRepetition(_ how: StreamBreak, _ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(time: time)
  let caller = gateway.caller()
  let client = try gateway.web()
  try caller.send(Call.stream().outgoing(.rpc10), on: client)
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  try request.send([.task("submitted"), .status("working", "on it"), .artifact("one ")])
  let events = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  #expect(try events.expect().summary == "task submitted")
  #expect(try events.expect().summary == "status working")
  #expect(try events.expect().summary == "artifact one ")
  try how.act(request)
  let next = try upstream.nextWhenDue(gateway)
  let isStream = try next.operation == "SubscribeToTask"
  // An error of the agent itself, and 0.3, whose subscriptions tell nothing of what was missed: the task is looked up.
  #expect(isStream == (wire.isV1 && how != .errs && how != .garbles))
  if isStream {
    try next.startStream()
    try next.send([
      .task("working", "on it", artifacts: [("a", "one two ")]), .artifact("three", append: true),
      .status("completed"),
    ])
    #expect(try events.rest().map(\.summary) == ["artifact two ", "artifact three", "status completed"])
  } else {
    try next.respond(bare: .task("working", "on it", artifacts: [("a", "one two ")]))
    let last = try upstream.nextWhenDue(gateway)
    if try last.operation == "SubscribeToTask" {
      try last.stream(.task("completed", artifacts: [("a", "one two three")]))
    } else {
      try last.respond(bare: .task("completed", artifacts: [("a", "one two three")]))
    }
    #expect(try events.rest().map(\.summary) == ["artifact two ", "artifact three", "status completed"])
  }
}

@Test(arguments: Wire.allCases)
func aTaskThatTheAgentHasLostFails(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(streams: false, time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.expect("SendMessage").respond(.task("working"))
  try upstream.nextWhenDue(gateway).respond(error: -32001, status: 404, reason: "TASK_NOT_FOUND", text: secret)
  let reply = try pending.reply()
  #expect(try reply.task.state == "failed")
  #expect(!reply.response.text.contains("secret"))
}

@Test(arguments: Wire.v1)
func aSubscriptionIsAskedForByPostThenByGet(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(time: time)
  for round in 0..<2 {
    let pending = try gateway.caller().begin(.rpc10, .send())
    try upstream.expect("SendStreamingMessage").stream(.task("working"))
    var next = try upstream.nextWhenDue(gateway)
    if wire == .rest10, round == 0 {
      #expect(next.request.method == "POST")
      try next.request.respond(405, "{}")
      next = try upstream.expect("SubscribeToTask")
    }
    #expect(next.request.method == (wire == .rest10 ? "GET" : "POST"))
    try next.stream(.task("completed"))
    #expect(try pending.reply().task.state == "completed")
  }
}

// MARK: Versions and interfaces

@Test(arguments: [(Wire.rpc10, Wire.rpc03), (.rest10, .rest03), (.rpc03, .rpc10), (.rest03, .rest10)])
func aVersionThatTheAgentDoesNotSpeakIsReplacedOnceAndForAll(_ pair: (Wire, Wire)) throws {
  // The card says one version, the agent speaks the other.
  let upstream = try A2AUpstream(pair.1)
  let stated = AgentInterface(
    url: upstream.url, protocolBinding: upstream.interface.protocolBinding,
    protocolVersion: pair.0.isV1 ? "1.0" : "0.3.0")
  let gateway = try upstream.gateway(card: upstream.card([stated]))
  for round in 0..<2 {
    let pending = try gateway.caller().begin(.rpc10, .send())
    if round == 0 {
      let first = try upstream.next()
      if pair.0.isREST {
        try first.respond(404, #"{"detail":"Not Found"}"#)
      } else {
        try first.respond(200, #"{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"no"}}"#)
      }
    }
    try upstream.expect("SendStreamingMessage").stream(.task("completed"))
    #expect(try pending.reply().task.state == "completed")
  }
  #expect(gateway.log.lines.contains { $0.contains("another of its interfaces is tried") })
}

@Test func anInsistedVersionIsNeverReplaced() throws {
  let upstream = try A2AUpstream(.rpc10)
  let gateway = try upstream.gateway { $0.pin.version = "1.0" }
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.next().respond(200, #"{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"no"}}"#)
  // Without streams, perhaps: that is the same version.
  try upstream.expect("SendMessage").request.respond(
    200, #"{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"no"}}"#)
  #expect(try pending.reply().error?.code == -32603)
  try gateway.settle()
  #expect(try upstream.isQuiet())
}

@Test func anInterfaceThatCannotBeReachedIsReplacedByTheNext() throws {
  let upstream = try A2AUpstream(.rest03)
  let closed = try A2AUpstream(.rpc10).interface
  let grpc = AgentInterface(url: upstream.url, protocolBinding: "GRPC", protocolVersion: "1.0")
  let gateway = try upstream.gateway(card: upstream.card([grpc, closed, upstream.interface]))
  for _ in 0..<2 {
    let pending = try gateway.caller().begin(.rpc10, .send())
    try upstream.expect("SendStreamingMessage").stream(.task("completed"))
    #expect(try pending.reply().task.state == "completed")
  }
}

@Test(arguments: Wire.allCases)
func anAgentThatDoesNotStreamAfterAllIsAskedWithoutStreams(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway { $0.pin.version = wire.isV1 ? "1.0" : "0.3" }
  for round in 0..<2 {
    let pending = try gateway.caller().begin(.rpc10, .send())
    if round == 0 {
      try upstream.expect("SendStreamingMessage").respond(
        error: -32004, status: wire.isV1 ? 400 : 501, reason: "UNSUPPORTED_OPERATION")
    }
    try upstream.expect("SendMessage").respond(.task("completed"))
    #expect(try pending.reply().task.state == "completed")
  }
}

/// What the versions call a task that has ended meanwhile.
@Test(arguments: Wire.allCases)
func anAgentThatHasEndedItsTaskTakesNoAnswer(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.expect("SendStreamingMessage").stream(.task("input-required", "Which?"))
  let asked = try pending.reply().task
  let answer = try gateway.caller().begin(.rpc10, .send("that", task: asked.id))
  try upstream.expect("SendStreamingMessage").respond(
    error: wire.isV1 ? -32004 : -32602, status: wire.isV1 ? 400 : 422,
    reason: wire.isV1 ? "UNSUPPORTED_OPERATION" : "INVALID_PARAMS", text: secret)
  let reply = try answer.reply()
  #expect(reply.error?.code == -32004)
  #expect(!reply.response.text.contains("secret"))
  // The question stands as it was.
  #expect(try gateway.caller().call(.rpc10, .get(asked.id)).task.state == "input-required")
  #expect(try upstream.isQuiet())
}
