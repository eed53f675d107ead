import HTTPTransport
import Network
import TestSupport
import Testing

/// Raw bytes in, raw bytes out, over real sockets.
struct HTTPServerTests {
  private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func aRequestIsAnsweredWithLengthAndDate() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send(HTTPServerTests.get)
    let (head, body) = try client.receiveResponse()
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(head.contains("Content-Length: 2\r\n"))
    #expect(
      head.contains("Date: Tue, 14 Nov 2023 22:13:21 GMT\r\n") || head.contains("Date: Tue, 14 Nov 2023 22:13:20"))
    #expect(!head.contains("Connection:"))
    #expect(body == "/a")
    let finished = try server.finished(1)
    #expect(finished.count == 1)
    #expect(finished[0].outcome == .completed)
    #expect(finished[0].bytesOut == head.utf8.count + body.utf8.count)
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let server = try TestServer()
    let client = try server.client()
    let requests = (0..<200).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }
    try client.send(requests.joined())
    for number in 0..<200 { #expect(try client.receiveResponse().body == "/\(number)") }
  }

  @Test func aLaterRequestWaitsForTheAnswerBefore() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
    try server.waitForExchange()
    #expect(try server.onLoop { $0.service.paths } == ["/later"])
    try server.onLoop { $0.service.waiting[0].respond(HTTPResponse(200, contentType: "text/plain", body: [0x31])) }
    #expect(try client.receiveResponse().body == "1")
    #expect(try client.receiveResponse().body == "/b")
  }

  @Test func requestsMayArriveInAnyPieces() throws {
    let server = try TestServer()
    let request =
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"
    let bytes = Array(request.utf8)
    let client = try server.client()
    for byte in bytes { try client.send([byte]) }
    #expect(try client.receiveResponse().body == "hello world")
    for cut in stride(from: 1, to: bytes.count, by: 3) {
      try client.send(Array(bytes[..<cut]))
      try client.send(Array(bytes[cut...]))
      #expect(try client.receiveResponse().body == "hello world")
    }
  }

  @Test(arguments: [
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400),
    ("GET / HTTP/1.1\nHost: x\n\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 40_000))\r\n\r\n", 431),
    ("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n", 413),
    ("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n", 413),
  ])
  func invalidRequestsAreRefusedAndTheConnectionEnds(_ request: String, _ status: Int) throws {
    let server = try TestServer()
    let client = try server.client()
    // A second request behind the broken one must not be served: that would be smuggling.
    try client.send(request + HTTPServerTests.get)
    let (head, body) = try client.receiveResponse()
    #expect(head.hasPrefix("HTTP/1.1 \(status) "))
    #expect(head.contains("Connection: close\r\n"))
    #expect(body.hasPrefix("{\"error\":{\"code\":\(status),\"message\":\""))
    #expect(try client.isAtEnd())
    #expect(try server.onLoop { $0.server.counters.refused } == 1)
  }

  @Test func anAnswerBeforeTheBodyIsSeenInSpiteOfAllThatStillComes() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
    try client.send([UInt8](repeating: 0x61, count: 3_000_000))
    #expect(try client.receiveResponse().head.hasPrefix("HTTP/1.1 413 "))
    #expect(try client.isAtEnd())
  }

  @Test func aRefusedRequestWithAShortBodyLeavesTheConnectionUsable() throws {
    let server = try TestServer()
    let client = try server.client()
    for framing in ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
      try client.send("POST /refuse HTTP/1.1\r\nHost: x\r\n\(framing)" + HTTPServerTests.get)
      #expect(try client.receiveResponse().head.hasPrefix("HTTP/1.1 401 "))
      #expect(try client.receiveResponse().body == "/a")
    }
  }

  @Test func aRefusedRequestWithALongBodyEndsTheConnection() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    #expect(try client.receiveResponse().head.contains("Connection: close\r\n"))
    try client.send([UInt8](repeating: 0x61, count: 500_000))
    #expect(try client.isAtEnd())
  }

  @Test func continueIsSentOnlyToThoseThatWaitForIt() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
    try client.send("hello")
    #expect(try client.receiveResponse().body == "hello")
    // With the body already there, nothing has to be said.
    try client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nagain")
    #expect(try client.receiveResponse().head.hasPrefix("HTTP/1.1 200 "))
    // A refusal takes the place of the go-ahead; whether the body comes is then unknown.
    let other = try server.client()
    try other.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    #expect(try other.receiveResponse().head.hasPrefix("HTTP/1.1 401 "))
    #expect(try other.isAtEnd())
  }

  @Test func headHasTheLengthButNoBody() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n" + HTTPServerTests.get)
    #expect(try client.receive(until: "\r\n\r\n").contains("Content-Length: 4\r\n"))
    #expect(try client.receiveResponse().body == "/a")
  }

  @Test func noContentHasNoLength() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /empty HTTP/1.1\r\nHost: x\r\n\r\n" + HTTPServerTests.get)
    let head = try client.receive(until: "\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 204 No Content\r\n"))
    #expect(!head.contains("Content-Length"))
    #expect(try client.receiveResponse().body == "/a")
  }

  @Test func http10ClosesUnlessAskedToStay() throws {
    let server = try TestServer()
    let closing = try server.client()
    try closing.send("GET /a HTTP/1.0\r\n\r\n")
    let all = try closing.receiveAll()
    #expect(all.contains("Connection: close\r\n"))
    #expect(all.hasSuffix("\r\n\r\n/a"))
    let staying = try server.client()
    for _ in 0..<2 {
      try staying.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let (head, body) = try staying.receiveResponse()
      #expect(head.contains("Connection: keep-alive\r\n"))
      #expect(body == "/a")
    }
  }

  @Test func closeIsHonoured() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + HTTPServerTests.get)
    #expect(try client.receiveAll().components(of: "HTTP/1.1 200") == 1)
  }

  @Test func aClientThatEndsItsSideStillGetsWhatIsReady() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send(HTTPServerTests.get)
    client.finishSending()
    #expect(try client.receiveAll().hasSuffix("/a"))
  }
}

extension String {
  func components(of mark: String) -> Int { ranges(of: mark).count }
}
