import Configuration
import JSON
import Model
import TestSupport
import Testing

@testable import Gateway

/// Agents that say all there is in one go are heard as those that say it bit by bit.
struct WholeAnswerTests {
  private static func answer(_ text: String) -> TurnAnswer {
    TurnAnswer(
      artifactID: "output-1", text: JSONString(text), usage: JSONFragment(["total": 3]),
      finishReason: JSONFragment("stop"), backendState: JSONFragment(["turn": .string(text)]))
  }

  /// Answers a message that ends in `!` at once, the others when the test asks for it; the text says what.
  private let engine = ScriptedEngine(repliesDirectly: true) { turn, _ in
    guard case .text(let text)? = turn.message.parts.first?.content, text.string.hasSuffix("!") else { return nil }
    return [.answered(WholeAnswerTests.answer(text.string))]
  }

  private func expect(_ task: TaskView, _ text: String) {
    #expect(task.state == "completed")
    #expect(task.texts == [text])
    #expect(task.json["metadata"] == ["usage": ["total": 3], "finish_reason": "stop"])
    #expect(task.history.count == 1)
  }

  @Test(arguments: Wire.allCases, ["during the turn", "at its start!"])
  func whoSentIsToldTheTaskAsItIsKept(_ wire: Wire, _ text: String) throws {
    let gateway = try TestGateway(TestAgent("agent", engine))
    let pending = try gateway.caller().begin(wire, .send(text))
    if !text.hasSuffix("!") { try engine.nextTurn().emit(.answered(WholeAnswerTests.answer(text))) }
    let task = try pending.reply().task
    expect(task, text)
    #expect(try gateway.caller().call(wire, .get(task.id)).task.json == task.json)
  }

  @Test(arguments: Wire.allCases) func whoDoesNotWaitFindsItLater(_ wire: Wire) throws {
    let gateway = try TestGateway(TestAgent("agent", engine))
    let id = try gateway.caller().call(wire, .send("later", immediately: true)).task.id
    try engine.nextTurn().emit(.answered(WholeAnswerTests.answer("later")))
    expect(try gateway.caller().call(wire, .get(id)).task, "later")
  }

  @Test(arguments: [Wire.rpc10, .rpc03]) func streamsTellOneByOne(_ wire: Wire) throws {
    let gateway = try TestGateway(TestAgent("agent", engine))
    let stream = try gateway.caller().open(wire, .stream("tell"))
    try engine.nextTurn().emit(.answered(WholeAnswerTests.answer("tell")))
    let told = try stream.rest().map(\.summary)
    #expect(told == ["task submitted", "status working", "artifact tell", "status completed"])
  }

  @Test func theLengthOfTheHistoryIsTheCallers() throws {
    let gateway = try TestGateway(TestAgent("agent", engine))
    for length in [0, 1, 2] {
      let pending = try gateway.caller().begin(.rpc10, .send("count", historyLength: length))
      try engine.nextTurn().emit(.answered(WholeAnswerTests.answer("count")))
      #expect(try pending.reply().task.history.count == min(length, 1))
    }
  }

  /// What the agent wanted to be remembered stands by for the next turn of the context.
  @Test func theNextTurnKnowsOfIt() throws {
    let gateway = try TestGateway(TestAgent("agent", engine))
    for (index, text) in ["first", "second"].enumerated() {
      let pending = try gateway.caller().begin(.rpc10, .send(text, context: "talk"))
      let turn = try engine.nextTurn()
      #expect(turn.turn.contextID == "talk")
      try turn.emit(.answered(WholeAnswerTests.answer(text)))
      expect(try pending.reply().task, text)
      #expect(try gateway.caller().call(.rpc10, .list([("contextId", "talk")])).result["totalSize"] == .int(index + 1))
    }
  }

  @Test func anAnswerThatIsTooLargeFails() throws {
    let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.outputBytesMax = 100 }
    let pending = try gateway.caller().begin(.rpc10, .send())
    try engine.nextTurn().emit(.answered(WholeAnswerTests.answer(String(repeating: "x", count: 101))))
    let task = try pending.reply().task
    #expect(task.state == "failed")
    #expect(task.texts.isEmpty)
  }

  @Test(arguments: Wire.allCases) func whereThereIsNoRoomItIsRefused(_ wire: Wire) throws {
    let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.tasksMax = 1 }
    _ = try gateway.caller().call(wire, .send("stays", immediately: true))
    _ = try engine.nextTurn()
    let pending = try gateway.caller().begin(wire, .send())
    let turn = try engine.nextTurn()
    try turn.emit(.answered(WholeAnswerTests.answer("no room")))
    try turn.awaitCancel()
    expectRetry(try pending.reply(), 503)
  }
}
