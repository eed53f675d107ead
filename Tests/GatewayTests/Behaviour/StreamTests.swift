import Configuration
import Model
import Network
import TestSupport
import Testing

private func text(_ size: Int) -> String { String(repeating: "0123456789abcdef", count: size / 16) }

@Test func aSlowReaderIsNotBufferedForAndOthersGoOn() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  // All on one loop, so that they would be in each other's way.
  let id = try gateway.caller().call(.rest10, .send(immediately: true), on: gateway.web(onLoop: 0)).task.id
  let turn = try engine.nextTurn()
  let quick = try gateway.caller().open(.rest10, .subscribe(id), on: gateway.web(onLoop: 0))
  let slow = try gateway.caller().open(.rest10, .subscribe(id), on: gateway.web(onLoop: 0, receiveBufferBytes: 65_536))
  #expect(try quick.expect().kind == .task)
  // 12 MiB: far more than sockets hold, and more than the transport lets wait before it cuts a stream off.
  let chunk = text(64 * 1024)
  for _ in 0..<192 {
    try turn.emit(.text(chunk, append: true))
    #expect(try quick.expect().text?.utf8.count == chunk.utf8.count)
  }
  try turn.emit(.status(.completed))
  #expect(try quick.rest().map(\.summary) == ["status completed"])
  // The slow one comes back to its socket and finds everything, read from the journal at its own pace.
  #expect(try slow.expect().kind == .task)
  for _ in 0..<192 { #expect(try slow.expect().text?.utf8.count == chunk.utf8.count) }
  #expect(try slow.rest().map(\.summary) == ["status completed"])
}

/// A turn hands its own caller what it writes; a caller that is slow reads the journal like any other.
@Test func aSlowCallerOfATurnMissesNothing() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  let slow = try gateway.caller().open(
    .rest10, .stream(), on: gateway.web(onLoop: 0, receiveBufferBytes: 65_536))
  let turn = try engine.nextTurn()
  let chunk = text(64 * 1024)
  for _ in 0..<96 { try turn.emit(.text(chunk, append: true), .text("\n", append: true)) }
  try turn.emit(.status(.completed))
  #expect(try slow.expect().kind == .task)
  for _ in 0..<96 {
    #expect(try slow.expect().text?.utf8.count == chunk.utf8.count)
    #expect(try slow.expect().text == "\n")
  }
  #expect(try slow.rest().map(\.summary) == ["status completed"])
}

@Test func manyLargeEventsAtOnceArriveWhole() throws {
  let chunk = text(256 * 1024)
  let engine = ScriptedEngine { _, _ in
    Array(repeating: .text(chunk, append: true), count: 64) + [.status(.completed)]
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let events = try gateway.caller().open(.rest10, .stream()).rest()
  #expect(events.count == 66)
  #expect(events.compactMap { $0.text?.utf8.count }.reduce(0, +) == 64 * chunk.utf8.count)
  #expect(events.last?.state == "completed")
}

@Test func aSingleEventMayBeLargerThanTheBuffer() throws {
  let large = text(6 * 1024 * 1024)
  let gateway = try TestGateway(.echo)
  let events = try gateway.caller("echo").open(.rest10, .stream(large)).rest()
  #expect(events.compactMap(\.text) == [large])
  #expect(events.last?.state == "completed")
}

@Test func aCommentKeepsAQuietStreamAlive() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), time: ManualTime())
  let stream = try gateway.caller().open(.rest10, .stream())
  let turn = try engine.nextTurn()
  #expect(try stream.expect().kind == .task)
  try gateway.advance(by: .seconds(14))
  try turn.emit(.status(.working))
  #expect(try stream.expect().state == "working")
  // The last event was just now.
  try gateway.advance(by: .seconds(14))
  try turn.emit(.text("one"))
  #expect(try stream.reader.next()?.comment == nil)
  for _ in 0..<3 {
    try gateway.advance(by: .seconds(15))
    #expect(try stream.reader.next()?.comment == "keep-alive")
  }
  try turn.emit(.status(.completed))
  #expect(try stream.rest().map(\.summary) == ["status completed"])
}

@Test func aClientOfHTTP10GetsAStreamThatEndsWithTheConnection() throws {
  let gateway = try TestGateway(.echo)
  let body = #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}}"#
  let client = try gateway.web().raw
  try client.send(
    "POST /agents/echo/message:stream HTTP/1.0\r\nA2A-Version: 1.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  )
  let answer = try client.receiveAll()
  #expect(answer.hasPrefix("HTTP/1.1 200 "))
  #expect(!answer.lowercased().contains("transfer-encoding"))
  #expect(answer.contains("TASK_STATE_COMPLETED"))
}

@Test(arguments: Wire.allCases)
func aStreamWhoseTaskIsNoLongerKeptEndsWithAnError(_ wire: Wire) throws {
  let engine = ScriptedEngine { _, _ in [.status(.inputRequired, "which?")] }
  let gateway = try TestGateway(TestAgent("agent", engine), time: ManualTime()) {
    $0.limits.tasks.interruptedRetention = .seconds(600)
  }
  let id = try gateway.caller().call(wire, .send()).task.id
  let stream = try gateway.caller().open(wire, .subscribe(id))
  #expect(try stream.expect().state == "input-required")
  try gateway.advance(by: .seconds(700))
  let last = try stream.rest()
  #expect(last.map(\.kind) == [.error])
  #expect(try gateway.caller().call(wire, .get(id)).error?.code == -32001)
}
