import Configuration
import JSON
import Model
import TestSupport
import Testing

@testable import Gateway

/// A refusal that asks to come back later, on any wire.
func expectRetry(_ reply: Reply, _ status: Int, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(reply.response.status == status, sourceLocation: sourceLocation)
  let seconds = reply.response.field("retry-after").flatMap { Int($0) } ?? 0
  #expect(seconds > 0, sourceLocation: sourceLocation)
  #expect(reply.error?.code == -32603, sourceLocation: sourceLocation)
  guard reply.wire.isV1 else { return }
  let details = (reply.json["error"]?["data"] ?? reply.json["error"]?["details"])?.array ?? []
  #expect(details.contains { $0["retryDelay"]?.string == "\(seconds)s" }, sourceLocation: sourceLocation)
}

@Test(arguments: Wire.allCases)
func turnsOfAContextRunInTheOrderOfTheirArrival(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let ids = try (0..<4).map { index in
    let task = try gateway.caller().call(wire, .send("\(index)", context: "talk", immediately: true)).task
    #expect(task.state == "submitted")
    return task.id
  }
  for (index, id) in ids.enumerated() {
    let turn = try engine.nextTurn()
    #expect(turn.taskID == id)
    #expect(turn.text == "\(index)")
    #expect(engine.waitingCount == 0)
    for later in ids.dropFirst(index + 1) {
      #expect(try gateway.caller().call(wire, .get(later)).task.state == "submitted")
    }
    try turn.complete()
  }
  for id in ids { #expect(try gateway.caller().call(wire, .get(id)).task.state == "completed") }
}

@Test func turnsThatCameOverBothLoopsRunInOrderToo() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  let clients = try [0, 1].map { try gateway.web(onLoop: $0) }
  let ids = try (0..<10).map { index in
    try gateway.caller().call(
      .rpc10, .send(context: "talk", immediately: true), on: clients[index % 2]
    ).task.id
  }
  for id in ids {
    let turn = try engine.nextTurn()
    #expect(turn.taskID == id)
    try turn.complete()
  }
}

@Test func turnsOfDifferentContextsRunAtOnce() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  for context in ["a", "b", "c"] {
    _ = try gateway.caller().call(.rpc10, .send(context: context, immediately: true))
  }
  let turns = try (0..<3).map { _ in try engine.nextTurn() }
  #expect(Set(turns.map(\.turn.contextID)) == ["a", "b", "c"])
  for turn in turns { try turn.complete() }
}

@Test(arguments: Wire.allCases)
func sixteenTurnsWaitAndTheNextIsToldToComeBack(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  for _ in 0..<17 {
    #expect(try gateway.caller().call(wire, .send(context: "talk", immediately: true)).task.state == "submitted")
  }
  for call in [Call.send(context: "talk"), .send(context: "talk", immediately: true), .stream(context: "talk")] {
    expectRetry(try gateway.caller().call(wire, call), 429)
  }
  // Another context is not concerned, and a place becomes free when a turn ends.
  #expect(try gateway.caller().call(wire, .send(context: "other", immediately: true)).task.state == "submitted")
  try engine.nextTurn().complete()
  #expect(try gateway.caller().call(wire, .send(context: "talk", immediately: true)).task.state == "submitted")
}

@Test func anAnswerThatFindsTheLineFullLeavesTheQuestionStanding() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.contexts.waitingTurnsMax = 0 }
  let asking = try gateway.caller().begin(.rpc10, .send("ask", context: "talk"))
  let first = try engine.nextTurn()
  try first.emit(.status(.inputRequired, "which?"))
  #expect(try asking.reply().task.state == "input-required")
  _ = try gateway.caller().call(.rpc10, .send("hold", context: "talk", immediately: true))
  let holding = try engine.nextTurn()
  expectRetry(try gateway.caller().call(.rpc10, .send("blue", task: first.taskID)), 429)
  let task = try gateway.caller().call(.rpc10, .get(first.taskID)).task
  #expect(task.state == "input-required")
  #expect(task.json["status"]?["message"]?["parts"]?.array?.first?["text"] == "which?")
  try holding.complete()
  let answer = try gateway.caller().begin(.rpc10, .send("blue", task: first.taskID))
  try engine.nextTurn().complete()
  #expect(try answer.reply().task.state == "completed")
}

