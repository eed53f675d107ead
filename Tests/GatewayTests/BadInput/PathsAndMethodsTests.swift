import Configuration
import JSON
import TestSupport
import Testing

@Test(
  arguments: [
    ("GET", "", "POST"), ("PUT", "", "POST"), ("DELETE", "", "POST"), ("PATCH", "", "POST"), ("HEAD", "", "POST"),
    ("POST", "/card", "GET, HEAD"), ("DELETE", "/.well-known/agent-card.json", "GET, HEAD"),
    ("GET", "/message:send", "POST"), ("PUT", "/message:stream", "POST"), ("POST", "/tasks", "GET"),
    ("POST", "/tasks/t", "GET"), ("DELETE", "/tasks/t", "GET"), ("GET", "/tasks/t:cancel", "POST"),
    ("PUT", "/tasks/t:subscribe", "GET, POST"), ("DELETE", "/tasks/t/pushNotificationConfigs", "GET, POST"),
    ("POST", "/tasks/t/pushNotificationConfigs/c", "GET, DELETE"), ("POST", "/extendedAgentCard", "GET"),
    ("GET", "/v1/message:send", "POST"), ("POST", "/v1/card", "GET"), ("DELETE", "/v1/tasks/t", "GET"),
    ("HEAD", "/tasks/t", "GET"), ("FROBNICATE", "/tasks/t", "GET"),
  ])
func aWrongMethodIsToldTheRightOnes(_ method: String, _ path: String, _ allow: String) throws {
  let gateway = try TestGateway(.echo)
  let client = try gateway.web()
  let response = try client.request(method, "/agents/echo\(path)", [("A2A-Version", "1.0")])
  #expect(response.status == 405)
  #expect(response.field("allow") == allow)
  // The connection stays in step.
  #expect(try gateway.caller("echo").call(.rpc10, .send(), on: client).task.state == "completed")
}

@Test(
  arguments: [
    "/", "/favicon.ico", "/agents/none", "/agents/none/message:send", "/agents/%zz", "/agents//",
    "/agents/echo/nothing", "/agents/echo/v1", "/agents/echo/v1/nothing", "/agents/echo/tasks/t/other",
    "/agents/echo/a/b/c/d/e/f/g/h", "/agents/echo/card/extra", "/agents/echo/../echo", "/agents/%2e%2e/echo",
    "/agents/echo%2fcard", "/.well-known/agent-card.json", "/v3/agents",
  ])
func anUnknownPathIsNotFoundOnPOST(_ path: String) throws {
  let gateway = try TestGateway(.echo)
  let response = try gateway.web().request("POST", path, [("A2A-Version", "1.0")], body: Array("{}".utf8))
  let isReadOnly = path == "/.well-known/agent-card.json"
  #expect(response.status == (isReadOnly ? 405 : 404))
  #expect(response.field("content-type") == "application/json")
  #expect(try JSONValue.parse(response.body).object != nil)
  for word in innerWords where word != "nil" { #expect(!response.text.contains(word)) }
}

@Test func withoutADefaultAgentTheRootServesNothing() throws {
  let gateway = try TestGateway(.echo)
  #expect(try gateway.web().request("GET", "/.well-known/agent-card.json").status == 404)
  let body = Caller.bytes(Call.envelope("message/send", .object(Sending().params(.rpc03))))
  #expect(try gateway.web().request("POST", "/", body: body).status == 404)
}

@Test(arguments: Wire.allCases)
func theDefaultAgentIsServedAtTheRoot(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo) { $0.defaultAgent = "echo" }
  let out = Call.send("at the root").outgoing(wire)
  let client = try gateway.web()
  let target = out.path.isEmpty ? "/" : out.path
  let reply = try Reply(
    wire, client.request(out.method, target, out.fields, body: out.body.map { Caller.bytes($0) }))
  let task = try reply.task
  #expect(task.texts == ["at the root"])
  // It is the same agent with the same tasks.
  #expect(try gateway.caller("echo").call(wire, .get(task.id)).task.id == task.id)
}

@Test func anAgentsKeyMayBePercentEncodedAndHaveASlashBehindIt() throws {
  let gateway = try TestGateway(.echo)
  let body = Caller.bytes(Call.envelope("message/send", .object(Sending().params(.rpc03))))
  for path in ["/agents/ech%6F", "/agents/echo/", "/agents/echo?x=y"] {
    #expect(try gateway.web().request("POST", path, body: body).status == 200, "\(path)")
  }
}

@Test(arguments: ["/agents/echo/.well-known/agent-card.json", "/agents/echo/card", "/agents"])
func headIsGetWithoutTheBody(_ path: String) throws {
  let gateway = try TestGateway(.echo)
  let client = try gateway.web()
  let get = try client.request("GET", path)
  let head = try client.request("HEAD", path)
  #expect(head.status == 200)
  #expect(head.body.isEmpty)
  let own = ["x-request-id", "date"]
  #expect(
    head.fields.filter { !own.contains($0.name) }.map(\.value)
      == get.fields.filter { !own.contains($0.name) }.map(\.value))
  #expect(head.field("content-length") == String(get.body.count))
}

@Test func theAdminListenerServesNoAgents() throws {
  let gateway = try TestGateway(.echo)
  for path in ["/livez", "/readyz"] {
    let response = try gateway.admin().request("GET", path)
    #expect(response.status == 200)
    #expect(response.text == "ok\n")
    let refused = try gateway.admin().request("POST", path)
    #expect(refused.status == 405)
    #expect(refused.field("allow") == "GET, HEAD")
  }
  #expect(try gateway.admin().request("GET", "/agents").status == 404)
  // And the callers' listener knows nothing of it.
  #expect(try gateway.web().request("GET", "/livez").status == 404)
}
