import Configuration
import JSON
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

/// Turns that are answered as a whole (contract §3.6, §3.7, §3.14, §3.15).
struct OrqTurnTests {
  @Test func aResponseWaitsForTheAgentAndHoldsItsAnswer() throws {
    let engine = ScriptedEngine { _, _ in
      [
        .text("Hello"), .artifact(OrqTurnTests.file, append: false, lastChunk: true, metadata: nil),
        .taskMetadata(name: "usage", JSONFragment(["prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3])),
        .status(.completed),
      ]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let response = try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn())
    #expect(response.object?.names == ["_id", "task_id", "output", "created_at", "model", "usage", "finish_reason"])
    #expect(
      response["output"]?.array?.map { $0["parts"] ?? nil } == [
        [
          ["kind": "text", "text": "Hello"],
          ["kind": "file", "file": ["uri": "https://example.com/a.pdf", "mimeType": "application/pdf"]],
        ]
      ])
    #expect(response["usage"]?["total_tokens"] == 3)
    #expect(response["finish_reason"] == "stop")
    let task = try #require(response["task_id"]?.string)
    let again = try gateway.orq().call("GET", "/v2/agents/agent/responses/\(task)")
    #expect(again["status"] == "completed")
    #expect(again["output"] == response["output"])
    #expect(again["_id"] == response["_id"])
  }

  @Test func aResponseInTheBackgroundIsAnsweredAtOnceAndLookedUpLater() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine))
    let response = try gateway.orq().call(
      "POST", "/v2/agents/agent/responses", OrqBody.turn("hello", ["background": true]))
    #expect(response["output"] == [])
    #expect(response["finish_reason"] == nil)
    let path = "/v2/agents/agent/responses/\(try #require(response["task_id"]?.string))"
    let turn = try engine.nextTurn()
    #expect(try gateway.orq().call("GET", path)["status"] == "in_progress")
    try turn.emit(.text("half"))
    #expect(try gateway.orq().call("GET", path)["output"] == [])
    try turn.emit(.status(.completed))
    let done = try gateway.orq().call("GET", path)
    #expect(done["status"] == "completed")
    #expect(done["output"]?.array?.count == 1)
  }

  @Test func aFailedResponseSaysWhy() throws {
    let gateway = try TestGateway(TestAgent("agent", ScriptedEngine { _, _ in [.status(.failed, "no paper")] }))
    let response = try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn())
    let task = try #require(response["task_id"]?.string)
    let looked = try gateway.orq().call("GET", "/v2/agents/agent/responses/\(task)")
    #expect(looked["status"] == "failed")
    #expect(looked["error"] == "no paper")
  }

  @Test func anInvocationIsAnsweredAtOnce() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine))
    let task = try gateway.orq().call("POST", "/v2/agents/agent/task", OrqBody.turn())
    #expect(task["kind"] == "task")
    #expect(task["status"]?["state"] == "submitted")
    #expect(task["messages"] == nil)
    #expect(task["metadata"]?["orq_agent_key"] == "agent")
    try engine.nextTurn().complete()
  }

  @Test func aBlockingInvocationHoldsTheMessages() throws {
    let gateway = try TestGateway(.echo)
    let task = try gateway.orq().call(
      "POST", "/v2/agents/echo/task", OrqBody.turn("hello", ["configuration": ["blocking": true]]))
    #expect(task["status"]?["state"] == "completed")
    let message = try #require(task["messages"]?.array?.first)
    #expect(message["kind"] == "message")
    #expect(message["role"] == "agent")
    #expect(message["parts"] == [["kind": "text", "text": "hello"]])
    #expect(message["taskId"] == task["id"])
  }

  @Test func aRunGoesToTheAgentThatItsKeyNamesAndSaysThatItsDefinitionIsNotTaken() throws {
    let gateway = try TestGateway(.echo)
    let task = try gateway.orq().call("POST", "/v2/agents/run", OrqBody.run("echo"))
    #expect(task["kind"] == "task")
    #expect(task["metadata"]?["urn:a2a-gateway:translation:v1"]?["losses"] == ["agent_definition"])
    let line = try #require(try gateway.accessLines(1).first)
    #expect(line.contains(#""losses":"agent_definition""#))
    let refusal = try gateway.orq().refusal("POST", "/v2/agents/run", OrqBody.run("nobody"))
    #expect(refusal.status == 404)
  }

  @Test func aDirectReplyIsKeptAsATask() throws {
    let engine = ScriptedEngine(repliesDirectly: true) { _, _ in [.reply("just this")] }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let response = try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn())
    #expect(response["output"]?.array?.first?["parts"] == [["kind": "text", "text": "just this"]])
    let task = try #require(response["task_id"]?.string)
    let looked = try gateway.orq().call("GET", "/v2/agents/agent/tasks/\(task)")
    #expect(looked["status"]?["state"] == "completed")
    #expect(looked["history"]?.array?.compactMap { $0["role"]?.string } == ["user", "agent"])
  }

  @Test func aRefusalReachesACallerThatWaits() throws {
    let refusal = AgentError(.tooManyRequests, "later", retryAfterSeconds: 7)
    let engine = ScriptedEngine(repliesDirectly: true) { _, _ in [.refused(refusal)] }
    let gateway = try TestGateway(TestAgent("agent", engine))
    for (path, more) in [("responses", [:]), ("responses", ["stream": true]), ("stream-task", [:])]
      as [(String, JSONObject)]
    {
      let response = try gateway.orq().request("POST", "/v2/agents/agent/\(path)", OrqBody.turn("hello", more))
      #expect(response.status == 429)
      #expect(response.field("retry-after") == "7")
      #expect(response.text == #"{"message":"later"}"#)
    }
  }

  @Test func aBoundedWaitIsAnsweredWithoutOutput() throws {
    let engine = ScriptedEngine()
    let time = ManualTime()
    let gateway = try TestGateway(
      TestAgent("agent", engine) { $0.limits.blockingWait = .seconds(2) }, time: time)
    let client = try gateway.web()
    try client.send(
      "POST", "/v2/agents/agent/responses", [("Content-Type", "application/json")], body: Caller.bytes(OrqBody.turn()))
    let turn = try engine.nextTurn()
    try gateway.advance(by: .seconds(3))
    let response = try JSONValue.parse(client.response().body)
    #expect(response["output"] == [])
    #expect(response["finish_reason"] == nil)
    try turn.complete()
  }

  /// Big integers, decimals, the order of members and escapes pass both ways.
  @Test func valuesPassThroughUnchanged() throws {
    let data = #"{"z":12345678901234567890,"a":1.10,"e":1e400,"s":"\u0041\ud83d\ude00","n":null}"#
    let engine = ScriptedEngine { turn, _ in
      [
        .artifact(Artifact(artifactID: "a", parts: turn.message.parts), append: false, lastChunk: true, metadata: nil),
        .status(.completed),
      ]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let body = #"{"message":{"role":"user","parts":[{"kind":"data","data":\#(data)}]}}"#
    let response = try gateway.web().request(
      "POST", "/v2/agents/agent/responses", [("Content-Type", "application/json")], body: Array(body.utf8))
    #expect(response.text.contains(data))
  }

  private static let file = Artifact(
    artifactID: "f", parts: [Part(.url("https://example.com/a.pdf"), mediaType: "application/pdf")])
}
