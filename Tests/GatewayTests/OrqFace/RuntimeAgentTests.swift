import Configuration
import Foundation
import JSON
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Agents that calls make (contract §3.1, §3.4, §3.5, §3.7).
struct RuntimeAgentTests {
  // MARK: Making

  @Test(arguments: ["/v2/agents", "/v2/agents/"])
  func anAgentThatWasCreatedIsServedByEveryFace(_ path: String) throws {
    let stage = try RuntimeStage()
    let response = try stage.alice.request("POST", path, RuntimeStage.definition("helper"))
    #expect(response.status == 201)
    for _ in 0..<10 {
      let answer = try stage.bob.call("POST", "/v2/agents/helper/responses", OrqBody.turn("hi"))
      #expect(answer["output"]?.array?.first?["parts"]?.array?.first?["text"] == "hi")
    }
    let card = try stage.gateway.web().request("GET", "/agents/helper/.well-known/agent-card.json")
    #expect(card.status == 200)
    #expect(card.text.contains("Helps."))
    #expect(!card.text.contains("Help with"))
    #expect(try stage.gateway.caller("helper", as: "bob").call(.rpc10, .send("hi")).task.texts == ["hi"])
  }

  @Test func operatorsSeeAllOfItOthersWhatItsCardSays() throws {
    let stage = try RuntimeStage()
    let created = try stage.create(
      "helper",
      [
        "model": ["id": "echo/x", "parameters": ["temperature": 0], "retry": ["count": 2]],
        "fallback_models": ["local/y"], "display_name": "The helper", "system_prompt": "Secret.",
        "knowledge_bases": [["knowledge_id": "kb"]], "memory_stores": ["m"], "team_of_agents": [["key": "echo"]],
        "variables": ["topic": "trains"], "skills": ["s"], "engine": "jinja",
        "settings": [
          "max_iterations": 5, "max_execution_time": 60, "max_cost": 5, "tool_approval_required": "none",
          "tools": [
            ["type": "current_date"], ["type": "function", "key": "f", "function": ["name": "look_up"]],
          ], "evaluators": [["id": "e", "execute_on": "output"]],
        ],
      ])
    let seen = try stage.alice.call("GET", "/v2/agents/helper")
    #expect(seen == created)
    #expect(seen["instructions"] == "Help with {{topic}}.")
    #expect(seen["system_prompt"] == "Secret.")
    #expect(
      seen["model"] == [
        "id": "echo/x", "parameters": ["temperature": 0], "retry": ["count": 2], "fallback_models": ["local/y"],
      ])
    #expect(seen["version"] == "1.0.0")
    #expect(seen["status"] == "live")
    #expect(seen["path"] == "Default/agents")
    #expect(seen["knowledge_bases"] == [["knowledge_id": "kb"]])
    #expect(seen["memory_stores"] == ["m"])
    #expect(seen["team_of_agents"] == [["key": "echo"]])
    #expect(seen["created_by_id"] == "alice")
    #expect(seen["variables"] == ["topic": "trains"])
    #expect(seen["settings"]?["max_cost"] == 5)
    let tools = try #require(seen["settings"]?["tools"]?.array)
    #expect(tools.map { $0["action_type"] } == ["current_date", "function"])
    let isULID = try Regex("[0-9A-HJKMNP-TV-Z]{26}")
    #expect(try tools.allSatisfy { try isULID.wholeMatch(in: $0["id"]?.string ?? "") != nil })
    #expect(tools[0]["id"] != tools[1]["id"])