@Test func anIdleContextTakesNoMemory() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .echo)
  let queue = gateway.server.services.turns
  for index in 0..<20 { _ = try gateway.caller("echo").call(.rpc10, .send(context: "c\(index)")) }
  #expect(queue.runningCount == 0)
  for end in TurnEnd.allCases {
    let pending = try gateway.caller().begin(.rpc10, .send(context: "talk"))
    let turn = try engine.nextTurn()
    #expect(queue.runningCount == 1)
    try turn.emit(end.event)
    _ = try pending.reply()
    try gateway.settle()
    #expect(queue.runningCount == 0)
  }
}

@Test func anAgentHearsTheEarlierTurnsOfItsContextWhereItAsksForThem() throws {
  let engine = ScriptedEngine(usesHistory: true)
  let gateway = try TestGateway(TestAgent("agent", engine))
  for text in ["one", "two"] {
    let pending = try gateway.caller().begin(.rpc10, .send(text, context: "talk"))
    try engine.nextTurn().complete("answer to \(text)")
    _ = try pending.reply()
  }
  _ = try gateway.caller().call(.rpc10, .send("three", context: "talk", immediately: true))
  let turn = try engine.nextTurn()
  #expect(
    turn.turn.history.map(\.parts) == [
      [.text("one")], [.text("answer to one")], [.text("two")], [.text("answer to two")],
    ])
  try turn.complete()
}

// MARK: Bounds

@Test(arguments: Wire.allCases)
func anAgentRunsOnlySoManyTasksAtOnce(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(
    TestAgent("agent", engine) { $0.limits.concurrentTasksMax = 2 }, .echo)
  for _ in 0..<2 { _ = try gateway.caller().call(wire, .send(immediately: true)) }
  expectRetry(try gateway.caller().call(wire, .send()), 429)
  expectRetry(try gateway.caller().call(wire, .stream()), 429)
  #expect(try gateway.caller("echo").call(wire, .send()).task.state == "completed")
  try engine.nextTurn().complete()
  #expect(try gateway.caller().call(wire, .send(immediately: true)).task.state == "submitted")
}

@Test(arguments: Wire.allCases)
func aFullStoreRefusesNewTasksUntilOneEnds(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.tasksMax = 2 }
  for _ in 0..<2 { _ = try gateway.caller().call(wire, .send(immediately: true)) }
  expectRetry(try gateway.caller().call(wire, .send()), 503)
  expectRetry(try gateway.caller().call(wire, .stream()), 503)
  try engine.nextTurn().complete()
  #expect(try gateway.caller().call(wire, .send(immediately: true)).task.state == "submitted")
}

@Test func aFullStoreDoesNotUpsetTheLineOfAContext() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.tasksMax = 1 }
  _ = try gateway.caller().call(.rpc10, .send("first", context: "talk", immediately: true))
  let first = try engine.nextTurn()
  // It would have to wait, but there is no room to write it down.
  expectRetry(try gateway.caller().call(.rpc10, .send("second", context: "talk")), 503)
  #expect(engine.waitingCount == 0)
  try first.complete()
  let third = try gateway.caller().begin(.rpc10, .send("third", context: "talk"))
  let turn = try engine.nextTurn()
  #expect(turn.text == "third")
  try turn.complete()
  #expect(try third.reply().task.state == "completed")
}

@Test func anAgentThatSaysTooMuchFails() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine) { $0.limits.events = 10 }) {
    $0.limits.tasks.outputBytesMax = 100_000
  }
  for flood in [
    Array(repeating: TurnEvent.status(.working), count: 20), [.text(String(repeating: "x", count: 200_000))],
  ] {
    let pending = try gateway.caller().begin(.rpc10, .send())
    let turn = try engine.nextTurn()
    try turn.emit(flood)
    try turn.awaitCancel()
    let task = try pending.reply().task
    #expect(task.state == "failed")
    #expect(task.json["status"]?["message"] != nil)
  }
}
