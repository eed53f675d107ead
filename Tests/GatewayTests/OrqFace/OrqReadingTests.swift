import Configuration
import JSON
import Model
import TestSupport
import Testing

@testable import Gateway

/// Agents, tasks, and what is refused (contract §1, §3.2, §3.3, §3.10 to §3.13).
struct OrqReadingTests {
  @Test func aBodyThatIsTooLargeIsRefusedInOrqsForm() throws {
    let gateway = try TestGateway(.echo) { $0.limits.http.bodyBytesMax = 1024 }
    let body = OrqBody.turn(String(repeating: "x", count: 2048))
    let refusal = try gateway.orq().refusal("POST", "/v2/agents/echo/task", body)
    #expect(refusal.status == 413)
    #expect(refusal.message.contains("1024 bytes"))
  }

  private static func agents() throws -> TestGateway {
    try TestGateway(
      TestAgent("b", EchoAgent.engine), TestAgent("a", EchoAgent.engine), TestAgent("c", EchoAgent.engine))
  }

  @Test(arguments: ["/v2/agents", "/v2/agents/"])
  func agentsAreListedAsManifests(_ path: String) throws {
    let list = try OrqReadingTests.agents().orq().call("GET", path)
    #expect(list.object?.names == ["object", "data", "has_more"])
    #expect(list["object"] == "list")
    #expect(list["has_more"] == false)
    let first = try #require(list["data"]?.array?.first)
    #expect(
      first.object?.names == [
        "_id", "key", "display_name", "workspace_id", "project_id", "status", "type", "path", "role", "description",
        "instructions", "model", "settings", "version", "version_hash", "memory_stores", "knowledge_bases",
        "team_of_agents", "skills", "metrics",
      ])
    #expect(first["status"] == "live")
    #expect(first["instructions"] == "")
  }

  @Test(arguments: [
    ("limit=2.0", ["a", "b"], true), ("limit=2.0&starting_after=b", ["c"], false),
    ("limit=1&ending_before=c", ["b"], true),
    ("type=a2a", [], false), ("type=internal", ["a", "b", "c"], false), ("starting_after=bb", ["c"], false),
  ])
  func agentsAreListedInPages(_ query: String, _ keys: [String], _ hasMore: Bool) throws {
    let list = try OrqReadingTests.agents().orq().call("GET", "/v2/agents?" + query)
    #expect(list["data"]?.array?.compactMap { $0["_id"]?.string } == keys)
    #expect(list["has_more"]?.bool == hasMore)
  }

  @Test func anAgentIsRetrievedByItsKey() throws {
    let gateway = try OrqReadingTests.agents()
    #expect(try gateway.orq().call("GET", "/v2/agents/a")["key"] == "a")
    #expect(try gateway.orq().refusal("GET", "/v2/agents/z").status == 404)
    #expect(try gateway.orq().request("HEAD", "/v2/agents/a").status == 200)
  }

  @Test func agentsOfOthersDoNotExist() throws {
    let gateway = try TestGateway(
      TestAgent("agent", EchoAgent.engine) { $0.access.callers = [Glob("alice")] }, needsKey: true)
    #expect(try gateway.orq(as: "alice").call("GET", "/v2/agents")["data"]?.array?.count == 1)
    #expect(try gateway.orq(as: "bob").call("GET", "/v2/agents")["data"] == [])
    for (method, path, body) in [
      ("GET", "/v2/agents/agent", nil), ("GET", "/v2/agents/agent/tasks", nil),
      ("POST", "/v2/agents/agent/responses", OrqBody.turn()), ("POST", "/v2/agents/run", OrqBody.run("agent")),
    ] as [(String, String, JSONValue?)] {
      #expect(try gateway.orq(as: "bob").refusal(method, path, body).status == 404)
    }
  }

  @Test func tasksAreListedByConversationNewestFirst() throws {
    let engine = ScriptedEngine { turn, _ in
      guard case .text(let text)? = turn.message.parts.first?.content else { return [] }
      return [.status(text == "fail" ? .failed : text == "ask" ? .inputRequired : .completed, "x")]
    }
    let gateway = try TestGateway(TestAgent("agent", engine))
    func respond(_ text: String, task: String? = nil) throws -> String {
      let body = OrqBody.turn(OrqBody.message(text), task: task)
      let response = try gateway.orq().call("POST", "/v2/agents/agent/responses", body)
      return try #require(response["task_id"]?.string)
    }
    func list(_ query: String = "") throws -> [String] {
      let list = try gateway.orq().call("GET", "/v2/agents/agent/tasks" + query)
      return (list["tasks"]?.array ?? []).compactMap { $0["_id"]?.string }
    }
    let (first, second, third) = (try respond("one"), try respond("ask"), try respond("fail"))
    #expect(try list() == [third, second, first])
    _ = try respond("more", task: first)
    #expect(try list() == [first, third, second])
    #expect(try list("?limit=1.0&starting_after=\(first)") == [third])
    #expect(try list("?ending_before=\(second)&limit=1.0") == [third])
    #expect(try list("?status=inactive") == [first, second])
    #expect(try list("?status=errored") == [third])
    #expect(try list("?status=in_progress") == [])
    let whole = try gateway.orq().call("GET", "/v2/agents/agent/tasks?limit=1.0")
    #expect(whole["overall_total"] == 3)
    #expect(
      try gateway.orq().call("GET", "/v2/agents/agent/tasks?status=errored")["tasks"]?.array?.first?["state"]?["error"]
        == "x")
    #expect(try gateway.orq().refusal("GET", "/v2/agents/agent/tasks?limit=0").status == 400)
  }

  @Test func thereAreNoActions() throws {
    let gateway = try TestGateway(.echo)
    let id = try #require(
      try gateway.orq().call("POST", "/v2/agents/echo/responses", OrqBody.turn())["task_id"]?.string)
    let list = try gateway.orq().call("GET", "/v2/agents/echo/tasks/\(id)/actions")
    #expect(list == ["object": "list", "data": [], "has_more": false])
    #expect(try gateway.orq().refusal("GET", "/v2/agents/echo/tasks/\(id)/actions/1").status == 404)
  }

  // MARK: Refusals

  @Test(arguments: [
    ("POST", "/v2/agents", 403), ("PATCH", "/v2/agents/echo", 403), ("DELETE", "/v2/agents/echo", 403),
    ("PUT", "/v2/agents/echo", 405), ("GET", "/v2/agents/echo/task", 405), ("POST", "/v2/agents/a2a", 403),
    ("POST", "/v2/agents/echo/card/refresh", 403), ("GET", "/v2/agents/external/echo", 404),
    ("GET", "/v2/agents/echo/what", 404), ("GET", "/v2/agents/echo/responses/none", 404),
    ("GET", "/v2/agents/echo/tasks/none", 404), ("GET", "/v2/agents?limit=ten", 400),
  ])
  func whatIsNotOfferedIsRefusedInWords(_ method: String, _ path: String, _ status: Int) throws {
    let gateway = try TestGateway(.echo)
    let response = try gateway.orq().request(method, path, method == "GET" ? nil : [:])
    #expect(response.status == status)
    #expect(try JSONValue.parse(response.body).object?.names == ["message"])
    #expect((response.field("allow") != nil) == (status == 405))
    #expect(response.field("cache-control") == "no-store")
  }

  @Test func callersWithoutAKeyAreToldSoInOrqsForm() throws {
    let gateway = try TestGateway(.echo, needsKey: true)
    #expect(try gateway.orq().refusal("GET", "/v2/agents").status == 401)
    #expect(try gateway.orq().request("GET", "/v2/agents").field("www-authenticate")?.hasPrefix("Bearer") == true)
  }

  @Test func operationsThatAreNotAllowedAreForbidden() throws {
    let gateway = try TestGateway(
      TestAgent("agent", EchoAgent.engine) { $0.access.operations = [.getTask] })
    for path in ["task", "stream-task", "responses"] {
      #expect(try gateway.orq().refusal("POST", "/v2/agents/agent/\(path)", OrqBody.turn()).status == 403)
    }
    #expect(try gateway.orq().refusal("GET", "/v2/agents/agent/tasks").status == 403)
  }

  @Test(arguments: [
    (#"{"#, "Is not valid JSON"), (#"[]"#, "Must be an object"), (#"{}"#, "message: Is required"),
    (#"{"message":{"role":"user","parts":[]}}"#, "message.parts: Must have at least one part"),
    (#"{"message":{"role":"agent","parts":[]}}"#, "message.role: Must be user or tool"),
    (#"{"message":{"role":"user","parts":[{"kind":"tool_call"}]}}"#, "message.parts[0].kind"),
    (#"{"message":{"role":"user","parts":[{"kind":"file","file":{"bytes":"%"}}]}}"#, "base64"),
  ])
  func faultyBodiesAreRefusedWithTheirFaults(_ body: String, _ message: String) throws {
    let gateway = try TestGateway(.echo)
    for path in ["task", "stream-task", "responses"] {
      let response = try gateway.web().request(
        "POST", "/v2/agents/echo/\(path)", [("Content-Type", "application/json")], body: Array(body.utf8))
      #expect(response.status == 400)
      #expect(response.text.contains(message), "\(response.text)")
    }
  }

  @Test func bodiesOfOtherTypesAreRefused() throws {
    let gateway = try TestGateway(.echo)
    let response = try gateway.web().request(
      "POST", "/v2/agents/echo/task", [("Content-Type", "text/plain")], body: Array("{}".utf8))
    #expect(response.status == 415)
  }

  @Test func aListenerWithoutTheFaceHasNoOrqPaths() throws {
    let gateway = try TestGateway(.echo) { $0.listeners[0].faces = [.a2a] }
    #expect(try gateway.orq().request("GET", "/v2/agents").status == 404)
  }

  @Test func aListenerWithTheFaceAloneHasNoOthers() throws {
    let gateway = try TestGateway(.echo) { $0.listeners[0].faces = [.orq] }
    #expect(try gateway.orq().call("GET", "/v2/agents")["data"]?.array?.count == 1)
    for path in ["/agents", "/agents/echo/.well-known/agent-card.json", "/"] {
      #expect(try gateway.orq().request("GET", path).status == 404)
    }
  }
}

/// An echo under another key.
private enum EchoAgent {
  static let engine = ScriptedEngine { turn, _ in
    [
      .artifact(Artifact(artifactID: "a", parts: turn.message.parts), append: false, lastChunk: true, metadata: nil),
      .status(.completed),
    ]
  }
}
