import Network
import Synchronization
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPTransport

/// What clients can make a server hold in memory, and for how long.
struct HTTPServerMemoryTests {
  private static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n" }

  /// A client whose kernel takes next to nothing that it does not read.
  private static func slowClient(_ server: TestServer) throws -> RawClient {
    try RawClient(port: server.port, receiveBufferBytes: 4096)
  }

  /// @unchecked: only moved and let go of.
  private struct Kept: @unchecked Sendable {
    let exchange: HTTPExchange?
  }

  /// Memory of heads is the loop's: an exchange that ends on another thread leaves it alone.
  @Test(arguments: [true, false]) func aHeadsMemoryGoesBackOnItsLoopAlone(onLoop: Bool) throws {
    let server = try TestServer()
    let kept = Mutex<Kept?>(nil)
    let client = try server.client()
    try client.send(HTTPServerMemoryTests.get("/later"))
    try server.waitForExchange()
    kept.withLock { kept in
      kept = try? server.onLoop { parts in
        let exchange = parts.service.waiting.removeLast()
        exchange.respond(status: 200, fields: HTTPFields(), body: [])
        return Kept(exchange: onLoop ? nil : exchange)
      }
    }
    _ = try client.receiveResponse()
    _ = try server.finished(1)
    // The loop has let go of it.
    try server.onLoop { _ in }
    kept.withLock { $0 = nil }
    #expect(try server.onLoop { $0.server.headMemory.count } == (onLoop ? 1 : 0))
  }

  @Test func whoeverAsksOnAndTakesNoAnswersIsNotAnsweredFurther() throws {
    let server = try TestServer()
    let client = try HTTPServerMemoryTests.slowClient(server)
    let (count, size) = (200, 100_000)
    try client.send(String(repeating: HTTPServerMemoryTests.get("/fill/\(size)"), count: count))
    let bound = HTTPServerOptions().pipelinedAnswerBytesMax
    try eventually("a full buffer") { try server.heldBytes() > bound }
    for _ in 0..<20 { #expect(try server.heldBytes() <= bound + size + 1000) }
    #expect(try server.onLoop { $0.service.paths.count } < count)
    // Nothing is lost: the others are answered as the client takes what there is.
    for _ in 0..<count { #expect(try client.receiveResponse().body.utf8.count == size) }
    #expect(try server.heldBytes() == 0)
  }

  @Test func anAnswerThatIsTakenSlowlyOutlastsTheIdleTime() throws {
    let server = try TestServer()
    let client = try HTTPServerMemoryTests.slowClient(server)
    let size = 24_000_000
    try client.send(HTTPServerMemoryTests.get("/fill/\(size)"))
    _ = try client.receive(until: "\r\n\r\n")
    for _ in 0..<5 {
      let before = try server.heldBytes()
      #expect(try client.receive(count: 3_000_000).count == 3_000_000)
      try eventually("progress") { try server.heldBytes() < before }
      try server.advance(by: .seconds(20))
    }
    #expect(try client.receive(count: size - 15_000_000).count == size - 15_000_000)
    // From here on it is idle.
    try eventually("the end of the answer") { try server.heldBytes() == 0 }
    try server.advance(by: .seconds(74))
    #expect(try server.onLoop { $0.server.connectionCount } == 1)
    try server.advance(by: .seconds(2))
    #expect(try client.isAtEnd())
  }

  @Test func whileSlowClientsHoldMuchLargeAnswersAndBodiesAreRefused() throws {
    let server = try TestServer { $0.heldBytesMax = 1_000_000 }
    let slow = try HTTPServerMemoryTests.slowClient(server)
    // One alone may be larger than the bound.
    try slow.send(HTTPServerMemoryTests.get("/fill/24000000"))
    try eventually("a full memory") { try server.heldBytes() > 1_000_000 }
    let other = try server.client()
    try other.send(HTTPServerMemoryTests.get("/fill/100000"))
    let (head, body) = try other.receiveResponse()
    #expect(head.hasPrefix("HTTP/1.1 503 "))
    #expect(head.lowercased().contains("retry-after: 5\r\n"))
    #expect(body.contains("retry in a few seconds"))
    try other.send(HTTPServerMemoryTests.get("/fill/1000"))
    #expect(try other.receiveResponse().body.utf8.count == 1000)
    try other.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    #expect(try other.receiveResponse().head.hasPrefix("HTTP/1.1 503 "))
    let chunked = try server.client()
    let chunk = "c350\r\n" + String(repeating: "x", count: 50_000) + "\r\n"
    try chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
    #expect(try chunked.receiveResponse().head.hasPrefix("HTTP/1.1 503 "))
    slow.close()
    try eventually("room") { try server.heldBytes() == 0 }
    let later = try server.client()
    try later.send(HTTPServerMemoryTests.get("/fill/100000"))
    #expect(try later.receiveResponse().body.utf8.count == 100_000)
  }

  @Test func whileSlowClientsHoldMuchALargePieceOfAStreamCutsIt() throws {
    let server = try TestServer { $0.heldBytesMax = 1_000_000 }
    let slow = try HTTPServerMemoryTests.slowClient(server)
    try slow.send(HTTPServerMemoryTests.get("/fill/24000000"))
    try eventually("a full memory") { try server.heldBytes() > 1_000_000 }
    let reader = try server.client()
    try reader.send(HTTPServerMemoryTests.get("/stream"))
    try server.waitForExchange()
    try server.onLoop { $0.service.waiting[0].write([UInt8](repeating: 0x61, count: 1000)) }
    _ = try reader.receive(until: "a\r\n")
    try server.onLoop { $0.service.waiting[0].write([UInt8](repeating: 0x61, count: 100_000)) }
    #expect(try !reader.receiveAll().contains("0\r\n\r\n"))
    #expect(try server.finished(1).contains { $0.path == "/stream" && $0.outcome == .overflowed })
  }

  @Test func bodiesThatNeverComeAreForgotten() throws {
    let server = try TestServer()
    let bytes = [UInt8](repeating: 0x61, count: 50_000)
    let clients = try (0..<4).map { _ in try server.client() }
    for client in clients {
      try client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
      try client.send(bytes)
    }
    try eventually("half of each body") { try server.heldBytes() == 200_000 }
    clients[0].close()
    clients[1].reset()
    try clients[2].send(bytes)
    #expect(try clients[2].receiveResponse().body.utf8.count == 100_000)
    try eventually("one half of a body") { try server.heldBytes() == 50_000 }
    try server.advance(by: .seconds(31))
    #expect(try clients[3].receiveResponse().head.hasPrefix("HTTP/1.1 408 "))
    #expect(try server.heldBytes() == 0)
  }

  @Test func aBodyThatStopsAfterMuchIsNotWaitedForLongerThanOthers() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    try client.send([UInt8](repeating: 0x61, count: 500_000))
    try eventually("half of the body") { try server.heldBytes() == 500_000 }
    try server.advance(by: .seconds(29))
    try client.send([0x61])
    try eventually("one byte more") { try server.heldBytes() == 500_001 }
    try server.advance(by: .seconds(2))
    #expect(try client.receiveResponse().head.hasPrefix("HTTP/1.1 408 "))
  }

  @Test func aBodyThatComesSlowlyButSteadilyIsTaken() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
    for step in 1...10 {
      try client.send([UInt8](repeating: 0x61, count: 20_000))
      if step < 10 { try eventually("a piece") { try server.heldBytes() == step * 20_000 } }
      try server.advance(by: .seconds(15))
    }
    #expect(try client.receiveResponse().body.utf8.count == 200_000)
  }
}
