import Configuration
import JSON
import Model
import TestSupport
import Testing

/// Takes up a stream after the event with this id.
private func resume(_ gateway: TestGateway, _ wire: Wire, _ task: String, after id: String?) throws -> EventStream {
  try gateway.caller().open(wire, .subscribe(task), [("Last-Event-ID", id ?? "")])
}

/// A stream of a task with much in it, heard to the middle; the agent waits.
private struct Talk {
  let engine = ScriptedEngine()
  let gateway: TestGateway
  let turn: ScriptedTurn
  /// What was heard, the task first.
  let events: [EventView]

  init(_ wire: Wire, _ configure: (inout GatewayConfiguration) -> Void = { _ in }) throws {
    gateway = try TestGateway(TestAgent("agent", engine)) { configure(&$0) }
    let stream = try gateway.caller().open(wire, .stream())
    turn = try engine.nextTurn()
    try turn.emit(.status(.working), .text("1", append: true), .text("2", append: true))
    try turn.emit(.status(.working, "half way"), .text("3", append: true))
    events = try (0..<6).map { _ in try stream.expect() }
  }
}

@Test(arguments: Wire.allCases)
func everyEventHasAnIdAndTheyDiffer(_ wire: Wire) throws {
  let ids = try Talk(wire).events.map(\.id)
  #expect(ids.allSatisfy { $0 != nil })
  #expect(Set(ids).count == ids.count)
}

@Test(arguments: Wire.allCases)
func aStreamIsTakenUpWhereItBroke(_ wire: Wire) throws {
  let talk = try Talk(wire)
  let whole = talk.events.dropFirst().map(\.summary) + ["artifact 4", "status completed"]
  // The task as it stood at each place.
  let states = ["submitted", "working", "working", "working", "working", "working"]
  let texts = ["", "", "1", "12", "12", "123"]
  let streams = try talk.events.map { try resume(talk.gateway, wire, talk.turn.taskID, after: $0.id) }
  try talk.turn.emit(.text("4", append: true), .status(.completed))
  for (place, stream) in streams.enumerated() {
    let events = try stream.rest()
    #expect(events.first?.summary == "task \(states[place])")
    #expect(try TaskView(wire, #require(events.first?.json)).texts.joined() == texts[place])
    // Exactly what was missed: nothing twice, nothing left out.
    #expect(events.dropFirst().map(\.summary) == Array(whole.dropFirst(place)))
    #expect(Set(events.map(\.id)).count == events.count)
  }
}

@Test(arguments: Wire.allCases)
func aStreamIsTakenUpAfterItsTaskHasEnded(_ wire: Wire) throws {
  let talk = try Talk(wire)
  try talk.turn.emit(.text("4", append: true), .status(.completed))
  let stream = try resume(talk.gateway, wire, talk.turn.taskID, after: talk.events[5].id)
  let events = try stream.rest()
  #expect(events.map(\.summary) == ["task working", "artifact 4", "status completed"])
  if !wire.isV1 { #expect(events.last?.final == true) }
  // Who has seen the end has nothing more to follow.
  let all = try talk.gateway.caller().call(
    wire, .subscribe(talk.turn.taskID), [("Last-Event-ID", events.last?.id ?? "")])
  #expect(all.error?.code == -32004)
}

@Test(arguments: ["", "nonsense", "0.0", "deadbeef.3", "deadbeef.", ".3", "a.b.c", String(repeating: "9", count: 300)])
func anIdThatIsNotOursIsAsGoodAsNone(_ id: String) throws {
  let talk = try Talk(.rest10)
  let first = try resume(talk.gateway, .rest10, talk.turn.taskID, after: id).expect()
  #expect(first.summary == "task working")
  #expect(try TaskView(.rest10, first.json).texts == ["123"])
}

@Test func anIdOfTheFutureIsAsGoodAsNone() throws {
  let talk = try Talk(.rest10)
  let epoch = try #require(talk.events.last?.id?.split(separator: ".").first)
  for place in ["999999", "-1", "9223372036854775807", "9223372036854775808"] {
    let stream = try resume(talk.gateway, .rest10, talk.turn.taskID, after: "\(epoch).\(place)")
    #expect(try TaskView(.rest10, stream.expect().json).texts == ["123"])
  }
}

@Test func aPlaceThatTheJournalNoLongerReachesBackToGetsTheTaskAsItStands() throws {
  let talk = try Talk(.rest10) { $0.limits.tasks.journalEventsMax = 8 }
  try talk.turn.emit((4..<30).map { .text("\($0)", append: true) })
  let stream = try resume(talk.gateway, .rest10, talk.turn.taskID, after: talk.events[1].id)
  let text = "123" + (4..<30).map { "\($0)" }.joined()
  #expect(try TaskView(.rest10, stream.expect().json).texts == [text])
  try talk.turn.emit(.status(.completed))
  #expect(try stream.rest().map(\.summary) == ["status completed"])
}

@Test(arguments: Wire.allCases)
func aSubscriberIsToldOfTheAnswersThatOthersGive(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let pending = try gateway.caller().begin(.rpc10, .send())
  let first = try engine.nextTurn()
  let stream = try gateway.caller().open(wire, .subscribe(first.taskID))
  #expect(try stream.expect().kind == .task)
  try first.emit(.status(.inputRequired, "which?"))
  _ = try pending.reply()
  let question = try stream.expect()
  #expect(question.summary == "status input-required")
  guard wire.isV1 else {
    // 0.3 has one turn to a stream.
    #expect(question.final == true)
    #expect(try stream.next() == nil)
    return
  }
  let answer = try gateway.caller().begin(.rpc10, .send("blue", task: first.taskID))
  try engine.nextTurn().complete("blue it is")
  _ = try answer.reply()
  #expect(try stream.rest().map(\.summary) == ["status working", "artifact blue it is", "status completed"])
}
