import Configuration
import TestSupport
import Testing

private let listed = "https://app.example"

private func gateway() throws -> TestGateway {
  try TestGateway(.echo, needsKey: true) { $0.listeners[0].cors = [listed] }
}

private func preflight(_ gateway: TestGateway, _ path: String, origin: String, method: String = "POST") throws
  -> WebResponse
{
  try gateway.web().request(
    "OPTIONS", path,
    [
      ("Origin", origin), ("Access-Control-Request-Method", method),
      ("Access-Control-Request-Headers", "content-type, a2a-version, authorization"),
    ])
}

@Test(arguments: ["/agents/echo", "/agents/echo/message:send", "/agents/echo/v1/tasks/t", "/agents"])
func aPreflightOfAListedOriginIsGranted(_ path: String) throws {
  let response = try preflight(gateway(), path, origin: listed)
  #expect(response.status == 204)
  #expect(response.field("access-control-allow-origin") == listed)
  #expect(response.field("vary")?.contains("Origin") == true)
  #expect(response.field("access-control-allow-methods")?.contains("POST") == true)
  let headers = try #require(response.field("access-control-allow-headers"))
  for name in ["authorization", "content-type", "a2a-version", "a2a-extensions", "last-event-id"] {
    #expect(headers.contains(name))
  }
}

@Test(arguments: ["https://evil.example", "http://app.example", "https://app.example.evil", "null"])
func aPreflightOfAnotherOriginIsNotGranted(_ origin: String) throws {
  let response = try preflight(gateway(), "/agents/echo", origin: origin)
  #expect(response.status == 204)
  #expect(response.field("access-control-allow-origin") == nil)
  #expect(response.field("access-control-allow-methods") == nil)
  #expect(response.field("vary")?.contains("Origin") == true)
}

@Test(arguments: Wire.allCases)
func onlyAListedOriginMayReadAnswers(_ wire: Wire) throws {
  let gateway = try gateway()
  for (origin, allowed) in [(listed, listed as String?), ("https://evil.example", nil)] {
    for call in [Call.send(), .get("nope")] {
      let reply = try gateway.caller("echo", as: "alice").call(wire, call, [("Origin", origin)])
      #expect(reply.response.field("access-control-allow-origin") == allowed)
      #expect(reply.response.fields("vary").joined(separator: ",").contains("Origin"))
    }
    let stream = try gateway.caller("echo", as: "alice").open(wire, .stream(), [("Origin", origin)])
    #expect(stream.reader.head.field("access-control-allow-origin") == allowed)
    #expect(try stream.rest().count == 3)
  }
}

@Test func aBrowserCanReadWhyItWasRefused() throws {
  let gateway = try gateway()
  let fields = [("Origin", listed)]
  #expect(try gateway.caller("echo").request("POST", "", fields, body: []).status == 401)
  for (caller, path, status) in [
    (gateway.caller("echo"), "", 401), (gateway.caller("none", as: "alice"), "", 404),
    (gateway.caller("echo", as: "alice"), "/nothing", 404),
  ] {
    let response = try caller.request("POST", path, fields, body: [])
    #expect(response.status == status)
    #expect(response.field("access-control-allow-origin") == listed)
  }
}

@Test func cardsAreForEveryOrigin() throws {
  let gateway = try gateway()
  let response = try gateway.caller("echo").request("GET", "/card", [("Origin", "https://anyone.example")])
  #expect(response.status == 200)
  #expect(response.field("access-control-allow-origin") == "*")
  // A browser asks first when it names its version.
  let asked = try preflight(gateway, "/agents/echo/card", origin: "https://anyone.example", method: "GET")
  #expect(asked.status == 204)
  #expect(asked.field("access-control-allow-origin") == "*")
  #expect(asked.field("access-control-allow-headers")?.contains("a2a-version") == true)
}

@Test func aStarAdmitsEveryOrigin() throws {
  let gateway = try TestGateway(.echo) { $0.listeners[0].cors = ["*"] }
  let response = try preflight(gateway, "/agents/echo", origin: "https://anyone.example")
  #expect(response.field("access-control-allow-origin") == "https://anyone.example")
}

@Test func withoutAnOriginNothingIsSaidOfOrigins() throws {
  let reply = try gateway().caller("echo", as: "alice").call(.rpc10, .send())
  #expect(reply.response.fields.allSatisfy { !$0.name.hasPrefix("access-control") })
}

@Test func anOptionsThatIsNoPreflightIsAnUnknownMethod() throws {
  let gateway = try gateway()
  let response = try gateway.web().request("OPTIONS", "/agents/echo")
  #expect(response.status == 405)
  #expect(response.field("allow") == "POST")
}

// MARK: Pages that call in the name of whoever sits at this machine

/// A form or a script of any page can send this without asking first.
private func simpleRequest(_ gateway: TestGateway, _ fields: [(String, String)], host: String? = nil) throws
  -> WebResponse
{
  let client = try gateway.web()
  let body =
    #"{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"messageId":"1","role":"user","parts":[{"kind":"text","text":"x"}]}}}"#
  var head = "POST /agents/echo HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(gateway.port)")\r\n"
  for (name, value) in fields { head += "\(name): \(value)\r\n" }
  try client.raw.send(head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
  return try client.response()
}

@Test(arguments: ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:5173", "x"])
func aStrangersPageCannotCallInTheNameOfAnonymous(_ origin: String) throws {
  let gateway = try TestGateway(.echo)
  let response = try simpleRequest(gateway, [("Origin", origin)])
  #expect(response.status == 403)
  #expect(response.text.contains("cors"))
  let tasks = try gateway.caller("echo").request("GET", "/tasks", [("A2A-Version", "1.0")])
  #expect(tasks.text.contains(#""totalSize":0"#))
}

@Test func thePublicOriginAndListedOnesMayCall() throws {
  let gateway = try TestGateway(.echo) { $0.listeners[0].cors = [listed] }
  for origin in [listed, "http://127.0.0.1:\(gateway.port)"] {
    #expect(try simpleRequest(gateway, [("Origin", origin)]).status == 200)
  }
  #expect(try simpleRequest(gateway, []).status == 200)
}

@Test(arguments: [
  "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "",
])
func aNameThatAStrangerPointedAtThisMachineIsNotServed(_ host: String) throws {
  let gateway = try TestGateway(.echo)
  let response = try simpleRequest(gateway, [], host: host)
  #expect(response.status == 421)
  #expect(response.text.contains("public_url"))
  for path in ["/agents", "/agents/echo/tasks", "/v2/agents"] {
    let client = try gateway.web()
    try client.raw.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nA2A-Version: 1.0\r\n\r\n")
    #expect(try client.response(to: "GET").status == 421)
  }
}

@Test(arguments: [
  "localhost", "LOCALHOST:1", "a.localhost", "127.0.0.1", "127.9.9.9:80", "[::1]:8080", "agents.example",
])
func thisMachineAndThePublicNameAreServed(_ host: String) throws {
  let gateway = try TestGateway(.echo) { $0.listeners[0].publicURL = "https://agents.example" }
  #expect(try simpleRequest(gateway, [], host: host).status == 200)
}

@Test func whoeverShowsAKeyMayComeByAnyName() throws {
  let gateway = try TestGateway(.echo)
  let fields = [("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")"), ("Origin", "https://evil.example")]
  #expect(try simpleRequest(gateway, fields, host: "gateway.internal").status == 200)
}
