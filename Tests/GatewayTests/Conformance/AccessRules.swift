import Configuration
import JSON
import Model
import TestSupport
import Testing

// The server rules of the A2A contract that concern callers and tenants. A name carries the number of its rule.

@Test(arguments: Wire.allCases)
func rule40_anUnknownCallerGets401WithAChallenge(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let credentials: [[(String, String)]] = [
    [], [("Authorization", "Bearer wrong")], [("X-API-Key", "wrong")], [("Authorization", "Basic YTpi")],
    [("Authorization", "Bearer")], [("Authorization", "")],
  ]
  for fields in credentials {
    for call in [Call.send(), .stream(), .get("x"), .cancel("x"), .subscribe("x"), .pushList("x")] {
      let client = try gateway.web()
      try gateway.caller("echo").send(call.outgoing(wire), fields, on: client)
      let response = try client.response()
      #expect(response.status == 401)
      #expect(response.field("www-authenticate")?.hasPrefix("Bearer ") == true)
    }
  }
}

@Test(arguments: Wire.allCases)
func rule40_aKeyIsTakenInEitherHeader(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let key = try #require(TestGateway.keys["alice"])
  for fields in [[("Authorization", "Bearer \(key)")], [("authorization", "bearer \(key)")], [("X-API-Key", key)]] {
    #expect(try gateway.caller("echo").call(wire, .send(), fields).task.state == "completed")
  }
}

@Test func rule40_anUnknownCallerLearnsNothingOfWhichAgentsExist() throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let known = try gateway.caller("echo").request("POST", "", body: [])
  let unknown = try gateway.caller("no-such").request("POST", "", body: [])
  #expect(known.status == 401 && unknown.status == 401)
  #expect(known.text == unknown.text)
}

@Test func rule40_theCardNamesTheSchemes() throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let response = try gateway.caller("echo").request("GET", "/card", [("A2A-Version", "1.0")])
  let card = try JSONValue.parse(response.body)
  #expect(card["securitySchemes"]?["bearer"]?["httpAuthSecurityScheme"]?["scheme"] == "Bearer")
  #expect(card["securitySchemes"]?["apiKey"]?["apiKeySecurityScheme"]?["name"] == "X-API-Key")
  #expect(card["securityRequirements"]?.array?.count == 2)
}

@Test func rule40_aCardDeclaresTheSchemesThatAreDemandedAndNoOthers() throws {
  let finished = ScriptedEngine { _, _ in [.status(.completed)] }
  let gateway = try TestGateway(
    .echo, TestAgent("private", finished) { $0.access.callers = [Glob("alice")] })
  for version in ["1.0", "0.3", ""] {
    let open = try gateway.caller("echo").request("GET", "/card", [("A2A-Version", version)])
    #expect(try JSONValue.parse(open.body)["securitySchemes"] == nil)
    let known = try gateway.caller("private", as: "alice").request("GET", "/card", [("A2A-Version", version)])
    let card = try JSONValue.parse(known.body)
    #expect(card["securitySchemes"]?.object?.names == ["bearer", "apiKey"])
    #expect((card["securityRequirements"] ?? card["security"])?.array?.count == 2)
  }
}

@Test func rule40_anAgentForOthersIsNotThere() throws {
  let gateway = try TestGateway(
    TestAgent("agent", ScriptedEngine { _, _ in [.status(.completed)] }) { $0.access.callers = [Glob("alice")] },
    needsKey: true)
  #expect(try gateway.caller(as: "alice").call(.rpc10, .send()).task.state == "completed")
  let hidden = try gateway.caller(as: "bob").request("POST", "", body: [])
  let unknown = try gateway.caller("no-such", as: "bob").request("POST", "", body: [])
  #expect(hidden.status == 404 && unknown.status == 404)
  #expect(hidden.text == unknown.text)
}

@Test(arguments: Wire.allCases)
func rule40_anOperationThatIsNotAllowedIsForbidden(_ wire: Wire) throws {
  let gateway = try TestGateway(
    TestAgent("agent", ScriptedEngine { _, _ in [.status(.completed)] }) { $0.access.operations = [.getTask] })
  let reply = try gateway.caller().call(wire, .send())
  #expect(reply.response.status == 403)
  #expect(reply.error != nil)
  #expect(try gateway.caller().call(wire, .get("x")).error?.code == -32001)
}

@Test func rule41_aTenantInThePathOrTheBodyIsNotFound() throws {
  let gateway = try TestGateway(.echo)
  let echo = gateway.caller("echo")
  #expect(try echo.call(.rpc10, .send()) { $0["tenant"] = "acme" }.error?.code == -32001)
  #expect(try echo.call(.rest10, .send()) { $0["tenant"] = "acme" }.error?.code == -32001)
  var out = Call.send().outgoing(.rest10)
  out.path = "/acme" + out.path
  let client = try gateway.web()
  try echo.send(out, on: client)
  let reply = try Reply(.rest10, client.response())
  #expect(reply.error?.code == -32001)
  #expect(reply.response.status == 404)
  let task = try echo.call(.rest10, .send()).task
  for path in ["/acme/tasks/\(task.id)", "/acme/tasks", "/tasks?tenant=acme", "/tasks/\(task.id)?tenant=acme"] {
    let response = try echo.request("GET", path, [("A2A-Version", "1.0")])
    #expect(try Reply(.rest10, response).error?.code == -32001, "\(path)")
  }
}

@Test func rule41_noTenantMeansAnEmptyOneToo() throws {
  let gateway = try TestGateway(.echo)
  for wire in Wire.v1 {
    #expect(try gateway.caller("echo").call(wire, .send()) { $0["tenant"] = "" }.task.state == "completed")
  }
}

@Test func rule41_tenantsOfPathAndBodyMustAgree() throws {
  let gateway = try TestGateway(.echo)
  var out = Call.send().outgoing(.rest10) { $0["tenant"] = "other" }
  out.path = "/acme" + out.path
  let client = try gateway.web()
  try gateway.caller("echo").send(out, on: client)
  #expect(try Reply(.rest10, client.response()).error?.code == -32602)
}
