import Glibc
import HTTP
import HTTPTransport
import Network
import Synchronization
import Telemetry
import TestSupport
import Testing

/// Calls to a real server of ours.
struct HTTPClientTests {
  @Test func connectionsAreUsedAgain() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    for number in 0..<5 {
      let result = try harness.get("http://127.0.0.1:\(server.port)/\(number)?q=1")
      #expect(result.head?.status == 200)
      #expect(result.text == "/\(number)")
    }
    #expect(harness.client.idleCount == 1)
    #expect(try server.onLoop { $0.server.counters.accepted } == 1)
  }

  @Test func aLoopSharesOneClientAndOutlivesIt() throws {
    weak var client: HTTPClient?
    do {
      let loop = try EventLoop()
      client = HTTPClient.shared(on: loop)
      #expect(HTTPClient.shared(on: loop) === client)
    }
    #expect(client == nil)
  }

  @Test func callsAtTheSameTimeHaveConnectionsOfTheirOwn() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    let results = try (0..<3).map { harness.send(try harness.request(.get, "http://127.0.0.1:\(server.port)/\($0)")) }
    for (number, result) in results.enumerated() {
      try harness.finish(result)
      #expect(result.text == "/\(number)")
    }
    #expect(harness.client.idleCount == 3)
  }

  @Test func bodiesGoOutAndComeBack() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    let url = "http://127.0.0.1:\(server.port)/echo"
    for count in [1, 20_000, 900_000] {
      let body = String(decoding: TestService.pattern(count), as: UTF8.self)
      let result = try harness.perform(try harness.request(.post, url, body: body))
      #expect(result.text == body)
    }
    #expect(try harness.perform(try harness.request(.head, url)).body == [])
    #expect(try harness.get("http://127.0.0.1:\(server.port)/empty").head?.status == 204)
    #expect(try server.onLoop { $0.server.counters.accepted } == 1)
  }

  @Test func namesAreResolved() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    #expect(try harness.get("http://localhost:\(server.port)/a").text == "/a")
    let failed = try harness.get("http://a..b:\(server.port)/a")
    #expect(failed.error?.kind == .resolve)
    #expect(failed.error?.mayHaveArrived == false)
  }

  @Test func aRequestMayInsistOnAnAddress() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    var request = try harness.request(.get, "http://agents.example/a")
    request.address = SocketAddress("127.0.0.1:\(server.port)")
    #expect(try harness.perform(request).text == "/a")
  }

  @Test func streamsArriveAsTheyAreWritten() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(server.port)/stream"))
    try harness.turn("the head") { result.head != nil }
    try server.waitForExchange()
    try server.onLoop { $0.service.waiting[0].write(Array("one".utf8)) }
    try harness.turn("the first part") { result.text == "one" }
    #expect(!result.isOver)
    try server.onLoop { parts in
      parts.service.waiting[0].write(Array("two".utf8))
      parts.service.waiting[0].finish()
    }
    try harness.finish(result)
    #expect(result.text == "onetwo")
  }

  @Test func aCancelledCallIsSilentAndItsConnectionCloses() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    let result = harness.send(try harness.request(.get, "http://127.0.0.1:\(server.port)/stream"))
    try harness.turn("the head") { result.head != nil }
    result.call?.cancel()
    harness.settle()
    #expect(!result.isOver)
    #expect(result.call?.isEnded == true)
    #expect(try server.finished(1)[0].outcome == .clientGone)
    #expect(harness.client.idleCount == 0)
  }

  @Test func aPausedCallHoldsTheServerBackAndLosesNothing() throws {
    let server = try TestServer()
    let harness = try ClientHarness()
    var request = try harness.request(.get, "http://127.0.0.1:\(server.port)/stream")
    request.responseBytesMax = .max
    let result = harness.send(request)
    try harness.turn("the head") { result.head != nil }
    result.call?.pause()
    try server.waitForExchange()
    let total = 12_000_000
    try server.onLoop { parts in
      let exchange = parts.service.waiting[0]
      var left = total
      func write() {
        exchange.write([UInt8](repeating: 0x61, count: 1_000_000))
        left -= 1_000_000
        guard left == 0 else { return }
        exchange.onDrained = nil
        exchange.finish()
      }
      exchange.onDrained = { write() }
      write()
    }
    harness.settle()
    #expect(result.body.count < 1_000_000)
    #expect(try server.onLoop { $0.service.waiting[0].bufferedBytes } > 0)
    result.call?.resume()
    try harness.finish(result)
    #expect(result.body.count == total)
  }

  @Test func aCallOverAUnixSocket() throws {
    let path = "/tmp/a2a-gateway-test-\(UInt64.random(in: 0 ... .max)).sock"
    let address = try #require(SocketAddress("unix:\(path)"))
    let socket = try ListeningSocket.bind(to: address)
    var status = stat()
    // The kernel fills the structure.
    #expect(unsafe stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let harness = try ClientHarness()
    let record = TestServer.Record()
    let service = TestService(record)
    let server = HTTPServer(loop: harness.loop, socket: socket, service: service, logger: .silent)
    try server.start()
    var request = try harness.request(.get, "http://localhost/a")
    request.address = address
    #expect(try harness.perform(request).text == "/a")
    server.closeAll()
    // A path whose listener is gone is taken over, one in use is not.
    let again = try ListeningSocket.bind(to: address)
    #expect(throws: SystemError.self) { _ = try ListeningSocket.bind(to: address) }
    withExtendedLifetime(again) {}
  }
}
