import JSON
import Model
import TestSupport
import Testing

@testable import Gateway

/// Actions of a task, from its journal (contract §3.12, §3.13).
struct OrqActionTests {
  private static func tool(_ members: JSONObject) -> TurnEvent {
    .status(.working, parts: [], metadata: JSONFragment(["tool": .object(members)]))
  }

  private static func ask(_ calls: [JSONValue]) -> TurnEvent {
    .status(.inputRequired, parts: [Part(.data(JSONFragment(["tool_calls": .array(calls)])))], metadata: nil)
  }

  private func actions(_ gateway: TestGateway, _ task: String) throws -> [JSONValue] {
    try #require(try gateway.orq().call("GET", "/v2/agents/agent/tasks/\(task)/actions")["data"]?.array)
  }

  /// Waits or not: what is told does not depend on who follows.
  @Test(arguments: [true, false])
  func whatAnAgentTellsOfToolsIsListed(_ waits: Bool) throws {
    let engine = ScriptedEngine { _, _ in
      [
        OrqActionTests.tool(["name": "search", "phase": "started", "input": ["q": "x"]]),
        OrqActionTests.tool(["name": "search", "phase": "done", "output": [1, 2]]),
        OrqActionTests.tool(["name": "read", "input": "file"]),
        OrqActionTests.tool(["name": "write", "phase": "started"]),
        OrqActionTests.tool(["name": "write", "phase": "failed"]), .text("done"), .status(.completed),
      ]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let body = OrqBody.turn("hi", ["background": .bool(!waits)])
    let id = try #require(try gateway.orq().call("POST", "/v2/agents/agent/responses", body)["task_id"]?.string)
    let actions = try actions(gateway, id)
    #expect(actions.map { $0["tool"]?["id"] } == ["search", "read", "write"])
    #expect(
      actions.map { $0["state"] } == [
        ["review": nil, "executed": true, "input": ["q": "x"], "output": ["value": [1, 2]]],
        ["review": nil, "executed": true, "input": ["value": "file"], "output": [:]],
        ["review": nil, "executed": false, "error": "the tool failed", "input": [:], "output": [:]],
      ])
    for action in actions {
      #expect(action["agent_execution_id"]?.string == id)
      #expect(action["action_type"] == "tool")
      let path = "/v2/agents/agent/tasks/\(id)/actions/\(action["_id"]?.string ?? "")"
      #expect(try gateway.orq().call("GET", path) == action)
    }
  }

  @Test func aQuestionIsOpenUntilItIsAnswered() throws {
    let engine = ScriptedEngine { turn, _ in
      turn.isContinuation
        ? [.text("done"), .status(.completed)]
        : [
          OrqActionTests.ask([
            ["tool_call_id": "c/1", "name": "f", "arguments": ["a": 1]],
            ["tool_call_id": "c2", "name": "g", "arguments": "text"],
          ])
        ]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let id = try #require(
      try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn())["task_id"]?.string)
    let open = try actions(gateway, id)
    #expect(open.map { $0["agent_tool_call_id"] } == ["c/1", "c2"])
    #expect(open.allSatisfy { $0["state"]?["executed"] == false && $0["finished"] == nil })
    #expect(open[1]["state"]?["input"] == ["value": "text"])
    let results = OrqBody.results([("c/1", ["r": 1]), ("c2", "two")])
    _ = try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn(results, task: id))
    let answered = try actions(gateway, id)
    #expect(answered.map { $0["_id"] } == open.map { $0["_id"] })
    #expect(answered.map { $0["state"]?["output"] } == [["r": 1], ["value": "two"]])
    #expect(answered.allSatisfy { $0["state"]?["executed"] == true && $0["finished"] != nil })
  }

  @Test func anApprovalIsPendingAsLongAsTheAgentWaits() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine))
    let stream = try gateway.orq().open("/v2/agents/agent/stream-task", OrqBody.turn())
    let turn = try engine.nextTurn()
    try turn.emit(.status(.working), .awaitingApproval(parts: [.text("approve")]))
    let id = try #require(try stream.next()?["data"]?["agent_task_id"]?.string)
    let pending = try #require(try actions(gateway, id).first)
    #expect(pending["tool"] == ["id": "approval", "display_name": "Approval", "requires_approval": true])
    #expect(pending["state"]?["review"] == .null)
    #expect(pending["finished"] == nil)
    try turn.complete()
    let ended = try #require(try actions(gateway, id).first)
    #expect(ended["_id"] == pending["_id"])
    #expect(ended["finished"] != nil)
  }

  @Test func soManyActionsAreListed() throws {
    let engine = ScriptedEngine { _, _ in
      (0..<1200).map { OrqActionTests.tool(["name": .string("t\($0)")]) } + [.status(.completed)]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    let id = try #require(
      try gateway.orq().call("POST", "/v2/agents/agent/responses", OrqBody.turn())["task_id"]?.string)
    let actions = try actions(gateway, id)
    #expect(actions.count == OrqActions.countMax)
    #expect(actions.last?["tool"]?["id"] == "t1199")
  }
}
