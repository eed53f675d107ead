import JSON
import Model
import TestSupport
import Testing

// The server rules of the A2A contract that concern sending messages. A name carries the number of its rule.

@Test(arguments: Wire.allCases)
func rule09_aSendIsAnsweredByExactlyOneTaskOrMessage(_ wire: Wire) throws {
  let engine = ScriptedEngine(repliesDirectly: true) { turn, _ in
    turn.message.parts == [.text("reply")] ? [.reply("hi")] : [.status(.completed)]
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send("work")).result
  let message = try gateway.caller().call(wire, .send("reply")).result
  if wire == .rpc03 {
    #expect(task["kind"] == "task")
    #expect(message["kind"] == "message")
  } else {
    #expect(task.object?.names == ["task"])
    #expect(message.object?.names == ["message"])
  }
}

@Test(arguments: Wire.allCases, [TurnEnd.completed, .failed, .rejected, .inputRequired, .authRequired])
func rule10_aSendWaitsUntilTheTaskIsTerminalOrInterrupted(_ wire: Wire, _ end: TurnEnd) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let pending = try gateway.caller().begin(wire, .send())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working), .text("half"))
  #expect(try gateway.caller().call(wire, .get(turn.taskID)).task.state == "working")
  try turn.emit(end.event)
  let task = try pending.reply().task
  #expect(task.state == end.rawValue)
  #expect(task.id == turn.taskID)
  #expect(task.texts == ["half"])
}

@Test(arguments: Wire.allCases)
func rule10_anImmediateSendReturnsAtOnce(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send(immediately: true)).task
  #expect(task.state == "submitted")
  let turn = try engine.nextTurn()
  #expect(turn.taskID == task.id)
  try turn.complete()
  #expect(try gateway.caller().call(wire, .get(task.id)).task.state == "completed")
}

@Test func rule10_onlyTheRestOf03TakesAConfigurationWithoutBlockingForImmediate() throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  // Its schema has a plain bool, false when it is not written.
  let reply = try gateway.caller().call(.rest03, .send()) { $0["configuration"] = ["acceptedOutputModes": []] }
  #expect(try reply.task.state == "submitted")
}

@Test(arguments: Wire.allCases)
func rule11_aMessageWithoutPartsIdOrRoleIsInvalid(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let parts = wire == .rest03 ? "content" : "parts"
  for (member, field) in [(parts, "message.\(parts)"), ("messageId", "message.messageId"), ("role", "message.role")] {
    for empty in [false, true] {
      var sending = Sending()
      sending.change = { message in
        message[member] = empty ? (member == parts ? [] : "") : nil
      }
      let reply = try gateway.caller("echo").call(wire, .sending(sending))
      #expect(reply.error?.code == -32602, "\(member)")
      if wire.isREST { #expect(reply.response.status == (wire.isV1 ? 400 : 422)) }
      if wire.isV1 { #expect(reply.error?.fields == [field]) }
    }
  }
  let bare = try gateway.caller("echo").call(wire, .send()) { $0["message"] = nil }
  #expect(bare.error?.code == -32602)
  if wire.isV1 { #expect(bare.error?.fields == ["message"]) }
}

@Test(arguments: Wire.allCases)
func rule12_aMessageToAnUnknownTaskIsRefusedAndMakesNone(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  for id in ["nope", "00000000000000000000000000", "01JZZZZZZZZZZZZZZZZZZZZZZZ"] {
    let reply = try gateway.caller("echo").call(wire, .send(task: id))
    #expect(reply.error?.code == -32001)
    if wire.isREST { #expect(reply.response.status == 404) }
    #expect(try gateway.caller("echo").call(wire, .get(id)).error?.code == -32001)
  }
  #expect(try gateway.caller("echo").call(.rpc10, .list([])).result["totalSize"] == 0)
}

@Test(arguments: Wire.allCases)
func rule13_aContextThatIsNotTheTasksIsRefused(_ wire: Wire) throws {
  let engine = ScriptedEngine { _, _ in [.status(.inputRequired, "which?")] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send(context: "mine")).task
  let reply = try gateway.caller().call(wire, .send(task: task.id, context: "other"))
  #expect(reply.error?.code == -32602)
  if wire.isV1 { #expect(reply.error?.fields == ["message.contextId"]) }
  #expect(try gateway.caller().call(wire, .get(task.id)).task.state == "input-required")
}

@Test(arguments: Wire.allCases)
func rule14_aFollowUpWithOnlyItsTaskKeepsTheContext(_ wire: Wire) throws {
  let engine = ScriptedEngine { turn, _ in
    turn.isContinuation ? [.text("blue it is"), .status(.completed)] : [.status(.inputRequired, "which colour?")]
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let first = try gateway.caller().call(wire, .send("paint")).task
  let second = try gateway.caller().call(wire, .send("blue", task: first.id)).task
  #expect(second.id == first.id)
  #expect(second.contextID == first.contextID)
  #expect(second.state == "completed")
  let stored = try gateway.caller().call(wire, .get(first.id)).task
  #expect(stored.history.count == 3)
  #expect(stored.history.allSatisfy { $0["contextId"]?.string == first.contextID })
  #expect(stored.history.allSatisfy { $0["taskId"]?.string == first.id })
}

@Test(arguments: Wire.allCases)
func rule15_aGeneratedContextIsToldInTasksAndMessages(_ wire: Wire) throws {
  let engine = ScriptedEngine(repliesDirectly: true) { turn, _ in
    turn.message.parts == [.text("reply")] ? [.reply("hi")] : [.status(.completed)]
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send("work")).task
  #expect(!task.contextID.isEmpty)
  let message = try gateway.caller().call(wire, .send("reply")).message
  let contextID = try #require(message["contextId"]?.string)
  #expect(!contextID.isEmpty && contextID != task.contextID)
  // A caller's own id is taken as it is.
  #expect(try gateway.caller().call(wire, .send("work", context: "my-own")).task.contextID == "my-own")
}

@Test(arguments: Wire.allCases)
func rule16_aTerminalTaskTakesNoMessage(_ wire: Wire) throws {
  let engine = ScriptedEngine { turn, _ in
    switch turn.message.parts {
    case [.text("fail")]: [.status(.failed)]
    case [.text("reject")]: [.status(.rejected)]
    default: [.status(.completed)]
    }
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  for text in ["work", "fail", "reject"] {
    let task = try gateway.caller().call(wire, .send(text)).task
    for call in [Call.send(task: task.id), .stream(task: task.id)] {
      let reply = try gateway.caller().call(wire, call)
      #expect(reply.error?.code == -32004)
      if wire.isREST { #expect(reply.response.status == (wire.isV1 ? 400 : 501)) }
    }
    // Refinement is a new task in the same context.
    #expect(try gateway.caller().call(wire, .send(context: task.contextID)).task.id != task.id)
  }
}

@Test(arguments: Wire.allCases)
func rule16_aWorkingTaskTakesNoMessageEither(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send(immediately: true)).task
  #expect(try gateway.caller().call(wire, .send(task: task.id)).error?.code == -32004)
  try engine.nextTurn().complete()
}

/// How a turn can end, in the words of 0.3.
enum TurnEnd: String, Sendable, CaseIterable {
  case completed, failed, rejected
  case inputRequired = "input-required"
  case authRequired = "auth-required"

  var event: TurnEvent {
    switch self {
    case .completed: .status(.completed)
    case .failed: .status(.failed, "no paint left")
    case .rejected: .status(.rejected, "not my trade")
    case .inputRequired: .status(.inputRequired, "which colour?")
    case .authRequired: .status(.authRequired, "log in at the shop")
    }
  }
}
