import Configuration
import JSON
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// `list_tasks` of an agent of an Orq workspace of 3.x, whose key sees the tasks of everybody.
struct OrqTaskListTests {
  private let folder: TemporaryFolder
  private let upstream: OrqUpstream
  private var gateway: TestGateway

  init() throws {
    folder = try TemporaryFolder()
    upstream = try OrqUpstream()
    gateway = try OrqTaskListTests.gateway(upstream, folder)
  }

  private static func gateway(_ upstream: OrqUpstream, _ folder: TemporaryFolder) throws -> TestGateway {
    try TestGateway(
      agents: [TestAgent(file: OrqUpstream.card())], needsKey: true,
      state: try StateDirectory(path: folder.path + "/state")
    ) {
      $0.makeOperator("alice")
      $0.orq = upstream.configuration
      $0.orq?.generation = .v3
    }
  }

  private var bob: OrqCaller { gateway.orq(as: "bob") }

  /// Begins tasks of Bob's in the workspace.
  private func begin(_ ids: String...) throws {
    for id in ids {
      let client = try bob.begin("POST", "/v2/agents/agent/task", OrqBody.turn())
      try upstream.next().respond(200, #"{"id":"\#(id)","contextId":"c","kind":"task","status":{"state":"working"}}"#)
      #expect(try client.response().status == 200)
    }
  }

  /// Begins a task that the gateway's own turn serves: 3.x has no responses.
  private func beginHere() throws -> String {
    let client = try bob.begin("POST", "/v2/agents/agent/responses", OrqBody.turn())
    let request = try upstream.next()
    try request.startStream()
    try request.event("agents.execution_started", #"{"agent_task_id":"00H","workspace_id":"w","trace_id":"t"}"#)
    try request.event(
      "event.agents.inactive", #"{"last_message":"hi","finish_reason":"stop","workflowRunId":"w"}"#)
    try request.end()
    return try #require(try JSONValue.parse(try client.response().body)["task_id"]?.string)
  }

  private static func page(_ ids: [String], total: Int) -> String {
    #"{"tasks":[\#(ids.map { #"{"_id":"\#($0)","n":1.50}"# }.joined(separator: ","))],"overall_total":\#(total)}"#
  }

  /// The ids of the answer, and its total.
  private func answer(_ client: WebClient) throws -> (ids: [String], total: JSONValue?) {
    let response = try client.response()
    try #require(response.status == 200, "\(response.text)")
    let json = try JSONValue.parse(response.body)
    return (json["tasks"]?.array?.compactMap { $0["_id"]?.string } ?? [], json["overall_total"])
  }

  @Test func aListShowsTheCallersOwnAsTheWorkspaceTellsThem() throws {
    try begin("01T")
    let client = try bob.begin("GET", "/v2/agents/agent/tasks?limit=5.0")
    let request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50")
    try request.respond(200, OrqTaskListTests.page(["other", "01T"], total: 400))
    // There is no other task of Bob's, so nobody is asked for more.
    #expect(try client.response().text == #"{"tasks":[{"_id":"01T","n":1.50}],"overall_total":1}"#)
    // Who has none is not looked for.
    let alices = try gateway.orq(as: "alice").call("GET", "/v2/agents/agent/tasks")
    #expect(alices == ["tasks": [], "overall_total": 0])
    #expect(try upstream.isQuiet())
  }

  @Test func pagesAreFilledHoweverRareTheCallersOwnAre() throws {
    try begin("01A", "01B", "01C")
    var client = try bob.begin("GET", "/v2/agents/agent/tasks?limit=2")
    let others = (0..<49).map { "x\($0)" }
    try upstream.next().respond(200, OrqTaskListTests.page(others + ["01C"], total: 150))
    var request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&starting_after=01C")
    try request.respond(200, OrqTaskListTests.page(others, total: 150))
    request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&starting_after=x48")
    try request.respond(200, OrqTaskListTests.page(["01B", "y"], total: 150))
    var page = try answer(client)
    #expect(page.ids == ["01C", "01B"])
    #expect(page.total == 3)
    client = try bob.begin("GET", "/v2/agents/agent/tasks?limit=2&starting_after=01B&status=inactive")
    request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&starting_after=01B&status=inactive")
    try request.respond(200, OrqTaskListTests.page(["y", "01A"], total: 150))
    // A short page need not be the last.
    request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&starting_after=01A&status=inactive")
    try request.respond(200, OrqTaskListTests.page([], total: 150))
    page = try answer(client)
    #expect(page.ids == ["01A"])
  }

  @Test func pagesGoBackwardsToo() throws {
    let here = try beginHere()
    try begin("01A", "01B", "01C")
    let client = try bob.begin("GET", "/v2/agents/agent/tasks?limit=3&ending_before=01A")
    var request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&ending_before=01A")
    try request.respond(200, OrqTaskListTests.page(["x", "01B", "y"], total: 9))
    request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&ending_before=x")
    try request.respond(200, OrqTaskListTests.page(["01C"], total: 9))
    request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50&ending_before=01C")
    try request.respond(200, OrqTaskListTests.page([], total: 9))
    let page = try answer(client)
    #expect(page.ids == [here, "01C", "01B"])
    #expect(page.total == 4)
  }

  @Test func ownTurnsComeFirstAndACursorTellsWhereItStands() throws {
    let here = [try beginHere(), try beginHere()].reversed()
    try begin("01A")
    // A page that its own tasks fill asks nobody.
    #expect(
      try bob.call("GET", "/v2/agents/agent/tasks?limit=2")["tasks"]?.array?.map { $0["_id"]?.string } == Array(here))
    let client = try bob.begin("GET", "/v2/agents/agent/tasks?limit=2&starting_after=\(here.first ?? "")")
    let request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks?limit=50")
    try request.respond(200, OrqTaskListTests.page(["01A"], total: 1))
    let page = try answer(client)
    #expect(page.ids == [here.last, "01A"])
    #expect(page.total == 3)
    let before = try bob.call("GET", "/v2/agents/agent/tasks?ending_before=\(here.last ?? "")")
    #expect(before["tasks"]?.array?.map { $0["_id"]?.string } == [here.first])
  }

  @Test func aListHasAnEnd() throws {
    try begin("01A")
    let client = try bob.begin("GET", "/v2/agents/agent/tasks")
    for number in 0..<OrqForwardedTaskList.pagesMax {
      try upstream.next().respond(200, OrqTaskListTests.page(["p\(number)"], total: 100_000))
    }
    #expect(try answer(client).ids == [])
    #expect(gateway.log.lines.contains { $0.contains("cut off") })
    // A workspace that says the same again has no more to say.
    let same = try bob.begin("GET", "/v2/agents/agent/tasks")
    for _ in 0..<2 { try upstream.next().respond(200, OrqTaskListTests.page(["p"], total: 9)) }
    #expect(try answer(same).ids == [])
  }

  @Test(arguments: [
    (404, #"{"message":"no agent"}"#, 404), (401, #"{"message":"bad key"}"#, 502), (200, "{}", 502), (200, "x", 502),
    (200, #"{"tasks":[],"k":"sk-upstream-0123456789"}"#, 502), (302, "", 502),
  ])
  func whatTheWorkspaceRefusesIsToldAsEverywhere(_ status: Int, _ body: String, _ expected: Int) throws {
    try begin("01A")
    let client = try bob.begin("GET", "/v2/agents/agent/tasks")
    try upstream.next().respond(status, body)
    let answer = try client.response()
    #expect(answer.status == expected)
    #expect(try JSONValue.parse(answer.body).object?.names == ["message"])
    #expect(!answer.text.contains(OrqUpstream.key))
  }

  @Test func tasksAreTheirCallersOverARestart() throws {
    try begin("01A")
    gateway.stop()
    let next = try OrqTaskListTests.gateway(upstream, folder)
    let client = try next.orq(as: "bob").begin("GET", "/v2/agents/agent/tasks/01A")
    let request = try upstream.next()
    #expect(request.target == "/v2/agents/helper/tasks/01A")
    try request.respond(200, #"{"id":"01A","contextId":"c","kind":"task","status":{"state":"completed"},"history":[]}"#)
    #expect(try client.response().status == 200)
    #expect(try next.orq(as: "alice").refusal("GET", "/v2/agents/agent/tasks/01A").status == 404)
  }
}
