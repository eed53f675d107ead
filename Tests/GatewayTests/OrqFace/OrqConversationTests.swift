import JSON
import LocalRuntime
import Model
import TestSupport
import Testing

@testable import Gateway

/// What Orq calls a task is continued turn by turn (decision 0004; contract §6.3, §6.5).
struct OrqConversationTests {
  /// Asks where the message says "ask", answers with its text otherwise.
  private static let asking = ScriptedEngine(usesHistory: true) { turn, _ in
    guard case .text(let text)? = turn.message.parts.first?.content else { return [.status(.completed)] }
    if text == "ask" { return [.text("before"), .status(.inputRequired, "which?")] }
    if text == "fail" { return [.status(.failed, "no")] }
    return [
      .text("\(turn.history.count): \(text.string)", id: turn.isContinuation ? "answer" : "a"), .status(.completed),
    ]
  }

  private static let calling = ScriptedEngine { turn, _ in
    if turn.isContinuation {
      return [
        .artifact(Artifact(artifactID: "a", parts: turn.message.parts), append: false, lastChunk: true, metadata: nil),
        .status(.completed),
      ]
    }
    let calls: JSONValue = [
      "tool_calls": [
        ["tool_call_id": "c1", "name": "weather", "arguments": ["city": "Köln"]],
        ["tool_call_id": "c2", "name": "time", "arguments": [:]],
      ]
    ]
    return [.status(.inputRequired, parts: [Part(.data(JSONFragment(calls)))], metadata: nil)]
  }

  private func respond(
    _ gateway: TestGateway, _ text: String, task: String? = nil, as principal: String? = nil
  ) throws -> JSONValue {
    try gateway.orq(as: principal).call(
      "POST", "/v2/agents/agent/responses", OrqBody.turn(OrqBody.message(text), task: task))
  }

  /// The answer to a call that does not wait, once it is there.
  private func respondInBackground(_ gateway: TestGateway, _ text: String) throws -> JSONValue {
    let begun = try gateway.orq().call(
      "POST", "/v2/agents/agent/responses", OrqBody.turn(text, ["background": true]))
    let id = try #require(begun["task_id"]?.string)
    var response = begun
    try eventually("the agent has answered") {
      response = try gateway.orq().call("GET", "/v2/agents/agent/responses/\(id)")
      return response["status"] != "in_progress"
    }
    return response
  }

  private func text(_ response: JSONValue) -> String? {
    response["output"]?.array?.first?["parts"]?.array?.last?["text"]?.string
  }

