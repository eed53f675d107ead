import Configuration
import Foundation
import JSON
import Network
import Orq
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Registering external agents by calls (contracts/orq.md §5.1, PRODUCT §5).
@Suite struct RegistrationTests {
  @Test func aRegisteredAgentIsServedByEveryLoopWhenTheAnswerArrives() throws {
    let stage = try ExternalStage()
    let answer = try stage.register()
    for name in [
      "_id", "key", "display_name", "description", "workspace_id", "project_id", "status", "path", "metrics",
      "memory_stores", "team_of_agents",
    ] {
      #expect(answer[name] != nil, "\(name) is missing")
    }
    #expect(answer["type"] == "a2a")
    #expect(answer["a2a"]?["agent_url"] == .string(stage.server.url))
    #expect(answer["a2a"]?["cached_card"] == .object(stage.server.card()))
    for _ in 0..<20 { #expect(try stage.publishedName() == "Weather Teller") }
    let catalogue = try stage.gateway.web().request("GET", "/agents")
    #expect(catalogue.text.contains(#""key":"weather""#))
    #expect(try stage.alice.call("GET", "/v2/agents/weather")["type"] == "a2a")
  }

  @Test func theCardIsAskedForInTheVersionThatTheGatewayPrefers() throws {
    let stage = try ExternalStage()
    try stage.register()
    #expect(stage.server.seen(CardServer.wellKnown).map { $0.fields["a2a-version"] } == ["1.0"])
  }

  @Test(arguments: [
    "/base/.well-known/agent-card.json", "/.well-known/agent-card.json", "/base/card",
    "/base/.well-known/agent.json", "/.well-known/agent.json",
  ])
  func theCardIsLookedForInItsPlaces(path: String) throws {
    let stage = try ExternalStage()
    stage.server[CardServer.wellKnown] = nil
    stage.server.serve(stage.server.card(), at: path)
    try stage.register { $0["agent_url"] = .string(stage.server.url + "/base") }
    #expect(try stage.publishedName() == "Weather Teller")
  }

  @Test func aStatedPlaceIsTheOnlyOne() throws {
    let stage = try ExternalStage()
    let refusal = try stage.alice.refusal(
      "POST", "/v2/agents/a2a", stage.registration { $0["card_url"] = .string(stage.server.url + "/elsewhere") })
    #expect(refusal.status == 400)
    #expect(refusal.message.contains("/elsewhere answered 404"))
    #expect(stage.server.seen(CardServer.wellKnown).isEmpty)
  }

  // MARK: What is refused

  struct BadServer: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var reason: String
    var prepare: @Sendable (CardServer) -> Void
  }

