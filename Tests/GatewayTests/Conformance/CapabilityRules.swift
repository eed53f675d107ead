import Configuration
import JSON
import Model
import TestSupport
import Testing

// The server rules of the A2A contract that concern what an agent does not offer. A name carries the number of its rule.

@Test(arguments: Wire.allCases)
func rule31_anAgentWithoutPushRefusesAllFourOperations(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let id = try gateway.caller("echo").call(wire, .send()).task.id
  for call in [Call.pushCreate(id), .pushGet(id), .pushList(id), .pushDelete(id)] {
    let reply = try gateway.caller("echo").call(wire, call)
    #expect(reply.error?.code == -32003)
    #expect(reply.response.status == (wire.isREST ? (wire.isV1 ? 400 : 501) : 200))
  }
}

@Test(arguments: Wire.allCases)
func rule31_anAgentWithoutPushRefusesAConfigurationInASend(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let sending = Sending(pushURL: "https://example.com/hook")
  for call in [Call.sending(sending), .streaming(sending)] {
    #expect(try gateway.caller("echo").call(wire, call).error?.code == -32003)
  }
  #expect(try gateway.caller("echo").call(.rpc10, .list([])).result["totalSize"] == 0)
}

@Test func rule31_theCardPromisesNoPush() throws {
  let agent = TestAgent("echo", ScriptedEngine()) { file in
    file.card.capabilities = AgentCapabilities(pushNotifications: true, extendedAgentCard: true)
  }
  let gateway = try TestGateway(agent)
  for version in ["1.0", "0.3"] {
    let response = try gateway.caller("echo").request("GET", "/card", [("A2A-Version", version)])
    let card = try JSONValue.parse(response.body)
    #expect(card["capabilities"]?["pushNotifications"] == false)
    #expect((card["capabilities"]?["extendedAgentCard"] ?? card["supportsAuthenticatedExtendedCard"]) == false)
  }
}

@Test(arguments: Wire.allCases)
func rule33_anExtendedCardThatIsNotOfferedIsAnUnsupportedOperation(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(wire, .extendedCard)
  #expect(reply.error?.code == -32004)
  #expect(reply.response.status == (wire.isREST ? (wire.isV1 ? 400 : 501) : 200))
}

@Test(arguments: Wire.allCases)
func rule33_anExtendedCardWantsAKnownCaller(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let out = Call.extendedCard.outgoing(wire)
  let client = try gateway.web()
  try gateway.caller("echo").send(out, on: client)
  #expect(try client.response().status == 401)
  #expect(try gateway.caller("echo", as: "alice").call(wire, .extendedCard).error?.code == -32004)
}

private func requiring(_ uri: String) -> TestAgent {
  TestAgent("agent", ScriptedEngine { _, _ in [.status(.completed)] }) { file in
    file.card.capabilities = AgentCapabilities(extensions: [AgentExtension(uri: uri, required: true)])
  }
}

@Test(arguments: Wire.allCases)
func rule34_aRequiredExtensionMustBeAskedFor(_ wire: Wire) throws {
  let gateway = try TestGateway(requiring("https://example.com/ext/1"))
  for fields in [[], [("A2A-Extensions", "https://example.com/ext/2")]] {
    let reply = try gateway.caller().call(wire, .send(), fields)
    #expect(reply.error?.code == (wire.isV1 ? -32008 : -32600))
    if wire.isREST { #expect(reply.response.status == 400) }
    if wire.isV1 { #expect(reply.error?.reason == "EXTENSION_SUPPORT_REQUIRED") }
  }
}

@Test(arguments: Wire.allCases, ["A2A-Extensions", "X-A2A-Extensions"])
func rule34_anExtensionThatIsAskedForIsServed(_ wire: Wire, _ name: String) throws {
  let gateway = try TestGateway(requiring("https://example.com/ext/1"))
  let asked = [
    [(name, "https://example.com/ext/1")], [(name, "urn:a, https://example.com/ext/1 ,urn:b")],
    [(name, "urn:a"), (name, "https://example.com/ext/1")],
  ]
  for fields in asked {
    let reply = try gateway.caller().call(wire, .send(), fields)
    #expect(try reply.task.state == "completed")
    #expect(reply.response.field(wire.isV1 ? "a2a-extensions" : "x-a2a-extensions") == "https://example.com/ext/1")
  }
}

@Test(arguments: Wire.allCases)
func rule34_aStreamNamesTheExtensionsThatAreInUse(_ wire: Wire) throws {
  let gateway = try TestGateway(requiring("https://example.com/ext/1"))
  let client = try gateway.web()
  try gateway.caller().send(
    Call.stream().outgoing(wire), [("A2A-Extensions", "https://example.com/ext/1, urn:unknown")], on: client)
  let head = try client.head()
  #expect(head.status == 200)
  #expect(head.field(wire.isV1 ? "a2a-extensions" : "x-a2a-extensions") == "https://example.com/ext/1")
}

@Test(arguments: Wire.allCases)
func rule34_anUnknownExtensionIsIgnored(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(wire, .send(), [("A2A-Extensions", "urn:unknown")])
  #expect(try reply.task.state == "completed")
  #expect(reply.response.field("a2a-extensions") == nil && reply.response.field("x-a2a-extensions") == nil)
}
