import Configuration
import JSON
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

// What an external agent is told, and what callers are told of it.

@Test(arguments: Wire.allCases)
func theWholeRequestIsAsItsDialectWantsIt(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  var card = upstream.card()
  card.capabilities.extensions = [
    AgentExtension(uri: "https://example.org/a"), AgentExtension(uri: "https://example.org/b"),
    AgentExtension(uri: "https://example.org/c"),
  ]
  let gateway = try upstream.gateway(card: card)
  let call = Call.sending(
    Sending(change: {
      $0["parts"] = [["text": "*Hi*", "mediaType": "text/plain"], ["data": [1, nil]]]
      $0["metadata"] = ["k": "v"]
      $0["extensions"] = ["https://example.org/b"]
    }))
  let client = try gateway.web()
  let out = call.outgoing(.rpc10) {
    $0["configuration"] = ["acceptedOutputModes": ["text/plain"], "historyLength": 3]
    $0["metadata"] = ["m": 1]
  }
  try gateway.caller().send(out, [("A2A-Extensions", "https://example.org/a, https://example.org/x")], on: client)
  let request = try upstream.expect("SendStreamingMessage")
  let extensions = "https://example.org/a, https://example.org/b"
  #expect(request.request.field("a2a-extensions") == extensions)
  #expect(request.request.field("x-a2a-extensions") == (wire.isV1 ? nil : extensions))
  #expect(request.request.field("content-type") == "application/json")
  #expect(request.request.field("accept")?.hasPrefix("text/event-stream") == true)
  let id = try #require(try request.message["messageId"]?.string)
  #expect(id.hasPrefix("m-"))
  let tail = #""metadata":{"k":"v"},"extensions":["https://example.org/b"]},"#
  let golden =
    switch wire {
    case .rpc10, .rest10:
      #""message":{"messageId":"\#(id)","role":"ROLE_USER","parts":[{"text":"*Hi*","mediaType":"text/plain"},"#
        + #"{"data":[1,null]}],\#(tail)"configuration":{"acceptedOutputModes":["text/plain"],"#
        + #""returnImmediately":false},"metadata":{"m":1}"#
    case .rpc03:
      #""message":{"kind":"message","messageId":"\#(id)","role":"user","parts":[{"kind":"text","text":"*Hi*","#
        + #""metadata":{"urn:a2a-gateway:translation:v1":{"mediaType":"text/plain"}}},"#
        + #"{"kind":"data","data":{"value":[1,null]},"metadata":{"data_part_compat":true}}],\#(tail)"#
        + #""configuration":{"acceptedOutputModes":["text/plain"],"blocking":true},"metadata":{"m":1}"#
    case .rest03:
      #""message":{"messageId":"\#(id)","role":"ROLE_USER","content":[{"text":"*Hi*"},"#
        + #"{"data":{"data":{"value":[1,null]}},"metadata":{"data_part_compat":true}}],\#(tail)"#
        + #""configuration":{"acceptedOutputModes":["text/plain"],"blocking":true},"metadata":{"m":1}"#
    }
  let method = wire.isV1 ? "SendStreamingMessage" : "message/stream"
  #expect(
    request.request.body
      == (wire.isREST ? "{\(golden)}" : #"{"jsonrpc":"2.0","id":"1","method":"\#(method)","params":{\#(golden)}}"#))
  try request.stream(.task("completed"))
  let reply = try PendingReply(wire: .rpc10, client: client).reply()
  let losses = try reply.task.json["metadata"]?["urn:a2a-gateway:translation:v1"]?["losses"]
  switch wire {
  case .rpc10, .rest10: #expect(losses == nil)
  case .rpc03: #expect(losses == ["data_wrapped"])
  case .rest03: #expect(losses == ["data_wrapped", "part_media_type"])
  }
}

@Test(arguments: Wire.allCases)
func aDirectReplyStaysOneWhateverTheMessageLost(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let call = Call.sending(Sending(change: { $0["parts"] = [["data": [1]]] }))
  let pending = try gateway.caller().begin(.rpc10, call)
  try upstream.expect("SendStreamingMessage").stream(.message("hi"))
  _ = try pending.reply().message
  #expect(try gateway.caller().call(.rpc10, .list([])).result["totalSize"] == 0)
  #expect(try gateway.accessLines(2).contains { $0.contains("data_wrapped") } == !wire.isV1)
}

@Test(arguments: Wire.allCases)
func aKeptConnectionThatBreaksSendsNothingTwice(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway { _ in
  } configure: {
    $0.workers = 1
  }
  let first = try gateway.caller().begin(.rest10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  try request.stream(.task("completed"))
  _ = try first.reply()
  try gateway.settle()
  let pending = try gateway.caller().begin(.rest10, .send())
  let again = try upstream.expect("SendStreamingMessage")
  #expect(again.request.connection === request.request.connection)
  again.request.connection.reset()
  #expect(try pending.reply().response.status == 503)
  try gateway.settle()
  #expect(try upstream.isQuiet())
}

@Test func theServedCardSpeaksOfTheGatewayAndNotOfTheAgent() throws {
  let upstream = try A2AUpstream(.rpc10)
  var card = upstream.card()
  card.provider = AgentProvider(organization: "Partner Ltd", url: "https://partner.example")
  card.documentationURL = "https://partner.example/docs"
  card.iconURL = "https://partner.example/icon.png"
  card.capabilities = AgentCapabilities(
    streaming: true, pushNotifications: true, extendedAgentCard: true,
    extensions: [AgentExtension(uri: "https://example.org/a")])
  card.securitySchemes = [
    NamedSecurityScheme(name: "theirs", scheme: SecurityScheme(.http(scheme: "Basic", bearerFormat: nil)))
  ]
  card.securityRequirements = [SecurityRequirement(schemes: [.init(name: "theirs")])]
  card.skills[0].securityRequirements = card.securityRequirements
  card.signatures = [AgentCardSignature(protected: "e30", signature: "c2ln")]
  let gateway = try upstream.gateway(card: card)
  for fields in [[("A2A-Version", "1.0")], [("A2A-Version", "0.3")], []] {
    let response = try gateway.caller().request("GET", "/.well-known/agent-card.json", fields)
    let served = try JSONValue.parse(response.body)
    #expect(served["name"] == "Partner")
    #expect(served["version"] == "3.1")
    #expect(served["provider"]?["organization"] == "Partner Ltd")
    #expect(served["documentationUrl"] == "https://partner.example/docs")
    #expect(served["iconUrl"] == "https://partner.example/icon.png")
    #expect(served["skills"]?.array?.first?["id"] == "help")
    #expect(served["capabilities"]?["extensions"]?.array?.count == 1)
    #expect(!response.text.contains(upstream.url))
    #expect(!response.text.contains("theirs"))
    #expect(served["signatures"]?.array?.first?["signature"] != "c2ln")
  }
}
