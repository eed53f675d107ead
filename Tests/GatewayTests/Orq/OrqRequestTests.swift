import Configuration
import JSON
import TestSupport
import Testing

@testable import Gateway

// What goes to Orq for each call style and generation, byte by byte (contracts: orq.md §3, §8).

/// The head that every call has, in any order of its lines.
private func expectHead(_ request: UpstreamRequest, _ line: String, accept: String, _ upstream: OrqUpstream) {
  #expect("\(request.method) \(request.target)" == line)
  // Which gateway it is, is told anew by each.
  #expect(request.field("via")?.hasPrefix("1.1 a2a-gateway-") == true)
  let lines = request.head.filter { line in
    !["content-length:", "via:"].contains { line.lowercased().hasPrefix($0) }
  }.sorted()
  #expect(
    lines == [
      "Accept-Encoding: identity", "Accept: \(accept)", "Authorization: Bearer \(OrqUpstream.key)",
      "Content-Type: application/json", "Host: 127.0.0.1:\(upstream.listener.port)",
    ])
}

/// The body with the gateway's own id of the thread left out.
private func body(_ request: UpstreamRequest) throws -> String {
  let thread = try #require(try request.json["thread"]?["id"]?.string)
  #expect(thread.hasPrefix("a2a_"))
  return request.body.replacing(thread, with: "THREAD")
}

private func sending(_ text: String = "hello") -> Sending { Sending(text: text, messageID: "m-1") }

private let message = #""message":{"messageId":"m-1","role":"user","parts":[{"kind":"text","text":"hello"}]}"#
private let thread = #""thread":{"id":"THREAD"}"#
private let definition =
  #""key":"helper","model":"openai/gpt-4o","role":"Helper","instructions":"Help.","path":"Default","settings":{"tools":[]}"#

private let inactive = #"{"last_message":"hi","finish_reason":"stop","workflowRunId":"w"}"#

extension UpstreamRequest {
  /// A stream of the agent family that says one text.
  fileprivate func agentStream() throws {
    try startStream()
    try event("agents.execution_started", #"{"agent_task_id":"01T","workspace_id":"w","trace_id":"t"}"#)
    try event("event.agents.inactive", inactive)
    try end()
  }
}

@Test(arguments: Wire.allCases)
func aBlockingSendIsAResponseOf4(_ wire: Wire) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(wire, .sending(sending()))
  let request = try upstream.next()
  expectHead(request, "POST /v2/agents/helper/responses", accept: "application/json", upstream)
  #expect(try body(request) == #"{\#(message),\#(thread),"background":false,"stream":false}"#)
  try request.respond(text: "hi")
  let task = try pending.reply().task
  #expect(task.state == "completed")
  #expect(task.texts == ["hi"])
  #expect(try upstream.isQuiet())
}

@Test(arguments: Wire.allCases)
func aStreamIsAStreamedResponseOf4(_ wire: Wire) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let client = try gateway.web()
  try gateway.caller().send(Call.streaming(sending()).outgoing(wire), on: client)
  let request = try upstream.next()
  expectHead(request, "POST /v2/agents/helper/responses", accept: "text/event-stream", upstream)
  #expect(try body(request) == #"{\#(message),\#(thread),"background":false,"stream":true}"#)
  try request.stream("hi")
  let stream = EventStream(wire: wire, reader: EventReader(client, try client.head()))
  #expect(
    try stream.rest().map(\.summary) == [
      "task submitted", "status working", "artifact hi", "artifact ", "status completed",
    ])
  #expect(try upstream.isQuiet())
}

@Test func aSendThatDoesNotWaitIsStreamed() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let task = try gateway.caller().call(.rpc10, .send(immediately: true)).task
  #expect(["submitted", "working"].contains(task.state))
  let request = try upstream.next()
  #expect(try request.json["stream"] == true)
  try request.stream("hi")
  try eventually("the task ends") {
    try gateway.caller().call(.rpc10, .get(task.id)).task.state == "completed"
  }
}

@Test func aBlockingInvocationOf4WaitsForItsMessages() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(OrqUpstream.card(.invoke))
  let pending = try gateway.caller().begin(.rpc10, .sending(sending()))
  let request = try upstream.next()
  expectHead(request, "POST /v2/agents/helper/task", accept: "application/json", upstream)
  #expect(try body(request) == #"{\#(message),\#(thread),"configuration":{"blocking":true}}"#)
  try request.respond(
    200,
    #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"completed"},"messages":["#
      + #"{"kind":"message","messageId":"m","role":"agent","parts":[{"kind":"text","text":"hi"}]}]}"#)
  #expect(try pending.reply().task.texts == ["hi"])
}

