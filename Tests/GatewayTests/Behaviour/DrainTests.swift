import Configuration
import Dispatch
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

/// Told when a drain is over.
private final class Drained: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func note() { semaphore.signal() }

  var isOver: Bool { semaphore.wait(timeout: .now()) == .success }

  func wait() throws {
    guard semaphore.wait(timeout: .now() + 10) == .success else { throw RawClient.Failure("the drain does not end") }
  }
}

extension TestGateway {
  fileprivate func drain() throws -> Drained {
    let drained = Drained()
    server.drain { drained.note() }
    try settle()
    return drained
  }
}

@Test func aGatewayWithNothingToDoDrainsSoonAndSaysSo() throws {
  let gateway = try TestGateway(.echo, time: ManualTime())
  #expect(try gateway.admin().request("GET", "/readyz").status == 200)
  let idle = try gateway.web()
  #expect(try gateway.caller("echo").call(.rpc10, .send(), on: idle).task.state == "completed")
  let drained = try gateway.drain()
  try gateway.advance(by: .seconds(2))
  #expect(try idle.raw.isAtEnd())
  idle.raw.close()
  try drained.wait()
  let ready = try gateway.admin().request("GET", "/readyz")
  #expect(ready.status == 503)
  #expect(ready.text == "draining\n")
  #expect(try gateway.admin().request("GET", "/livez").status == 200)
  #expect(throws: RawClient.Failure.self) { try gateway.web() }
}

@Test(arguments: Wire.allCases)
func openStreamsAndSendsEndProperlyInADrain(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let stream = try gateway.caller().open(wire, .stream())
  let streaming = try engine.nextTurn()
  let pending = try gateway.caller().begin(wire, .send())
  let blocking = try engine.nextTurn()
  let drained = try gateway.drain()
  try streaming.emit(.status(.working), .text("still served"))
  try streaming.emit(.status(.completed))
  #expect(
    try stream.rest().map(\.summary) == [
      "task submitted", "status working", "artifact still served", "status completed",
    ])
  #expect(try stream.reader.client.raw.isAtEnd())
  stream.hangUp()
  #expect(!drained.isOver)
  try blocking.complete()
  let reply = try pending.reply()
  #expect(try reply.task.state == "completed")
  #expect(reply.response.field("connection") == "close")
  #expect(try pending.client.raw.isAtEnd())
  pending.client.raw.close()
  try drained.wait()
}

@Test(arguments: Wire.allCases)
func aSendThatComesDuringADrainIsSentAway(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  // Its head has begun when the drain does, so its connection is not idle.
  let out = Call.send().outgoing(wire)
  let body = out.body.map { Caller.bytes($0) } ?? []
  let client = try gateway.web()
  let fields = out.fields.map { "\($0): \($1)\r\n" }.joined()
  let (first, rest) = (
    "POST /agents/echo\(out.path) HTTP/1.1\r\nHo", "st: localhost\r\n\(fields)Content-Length: \(body.count)"
  )
  try client.raw.send(first)
  try gateway.settle()
  let drained = try gateway.drain()
  try client.raw.send(Array("\(rest)\r\n\r\n".utf8) + body)
  let reply = try Reply(wire, client.response())
  expectRetry(reply, 503)
  #expect(reply.response.field("connection") == "close")
  client.raw.close()
  try drained.wait()
}

@Test func whatDoesNotEndInTimeIsCutWithoutAFalseEnd() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), time: ManualTime())
  let stream = try gateway.caller().open(.rpc10, .stream())
  _ = try engine.nextTurn()
  #expect(try stream.expect().kind == .task)
  let drained = try gateway.drain()
  try gateway.advance(by: .seconds(29))
  #expect(!drained.isOver)
  try gateway.advance(by: .seconds(1))
  try drained.wait()
  // No last chunk: the client sees that this was not the end of the task.
  #expect(throws: RawClient.Failure.self) { try stream.rest() }
}

@Test func aStopCutsEverythingAtOnce() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let stream = try gateway.caller().open(.rpc10, .stream())
  _ = try engine.nextTurn()
  #expect(try stream.expect().kind == .task)
  gateway.stop()
  #expect(throws: RawClient.Failure.self) { try stream.rest() }
  #expect(throws: RawClient.Failure.self) { try gateway.admin() }
}
