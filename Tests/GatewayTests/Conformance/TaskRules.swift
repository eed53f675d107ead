import Configuration
import JSON
import Model
import TestSupport
import Testing

// The server rules of the A2A contract that concern stored tasks. A name carries the number of its rule.

/// A task with a history of seven messages: four of the caller, three questions of the agent.
private func longTask(_ gateway: TestGateway, _ wire: Wire) throws -> TaskView {
  var task = try gateway.caller().call(wire, .send("0")).task
  for index in 1...3 { task = try gateway.caller().call(wire, .send("\(index)", task: task.id)).task }
  return task
}

private func asking() -> TestAgent {
  TestAgent(
    "agent",
    ScriptedEngine { turn, _ in
      turn.message.parts == [.text("3")] ? [.text("out"), .status(.completed)] : [.status(.inputRequired, "more?")]
    })
}

private func texts(_ history: [JSONValue]) -> [String] {
  history.flatMap { ($0["parts"] ?? $0["content"])?.array ?? [] }.compactMap { $0["text"]?.string }
}

@Test(arguments: Wire.allCases)
func rule26_historyLengthKeepsTheNewestMessages(_ wire: Wire) throws {
  let gateway = try TestGateway(asking())
  let task = try longTask(gateway, wire)
  let whole = ["0", "more?", "1", "more?", "2", "more?", "3"]
  func history(_ length: Int?) throws -> TaskView {
    try gateway.caller().call(wire, .get(task.id, historyLength: length)).task
  }
  #expect(texts(try history(nil).history) == whole)
  #expect(texts(try history(1).history) == ["3"])
  #expect(texts(try history(3).history) == ["2", "more?", "3"])
  #expect(texts(try history(100).history) == whole)
  let none = try history(0)
  if wire.isV1 { #expect(none.json["history"] == nil) } else { #expect(texts(none.history) == whole) }
}

@Test(arguments: Wire.allCases)
func rule26_aSendTakesAHistoryLengthToo(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(wire, .send(historyLength: 0))
  #expect((try reply.task.json["history"] == nil) == wire.isV1)
  #expect(try gateway.caller("echo").call(wire, .send(historyLength: 1)).task.history.count == 1)
}

@Test(arguments: Wire.allCases)
func rule26_aNegativeHistoryLengthIsInvalid(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let id = try gateway.caller("echo").call(wire, .send()).task.id
  for call in [Call.get(id, historyLength: -1), .send(historyLength: -1)] {
    #expect(try gateway.caller("echo").call(wire, call).error?.code == -32602)
  }
}

@Test(arguments: Wire.v1)
func rule27_aListHasItsFourMembersNewestFirstWithoutArtifacts(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let empty = try gateway.caller("echo").call(wire, .list([])).result
  #expect(empty == ["tasks": [], "nextPageToken": "", "pageSize": 50, "totalSize": 0])
  let ids = try (0..<5).map { try gateway.caller("echo").call(wire, .send("\($0)")).task.id }
  let page = try gateway.caller("echo").call(wire, .list([("pageSize", 3)])).result
  #expect(page["tasks"]?.array?.compactMap { $0["id"]?.string } == Array(ids.reversed().prefix(3)))
  #expect(page["pageSize"] == 3)
  #expect(page["totalSize"] == 5)
  #expect(page["tasks"]?.array?.allSatisfy { $0["artifacts"] == nil } == true)
  let token = try #require(page["nextPageToken"])
  #expect(token != "")
  let last = try gateway.caller("echo").call(
    wire, .list([("pageSize", 3), ("pageToken", token), ("includeArtifacts", true)])
  ).result
  #expect(last["tasks"]?.array?.compactMap { $0["id"]?.string } == Array(ids.reversed().suffix(2)))
  #expect(last["nextPageToken"] == "")
  #expect(last["totalSize"] == 5)
  #expect(last["tasks"]?.array?.allSatisfy { $0["artifacts"]?.array?.count == 1 } == true)
}

@Test(arguments: Wire.v1)
func rule27_aTaskMovesToTheFrontWhenItsStatusChanges(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let ids = try (0..<3).map { _ in try gateway.caller().call(wire, .send(immediately: true)).task.id }
  let turns = try ids.map { _ in try engine.nextTurn() }
  try #require(turns.first { $0.taskID == ids[0] }).emit(.status(.working))
  let page = try gateway.caller().call(wire, .list([])).result
  #expect(page["tasks"]?.array?.compactMap { $0["id"]?.string } == [ids[0], ids[2], ids[1]])
  let stamps = page["tasks"]?.array?.compactMap { $0["status"]?["timestamp"]?.string } ?? []
  #expect(stamps.count == 3 && stamps == stamps.sorted(by: >))
}

@Test(arguments: Wire.v1)
func rule27_aListIsFilteredByContextStateAndTime(_ wire: Wire) throws {
  let engine = ScriptedEngine { turn, _ in [.status(turn.contextID == "a" ? .completed : .inputRequired)] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  for context in ["a", "b", "b"] { _ = try gateway.caller().call(wire, .send(context: context)) }
  func count(_ filter: [(String, JSONValue)]) throws -> JSONValue? {
    try gateway.caller().call(wire, .list(filter)).result["totalSize"]
  }
  #expect(try count([("contextId", "b")]) == 2)
  #expect(try count([("status", "TASK_STATE_COMPLETED")]) == 1)
  #expect(try count([("status", "TASK_STATE_WORKING")]) == 0)
  #expect(try count([("contextId", "b"), ("status", "TASK_STATE_COMPLETED")]) == 0)
  #expect(try count([("statusTimestampAfter", "2999-01-01T00:00:00Z")]) == 0)
  #expect(try count([("statusTimestampAfter", "2000-01-01T00:00:00Z")]) == 3)
  // The bound itself belongs to the answer.
  let tasks = try gateway.caller().call(wire, .list([])).result["tasks"]?.array
  let newest = try #require(tasks?.first?["status"]?["timestamp"])
  #expect(try #require(count([("statusTimestampAfter", newest)])?.int64) >= 1)
}

@Test(arguments: Wire.v03)
func rule27_zeroThreeCannotList(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  #expect(try gateway.caller("echo").call(wire, .list([])).error?.code == -32601)
}

@Test(
  arguments: Wire.v1,
  [
    ("pageSize", 0), ("pageSize", 101), ("pageSize", -1), ("pageSize", "ten"), ("pageToken", "garbage"),
    ("pageToken", "dDEuYWJj"), ("status", "working"), ("status", "TASK_STATE_BUSY"),
    ("statusTimestampAfter", "yesterday"), ("historyLength", -1), ("includeArtifacts", "maybe"),
  ] as [(String, JSONValue)])
func rule28_aListRefusesParametersThatAreWrong(_ wire: Wire, _ parameter: (name: String, value: JSONValue)) throws {
  let gateway = try TestGateway(.echo)
  _ = try gateway.caller("echo").call(wire, .send())
  let reply = try gateway.caller("echo").call(wire, .list([(parameter.name, parameter.value)]))
  #expect(reply.error?.code == -32602)
  #expect(reply.error?.fields == [parameter.name])
  #expect(reply.response.status == (wire.isREST ? 400 : 200))
}

@Test func rule28_aQueryThatCannotBeReadDoesNotListEverything() throws {
  let gateway = try TestGateway(.echo)
  _ = try gateway.caller("echo").call(.rest10, .send())
  for query in ["?status=%zz", "?status=%ff%fe", "?contextId=%"] {
    let response = try gateway.caller("echo").request("GET", "/tasks\(query)", [("A2A-Version", "1.0")])
    #expect(try Reply(.rest10, response).error?.code == -32602, "\(query)")
  }
}

@Test(arguments: Wire.allCases)
func rule29_tasksOfOthersAreLikeUnknownOnes(_ wire: Wire) throws {
  let engine = ScriptedEngine { _, _ in [.status(.inputRequired, "more?")] }
  let gateway = try TestGateway(TestAgent("agent", engine), needsKey: true)
  let (alice, bob) = (gateway.caller(as: "alice"), gateway.caller(as: "bob"))
  let task = try alice.call(wire, .send(context: "shared")).task
  for call in [Call.get(task.id), .cancel(task.id), .subscribe(task.id), .send(task: task.id), .stream(task: task.id)] {
    let foreign = try bob.call(wire, call)
    #expect(foreign.error?.code == -32001)
    // Not a word tells a foreign task from one that never was.
    let unknown = try bob.call(wire, call.renamed(task.id, "01JZZZZZZZZZZZZZZZZZZZZZZZ"))
    #expect(foreign.response.status == unknown.response.status)
    #expect(foreign.response.text == unknown.response.text)
  }
  #expect(try bob.call(.rpc10, .list([])).result["totalSize"] == 0)
  #expect(try bob.call(.rpc10, .list([("contextId", "shared")])).result["totalSize"] == 0)
  #expect(try alice.call(.rpc10, .list([])).result["totalSize"] == 1)
  #expect(try alice.call(wire, .get(task.id)).task.state == "input-required")
}

@Test func rule29_theSameContextIdOfTwoCallersIsTwoContexts() throws {
  let engine = ScriptedEngine(usesHistory: true)
  let gateway = try TestGateway(TestAgent("agent", engine), needsKey: true)
  let first = try gateway.caller(as: "alice").begin(.rpc10, .send("secret", context: "shared"))
  try engine.nextTurn().complete("hidden")
  _ = try first.reply()
  let second = try gateway.caller(as: "bob").begin(.rpc10, .send("what was said?", context: "shared"))
  let turn = try engine.nextTurn()
  #expect(turn.turn.history.isEmpty)
  #expect(turn.turn.principal == "bob")
  try turn.complete()
  _ = try second.reply()
}

@Test(arguments: Wire.allCases)
func rule29_aTaskBelongsToOneAgent(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo, TestAgent("other", ScriptedEngine()))
  let task = try gateway.caller("echo").call(wire, .send()).task
  #expect(try gateway.caller("other").call(wire, .get(task.id)).error?.code == -32001)
  #expect(try gateway.caller("echo").call(wire, .get(task.id)).task.id == task.id)
}

@Test(arguments: Wire.allCases)
func rule30_aRunningTaskIsCanceledATerminalOneIsNot(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let pending = try gateway.caller().begin(wire, .send())
  let turn = try engine.nextTurn()
  let canceled = try gateway.caller().call(wire, .cancel(turn.taskID)).task
  #expect(canceled.state == "canceled")
  try turn.awaitCancel()
  #expect(try pending.reply().task.state == "canceled")
  let again = try gateway.caller().call(wire, .cancel(turn.taskID))
  #expect(again.error?.code == -32002)
  if wire.isREST { #expect(again.response.status == (wire.isV1 ? 400 : 409)) }
  #expect(try gateway.caller().call(wire, .cancel("unknown")).error?.code == -32001)
}

@Test(arguments: Wire.allCases)
func rule30_aTaskThatWaitsForInputCanBeCanceled(_ wire: Wire) throws {
  let engine = ScriptedEngine { _, _ in [.status(.inputRequired, "more?")] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send()).task
  #expect(try gateway.caller().call(wire, .cancel(task.id)).task.state == "canceled")
  #expect(try gateway.caller().call(wire, .send(task: task.id)).error?.code == -32004)
}

extension Call {
  /// The same call with another task.
  fileprivate func renamed(_ old: String, _ new: String) -> Call {
    switch self {
    case .get: .get(new)
    case .cancel: .cancel(new)
    case .subscribe: .subscribe(new)
    case .sending: .send(task: new)
    case .streaming: .stream(task: new)
    default: self
    }
  }
}
