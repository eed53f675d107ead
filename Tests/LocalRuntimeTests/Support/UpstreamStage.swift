import HTTP
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import LocalRuntime

/// A turn of an engine whose upstream is played byte by byte, on a loop that the test turns, by a clock that it moves.
final class UpstreamStage {
  let time = ManualTime()
  let loop: EventLoop
  let listener: RawListener
  let log = MemorySink()
  private(set) var events: [TurnEvent] = []

  init() throws {
    loop = try EventLoop(time: time)
    listener = try RawListener()
  }

  deinit { loop.close() }

  var logger: Logger { Logger(level: .trace, sink: log) }
  var logText: String { log.lines.joined(separator: "\n") }
  var texts: [String] { events.map(\.text) }
  var isOver: Bool { events.last?.endsTurn == true }

  func url(_ path: String) throws -> URI { try #require(URI("http://127.0.0.1:\(listener.port)\(path)")) }

  static func turn(
    _ parts: [Part] = [.text("hello")], history: [Message] = [], continues: Bool = false, earlier: EarlierTurn? = nil
  ) -> Turn {
    Turn(
      owner: TaskOwner(principal: "partner", agentKey: "a"), taskID: "T", contextID: "C",
      message: Message(messageID: "m", role: .user, parts: parts, contextID: "C", taskID: "T"),
      isContinuation: continues, past: TurnPast(history: history, earlier: earlier))
  }

  func start(_ engine: some LocalEngine, _ turn: Turn = UpstreamStage.turn()) -> any RunningTurn {
    engine.start(turn, on: loop) { [unowned self] event in
      #expect(!isOver, "nothing is said after the end")
      events.append(event)
    }
  }

  /// Accepts the engine's connection and reads its request.
  func accept() throws -> (server: RawClient, head: String, body: String) {
    settle()
    let server = try listener.accept()
    settle()
    let (head, body) = try server.receiveResponse()
    return (server, head, body)
  }

  /// Turns the loop until nothing is left to do at once.
  func settle() {
    for _ in 0..<10 { loop.runOnce(maxWait: .milliseconds(1)) }
  }

  func run(_ what: String, until condition: () -> Bool) throws {
    try eventually(what) {
      if condition() { return true }
      loop.runOnce(maxWait: .milliseconds(20))
      return condition()
    }
  }

  func runToEnd() throws { try run("the end of the turn") { isOver } }

  func advance(by duration: Duration) {
    time.advance(by: duration)
    settle()
  }

  /// The response to the whole request, in one piece.
  func answer(_ response: String) throws {
    let (server, _, _) = try accept()
    try server.send(response)
    server.finishSending()
    try runToEnd()
  }
}

/// A response with a length.
func response(_ body: String, _ contentType: String = "application/json", status: String = "200 OK") -> String {
  "HTTP/1.1 \(status)\r\nContent-Type: \(contentType)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// An event stream that lasts until the connection closes.
func stream(_ events: [String]) -> String {
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + events.map { "data: \($0)\n\n" }.joined()
}
