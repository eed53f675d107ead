import Configuration
import JSON
import LocalRuntime
import Model
import Network
import TestSupport
import Testing

// What time does to a turn. The clock is the test's: nothing here waits.

private func gateway(
  _ engine: ScriptedEngine, _ limits: (inout Limits) -> Void = { _ in }, card: (inout CardFile) -> Void = { _ in }
) throws -> TestGateway {
  try TestGateway(TestAgent("agent", engine, card), time: ManualTime()) { limits(&$0.limits) }
}

@Test(arguments: Wire.allCases)
func anAgentThatIsSilentForTooLongFails(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(engine)
  let pending = try gateway.caller().begin(wire, .send())
  let turn = try engine.nextTurn()
  try gateway.advance(by: .seconds(599))
  #expect(try gateway.caller().call(wire, .get(turn.taskID)).task.state == "submitted")
  try gateway.advance(by: .seconds(1))
  try turn.awaitCancel()
  let task = try pending.reply().task
  #expect(task.state == "failed")
}

@Test func whoeverSpeaksIsNotSilent() throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(engine) { $0.turns.silence = .seconds(60) }
  let pending = try gateway.caller().begin(.rpc10, .send())
  let turn = try engine.nextTurn()
  for _ in 0..<5 {
    try gateway.advance(by: .seconds(59))
    try turn.emit(.status(.working))
  }
  try gateway.advance(by: .seconds(59))
  try turn.complete()
  #expect(try pending.reply().task.state == "completed")
}

@Test func aTaskThatTakesTooLongFailsHoweverMuchItsAgentSays() throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(engine)
  let stream = try gateway.caller().open(.rpc10, .stream())
  let turn = try engine.nextTurn()
  for _ in 0..<3 {
    try gateway.advance(by: .seconds(299))
    try turn.emit(.status(.working))
  }
  try gateway.advance(by: .seconds(3))
  try turn.awaitCancel()
  #expect(try stream.rest().last?.summary == "status failed")
}

@Test func aCardFileSetsItsOwnTimes() throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(
    engine,
    card: { file in
      file.limits.taskTime = .seconds(20)
      file.limits.silence = .seconds(10)
    })
  let pending = try gateway.caller().begin(.rpc10, .send())
  let turn = try engine.nextTurn()
  try gateway.advance(by: .seconds(10))
  try turn.awaitCancel()
  #expect(try pending.reply().task.state == "failed")
}

@Test func timeIsNotCountedWhileTheCallerThinks() throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(engine)
  let asking = try gateway.caller().begin(.rpc10, .send())
  let first = try engine.nextTurn()
  try first.emit(.status(.inputRequired, "which?"))
  _ = try asking.reply()
  try gateway.advance(by: .seconds(3600))
  #expect(try gateway.caller().call(.rpc10, .get(first.taskID)).task.state == "input-required")
  let answer = try gateway.caller().begin(.rpc10, .send("blue", task: first.taskID))
  try engine.nextTurn().complete()
  #expect(try answer.reply().task.state == "completed")
}

@Test func timeIsNotCountedWhileATurnWaits() throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(engine) {
    $0.turns.taskTime = .seconds(100)
    $0.turns.silence = .seconds(100)
  }
  let ids = try (0..<2).map { _ in
    try gateway.caller().call(.rpc10, .send(context: "talk", immediately: true)).task.id
  }
  let first = try engine.nextTurn()
  try gateway.advance(by: .seconds(90))
  try first.complete()
  let second = try engine.nextTurn()
  try gateway.advance(by: .seconds(90))
  #expect(try gateway.caller().call(.rpc10, .get(ids[1])).task.state == "submitted")
  try second.complete()
}

@Test(arguments: Wire.allCases)
func aBlockingSendMayEndBeforeItsTask(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try gateway(engine) { $0.turns.blockingWait = .seconds(30) }
  let pending = try gateway.caller().begin(wire, .send())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working), .text("half"))
  try gateway.advance(by: .seconds(30))
  let task = try pending.reply().task
  #expect(task.state == "working")
  #expect(task.texts == ["half"])
  // The task goes on.
  try turn.emit(.status(.completed))
  #expect(try gateway.caller().call(wire, .get(task.id)).task.state == "completed")
}

// MARK: Direct replies

@Test(arguments: Wire.allCases)
func aQuickDirectReplyMakesNoTask(_ wire: Wire) throws {
  let engine = ScriptedEngine(repliesDirectly: true)
  let gateway = try gateway(engine)
  let pending = try gateway.caller().begin(wire, .send())
  let turn = try engine.nextTurn()
  try gateway.advance(by: .milliseconds(900))
  try turn.emit(.reply("hi"))
  let message = try pending.reply().message
  #expect(message["taskId"] == nil)
  #expect(try gateway.caller().call(.rpc10, .list([])).result["totalSize"] == 0)
  #expect(try gateway.caller().call(wire, .get(turn.taskID)).error?.code == -32001)
}

@Test(arguments: Wire.allCases)
func aLateDirectReplyCompletesTheTaskThatWasOpenedMeanwhile(_ wire: Wire) throws {
  let engine = ScriptedEngine(repliesDirectly: true)
  let gateway = try gateway(engine)
  let client = try gateway.web()
  let pending = try gateway.caller().begin(wire, .stream(), on: client)
  let turn = try engine.nextTurn()
  try gateway.advance(by: .seconds(1))
  let stream = EventStream(wire: wire, reader: EventReader(client, try pending.client.head()))
  #expect(try stream.expect().summary == "task submitted")
  try turn.emit(.reply("hi"))
  let last = try stream.rest()
  #expect(last.map(\.summary) == ["status completed"])
  let message = last.first?.json["status"]?["message"]
  #expect((message?["parts"] ?? message?["content"])?.array?.first?["text"] == "hi")
}

@Test(arguments: Wire.allCases)
func aDirectReplyToACallerWhoDoesNotWaitCompletesItsTask(_ wire: Wire) throws {
  let engine = ScriptedEngine(repliesDirectly: true)
  let gateway = try gateway(engine)
  let task = try gateway.caller().call(wire, .send(immediately: true)).task
  #expect(task.state == "submitted")
  try engine.nextTurn().emit(.reply("hi"))
  #expect(try gateway.caller().call(wire, .get(task.id)).task.state == "completed")
}

/// Says nothing at first, then everything in one go, and forgets its listener.
private struct LateEngine: LocalEngine {
  let description = EngineDescription(
    name: "late", description: "Says all at once, a little later.", version: "1", inputModes: ["text/plain"],
    outputModes: ["text/plain"], skills: [], canStream: true, mayAnswerWithoutTask: true)

  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn {
    loop.later {
      emit(.artifact(Artifact(artifactID: "a", parts: [.text("all")]), append: false, lastChunk: true, metadata: nil))
      emit(.status(.completed))
    }
    return EndedTurn()
  }
}

@Test(arguments: Wire.allCases)
func aTurnWhoseBackendSaysAllAtOnceAndLetsGoIsNotLost(_ wire: Wire) throws {
  let gateway = try TestGateway(TestAgent("agent", LateEngine()))
  #expect(try gateway.caller().call(wire, .send()).task.state == "completed")
}
