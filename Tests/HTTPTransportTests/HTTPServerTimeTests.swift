import HTTPTransport
import Network
import Synchronization
import TestSupport
import Testing

/// Time-outs, by a clock that the test moves, and the end of a server.
struct HTTPServerTimeTests {
  private static func accepted(_ server: TestServer) throws {
    try eventually("a connection") { try server.onLoop { $0.server.connectionCount > 0 } }
  }

  /// Waits until the server has read all that was sent, which it answers nothing to.
  private static func settle(_ server: TestServer) throws {
    for _ in 0..<20 { try server.onLoop { _ in } }
  }

  @Test func aHeadThatTricklesIsAnswered408() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET / HTTP/1.1\r\nHo")
    try HTTPServerTimeTests.accepted(server)
    try HTTPServerTimeTests.settle(server)
    try server.advance(by: .seconds(6))
    try client.send("st: x\r\n")
    try HTTPServerTimeTests.settle(server)
    try server.advance(by: .seconds(5))
    let (head, body) = try client.receiveResponse()
    #expect(head.hasPrefix("HTTP/1.1 408 "))
    #expect(body.contains("\"code\":408"))
    #expect(try client.isAtEnd())
  }

  @Test func aConnectionThatSaysNothingIsClosedSilently() throws {
    let server = try TestServer()
    let client = try server.client()
    try HTTPServerTimeTests.accepted(server)
    try server.advance(by: .seconds(11))
    #expect(try client.receiveAll() == "")
  }

  @Test func anIdleConnectionIsClosedAfterItsTime() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = try client.receiveResponse()
    try server.advance(by: .seconds(74))
    #expect(try server.onLoop { $0.server.connectionCount } == 1)
    try server.advance(by: .seconds(2))
    #expect(try client.isAtEnd())
  }

  @Test func aBodyThatDoesNotComeIsAnswered408() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
    try HTTPServerTimeTests.accepted(server)
    try HTTPServerTimeTests.settle(server)
    try server.advance(by: .seconds(31))
    #expect(try client.receiveResponse().head.hasPrefix("HTTP/1.1 408 "))
    let finished = try server.finished(1)[0]
    #expect(finished.outcome == .timedOut)
    #expect(finished.status == 408)
    #expect(finished.bytesIn == 5)
  }

  @Test func aHandshakeThatIsNotFinishedIsCut() throws {
    let own = TestCertificate(name: "a.test", issuer: TestCertificate(name: "authority"))
    let certificate = TLSCertificate(chain: own.certificate, key: own.key)
    let server = try TestServer(tls: try TLSContext(TLSServerConfiguration(certificates: [certificate])))
    let client = try server.client()
    try client.send([0x16, 0x03, 0x01])
    try HTTPServerTimeTests.accepted(server)
    try server.advance(by: .seconds(11))
    #expect(try client.isAtEnd())
    #expect(try server.onLoop { $0.server.counters.handshakesFailed } == 1)
  }

  @Test func aLongAnswerHasNoTimeLimit() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
    try server.waitForExchange()
    try server.advance(by: .seconds(3600))
    try server.onLoop { $0.service.waiting[0].respond(HTTPResponse(200, contentType: "text/plain", body: [0x61])) }
    #expect(try client.receiveResponse().body == "a")
  }

  @Test func drainingEndsIdleConnectionsAndLetsAnswersFinish() throws {
    let server = try TestServer()
    let idle = try server.client()
    try idle.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = try idle.receiveResponse()
    let busy = try server.client()
    try busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n")
    try server.waitForExchange()
    let record = server.record
    try server.onLoop { parts in
      parts.server.drain(deadline: .seconds(30)) { record.drained.withLock { $0 = true } }
    }
    try server.advance(by: .seconds(2))
    #expect(try idle.isAtEnd())
    idle.close()
    #expect(throws: RawClient.Failure.self) { _ = try server.client() }
    #expect(!record.drained.withLock { $0 })
    try server.onLoop { $0.service.waiting[0].respond(HTTPResponse(200, contentType: "text/plain", body: [0x61])) }
    let (head, body) = try busy.receiveResponse()
    #expect(head.contains("Connection: close\r\n"))
    #expect(body == "a")
    #expect(try busy.isAtEnd())
    busy.close()
    try eventually("drained") { record.drained.withLock { $0 } }
    #expect(try server.onLoop { $0.service.paths } == ["/a", "/later"])
  }

  @Test func aRequestThatWasOnItsWayWhenTheDrainBeganIsAnswered() throws {
    let server = try TestServer()
    let (used, fresh) = (try server.client(), try server.client())
    try used.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = try used.receiveResponse()
    try eventually("both connections") { try server.onLoop { $0.server.connectionCount } == 2 }
    let record = server.record
    try server.onLoop { parts in
      parts.server.drain(deadline: .seconds(30)) { record.drained.withLock { $0 = true } }
    }
    for client in [used, fresh] {
      try client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
      let (head, body) = try client.receiveResponse()
      #expect(head.contains("Connection: close\r\n"))
      #expect(body == "/b")
      #expect(try client.isAtEnd())
      client.close()
    }
    try eventually("drained") { record.drained.withLock { $0 } }
  }

  @Test func whoWaitsInTheBacklogWhenTheDrainBeginsIsAnswered() throws {
    let server = try TestServer()
    let (isHeld, mayGoOn) = (Latch(), Latch())
    let (port, record) = (server.port, server.record)
    server.soon { parts in
      isHeld.open()
      try? mayGoOn.wait()
      parts.server.drain(deadline: .seconds(30)) { record.drained.withLock { $0 = true } }
    }
    try isHeld.wait()
    // The kernel connects them; the loop has not looked yet.
    let clients = try (0..<20).map { _ in try RawClient(port: port) }
    for client in clients { try client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n") }
    mayGoOn.open()
    for client in clients {
      #expect(try client.receiveResponse().body == "/b")
      client.close()
    }
    try eventually("drained") { record.drained.withLock { $0 } }
  }

  @Test func whatIsLeftAfterTheDrainsDeadlineIsCut() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
    try server.waitForExchange()
    let record = server.record
    try server.onLoop { parts in
      parts.server.drain(deadline: .seconds(30)) { record.drained.withLock { $0 = true } }
    }
    try server.advance(by: .seconds(31))
    #expect(try server.finished(1)[0].outcome == .shutDown)
    #expect(record.drained.withLock { $0 })
    #expect(try client.isAtEnd())
  }

  @Test func moreConnectionsThanAllowedWaitUntilOneEnds() throws {
    let server = try TestServer { $0.connectionsMax = 2 }
    let clients = try (0..<3).map { _ in try server.client() }
    for client in clients { try client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n") }
    for client in clients[..<2] { #expect(try client.receiveResponse().body == "/a") }
    #expect(try server.onLoop { $0.server.connectionCount } == 2)
    clients[0].close()
    #expect(try clients[2].receiveResponse().body == "/a")
  }
}
