import Foundation
import JSON
import Model
import Network
import Telemetry
import Testing

@testable import LocalRuntime

private let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

/// Runs one turn of a program to its end.
private func run(
  _ command: [String], _ text: String, folder: String = repository + "/cards", input: CommandEngine.Input = .json,
  history: [Message] = [], isContinuation: Bool = false, settings: JSONFragment? = nil
) throws -> [TurnEvent] {
  let loop = try EventLoop()
  let program = CommandEngine.Program(command: command, folder: folder, settings: settings, input: input)
  let log = MemorySink()
  let engine = CommandEngine(name: "shipped", program: program, logger: Logger(level: .debug, sink: log))
  let message = Message(messageID: "m", role: .user, parts: [.text(text)])
  let turn = Turn(
    owner: TaskOwner(principal: "p", agentKey: "shipped"), taskID: "t", contextID: "c", message: message,
    isContinuation: isContinuation, past: TurnPast(history: history))
  var events: [TurnEvent] = []
  let running = engine.start(turn, on: loop) { events.append($0) }
  let deadline = ContinuousClock.now + .seconds(20)
  let isGone = { log.lines.contains { $0.contains("process ended") || $0.contains("process was ended") } }
  while events.last?.endsTurn != true, ContinuousClock.now < deadline { loop.runOnce(maxWait: .milliseconds(50)) }
  running.cancel()
  while !isGone(), ContinuousClock.now < deadline { loop.runOnce(maxWait: .milliseconds(50)) }
  return events
}

private func text(_ event: TurnEvent?) -> String {
  let parts: [Part]
  switch event {
  case .status(_, let said, _): parts = said?.parts ?? []
  case .artifact(let artifact, _, _, _): parts = artifact.parts
  default: parts = []
  }
  return parts.map { if case .text(let text) = $0.content { text.string } else { "" } }.joined()
}

private func user(_ text: String) -> Message { Message(messageID: "u", role: .user, parts: [.text(text)]) }

/// The agents in `cards/` and in the documentation do what is said of them.
@Suite(.timeLimit(.minutes(2))) struct ShippedAgentsTests {
  @Test func wordCountCounts() throws {
    let events = try run(["sh", "agents/word_count.sh"], "the quick fox,\nthe dog", input: .text)
    #expect(events.last == .status(.completed))
    let answer = events.map(text).joined()
    #expect(answer.hasPrefix("Lines: 2\nWords: 5\nCharacters: 22\n"))
    #expect(answer.contains("\n  the (2)\n"))
  }

  @Test func wordCountRejectsWhatHoldsNoWords() throws {
    let events = try run(["sh", "agents/word_count.sh"], "...", input: .text)
    #expect(events.last == .status(.rejected, "The agent refused the message."))
  }

  @Test func packingListAsksForWhatItIsNotTold() throws {
    let command = ["python3", "agents/packing_list.py"]
    #expect(try run(command, "Hello") == [.status(.inputRequired, "For how many days?")])
    let second = try run(command, "5 days", history: [user("Hello")], isContinuation: true)
    #expect(second == [.status(.inputRequired, "Will it be warm, cold or rainy?")])
    let third = try run(
      command, "cold", history: [user("Hello"), user("5 days")], isContinuation: true,
      settings: JSONFragment(["always": ["passport"]]))
    #expect(third.first == .status(.working, "Packing for 5 days of cold weather."))
    #expect(third.last == .status(.completed, "Have a good trip!"))
    let list = third.filter {
      if case .artifact(let artifact, _, _, _) = $0 { artifact.artifactID == "list" } else { false }
    }
    #expect(list.count > 2)
    #expect(list.map(text).joined().hasSuffix("- wool hat\n- passport\n"))
    guard case .artifact(_, true, true, _) = list.last else {
      Issue.record("no last chunk")
      return
    }
  }

  @Test func packingListRejectsAnImpossibleTrip() throws {
    let events = try run(["python3", "agents/packing_list.py"], "0 days, warm")
    guard case .status(.rejected, _, _) = events.last else {
      Issue.record("not rejected")
      return
    }
  }

  @Test func theExamplesOfTheProtocolPageWork() throws {
    let page = try String(
      contentsOfFile: repository + "/Sources/LocalRuntime/LocalRuntime.docc/CommandAgents.md", encoding: .utf8)
    func example(_ language: String) throws -> String {
      let start = try #require(page.range(of: "```\(language)\n")).upperBound
      let end = try #require(page.range(of: "```", range: start..<page.endIndex)).lowerBound
      return String(page[start..<end])
    }
    let shell = try run(["sh", "-c", example("sh")], "hello", input: .text)
    #expect(shell.map(text).joined() == "HELLO")
    #expect(shell.last == .status(.completed))
    let python = try example("python")
    #expect(try run(["python3", "-c", python], "hi") == [.status(.inputRequired, "What is your name?")])
    let answer = try run(["python3", "-c", python], "Ada", isContinuation: true)
    #expect(answer.map(text).joined() == "Hello, Ada!")
    #expect(answer.last == .status(.completed))
  }
}