    let others = try stage.bob.call("GET", "/v2/agents/helper")
    #expect(others["instructions"] == "")
    #expect(others["display_name"] == "The helper")
    #expect(others["model"] == ["id": "agent/helper"])
    #expect(!others.text.contains("Secret"))
    #expect(!others.text.contains("kb"))
  }

  @Test func anAgentIsFoundByItsIDToo() throws {
    let stage = try RuntimeStage()
    let id = try #require(try stage.create("helper")["_id"]?.string)
    #expect(try stage.bob.call("GET", "/v2/agents/\(id)")["key"] == "helper")
    let task = try stage.bob.call("POST", "/v2/agents/\(id)/task", OrqBody.turn("hi"))
    let taskID = try #require(task["id"]?.string)
    #expect(try stage.bob.call("GET", "/v2/agents/helper/tasks/\(taskID)")["status"]?["state"] == "completed")
    #expect(try stage.alice.call("PATCH", "/v2/agents/\(id)", ["role": "Guide"])["version"] == "1.0.1")
    #expect(try stage.bob.call("GET", "/v2/agents/\(id)@1.0.0")["role"] == "Helper")
    #expect(try stage.alice.request("DELETE", "/v2/agents/\(id)").status == 204)
    #expect(try stage.bob.refusal("GET", "/v2/agents/\(id)").status == 404)
  }

  @Test func onlyOperatorsMayWrite() throws {
    let stage = try RuntimeStage { $0.listeners[0].auth.anonymous = true }
    try stage.create("helper")
    for caller in [stage.bob, stage.gateway.orq()] {
      for (method, path, body) in [
        ("POST", "/v2/agents", RuntimeStage.definition("other")),
        ("PATCH", "/v2/agents/helper", ["role": "x"]), ("DELETE", "/v2/agents/helper", nil),
        ("POST", "/v2/agents/run", OrqBody.run("new", model: "echo/x")),
        ("POST", "/v2/agents/stream-run", OrqBody.run("new", model: "echo/x")),
      ] as [(String, String, JSONValue?)] {
        let refusal = try caller.refusal(method, path, body)
        #expect(refusal.status == 403, "\(method) \(path)")
        #expect(refusal.message.contains("operator"))
      }
    }
    #expect(try stage.bob.call("GET", "/v2/agents")["data"]?.array?.count == 2)
  }

  @Test func ofTwoThatTakeAKeyOneGetsIt() throws {
    let stage = try RuntimeStage()
    let clients = try (0..<8).map { _ in try stage.gateway.web() }
    let body = Caller.bytes(RuntimeStage.definition("helper"))
    let fields = [("Content-Type", "application/json"), ("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")]
    for client in clients { try client.send("POST", "/v2/agents", fields, body: body) }
    let statuses = try clients.map { try $0.response().status }
    #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
    #expect(try stage.alice.refusal("POST", "/v2/agents", RuntimeStage.definition("echo")).status == 409)
  }

  @Test(
    arguments: [
      (["key": "a b"], 400, "key"), (["key": "run"], 400, "key"), (["key": nil], 400, "key: Is required"),
      (["description": nil], 400, "description: Is required"), (["settings": []], 400, "settings"),
      (["role": ""], 400, "role"), (["model": "other/x"], 404, "other/x"),
      (["model": ["id": "echo/x", "parameters": ["messages": []]]], 400, "model.parameters.messages"),
      (["settings": ["max_iterations": 0]], 400, "settings.max_iterations"),
      (["settings": ["max_execution_time": 601]], 400, "settings.max_execution_time"),
      (["settings": ["guardrails": [["id": "g"]]]], 400, "settings.guardrails"),
      (["settings": ["tools": [["type": "function", "key": "known"]]]], 400, "settings.tools[0].function"),
      (["settings": ["tools": [["type": "code", "requires_approval": true]]]], 400, "approve"),
      (["settings": ["tools": [["type": "code"]], "tool_approval_required": "all"]], 400, "approve"),
      (["engine": "jinja", "instructions": "{% if a %}x{% endif %}"], 400, "instructions"),
      (["engine": "mustache", "system_prompt": "{{#a}}x{{/a}}"], 400, "system_prompt"),
      (["engine": "twig"], 400, "engine"),
    ] as [(JSONValue, Int, String)])
  func whatCannotBeMadeIsRefusedWithItsReason(_ change: JSONValue, _ status: Int, _ reason: String) throws {
    let stage = try RuntimeStage()
    guard case .object(var body) = RuntimeStage.definition("helper") else { return }
    for (name, value) in change.object?.members ?? [] { body[name] = value == .null ? nil : value }
    let refusal = try stage.alice.refusal("POST", "/v2/agents", .object(body))
    #expect(refusal.status == status)
    #expect(refusal.message.contains(reason), "\(refusal.message)")
    #expect(try stage.alice.call("GET", "/v2/agents")["data"]?.array?.count == 1)
  }

  @Test func withoutAStateFolderNothingIsMade() throws {
    let gateway = try TestGateway(.echo, needsKey: true) {
      $0.makeOperator("alice")
      $0.runtime.models = [.init(models: Glob("echo/*"), engine: .echo)]
    }
    let refusal = try gateway.orq(as: "alice").refusal("POST", "/v2/agents", RuntimeStage.definition("helper"))
    #expect(refusal.status == 503)
    #expect(refusal.message.contains("state"))
  }

  // MARK: Changing and removing

  @Test func eachChangeIsAVersion() throws {
    let stage = try RuntimeStage()
    try stage.create("helper", ["settings": ["max_iterations": 7, "max_cost": 1]])
    func update(_ body: JSONValue) throws -> JSONValue { try stage.alice.call("PATCH", "/v2/agents/helper", body) }
    #expect(try update(["instructions": "New."])["version"] == "1.0.1")
    let minor = try update(
      ["versionIncrement": "minor", "versionDescription": "Why", "settings": ["max_cost": nil, "max_iterations": 9]])
    #expect(minor["version"] == "1.1.0")
    #expect(minor["settings"] == ["max_iterations": 9, "tools": []])
    #expect(minor["instructions"] == "New.")
    #expect(try update(["versionIncrement": "major", "system_prompt": nil])["version"] == "2.0.0")
    let refusal = try stage.alice.refusal("PATCH", "/v2/agents/helper", ["versionIncrement": "huge"])
    #expect(refusal.status == 400)
    #expect(try stage.alice.refusal("PATCH", "/v2/agents/helper", ["key": "other"]).status == 400)
    #expect(try stage.alice.refusal("PATCH", "/v2/agents/helper", ["model": "no/x"]).status == 404)
    #expect(try stage.alice.refusal("PATCH", "/v2/agents/none", [:]).status == 404)
    #expect(try stage.alice.refusal("PATCH", "/v2/agents/echo", [:]).status == 405)

    let file = try Data(contentsOf: URL(filePath: stage.folder.path + "/state/agents/runtime/helper.json"))
    let record = try RuntimeAgentRecord(Array(file))
    #expect(record.earlier.map(\.number.text) == ["1.0.0", "1.0.1", "1.1.0"])
    #expect(record.earlier[2].note == "Why")
    #expect(record.current.author == "alice")
  }

  @Test func anAgentThatIsDeletedIsGoneAndItsTasksAreCanceled() throws {
    let stage = try RuntimeStage()
    try stage.create("helper", ["model": "local/m"])
    let stream = try stage.bob.open("/v2/agents/helper/stream-task", OrqBody.turn("hi"))
    let question = try stage.models.next()
    try question.startStream()
    try question.chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"He\"}}]}\n\n")
    #expect(try stream.next()?["type"] == "agents.execution_started")
    let response = try stage.alice.request("DELETE", "/v2/agents/helper")
    #expect(response.status == 204)
    #expect(response.body.isEmpty)
    #expect(try stream.rest().last?["type"] == "event.agents.errored")
    for caller in [stage.alice, stage.bob] {
      #expect(try caller.refusal("GET", "/v2/agents/helper").status == 404)
      #expect(try caller.refusal("POST", "/v2/agents/helper/task", OrqBody.turn()).status == 404)
    }
    #expect(try stage.alice.refusal("DELETE", "/v2/agents/helper").status == 404)
    #expect(try stage.alice.refusal("DELETE", "/v2/agents/echo").status == 405)
    try stage.create("helper")
  }

  @Test func aTurnWithoutATaskEndsWithItsAgent() throws {
    let stage = try RuntimeStage { $0.limits.turns.directReplyWait = .seconds(600) }
    try stage.create("helper", ["model": "local/m"])
    let pending = try stage.bob.begin("POST", "/v2/agents/helper/responses", OrqBody.turn("hi"))
    let question = try stage.models.next()
    #expect(try stage.alice.request("DELETE", "/v2/agents/helper").status == 204)
    try question.say("too late")
    #expect(try pending.response().status == 409)
    try stage.create("helper")
    #expect(try stage.bob.call("POST", "/v2/agents/helper/responses", OrqBody.turn("hi"))["finish_reason"] == "stop")
  }

  @Test func agentsOutliveTheGateway() throws {
    let stage = try RuntimeStage()
    try stage.create("helper", ["variables": ["topic": "trains"]])
    let before = try stage.alice.call("PATCH", "/v2/agents/helper", ["role": "Guide"])
    try stage.create("gone")
    #expect(try stage.alice.request("DELETE", "/v2/agents/gone").status == 204)
    let state = stage.folder.path + "/state/agents/runtime"
    try Data("{".utf8).write(to: URL(filePath: state + "/broken.json"))
    try stage.restart()
    #expect(try stage.alice.call("GET", "/v2/agents/helper") == before)
    #expect(try stage.bob.call("POST", "/v2/agents/helper/responses", OrqBody.turn("hi"))["finish_reason"] == "stop")
    #expect(try stage.alice.refusal("GET", "/v2/agents/gone").status == 404)
    #expect(stage.gateway.log.lines.contains { $0.contains("broken.json") })
    // The model is no longer configured: the agent is still there, and says so when it is called.
    try stage.restart { $0.runtime.models = [] }
    #expect(try stage.alice.call("GET", "/v2/agents/helper") == before)
    #expect(try stage.bob.refusal("POST", "/v2/agents/helper/responses", OrqBody.turn("hi")).status == 503)
  }

  // MARK: Running

  @Test func aRunMakesItsAgentAndOnlyANewDefinitionANewVersion() throws {
    let stage = try RuntimeStage()
    let body = OrqBody.run("helper", model: "echo/x")
    let task = try stage.alice.call("POST", "/v2/agents/run", body)
    #expect(task["kind"] == "task")
    #expect(try stage.alice.call("GET", "/v2/agents/helper")["version"] == "1.0.0")
    // The same again, by somebody who may make nothing.
    let id = try #require(try stage.bob.call("POST", "/v2/agents/run", body)["id"]?.string)
    #expect(try stage.bob.call("GET", "/v2/agents/helper/responses/\(id)")["status"] == "completed")
    let events = try stage.bob.open("/v2/agents/stream-run", body).rest()
    #expect(events.last?["data"]?["last_message"] == "hello")
    let other = OrqBody.run("helper", "hello", model: "echo/y")
    #expect(try stage.bob.refusal("POST", "/v2/agents/run", other).status == 403)
    _ = try stage.alice.call("POST", "/v2/agents/run", other)
    #expect(try stage.alice.call("GET", "/v2/agents/helper")["version"] == "1.0.1")
    #expect(try stage.bob.refusal("POST", "/v2/agents/run", OrqBody.run("new", model: "no/x")).message.contains("no/x"))
  }

  @Test func manyRunsOfOneDefinitionMakeOneAgent() throws {
    let stage = try RuntimeStage()
    let body = Caller.bytes(OrqBody.run("helper", model: "echo/x"))
    let fields = [("Content-Type", "application/json"), ("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")]
    let clients = try (0..<8).map { _ in try stage.gateway.web() }
    for client in clients { try client.send("POST", "/v2/agents/run", fields, body: body) }
    for client in clients { #expect(try client.response().status == 200) }
    #expect(try stage.alice.call("GET", "/v2/agents/helper")["version"] == "1.0.0")
  }

  @Test func aCardFileKeepsItsAgentWhateverARunSays() throws {
    let stage = try RuntimeStage()
    let events = try stage.bob.open("/v2/agents/stream-run", OrqBody.run("echo", "hi", model: "no/x")).rest()
    #expect(events.last?["data"]?["last_message"] == "hi")
  }

  // MARK: The model

  @Test func theModelIsToldTheInstructionsWithTheirVariables() throws {
    let stage = try RuntimeStage()
    try stage.create(
      "helper",
      [
        "model": ["id": "local/llama", "parameters": ["temperature": 5]], "system_prompt": "You are {{ who }}.",
        "variables": ["topic": "trains", "who": "Max"],
        "settings": [
          "tools": [
            [
              "type": "function",
              "function": ["name": "look_up", "description": "d", "parameters": ["type": "object"]],
            ]
          ]
        ],
      ])
    let pending = try stage.bob.begin(
      "POST", "/v2/agents/helper/responses", OrqBody.turn("hi", ["variables": ["topic": "ships {{who}}"]]))
    let request = try stage.models.next()
    #expect(request.target == "/v1/chat/completions")
    let body = try request.json
    #expect(body["model"] == "llama")
    #expect(body["temperature"] != nil)
    #expect(
      body["messages"]?.array?.first?["content"]
        == "Be brief.\n\nYou are Max.\n\nRole: Helper\n\nHelp with ships {{who}}.")
    #expect(
      body["tools"] == [
        [
          "type": "function",
          "function": ["name": "look_up", "description": "d", "parameters": ["type": "object"]],
        ]
      ])
    try request.ask("look_up", #"{"q":1}"#)
    let first = try JSONValue.parse(try pending.response().body)
    #expect(first["finish_reason"] == "function_call")
    #expect(first["pending_tool_calls"]?.array?.first?["id"] == "call_1")
    let task = try #require(first["task_id"]?.string)

    let results = OrqBody.turn(OrqBody.results([("call_1", ["found": 3])]), task: task)
    let second = try stage.bob.begin("POST", "/v2/agents/helper/responses", results)
    let next = try stage.models.next()
    #expect(try next.json["messages"]?.array?.last?["role"] == "tool")
    try next.say("Three.")
    #expect(
      try JSONValue.parse(try second.response().body)["output"]?.array?.first?["parts"]?.array?.last?["text"]
        == "Three.")

    let actions = try stage.bob.call("GET", "/v2/agents/helper/tasks/\(task)/actions")
    let action = try #require(actions["data"]?.array?.first)
    #expect(actions["data"]?.array?.count == 1)
    #expect(action["agent_tool_call_id"] == "call_1")
    #expect(action["state"] == ["review": nil, "executed": true, "input": ["q": 1], "output": ["found": 3]])
    let id = try #require(action["_id"]?.string)
    #expect(try stage.bob.call("GET", "/v2/agents/helper/tasks/\(task)/actions/\(id)") == action)
  }

  @Test func anAgentMayTakeSoManyStepsForATask() throws {
    let stage = try RuntimeStage()
    let tools: JSONValue = [["type": "function", "function": ["name": "f"]]]
    try stage.create("helper", ["model": "local/m", "settings": ["max_iterations": 1, "tools": tools]])
    let pending = try stage.bob.begin("POST", "/v2/agents/helper/responses", OrqBody.turn("hi"))
    try stage.models.next().ask("f", "{}")
    let task = try #require(try JSONValue.parse(try pending.response().body)["task_id"]?.string)
    let results = OrqBody.turn(OrqBody.results([("call_1", 1)]), task: task)
    _ = try stage.bob.call("POST", "/v2/agents/helper/responses", results)
    let answer = try stage.bob.call("GET", "/v2/agents/helper/responses/\(task)")
    #expect(answer["status"] == "failed")
    #expect(answer["error"]?.string?.contains("1 steps") == true)
  }

  @Test func whereAModelFailsTheNextOneTakesItsPlace() throws {
    let stage = try RuntimeStage()
    try stage.create("helper", ["model": "local/a", "fallback_models": ["local/b", "echo/c"]])
    let pending = try stage.bob.begin("POST", "/v2/agents/helper/responses", OrqBody.turn("hi"))
    for (name, status) in [("a", 429), ("b", 500)] {
      let request = try stage.models.next()
      #expect(try request.json["model"]?.string == name)
      try request.respond(status, "{}")
    }
    let answer = try JSONValue.parse(try pending.response().body)
    #expect(answer["output"]?.array?.first?["parts"]?.array?.first?["text"] == "hi")
  }

  @Test func whatIsNotDoneIsNamedAsALoss() throws {
    let stage = try RuntimeStage()
    try stage.create(
      "helper",
      [
        "knowledge_bases": ["kb"], "settings": ["tools": [["type": "google_search"]]],
      ])
    let id = try #require(
      try stage.bob.call("POST", "/v2/agents/helper/task", OrqBody.turn("hi", ["configuration": ["blocking": true]]))[
        "id"]?.string)
    let task = try stage.bob.call("GET", "/v2/agents/helper/tasks/\(id)")
    #expect(task.text.contains("knowledge_bases"))
    #expect(task.text.contains("\"tools\""))
    #expect(task.text.contains("\"instructions\""))
  }

  @Test func theReleaseCandidatesSpellingsAreUnderstood() throws {
    let stage = try RuntimeStage()
    // As the Node SDK of 3.13.0-rc.2 names them in its own documentation.
    var body: JSONObject = [
      "key": "rc", "model": "echo/x", "role": "R", "instructions": "I", "path": "Default",
      "contextId": "thread", "externalId": "someone", "iconUrl": "https://example.org/i.png",
      "systemPrompt": "S", "fallbackModels": ["echo/y"], "memoryStores": ["m"], "knowledgeBases": ["kb"],
      "teamOfAgents": [["key": "echo", "role": "r"]],
      "settings": [
        "maxIterations": 3, "toolApprovalRequired": "none",
        "tools": [["type": "call_sub_agent", "requiresApproval": false]],
      ],
    ]
    body["message"] = OrqBody.message("hi")
    _ = try stage.alice.call("POST", "/v2/agents/run", .object(body))
    let seen = try stage.alice.call("GET", "/v2/agents/rc")
    #expect(seen["system_prompt"] == "S")
    #expect(seen["knowledge_bases"] == [["knowledge_id": "kb"]])
    #expect(seen["memory_stores"] == ["m"])
    #expect(seen["model"]?["fallback_models"] == ["echo/y"])
    #expect(seen["settings"]?["max_iterations"] == 3)
    let card = try stage.gateway.caller("rc", as: "bob").request("GET", "/.well-known/agent-card.json")
    #expect(try JSONValue.parse(card.body)["iconUrl"] == "https://example.org/i.png")
  }

  @Test func randomBodiesAreAnsweredInOrqsForm() throws {
    let stage = try RuntimeStage()
    var random = SeededGenerator(seed: 4)
    let values: [JSONValue] = [
      nil, true, 1, -1, "", "x", [], [:], ["id": "echo/x"], [["type": "function"]], ["tools": [1]], "echo/x", [nil],
    ]
    let names = [
      "key", "role", "description", "instructions", "path", "model", "settings", "fallback_models", "engine",
      "variables", "system_prompt", "team_of_agents", "knowledge_bases", "message", "versionIncrement",
    ]
    for _ in 0..<150 {
      guard case .object(var body) = RuntimeStage.definition("k\(Int.random(in: 0..<1000, using: &random))") else {
        return
      }
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        body[names[Int.random(in: names.indices, using: &random)]] =
          values[Int.random(in: values.indices, using: &random)]
      }
      let calls = [("POST", "/v2/agents"), ("POST", "/v2/agents/run"), ("PATCH", "/v2/agents/echo")]
      let (method, path) = calls[Int.random(in: calls.indices, using: &random)]
      let response = try stage.alice.request(method, path, .object(body))
      #expect([200, 201, 400, 404, 405, 409].contains(response.status), "\(response.status): \(response.text)")
      if response.status >= 400 { #expect(try JSONValue.parse(response.body).object?.names == ["message"]) }
    }
  }
}

extension JSONValue {
  /// As it is written.
  var text: String { String(decoding: Caller.bytes(self), as: UTF8.self) }
}
