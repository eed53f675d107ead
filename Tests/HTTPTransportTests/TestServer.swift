import Bytes
import Dispatch
import HTTP
import HTTPTransport
import Network
import Synchronization
import Telemetry
import TestSupport
import Testing

/// A server on a loop of its own, with a clock that the test moves.
final class TestServer: Sendable {
  let port: UInt16
  let time = ManualTime()
  let record = Record()
  private let group: LoopGroup

  /// What the service saw.
  final class Record: Sendable {
    let finished = Mutex<[Finished]>([])
    /// Closings of exchanges that were answered late.
    let closed = Mutex(0)
    let drained = Mutex(false)
    /// The parts on their loop; reached only through its mailbox.
    let parts = Mutex<Parts?>(nil)
  }

  struct Finished: Equatable {
    var path: String
    var status: Int
    var outcome: HTTPOutcome
    var bytesIn: Int
    var bytesOut: Int
  }

  /// @unchecked: used on the server's loop only, by bodies submitted to its mailbox.
  final class Parts: @unchecked Sendable {
    let server: HTTPServer
    let service: TestService

    init(_ server: HTTPServer, _ service: TestService) {
      self.server = server
      self.service = service
    }
  }

  init(tls: TLSContext? = nil, _ change: (inout HTTPServerOptions) -> Void = { _ in }) throws {
    var options = HTTPServerOptions()
    change(&options)
    let settings = options
    let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
    port = socket.address.port
    let record = record
    group = try LoopGroup(count: 1, time: time) { loop in
      let service = TestService(record)
      let server = HTTPServer(
        loop: loop, socket: socket, tls: tls, options: settings, service: service, logger: .silent)
      try server.start()
      record.parts.withLock { $0 = Parts(server, service) }
    }
  }

  deinit {
    group.stop()
    group.join()
    record.parts.withLock { $0 = nil }
  }

  /// Has `body` run on the loop in one of its next turns.
  func soon(_ body: @escaping @Sendable (Parts) -> Void) {
    let record = record
    group.mailboxes[0].submit { _ in
      if let parts = record.parts.withLock({ $0 }) { body(parts) }
    }
  }

  /// Runs `body` on the loop and waits for it.
  func onLoop<Result: Sendable>(_ body: @escaping @Sendable (Parts) -> Result) throws -> Result {
    let result = Mutex<Result?>(nil)
    let done = Latch()
    soon { parts in
      let value = body(parts)
      result.withLock { $0 = value }
      done.open()
    }
    try done.wait()
    return try #require(result.withLock { $0 })
  }

  /// Moves the clock and lets the loop notice.
  func advance(by duration: Duration) throws {
    time.advance(by: duration)
    try onLoop { _ in }
    // Timers that are due run in the turn that follows the mail.
    try onLoop { _ in }
  }

  /// Waits until the service has seen the end of `count` exchanges.
  func finished(_ count: Int) throws -> [Finished] {
    try eventually("the end of \(count) exchanges") { record.finished.withLock { $0.count } >= count }
    return record.finished.withLock { $0 }
  }

  /// Bytes that the loop holds for its connections.
  func heldBytes() throws -> Int { try onLoop { $0.server.loop.heldBytes } }

  /// Waits until the service holds an exchange that it has not answered.
  func waitForExchange() throws {
    try eventually("an exchange") { try onLoop { !$0.service.waiting.isEmpty } }
  }

  func client(_ tls: RawClient.TLS? = nil) throws -> RawClient { try RawClient(port: port, tls: tls) }
}

/// Waits for an event, at most ten seconds.
final class Latch: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func open() { semaphore.signal() }

  func wait() throws {
    guard semaphore.wait(timeout: .now() + 10) == .success else { throw RawClient.Failure("waited in vain") }
  }
}

/// Answers by path: `/echo` the body, `/big/N` N bytes, `/fill/N` N equal ones, `/later` and `/stream` when the test says so, `/refuse` 401 before
/// the body is read, `/small` with a body limit of 10 bytes.
final class TestService: HTTPService {
  private let record: TestServer.Record
  /// Exchanges that wait for the test.
  var waiting: [HTTPExchange] = []
  var paths: [String] = []

  init(_ record: TestServer.Record) { self.record = record }

  func head(of exchange: HTTPExchange) -> HeadDecision {
    paths.append(exchange.request.path)
    switch exchange.request.path {
    case "/refuse": return .reject(HTTPResponse(401, contentType: "text/plain", body: Array("no".utf8)))
    case "/small": return .accept(bodyBytesMax: 10)
    default: return .accept(bodyBytesMax: 1024 * 1024)
    }
  }

  func request(_ exchange: HTTPExchange, body: consuming [UInt8]) {
    let path = exchange.request.path
    exchange.onClose = { [record] in record.closed.withLock { $0 += 1 } }
    if path.hasPrefix("/big/"), let count = Int(path.dropFirst(5)) {
      exchange.respond(HTTPResponse(200, contentType: "text/plain", body: TestService.pattern(count)))
    } else if path.hasPrefix("/fill/"), let count = Int(path.dropFirst(6)) {
      let body = [UInt8](repeating: UInt8(ascii: "."), count: count)
      exchange.respond(HTTPResponse(200, contentType: "text/plain", body: body))
    } else if path == "/later" {
      waiting.append(exchange)
    } else if path == "/stream" {
      exchange.startStream(status: 200, fields: HTTPFields())
      waiting.append(exchange)
    } else if path == "/empty" {
      exchange.respond(status: 204, fields: HTTPFields(), body: [])
    } else {
      let body = body.isEmpty ? Array(path.utf8) : body
      exchange.respond(HTTPResponse(200, contentType: "text/plain", body: body))
    }
  }

  func finished(_ exchange: HTTPExchange) {
    let facts = TestServer.Finished(
      path: exchange.request.path, status: exchange.status, outcome: exchange.outcome, bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut)
    record.finished.withLock { $0.append(facts) }
  }

  static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) } }
}