@Test(arguments: [OrqConfiguration.Generation.v3, .v4])
func aStreamedInvocationIsAStreamTask(_ generation: OrqConfiguration.Generation) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(OrqUpstream.card(.invoke), generation: generation)
  let client = try gateway.web()
  try gateway.caller().send(Call.streaming(sending()).outgoing(.rpc10), on: client)
  let request = try upstream.next()
  expectHead(request, "POST /v2/agents/helper/stream-task", accept: "text/event-stream", upstream)
  #expect(try body(request) == #"{\#(message),\#(thread)}"#)
  try request.agentStream()
  let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  #expect(
    try stream.rest().map(\.summary) == ["task submitted", "status working", "artifact hi", "status completed"])
}

/// 3.x has no responses, and its invocations never wait.
@Test(arguments: [OrqAgentConfiguration.Call.responses, .invoke])
func aBlockingSendTo3IsAStreamTask(_ call: OrqAgentConfiguration.Call) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(OrqUpstream.card(call), generation: .v3)
  let pending = try gateway.caller().begin(.rpc10, .sending(sending()))
  let request = try upstream.next()
  expectHead(request, "POST /v2/agents/helper/stream-task", accept: "text/event-stream", upstream)
  #expect(try body(request) == #"{\#(message),\#(thread)}"#)
  try request.agentStream()
  #expect(try pending.reply().task.texts == ["hi"])
}

@Test(arguments: [OrqConfiguration.Generation.v3, .v4], [true, false])
func everyRunIsAStreamRun(_ generation: OrqConfiguration.Generation, _ streams: Bool) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(OrqUpstream.card(.run), generation: generation)
  let client = try gateway.web()
  let call = streams ? Call.streaming(sending()) : .sending(sending())
  try gateway.caller().send(call.outgoing(.rpc10), on: client)
  let request = try upstream.next()
  expectHead(request, "POST /v2/agents/stream-run", accept: "text/event-stream", upstream)
  #expect(try body(request) == #"{\#(definition),\#(message),\#(thread)}"#)
  try request.agentStream()
  if streams {
    let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
    #expect(try stream.rest().last?.summary == "status completed")
  } else {
    #expect(try PendingReply(wire: .rpc10, client: client).reply().task.texts == ["hi"])
  }
}

// MARK: Who calls

@Test(arguments: [(OrqConfiguration.Generation.v4, "identity"), (.v3, "contact")])
func aPrincipalIsOneOpaqueIdentity(_ generation: OrqConfiguration.Generation, _ member: String) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(OrqUpstream.card(.run), generation: generation, needsKey: true)
  func identity(as principal: String) throws -> String {
    let pending = try gateway.caller(as: principal).begin(.rpc10, .send())
    let request = try upstream.next()
    try request.agentStream()
    #expect(try pending.reply().task.state == "completed")
    #expect(!request.body.contains(principal))
    return try #require(try request.json[member]?["id"]?.string)
  }
  let alice = try identity(as: "alice")
  #expect(alice.hasPrefix("a2a_") && alice.count == 36)
  #expect(try identity(as: "alice") == alice)
  #expect(try identity(as: "bob") != alice)
}

@Test func nobodyIsNoIdentity() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.next()
  #expect(try request.json["identity"] == nil)
  try request.respond()
  _ = try pending.reply()
}

// MARK: What the card file adds

private let note = "urn:a2a-gateway:translation:v1"

@Test func theCardFilesDefaultsGoWithEveryCallAndTheMessageSetsWhatItMay() throws {
  let upstream = try OrqUpstream()
  let file = OrqUpstream.card {
    $0.orq.variables = ["locale": "en", "tone": "kind"]
    $0.orq.metadata = ["source": "gateway"]
    $0.orq.memoryEntityID = "team"
    $0.orq.threadTags = ["gateway"]
    $0.orq.fromMessage = [.variable("locale"), .memoryEntity, .threadTags]
  }
  let gateway = try upstream.gateway(file)
  var sending = sending()
  sending.change = { message in
    message["metadata"] = [
      note: [
        "variables": ["locale": "nl", "tone": "rude"], "metadata": ["source": "caller"],
        "memory": ["entity_id": "caller"], "thread_tags": ["caller"],
      ]
    ]
  }
  let pending = try gateway.caller().begin(.rpc10, .sending(sending))
  let request = try upstream.next()
  let json = try request.json
  #expect(json["variables"] == ["locale": "nl", "tone": "kind"])
  #expect(json["metadata"] == ["source": "gateway"])
  #expect(json["memory"] == ["entity_id": "caller"])
  #expect(json["thread"]?["tags"] == ["gateway", "caller"])
  try request.respond()
  _ = try pending.reply()
}

