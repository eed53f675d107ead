import Configuration
import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

/// Earlier versions of agents: shown, and called, as `key@version`.
struct AgentVersionTests {
  /// An agent with the versions 1.0.0, 1.0.1 and 2.0.0; only the first has the topic ships.
  private func stage() throws -> RuntimeStage {
    let stage = try RuntimeStage()
    try stage.create("helper", ["model": "local/a", "variables": ["topic": "ships"]])
    _ = try stage.alice.call(
      "PATCH", "/v2/agents/helper",
      ["variables": ["topic": "trains"], "description": "Knows trains.", "versionDescription": "Trains"])
    _ = try stage.alice.call(
      "PATCH", "/v2/agents/helper",
      ["versionIncrement": "major", "model": "local/b", "settings": ["max_execution_time": 5]])
    return stage
  }

  @Test func anEarlierVersionIsRetrievedAsItWas() throws {
    let stage = try stage()
    let first = try stage.alice.call("GET", "/v2/agents/helper@1.0.0")
    #expect(first["key"] == "helper")
    #expect(first["version"] == "1.0.0")
    #expect(first["status"] == "published")
    #expect(first["variables"] == ["topic": "ships"])
    #expect(first["description"] == "Helps.")
    #expect(first["model"]?["id"] == "local/a")
    let second = try stage.alice.call("GET", "/v2/agents/helper%401.0.1")
    #expect(second["description"] == "Knows trains.")
    #expect(second["_id"] == first["_id"])
    let current = try stage.alice.call("GET", "/v2/agents/helper")
    #expect(current["status"] == "live")
    for name in ["helper@2.0.0", "helper@latest"] {
      #expect(try stage.alice.call("GET", "/v2/agents/\(name)") == current)
    }
    // What an operator has told an agent is for operators, whatever the version.
    let others = try stage.bob.call("GET", "/v2/agents/helper@1.0.0")
    #expect(others["instructions"] == "")
    #expect(others["version"] == "1.0.0")
    #expect(!others.text.contains("ships"))
  }

  @Test(arguments: ["helper@1.0.7", "helper@", "helper@x", "helper@1.0.0@2", "echo@1.0.0", "none@1.0.0", "@1.0.0"])
  func aVersionThatThereIsNotIsNotFound(_ name: String) throws {
    let stage = try stage()
    for caller in [stage.alice, stage.bob] {
      #expect(try caller.refusal("GET", "/v2/agents/\(name)").status == 404)
      #expect(try caller.refusal("POST", "/v2/agents/\(name)/task", OrqBody.turn()).status == 404)
    }
  }

  @Test func aVersionAnswersAsItDidAndAnyVersionGoesOn() throws {
    let stage = try stage()
    var pending = try stage.bob.begin("POST", "/v2/agents/helper@1.0.0/responses", OrqBody.turn("hi"))
    var request = try stage.models.next()
    #expect(try request.json["model"] == "a")
    #expect(try request.json.text.contains("Help with ships."))
    try request.say("Ahoy.")
    let answer = try JSONValue.parse(try pending.response().body)
    let task = try #require(answer["task_id"]?.string)
    // The task is the agent's, whichever version is asked for it.
    for name in ["helper", "helper@1.0.0", "helper@1.0.1"] {
      #expect(try stage.bob.call("GET", "/v2/agents/\(name)/responses/\(task)")["status"] == "completed")
      #expect(try stage.bob.call("GET", "/v2/agents/\(name)/tasks")["overall_total"] == 1)
    }
    pending = try stage.bob.begin("POST", "/v2/agents/helper/responses", OrqBody.turn("and now?", task: task))
    request = try stage.models.next()
    #expect(try request.json["model"] == "b")
    #expect(try request.json.text.contains("Help with trains."))
    #expect(try request.json.text.contains("Ahoy."))
    try request.say("All aboard.")
    #expect(try pending.response().status == 200)
  }

