import HTTP
import HTTPTransport
import Network
import TestSupport
import Testing

/// Servers that do what they should not, played byte by byte.
struct HTTPClientFailureTests {
  private static func answer(_ harness: ClientHarness, _ listener: RawListener, _ bytes: String) throws -> RawClient {
    harness.settle()
    let server = try listener.accept()
    harness.settle()
    _ = try server.receive(until: "\r\n\r\n")
    try server.send(bytes)
    return server
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", HTTPClientError.Kind.truncated),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .truncated),
    ("HTTP/1.1 200 OK\r\nConte", .truncated),
    ("", .closed),
    ("garbage\r\n\r\n", .invalidResponse),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .invalidResponse),
    ("HTTP/1.1 200 OK\r\nContent-Length: 11000000\r\n\r\n", .responseTooLarge),
    ("HTTP/1.1 200 OK\nContent-Length: 1\n\na", .invalidResponse),
    ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .invalidResponse),
  ])
  func brokenResponsesAreErrors(_ response: String, _ kind: HTTPClientError.Kind) throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.post, "http://127.0.0.1:\(listener.port)/", body: "x"))
    let server = try HTTPClientFailureTests.answer(harness, listener, response)
    server.close()
    try harness.finish(result)
    #expect(result.error?.kind == kind)
    #expect(result.error?.mayHaveArrived == true)
    #expect(harness.client.idleCount == 0)
  }

  @Test func aBodyMayLastUntilTheConnectionCloses() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(listener.port)/"))
    let server = try HTTPClientFailureTests.answer(
      harness, listener, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall of it")
    server.close()
    try harness.finish(result)
    #expect(result.hasEnded)
    #expect(result.text == "all of it")
    #expect(harness.client.idleCount == 0)
  }

  @Test func aBodyBeyondTheBoundIsAnError() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    var request = try harness.request(.get, "http://127.0.0.1:\(listener.port)/")
    request.responseBytesMax = 4
    let result = harness.send(request)
    _ = try HTTPClientFailureTests.answer(harness, listener, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    try harness.finish(result)
    #expect(result.error?.kind == .responseTooLarge)
  }

  @Test func nobodyListening() throws {
    let port = try RawListener().port
    let harness = try ClientHarness()
    let result = try harness.perform(try harness.request(.post, "http://127.0.0.1:\(port)/", body: "x"))
    #expect(result.error?.kind == .connect)
    #expect(result.error?.mayHaveArrived == false)
    #expect(result.error?.message == "connect: Connection refused (errno 111)")
  }

  @Test func eachWaitHasAnEnd() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let url = "http://127.0.0.1:\(listener.port)/"
    // The handshake is never answered.
    let connecting = harness.send(try harness.request(.get, "https://127.0.0.1:\(listener.port)/"))
    harness.settle()
    let silent = try listener.accept()
    harness.time.advance(by: .seconds(11))
    try harness.finish(connecting)
    #expect(connecting.error?.kind == .connectTimeout)
    #expect(connecting.error?.mayHaveArrived == false)
    silent.close()

    let waiting = harness.send(try harness.request(.get, url))
    harness.settle()
    harness.time.advance(by: .seconds(59))
    harness.settle()
    #expect(!waiting.isOver)
    harness.time.advance(by: .seconds(2))
    try harness.finish(waiting)
    #expect(waiting.error?.kind == .firstByteTimeout)
    #expect(waiting.error?.mayHaveArrived == true)
    _ = try listener.accept()

    let receiving = harness.send(try harness.request(.get, url))
    let server = try HTTPClientFailureTests.answer(harness, listener, "HTTP/1.1 200 OK\r\n\r\n")
    for _ in 0..<3 {
      harness.time.advance(by: .seconds(50))
      try server.send("x")
      let count = receiving.body.count
      try harness.turn("a byte") { receiving.body.count > count }
    }
    harness.time.advance(by: .seconds(61))
    try harness.finish(receiving)
    #expect(receiving.error?.kind == .silenceTimeout)
  }

  /// A kept connection keeps its timer, which goes off by the time of an earlier call.
  @Test func aCallOnAKeptConnectionHasATimeOfItsOwn() throws {
    for seconds in [5, 100] {
      let listener = try RawListener()
      let harness = try ClientHarness()
      let url = "http://127.0.0.1:\(listener.port)/"
      let first = harness.send(try harness.request(.get, url))
      _ = try HTTPClientFailureTests.answer(harness, listener, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      try harness.finish(first)
      var request = try harness.request(.get, url)
      request.timeouts.firstByte = .seconds(seconds)
      let second = harness.send(request)
      harness.settle()
      harness.time.advance(by: .seconds(seconds - 1))
      harness.settle()
      #expect(!second.isOver)
      harness.time.advance(by: .seconds(1))
      try harness.finish(second)
      #expect(second.error?.kind == .firstByteTimeout)
    }
  }

  /// The server closes a kept connection just as the next request goes out.
  @Test func aKeptConnectionThatWasClosedIsReplacedWhereThatIsSafe() throws {
    for (method, isRetried) in [(HTTPMethod.get, true), (.post, false)] {
      let listener = try RawListener()
      let harness = try ClientHarness()
      let url = "http://127.0.0.1:\(listener.port)/"
      let first = harness.send(try harness.request(.get, url))
      let server = try HTTPClientFailureTests.answer(harness, listener, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      try harness.finish(first)
      #expect(harness.client.idleCount == 1)
      let second = harness.send(try harness.request(method, url, body: method == .post ? "x" : ""))
      harness.settle()
      _ = try server.receive(until: "\r\n\r\n")
      server.close()
      if isRetried {
        _ = try HTTPClientFailureTests.answer(harness, listener, "HTTP/1.1 204 No Content\r\n\r\n")
        try harness.finish(second)
        #expect(second.head?.status == 204)
      } else {
        try harness.finish(second)
        #expect(second.error?.kind == .closed)
        #expect(second.error?.mayHaveArrived == true)
      }
    }
  }

  @Test func aNewConnectionThatClosesIsNotTriedAgain() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(listener.port)/"))
    try HTTPClientFailureTests.answer(harness, listener, "").close()
    try harness.finish(result)
    #expect(result.error?.kind == .closed)
  }

  @Test func idleConnectionsLeaveWhenTheServerClosesOrTalks() throws {
    for extra in [nil, "HTTP/1.1 408 Request Timeout\r\n\r\n"] {
      let listener = try RawListener()
      let harness = try ClientHarness()
      let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(listener.port)/"))
      let server = try HTTPClientFailureTests.answer(harness, listener, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      try harness.finish(result)
      #expect(harness.client.idleCount == 1)
      if let extra { try server.send(extra) } else { server.close() }
      try harness.turn("no idle connection") { harness.client.idleCount == 0 }
    }
  }

  /// What a server said to nobody, just before the connection was used again, is no answer to whoever uses it.
  @Test func whatCameBeforeTheRequestIsNoAnswerToIt() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let url = "http://127.0.0.1:\(listener.port)/"
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    let first = harness.send(try harness.request(.get, url))
    let kept = try HTTPClientFailureTests.answer(harness, listener, ok)
    try harness.finish(first)
    try kept.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    let result = harness.send(try harness.request(.post, url, body: "x"))
    let server = try HTTPClientFailureTests.answer(harness, listener, ok)
    try harness.finish(result)
    #expect(result.head?.status == 200 && result.text == "ok")
    // It was sent once.
    #expect(try kept.isAtEnd())
    _ = server
  }

  /// Said to nobody, it may cross the next request on its way, whose answer would then be taken for that of the one after it.
  @Test func aConnectionOfAServerThatWaitedTooLongIsNotUsedAgain() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(listener.port)/"))
    let server = try HTTPClientFailureTests.answer(
      harness, listener, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    try harness.finish(result)
    #expect(result.head?.status == 408)
    #expect(harness.client.idleCount == 0)
    #expect(try server.isAtEnd())
  }

  @Test func aResponseWithMoreThanItsLengthIsNotFollowedByAnother() throws {
    let listener = try RawListener()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(listener.port)/"))
    _ = try HTTPClientFailureTests.answer(
      harness, listener, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    try harness.finish(result)
    #expect(result.text == "ok")
    #expect(harness.client.idleCount == 0)
  }

  @Test func idleConnectionsAreClosedInTime() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    _ = try harness.get("http://127.0.0.1:\(server.port)/a")
    harness.time.advance(by: .seconds(49))
    harness.settle()
    #expect(harness.client.idleCount == 1)
    harness.time.advance(by: .seconds(14))
    harness.settle()
    #expect(harness.client.idleCount == 0)
  }

  @Test func moreConnectionsThanAllowedAreRefused() throws {
    let server = try TestServer()
    let harness = try ClientHarness { $0.connectionsMax = 1 }
    let first = harness.send(try harness.request(.get, "http://127.0.0.1:\(server.port)/later"))
    let second = try harness.get("http://127.0.0.1:\(server.port)/a")
    #expect(second.error?.kind == .overloaded)
    first.call?.cancel()
  }
}
