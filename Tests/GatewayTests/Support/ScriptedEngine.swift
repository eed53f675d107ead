import Dispatch
import JSON
import LocalRuntime
import Model
import Network
import Synchronization
import TestSupport

@testable import Gateway

/// An agent that says what the test tells it to, when the test tells it.
final class ScriptedEngine: LocalEngine {
  /// What to answer at once; nil leaves the turn to the test.
  typealias Reaction = @Sendable (Turn, _ loop: Int) -> [TurnEvent]?

  let description: EngineDescription
  private let reaction: Reaction
  private let started = Mutex<[ScriptedTurn]>([])
  private let arrivals = DispatchSemaphore(value: 0)

  init(
    streams: Bool = true, repliesDirectly: Bool = false, usesHistory: Bool = false,
    _ reaction: @escaping Reaction = { _, _ in nil }
  ) {
    self.reaction = reaction
    description = EngineDescription(
      name: "Scripted", description: "Says what the test tells it.", version: "1.0.0", inputModes: ["text/plain"],
      outputModes: ["text/plain"],
      skills: [AgentSkill(id: "obey", name: "Obey", description: "Does as told.", tags: ["test"])],
      canStream: streams, mayAnswerWithoutTask: repliesDirectly, usesHistory: usesHistory)
  }

  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn {
    let running = RunningScript(emit)
    if let events = reaction(turn, loop.index) {
      for event in events { emit(event) }
      return running
    }
    let scripted = ScriptedTurn(
      turn: turn, mailbox: loop.mailbox, running: LoopBound(running, on: loop), canceled: running.canceled)
    started.withLock { $0.append(scripted) }
    arrivals.signal()
    return running
  }

  /// The next turn that has started.
  func nextTurn() throws -> ScriptedTurn {
    guard arrivals.wait(timeout: .now() + 10) == .success else { throw RawClient.Failure("no turn has started") }
    return started.withLock { $0.removeFirst() }
  }

  /// Turns that have started and that the test has not asked for.
  var waitingCount: Int { started.withLock { $0.count } }
}

/// A turn in the hands of a test.
struct ScriptedTurn: Sendable {
  let turn: Turn
  let mailbox: Mailbox
  fileprivate let running: LoopBound<RunningScript>
  fileprivate let canceled: DispatchSemaphore

  fileprivate init(turn: Turn, mailbox: Mailbox, running: LoopBound<RunningScript>, canceled: DispatchSemaphore) {
    self.turn = turn
    self.mailbox = mailbox
    self.running = running
    self.canceled = canceled
  }

  var taskID: String { turn.taskID }

  /// The text of the message's first part.
  var text: String {
    guard case .text(let text)? = turn.message.parts.first?.content else { return "" }
    return text.string
  }

  /// Has the agent say this; returns when it stands in the task's journal.
  func emit(_ events: TurnEvent...) throws { try emit(events) }

  func emit(_ events: [TurnEvent]) throws {
    try mailbox.perform { [running] loop in
      let running = running.value(on: loop)
      for event in events { running.emit?(event) }
    }
    // What was said in one turn of the loop is written at its end.
    try mailbox.perform { _ in }
  }

  /// As ``emit(_:)``, without waiting.
  func emitSoon(_ event: TurnEvent) {
    mailbox.submit { [running] loop in running.value(on: loop).emit?(event) }
  }

  func complete(_ text: String = "done") throws {
    try emit(.text(text), .status(.completed))
  }

  /// Waits until the agent was told to stop.
  func awaitCancel() throws {
    guard canceled.wait(timeout: .now() + 10) == .success else { throw RawClient.Failure("nobody canceled") }
  }
}

/// The turn as its loop sees it.
final class RunningScript: RunningTurn {
  private(set) var emit: ((consuming TurnEvent) -> Void)?
  let canceled = DispatchSemaphore(value: 0)

  init(_ emit: @escaping (consuming TurnEvent) -> Void) { self.emit = emit }

  func cancel() {
    emit = nil
    canceled.signal()
  }
}

extension TurnEvent {
  /// A text artifact.
  static func text(_ text: String, id: String = "a", append: Bool = false, last: Bool = false) -> TurnEvent {
    .artifact(
      Artifact(artifactID: id, parts: [.text(text)]), append: append, lastChunk: last, metadata: nil)
  }

  static func reply(_ text: String) -> TurnEvent { .reply(parts: [.text(text)], metadata: nil) }
}

extension Mailbox {
  /// Runs `body` on the loop and waits until it has.
  func perform(_ body: @escaping @Sendable (EventLoop) -> Void) throws {
    let done = DispatchSemaphore(value: 0)
    submit { loop in
      body(loop)
      done.signal()
    }
    guard done.wait(timeout: .now() + 10) == .success else { throw RawClient.Failure("the loop does not turn") }
  }
}
