import Configuration
import Foundation
import HTTP
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

private let password = "s€cret 0123456789"

/// One call with these credentials, as the agent gets it.
private func called(
  _ wire: Wire, _ credentials: ExternalCredentials?, headers: [UpstreamHeader] = []
)
  throws -> UpstreamRequest
{
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(needsKey: true) {
    $0.credentials = credentials
    $0.headers = headers
  }
  let client = try gateway.web()
  try gateway.caller(as: "alice").send(Call.send().outgoing(.rpc10), [("Cookie", "a=b")], on: client)
  let request = try upstream.expect("SendStreamingMessage")
  try request.stream(.task("completed"))
  _ = try PendingReply(wire: .rpc10, client: client).reply()
  return request.request
}

@Test(arguments: Wire.allCases)
func onlyTheAgentsOwnCredentialsGoToIt(_ wire: Wire) throws {
  let header = UpstreamHeader(name: "X-Tenant", value: .text("t1"))
  let none = try called(wire, nil, headers: [header])
  #expect(none.field("authorization") == nil)
  #expect(none.field("cookie") == nil)
  #expect(none.field("x-api-key") == nil)
  #expect(none.field("x-tenant") == "t1")
  let bearer = try called(wire, .bearer(.text("abc")))
  #expect(bearer.field("authorization") == "Bearer abc")
  let basic = try called(wire, .basic(user: "me", password: .text("a:b")))
  #expect(basic.field("authorization") == "Basic bWU6YTpi")
  let key = try called(wire, .apiKey(name: "X-Key", location: .header, value: .text("k")))
  #expect(key.field("x-key") == "k")
  let cookie = try called(wire, .apiKey(name: "key", location: .cookie, value: .text("k")))
  #expect(cookie.field("cookie") == "key=k")
  let query = try called(wire, .apiKey(name: "key", location: .query, value: .text("k&1")))
  #expect(query.target.hasSuffix("?key=k%261"))
}

// MARK: OAuth 2.0

/// An agent that wants tokens, and the server that gives them.
private final class TokenStage {
  let agent: A2AUpstream
  let tokens: A2AUpstream
  let gateway: TestGateway

  init(_ wire: Wire = .rpc10, time: ManualTime? = nil) throws {
    agent = try A2AUpstream(wire)
    let tokens = try A2AUpstream(.rest10)
    self.tokens = tokens
    gateway = try agent.gateway(time: time) {
      $0.credentials = .oauth2(
        ExternalCredentials.ClientCredentials(
          tokenURL: tokens.url, clientID: "me:1", clientSecret: .text(password), scopes: ["a", "b c"], audience: "x&y"))
    }
  }

