import Bytes
import HTTP
import JSON
import Testing

@testable import Orq

struct StreamTests {
  private static let done = OrqResponseEvent(.done(.init(finishReason: .stop)), timestamp: "t")
  private static let doneJSON = #"{"type":"response.done","timestamp":"t","data":{"finishReason":"stop"}}"#

  /// Two spaces: what 3.x and 4.x both read (contract §4.3).
  @Test func eventsAreFramedForBothGenerations() {
    var bytes = Array(": before\n\n".utf8)
    StreamTests.done.write(into: &bytes)
    OrqStream.writeEnd(into: &bytes)
    #expect(text(bytes) == ": before\n\ndata:  \(StreamTests.doneJSON)\n\ndata: [DONE]\n\n")
  }

  /// What an event stream's reader makes of the frame is what the event's reader takes.
  @Test func framesAreReadBack() throws {
    var bytes: [UInt8] = []
    for golden in try ResponseEventTests.goldens() { golden.event.write(into: &bytes) }
    OrqStream.writeEnd(into: &bytes)
    var items: [OrqStreamItem<OrqResponseEvent>] = []
    var decoder = SSEDecoder()
    try decoder.feed(bytes) { items.append(try OrqResponseEvent.decode($0.data)) }
    #expect(items == (try ResponseEventTests.goldens().map { .event($0.event) }) + [.done])
  }

