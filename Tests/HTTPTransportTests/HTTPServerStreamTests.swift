import HTTP
import HTTPTransport
import Network
import Synchronization
import TestSupport
import Testing

/// Streams, slow readers and clients that go away.
struct HTTPServerStreamTests {
  private static let get = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func aStreamIsChunkedAndTheConnectionStays() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send(HTTPServerStreamTests.get)
    #expect(try client.receive(until: "\r\n\r\n").contains("Transfer-Encoding: chunked\r\n"))
    try server.waitForExchange()
    try server.onLoop {
      $0.service.waiting[0].write(Array("hello".utf8))
      $0.service.waiting[0].write(Array(" you".utf8))
    }
    #expect(try client.receive(until: "you\r\n") == "5\r\nhello\r\n4\r\n you\r\n")
    try server.onLoop { $0.service.waiting[0].finish() }
    #expect(try client.receive(until: "0\r\n\r\n") == "0\r\n\r\n")
    try client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try client.receiveResponse().body == "/a")
    let first = try server.finished(2)[0]
    #expect(first.outcome == .completed)
    #expect(try server.onLoop { $0.service.waiting[0].isEnded })
  }

  @Test func anHTTP10StreamEndsWithTheConnection() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    try server.waitForExchange()
    try server.onLoop {
      $0.service.waiting[0].write(Array("hello".utf8))
      $0.service.waiting[0].finish()
    }
    let all = try client.receiveAll()
    #expect(!all.contains("chunked"))
    #expect(all.contains("Connection: close\r\n"))
    #expect(all.hasSuffix("\r\n\r\nhello"))
  }

  @Test(arguments: ["HTTP/1.1", "HTTP/1.0"]) func anAbortedStreamIsSeenAsIncomplete(_ version: String) throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /stream \(version)\r\nHost: x\r\n\r\n")
    _ = try client.receive(until: "\r\n\r\n")
    try server.waitForExchange()
    try server.onLoop { $0.service.waiting[0].write(Array("hello".utf8)) }
    _ = try client.receive(until: "hello")
    try server.onLoop { $0.service.waiting[0].abort() }
    if version == "HTTP/1.1" {
      #expect(try !client.receiveAll().contains("0\r\n\r\n"))
    } else {
      #expect(throws: RawClient.Failure.self) { _ = try client.receiveAll() }
    }
    #expect(try server.finished(1)[0].outcome == .aborted)
    #expect(server.record.closed.withLock { $0 } == 0)
  }

  @Test(arguments: [false, true]) func aClientThatHangsUpIsNoticedAtOnce(_ usesTLS: Bool) throws {
    let authority = TestCertificate(name: "authority")
    let own = TestCertificate(name: "a.test", issuer: authority)
    let certificate = TLSCertificate(chain: own.certificate, key: own.key)
    let context = usesTLS ? try TLSContext(TLSServerConfiguration(certificates: [certificate])) : nil
    let server = try TestServer(tls: context)
    for path in ["/stream", "/later"] {
      let before = server.record.closed.withLock { $0 }
      let client = try server.client(usesTLS ? RawClient.TLS() : nil)
      try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
      try server.waitForExchange()
      client.close()
      let last = try #require(try server.finished(before + 1).last)
      #expect(last.outcome == .clientGone)
      #expect(last.path == path)
      #expect(server.record.closed.withLock { $0 } == before + 1)
      try server.onLoop { parts in
        // What the service does afterwards has no effect.
        parts.service.waiting[0].write([1])
        parts.service.waiting[0].finish()
        parts.service.waiting = []
      }
    }
    #expect(try server.onLoop { $0.server.connectionCount } == 0)
  }

  @Test func aHangUpIsNoticedEvenWhileReadingIsPaused() throws {
    let server = try TestServer { $0.readAheadBytesMax = 1000 }
    let client = try server.client()
    try client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n" + String(repeating: "x", count: 60_000))
    try server.waitForExchange()
    client.close()
    #expect(try server.finished(1)[0].outcome == .clientGone)
  }

  @Test func aBigBodyReachesASlowReaderWhole() throws {
    let server = try TestServer()
    let client = try RawClient(port: server.port, receiveBufferBytes: 4096)
    try client.send("GET /big/3000000 HTTP/1.1\r\nHost: x\r\n\r\n")
    let (head, body) = try client.receiveResponse()
    #expect(head.contains("Content-Length: 3000000\r\n"))
    #expect(Array(body.utf8) == TestService.pattern(3_000_000))
  }

  @Test func aWriterIsToldWhenItsBytesHaveLeft() throws {
    let server = try TestServer()
    let client = try RawClient(port: server.port, receiveBufferBytes: 4096)
    try client.send(HTTPServerStreamTests.get)
    try server.waitForExchange()
    try server.onLoop { parts in
      let exchange = parts.service.waiting[0]
      exchange.write([UInt8](repeating: 0x61, count: 3_500_000))
      exchange.onDrained = { [unowned exchange] in
        exchange.onDrained = nil
        exchange.write(Array("last".utf8))
        exchange.finish()
      }
    }
    #expect(try server.onLoop { $0.service.waiting[0].bufferedBytes } > 0)
    let all = try client.receive(until: "last\r\n0\r\n\r\n")
    #expect(all.utf8.count > 3_500_000)
  }

  @Test func aReaderThatStandsStillIsCut() throws {
    let server = try TestServer()
    let client = try RawClient(port: server.port, receiveBufferBytes: 4096)
    try client.send(HTTPServerStreamTests.get)
    try server.waitForExchange()
    try server.onLoop { $0.service.waiting[0].write([UInt8](repeating: 0x61, count: 4_000_000)) }
    try server.advance(by: .seconds(29))
    #expect(server.record.finished.withLock { $0.isEmpty })
    try server.advance(by: .seconds(2))
    #expect(try server.finished(1)[0].outcome == .timedOut)
    #expect(server.record.closed.withLock { $0 } == 1)
    _ = client
  }

  @Test func oneEventLargerThanTheBoundIsNoReasonToCut() throws {
    let server = try TestServer { $0.outputBufferBytesMax = 100_000 }
    let client = try server.client()
    try client.send(HTTPServerStreamTests.get)
    try server.waitForExchange()
    try server.onLoop { parts in
      parts.service.waiting[0].write([UInt8](repeating: 0x61, count: 1_000_000))
      parts.service.waiting[0].finish()
    }
    #expect(try client.receive(until: "\r\n0\r\n\r\n").utf8.count > 1_000_000)
    #expect(try server.finished(1)[0].outcome == .completed)
  }

  @Test func aWriterThatIgnoresTheBoundIsCut() throws {
    let server = try TestServer { $0.outputBufferBytesMax = 1_000_000 }
    let client = try RawClient(port: server.port, receiveBufferBytes: 4096)
    try client.send(HTTPServerStreamTests.get)
    try server.waitForExchange()
    for _ in 0..<100 {
      try server.onLoop { $0.service.waiting[0].write([UInt8](repeating: 0x61, count: 100_000)) }
    }
    #expect(try server.finished(1)[0].outcome == .overflowed)
    _ = client
  }
}
