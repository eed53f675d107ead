import JSON
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

/// Streams over a socket (contract §4.1, §4.3); their events are those of ``OrqProjectionTests``.
struct OrqStreamTests {
  static let streams: [(path: String, more: JSONObject)] = [
    ("/v2/agents/agent/responses", ["stream": true]), ("/v2/agents/agent/stream-task", [:]),
  ]

  @Test(arguments: streams)
  func aStreamIsFramedForBothGenerations(_ path: String, _ more: JSONObject) throws {
    let engine = ScriptedEngine { _, _ in [.text("hi"), .status(.completed)] }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let response = try gateway.orq().request("POST", path, OrqBody.turn("hello", more))
    let lines = response.text.split(separator: "\n\n")
    #expect(lines.last == "data: [DONE]")
    #expect(lines.dropLast().allSatisfy { $0.hasPrefix(#"data:  {"type":""#) && !$0.contains("\n") })
    #expect(response.text.hasSuffix("\n\n"))
  }

  @Test func textArrivesAsTheAgentSaysIt() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine))
    let stream = try gateway.orq().open("/v2/agents/agent/responses", OrqBody.turn("hello", ["stream": true]))
    let turn = try engine.nextTurn()
    #expect(try stream.next()?["type"] == "response.started")
    for (index, word) in ["one", "two", "three"].enumerated() {
      try turn.emit(.text(word, append: index > 0))
      #expect(try stream.next()?["data"]?["delta"]?["text"]?.string == word)
    }
    try turn.emit(.status(.completed))
    #expect(OrqStreamReader.types(try stream.rest()) == ["part.done", "response.done"])
  }

  @Test func aStreamedTaskCanBeLookedUpAndContinued() throws {
    let engine = ScriptedEngine { turn, _ in [.text(turn.isContinuation ? "again" : "first"), .status(.completed)] }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let events = try gateway.orq().open("/v2/agents/agent/stream-task", OrqBody.turn()).rest()
    let id = try #require(events.first?["data"]?["agent_task_id"]?.string)
    #expect(try gateway.orq().call("GET", "/v2/agents/agent/responses/\(id)")["status"] == "completed")
    let more = try gateway.orq().open(
      "/v2/agents/agent/stream-task", OrqBody.turn(OrqBody.message("more"), task: id)
    ).rest()
    #expect(more.first?["data"]?["agent_task_id"]?.string == id)
    #expect(more[1]["data"]?["is_continuation"] == true)
  }

  @Test(arguments: streams)
  func aDirectReplyIsStreamed(_ path: String, _ more: JSONObject) throws {
    let engine = ScriptedEngine(repliesDirectly: true) { _, _ in [.reply("just this")] }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let events = try gateway.orq().open(path, OrqBody.turn("hello", more)).rest()
    let said = events.compactMap { $0["data"]?["last_message"] ?? $0["data"]?["part"]?["text"] }
    #expect(said == ["just this"])
  }

  @Test func aRunIsStreamedFromTheAgentOfItsKey() throws {
    let gateway = try TestGateway(.echo)
    let events = try gateway.orq().open("/v2/agents/stream-run", OrqBody.run("echo", "hi")).rest()
    #expect(
      OrqStreamReader.types(events) == [
        "agents.execution_started", "event.agents.started", "event.agents.inactive",
      ])
    #expect(events.last?["data"]?["last_message"] == "hi")
    #expect(try gateway.orq().refusal("POST", "/v2/agents/stream-run", OrqBody.run("nobody")).status == 404)
  }

  @Test(arguments: streams)
  func aQuestionEndsTheStream(_ path: String, _ more: JSONObject) throws {
    let engine = ScriptedEngine { _, _ in [.status(.inputRequired, "which?")] }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let last = try #require(try gateway.orq().open(path, OrqBody.turn("hello", more)).rest().last)
    #expect((last["data"]?["finish_reason"] ?? last["data"]?["finishReason"]) == "function_call")
  }

  @Test(arguments: streams)
  func aStreamStaysOpenDuringAnApprovalElsewhere(_ path: String, _ more: JSONObject) throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine))
    let stream = try gateway.orq().open(path, OrqBody.turn("hello", more))
    let turn = try engine.nextTurn()
    try turn.emit(.awaitingApproval(parts: [.text("wait")]))
    let id = turn.turn.contextID
    #expect(try gateway.orq().call("GET", "/v2/agents/agent/responses/\(id)")["status"] == "in_progress")
    #expect(
      try gateway.orq().call("GET", "/v2/agents/agent/tasks?status=approval_required")["tasks"]?.array?.count == 1)
    try turn.emit(.status(.working), .text("done"), .status(.completed))
    let types = OrqStreamReader.types(try stream.rest())
    #expect(types.contains { $0.contains("review") })
    #expect(["response.done", "event.agents.inactive"].contains(types.last))
  }

  @Test func aStreamEndsAfterTheTimeThatItsCallerWants() throws {
    let engine = ScriptedEngine()
    let time = ManualTime()
    let gateway = try TestGateway(TestAgent("agent", engine), time: time)
    let stream = try gateway.orq().open(
      "/v2/agents/agent/stream-task", OrqBody.turn("hello", ["stream_timeout_seconds": 30]))
    let turn = try engine.nextTurn()
    try gateway.advance(by: .seconds(31))
    #expect(OrqStreamReader.types(try stream.rest()).last == "agents.timeout")
    // The task goes on.
    try turn.complete()
    #expect(
      try gateway.orq().call("GET", "/v2/agents/agent/responses/\(turn.turn.contextID)")["status"] == "completed")
  }

  @Test func silenceIsFilledWithComments() throws {
    let engine = ScriptedEngine()
    let time = ManualTime()
    let gateway = try TestGateway(TestAgent("agent", engine), time: time)
    let stream = try gateway.orq().open("/v2/agents/agent/responses", OrqBody.turn("hello", ["stream": true]))
    let turn = try engine.nextTurn()
    _ = try stream.next()
    // What is not told to this caller is silence to it.
    try turn.emit(.status(.working))
    try gateway.advance(by: .seconds(16))
    #expect(try stream.reader.next()?.comment == "keep-alive")
    try turn.complete()
    #expect(OrqStreamReader.types(try stream.rest()).last == "response.done")
  }

  @Test func hangingUpDoesNotStopTheAgent() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine))
    let stream = try gateway.orq().open("/v2/agents/agent/stream-task", OrqBody.turn())
    let turn = try engine.nextTurn()
    stream.reader.client.raw.close()
    _ = try gateway.accessLines(1)
    try turn.complete()
    #expect(
      try gateway.orq().call("GET", "/v2/agents/agent/responses/\(turn.turn.contextID)")["status"] == "completed")
  }
}
