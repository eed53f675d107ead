import Configuration
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// What goes wrong upstream, and how it ends for the caller (PRODUCT §4, "Errors"): nothing of what the upstream says is
// shown, nothing is sent twice, and the context can be used again.

/// Stands in everything that a caller must not see.
private let secret = "sk-secret upstream text"

/// An answer that Orq gives before it has taken the message, and what the caller gets for it.
struct Refusal: Sendable, CustomTestStringConvertible {
  let name: String
  var code = -32603
  var status = 500
  var retryAfter: String?
  let act: @Sendable (UpstreamRequest) throws -> Void

  var testDescription: String { name }

  static func status(
    _ status: Int, _ answered: Int = 500, retryAfter: String? = nil, _ fields: [(String, String)] = []
  ) -> Refusal {
    Refusal(name: "\(status) \(fields)", status: answered, retryAfter: retryAfter) {
      try $0.respond(status, #"{"message":"\#(secret)"}"#, fields)
    }
  }

  static let all: [Refusal] = [
    .status(400), .status(401), .status(403), .status(404), .status(409), .status(422), .status(500), .status(502),
    .status(429, 429, retryAfter: "1"), .status(429, 429, retryAfter: "7", [("Retry-After", "7")]),
    .status(503, 503, retryAfter: "5"), .status(503, 503, retryAfter: "86400", [("Retry-After", "99999")]),
    .status(503, 503, retryAfter: "5", [("Retry-After", "soon")]),
    .status(302, 500, [("Location", "http://127.0.0.1:1/")]),
    Refusal(name: "reset before the head", status: 503, retryAfter: "5") { $0.connection.reset() },
    Refusal(name: "closed before the head", status: 503, retryAfter: "5") { $0.connection.close() },
    Refusal(name: "no HTTP", code: -32006) { try $0.connection.send("\(secret)\r\n\r\n") },
    Refusal(name: "garbage") { try $0.respond(200, "{\"message\":\"\(secret)\"") }.as(-32006),
    Refusal(name: "other JSON") { try $0.respond(200, #"{"message":"\#(secret)"}"#) }.as(-32006),
    Refusal(name: "HTML") { try $0.respond(200, "<p>\(secret)</p>", type: "text/html") }.as(-32006),
    Refusal(name: "encoded") { try $0.respond(200, "{}", [("Content-Encoding", "gzip")]) }.as(-32006),
    Refusal(name: "encoded events", code: -32006) {
      try $0.connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\ndata: x\n\n"
      )
    },
    Refusal(name: "nothing") { try $0.respond(200, "") }.as(-32006),
    Refusal(name: "shorter than it says") {
      try $0.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"_id\":\"\(secret)\"")
      $0.connection.close()
    },
    Refusal(name: "reset within the body") {
      try $0.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"_id\":\"\(secret)\"")
      $0.connection.reset()
    },
    Refusal(name: "longer than it says", code: -32006) {
      try $0.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"_id\":\"\(secret)\"}")
    },
  ]

  private func `as`(_ code: Int) -> Refusal {
    var refusal = self
    refusal.code = code
    return refusal
  }
}

/// Whether nobody has asked for anything.
private func expectQuiet(_ upstream: OrqUpstream, _ gateway: TestGateway) throws {
  try gateway.settle()
  #expect(try upstream.isQuiet())
}

private func expect(_ reply: Reply, is refusal: Refusal) throws {
  let error = try #require(reply.error)
  // 0.3 over REST has no codes of its own; its numbers are those of HTTP.
  #expect(error.code == (reply.wire == .rest03 ? error.code : refusal.code))
  if reply.wire.isREST || refusal.retryAfter != nil {
    // 0.3 over REST has a status of its own for an answer that cannot be understood.
    let status = reply.wire == .rest03 && refusal.code == -32006 ? 502 : refusal.status
    #expect(reply.response.status == status)
  }
  #expect(reply.response.field("retry-after") == refusal.retryAfter)
  #expect(reply.response.field("content-type")?.hasPrefix("application/json") == true)
  #expect(!reply.response.text.contains("secret"))
}

@Test(arguments: Refusal.all, Wire.allCases)
func aMessageThatOrqDoesNotTakeIsAnErrorAndNoTask(_ refusal: Refusal, _ wire: Wire) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let first = try gateway.caller().begin(wire, .send(context: "c"))
  try upstream.next().respond()
  #expect(try first.reply().task.state == "completed")
  let pending = try gateway.caller().begin(wire, .send(context: "c"))
  try refusal.act(try upstream.next())
  try expect(try pending.reply(), is: refusal)
  try expectQuiet(upstream, gateway)
  #expect(try gateway.caller().call(.rpc10, .list([])).result["tasks"]?.array?.count == 1)
  let next = try gateway.caller().begin(wire, .send(context: "c"))
  let request = try upstream.next()
  #expect(try request.json["task_id"] == "01T")
  try request.respond()
  #expect(try next.reply().task.state == "completed")
}

