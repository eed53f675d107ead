import Configuration
import JSON
import TestSupport
import Testing

// The server rules of the A2A contract that concern agent cards. A name carries the number of its rule.

private let wellKnown = "/.well-known/agent-card.json"

private func card(_ response: WebResponse) throws -> JSONValue {
  try #require(response.status == 200)
  return try JSONValue.parse(response.body)
}

@Test(arguments: [nil, "1.0", "0.3"])
func rule01_theCardIsServedAtTheWellKnownPathWithItsRequiredFields(_ version: String?) throws {
  let gateway = try TestGateway(.echo)
  let fields = version.map { [("A2A-Version", $0)] } ?? []
  let response = try gateway.caller("echo").request("GET", wellKnown, fields)
  #expect(response.field("content-type") == "application/json")
  let card = try card(response)
  for name in ["name", "description", "version"] { #expect(card[name]?.string?.isEmpty == false, "\(name)") }
  #expect(card["capabilities"]?.object != nil)
  for name in ["defaultInputModes", "defaultOutputModes", "skills"] {
    #expect(card[name]?.array?.isEmpty == false, "\(name)")
  }
  let skill = try #require(card["skills"]?.array?.first)
  for name in ["id", "name", "description"] { #expect(skill[name]?.string?.isEmpty == false, "\(name)") }
  #expect(skill["tags"]?.array != nil)
  #expect((card["supportedInterfaces"] != nil) == (version != "0.3"))
  #expect((card["url"] != nil) == (version != "1.0"))
}

@Test func rule01_theOlderPathTheOrqPathAndTheRootServeTheSameCard() throws {
  let gateway = try TestGateway(.echo) { $0.defaultAgent = "echo" }
  let body = try gateway.caller("echo").request("GET", wellKnown).body
  for path in ["/agents/echo/.well-known/agent.json", "/agents/echo/card", wellKnown, "/.well-known/agent.json"] {
    #expect(try gateway.web().request("GET", path).body == body, "\(path)")
  }
}

@Test func rule02_everyInterfaceNamesItsUrlBindingAndMajorMinorVersion() throws {
  let gateway = try TestGateway(.echo)
  let card = try card(gateway.caller("echo").request("GET", wellKnown, [("A2A-Version", "1.0")]))
  let interfaces = try #require(card["supportedInterfaces"]?.array)
  let url = "http://127.0.0.1:\(gateway.port)/agents/echo"
  let told = interfaces.map { [$0["url"]?.string, $0["protocolBinding"]?.string, $0["protocolVersion"]?.string] }
  #expect(
    told == [
      [url, "JSONRPC", "1.0"], [url, "HTTP+JSON", "1.0"], [url, "JSONRPC", "0.3"], [url, "HTTP+JSON", "0.3"],
    ])
}

@Test func rule03_theUrlOfTheCardSpeaksThePreferredTransport() throws {
  let gateway = try TestGateway(.echo)
  let card = try card(gateway.caller("echo").request("GET", wellKnown, [("A2A-Version", "0.3")]))
  #expect(card["preferredTransport"] == "JSONRPC")
  #expect(card["protocolVersion"] == "0.3.0")
  let url = try #require(card["url"]?.string)
  let base = "http://127.0.0.1:\(gateway.port)"
  #expect(url.hasPrefix(base))
  let body = Caller.bytes(Call.envelope("message/send", .object(Sending(text: "by url").params(.rpc03))))
  let response = try gateway.web().request("POST", String(url.dropFirst(base.count)), body: body)
  #expect(try Reply(.rpc03, response).task.texts == ["by url"])
  let transports = card["additionalInterfaces"]?.array?.compactMap { $0["transport"]?.string }
  #expect(transports == ["JSONRPC", "HTTP+JSON"])
}

@Test(arguments: [nil, "1.0", "0.3"])
func rule04_theCardHasAnEntityTagThatAnswers304(_ version: String?) throws {
  let gateway = try TestGateway(.echo)
  let negotiation = version.map { [("A2A-Version", $0)] } ?? []
  let first = try gateway.caller("echo").request("GET", wellKnown, negotiation)
  let tag = try #require(first.field("etag"))
  #expect(first.field("cache-control")?.contains("max-age=") == true)
  #expect(first.field("vary")?.contains("A2A-Version") == true)
  for match in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
    let again = try gateway.caller("echo").request("GET", wellKnown, negotiation + [("If-None-Match", match)])
    #expect(again.status == 304)
    #expect(again.body.isEmpty)
    #expect(again.field("etag") == tag)
    #expect(again.field("cache-control") == first.field("cache-control"))
    #expect(again.field("vary") == first.field("vary"))
  }
  let changed = try gateway.caller("echo").request("GET", wellKnown, negotiation + [("If-None-Match", "\"other\"")])
  #expect(changed.status == 200)
}

@Test func rule04_eachVersionOfTheCardHasItsOwnTag() throws {
  let gateway = try TestGateway(.echo)
  let tags = try [nil, "1.0", "0.3"].map { version in
    let fields = version.map { [("A2A-Version", $0)] } ?? []
    return try #require(try gateway.caller("echo").request("GET", wellKnown, fields).field("etag"))
  }
  #expect(Set(tags).count == 3)
  // The tag of one form does not match another.
  let response = try gateway.caller("echo").request(
    "GET", wellKnown, [("A2A-Version", "1.0"), ("If-None-Match", tags[2])])
  #expect(response.status == 200)
}
