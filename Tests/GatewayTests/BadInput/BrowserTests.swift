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
