import Configuration
import Foundation
import HTTP
import JSON
import Network
import Orq
import Telemetry
import TestSupport
import Testing

@testable import Gateway

private let secret = "s3cret-of-the-partner-0123456789"

/// Credentials of agents that calls register: they go to the agent and nowhere else, and nobody sees them again.
@Suite struct RegisteredCredentialsTests {
  private let stage: ExternalStage
  private var server: CardServer { stage.server }

  init() throws { stage = try ExternalStage() }

  private func seen(_ path: String) -> CardServer.Seen? { server.seen(path).last }

  private func nobodySees(_ secret: String) throws {
    var shown = try stage.alice.request("GET", "/v2/agents").body
    for path in ["/v2/agents/weather", "/v2/agents/external", "/v2/agents/external/weather"] {
      shown += try stage.alice.request("GET", path).body
    }
    shown += try stage.alice.request("POST", "/v2/agents/weather/card/refresh").body
    shown += try stage.alice.request("POST", "/v2/agents/external/weather:testConnection").body
    shown += try AdminCaller(stage).answer(.get, "/agents").body
    for line in stage.gateway.log.lines + stage.gateway.accessLog.lines { shown += Array(line.utf8) }
    #expect(shown.firstRange(of: Array(secret.utf8)) == nil)
    #expect(stage.state.firstRange(of: Array(secret.utf8)) == nil)
  }

  // MARK: Each kind

