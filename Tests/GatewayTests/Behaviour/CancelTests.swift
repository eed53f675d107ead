import Model
import TestSupport
import Testing

@testable import Gateway

@Test(arguments: Wire.allCases)
func aWaitingTurnThatIsCanceledNeverStarts(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let ids = try (0..<3).map { _ in
    try gateway.caller().call(wire, .send(context: "talk", immediately: true)).task.id
  }
  let first = try engine.nextTurn()
  #expect(try gateway.caller().call(wire, .cancel(ids[1])).task.state == "canceled")
  try first.complete()
  let next = try engine.nextTurn()
  #expect(next.taskID == ids[2])
  try next.complete()
  #expect(try gateway.caller().call(wire, .get(ids[1])).task.state == "canceled")
}

@Test(arguments: [0, 1])
func aTurnIsCanceledFromEitherLoop(_ loop: Int) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  let stream = try gateway.caller().open(.rpc10, .stream(), on: gateway.web(onLoop: 0))
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working), .text("half"))
  let canceled = try gateway.caller().call(.rpc10, .cancel(turn.taskID), on: gateway.web(onLoop: loop)).task
  #expect(canceled.state == "canceled")
  #expect(canceled.texts == ["half"])
  try turn.awaitCancel()
  #expect(
    try stream.rest().map(\.summary) == ["task submitted", "status working", "artifact half", "status canceled"])
  try gateway.settle()
  #expect(gateway.server.services.turns.runningCount == 0)
}

@Test(arguments: Wire.allCases)
func ofManyWhoCancelExactlyOneSucceeds(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  let clients = try (0..<6).map { try gateway.web(onLoop: $0 % 2) }
  let id = try gateway.caller().call(wire, .send(immediately: true)).task.id
  let pending = try clients.map { try gateway.caller().begin(wire, .cancel(id), on: $0) }
  let codes = try pending.map { try $0.reply().error?.code }
  #expect(codes.filter { $0 == nil }.count == 1)
  #expect(codes.filter { $0 == -32002 }.count == 5)
  try engine.nextTurn().awaitCancel()
}

@Test func whatAnAgentSaysAfterItWasCanceledIsNotHeard() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let id = try gateway.caller().call(.rpc10, .send(immediately: true)).task.id
  let turn = try engine.nextTurn()
  // Said in the same turn of the loop in which the cancel arrives from elsewhere, or after it.
  for _ in 0..<50 { turn.emitSoon(.text("more", append: true)) }
  #expect(try gateway.caller().call(.rpc10, .cancel(id)).task.state == "canceled")
  for _ in 0..<50 { turn.emitSoon(.text("more", append: true)) }
  turn.emitSoon(.status(.completed))
  try turn.awaitCancel()
  try gateway.settle()
  let task = try gateway.caller().call(.rpc10, .get(id)).task
  #expect(task.state == "canceled")
}

@Test func aContextGoesOnAfterACancel() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  let clients = try [0, 1].map { try gateway.web(onLoop: $0) }
  for round in 0..<20 {
    // The next turn is waiting when the running one is canceled from the other loop, and may be canceled itself while
    // it is about to start.
    let ids = try (0..<2).map { index in
      try gateway.caller().call(
        .rpc10, .send(context: "talk", immediately: true), on: clients[(round + index) % 2]
      ).task.id
    }
    let first = try engine.nextTurn()
    #expect(first.taskID == ids[0])
    for (id, client) in zip(ids, clients) {
      #expect(try gateway.caller().call(.rpc10, .cancel(id), on: client).task.state == "canceled")
    }
    try first.awaitCancel()
    try gateway.settle()
    // The second one was heard by the agent only if it had started.
    if engine.waitingCount > 0 { try engine.nextTurn().awaitCancel() }
  }
  #expect(gateway.server.services.turns.runningCount == 0)
  let last = try gateway.caller().begin(.rpc10, .send(context: "talk"))
  try engine.nextTurn().complete()
  #expect(try last.reply().task.state == "completed")
}

// MARK: Callers who go away

@Test(arguments: Wire.allCases)
func aCallerWhoHangsUpDoesNotCancel(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let blocking = try gateway.caller().begin(wire, .send())
  let first = try engine.nextTurn()
  blocking.client.raw.close()
  let stream = try gateway.caller().open(wire, .stream())
  let second = try engine.nextTurn()
  #expect(try stream.expect().kind == .task)
  stream.hangUp()
  for turn in [first, second] {
    try gateway.settle()
    try turn.emit(.status(.working))
    try turn.complete("still here")
    let task = try gateway.caller().call(wire, .get(turn.taskID)).task
    #expect(task.state == "completed")
    #expect(task.texts == ["still here"])
  }
}

@Test func aStreamThatWasLeftLetsGoOfItsTask() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let id = try gateway.caller().call(.rpc10, .send(immediately: true)).task.id
  let turn = try engine.nextTurn()
  for _ in 0..<5 {
    let stream = try gateway.caller().open(.rpc10, .subscribe(id))
    #expect(try stream.expect().kind == .task)
    stream.hangUp()
  }
  let left = try gateway.accessLines(6).filter { $0.contains(#""end":"client-gone""#) }
  #expect(left.count == 5)
  try turn.complete()
}
