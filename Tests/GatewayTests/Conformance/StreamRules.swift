import JSON
import Model
import TestSupport
import Testing

// The server rules of the A2A contract that concern streams. A name carries the number of its rule.

@Test(arguments: Wire.allCases)
func rule17_anAgentThatDoesNotStreamRefusesStreams(_ wire: Wire) throws {
  let engine = ScriptedEngine(streams: false) { _, _ in [.status(.inputRequired)] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let task = try gateway.caller().call(wire, .send()).task
  for call in [Call.stream(), .subscribe(task.id), .subscribe("unknown")] {
    let reply = try gateway.caller().call(wire, call)
    #expect(reply.error?.code == -32004)
    if wire.isREST { #expect(reply.response.status == (wire.isV1 ? 400 : 501)) }
  }
}

@Test(arguments: Wire.allCases)
func rule18_aStreamOfATaskBeginsWithTheTask(_ wire: Wire) throws {
  let engine = ScriptedEngine { _, _ in [.status(.working), .text("hi"), .status(.completed)] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let events = try gateway.caller().open(wire, .stream()).rest()
  #expect(events.map(\.summary) == ["task submitted", "status working", "artifact hi", "status completed"])
  let task = try TaskView(wire, events[0].json)
  #expect(task.history.count == 1)
  #expect(events.dropFirst().allSatisfy { $0.json["taskId"]?.string == task.id })
  #expect(events.dropFirst().allSatisfy { $0.json["contextId"]?.string == task.contextID })
}

@Test(arguments: Wire.allCases)
func rule18_aStreamOfAMessageIsExactlyThatMessage(_ wire: Wire) throws {
  let engine = ScriptedEngine(repliesDirectly: true) { _, _ in [.reply("hi")] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let events = try gateway.caller().open(wire, .stream()).rest()
  #expect(events.map(\.kind) == [.message])
  #expect(events.first?.json["contextId"]?.string?.isEmpty == false)
  #expect(events.first?.json["taskId"] == nil)
}

@Test(arguments: Wire.allCases, TurnEnd.allCases)
func rule19_aStreamEndsWithItsTask(_ wire: Wire, _ end: TurnEnd) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let stream = try gateway.caller().open(wire, .stream())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working))
  #expect(try stream.expect().summary == "task submitted")
  #expect(try stream.expect().summary == "status working")
  try turn.emit(end.event)
  #expect(try stream.rest().map(\.summary) == ["status \(end.rawValue)"])
}

@Test(arguments: Wire.allCases)
func rule19_theConnectionServesOnAfterAStream(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let client = try gateway.web()
  #expect(try gateway.caller("echo").open(wire, .stream("one"), on: client).rest().last?.state == "completed")
  #expect(try gateway.caller("echo").call(wire, .send("two"), on: client).task.texts == ["two"])
}

@Test(arguments: Wire.v03, TurnEnd.allCases)
func rule20_onlyTheLastStatusOfA03StreamIsFinal(_ wire: Wire, _ end: TurnEnd) throws {
  let engine = ScriptedEngine { _, _ in [.status(.working), .status(.working, "still"), end.event] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let events = try gateway.caller().open(wire, .stream()).rest()
  let finals = events.filter { $0.kind == .status }.map { $0.final ?? false }
  #expect(finals == [false, false, true])
  // JSON-RPC requires the member; the schema of REST leaves out what is false.
  if wire == .rpc03 { #expect(events.filter { $0.kind == .status }.allSatisfy { $0.final != nil }) }
}

@Test(arguments: Wire.v1)
func rule20_oneZeroHasNoFinalMember(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let events = try gateway.caller("echo").open(wire, .stream()).rest()
  #expect(events.allSatisfy { $0.json["final"] == nil && $0.json["kind"] == nil })
}

@Test(arguments: Wire.allCases)
func rule21_streamsAreServerSentEventsThatRepeatTheRequestsId(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  // The reader fails where an event of JSON-RPC does not repeat the id.
  let stream = try gateway.caller("echo").open(wire, .stream())
  #expect(stream.reader.head.field("content-type") == "text/event-stream; charset=utf-8")
  #expect(stream.reader.head.field("cache-control") == "no-store")
  #expect(try stream.rest().count == 3)
}

@Test(arguments: Wire.allCases)
func rule21_anErrorBeforeTheFirstEventIsPlainJSON(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(wire, .stream(task: "nope"))
  #expect(reply.response.field("content-type") == "application/json")
  #expect(reply.error?.code == -32001)
}

@Test(arguments: Wire.allCases)
func rule22_aSubscriptionBeginsWithTheTaskAsItStands(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let id = try gateway.caller().call(wire, .send(immediately: true)).task.id
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working), .text("one "), .text("two ", append: true))
  let stream = try gateway.caller().open(wire, .subscribe(id))
  let snapshot = try stream.expect()
  #expect(snapshot.summary == "task working")
  #expect(try TaskView(wire, snapshot.json).texts == ["one two "])
  try turn.emit(.text("three", append: true, last: true), .status(.completed))
  #expect(try stream.rest().map(\.summary) == ["artifact three", "status completed"])
}

@Test(arguments: Wire.allCases)
func rule22_nothingIsLostOrRepeatedBetweenSnapshotAndUpdates(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let id = try gateway.caller().call(wire, .send(immediately: true)).task.id
  let turn = try engine.nextTurn()
  // The agent speaks on its own loop while subscribers come.
  let chunks = (0..<300).map { "\($0) " }
  for chunk in chunks { turn.emitSoon(.text(chunk, append: true)) }
  let streams = try (0..<4).map { _ in try gateway.caller().open(wire, .subscribe(id)) }
  try turn.emit(.status(.completed))
  for stream in streams {
    // A snapshot joins adjacent text.
    let seen = try TaskView(wire, stream.expect().json).texts
    #expect(try (seen + stream.rest().compactMap(\.text)).joined() == chunks.joined())
  }
}

@Test(arguments: Wire.allCases)
func rule23_aTerminalTaskCannotBeSubscribedToAndAnUnknownOneIsNotFound(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let task = try gateway.caller("echo").call(wire, .send()).task
  let terminal = try gateway.caller("echo").call(wire, .subscribe(task.id))
  #expect(terminal.error?.code == -32004)
  let unknown = try gateway.caller("echo").call(wire, .subscribe("unknown"))
  #expect(unknown.error?.code == -32001)
  if wire.isREST {
    #expect(terminal.response.status == (wire.isV1 ? 400 : 501))
    #expect(unknown.response.status == 404)
  }
}

@Test func rule21_aClientThatReadsEventsOnlyIsRefusedInAnEvent() throws {
  let gateway = try TestGateway(.echo)
  let caller = gateway.caller("echo")
  let task = try caller.call(.rpc03, .send()).task
  var empty = Sending()
  empty.change = { $0 = [:] }
  let calls: [(Call, code: JSONValue)] = [
    (.subscribe("unknown"), -32001), (.subscribe(task.id), -32004), (.streaming(Sending(taskID: "unknown")), -32001),
    (.streaming(empty), -32602),
  ]
  for (call, code) in calls {
    let stream = try caller.open(.rpc03, call, [("Accept", "application/json, text/event-stream")])
    let event = try #require(try stream.reader.next())
    #expect(event.name == nil)
    let json = try JSONValue.parse(Array(event.data.utf8))
    #expect(json["id"] == Call.requestID)
    #expect(json["error"]?["code"] == code)
    #expect(try stream.rest().isEmpty)
    // Others are answered in JSON: those that ask for it, and clients of 1.0.
    for wire in [Wire.rpc03, .rpc10] {
      let fields = [("Accept", wire.isV1 ? "text/event-stream" : "application/json")]
      let reply = try caller.call(wire, call, fields)
      #expect(reply.response.field("content-type") == "application/json")
      #expect(reply.json["error"]?["code"] == code)
    }
  }
}

@Test(arguments: Wire.allCases.filter(\.isREST), ["GET", "POST"])
func rule24_getAndPostOfSubscribeAreBothAccepted(_ wire: Wire, _ method: String) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine))
  let id = try gateway.caller().call(wire, .send(immediately: true)).task.id
  var out = Call.subscribe(id).outgoing(wire)
  out.method = method
  for colon in [":", "%3A"] {
    out.path = (wire.isV1 ? "" : "/v1") + "/tasks/\(id)\(colon)subscribe"
    let client = try gateway.web()
    try gateway.caller().send(out, on: client)
    let stream = EventStream(wire: wire, reader: EventReader(client, try client.head()))
    #expect(try stream.expect().kind == .task)
  }
  try engine.nextTurn().complete()
}

@Test(arguments: Wire.allCases)
func rule25_subscribersOnBothLoopsSeeTheSameEventsAndOneLeavingDisturbsNobody(_ wire: Wire) throws {
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine), .compass)
  let id = try gateway.caller().call(wire, .send(immediately: true)).task.id
  let turn = try engine.nextTurn()
  let streams = try [0, 1, 0, 1].map { loop in
    try gateway.caller().open(wire, .subscribe(id), on: gateway.web(onLoop: loop))
  }
  for stream in streams { #expect(try stream.expect().kind == .task) }
  let chunks = (0..<40).map { "\($0)" }
  for chunk in chunks.prefix(20) { try turn.emit(.text(chunk, append: true)) }
  for stream in streams.dropFirst() { for chunk in chunks.prefix(20) { #expect(try stream.expect().text == chunk) } }
  streams[0].hangUp()
  for chunk in chunks.dropFirst(20) { try turn.emit(.text(chunk, append: true)) }
  try turn.emit(.status(.completed))
  let rests = try streams.dropFirst().map { try $0.rest().map { "\($0.summary) \($0.id ?? "")" } }
  #expect(rests[0].count == 21)
  #expect(rests.allSatisfy { $0 == rests[0] })
}
