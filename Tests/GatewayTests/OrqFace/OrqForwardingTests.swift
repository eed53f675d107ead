import Configuration
import Dispatch
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Calls that go to an Orq workspace as they are (who serves what: `OrqFace.md`).
struct OrqForwardingTests {
  /// Alice is an operator, Bob is not; `agent` is Orq's `helper`.
  private struct Stage {
    let upstream: OrqUpstream
    let gateway: TestGateway

    init(
      _ generation: OrqConfiguration.Generation = .v4, card: CardFile = OrqUpstream.card(),
      _ configure: (inout GatewayConfiguration) -> Void = { _ in }
    ) throws {
      upstream = try OrqUpstream()
      gateway = try upstream.gateway(card, generation: generation, needsKey: true) {
        $0.makeOperator("alice")
        configure(&$0)
      }
    }

    var alice: OrqCaller { gateway.orq(as: "alice") }
    var bob: OrqCaller { gateway.orq(as: "bob") }

    /// A call, and what the workspace gets of it.
    func begin(_ method: String, _ path: String, _ body: JSONValue? = nil, as caller: OrqCaller? = nil) throws -> (
      WebClient, UpstreamRequest
    ) {
      let client = try (caller ?? bob).begin(method, path, body)
      return (client, try upstream.next())
    }

    /// Begins a task of Bob's; its id is `01T`.
    func beginTask(_ path: String = "/v2/agents/agent/task") throws {
      let (client, request) = try begin("POST", path, OrqBody.turn())
      try request.respond(200, path.hasSuffix("task") ? OrqForwardingTests.task : OrqForwardingTests.response)
      #expect(try client.response().status == 200)
    }
  }

  private static let task =
    #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"working"},"future":{"n":1.50}}"#
  private static let response =
    #"{"_id":"r","task_id":"01T","output":[],"created_at":"2026-01-01T00:00:00Z","model":"m","x":[1e2]}"#

  // MARK: What goes, and what comes back

  @Test func aCallGoesAsItIsAndSoDoesItsAnswer() throws {
    let stage = try Stage()
    let client = try stage.gateway.web()
    let body =
      #"{ "message" : {"role":"user","parts":[]}, "unknown":[1.0,"\u00e9"], "configuration":{"blocking":true} }"#
    let key = try #require(TestGateway.keys["bob"])
    try client.send(
      "POST", "/v2/agents/agent/task/",
      [
        ("Content-Type", "application/json; charset=utf-8"), ("Authorization", "Bearer \(key)"),
        ("Accept-Encoding", "gzip"), ("Cookie", "c"),
      ],
      body: Array(body.utf8))
    let request = try stage.upstream.next()
    #expect(request.method == "POST")
    #expect(request.target == "/v2/agents/helper/task")
    #expect(request.field("authorization") == "Bearer \(OrqUpstream.key)")
    #expect(request.field("accept-encoding") == "identity")
    #expect(request.field("content-type") == "application/json")
    #expect(request.field("cookie") == nil)
    #expect(request.field("via")?.hasPrefix("1.1 a2a-gateway-") == true)
    #expect(request.body.hasPrefix(String(body.dropLast(2))))
    let identity = try #require(try request.json["identity"]?["id"]?.string)
    #expect(identity.hasPrefix("a2a_"))
    try request.respond(200, OrqForwardingTests.task, type: "application/json; charset=utf-8", [("Set-Cookie", "s")])
    let answer = try client.response()
    #expect(answer.text == OrqForwardingTests.task)
    #expect(answer.field("content-type") == "application/json; charset=utf-8")
    #expect(answer.field("set-cookie") == nil)
    #expect(answer.field("x-request-id") != nil)
  }

  @Test(arguments: ["identity", "contact"])
  func whoCallersSpeakForIsTheirsToSay(_ name: String) throws {
    let stage = try Stage()
    let (_, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn("hi", [name: ["id": "u"]]))
    #expect(try request.json[name] == ["id": "u"])
    #expect(try request.json.object?.names.count == 2)
  }

