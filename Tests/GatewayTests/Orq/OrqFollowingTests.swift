import Configuration
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// A turn whose stream was lost is followed by asking how its task stands (PRODUCT §4, "Following").

/// A stream of a caller, the stream of Orq behind it, and a clock.
private struct Followed {
  let time = ManualTime()
  let upstream: OrqUpstream
  let gateway: TestGateway
  let stream: EventStream
  let request: UpstreamRequest

  /// Orq has begun to answer.
  init(_ call: OrqAgentConfiguration.Call = .responses, generation: OrqConfiguration.Generation = .v4) throws {
    upstream = try OrqUpstream()
    gateway = try upstream.gateway(OrqUpstream.card(call), generation: generation, time: time)
    let client = try gateway.web()
    try gateway.caller().send(Call.stream(context: "c").outgoing(.rpc10), on: client)
    request = try upstream.next()
    try request.startStream()
    if call == .responses, generation == .v4 {
      try request.started()
    } else {
      try request.event("agents.execution_started", #"{"agent_task_id":"01T","workspace_id":"w","trace_id":"t"}"#)
    }
    stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
    #expect(try stream.expect().summary == "task submitted")
    #expect(try stream.expect().summary == "status working")
  }

  /// Moves the clock until the next question, which must come then and not before.
  func poll(after delay: Duration) throws -> UpstreamRequest {
    try gateway.settle()
    try gateway.advance(by: delay - .milliseconds(1))
    #expect(try upstream.isQuiet())
    try gateway.advance(by: .milliseconds(1))
    return try upstream.next()
  }

  /// The message was sent once: all else were questions.
  func expectNoMoreSends() throws {
    try gateway.settle()
    #expect(try upstream.isQuiet())
  }
}

@Test func aStreamThatEndsTooSoonIsFollowedEverLessOften() throws {
  let followed = try Followed()
  try followed.request.delta("Hel")
  #expect(try followed.stream.expect().summary == "artifact Hel")
  try followed.request.end()
  let delays: [Duration] = [
    .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5),
  ]
  for delay in delays {
    let question = try followed.poll(after: delay)
    #expect("\(question.method) \(question.target)" == "GET /v2/agents/helper/responses/01T")
    try question.respond(text: nil, status: "in_progress")
  }
  let last = try followed.poll(after: .seconds(5))
  try last.respond(text: "Hello", status: "completed")
  #expect(try followed.stream.rest().map(\.summary) == ["artifact Hello", "status completed"])
  try followed.expectNoMoreSends()
  // The chain goes on.
  let next = try followed.gateway.caller().begin(.rpc10, .send(context: "c"))
  let request = try followed.upstream.next()
  #expect(try request.json["task_id"] == "01T")
  try request.respond()
  #expect(try next.reply().task.state == "completed")
}

/// How a stream breaks.
enum Break: CaseIterable, Sendable {
  case reset, cut, garbage, badEvent, otherJSON

  func act(on request: UpstreamRequest) throws {
    switch self {
    case .reset: request.connection.reset()
    case .cut: request.connection.close()
    case .garbage: try request.connection.send("this is no chunk\r\n")
    case .badEvent: try request.chunk("data: {\"type\":\"response.done\",\"data\":{\"secret\":1}}\n\n")
    case .otherJSON: try request.chunk("data: [1,2]\n\n")
    }
  }
}

@Test(arguments: Break.allCases)
func aStreamThatBreaksIsFollowed(_ way: Break) throws {
  let followed = try Followed()
  try way.act(on: followed.request)
  try followed.poll(after: .milliseconds(250)).respond(text: "Hello", status: "completed")
  #expect(try followed.stream.rest().map(\.summary) == ["artifact Hello", "status completed"])
  try followed.expectNoMoreSends()
}

@Test func silenceIsFollowedAndNoFailure() throws {
  let followed = try Followed()
  try followed.gateway.settle()
  try followed.gateway.advance(by: .seconds(599))
  #expect(try followed.upstream.isQuiet())
  try followed.gateway.advance(by: .seconds(1))
  try followed.poll(after: .milliseconds(250)).respond(text: "late", status: "completed")
  #expect(try followed.stream.rest().map(\.summary) == ["artifact late", "status completed"])
}

/// Orq is given up in the moment in which the caller is to be told of a task: over a new connection or one that was kept.
@Test(arguments: [0, 1])
func aTaskThatIsDueIsOpenedBeforeItsAgentIsGivenUp(callsBefore: Int) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(time: ManualTime()) {
    $0.workers = 1
    $0.limits.turns.directReplyWait = .seconds(7)
    $0.orq?.timeouts.firstByte = .seconds(7)
  }
  for _ in 0..<callsBefore {
    let before = try gateway.caller().begin(.rpc10, .send())
    try upstream.next().respond()
    _ = try before.reply()
  }
  let client = try gateway.web()
  try gateway.caller().send(Call.stream().outgoing(.rpc10), on: client)
  _ = try upstream.next()
  try gateway.settle()
  try gateway.advance(by: .seconds(7))
  let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  #expect(try stream.rest().map(\.summary) == ["task submitted", "status failed"])
}

