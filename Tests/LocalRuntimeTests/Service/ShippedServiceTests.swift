import Foundation
import HTTP
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import LocalRuntime

/// The example in `cards/examples`, as a process of its own.
private final class DiceService {
  let port: Int
  private let process = Process()

  init() throws {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", repository.path + "/cards/examples/service.py", "0"]
    process.standardOutput = output
    try process.run()
    // The service says where it listens as soon as it does, or ends and closes its output.
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { break }
      line += more
    }
    port = try #require(String(decoding: line, as: UTF8.self).split(separator: " ").last.flatMap { Int($0.dropLast()) })
  }

  deinit {
    // Not TERM: threads that run tests have signals blocked, and children inherit that.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// What it says to one message.
  func answer(_ text: String) throws -> [String] {
    let loop = try EventLoop()
    defer { loop.close() }
    let service = ServiceEngine.Service(
      url: try #require(URI("http://127.0.0.1:\(port)/messages")), settings: JSONFragment(["sides": 1]))
    let engine = ServiceEngine(name: "dice", service: service, logger: .silent)
    var events: [TurnEvent] = []
    let running = engine.start(UpstreamStage.turn([.text(text)]), on: loop) { events.append($0) }
    try eventually("the end of the turn") {
      loop.runOnce(maxWait: .milliseconds(50))
      return events.last?.endsTurn == true
    }
    running.cancel()
    return events.map(\.text)
  }
}

@Suite(.timeLimit(.minutes(1))) struct ShippedServiceTests {
  @Test func theExampleRollsDiceAsksAndRejects() throws {
    let service = try DiceService()
    let rolled = try service.answer("please roll 3d")
    #expect(
      rolled == [
        "working: Rolling 3 dice with 1 sides", "artifact rolls: 1 1 1",
        #"artifact sum: {"sum": 3, "rolls": [1, 1, 1]}"#, "completed",
      ])
    let asked = try service.answer("hello")
    #expect(asked == ["inputRequired: Which dice? Such as 2d6."])
    let refused = try service.answer("1000d6")
    #expect(refused == ["rejected: The agent refused the message."])
  }
}