  @Test func aCompletedTaskIsContinuedUnderItsId() throws {
    let gateway = try TestGateway(TestAgent("agent", OrqConversationTests.asking))
    let first = try respond(gateway, "one")
    let id = try #require(first["task_id"]?.string)
    let second = try respond(gateway, "two", task: id)
    #expect(second["task_id"]?.string == id)
    #expect(second["_id"] != first["_id"])
    #expect(text(second) == "2: two")
    let task = try gateway.orq().call("GET", "/v2/agents/agent/tasks/\(id)")
    #expect(
      task["history"]?.array?.compactMap { $0["parts"]?.array?.first?["text"]?.string } == [
        "one", "0: one", "two", "2: two",
      ])
  }

  /// Whether the first turn was followed or only waited for.
  @Test(arguments: [false, true]) func aQuestionIsAnsweredUnderTheSameId(isFollowed: Bool) throws {
    let gateway = try TestGateway(TestAgent("agent", OrqConversationTests.asking))
    let question =
      isFollowed ? try respondInBackground(gateway, "ask") : try respond(gateway, "ask")
    let id = try #require(question["task_id"]?.string)
    #expect(text(question) == "which?")
    #expect(question["finish_reason"] == "function_call")
    #expect(question["pending_tool_calls"] == nil)
    #expect(try gateway.orq().call("GET", "/v2/agents/agent/tasks/\(id)")["status"]?["state"] == "input-required")
    let answer = try respond(gateway, "that", task: id)
    // The output before the question was told with it.
    #expect(answer["output"]?.array?.first?["parts"]?.array?.count == 1)
    #expect(text(answer)?.hasSuffix("that") == true)
    #expect(try gateway.orq().call("GET", "/v2/agents/agent/responses/\(id)")["output"] == answer["output"])
  }

  @Test func pendingCallsAreToldAndAnsweredByTheirResults() throws {
    let gateway = try TestGateway(TestAgent("agent", OrqConversationTests.calling))
    let question = try respond(gateway, "go")
    let id = try #require(question["task_id"]?.string)
    #expect(question["output"] == [])
    #expect(
      question["pending_tool_calls"] == [
        ["id": "c1", "type": "function", "function": ["name": "weather", "arguments": #"{"city":"Köln"}"#]],
        ["id": "c2", "type": "function", "function": ["name": "time", "arguments": "{}"]],
      ])
    let asked = try gateway.orq().call("GET", "/v2/agents/agent/tasks/\(id)")
    #expect(
      asked["status"]?["message"]?["parts"]?.array?.first == [
        "kind": "tool_call", "tool_name": "weather", "tool_call_id": "c1", "arguments": ["city": "Köln"],
      ])
    let results = OrqBody.results([("c2", "noon"), ("c1", ["degrees": 21])])
    let answer = try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn(results, task: id))
    #expect(
      answer["output"]?.array?.first?["parts"]?.array?.first?["data"] == [
        "tool_results": [
          ["tool_call_id": "c2", "result": "noon"], ["tool_call_id": "c1", "result": ["degrees": 21]],
        ]
      ])
    let history = try gateway.orq().call("GET", "/v2/agents/agent/tasks/\(id)")["history"]
    #expect(history?.array?.compactMap { $0["role"]?.string } == ["user", "agent", "tool", "agent"])
  }

  @Test func resultsThatDoNotMatchTheCallsAreRefusedByName() throws {
    let gateway = try TestGateway(TestAgent("agent", OrqConversationTests.calling))
    let id = try #require(try respond(gateway, "go")["task_id"]?.string)
    func refusal(_ message: JSONValue, task: String?) throws -> (status: Int, message: String) {
      try gateway.orq().refusal("POST", "/v2/agents/agent/responses", OrqBody.turn(message, task: task))
    }
    #expect(try refusal(OrqBody.results([("c1", 1)]), task: id).message.contains("c2"))
    #expect(try refusal(OrqBody.results([("c1", 1), ("c2", 1), ("c3", 1)]), task: id).message.contains("c3"))
    #expect(try refusal(OrqBody.message("never mind"), task: id).message.contains("c1, c2"))
    #expect(try refusal(OrqBody.results([("c1", 1)]), task: nil).status == 400)
  }

  @Test func aTaskThatIsActiveOrHasFailedTakesNoMessage() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine), TestAgent("asking", OrqConversationTests.asking))
    let id = try #require(
      try gateway.orq().call("POST", "/v2/agents/agent/task", OrqBody.turn())["id"]?.string)
    let turn = try engine.nextTurn()
    #expect(
      try gateway.orq().refusal("POST", "/v2/agents/agent/task", OrqBody.turn(OrqBody.message("x"), task: id)).status
        == 409)
    try turn.complete()
    let failed = try gateway.orq().call("POST", "/v2/agents/asking/responses", OrqBody.turn("fail"))
    let body = OrqBody.turn(OrqBody.message("x"), task: failed["task_id"]?.string)
    let refusal = try gateway.orq().refusal("POST", "/v2/agents/asking/responses", body)
    #expect(refusal.status == 409)
    #expect(refusal.message.contains("failed"))
  }

  @Test func aTaskBelongsToItsCallerAndItsAgent() throws {
    let gateway = try TestGateway(
      TestAgent("agent", OrqConversationTests.asking), TestAgent("other", OrqConversationTests.asking), needsKey: true)
    let id = try #require(try respond(gateway, "one", as: "alice")["task_id"]?.string)
    for (principal, agent) in [("bob", "agent"), ("alice", "other")] {
      let caller = gateway.orq(as: principal)
      let body = OrqBody.turn(OrqBody.message("x"), task: id)
      for refusal in [
        try caller.refusal("POST", "/v2/agents/\(agent)/responses", body),
        try caller.refusal("POST", "/v2/agents/\(agent)/stream-task", body),
        try caller.refusal("GET", "/v2/agents/\(agent)/responses/\(id)"),
        try caller.refusal("GET", "/v2/agents/\(agent)/tasks/\(id)"),
        try caller.refusal("GET", "/v2/agents/\(agent)/tasks/\(id)/actions"),
      ] {
        #expect(refusal.status == 404)
        #expect(refusal.message == "task not found")
      }
      #expect(try caller.call("GET", "/v2/agents/\(agent)/tasks")["overall_total"] == 0)
    }
  }

  /// The task id of one API is the context id of the other.
  @Test func aCallerMayMixBothAPIs() throws {
    let gateway = try TestGateway(TestAgent("agent", OrqConversationTests.asking))
    let id = try #require(try respond(gateway, "one")["task_id"]?.string)
    let task = try gateway.caller().call(.rpc10, .send("two", context: id)).task
    #expect(task.contextID == id)
    #expect(task.texts == ["2: two"])
    #expect(text(try respond(gateway, "three", task: id)) == "4: three")
  }

  @Test func whatSurroundsAMessageTravelsAsItsMetadata() throws {
    let engine = ScriptedEngine { turn, _ in
      let metadata = turn.message.metadata ?? JSONFragment("none")
      return [
        .artifact(
          Artifact(artifactID: "a", parts: [Part(.data(metadata))]), append: false, lastChunk: true, metadata: nil),
        .status(.completed),
      ]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let body = OrqBody.turn(
      "hello",
      [
        "variables": ["locale": "de", "big": 12_345_678_901_234_567], "thread": ["id": "t", "tags": ["x"]],
        "memory": ["entity_id": "e"], "metadata": ["k": 1], "contact": ["id": "p", "email": "a@b.c"],
      ])
    let response = try gateway.orq().call("POST", "/v2/agents/agent/responses", body)
    #expect(
      response["output"]?.array?.first?["parts"]?.array?.first?["data"] == [
        "urn:a2a-gateway:translation:v1": [
          "variables": ["locale": "de", "big": 12_345_678_901_234_567], "memory": ["entity_id": "e"],
          "thread_id": "t", "thread_tags": ["x"], "metadata": ["k": 1], "identity": ["id": "p", "email": "a@b.c"],
        ]
      ])
  }
}