@Test(
  arguments: Refusal.all.filter { !$0.name.hasPrefix("shorter") && !$0.name.hasPrefix("reset within") }, Wire.allCases)
func aStreamThatOrqRefusesIsAPlainError(_ refusal: Refusal, _ wire: Wire) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let client = try gateway.web()
  try gateway.caller().send(Call.stream().outgoing(wire), on: client)
  try refusal.act(try upstream.next())
  try expect(try PendingReply(wire: wire, client: client).reply(), is: refusal)
  try expectQuiet(upstream, gateway)
  #expect(try gateway.caller().call(.rpc10, .list([])).result["tasks"]?.array?.count == 0)
}

@Test(arguments: [(401, "orq.key"), (403, "orq.key"), (404, "orq.key")])
func theOperatorIsToldWhatOrqRefused(_ status: Int, _ hint: String) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.next().respond(status, #"{"message":"no"}"#)
  _ = try pending.reply()
  let line = gateway.log.lines.first { $0.contains("does not let this agent be called") }
  #expect(line?.contains(hint) == true)
  #expect(line?.contains("\"level\":\"error\"") == true)
  #expect(!gateway.log.lines.contains { $0.contains(OrqUpstream.key) })
}

@Test func aConnectionThatWasKeptAndBreaksSendsNothingTwice() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway { $0.workers = 1 }
  let first = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.next()
  try request.respond()
  _ = try first.reply()
  let pending = try gateway.caller().begin(.rpc10, .send())
  let again = try upstream.next()
  #expect(again.connection === request.connection)
  again.connection.reset()
  #expect(try pending.reply().response.status == 503)
  try expectQuiet(upstream, gateway)
}

@Test func aFinishedStreamLeavesItsConnectionForTheNextCall() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(OrqUpstream.card(.run)) { $0.workers = 1 }
  var connections: [RawClient] = []
  for _ in 0..<3 {
    let pending = try gateway.caller().begin(.rpc10, .send())
    let request = try upstream.next()
    connections.append(request.connection)
    try request.startStream()
    try request.event("agents.execution_started", #"{"agent_task_id":"01T","workspace_id":"w","trace_id":"t"}"#)
    try request.event("event.agents.inactive", #"{"last_message":"ok","finish_reason":"stop","workflowRunId":"w"}"#)
    #expect(try pending.reply().task.state == "completed")
    try request.end()
    try gateway.settle()
  }
  #expect(connections.allSatisfy { $0 === connections[0] })
}

@Test func aStreamThatGoesOnBehindItsEndIsCut() throws {
  let time = ManualTime()
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(time: time)
  let client = try gateway.web()
  try gateway.caller().send(Call.stream().outgoing(.rpc10), on: client)
  let request = try upstream.next()
  try request.startStream()
  try request.started()
  try request.done()
  let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  #expect(try stream.rest().last?.state == "completed")
  try request.delta("late")
  try gateway.advance(by: .seconds(1))
  #expect((try? request.connection.hasMore()) != true)
}

@Test func theWorkspaceMayBeAway() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway { $0.orq?.url = "http://127.0.0.1:1" }
  let reply = try gateway.caller().call(.rpc10, .send())
  #expect(reply.response.status == 503)
  #expect(reply.response.field("retry-after") == "5")
  #expect(reply.error?.code == -32603)
}

// MARK: Time

@Test(arguments: Wire.allCases)
func anAnswerThatNeverComesFailsTheTaskWhenItsTimeIsOver(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(time: time)
  let pending = try gateway.caller().begin(wire, .send(context: "c"))
  _ = try upstream.next()
  try gateway.settle()
  try gateway.advance(by: .seconds(899))
  try gateway.advance(by: .seconds(2))
  let task = try pending.reply().task
  #expect(task.state == "failed")
  try expectQuiet(upstream, gateway)
  let next = try gateway.caller().begin(wire, .send(context: "c"))
  let request = try upstream.next()
  #expect(try request.json["task_id"] == nil)
  try request.respond()
  #expect(try next.reply().task.state == "completed")
}

@Test(arguments: Wire.allCases)
func aStreamThatNeverBeginsFailsTheTask(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(time: time)
  let client = try gateway.web()
  try gateway.caller().send(Call.stream().outgoing(wire), on: client)
  _ = try upstream.next()
  try gateway.settle()
  // The caller has a stream as soon as the agent has had a moment to answer otherwise.
  try gateway.advance(by: .seconds(1))
  let stream = EventStream(wire: wire, reader: EventReader(client, try client.head()))
  #expect(try stream.expect().summary == "task submitted")
  try gateway.advance(by: .seconds(60))
  #expect(try stream.rest().map(\.summary) == ["status failed"])
  try expectQuiet(upstream, gateway)
}