  static let badServers: [BadServer] = [
    BadServer(testDescription: "HTML on every path", reason: "HTML") { server in
      for path in [CardServer.wellKnown, "/card", "/.well-known/agent.json"] {
        server[path] = CardServer.Answer(type: "text/html", body: Array("<html></html>".utf8))
      }
    },
    BadServer(testDescription: "50 MB", reason: "more than 1048576 bytes") { server in
      server[CardServer.wellKnown] = CardServer.Answer(body: Array(repeating: 0x20, count: 50_000_000))
    },
    BadServer(testDescription: "no JSON", reason: "not JSON") { server in
      server[CardServer.wellKnown] = CardServer.Answer(body: Array("{".utf8))
    },
    BadServer(testDescription: "JSON that is no card", reason: "no agent card") { server in
      server[CardServer.wellKnown] = CardServer.Answer(body: Array(#"{"ok":true}"#.utf8))
    },
    BadServer(testDescription: "redirect to another port of loopback", reason: "another origin") { server in
      server[CardServer.wellKnown] = CardServer.Answer(
        status: 302, fields: ["location": "http://127.0.0.1:1/card"], body: [])
    },
    BadServer(testDescription: "redirect to another host", reason: "another origin") { server in
      server[CardServer.wellKnown] = CardServer.Answer(
        status: 302, fields: ["location": "https://elsewhere.example/card"], body: [])
    },
    BadServer(testDescription: "interface on another host", reason: "elsewhere.example") { server in
      server.serve(
        server.card {
          $0["supportedInterfaces"] = [
            ["url": "https://elsewhere.example/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"]
          ]
        })
    },
    BadServer(testDescription: "no binding that is spoken here", reason: "JSONRPC and HTTP+JSON") { server in
      let url = server.url
      server.serve(
        server.card {
          $0["supportedInterfaces"] = [
            ["url": .string(url), "protocolBinding": "GRPC", "protocolVersion": "1.0"]
          ]
        })
    },
    BadServer(testDescription: "a version that is too old", reason: "A2A 1.x and 0.3") { server in
      let url = server.url
      server.serve(
        server.card {
          $0["supportedInterfaces"] = [
            ["url": .string(url), "protocolBinding": "JSONRPC", "protocolVersion": "0.1"]
          ]
        })
    },
    BadServer(testDescription: "two faults at once", reason: "description: Is required. version: Is required.") {
      server in
      server.serve(
        server.card {
          $0["description"] = nil
          $0["version"] = nil
        })
    },
    BadServer(testDescription: "1000 skills", reason: "skills: Has 1000 elements") { server in
      server.serve(
        server.card {
          $0["skills"] = .array(
            (0..<1000).map { ["id": .string("s\($0)"), "name": "S", "description": "S.", "tags": ["t"]] })
        })
    },
  ]

  @Test(arguments: badServers)
  func whatIsNoCardIsRefusedWithItsReason(bad: BadServer) throws {
    let stage = try ExternalStage()
    stage.server[CardServer.wellKnown] = nil
    bad.prepare(stage.server)
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration())
    #expect(refusal.status == 400)
    #expect(refusal.message.contains(bad.reason), "\(refusal.message)")
    #expect(stage.files.isEmpty)
    #expect(try stage.publishedName() == nil)
  }

  @Test(arguments: [
    "name", "description", "version", "supportedInterfaces", "capabilities", "defaultInputModes", "defaultOutputModes",
    "skills",
  ])
  func eachRequiredMemberOfACardIsRequired(name: String) throws {
    let stage = try ExternalStage()
    stage.server.serve(stage.server.card { $0[name] = nil })
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration())
    #expect(refusal.status == 400)
    #expect(refusal.message.contains("\(name): Is required"), "\(refusal.message)")
    #expect(stage.files.isEmpty)
  }

