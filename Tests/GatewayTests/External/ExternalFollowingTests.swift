import Configuration
import HTTP
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// Waiting for the agent: authorisations elsewhere, silence, and what nobody expected.

@Test(arguments: Wire.allCases)
func anAuthorisationElsewhereIsWaitedFor(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.expect("SendStreamingMessage").stream(.task("working"), .status("auth-required", "Log in", final: true))
  let task = try pending.reply().task
  #expect(task.state == "auth-required")
  let next = try upstream.nextWhenDue(gateway)
  if try next.operation == "SubscribeToTask" {
    try next.stream(.task("auth-required", "Log in"), .status("working"), .status("completed"))
  } else {
    try next.respond(bare: .task("auth-required", "Log in"))
    try upstream.nextWhenDue(gateway, step: .seconds(10)).respond(bare: .task("completed"))
  }
  try eventually("the task is over") {
    try gateway.settle()
    return try gateway.caller().call(.rpc10, .get(task.id)).task.state == "completed"
  }
  #expect(try upstream.isQuiet())
}

@Test(arguments: Wire.allCases)
func aMessageMayGoOnInsteadOfTheAuthorisation(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let stream = try gateway.caller().begin(.rpc10, .send())
  let first = try upstream.expect("SendStreamingMessage")
  try first.startStream()
  try first.send([.task("working", artifacts: [("a", "draft")]), .status("auth-required", "Log in")])
  let task = try stream.reply().task
  #expect(task.state == "auth-required")
  let answer = try gateway.caller().begin(.rpc10, .send("done", task: task.id))
  let request = try upstream.expect("SendStreamingMessage")
  #expect(try request.message["taskId"] == "UT")
  try request.stream(.task("working", artifacts: [("a", "draft")]), .status("completed", final: true))
  let completed = try answer.reply().task
  #expect(completed.state == "completed")
  #expect(completed.texts == ["draft"])
  try gateway.settle()
  #expect(gateway.server.services.turns.runningCount == 0)
}

