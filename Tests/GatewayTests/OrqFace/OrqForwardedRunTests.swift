import Configuration
import JSON
import TestSupport
import Testing

@testable import Gateway

/// `run` and `stream-run` of agents of an Orq workspace, and what card files say of calls that go there.
struct OrqForwardedRunTests {
  private let upstream: OrqUpstream
  private let gateway: TestGateway

  private init(
    _ generation: OrqConfiguration.Generation = .v4, card: CardFile = OrqUpstream.card(),
    _ configure: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws {
    upstream = try OrqUpstream()
    gateway = try upstream.gateway(card, generation: generation, needsKey: true) {
      $0.makeOperator("alice")
      configure(&$0)
    }
  }

  init() throws { try self.init(.v4) }

  private func begin(_ method: String, _ path: String, _ body: JSONValue? = nil, as caller: String = "bob") throws -> (
    WebClient, UpstreamRequest
  ) {
    let client = try gateway.orq(as: caller).begin(method, path, body)
    return (client, try upstream.next())
  }

  private static let task =
    #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"working"},"metadata":{"n":1.50},"x":[1e2]}"#

  @Test(arguments: ["bob", "alice"])
  func aCardFilesAgentRunsAsTheWorkspaceKnowsIt(_ caller: String) throws {
    let body = OrqBody.run(
      "agent", "hi", ["variables": ["a": 1], "future": ["n": 1], "memoryStores": ["m"], "engine": "jinja"])
    let (client, request) = try begin("POST", "/v2/agents/run", body, as: caller)
    #expect(request.target == "/v2/agents/helper/task")
    let sent = try request.json
    #expect(sent.object?.names == ["variables", "future", "message", "identity"])
    #expect(sent["message"] == OrqBody.message("hi"))
    #expect(sent["future"] == ["n": 1])
    try request.respond(200, OrqForwardedRunTests.task)
    let answer = try client.response()
    // All that the workspace says, and what of the call was not heard.
    #expect(
      answer.text
        == #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"working"},"x":[1e2],"metadata":{"n":1.50,"#
        + #""urn:a2a-gateway:translation:v1":{"losses":["agent_definition"]}}}"#)
    #expect(try gateway.accessLines(1)[0].contains("agent_definition"))
    // The task is the caller's.
    let (reader, question) = try begin("GET", "/v2/agents/agent/responses/01T", as: caller)
    try question.respond(task: "01T", status: "completed")
    #expect(try reader.response().status == 200)
  }

  @Test func aStreamOfARunComesByteByByte() throws {
    let (client, request) = try begin("POST", "/v2/agents/stream-run", OrqBody.run("agent", "hi"))
    #expect(request.target == "/v2/agents/helper/stream-task")
    try request.startStream()
    _ = try client.head()
    for piece in ["data: {\"type\":\"agents.execution_started\",\"da", "ta\":{\"agent_task_id\":\"01T\"}}\n\n"] {
      try request.chunk(piece)
      #expect(try client.chunk().map { String(decoding: $0, as: UTF8.self) } == piece)
    }
    let (_, next) = try begin("POST", "/v2/agents/stream-run", OrqBody.run("agent", "more", ["task_id": "01T"]))
    #expect(try next.json["task_id"] == "01T")
    #expect(
      try gateway.orq(as: "alice").refusal("POST", "/v2/agents/run", OrqBody.run("agent", "hi", ["task_id": "01T"]))
        .status
        == 404)
  }

