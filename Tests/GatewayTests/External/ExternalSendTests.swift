import Configuration
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// Calls of every wire to external agents of every wire: sixteen ways to say the same.

private let pairs = Wire.allCases.flatMap { outer in Wire.allCases.map { (outer, $0) } }

@Test(arguments: pairs)
func aMessageIsAnsweredThroughEveryPairOfWires(_ pair: (Wire, Wire)) throws {
  let upstream = try A2AUpstream(pair.1)
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(pair.0, .send("hello", context: "mine"))
  let request = try upstream.expect("SendStreamingMessage")
  #expect(try request.message["contextId"] == nil)
  #expect(try request.message["taskId"] == nil)
  try request.stream(
    .task("submitted"), .status("working"), .artifact("Hel"), .artifact("lo", append: true, last: true),
    .status("completed", final: true))
  let task = try pending.reply().task
  #expect(task.state == "completed")
  #expect(task.texts == ["Hello"])
  #expect(task.contextID == "mine")
  #expect(task.id != "UT")
  #expect(try gateway.caller().call(pair.0, .get(task.id)).task.texts == ["Hello"])
  try gateway.settle()
  #expect(try upstream.isQuiet())
}

@Test(arguments: pairs)
func aStreamIsPassedOnThroughEveryPairOfWires(_ pair: (Wire, Wire)) throws {
  let upstream = try A2AUpstream(pair.1)
  let gateway = try upstream.gateway()
  let client = try gateway.web()
  try gateway.caller().send(Call.stream().outgoing(pair.0), on: client)
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  try request.send(.task("submitted"))
  let head = try client.head()
  try #require(head.status == 200)
  let stream = EventStream(wire: pair.0, reader: EventReader(client, head))
  #expect(try stream.expect().summary == "task submitted")
  try request.send(.status("working", "thinking"))
  #expect(try stream.expect().summary == "status working")
  try request.send([.artifact("a"), .artifact("b", append: true)])
  #expect(try stream.expect().summary == "artifact a")
  #expect(try stream.expect().summary == "artifact b")
  try request.send(.status("completed", final: true))
  let last = try stream.expect()
  #expect(last.summary == "status completed")
  if pair.0 == .rpc03 { #expect(last.final == true) }
  #expect(try stream.next() == nil)
}

@Test(arguments: pairs)
func aQuestionIsAnsweredInTheAgentsOwnTask(_ pair: (Wire, Wire)) throws {
  let upstream = try A2AUpstream(pair.1)
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(pair.0, .send())
  try upstream.expect("SendStreamingMessage").stream(
    .task("working", artifacts: [("a", "draft")]), .status("input-required", "Which?", final: true))
  let asked = try pending.reply().task
  #expect(asked.state == "input-required")
  let answer = try gateway.caller().begin(pair.0, .send("that one", task: asked.id))
  let request = try upstream.expect("SendStreamingMessage")
  #expect(try request.message["taskId"] == "UT")
  #expect(try request.message["contextId"] == "UC")
  // What was told before is not told again.
  try request.stream(.task("working", artifacts: [("a", "draft")]), .status("completed", final: true))
  let task = try answer.reply().task
  #expect(task.id == asked.id)
  #expect(task.state == "completed")
  #expect(task.texts == ["draft"])
}

@Test(arguments: Wire.allCases)
func theNextTaskOfAContextIsInTheAgentsContext(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let first = try gateway.caller().begin(.rpc10, .send(context: "mine"))
  try upstream.expect("SendStreamingMessage").stream(.task("completed"))
  let id = try first.reply().task.id
  let call = Call.sending(Sending(contextID: "mine", change: { $0["referenceTaskIds"] = [.string(id), "unknown"] }))
  let second = try gateway.caller().begin(.rpc10, call)
  let request = try upstream.expect("SendStreamingMessage")
  #expect(try request.message["contextId"] == "UC")
  #expect(try request.message["taskId"] == nil)
  #expect(try request.message["referenceTaskIds"] == (wire == .rest03 ? nil : ["UT"]))
  try request.stream(.task("completed", id: "UT2"))
  let task = try second.reply().task
  #expect(task.json["metadata"]?["urn:a2a-gateway:translation:v1"]?["losses"] == ["reference_task_ids"])
}

@Test(arguments: pairs)
func aDirectReplyIsAMessageAndItsContextIsRemembered(_ pair: (Wire, Wire)) throws {
  let upstream = try A2AUpstream(pair.1)
  let gateway = try upstream.gateway()
  let first = try gateway.caller().begin(pair.0, .send(context: "mine"))
  try upstream.expect("SendStreamingMessage").stream(.message("hi"))
  let message = try first.reply().message
  #expect(message["contextId"] == "mine")
  #expect(message["messageId"] != "um")
  let second = try gateway.caller().begin(pair.0, .send(context: "mine"))
  let request = try upstream.expect("SendStreamingMessage")
  #expect(try request.message["contextId"] == "UC")
  try request.stream(.message("again"))
  _ = try second.reply().message
}

@Test(arguments: Wire.allCases)
func anAgentWithoutStreamsIsAskedOnceAndPolled(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(streams: false, time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.expect("SendMessage")
  let configuration = try request.params["configuration"]
  #expect(configuration?[wire.isV1 ? "returnImmediately" : "blocking"] == .bool(!wire.isV1))
  try request.respond(.task("working"))
  for _ in 0..<2 {
    try upstream.nextWhenDue(gateway).respond(bare: .task("working", artifacts: [("a", "half")]))
  }
  try upstream.nextWhenDue(gateway).respond(bare: .task("completed", artifacts: [("a", "half and half")]))
  let task = try pending.reply().task
  #expect(task.state == "completed")
  #expect(task.texts == ["half and half"])
}

@Test(arguments: Wire.allCases)
func idsOfCallersStayHere(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(needsKey: true)
  var ids: [JSONValue] = []
  for principal in ["alice", "bob"] {
    let call = Call.sending(Sending(messageID: "m1", contextID: "same"))
    let pending = try gateway.caller(as: principal).begin(.rpc10, call)
    let request = try upstream.expect("SendStreamingMessage")
    let id = try #require(try request.message["messageId"])
    #expect(id.string?.hasPrefix("m1-") == true)
    ids.append(id)
    #expect(!request.request.body.contains("same"))
    #expect(request.request.field("authorization") == nil)
    try request.stream(.task("completed"))
    _ = try pending.reply()
  }
  #expect(ids[0] != ids[1])
}

@Test(arguments: Wire.allCases)
func everyCallSaysItsVersionAndWhereItCameThrough(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let client = try gateway.web()
  try gateway.caller().send(
    Call.send().outgoing(.rpc10), [("Via", "1.1 proxy, 1.1 a2a-gateway-other (x)")], on: client)
  let request = try upstream.expect("SendStreamingMessage")
  #expect(request.request.field("a2a-version") == (wire.isV1 ? "1.0" : nil))
  #expect(
    request.request.field("via") == "1.1 a2a-gateway-other, 1.1 \(gateway.server.services.gatewayName)")
  #expect(request.request.field("accept-encoding") == "identity")
  try request.stream(.task("completed"))
  _ = try PendingReply(wire: .rpc10, client: client).reply()
}

@Test(arguments: Wire.allCases)
func aCircleOfGatewaysIsRefused(_ wire: Wire) throws {
  let upstream = try A2AUpstream(.rpc10)
  let gateway = try upstream.gateway()
  for via in [
    "1.1 \(gateway.server.services.gatewayName)",
    (0..<9).map { "1.1 a2a-gateway-\($0)" }.joined(separator: ", "),
  ] {
    let client = try gateway.web()
    try gateway.caller().send(Call.send().outgoing(wire), [("Via", via)], on: client)
    let response = try client.response()
    #expect(response.status == 508)
    #expect(response.text.contains("this request has come through"))
  }
  #expect(try upstream.isQuiet())
}

@Test(arguments: Wire.allCases)
func aTenantIsEchoedAsTheCardHasIt(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  var interface = upstream.interface
  interface.tenant = "ac me/1"
  let gateway = try upstream.gateway(card: upstream.card([interface]))
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.next()
  switch wire {
  case .rpc10: #expect(try request.json["params"]?["tenant"] == "ac me/1")
  case .rest10: #expect(request.target == "/a2a/ac%20me%2F1/message:stream")
  case .rpc03: #expect(try request.json["params"]?["tenant"] == nil)
  case .rest03: #expect(request.target == "/a2a/v1/message:stream")
  }
  try A2ARequest(wire, request).stream(.task("completed"))
  _ = try pending.reply()
}

@Test(arguments: Wire.allCases)
func theAgentJudgesMediaTypesByItself(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  var sending = Sending()
  sending.change = { $0["parts"] = [["raw": "aGk=", "mediaType": "application/x-protobuf"]] }
  let pending = try gateway.caller().begin(.rpc10, .sending(sending))
  try upstream.expect("SendStreamingMessage").stream(.task("completed"))
  #expect(try pending.reply().task.state == "completed")
}

@Test func aLongMessageIDIsReplacedByItsDigest() throws {
  let upstream = try A2AUpstream(.rpc10)
  let gateway = try upstream.gateway()
  for (length, passedOn) in [(128, true), (129, false)] {
    let id = String(repeating: "x", count: length)
    let pending = try gateway.caller().begin(.rpc10, .sending(Sending(messageID: id)))
    let request = try upstream.expect("SendStreamingMessage")
    let sent = try #require(try request.message["messageId"]?.string)
    #expect(sent.hasPrefix(id) == passedOn)
    #expect(sent.utf8.count == (passedOn ? 145 : 16))
    try request.stream(.task("completed"))
    #expect(try pending.reply().task.history.first?["messageId"] == .string(id))
  }
}

@Test func anAgentWhoseCardHasNotBeenReadIsNotAvailable() throws {
  let gateway = try TestGateway(.echo)
  try gateway.expose(nil, ExternalAgentConfiguration(agentURL: "http://127.0.0.1:1/"))
  let reply = try gateway.caller().call(.rest10, .send())
  #expect(reply.response.status == 503)
  #expect(reply.error?.message.contains("has not been read yet") == true)
}

@Test func aCardCannotMoveCallsToAnotherHost() throws {
  let upstream = try A2AUpstream(.rpc10)
  var interface = upstream.interface
  interface.url = "http://localhost:\(upstream.listener.port)/a2a"
  let gateway = try upstream.gateway(card: upstream.card([interface]))
  let reply = try gateway.caller().call(.rest10, .send())
  #expect(reply.response.status == 503)
  #expect(try upstream.isQuiet())
  #expect(gateway.log.lines.contains { $0.contains("the host localhost is none that the agent was registered with") })
}