  @Test func aPrivateAddressNeedsPermission() throws {
    let stage = try ExternalStage { $0.egress = EgressConfiguration() }
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration())
    #expect(refusal.status == 400)
    #expect(refusal.message.contains("egress.allow"))
    #expect(stage.server.seen(CardServer.wellKnown).isEmpty)
    #expect(stage.files.isEmpty)
  }

  @Test func nobodyThereIsToldOf() throws {
    let stage = try ExternalStage()
    stage.server.stop()
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration())
    #expect(refusal.status == 400)
    #expect(refusal.message.contains("cannot be fetched"))
    #expect(stage.files.isEmpty)
  }

  @Test func aServerThatSaysNothingIsNotWaitedFor() throws {
    let stage = try ExternalStage(time: ManualTime())
    stage.server[CardServer.wellKnown] = CardServer.Answer(body: [], isSilent: true)
    let client = try stage.gateway.web()
    try client.send(
      "POST", "/v2/agents/a2a", [("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")],
      body: Caller.bytes(stage.registration()))
    try eventually("the card is asked for") { !stage.server.seen(CardServer.wellKnown).isEmpty }
    try stage.gateway.advance(by: .seconds(10))
    let response = try client.response()
    #expect(response.status == 400)
    #expect(response.text.contains("within 10 s") || response.text.contains("in time"), "\(response.text)")
    #expect(stage.files.isEmpty)
  }

  @Test(arguments: [
    ("a b", "key"), ("a2a", "gateway uses that word"), ("", "key: Must not be empty"), ("-x", "key"),
  ])
  func aKeyMustBeOne(key: String, reason: String) throws {
    let stage = try ExternalStage()
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration(key))
    #expect(refusal.status == 400)
    #expect(refusal.message.contains(reason), "\(refusal.message)")
  }

  @Test func aKeyBelongsToOneAgent() throws {
    let stage = try ExternalStage()
    #expect(try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration("echo")).status == 409)
    try stage.register()
    #expect(try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration()).status == 409)
    #expect(stage.files == ["weather.json"])
  }

  @Test func oneOfTwoRegistrationsAtOnceWins() throws {
    let stage = try ExternalStage()
    let body = Caller.bytes(stage.registration())
    let fields = [("Content-Type", "application/json"), ("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")]
    let clients = try (0..<8).map { _ in try stage.gateway.web() }
    for client in clients { try client.send("POST", "/v2/agents/a2a", fields, body: body) }
    let statuses = try clients.map { try $0.response().status }.sorted()
    #expect(statuses == [201] + Array(repeating: 409, count: 7))
  }

  @Test func onlyOperatorsChangeAgents() throws {
    let stage = try ExternalStage()
    try stage.register("kept")
    for caller in [stage.gateway.orq(), stage.gateway.orq(as: "bob")] {
      #expect(try caller.refusal("POST", "/v2/agents/a2a", stage.registration()).status == 403)
      #expect(try caller.refusal("POST", "/v2/agents/external", stage.registration()).status == 403)
      #expect(try caller.refusal("POST", "/v2/agents/kept/card/refresh").status == 403)
      #expect(try caller.refusal("PATCH", "/v2/agents/kept", ["display_name": "x"]).status == 403)
      #expect(try caller.refusal("DELETE", "/v2/agents/kept").status == 403)
      #expect(try caller.refusal("POST", "/v2/agents/external/kept:testConnection").status == 403)
    }
    #expect(stage.files == ["kept.json"])
  }

  @Test func agentsHaveALimit() throws {
    let stage = try ExternalStage { $0.external.agentsMax = 1 }
    try stage.register()
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration("second"))
    #expect(refusal.status == 429)
    #expect(refusal.message.contains("external.agents_max"))
  }

  // MARK: Headers

  private static let secret = "sk-0123456789-very-secret"

  private func headers(_ value: String = RegistrationTests.secret) -> JSONValue {
    ["Authorization": ["value": .string(value), "encrypted": true], "X-Tenant": ["value": "acme-tenant-7"]]
  }

  @Test func headersGoAlongAndAreNeverShown() throws {
    let stage = try ExternalStage()
    let answer = try stage.register { $0["headers"] = headers() }
    #expect(answer["a2a"]?["headers"]?["Authorization"]?["value"] == "********")
    #expect(answer["a2a"]?["headers"]?["Authorization"]?["encrypted"] == true)
    #expect(stage.server.seen(CardServer.wellKnown).last?.fields["authorization"] == RegistrationTests.secret)
    #expect(stage.server.seen("/a2a").last?.fields["x-tenant"] == "acme-tenant-7")
    var shown = try stage.alice.request("GET", "/v2/agents").body
    for path in ["/v2/agents/weather", "/v2/agents/external", "/v2/agents/external/weather"] {
      shown += try stage.alice.request("GET", path).body
    }
    shown += try stage.alice.request("POST", "/v2/agents/weather/card/refresh").body
    shown += try stage.alice.request("POST", "/v2/agents/external/weather:testConnection").body
    for line in stage.gateway.log.lines + stage.gateway.accessLog.lines { shown += Array(line.utf8) }
    for secret in [RegistrationTests.secret, "acme-tenant-7"] {
      #expect(shown.firstRange(of: Array(secret.utf8)) == nil)
      #expect(stage.state.firstRange(of: Array(secret.utf8)) == nil)
    }
    let key = try FileManager.default.attributesOfItem(atPath: stage.folder.path + "/state/master.key")
    #expect((key[.posixPermissions] as? NSNumber)?.uintValue == 0o600)
  }

  @Test func anUpdateKeepsReplacesAndRemovesHeaders() throws {
    let stage = try ExternalStage()
    try stage.register { $0["headers"] = headers() }
    let kept = try stage.alice.call(
      "PATCH", "/v2/agents/weather",
      ["a2a": ["headers": ["Authorization": ["value": ""], "X-Tenant": ["value": "other"]]], "display_name": "New"])
    #expect(kept["display_name"] == "New")
    #expect(stage.server.seen("/a2a").last?.fields["authorization"] == RegistrationTests.secret)
    #expect(stage.server.seen("/a2a").last?.fields["x-tenant"] == "other")
    // What was shown in place of the value means the same as no value.
    _ = try stage.alice.call(
      "PATCH", "/v2/agents/weather", ["a2a": ["headers": ["authorization": ["value": "********"]]]])
    #expect(stage.server.seen("/a2a").last?.fields["authorization"] == RegistrationTests.secret)
    #expect(stage.server.seen("/a2a").last?.fields["x-tenant"] == nil)
    _ = try stage.alice.call("PATCH", "/v2/agents/external/weather", ["clear_headers": true])
    #expect(stage.server.seen("/a2a").last?.fields["authorization"] == nil)
    let refusal = try stage.alice.refusal(
      "PATCH", "/v2/agents/weather", ["a2a": ["headers": ["X-New": ["value": ""]]]])
    #expect(refusal.status == 400)
  }

  @Test(arguments: ["Host", "Content-Length", "connection", "Transfer-Encoding", "bad name", "A2A-Version"])
  func headersThatAreNotTheOperatorsAreRefused(name: String) throws {
    let stage = try ExternalStage()
    let refusal = try stage.alice.refusal(
      "POST", "/v2/agents/a2a", stage.registration { $0["headers"] = .object([name: ["value": "secret-value"]]) })
    #expect(refusal.status == 400)
    #expect(!refusal.message.contains("secret-value"))
  }

  @Test func headersHaveLimits() throws {
    let stage = try ExternalStage()
    let many = JSONObject((0..<21).map { ("X-\($0)", ["value": "v"]) })
    #expect(
      try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration { $0["headers"] = .object(many) }).status
        == 400)
    let long: JSONValue = ["X": ["value": .string(String(repeating: "v", count: 2049))]]
    #expect(
      try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration { $0["headers"] = long }).status == 400)
  }

  // MARK: What others see

  @Test func othersSeeTheGatewaysOwnAddress() throws {
    let stage = try ExternalStage()
    try stage.register { $0["headers"] = headers() }
    let seen = try stage.gateway.orq(as: "bob").request("GET", "/v2/agents/weather")
    #expect(!seen.text.contains("127.0.0.1:\(stage.server.port)"))
    let json = try JSONValue.parse(seen.body)
    #expect(json["type"] == "a2a")
    #expect(json["a2a"]?["agent_url"]?.string?.hasSuffix("/agents/weather") == true)
    #expect(json["a2a"]?["headers"] == [:])
    let list = try stage.gateway.orq(as: "bob").request("GET", "/v2/agents/external")
    #expect(!list.text.contains("127.0.0.1:\(stage.server.port)"))
  }

  @Test func listsAreFilteredByTheirKind() throws {
    let stage = try ExternalStage()
    try stage.register()
    func keys(_ query: String) throws -> [String] {
      try stage.alice.call("GET", "/v2/agents" + query)["data"]?.array?.compactMap { $0["key"]?.string } ?? []
    }
    #expect(try keys("?type=a2a") == ["weather"])
    #expect(try keys("?type=internal") == ["echo"])
    #expect(try keys("").sorted() == ["echo", "weather"])
  }

  // MARK: Over restarts

  @Test func aRegisteredAgentIsThereAfterARestart() throws {
    let stage = try ExternalStage()
    try stage.register { $0["headers"] = headers() }
    stage.server.stop()
    try stage.restart()
    #expect(try stage.publishedName() == "Weather Teller")
    let manifest = try stage.alice.call("GET", "/v2/agents/weather")
    #expect(manifest["a2a"]?["headers"]?["Authorization"]?["value"] == "********")
    #expect(manifest["display_name"] == "Weather")
  }

  @Test func anAgentThatWasRemovedStaysAway() throws {
    let stage = try ExternalStage()
    try stage.register()
    #expect(try stage.alice.request("DELETE", "/v2/agents/weather").status == 204)
    #expect(stage.files.isEmpty)
    #expect(try stage.publishedName() == nil)
    #expect(try stage.alice.request("DELETE", "/v2/agents/weather").status == 404)
    try stage.restart()
    #expect(try stage.publishedName() == nil)
    try stage.register()
  }

  @Test func aFileThatCannotBeReadIsToldOfAndKept() throws {
    let stage = try ExternalStage()
    try stage.register("good")
    try stage.register("bad")
    let file = stage.folder.path + "/state/agents/external/bad.json"
    try Data("{".utf8).write(to: URL(filePath: file))
    try stage.restart()
    #expect(try stage.publishedName("good") == "Weather Teller")
    #expect(try stage.publishedName("bad") == nil)
    #expect(stage.gateway.log.lines.contains { $0.contains("cannot be restored") && $0.contains("bad.json") })
    #expect(try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration("bad")).status == 409)
    #expect(try String(contentsOf: URL(filePath: file), encoding: .utf8) == "{")
  }

  @Test func aSealedValueOpensInItsOwnPlaceOnly() throws {
    let seal = HeaderSeal(key: Array(repeating: 7, count: 32))
    let header = try seal.seal(.init(name: "X-Key", value: "v"), of: "one")
    #expect(try seal.open(header, of: "one") == "v")
    #expect(throws: (any Error).self) { try seal.open(header, of: "two") }
    var other = header
    other.name = "X-Other"
    #expect(throws: (any Error).self) { try seal.open(other, of: "one") }
  }
}
