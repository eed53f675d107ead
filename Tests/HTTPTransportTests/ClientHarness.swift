import HTTP
import HTTPTransport
import Network
import TestSupport
import Testing

/// A client on a loop that the test itself turns, by a clock that it moves.
final class ClientHarness {
  let time = ManualTime()
  let loop: EventLoop
  let client: HTTPClient

  init(_ change: (inout HTTPClientOptions) -> Void = { _ in }) throws {
    loop = try EventLoop(time: time)
    var options = HTTPClientOptions()
    change(&options)
    client = HTTPClient(loop: loop, options: options)
  }

  deinit { loop.close() }

  /// What became of one request.
  final class Result {
    var head: HTTPResponseHead?
    var body: [UInt8] = []
    var hasEnded = false
    var error: HTTPClientError?
    var call: HTTPClientCall?

    var text: String { String(decoding: body, as: UTF8.self) }
    var isOver: Bool { hasEnded || error != nil }
  }

  func request(_ method: HTTPMethod, _ url: String, body: String = "") throws -> HTTPClientRequest {
    HTTPClientRequest(method, try #require(URI(url)), body: Array(body.utf8))
  }

  func send(_ request: consuming HTTPClientRequest) -> Result {
    let result = Result()
    result.call = client.send(
      request,
      HTTPClientHandlers(
        onHead: { [unowned result] head in
          #expect(result.head == nil && !result.isOver)
          result.head = head
        },
        onBody: { [unowned result] bytes in
          #expect(result.head != nil && !result.isOver)
          result.body += bytes
        },
        onEnd: { [unowned result] in
          #expect(result.head != nil && !result.isOver)
          result.hasEnded = true
        },
        onError: { [unowned result] error in
          #expect(!result.isOver)
          result.error = error
        }))
    return result
  }

  /// Sends and waits until it is over.
  func perform(_ request: consuming HTTPClientRequest) throws -> Result {
    let result = send(request)
    try finish(result)
    return result
  }

  func get(_ url: String) throws -> Result { try perform(try request(.get, url)) }

  func finish(_ result: Result) throws { try turn("the end of the call") { result.isOver } }

  func turn(_ what: String, until condition: () -> Bool) throws {
    try eventually(what) {
      if condition() { return true }
      loop.runOnce(maxWait: .milliseconds(20))
      return condition()
    }
  }

  /// Turns until nothing is left to do at once.
  func settle() {
    for _ in 0..<10 { loop.runOnce(maxWait: .milliseconds(1)) }
  }
}