  @Test func aVersionsTurnEndsWithItsAgent() throws {
    let stage = try stage()
    let stream = try stage.bob.begin("POST", "/v2/agents/helper@1.0.0/stream-task", OrqBody.turn("hi"))
    try stage.models.next().startStream()
    #expect(try stage.alice.request("DELETE", "/v2/agents/helper").status == 204)
    _ = try stream.response()
    #expect(try stage.bob.refusal("GET", "/v2/agents/helper@1.0.0").status == 404)
  }

  @Test func anAgentIsChangedAsAWhole() throws {
    let stage = try stage()
    for (method, path) in [
      ("PATCH", "/v2/agents/helper@1.0.0"), ("DELETE", "/v2/agents/helper@1.0.0"),
      ("DELETE", "/v2/agents/external/helper@1.0.0"), ("POST", "/v2/agents/helper@1.0.0/card/refresh"),
    ] {
      let refusal = try stage.alice.refusal(method, path, method == "PATCH" ? ["role": "x"] : nil)
      #expect(refusal.status == 400, "\(method) \(path)")
      #expect(refusal.message.contains("as a whole"))
    }
    #expect(try stage.alice.call("GET", "/v2/agents/helper")["version"] == "2.0.0")
  }

  @Test func versionsOutliveTheGateway() throws {
    let stage = try stage()
    let before = try stage.alice.call("GET", "/v2/agents/helper@1.0.1")
    try stage.restart()
    #expect(try stage.alice.call("GET", "/v2/agents/helper@1.0.1") == before)
  }

  @Test func operatorsSeeWhatIsKeptOverTheSocket() throws {
    let stage = try stage()
    let gateway = RunningGateway(socket: stage.folder.path + "/state/admin.sock")
    func answer(_ path: String) throws -> JSONValue {
      let answer = try gateway.call(.get, path)
      try #require(answer.status == 200)
      return try JSONValue.parse(answer.body)
    }
    let agents = try #require(try answer("/versions")["agents"]?.array)
    #expect(agents.count == 1)
    #expect(agents[0]["key"] == "helper")
    #expect(agents[0]["version"] == "2.0.0")
    #expect(agents[0]["versions"] == 3)
    let versions = try #require(try answer("/versions/helper")["versions"]?.array)
    #expect(versions.map { $0["version"] } == ["2.0.0", "1.0.1", "1.0.0"])
    #expect(versions[1]["description"] == "Trains")
    #expect(versions[1]["created_by"] == "alice")
    #expect(versions[2]["definition"]?["variables"] == ["topic": "ships"])
    #expect(try gateway.call(.get, "/versions/none").status == 404)
    #expect(try gateway.call(.get, "/versions/helper/more").status == 404)
    #expect(try gateway.call(.post, "/versions").status == 405)
  }
}

extension AgentVersionTests {
  @Test func aVersionOfTheWorkspacesAgentIsAskedForThere() throws {
    let upstream = try OrqUpstream()
    let gateway = try upstream.gateway(needsKey: true) { $0.makeOperator("alice") }
    let bob = gateway.orq(as: "bob")
    let client = try bob.begin("POST", "/v2/agents/agent@1.2.0/responses", OrqBody.turn())
    let request = try upstream.next()
    #expect(request.target == "/v2/agents/helper@1.2.0/responses")
    try request.respond(task: "01T")
    #expect(try client.response().status == 200)
    // The task is the agent's, in whichever version it was begun.
    let reader = try bob.begin("GET", "/v2/agents/agent/responses/01T")
    #expect(try upstream.next().target == "/v2/agents/helper/responses/01T")
    reader.raw.close()
    for bad in ["agent@1%202", "agent@a%2Fb", "agent@"] {
      #expect(try bob.refusal("GET", "/v2/agents/\(bad)").status == 404)
    }
    // Of other versions than that in force there is no card.
    #expect(try bob.refusal("GET", "/v2/agents/agent@1.2.0").status == 404)
    #expect(try bob.call("GET", "/v2/agents/agent@0")["version"] == "0")
    let alice = gateway.orq(as: "alice")
    #expect(try alice.refusal("DELETE", "/v2/agents/unknown@1.0.0").status == 400)
    #expect(try alice.refusal("PATCH", "/v2/agents/agent@1.0.0", [:]).status == 400)
  }
}