  @Test func workspacesOf3GetContacts() throws {
    let stage = try Stage(.v3)
    let (_, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    #expect(try request.json["contact"]?["id"]?.string?.hasPrefix("a2a_") == true)
  }

  @Test func aStreamComesByteByByte() throws {
    let stage = try Stage()
    let (client, request) = try stage.begin("POST", "/v2/agents/agent/responses", OrqBody.turn("hi", ["stream": true]))
    #expect(request.field("accept") == "text/event-stream")
    try request.startStream()
    let head = try client.head()
    #expect(head.status == 200)
    #expect(head.field("content-type") == "text/event-stream")
    for piece in [
      "data: {\"type\":\"response.started\",\"times", "tamp\":\"t\",\"data\":{\"taskId\":\"01T\"}}\n\n", ": x\n\n",
      "data: {\"new\":1}\n\n",
    ] {
      try request.chunk(piece)
      #expect(try client.chunk().map { String(decoding: $0, as: UTF8.self) } == piece)
    }
    // The task is the caller's before the stream ends.
    let (reader, question) = try stage.begin("GET", "/v2/agents/agent/responses/01T")
    #expect(question.target == "/v2/agents/helper/responses/01T")
    try question.respond(task: "01T", status: "in_progress")
    #expect(try reader.response().status == 200)
    try request.end()
    #expect(try client.chunk().map { String(decoding: $0, as: UTF8.self) } == "data: [DONE]\n\n")
    #expect(try client.chunk() == nil)
  }

  @Test func callersOf3GetTheFrameThatTheyNeed() throws {
    let stage = try Stage(.v3)
    let client = try stage.gateway.web()
    let key = try #require(TestGateway.keys["bob"])
    let fields = [
      ("Content-Type", "application/json"), ("Authorization", "Bearer \(key)"),
      ("User-Agent", "speakeasy-sdk/python 3.13.16 2.730.0 2.0 orq-ai-sdk"),
    ]
    try client.send("POST", "/v2/agents/agent/stream-task", fields, body: Caller.bytes(OrqBody.turn()))
    let request = try stage.upstream.next()
    try request.startStream()
    _ = try client.head()
    for (sent, came) in [
      ("data: {\"a\":1}\n\n", "data:  {\"a\":1}\n\n"), ("data:{\"a\":1}\n\n", "data:  {\"a\":1}\n\n"),
      ("data: \"{}\"\n\n", "data: \"{}\"\n\n"), ("data:  {}\n\n", "data:  {}\n\n"),
      ("data: [DONE]\n\n", "data: [DONE]\n\n"),
    ] {
      try request.chunk(sent)
      #expect(try client.chunk().map { String(decoding: $0, as: UTF8.self) } == came)
    }
  }

  @Test func aFrameIsTheSameWhereverItsBytesAreCut() {
    let text = Array("data: {\"a\":\"data: {\"}\r\n\r\n: data: {\ndata:{}\n\ndata: [DONE]\n\n".utf8)
    var whole = OrqStreamFrame()
    let expected = whole.framed(text)
    #expect(String(decoding: expected, as: UTF8.self).hasPrefix("data:  {\"a\":\"data: {\"}"))
    for cut in 0...text.count {
      var frame = OrqStreamFrame()
      #expect(frame.framed(Array(text[..<cut])) + frame.framed(Array(text[cut...])) == expected)
    }
  }

  // MARK: Whose tasks

  @Test func aTaskIsForWhoBeganIt() throws {
    let stage = try Stage()
    try stage.beginTask()
    for (method, path, body) in [
      ("GET", "/v2/agents/agent/responses/01T", nil),
      ("POST", "/v2/agents/agent/task", OrqBody.turn("more", task: "01T")),
      ("POST", "/v2/agents/agent/responses", OrqBody.turn("more", ["taskId": "01T"])),
    ] as [(String, String, JSONValue?)] {
      #expect(try stage.alice.refusal(method, path, body).status == 404)
      let (client, request) = try stage.begin(method, path, body)
      try request.respond(task: "01T", status: "completed")
      #expect(try client.response().status == 200)
    }
    #expect(try stage.bob.refusal("GET", "/v2/agents/agent/responses/other").status == 404)
    #expect(try stage.upstream.isQuiet())
  }

  @Test func whatTheWorkspaceHasNoOperationForIsAnsweredHere() throws {
    let stage = try Stage(.v3)
    let (client, request) = try stage.begin("POST", "/v2/agents/agent/responses", OrqBody.turn())
    // The gateway's own turn, by the one way that 3.x has.
    #expect(request.target == "/v2/agents/helper/stream-task")
    try request.startStream()
    try request.event("agents.execution_started", #"{"agent_task_id":"01T","workspace_id":"w","trace_id":"t"}"#)
    try request.event(
      "event.agents.inactive", #"{"last_message":"hi","finish_reason":"stop","workflowRunId":"w"}"#)
    try request.end()
    let answer = try JSONValue.parse(try client.response().body)
    let id = try #require(answer["task_id"]?.string)
    #expect(id != "01T")
    #expect(try stage.bob.call("GET", "/v2/agents/agent/responses/\(id)")["status"] == "completed")
    #expect(try stage.bob.call("GET", "/v2/agents/agent/tasks/\(id)")["status"]?["state"] == "completed")
  }

  @Test func whatACardFileSaysOfCallsIsHeldTo() throws {
    let stage = try Stage(card: OrqUpstream.card { $0.orq.variables = ["locale": "nl"] })
    let (_, request) = try stage.begin(
      "POST", "/v2/agents/agent/responses", OrqBody.turn("hi", ["variables": ["locale": "en"]]))
    #expect(try request.json["variables"] == ["locale": "nl"])
  }

  // MARK: Agents of the workspace

  @Test func operatorsMakeAgentsInTheWorkspace() throws {
    let stage = try Stage()
    let definition = RuntimeStage.definition("fresh")
    #expect(try stage.bob.refusal("POST", "/v2/agents", definition).status == 403)
    let (client, request) = try stage.begin("POST", "/v2/agents", definition, as: stage.alice)
    #expect(request.target == "/v2/agents")
    #expect(request.body == definition.text)
    try request.respond(201, #"{"_id":"1","key":"fresh","new":true}"#)
    let answer = try client.response()
    #expect(answer.status == 201)
    #expect(answer.text == #"{"_id":"1","key":"fresh","new":true}"#)

    for (method, path, body, status) in [
      ("GET", "/v2/agents/01K6D8QESESZ6SAXQPJPFQXPFT", nil, 200), ("GET", "/v2/agents/fresh", nil, 200),
      ("PATCH", "/v2/agents/fresh", ["role": "x"], 200),
      ("POST", "/v2/agents/fresh/task", OrqBody.turn(), 200), ("GET", "/v2/agents/fresh/responses/01T", nil, 200),
      ("DELETE", "/v2/agents/fresh", nil, 204),
    ] as [(String, String, JSONValue?, Int)] {
      #expect(try stage.bob.refusal(method, path, body).status == 404)
      let (client, request) = try stage.begin(method, path, body, as: stage.alice)
      #expect(request.target == path)
      try request.respond(status, status == 204 ? "" : OrqForwardingTests.task)
      #expect(try client.response(to: method).status == status)
    }
  }

  @Test func operatorsRunAgentsInTheWorkspace() throws {
    let stage = try Stage()
    let body = OrqBody.run("fresh", "hi")
    #expect(try stage.bob.refusal("POST", "/v2/agents/run", body).status == 403)
    let (client, request) = try stage.begin("POST", "/v2/agents/run", body, as: stage.alice)
    #expect(request.target == "/v2/agents/run")
    try request.respond(200, OrqForwardingTests.task)
    #expect(try client.response().text == OrqForwardingTests.task)
    let (reader, question) = try stage.begin("GET", "/v2/agents/fresh/responses/01T", as: stage.alice)
    try question.respond(task: "01T", status: "completed")
    #expect(try reader.response().status == 200)
  }

  @Test func aCardFilesAgentIsNotChangedByCalls() throws {
    let stage = try Stage()
    #expect(try stage.alice.refusal("PATCH", "/v2/agents/agent", ["role": "x"]).status == 405)
    #expect(try stage.alice.refusal("DELETE", "/v2/agents/agent").status == 405)
    #expect(try stage.bob.call("GET", "/v2/agents/agent")["instructions"] == "")
    #expect(try stage.upstream.isQuiet())
  }

  @Test func listsOfOperatorsHoldTheWorkspacesAgentsToo() throws {
    let stage = try Stage()
    let (client, first) = try stage.begin("GET", "/v2/agents?limit=3.0", as: stage.alice)
    #expect(first.target == "/v2/agents?limit=200")
    try first.respond(
      200,
      #"{"object":"list","data":[{"_id":"1","key":"old","created":"2025-01-01T00:00:00Z"},{"_id":"2","key":"agent","created":"2026-01-01T00:00:00Z"}],"has_more":true}"#
    )
    let second = try stage.upstream.next()
    #expect(second.target == "/v2/agents?limit=200&starting_after=2")
    try second.respond(
      200,
      #"{"object":"list","data":[{"_id":"3","key":"new","created":"2026-02-01T00:00:00Z","x":1.0}],"has_more":false}"#)
    let list = try JSONValue.parse(try client.response().body)
    #expect(list["data"]?.array?.map { $0["_id"] } == ["3", "1", "agent"])
    #expect(list["has_more"] == false)
    // Others see what is exposed.
    #expect(try stage.bob.call("GET", "/v2/agents")["data"]?.array?.map { $0["_id"] } == ["agent"])
    // A workspace that cannot be asked hides nothing of the gateway's own.
    let (failing, request) = try stage.begin("GET", "/v2/agents", as: stage.alice)
    try request.respond(500, "oops")
    #expect(try JSONValue.parse(try failing.response().body)["data"]?.array?.count == 1)
    #expect(stage.gateway.log.lines.contains { $0.contains("leaves out") })
  }

  // MARK: What goes wrong

  @Test(arguments: [
    (400, #"{"message":"bad","code":"x"}"#, 400, true), (404, #"{"message":"no task"}"#, 404, true),
    (422, #"{"message":"no"}"#, 422, true), (500, #"{"message":"broken"}"#, 500, true),
    (401, #"{"message":"bad key"}"#, 502, false), (403, #"{"message":"bad key"}"#, 502, false),
    (502, "<html>proxy</html>", 502, false), (302, "", 502, false),
    (400, #"{"message":"key sk-upstream-0123456789"}"#, 400, false),
  ])
  func refusalsArePassedOnButForOurs(_ status: Int, _ body: String, _ expected: Int, _ isPassed: Bool) throws {
    let stage = try Stage()
    let (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    try request.respond(status, body)
    let answer = try client.response()
    #expect(answer.status == expected)
    #expect((answer.text == body) == isPassed)
    #expect(try JSONValue.parse(answer.body)["message"]?.string?.isEmpty == false)
    #expect(!answer.text.contains(OrqUpstream.key))
  }

  @Test func aRateLimitSaysWhenToComeBack() throws {
    let stage = try Stage()
    let (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    try request.respond(429, #"{"message":"slow"}"#, [("Retry-After", "7")])
    let answer = try client.response()
    #expect(answer.status == 429)
    #expect(answer.field("retry-after") == "7")
  }

  @Test func answersThatAreNoneAreNotPassedOn() throws {
    let stage = try Stage()
    var (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    try request.connection.send("gibberish\r\n\r\n")
    #expect(try client.response().status == 502)
    (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    request.connection.reset()
    #expect(try client.response().status == 503)
    (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    try request.respond(200, "xx", [("Content-Encoding", "gzip")])
    #expect(try client.response().status == 502)
    (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
    try request.respond(200, #"{"text":"sk-upstream-0123456789"}"#)
    #expect(try client.response().status == 502)
    for type in ["text/html", "application/xml", "nonsense"] {
      (client, request) = try stage.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
      try request.respond(200, "<script>", type: type)
      let answer = try client.response()
      #expect(answer.status == 502)
      #expect(answer.field("content-type") == "application/json")
    }
  }

  @Test func aStreamThatBreaksIsSeenToBreak() throws {
    let stage = try Stage()
    let (client, request) = try stage.begin("POST", "/v2/agents/agent/stream-task", OrqBody.turn())
    try request.startStream()
    try request.chunk("data: {}\n\n")
    _ = try client.head()
    #expect(try client.chunk() != nil)
    request.connection.reset()
    #expect(throws: RawClient.Failure.self) { while try client.chunk() != nil {} }
    try eventually("the place is free") { try stage.gateway.accessLines(1).count == 1 }
  }

  /// However the workspace ends its lines. A comment within an event would be part of it.
  @Test(arguments: ["\n", "\r\n", "\r"]) func aQuietStreamIsKeptAliveBetweenEvents(newline: String) throws {
    let upstream = try OrqUpstream()
    let time = ManualTime()
    let gateway = try upstream.gateway(needsKey: true, time: time)
    let client = try gateway.orq(as: "bob").begin("POST", "/v2/agents/agent/stream-task", OrqBody.turn())
    let request = try upstream.next()
    try request.startStream()
    _ = try client.head()
    let quiet = StreamLimits().keepAlive + .seconds(1)
    for (sent, isBetween) in [("data: {}" + newline, false), (newline, true), ("data: {", false)] {
      try request.chunk(sent)
      #expect(try client.chunk().map { String(decoding: $0, as: UTF8.self) } == sent)
      try gateway.advance(by: quiet)
      if isBetween {
        #expect(try client.chunk().map { String(decoding: $0, as: UTF8.self) } == ": keep-alive\n\n")
      }
    }
  }

  @Test func aHangingWorkspaceIsGivenUp() throws {
    let upstream = try OrqUpstream()
    let time = ManualTime()
    let gateway = try upstream.gateway(needsKey: true, time: time)
    let client = try gateway.orq(as: "bob").begin("POST", "/v2/agents/agent/stream-task", OrqBody.turn())
    _ = try upstream.next()
    try gateway.advance(by: .seconds(61))
    #expect(try client.response().status == 503)
  }

  @Test func aSlowReaderHoldsTheWorkspaceBack() throws {
    let stage = try Stage { $0.limits.streams.bufferBytesMax = 64 * 1024 }
    let client = try stage.gateway.web(receiveBufferBytes: 4096)
    let key = try #require(TestGateway.keys["bob"])
    try client.send(
      "POST", "/v2/agents/agent/stream-task",
      [("Content-Type", "application/json"), ("Authorization", "Bearer \(key)")], body: Caller.bytes(OrqBody.turn()))
    let request = try stage.upstream.next()
    try request.startStream()
    _ = try client.head()
    let event = "data: {\"text\":\"" + String(repeating: "x", count: 32 * 1024) + "\"}\n\n"
    // Far more than the gateway may hold (its output buffer is cut at 4 MiB): without a halt the stream would break.
    let count = 400
    let chunk = String(event.utf8.count, radix: 16) + "\r\n" + event + "\r\n"
    // Only the writer's thread uses the connection from here on.
    nonisolated(unsafe) let connection = request.connection
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      for _ in 0..<count { try? unsafe connection.send(chunk) }
      done.signal()
    }
    var bytes = 0
    while bytes < count * event.utf8.count {
      let chunk = try #require(try client.chunk())
      bytes += chunk.count
    }
    #expect(bytes == count * event.utf8.count)
    done.wait()
  }

  @Test func aCallerThatHangsUpLetsGoOfTheWorkspace() throws {
    let stage = try Stage()
    let (client, request) = try stage.begin("POST", "/v2/agents/agent/stream-task", OrqBody.turn())
    try request.startStream()
    _ = try client.head()
    client.raw.close()
    _ = try stage.gateway.accessLines(1)
    #expect(try request.connection.isAtEnd())
  }
}
