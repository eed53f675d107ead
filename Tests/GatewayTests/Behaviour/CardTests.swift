import Configuration
import JSON
import Model
import TestSupport
import Testing

private func json(_ response: WebResponse) throws -> JSONValue { try JSONValue.parse(response.body) }

@Test func aCallerThatNamesItsVersionGetsAPureCardAndAnyOtherTheSuperset() throws {
  let gateway = try TestGateway(.echo)
  func names(_ fields: [(String, String)], _ query: String = "") throws -> Set<String> {
    Set(try json(gateway.caller("echo").request("GET", "/card\(query)", fields)).object?.names ?? [])
  }
  let only10: Set = ["supportedInterfaces"]
  let only03: Set = ["url", "preferredTransport", "protocolVersion", "additionalInterfaces"]
  let v10 = try names([("A2A-Version", "1.0")])
  let v03 = try names([("A2A-Version", "0.3")])
  let superset = try names([])
  #expect(v10.isSuperset(of: only10) && v10.isDisjoint(with: only03))
  #expect(v03.isSuperset(of: only03) && v03.isDisjoint(with: only10))
  #expect(superset.isSuperset(of: only10.union(only03)))
  #expect(try names([("A2A-Version", "1.0.1")]) == v10)
  #expect(try names([], "?A2A-Version=0.3") == v03)
  #expect(try names([("A2A-Version", "7.0")]) == superset)
}

@Test func aPublicCardMayBeKeptByEveryoneARestrictedOneOnlyByItsCaller() throws {
  let secret = TestAgent("secret", ScriptedEngine()) { $0.access.callers = [Glob("alice")] }
  let gateway = try TestGateway(.echo, secret, needsKey: true)
  let open = try gateway.caller("echo").request("GET", "/card")
  #expect(open.status == 200)
  #expect(open.field("cache-control")?.hasPrefix("public") == true)
  #expect(open.field("access-control-allow-origin") == "*")
  let closed = try gateway.caller("secret", as: "alice").request("GET", "/card")
  #expect(closed.status == 200)
  #expect(closed.field("cache-control")?.hasPrefix("private") == true)
  #expect(closed.field("access-control-allow-origin") == nil)
  for name in ["A2A-Version", "Authorization", "X-API-Key"] {
    #expect(closed.field("vary")?.contains(name) == true)
  }
  #expect(try gateway.caller("secret").request("GET", "/card").status == 401)
  #expect(try gateway.caller("secret", as: "bob").request("GET", "/card").status == 404)
}

@Test func theCatalogueHoldsWhatItsReaderMaySee() throws {
  let gateway = try TestGateway(
    TestAgent("alpha", ScriptedEngine()),
    TestAgent("for-alice", ScriptedEngine()) { $0.access.callers = [Glob("ali*")] },
    TestAgent("for-nobody", ScriptedEngine()) { $0.access.callers = [] }, needsKey: true)
  func keys(_ principal: String) throws -> [String] {
    let key = TestGateway.keys[principal] ?? ""
    let response = try gateway.web().request("GET", "/agents", [("X-API-Key", key)])
    #expect(response.field("cache-control") == "no-store")
    return try json(response)["agents"]?.array?.compactMap { $0["key"]?.string } ?? []
  }
  #expect(try keys("alice") == ["alpha", "for-alice"])
  #expect(try keys("bob") == ["alpha"])
  #expect(try gateway.web().request("GET", "/agents").status == 401)
}

@Test func theCatalogueLeadsToTheCards() throws {
  let gateway = try TestGateway(.echo)
  let entry = try #require(try json(gateway.web().request("GET", "/agents"))["agents"]?.array?.first)
  let base = "http://127.0.0.1:\(gateway.port)"
  #expect(entry["name"] == "Echo")
  #expect(entry["url"]?.string == "\(base)/agents/echo")
  let card = try #require(entry["card"]?.string?.dropFirst(base.count))
  #expect(try gateway.web().request("GET", String(card)).status == 200)
}

@Test func urlsComeFromTheConfigurationAndNeverFromAClient() throws {
  let gateway = try TestGateway(.echo) { $0.listeners[0].publicURL = "https://agents.example/edge" }
  let lies = [
    ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "ftp"), ("Forwarded", "host=evil.example"),
  ]
  for version in ["1.0", "0.3"] {
    let response = try gateway.caller("echo").request("GET", "/card", lies + [("A2A-Version", version)])
    #expect(!response.text.contains("evil.example"))
    let card = try json(response)
    let url = card["url"] ?? card["supportedInterfaces"]?.array?.first?["url"]
    #expect(url == "https://agents.example/edge/agents/echo")
  }
}

@Test func whatTheFileStatesWinsAndTheRestComesFromTheAgent() throws {
  let agent = TestAgent("agent", ScriptedEngine()) { file in
    file.card.name = "Painter"
    file.card.defaultInputModes = ["text/plain", "image/png"]
  }
  let gateway = try TestGateway(agent)
  let card = try json(gateway.caller().request("GET", "/card", [("A2A-Version", "1.0")]))
  #expect(card["name"] == "Painter")
  #expect(card["description"] == "Says what the test tells it.")
  #expect(card["defaultInputModes"] == ["text/plain", "image/png"])
  #expect(card["capabilities"]?["streaming"] == true)
}

@Test func aCardFileMaySwitchStreamsOffButNotOn() throws {
  let off = TestAgent("off", ScriptedEngine()) { $0.card.capabilities = AgentCapabilities(streaming: false) }
  let on = TestAgent("on", ScriptedEngine(streams: false)) {
    $0.card.capabilities = AgentCapabilities(streaming: true)
  }
  let gateway = try TestGateway(off, on)
  for key in ["off", "on"] {
    let card = try json(gateway.caller(key).request("GET", "/card"))
    #expect(card["capabilities"]?["streaming"] == false)
    #expect(try gateway.caller(key).call(.rpc10, .stream()).error?.code == -32004)
  }
}