@Test(arguments: Wire.allCases)
func anAuthorisationThatNeverComesIsNotWaitedForForEver(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(streams: false, time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.expect("SendMessage").respond(.task("auth-required", "Log in"))
  let task = try pending.reply().task
  for _ in 0..<200 where gateway.server.services.turns.runningCount > 0 {
    try gateway.advance(by: .seconds(30))
    while let request = try upstream.poll() {
      try A2ARequest(wire, request).respond(bare: .task("auth-required", "Log in"))
    }
    try gateway.settle()
  }
  #expect(gateway.server.services.turns.runningCount == 0)
  #expect(try gateway.caller().call(.rpc10, .get(task.id)).task.state == "auth-required")
}

@Test(arguments: Wire.allCases)
func anAgentThatNeverAnswersFailsInTime(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  try gateway.advance(by: .seconds(16 * 60))
  #expect(try pending.reply().task.state == "failed")
  request.request.connection.close()
  try gateway.settle()
  #expect(try upstream.isQuiet())
}

@Test(arguments: Wire.allCases)
func aStreamThatGoesSilentIsAskedAfter(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(time: time) {
    _ in
  } configure: {
    $0.limits.turns.silence = .seconds(30)
  }
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  try request.send(.task("working"))
  try eventually("the agent has been heard") {
    try gateway.settle()
    return gateway.server.services.turns.runningCount == 1
  }
  let next = try upstream.nextWhenDue(gateway, step: .seconds(5))
  if try next.operation == "SubscribeToTask" {
    try next.stream(.task("completed"))
  } else {
    try next.respond(bare: .task("completed"))
  }
  #expect(try pending.reply().task.state == "completed")
}

@Test(arguments: Wire.allCases)
func eventsOfUnknownKindsArePassedOver(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  try request.send(.task("working"))
  let unknown = #"{"kind":"new-kind","newKind":{"a":1}}"#
  for _ in 0..<3 {
    try request.request.chunk(
      "event: whatever\nid: 7\ndata: "
        + (wire.isREST ? unknown : #"{"jsonrpc":"2.0","id":"1","result":\#(unknown)}"#) + "\n\n")
  }
  try request.send(.status("completed", final: true))
  try request.endStream()
  #expect(try pending.reply().task.state == "completed")
  #expect(gateway.log.lines.filter { $0.contains("event of an unknown kind") }.count == 1)
}

/// 0.3.26 writes an event of REST over many lines, and servers differ in line ends, comments and cuts.
@Test(arguments: Wire.allCases)
func eventsMayBeWrittenInAnyWay(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  let all: [A2ASaid] = [.task("working"), .artifact("caf\u{e9}"), .status("completed", final: true)]
  var text = "\u{feff}: hello\r\n\r\n"
  for said in all {
    let json = wire.isREST ? said.json(wire) : #"{"jsonrpc":"2.0","id":"1","result":\#(said.json(wire))}"#
    // A new line behind each comma that stands between members of the outermost object.
    text += "event: message\r\nretry: 5\r\ndata:" + json.replacing(#","contextId""#, with: ",\r\ndata: \"contextId\"")
    text += "\r\n\r\n: ping\r\n\r\n"
  }
  for byte in text.utf8 {
    try request.request.connection.send(Array("1\r\n".utf8) + [byte] + Array("\r\n".utf8))
  }
  try request.endStream()
  let task = try pending.reply().task
  #expect(task.state == "completed")
  #expect(task.texts == ["caf\u{e9}"])
}

@Test(arguments: Wire.allCases)
func anEventThatIsTooLargeIsNotRead(_ wire: Wire) throws {
  let time = ManualTime()
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway(time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  try request.send(.task("working"))
  let piece = String(repeating: "x", count: 1 << 20)
  try? request.request.chunk("data: ")
  for _ in 0..<17 { try? request.request.chunk(piece) }
  let next = try upstream.nextWhenDue(gateway)
  if try next.operation == "SubscribeToTask" {
    try next.stream(.task("completed"))
  } else {
    try next.respond(bare: .task("completed"))
  }
  #expect(try pending.reply().task.state == "completed")
}

// MARK: Where calls go

@Test func aCallGoesToTheAddressThatWasChecked() throws {
  let upstream = try A2AUpstream(.rpc10)
  let port = upstream.listener.port
  let gateway = try TestGateway(.echo)
  var interface = upstream.interface
  interface.url = "http://agent.invalid:\(port)/a2a"
  let configuration = ExternalAgentConfiguration(agentURL: interface.url)
  try gateway.expose(upstream.card([interface]), configuration) { url, loop, done in
    #expect(url.host == "agent.invalid")
    let addresses = ["127.0.0.2", "127.0.0.1"].compactMap { SocketAddress(ip: $0, port: port) }
    loop.later { done(.success(addresses)) }
  }
  for _ in 0..<2 {
    let pending = try gateway.caller().begin(.rpc10, .send())
    let request = try upstream.expect("SendStreamingMessage")
    #expect(request.request.field("host") == "agent.invalid:\(port)")
    try request.stream(.task("completed"))
    #expect(try pending.reply().task.state == "completed")
  }
}

@Test func aForbiddenAddressIsNotCalled() throws {
  let upstream = try A2AUpstream(.rpc10)
  let gateway = try TestGateway(.echo)
  try gateway.expose(upstream.card(), upstream.configuration) { _, loop, done in
    loop.later { done(.failure(ExternalNetwork.AddressRefusal(reason: "127.0.0.1 is a loopback address"))) }
  }
  let reply = try gateway.caller().call(.rest10, .send())
  #expect(reply.response.status == 500)
  #expect(!reply.response.text.contains("loopback"))
  #expect(gateway.log.lines.contains { $0.contains("127.0.0.1 is a loopback address") })
  #expect(try upstream.isQuiet())
}
