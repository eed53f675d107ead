import Configuration
import JSON
import Model
import Telemetry
import TestSupport
import Testing

/// A gateway whose access log is in order: each loop writes its own lines.
private func orderly(_ agent: TestAgent, needsKey: Bool = false) throws -> TestGateway {
  try TestGateway(agent, needsKey: needsKey) { $0.workers = 1 }
}

private func lines(_ gateway: TestGateway, _ count: Int) throws -> [JSONValue] {
  try gateway.accessLines(count).map { try JSONValue.parse(Array($0.utf8)) }
}

@Test(arguments: Wire.allCases)
func aSendLeavesOneLineThatSaysWhatCameOfIt(_ wire: Wire) throws {
  let gateway = try orderly(.echo, needsKey: true)
  let task = try gateway.caller("echo", as: "alice").call(wire, .send()).task
  let line = try #require(try lines(gateway, 1).first)
  let path = "/agents/echo" + (wire == .rest10 ? "/message:send" : wire == .rest03 ? "/v1/message:send" : "")
  let expected: [(String, JSONValue)] = [
    ("method", "POST"), ("path", .string(path)), ("status", 200), ("agent", "echo"), ("principal", "alice"),
    ("operation", "SendMessage"), ("version", wire.isV1 ? "1.0" : "0.3"),
    ("binding", wire.isREST ? "HTTP+JSON" : "JSONRPC"), ("task", .string(task.id)), ("state", "completed"),
    ("end", "completed"),
  ]
  for (name, value) in expected { #expect(line[name] == value, "\(name)") }
  for name in ["time", "request", "client"] { #expect(line[name]?.string?.isEmpty == false, "\(name)") }
  for name in ["bytes_in", "bytes_out", "ms", "first_byte_ms"] { #expect(line[name]?.number != nil, "\(name)") }
  #expect(line["error"] == nil)
}

@Test func theAnswerNamesTheRequestAsTheLogDoes() throws {
  let gateway = try orderly(.echo, needsKey: true)
  let refused = try gateway.caller("echo").request("POST", "", body: [])
  let served = try gateway.caller("echo", as: "alice").call(.rpc10, .send()).response
  let ids = try lines(gateway, 2).map { $0["request"]?.string }
  #expect(ids == [refused.field("x-request-id"), served.field("x-request-id")])
}

@Test func aLineHoldsNoBodyNoQueryAndNoSecret() throws {
  let gateway = try orderly(.echo, needsKey: true)
  let key = try #require(TestGateway.keys["alice"])
  let caller = gateway.caller("echo", as: "alice")
  _ = try caller.call(.rpc10, .send("the-message-text"))
  _ = try caller.open(.rest03, .stream("the-message-text")).rest()
  _ = try caller.request("GET", "/tasks?contextId=the-query&status=nonsense", [("A2A-Version", "1.0")])
  _ = try caller.request("POST", "", body: Array("{\"the-message-text\"".utf8))
  _ = try gateway.caller("echo").request("POST", "", [("Authorization", "Bearer the-wrong-key")], body: [])
  _ = try gateway.caller("echo").request(
    "POST", "", [("X-API-Key", "the-wrong-key"), ("Cookie", "the-cookie")], body: [])
  let log = try gateway.accessLines(6).joined() + gateway.log.lines.joined()
  for secret in ["the-message-text", "the-query", "nonsense", "the-wrong-key", "the-cookie", key] {
    #expect(!log.contains(secret))
  }
}

@Test(arguments: Wire.allCases)
func anErrorIsNamedByItsKind(_ wire: Wire) throws {
  let gateway = try orderly(.echo, needsKey: true)
  _ = try gateway.caller("echo", as: "alice").call(wire, .get("nope"))
  _ = try gateway.caller("echo", as: "alice").call(wire, .send(context: "not valid"))
  _ = try gateway.caller("echo").request("POST", "", body: [])
  let lines = try lines(gateway, 3)
  #expect(lines.map { $0["error"]?.string } == ["taskNotFound", "invalidParams", "unauthenticated"])
  #expect(
    lines.map { $0["status"]?.int64 } == [
      wire.isREST ? 404 : 200, wire.isV1 ? (wire.isREST ? 400 : 200) : wire.isREST ? 422 : 200, 401,
    ])
  #expect(lines[2]["principal"] == nil)
}

@Test func aStreamIsLoggedAtItsEndWithItsEvents() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let stream = try gateway.caller().open(.rpc10, .stream())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working))
  for _ in 0..<2 { _ = try stream.expect() }
  try gateway.settle()
  #expect(gateway.accessLog.lines.isEmpty)
  try turn.complete()
  _ = try stream.rest()
  let line = try #require(try lines(gateway, 1).first)
  #expect(line["events"] == 4)
  #expect(line["operation"] == "SendStreamingMessage")
  #expect(line["state"] == "completed")
  #expect(line["end"] == "completed")
}

@Test func aCallerWhoHungUpIsLoggedAsGone() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let stream = try gateway.caller().open(.rpc10, .stream())
  let turn = try engine.nextTurn()
  #expect(try stream.expect().kind == .task)
  stream.hangUp()
  let line = try #require(try lines(gateway, 1).first)
  #expect(line["end"] == "client-gone")
  #expect(line["state"] == "submitted")
  try turn.complete()
}

@Test func whatDoesNotFitADialectIsNamed() throws {
  let gateway = try orderly(.echo)
  let id = try gateway.caller("echo").call(.rpc10, .send()) { params in
    params["message"] = [
      "messageId": "m", "role": "ROLE_USER", "parts": [["data": [1, 2], "mediaType": "application/vnd.x+json"]],
    ]
  }.task.id
  _ = try gateway.caller("echo").call(.rest03, .get(id))
  let losses = try lines(gateway, 2).map { $0["losses"]?.string }
  #expect(losses[0] == nil)
  #expect(losses[1]?.isEmpty == false)
}
