import A2A
import Configuration
import JSON
import LocalRuntime
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// A gateway is the external agent of another one, on each wire: what the inner agent hears and says is what the outer
// caller says and hears.

private let pairs = Wire.allCases.flatMap { outer in Wire.allCases.map { (outer, $0) } }

private final class Chain {
  let inner: TestGateway
  let outer: TestGateway

  /// - Parameter wire: between the two.
  init(_ wire: Wire, _ agent: TestAgent, time: ManualTime? = nil) throws {
    inner = try TestGateway(agent)
    outer = try TestGateway(.echo, time: time)
    let document = try inner.web().request("GET", "/agents/agent/.well-known/agent-card.json").body
    let card = try AgentCardCodec.decode(try JSONValue.parse(document))
    var configuration = ExternalAgentConfiguration(agentURL: "http://127.0.0.1:\(inner.port)/agents/agent")
    configuration.pin = .init(binding: wire.isREST ? "HTTP+JSON" : "JSONRPC", version: wire.isV1 ? "1.0" : "0.3")
    try outer.expose(card, configuration)
  }
}

extension Wire {
  /// Parts of every kind, as this wire writes them.
  fileprivate var parts: JSONValue {
    get throws {
      let big = #"{"big":12345678901234567890,"n":1.0,"a":[1,null]}"#
      let text =
        switch self {
        case .rpc10, .rest10:
          #"[{"text":"h\u00e9llo\n"},{"data":\#(big)},{"raw":"aGVsbG8=","mediaType":"text/plain","filename":"a.txt"},"#
            + #"{"url":"https://example.org/a.png","mediaType":"image/png"}]"#
        case .rpc03:
          #"[{"kind":"text","text":"h\u00e9llo\n"},{"kind":"data","data":\#(big)},"#
            + #"{"kind":"file","file":{"bytes":"aGVsbG8=","mimeType":"text/plain","name":"a.txt"}},"#
            + #"{"kind":"file","file":{"uri":"https://example.org/a.png","mimeType":"image/png"}}]"#
        case .rest03:
          #"[{"text":"h\u00e9llo\n"},{"data":{"data":\#(big)}},"#
            + #"{"file":{"fileWithBytes":"YUdWc2JHOD0=","mimeType":"text/plain","name":"a.txt"}},"#
            + #"{"file":{"fileWithUri":"https://example.org/a.png","mimeType":"image/png"}}]"#
        }
      return try JSONValue.parse(Array(text.utf8))
    }
  }

  fileprivate var partsName: String { self == .rest03 ? "content" : "parts" }
}

private func anyInput(_ file: inout CardFile) {
  file.card.defaultInputModes = ["*/*"]
  file.card.defaultOutputModes = ["*/*"]
}

@Test(arguments: pairs)
func partsOfEveryKindGoThroughBothWays(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine { turn, _ in
    [
      .artifact(
        Artifact(
          artifactID: "out", name: "Out", description: "All of it", parts: turn.message.parts,
          metadata: JSONFragment(["n": 1])), append: false, lastChunk: true, metadata: nil), .status(.completed),
    ]
  }
  let chain = try Chain(pair.1, TestAgent("agent", engine, anyInput))
  let (name, parts) = (pair.0.partsName, try pair.0.parts)
  let call = Call.sending(Sending(change: { $0[name] = parts }))
  let direct = try chain.inner.caller().call(pair.0, call).task
  let chained = try chain.outer.caller().call(pair.0, call).task
  #expect(chained.state == "completed")
  #expect(chained.artifacts == direct.artifacts)
}

@Test(arguments: pairs)
func aStreamGoesThrough(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine()
  let chain = try Chain(pair.1, TestAgent("agent", engine))
  let stream = try chain.outer.caller().open(pair.0, .stream())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working, "thinking"))
  #expect(try stream.expect().kind == .task)
  var heard: [String] = []
  while heard.last != "status working" { heard.append(try stream.expect().summary) }
  try turn.emit(.text("a"), .text("b", append: true))
  try turn.emit(.text("c", append: true, last: true), .status(.completed, "done"))
  let rest = try stream.rest()
  #expect(rest.map(\.summary) == ["artifact a", "artifact b", "artifact c", "status completed"])
}