  @Test(arguments: ["[DONE]", " [DONE]", " [DONE] ", #""[DONE]""#])
  func theEndIsTheEnd(data: String) throws {
    #expect(try OrqResponseEvent.decode(Array(data.utf8)) == .done)
    #expect(try OrqAgentEvent.decode(Array(data.utf8)) == .done)
  }

  /// As servers of 3.x may write it, for clients that take nothing else (contract §4.3).
  @Test func anEventInAStringIsAnEvent() throws {
    let golden = try #require(try AgentEventTests.goldens().first)
    let quoted = JSONFragment(.string(golden.json))
    #expect(try OrqAgentEvent.decode(quoted.bytes) == .event(golden.event))
  }

  /// As a server leaves it behind that cuts its texts by UTF-16.
  @Test(arguments: [false, true]) func halfOfAPairIsMended(isQuoted: Bool) throws {
    let json = #"{"type":"part.delta","timestamp":"t","data":{"partId":"p","delta":{"kind":"text","text":"a\ud83d"}}}"#
    let data = isQuoted ? JSONFragment(.string(json)).bytes : Array(json.utf8)
    guard case .event(let event) = try OrqResponseEvent.decode(data), case .partDelta(let delta) = event.payload,
      case .text(let text) = delta.delta.content
    else { throw OrqFault("", "no piece of text") }
    #expect(text.string == "a\u{FFFD}")
  }

  @Test(arguments: [
    #"{"type":"event.agents.dreaming","timestamp":"t","data":{"depth":3}}"#, #"{"type":"","data":{}}"#,
    #"{"type":"part.deltas","timestamp":"t","data":{}}"#, #"{"type":"part.dreamt","timestamp":"t","data":null}"#,
    #"{"type":"part.dreamt","timestamp":null,"data":[1]}"#, #"{"type":"part.dreamt"}"#,
  ])
  func unknownTypesAreNamedAndPassedOver(json: String) throws {
    let type = try #require(try JSONValue.parse(Array(json.utf8))["type"]?.string)
    #expect(try OrqAgentEvent.decode(Array(json.utf8)) == .unknown(type: type))
    #expect(try OrqResponseEvent.decode(Array(json.utf8)) == .unknown(type: type))
  }

  /// The families do not mix: each stream has one of them.
  @Test func eventsOfTheOtherFamilyAreUnknown() throws {
    for golden in try ResponseEventTests.goldens() {
      #expect(try OrqAgentEvent.decode(Array(golden.json.utf8)) == .unknown(type: "\(golden.event.type)"))
    }
    for golden in try AgentEventTests.goldens() {
      #expect(try OrqResponseEvent.decode(Array(golden.json.utf8)) == .unknown(type: "\(golden.event.type)"))
    }
  }

  @Test(arguments: [
    ("", ""), ("[DONE", ""), ("null", ""), ("[]", ""), ("1", ""), (#""x""#, ""), ("{}", "type"),
    (#"{"type":1}"#, "type"), (#"{"type":"response.done","timestamp":"t"}"#, "data"),
    (#"{"type":"response.done","timestamp":"t","data":[]}"#, "data"),
    (#"{"type":"response.done","data":{"finishReason":"stop"}}"#, "timestamp"),
    (#"{"type":"response.done","timestamp":1,"data":{"finishReason":"stop"}}"#, "timestamp"),
    (#"{"type":"response.failed","timestamp":"t","data":{"error":"e","code":"500"}}"#, "data.code"),
    (#"{"type":"response.failed","timestamp":"t","data":{"error":"e","code":1.5}}"#, "data.code"),
    (#"{"type":"part.delta","timestamp":"t","data":{"partId":"","delta":{"kind":"text","text":""}}}"#, "data.partId"),
    (#"{"type":"part.delta","timestamp":"t","data":{"partId":"p","delta":{"kind":"text"}}}"#, "data.delta.text"),
  ])
  func faultyEventsAreRefused(json: String, field: String) {
    let fault = #expect(throws: OrqFault.self) { try OrqResponseEvent.decode(Array(json.utf8)) }
    #expect(fault?.violations.map(\.field) == [field])
  }

  // MARK: Orders

  /// The order of events that the contract gives for a run, and how it may end (§4.4).
  @Test(arguments: [
    [
      "agents.execution_started", "event.agents.started", "event.agents.message-created", "event.agents.thought",
      "event.workflow_events.tool_execution_started", "event.workflow_events.tool_execution_finished",
      "event.agents.thought", "event.agents.execution_named", "event.agents.inactive",
    ],
    [
      "agents.execution_started", "event.agents.started", "event.workflow_events.tool_execution_started",
      "event.workflow_events.tool_execution_failed", "event.agents.handed_off", "event.agents.errored",
    ],
    [
      "agents.execution_started", "event.agents.started", "event.agents.action_review_requested",
      "event.agents.execution_review_required", "event.agents.execution_reviewed", "event.agents.action_reviewed",
      "event.agents.inactive",
    ],
    ["agents.execution_started", "agents.timeout"], ["agents.error"],
  ])
  func runsAreReadInTheirOrder(types: [String]) throws {
    let goldens = try AgentEventTests.goldens()
    let events = try types.map { type in try #require(goldens.first { "\($0.event.type)" == type }).event }
    try expectOrder(events)
    #expect(events.map(\.isLast) == types.indices.map { $0 == types.count - 1 })
  }

  /// The same for a streamed response (§4.5).
  @Test(arguments: [
    ["response.started", "part.delta", "part.delta", "part.done", "response.done"],
    [
      "response.started", "tool.started", "tool.done", "tool.started", "tool.failed", "part.delta", "part.done",
      "response.done",
    ],
    ["response.started", "tool.review.requested", "tool.review.done", "response.done"], ["response.failed"],
  ])
  func responsesAreReadInTheirOrder(types: [String]) throws {
    let goldens = try ResponseEventTests.goldens()
    let events = try types.map { type in try #require(goldens.first { "\($0.event.type)" == type }).event }
    try expectOrder(events)
    #expect(events.map(\.isLast) == types.indices.map { $0 == types.count - 1 })
  }

  private func expectOrder<Event: OrqEvent>(_ events: [Event]) throws {
    var bytes: [UInt8] = []
    for event in events { event.write(into: &bytes) }
    OrqStream.writeEnd(into: &bytes)
    var items: [OrqStreamItem<Event>] = []
    var decoder = SSEDecoder()
    // In small pieces: frames do not end where reads do.
    for start in stride(from: 0, to: bytes.count, by: 7) {
      try decoder.feed(Array(bytes[start..<min(start + 7, bytes.count)])) {
        items.append(try Event.decode($0.data))
      }
    }
    #expect(items == events.map { .event($0) } + [.done])
  }
}