@Test func aMessageSetsNothingWhereTheCardFileAllowsNothing() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  var sending = sending()
  sending.change = { $0["metadata"] = [note: ["variables": ["a": 1], "memory": ["entity_id": "x"]]] }
  let pending = try gateway.caller().begin(.rpc10, .sending(sending))
  let request = try upstream.next()
  #expect(try body(request) == #"{\#(message),\#(thread),"background":false,"stream":false}"#)
  try request.respond()
  _ = try pending.reply()
}

// MARK: Values

@Test func partsGoOutAsOrqTakesThem() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  var sending = sending()
  sending.change = { message in
    message["parts"] = [
      ["text": "a"], ["raw": "aGk=", "mediaType": "image/png", "filename": "n.png"],
      ["url": "https://x.example/f", "mediaType": "application/pdf"], ["data": ["b": 1, "a": 2]],
    ]
  }
  let pending = try gateway.caller().begin(.rpc10, .sending(sending))
  let request = try upstream.next()
  #expect(
    request.body.contains(
      #""parts":[{"kind":"text","text":"a"},"#
        + #"{"kind":"file","file":{"bytes":"aGk=","mimeType":"image/png","name":"n.png"}},"#
        + #"{"kind":"file","file":{"uri":"https://x.example/f","mimeType":"application/pdf"}},"#
        + #"{"kind":"text","text":"{\"b\":1,\"a\":2}"}]"#))
  try request.respond()
  let task = try pending.reply().task
  #expect(task.json["metadata"]?[note]?["losses"] == ["data_as_text"])
  #expect(try gateway.accessLines(1).first?.contains("data_as_text") == true)
  let metrics = try gateway.admin().request("GET", "/metrics")
  #expect(metrics.field("content-type") == "text/plain; version=0.0.4; charset=utf-8")
  #expect(metrics.text.hasSuffix("\na2a_gateway_translation_losses_total{loss=\"data_as_text\"} 1\n"))
}

/// Numbers as they are written, members in their order, escapes and surrogate pairs.
@Test(arguments: Wire.allCases)
func valuesSurviveBothWays(_ wire: Wire) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let data =
    #"{"z":12345678901234567890,"a":1.50,"m":{"e":1E400,"n":-0.0},"s":"\ud83d\ude00\"\\\/\u0007é","l":[1.0,null]}"#
  let part =
    switch wire {
    case .rpc10, .rest10: #"{"data":\#(data)}"#
    case .rpc03: #"{"kind":"data","data":\#(data)}"#
    case .rest03: #"{"data":{"data":\#(data)}}"#
    }
  var out = Call.sending(sending("PART")).outgoing(wire)
  let template = String(decoding: Caller.bytes(try #require(out.body)), as: UTF8.self)
  let written =
    switch wire {
    case .rpc10, .rest10, .rest03: #"{"text":"PART"}"#
    case .rpc03: #"{"kind":"text","text":"PART"}"#
    }
  try #require(template.contains(written))
  out.body = nil
  let client = try gateway.web()
  try client.send(
    "POST", "/agents/agent" + out.path, out.fields, body: Array(template.replacing(written, with: part).utf8))
  let request = try upstream.next()
  let sent = try #require(try request.json["message"]?["parts"]?.array?.first?["text"]?.string)
  #expect(try JSONFragment.parse(Array(sent.utf8)) == JSONFragment.parse(Array(data.utf8)))
  for piece in [#"{"z":12345678901234567890,"a":1.50,"m":{"e":1E400,"n":-0.0},"s":"#, #""l":[1.0,null]}"#] {
    #expect(sent.contains(piece))
  }
  let answer = #"{"kind":"text","text":"\ud83d\ude00 \u00e9\n"},{"kind":"data","data":\#(data)}"#
  try request.respond(
    200,
    #"{"_id":"r","task_id":"01T","output":[{"messageId":"m","role":"agent","parts":[\#(answer)]}],"#
      + #""created_at":"t","model":"m","finish_reason":"stop","#
      + #""usage":{"total_tokens":9007199254740993,"new":[1.10]}}"#)
  let reply = try PendingReply(wire: wire, client: client).reply()
  let text = reply.response.text
  for piece in [#"{"z":12345678901234567890,"a":1.50,"m":{"e":1E400,"n":-0.0},"s":"#, #""l":[1.0,null]}"#] {
    #expect(text.contains(piece))
  }
  let task = try reply.task
  #expect(task.texts == ["😀 é\n"])
  #expect(text.contains(#""usage":{"total_tokens":9007199254740993,"new":[1.10]}"#))
  #expect(task.json["metadata"]?["finish_reason"] == "stop")
}