  struct Kind: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var credentials: JSONValue
    var shown: JSONValue
    var goes: @Sendable (CardServer.Seen?) -> Bool
  }

  static let kinds: [Kind] = [
    Kind(
      testDescription: "bearer", credentials: ["type": "bearer", "token": .string(secret)],
      shown: ["type": "bearer", "token": "********"]
    ) { $0?.fields["authorization"] == "Bearer \(secret)" },
    Kind(
      testDescription: "key in a header",
      credentials: ["type": "api_key", "name": "X-Partner", "value": .string(secret)],
      shown: ["type": "api_key", "name": "X-Partner", "in": "header", "value": "********"]
    ) { $0?.fields["x-partner"] == secret },
    Kind(
      testDescription: "key in the query",
      credentials: ["type": "api_key", "name": "k", "in": "query", "value": .string(secret)],
      shown: ["type": "api_key", "name": "k", "in": "query", "value": "********"]
    ) { $0?.query == "k=\(secret)" },
    Kind(
      testDescription: "key in a cookie",
      credentials: ["type": "api_key", "name": "k", "in": "cookie", "value": .string(secret)],
      shown: ["type": "api_key", "name": "k", "in": "cookie", "value": "********"]
    ) { $0?.fields["cookie"] == "k=\(secret)" },
    Kind(
      testDescription: "basic", credentials: ["type": "basic", "user": "me", "password": .string(secret)],
      shown: ["type": "basic", "user": "me", "password": "********"]
    ) { $0?.fields["authorization"] == "Basic " + Data("me:\(secret)".utf8).base64EncodedString() },
  ]

  @Test(arguments: kinds)
  func theyGoToTheAgentAndAreNeverShown(kind: Kind) throws {
    let answer = try stage.register { $0["credentials"] = kind.credentials }
    #expect(answer["a2a"]?["credentials"] == kind.shown)
    for path in [CardServer.wellKnown, "/a2a"] { #expect(kind.goes(seen(path)), "\(path)") }
    let agent = try stage.alice.call("GET", "/v2/agents/external/weather")["agent"]
    #expect(agent?["credentials"] == kind.shown)
    #expect(try stage.gateway.orq(as: "bob").call("GET", "/v2/agents/external/weather")["agent"]?["credentials"] == nil)
    try nobodySees(secret)
    try stage.restart()
    server.answer("SendMessage", CardServer.noTask)
    _ = try stage.gateway.caller("weather").call(.rpc10, .send("?"))
    #expect(kind.goes(seen("/a2a")))
    #expect(seen("/a2a")?.rpcMethod == "SendMessage")
  }

  @Test func anotherOriginGetsNone() throws {
    let other = try CardServer()
    other.serve(server.card())
    try stage.register {
      $0["card_url"] = .string(other.url + CardServer.wellKnown)
      $0["credentials"] = RegisteredCredentialsTests.kinds[0].credentials
      $0["headers"] = ["X-Tenant": ["value": "acme"]]
    }
    let asked = try #require(other.seen(CardServer.wellKnown).last)
    #expect(asked.fields["authorization"] == nil)
    #expect(asked.fields["x-tenant"] == nil)
    #expect(seen("/a2a")?.fields["authorization"] == "Bearer \(secret)")
  }

  /// The key of the query is no part of where the card was found.
  @Test func aRedirectKeepsTheKeyAndItIsNotRemembered() throws {
    server[CardServer.wellKnown] = CardServer.Answer(
      status: 302, fields: ["location": "/elsewhere?v=1&k=\(secret)"], body: [])
    server.serve(server.card(), at: "/elsewhere")
    try stage.register { $0["credentials"] = RegisteredCredentialsTests.kinds[2].credentials }
    #expect(
      try AdminCaller(stage).call("GET", "/agents/weather")["card_found_at"] == .string(server.url + "/elsewhere?v=1"))
    try nobodySees(secret)
  }

  // MARK: Tokens

  private func oauth2(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONValue {
    var members: JSONObject = [
      "type": "oauth2", "token_url": .string(server.url + "/token"), "client_id": "gateway",
      "client_secret": .string(secret), "scopes": ["agent.call"],
    ]
    change(&members)
    return .object(members)
  }

  private func give(_ token: String) {
    server.answer("/token", #"{"access_token":"\#(token)","token_type":"bearer","expires_in":3600}"#)
  }

  @Test func oneTokenServesTheCardAndTheProbesAndIsKept() throws {
    give("t1")
    let answer = try stage.register { $0["credentials"] = oauth2() }
    #expect(answer["a2a"]?["credentials"]?["client_secret"] == "********")
    #expect(answer["a2a"]?["credentials"]?["client_id"] == "gateway")
    #expect(server.seen("/token").count == 1)
    #expect(seen(CardServer.wellKnown)?.fields["authorization"] == "Bearer t1")
    #expect(seen("/a2a")?.fields["authorization"] == "Bearer t1")
    give("t2")
    for _ in 0..<3 { _ = try stage.alice.call("POST", "/v2/agents/weather/card/refresh") }
    // Those of calls are kept from the first on.
    #expect(server.seen("/token").count == 2)
    #expect(seen(CardServer.wellKnown)?.fields["authorization"] == "Bearer t2")
    try nobodySees(secret)
  }

  @Test func aCardThatIsPublicIsHadWithoutAToken() throws {
    server.answer("/token", #"{"error":"invalid_client"}"#, status: 401)
    let probe = try stage.register { $0["credentials"] = oauth2() }["a2a"]?["probes"]?.array?.first
    #expect(probe?["outcome"] == "denied")
    #expect(probe?["note"]?.string?.contains("the token server answered 401") == true)
    #expect(server.seen("/a2a").isEmpty)
  }

  @Test func aTokenThatTheCardsServerDoesNotTakeIsReplacedOnce() throws {
    give("t1")
    server[CardServer.wellKnown] = CardServer.Answer(status: 401, body: [])
    let refusal = try stage.alice.refusal(
      "POST", "/v2/agents/a2a", stage.registration { $0["credentials"] = oauth2() })
    #expect(refusal.status == 400)
    #expect(refusal.message.contains("answered 401"), "\(refusal.message)")
    #expect(server.seen("/token").count == 2)
    #expect(server.seen(CardServer.wellKnown).count == 2)
  }

  @Test func aTokenServerMustBeOneThatMayBeCalled() throws {
    let probe = try stage.register {
      $0["credentials"] = oauth2 { $0["token_url"] = "https://10.0.0.1/token" }
    }["a2a"]?["probes"]?.array?.first
    #expect(probe?["outcome"] == "denied")
    #expect(probe?["note"]?.string?.contains("egress.allow") == true, "\(String(describing: probe))")
  }

  /// Each byte comes in time, the whole does not.
  @Test func aTokenServerThatDripsIsNotWaitedFor() throws {
    let stage = try ExternalStage(time: ManualTime())
    let listener = try RawListener()
    let credentials: JSONValue = [
      "type": "oauth2", "token_url": .string("http://127.0.0.1:\(listener.port)/token"), "client_id": "gateway",
      "client_secret": .string(secret),
    ]
    let client = try stage.gateway.web()
    try client.send(
      "POST", "/v2/agents/a2a", [("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")],
      body: Caller.bytes(stage.registration { $0["credentials"] = credentials }))
    let tokens = try listener.accept()
    _ = try tokens.receive(until: "\r\n\r\n")
    try tokens.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    for _ in 0..<15 {
      try tokens.send(" ")
      try stage.gateway.advance(by: .seconds(1))
    }
    let response = try client.response()
    #expect(response.status == 201)
    #expect(response.text.contains("the token server has not answered in full within 15 s"), "\(response.text)")
  }

  /// Another key opens nothing: the agent is told of, its file stays, and the gateway starts.
  @Test func withoutTheMasterKeyNothingOpens() throws {
    try stage.register { $0["credentials"] = RegisteredCredentialsTests.kinds[0].credentials }
    let key = stage.folder.path + "/state/master.key"
    let bytes = try Data(contentsOf: URL(filePath: key))
    try FileManager.default.removeItem(atPath: key)
    try stage.restart()
    #expect(stage.gateway.log.lines.contains { $0.contains("the credentials cannot be decrypted") })
    #expect(try stage.publishedName() == nil)
    #expect(stage.files == ["weather.json"])
    #expect(try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration()).status == 409)
    stage.gateway.stop()
    try bytes.write(to: URL(filePath: key))
    try stage.restart()
    #expect(try stage.publishedName() == "Weather Teller")
  }

  /// Who can write to the state folder, and has not its key, cannot send a secret elsewhere.
  @Test func aSealedSecretOpensInItsOwnPlaceOnly() throws {
    let seal = HeaderSeal(key: Array(repeating: 7, count: 32))
    func client(_ url: String) -> OrqExternalCredentials {
      .oauth2(.init(tokenURL: url, clientID: "c", secret: "", scopes: []))
    }
    let sealed = try SealedCredentials(client("https://a.example").with(secret: "s"), over: nil, of: "one", seal)
    #expect(!sealed.sealed.isEmpty)
    #expect(throws: Never.self) { try sealed.credentials(of: "one", seal) }
    #expect(throws: (any Error).self) { try sealed.credentials(of: "two", seal) }
    for open in [client("https://b.example"), .bearer(token: "")] {
      let moved = SealedCredentials(open: .asked(open), sealed: sealed.sealed)
      #expect(throws: (any Error).self) { try moved.credentials(of: "one", seal) }
    }
  }

  // MARK: Updates

  private func patch(_ credentials: JSONValue) throws {
    _ = try stage.alice.call("PATCH", "/v2/agents/weather", ["a2a": ["credentials": credentials]])
  }

  private func refusal(_ credentials: JSONValue) throws -> String {
    let refusal = try stage.alice.refusal("PATCH", "/v2/agents/weather", ["a2a": ["credentials": credentials]])
    #expect(refusal.status == 400)
    #expect(!refusal.message.contains(secret))
    return refusal.message
  }

  @Test func anUpdateKeepsReplacesAndRemovesThem() throws {
    try stage.register { $0["credentials"] = RegisteredCredentialsTests.kinds[0].credentials }
    // What was shown means what is kept, as nothing does.
    for kept in ["", "********"] {
      try patch(["type": "bearer", "token": .string(kept)])
      #expect(seen("/a2a")?.fields["authorization"] == "Bearer \(secret)")
    }
    try patch(["type": "bearer", "token": "another"])
    #expect(seen("/a2a")?.fields["authorization"] == "Bearer another")
    #expect(try refusal(["type": "basic", "user": "me", "password": ""]).contains("secret is missing"))
    #expect(try refusal(["type": "mtls"]).contains("--client-cert"))
    _ = try stage.alice.call("PATCH", "/v2/agents/external/weather", ["display_name": "Other"])
    _ = try stage.alice.call("POST", "/v2/agents/weather/card/refresh")
    #expect(seen("/a2a")?.fields["authorization"] == "Bearer another")
    _ = try stage.alice.call("PATCH", "/v2/agents/external/weather", ["clear_credentials": true])
    #expect(seen("/a2a")?.fields["authorization"] == nil)
    #expect(try stage.alice.call("GET", "/v2/agents/weather")["a2a"]?["credentials"] == nil)
  }

  @Test func aSecretThatIsKeptGoesToNoOtherTokenServer() throws {
    give("t1")
    try stage.register { $0["credentials"] = oauth2() }
    try patch(
      oauth2 {
        $0["client_secret"] = ""
        $0["scopes"] = ["agent.read"]
      })
    let message = try refusal(
      oauth2 {
        $0["client_secret"] = "********"
        $0["token_url"] = "https://elsewhere.example/token"
      })
    #expect(message.contains("secret is missing"))
  }

  // MARK: What is refused

  @Test(
    arguments: [
      (["type": "kerberos"], "credentials.type"), (["type": "bearer"], "credentials.token"),
      (["type": "bearer", "token": ""], "the secret is missing"),
      (["type": "bearer", "token": "a\r\nX: y"], "visible ASCII"),
      (["type": "bearer", "token": .string(String(repeating: "t", count: 8193))], "credentials.token"),
      (["type": "basic", "user": "a:b", "password": "p"], "colon"),
      (["type": "basic", "user": "a", "password": "p\n"], "control"),
      (["type": "api_key", "name": "Host", "value": "v"], "the gateway's own"),
      (["type": "api_key", "name": "a b", "value": "v"], "credentials.name"),
      (["type": "api_key", "name": "k", "in": "body", "value": "v"], "credentials.in"),
      (["type": "api_key", "name": "k", "in": "cookie", "value": "a;b"], "cookie"),
      (["type": "oauth2", "token_url": "ftp://a", "client_id": "c", "client_secret": "s"], "credentials.token_url"),
      (["type": "oauth2", "client_id": "c", "client_secret": "s"], "credentials.token_url"),
      (["type": "mtls"], "on the gateway's own machine"),
      (["type": "mtls", "certificate": "/etc/passwd", "key": "/etc/shadow"], "on the gateway's own machine"),
      ("token", "credentials"),
    ] as [(JSONValue, String)])
  func whatIsWrongIsNamed(credentials: JSONValue, reason: String) throws {
    let refusal = try stage.alice.refusal(
      "POST", "/v2/agents/a2a", stage.registration { $0["credentials"] = credentials })
    #expect(refusal.status == 400)
    #expect(refusal.message.contains(reason), "\(refusal.message)")
    #expect(stage.files.isEmpty)
    #expect(server.seen(CardServer.wellKnown).isEmpty)
  }

  /// Files of this machine are not for a call over the network to name.
  @Test func theNetworkNamesNoFiles() throws {
    try stage.register {
      $0["files"] = ["certificate": "/etc/passwd", "key": "/etc/shadow", "authority": "/etc/passwd"]
    }
    #expect(try AdminCaller(stage).call("GET", "/agents/weather")["credentials"] == nil)
  }

  @Test func twoProofsInOneHeaderAreOneTooMany() throws {
    let refusal = try stage.alice.refusal(
      "POST", "/v2/agents/external",
      stage.registration {
        $0["headers"] = ["authorization": ["value": "x"]]
        $0["credentials"] = RegisteredCredentialsTests.kinds[0].credentials
      })
    #expect(refusal.message.contains("headers.authorization"))
    try stage.register { $0["credentials"] = RegisteredCredentialsTests.kinds[0].credentials }
    let later = try stage.alice.refusal(
      "PATCH", "/v2/agents/weather", ["a2a": ["headers": ["Authorization": ["value": "x"]]]])
    #expect(later.message.contains("headers.Authorization"))
  }

  // MARK: Certificates

  @Test func aCertificateIsShownToAnAgentThatWantsOne() throws {
    let authority = TestCertificate(name: "authority")
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = stage.folder.path + "/" + name
      try Data(bytes).write(to: URL(filePath: path))
      return path
    }
    func pair(_ name: String) throws -> (certificate: String, key: String) {
      let pair = TestCertificate(name: name, dnsNames: ["localhost"], issuer: authority)
      return (try file(name + ".pem", pair.certificate), try file(name + ".key", pair.key))
    }
    let ca = try file("ca.pem", authority.certificate)
    let (own, client) = (try pair("server"), try pair("client"))
    let inner = try TestGateway(.echo) {
      $0.listeners[0].tls = .init(
        certificates: [.init(certificate: own.certificate, key: .file(own.key))], clientCA: ca)
    }
    func body(_ files: JSONValue) -> JSONValue {
      stage.registration("partner") {
        $0["agent_url"] = .string("https://127.0.0.1:\(inner.port)/agents/echo")
        $0["files"] = files
      }
    }
    let socket = try AdminCaller(stage)
    #expect(try socket.status("POST", "/agents", body(["authority": .string(ca)])) == 400)
    let whole: JSONValue = [
      "authority": .string(ca), "certificate": .string(client.certificate), "key": .string(client.key),
    ]
    #expect(try socket.status("POST", "/agents", body(["certificate": .string(client.certificate)])) == 400)
    #expect(try socket.call("POST", "/agents/look", body(whole))["reachable"] == true)
    let made = try socket.call("POST", "/agents", body(whole))
    #expect(made["probes"]?.array?.allSatisfy { $0["outcome"] == "verified" } == true, "\(made)")
    #expect(
      made["credentials"] == ["type": "mtls", "certificate": .string(client.certificate), "key": .string(client.key)])
    #expect(try stage.gateway.caller("partner").call(.rpc10, .send("sealed")).task.texts == ["sealed"])
    // Who asks over the network is not told where files are; what was read may be written back.
    let shown = try stage.alice.call("GET", "/v2/agents/partner")
    #expect(shown["a2a"]?["credentials"] == ["type": "mtls"])
    _ = try stage.alice.call("PATCH", "/v2/agents/partner", ["a2a": ["credentials": ["type": "mtls"]]])
    try stage.restart()
    #expect(try stage.gateway.caller("partner").call(.rpc10, .send("again")).task.texts == ["again"])
    // Without its files the agent is told of, and the gateway starts.
    try FileManager.default.removeItem(atPath: client.key)
    try stage.restart()
    #expect(stage.gateway.log.lines.contains { $0.contains("cannot be restored") && $0.contains("client.key") })
    #expect(try stage.publishedName("partner") == nil)
  }
}