@Test(arguments: pairs)
func questionsAndAnswersGoThrough(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine { turn, _ in
    turn.isContinuation ? [.text("thanks"), .status(.completed)] : [.status(.inputRequired, "Which?")]
  }
  let chain = try Chain(pair.1, TestAgent("agent", engine))
  let asked = try chain.outer.caller().call(pair.0, .send()).task
  #expect(asked.state == "input-required")
  let task = try chain.outer.caller().call(pair.0, .send("that", task: asked.id)).task
  #expect(task.state == "completed")
  #expect(task.id == asked.id)
  #expect(task.texts == ["thanks"])
  #expect(task.history.count == 3)
  #expect(try chain.inner.caller().call(.rpc10, .list([])).result["totalSize"] == 1)
}

@Test(arguments: pairs)
func cancelsGoThrough(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine()
  let chain = try Chain(pair.1, TestAgent("agent", engine))
  let stream = try chain.outer.caller().open(pair.0, .stream())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working))
  let id = try #require(try stream.expect().json["id"]?.string)
  while try stream.expect().summary != "status working" {}
  #expect(try chain.outer.caller().call(pair.0, .cancel(id)).task.state == "canceled")
  try turn.awaitCancel()
  #expect(try stream.rest().map(\.summary) == ["status canceled"])
}

@Test(arguments: pairs)
func aSubscriberOfTheOuterTaskHearsTheInnerAgent(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine()
  let chain = try Chain(pair.1, TestAgent("agent", engine))
  let first = try chain.outer.caller().open(pair.0, .stream())
  let turn = try engine.nextTurn()
  try turn.emit(.text("a"))
  let id = try #require(try first.expect().json["id"]?.string)
  while try first.expect().summary != "artifact a" {}
  first.hangUp()
  let second = try chain.outer.caller().open(pair.0, .subscribe(id))
  #expect(try TaskView(pair.0, second.expect().json).texts == ["a"])
  try turn.emit(.text("b", append: true), .status(.completed))
  #expect(try second.rest().map(\.summary) == ["artifact b", "status completed"])
}

@Test(arguments: pairs)
func refusalsGoThroughByTheirKind(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine(repliesDirectly: true) { _, _ in
    [.refused(AgentError(.tooManyRequests, "secret words", retryAfterSeconds: 7))]
  }
  let chain = try Chain(pair.1, TestAgent("agent", engine))
  let reply = try chain.outer.caller().call(pair.0, .send())
  #expect(reply.response.status == 429)
  #expect(reply.response.field("retry-after") == "7")
  #expect(!reply.response.text.contains("secret"))
}

@Test(arguments: pairs)
func messagesWithoutATaskGoThrough(_ pair: (Wire, Wire)) throws {
  let engine = ScriptedEngine(repliesDirectly: true) { _, _ in
    [.reply(AgentMessage([.text("hi")], metadata: JSONFragment(["k": "v"]), extensions: ["https://example.org/x"]))]
  }
  let chain = try Chain(pair.1, TestAgent("agent", engine))
  let message = try chain.outer.caller().call(pair.0, .send()).message
  #expect(message["metadata"] == ["k": "v"])
  #expect(message["extensions"] == ["https://example.org/x"])
}

@Test(arguments: Wire.allCases)
func anAgentThatIsItsOwnExternalAgentIsFoundOut(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let url = "http://127.0.0.1:\(gateway.port)/agents/loop"
  let card = AgentCard(
    name: "n", description: "d", version: "1",
    supportedInterfaces: [
      AgentInterface(
        url: url, protocolBinding: wire.isREST ? "HTTP+JSON" : "JSONRPC", protocolVersion: wire.isV1 ? "1.0" : "0.3")
    ], capabilities: AgentCapabilities(streaming: true), defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"], skills: [])
  try gateway.expose(card, ExternalAgentConfiguration(agentURL: url), as: "loop")
  #expect(try gateway.caller("loop").call(wire, .send()).error != nil)
  #expect(gateway.log.lines.contains { $0.contains("calls this gateway back in a circle") })
}