  func give(_ token: String, lifetime: Int? = 3600) throws {
    let request = try tokens.next()
    let life = lifetime.map { #","expires_in":\#($0)"# } ?? ""
    try request.respond(200, #"{"access_token":"\#(token)","token_type":"Bearer"\#(life)}"#)
  }

  /// The next call of the agent, which shows this token.
  func expect(_ token: String) throws -> A2ARequest {
    let request = try agent.expect("SendStreamingMessage")
    #expect(request.request.field("authorization") == "Bearer \(token)")
    return request
  }
}

@Test func aTokenIsFetchedOnceAndUsedByAllLoops() throws {
  let stage = try TokenStage()
  let pending = try (0..<4).map { _ in try stage.gateway.caller().begin(.rpc10, .send()) }
  let request = try stage.tokens.next()
  #expect(request.method == "POST")
  // RFC 6749 §2.3.1: the parts are form-encoded before they are joined.
  let pair = "me%3A1:s%E2%82%ACcret%200123456789"
  #expect(request.field("authorization") == "Basic " + Data(pair.utf8).base64EncodedString())
  #expect(request.field("content-type") == "application/x-www-form-urlencoded")
  #expect(request.body == "grant_type=client_credentials&scope=a%20b%20c&audience=x%26y")
  try request.respond(200, #"{"access_token":"t1","token_type":"bearer","expires_in":"3600"}"#)
  for _ in pending { try stage.expect("t1").stream(.task("completed")) }
  for pending in pending { #expect(try pending.reply().task.state == "completed") }
  #expect(try stage.tokens.isQuiet())
}

@Test func aTokenIsFetchedAnewBeforeItExpires() throws {
  let time = ManualTime()
  let stage = try TokenStage(time: time)
  for (token, wait) in [("t1", 69), ("t1", 2), ("t2", 0)] {
    let pending = try stage.gateway.caller().begin(.rpc10, .send())
    if token == "t2" || wait == 69 { try stage.give(token, lifetime: 100) }
    try stage.expect(token).stream(.task("completed"))
    #expect(try pending.reply().task.state == "completed")
    try stage.gateway.advance(by: .seconds(wait))
  }
}

@Test(arguments: Wire.allCases)
func aTokenThatIsNotTakenIsReplacedOnce(_ wire: Wire) throws {
  let stage = try TokenStage(wire)
  let pending = try stage.gateway.caller().begin(.rpc10, .send())
  try stage.give("t1")
  try stage.expect("t1").request.respond(401, "no")
  try stage.give("t2")
  try stage.expect("t2").stream(.task("completed"))
  #expect(try pending.reply().task.state == "completed")
  let refused = try stage.gateway.caller().begin(.rpc10, .send())
  try stage.expect("t2").request.respond(401, "no")
  try stage.give("t3")
  try stage.expect("t3").request.respond(401, "no")
  #expect(try refused.reply().error?.code == -32603)
  #expect(try stage.agent.isQuiet())
  #expect(stage.gateway.log.lines.contains { $0.contains("does not accept the gateway's credentials") })
}

/// What a token server answers instead of a token.
private let badTokens: [(String, @Sendable (UpstreamRequest) throws -> Void)] = [
  ("refused", { try $0.respond(400, #"{"error":"invalid_client","error_description":"secret words"}"#) }),
  ("no token", { try $0.respond(200, #"{"token_type":"bearer"}"#) }),
  ("another kind", { try $0.respond(200, #"{"access_token":"t","token_type":"mac"}"#) }),
  ("line breaks", { try $0.respond(200, #"{"access_token":"t\r\nX: y","token_type":"bearer"}"#) }),
  ("no JSON", { try $0.respond(200, "<p>secret words</p>") }),
  ("too large", { try $0.respond(200, String(repeating: "x", count: 70_000)) }),
  ("reset", { $0.connection.reset() }),
]

@Test(arguments: badTokens.indices)
func withoutATokenTheAgentIsNotCalled(_ index: Int) throws {
  let stage = try TokenStage()
  let pending = try stage.gateway.caller().begin(.rest10, .send())
  try badTokens[index].1(try stage.tokens.next())
  let reply = try pending.reply()
  #expect(reply.response.status == 500)
  #expect(!reply.response.text.contains("secret"))
  try stage.gateway.settle()
  #expect(try stage.agent.isQuiet())
  #expect(!stage.gateway.log.lines.contains { $0.contains("secret words") || $0.contains("0123456789") })
  // The next call asks again.
  let next = try stage.gateway.caller().begin(.rpc10, .send())
  try stage.give("t1", lifetime: nil)
  try stage.expect("t1").stream(.task("completed"))
  #expect(try next.reply().task.state == "completed")
}

// MARK: Certificates

/// Files of a test, gone with it.
private final class Folder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent(
    "external-\(UInt64.random(in: 0...UInt64.max))")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file.path
  }
}

@Test(arguments: Wire.allCases)
func anAgentThatWantsACertificateGetsTheGateways(_ wire: Wire) throws {
  let authority = TestCertificate(name: "authority")
  let folder = try Folder()
  let ca = try folder.file("ca.pem", authority.certificate)
  func pair(_ name: String) throws -> (certificate: String, key: Secret) {
    let pair = TestCertificate(name: name, dnsNames: ["localhost"], issuer: authority)
    return (try folder.file("\(name).pem", pair.certificate), .file(try folder.file("\(name).key", pair.key)))
  }
  let server = try pair("server")
  let inner = try TestGateway(.echo) {
    $0.listeners[0].tls = TLSConfiguration(
      certificates: [TLSConfiguration.Certificate(certificate: server.certificate, key: server.key)], clientCA: ca)
  }
  let url = "https://127.0.0.1:\(inner.port)/agents/echo"
  let card = AgentCard(
    name: "n", description: "d", version: "1",
    supportedInterfaces: [
      AgentInterface(
        url: url, protocolBinding: wire.isREST ? "HTTP+JSON" : "JSONRPC", protocolVersion: wire.isV1 ? "1.0" : "0.3")
    ], capabilities: AgentCapabilities(streaming: true), defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"], skills: [])
  let outer = try TestGateway(.compass)
  var configuration = ExternalAgentConfiguration(agentURL: url, authorityFile: ca)
  try outer.expose(card, configuration, as: "bare")
  let client = try pair("client")
  configuration.credentials = .mutualTLS(certificateFile: client.certificate, key: client.key)
  try outer.expose(card, configuration)
  #expect(try outer.caller().call(wire, .send("sealed")).task.texts == ["sealed"])
  #expect(try outer.caller("bare").call(.rest10, .send()).response.status >= 500)
}