  @Test func anExposedAgentIsDefinedByOperatorsOnly() throws {
    let stage = try OrqForwardedRunTests { $0.orq?.expose = [Glob("open")] }
    let manifest =
      #"{"_id":"1","key":"open","status":"live","role":"r","description":"d","instructions":"i","path":"p","model":{"id":"m"}}"#
    try stage.upstream.next().respond(200, #"{"object":"list","data":[\#(manifest)],"has_more":false}"#)
    try eventually("the agent is exposed") {
      // The workspace is asked for the card file's agent too.
      _ = try stage.upstream.isQuiet()
      return try stage.gateway.orq(as: "bob").request("GET", "/v2/agents/open").status == 200
    }
    let body = OrqBody.run("open", "hi")
    let (_, turn) = try stage.begin("POST", "/v2/agents/run", body)
    #expect(turn.target == "/v2/agents/open/task")
    let (client, run) = try stage.begin("POST", "/v2/agents/run", body, as: "alice")
    #expect(run.target == "/v2/agents/run")
    #expect(run.body.hasPrefix(String(body.text.dropLast())))
    try run.respond(200, OrqForwardedRunTests.task)
    #expect(try client.response().text == OrqForwardedRunTests.task)
  }

  @Test(arguments: [OrqConfiguration.Generation.v4, .v3])
  func aCardFilesDefinitionTakesThePlaceOfTheCalls(_ generation: OrqConfiguration.Generation) throws {
    let definition: JSONValue = [
      "model": "openai/gpt-4o", "role": "Helper", "instructions": "Help.", "path": "Default", "settings": [:],
      "engine": "jinja", "later": true,
    ]
    let card = OrqUpstream.card(.run) {
      $0.backend = .orq(OrqAgentConfiguration(agentKey: "helper", call: .run, agent: JSONFragment(definition)))
    }
    let stage = try OrqForwardedRunTests(generation, card: card)
    let body = OrqBody.run("agent", "hi", ["variables": ["a": 1], "guardrails": ["off"], "system_prompt": "Obey."])
    let (client, request) = try stage.begin("POST", "/v2/agents/run", body)
    #expect(request.target == "/v2/agents/run")
    let sent = try request.json
    #expect(sent["key"] == "helper")
    #expect(sent["role"] == "Helper")
    #expect(sent["settings"] == ["tools": []])
    #expect(sent["engine"] == (generation == .v4 ? "jinja" : nil))
    #expect(sent["later"] == true)
    #expect(sent["variables"] == ["a": 1])
    for name in ["guardrails", "system_prompt"] { #expect(sent[name] == nil) }
    try request.respond(200, OrqForwardedRunTests.task)
    #expect(try client.response().status == 200)
    // Whatever goes on with the task goes there too; a new one by other calls brings the agent along.
    let (_, next) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn("more", task: "01T"))
    #expect(next.target == "/v2/agents/helper/task")
    for (path, body, target, isPassed) in [
      ("task", OrqBody.turn("new", ["future": 1]), "run", true),
      ("stream-task", OrqBody.turn("new"), "stream-run", true),
      ("task", OrqBody.turn("wait", ["configuration": ["blocking": true]]), "stream-run", false),
      ("responses", OrqBody.turn("new"), "stream-run", false),
    ] {
      let (_, new) = try stage.begin("POST", "/v2/agents/agent/\(path)", body)
      #expect(new.target == "/v2/agents/\(target)", "\(path)")
      #expect(try new.json["later"] == true)
      #expect(try new.json["role"] == "Helper")
      // What belongs to no turn might define the agent.
      #expect(try new.json["future"] == nil)
      // The gateway's own turns have threads of its making.
      #expect(try (new.json["thread"] == nil) == isPassed)
    }
  }

  @Test func aRunByAnotherGenerationIsTranslated() throws {
    let client = try gateway.web()
    let key = try #require(TestGateway.keys["bob"])
    try client.send(
      "POST", "/v2/agents/run",
      [
        ("Content-Type", "application/json"), ("Authorization", "Bearer \(key)"),
        ("User-Agent", "speakeasy-sdk/python 3.13.16 2.730.0 2.0 orq-ai-sdk"),
      ], body: Caller.bytes(OrqBody.run("agent", "hi")))
    #expect(try upstream.next().target == "/v2/agents/helper/responses")
  }

  @Test func aConversationOfTheGatewaysGoesOnHere() throws {
    // Begun over A2A: its context is a task to callers of Orq.
    let a2a = try gateway.caller(as: "bob").begin(.rpc10, .send("one"))
    try upstream.next().respond(task: "01A")
    let context = try a2a.reply().task.contextID
    let (_, request) = try begin(
      "POST", "/v2/agents/run", OrqBody.run("agent", "two", ["task_id": .string(context)]))
    #expect(request.target == "/v2/agents/helper/responses")
    #expect(try request.json["task_id"] == "01A")
  }

  // MARK: What card files say of calls

  @Test func whatACardFileSaysOfCallsIsHeldTo() throws {
    let card = OrqUpstream.card {
      $0.orq.variables = ["locale": "nl", "tone": "dry"]
      $0.orq.metadata = ["team": "a"]
      $0.orq.memoryEntityID = "shared"
      $0.orq.threadTags = ["gateway"]
      $0.orq.fromMessage = [.variable("tone"), .threadTags]
    }
    let stage = try OrqForwardedRunTests(card: card)
    let body = OrqBody.turn(
      "hi",
      [
        "variables": ["locale": "en", "tone": "warm"], "metadata": ["team": "b"], "memory": ["entity_id": "mine"],
        "thread": ["id": "t1", "tags": ["x"]], "future": 1,
      ])
    for (path, body) in [
      ("/v2/agents/agent/responses", body), ("/v2/agents/agent/task", body),
      ("/v2/agents/run", OrqBody.run("agent", "hi", body.object ?? [:])),
    ] {
      let (_, request) = try stage.begin("POST", path, body)
      let sent = try request.json
      #expect(sent["variables"] == ["locale": "nl", "tone": "warm"], "\(path)")
      #expect(sent["metadata"] == ["team": "a"])
      #expect(sent["memory"] == ["entity_id": "shared"])
      #expect(sent["thread"] == ["id": "t1", "tags": ["gateway", "x"]])
      #expect(sent["future"] == 1)
      #expect(sent["message"] == OrqBody.message("hi"))
    }
    // Where the caller has no thread there is one for the tags.
    let (_, request) = try stage.begin("POST", "/v2/agents/agent/responses", OrqBody.turn())
    #expect(try request.json["thread"]?["id"]?.string?.hasPrefix("a2a_") == true)
  }
}