@Test func questionsThatFailAreAskedAgain() throws {
  let followed = try Followed()
  try followed.request.end()
  try followed.poll(after: .milliseconds(250)).respond(503, #"{"message":"secret"}"#)
  try followed.poll(after: .milliseconds(500)).respond(200, "<p>secret</p>", type: "text/html")
  try followed.poll(after: .seconds(1)).connection.reset()
  // A question that a kept connection has lost may be asked again at once.
  try followed.upstream.next().connection.reset()
  try followed.poll(after: .seconds(2)).respond(401, "{}")
  try followed.poll(after: .seconds(4)).respond(text: "x", status: "completed")
  #expect(try followed.stream.rest().map(\.summary) == ["artifact x", "status completed"])
  // The operator is told, once a turn.
  let told = followed.gateway.log.lines.filter { $0.contains("does not tell how a task stands") }
  #expect(told.count == 1 && told.allSatisfy { $0.contains("503") })
}

@Test func aLookedUpFailureIsFailed() throws {
  let followed = try Followed()
  try followed.request.end()
  try followed.poll(after: .milliseconds(250)).respond(text: nil, #""error":"secret""#, status: "failed")
  let last = try #require(try followed.stream.rest().last)
  #expect(last.state == "failed")
  #expect(!"\(last.json)".contains("secret"))
}

@Test func aTaskThatNobodyKnowsHasFailed() throws {
  let followed = try Followed()
  try followed.request.end()
  let response = try followed.poll(after: .milliseconds(250))
  #expect(response.target == "/v2/agents/helper/responses/01T")
  try response.respond(404, #"{"message":"secret"}"#)
  let task = try followed.upstream.next()
  #expect(task.target == "/v2/agents/helper/tasks/01T")
  try task.respond(404, #"{"message":"secret"}"#)
  #expect(try followed.stream.rest().map(\.state) == ["failed"])
  let next = try followed.gateway.caller().begin(.rpc10, .send(context: "c"))
  let request = try followed.upstream.next()
  #expect(try request.json["task_id"] == nil)
  try request.respond()
  let losses = try next.reply().task.json["metadata"]?["urn:a2a-gateway:translation:v1"]?["losses"]
  #expect(losses == ["context_reset"])
}

@Test func serversWithoutLookUpOfResponsesAreAskedForTheTask() throws {
  let followed = try Followed(.run)
  try followed.request.end()
  try followed.poll(after: .milliseconds(250)).respond(404, "{}")
  let task = #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"working"},"history":[]}"#
  try followed.upstream.next().respond(200, task)
  // From now on only there.
  let again = try followed.poll(after: .milliseconds(500))
  #expect(again.target == "/v2/agents/helper/tasks/01T")
  let history =
    #"[{"kind":"message","messageId":"m","role":"agent","parts":[{"kind":"text","text":"done"}]}]"#
  try again.respond(200, task.replacing("working", with: "completed").replacing("[]", with: history))
  #expect(try followed.stream.rest().map(\.summary) == ["artifact done", "status completed"])
}

@Test(arguments: [OrqAgentConfiguration.Call.responses, .invoke, .run])
func tasksOf3AreRetrieved(_ call: OrqAgentConfiguration.Call) throws {
  let followed = try Followed(call, generation: .v3)
  try followed.request.end()
  let question = try followed.poll(after: .milliseconds(250))
  #expect("\(question.method) \(question.target)" == "GET /v2/agents/helper/tasks/01T")
  try question.respond(
    200, #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"input-required"},"history":[]}"#)
  #expect(try followed.stream.rest().map(\.summary) == ["status input-required"])
}

@Test func followingEndsWhenTheTimeOfTheTaskIsOver() throws {
  let followed = try Followed()
  try followed.request.end()
  try followed.poll(after: .milliseconds(250)).respond(text: nil, status: "in_progress")
  try followed.gateway.settle()
  try followed.gateway.advance(by: .seconds(900))
  #expect(try followed.stream.rest().map(\.state) == ["failed"])
}

@Test func aStreamThatBreaksBeforeOrqHasNamedTheTaskShowsNoOlderAnswer() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let first = try gateway.caller().begin(.rpc10, .send(context: "c"))
  try upstream.next().respond(text: "old")
  _ = try first.reply()
  let client = try gateway.web()
  try gateway.caller().send(Call.stream(context: "c").outgoing(.rpc10), on: client)
  let request = try upstream.next()
  try request.startStream()
  request.connection.close()
  let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  #expect(try stream.rest().map(\.summary) == ["task submitted", "status failed"])
  try gateway.settle()
  #expect(try upstream.isQuiet())
}

@Test func aResponseThatIsNotOverIsFollowed() throws {
  let time = ManualTime()
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(time: time)
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.next().respond(text: nil, status: "in_progress")
  try gateway.settle()
  try gateway.advance(by: .milliseconds(250))
  try upstream.next().respond(text: "hi", status: "completed")
  #expect(try pending.reply().task.texts == ["hi"])
}

/// How the look-up of a response ends that does not say how it ended.
enum LookUp: CaseIterable, Sendable {
  case failed, completed, unknown
}

@Test(arguments: LookUp.allCases)
func aResponseWithoutAReasonToHaveEndedIsLookedUpAtOnce(_ lookUp: LookUp) throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.next().respond(text: "secret", #""usage":null"#)
  let question = try upstream.next()
  #expect("\(question.method) \(question.target)" == "GET /v2/agents/helper/responses/01T")
  switch lookUp {
  case .failed: try question.respond(text: "secret", #""error":"secret""#, status: "failed")
  case .completed: try question.respond(text: "hi", status: "completed")
  case .unknown:
    try question.respond(404, "{}")
    try upstream.next().respond(404, "{}")
  }
  let task = try pending.reply().task
  #expect(task.state == (lookUp == .failed ? "failed" : "completed"))
  #expect(task.texts == (lookUp == .failed ? [] : lookUp == .completed ? ["hi"] : ["secret"]))
}

@Test func aStreamThatIsAnsweredAsAWholeIsTaken() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway()
  let client = try gateway.web()
  try gateway.caller().send(Call.stream().outgoing(.rpc10), on: client)
  try upstream.next().respond(text: "hi")
  let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  #expect(try stream.rest().map(\.summary) == ["task submitted", "status working", "artifact hi", "status completed"])
}

@Test func eventsOfUnknownTypesArePassedOver() throws {
  let followed = try Followed()
  for _ in 0..<3 { try followed.request.event("response.sung", #"{"secret":1}"#) }
  try followed.request.connection.send("3\r\n: x\r\n")
  try followed.request.chunk("\n\n")
  try followed.request.delta("hi")
  try followed.request.done()
  try followed.request.end()
  #expect(try followed.stream.rest().map(\.summary) == ["artifact hi", "artifact ", "status completed"])
  #expect(followed.gateway.log.lines.filter { $0.contains("response.sung") }.count == 1)
}

/// What comes together is told one by one, and taken up at any place.
@Test func aBurstOfTextIsTakenUpWithinIt() throws {
  let followed = try Followed()
  let words = (0..<100).map { "w\($0) " }
  let burst = words.map { word in
    let event = OrqSaid.event("part.delta", #"{"partId":"text_1","delta":{"kind":"text","text":"\#(word)"}}"#)
    return String(event.utf8.count, radix: 16) + "\r\n" + event + "\r\n"
  }
  try followed.request.connection.send(burst.joined())
  let events = try words.map { _ in try followed.stream.expect() }
  #expect(events.map(\.text) == words)
  #expect(Set(events.map(\.id)).count == words.count)
  let taskID = try #require(events.first?.json["taskId"]?.string)
  for place in [0, 1, 31, 32, 33, 70, 98] {
    let id = try #require(events[place].id)
    let stream = try followed.gateway.caller().open(.rpc10, .subscribe(taskID), [("Last-Event-ID", id)])
    let task = try stream.expect().json
    #expect(try TaskView(.rpc10, task).texts == [words[...place].joined()])
    for event in events[(place + 1)...] {
      let told = try stream.expect()
      #expect(told.id == event.id && told.text == event.text)
    }
  }
  try followed.request.done()
  try followed.request.end()
  #expect(try followed.stream.rest().map(\.summary) == ["artifact ", "status completed"])
}

@Test func whatWasSaidBeforeAFaultWasSaid() throws {
  let followed = try Followed()
  let deltas = ["a", "b", "c"].map {
    OrqSaid.event("part.delta", #"{"partId":"text_1","delta":{"kind":"text","text":"\#($0)"}}"#)
  }
  try followed.request.chunk(deltas.joined() + "data: {\n\n")
  let said = try (0..<3).map { _ in try followed.stream.expect().summary }
  #expect(said == ["artifact a", "artifact b", "artifact c"])
  try followed.poll(after: .milliseconds(250)).respond(text: "abc", status: "completed")
  #expect(try followed.stream.rest().map(\.summary) == ["artifact ", "status completed"])
}

@Test func repeatedAndReorderedEventsEndInTheSameAnswer() throws {
  let followed = try Followed()
  try followed.request.delta("lo")
  try followed.request.started()
  try followed.request.delta("Hel")
  try followed.request.partDone("Hello")
  try followed.request.partDone("Hello")
  try followed.request.delta("Hel")
  try followed.request.done()
  try followed.request.done()
  try followed.request.end()
  #expect(
    try followed.stream.rest().map(\.summary) == [
      "artifact lo", "artifact Hel", "artifact Hello", "status completed",
    ])
  let tasks = try followed.gateway.caller().call(.rpc10, .list([("includeArtifacts", true)])).result["tasks"]?.array
  #expect(try TaskView(.rpc10, try #require(tasks?.first)).texts == ["Hello"])
}
