import JSON
import LocalRuntime
import Model
import Orq
import TestSupport
import Testing

@testable import Gateway

// Scripts for the reader of Orq's answers: what Orq says, line by line, and what the task hears of it.

/// Feeds one reader and notes what comes out.
private struct Script {
  private(set) var reader: OrqTurnReader

  init(_ context: OrqContextState = OrqContextState(threadID: "th")) { reader = OrqTurnReader(context: context) }

  /// What the task hears of one event of `responses.create`.
  mutating func response(_ type: String, _ data: String) throws -> [String] {
    let item = try OrqResponseEvent.decode(Array(OrqSaid.json("response.\(type)", data).utf8))
    guard case .event(let event) = item else { throw RawClient.Failure("no event: \(item)") }
    return hear { $0.read(event, $1) }
  }

  /// Text is heard the same whichever way it is read.
  mutating func part(_ type: String, _ data: String) throws -> [String] {
    let json = Array(OrqSaid.json(type, data).utf8)
    let item = try OrqResponseEvent.decode(json)
    guard case .event(let event) = item else { throw RawClient.Failure("no event: \(item)") }
    var other = self
    let lines = hear { $0.read(event, $1) }
    if let delta = OrqTextDelta(json.span) {
      let told = other.hear {
        $0.read(delta, in: json.span, $1)
        $0.tellTexts($1)
      }
      #expect(told == lines)
      // What comes next is read by the one or the other.
      if lines.count % 2 == 0 { self = other }
    }
    return lines
  }

  /// What it hears at once of deltas of text, of which nobody has said yet that they are all.
  mutating func deltas(_ deltas: [(text: String, id: String)]) -> [String] {
    deltas.flatMap { delta in
      let json = Array(OrqSaid.json("part.delta", text(delta.text, delta.id)).utf8)
      guard let read = OrqTextDelta(json.span) else { return ["not read"] }
      return hear { $0.read(read, in: json.span, $1) }
    }
  }

  /// What the task hears of one event of `stream-task` or `stream-run`.
  mutating func agent(_ type: String, _ data: String) throws -> [String] {
    let item = try OrqAgentEvent.decode(Array(OrqSaid.json(type, data).utf8))
    guard case .event(let event) = item else { throw RawClient.Failure("no event: \(item)") }
    return hear { $0.read(event, $1) }
  }

  /// What it hears of a whole answer, whichever way that is read; the last line tells whether it is all.
  mutating func body(response json: String) throws -> [String] {
    let body = Array(json.utf8)
    let outcome = try OrqOutcome.decode(body)
    var other = self
    var isOver = false
    let lines = hear { isOver = $0.read(outcome, $1) } + [isOver ? "over" : "not over"]
    if let told = OrqTextAnswer(body.span) {
      #expect(other.hear { $0.read(told, in: body.span, $1) } + ["over"] == lines)
    }
    return lines
  }

  mutating func body(task json: String) throws -> [String] {
    let task = try OrqTask.decode(Array(json.utf8))
    var isOver = false
    return hear { isOver = $0.read(task, $1) } + [isOver ? "over" : "not over"]
  }

  private mutating func hear(_ read: (inout OrqTurnReader, (consuming TurnEvent) -> Void) -> Void) -> [String] {
    var lines: [String] = []
    read(&reader) { lines += $0.oneByOne.map(describe) }
    return lines
  }
}

/// The digest of a text is that of its pieces, wherever it is cut.
@Test(arguments: Seeds.take(8))
func aTextIsKnownByItsPieces(seed: UInt64) {
  var random = SeededGenerator(seed: seed)
  for _ in 0..<200 {
    let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
      ["a", "b", "é", "\n", "\""].randomElement(using: &random) ?? ""
    }
    var digest = TextDigest()
    var rest = text[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 0...20, using: &random))
      digest.add(JSONString(piece.joined()))
      rest = rest.dropFirst(piece.count)
    }
    #expect(digest == TextDigest(JSONString(text.joined())))
    #expect(digest != TextDigest(JSONString(text.joined() + "a")))
    guard let place = text.indices.randomElement(using: &random), text[place] != "c" else { continue }
    var other = text
    other[place] = "c"
    #expect(digest != TextDigest(JSONString(other.joined())))
  }
}

private func describe(_ event: TurnEvent) -> String {
  switch event {
  case .refused(let error): "refused \(error.kind)"
  case .status(let state, let message, let metadata):
    ["\(state)", texts(message?.parts ?? []), metadata.map(activity)].compactMap { $0 }.filter { !$0.isEmpty }.joined(
      separator: ": ")
  case .artifact(let artifact, let append, let last, _):
    (append ? "+" : "") + artifact.artifactID + " " + texts(artifact.parts) + (last ? "." : "")
  case .text(let artifactID, let texts): "+\(artifactID) \(JSONString(texts).string)"
  case .awaitingApproval: "awaiting approval"
  case .reply, .answered: "reply"
  case .said: "said"
  case .taskMetadata(let name, let value): "\(name) \(value.text)"
  case .backendState(let state): "remember \(state.text)"
  case .loss(let name): "loss \(name)"
  }
}

private func texts(_ parts: [Part]) -> String {
  parts.map { part in
    switch part.content {
    case .text(let text): text.string
    case .raw(let bytes): "raw \(bytes.string) \(part.mediaType?.string ?? "") \(part.filename?.string ?? "")"
    case .url(let url): "url \(url.string)"
    case .data(let data): data.text
    }
  }.joined(separator: "|")
}

private func activity(_ metadata: JSONFragment) -> String {
  let note = metadata.document.root["urn:a2a-gateway:translation:v1"]
  return ["activity", "name", "phase"].compactMap { note?.member(named: $0)?.string }.joined(separator: " ")
}

private let started = #"{"responseId":"r","taskId":"01T","model":"openai/gpt-4o"}"#
private let accepted = [#"remember {"thread":"th","task":"01T"}"#, "working"]

private func text(_ text: String, _ id: String = "text_1") -> String {
  #"{"partId":"\#(id)","delta":{"kind":"text","text":"\#(text)"}}"#
}

private func whole(_ text: String, _ id: String = "text_1") -> String {
  #"{"partId":"\#(id)","part":{"kind":"text","text":"\#(text)"}}"#
}

// MARK: The response family

@Test func aStreamedAnswerIsOneArtifactInPieces() throws {
  var script = Script()
  #expect(try script.response("started", started) == accepted)
  #expect(try script.part("part.delta", text("Hel")) == ["output-1 Hel"])
  #expect(try script.part("part.delta", text("lo")) == ["+output-1 lo"])
  #expect(try script.part("part.done", whole("Hello")) == ["+output-1 ."])
  let usage = #"{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#
  #expect(
    try script.response("done", #"{"finishReason":"stop","usage":\#(usage)}"#) == [
      "usage \(usage)", #"finish_reason "stop""#, "completed",
    ])
  #expect(script.reader.isOver)
}

@Test func eachPartOfAStreamIsAnArtifactOfItsOwn() throws {
  var script = Script()
  _ = try script.response("started", started)
  #expect(try script.part("part.delta", text("a", "text_9")) == ["output-1 a"])
  #expect(try script.part("part.delta", text("b", "text_2")) == ["output-2 b"])
  #expect(try script.part("part.delta", text("c", "text_9")) == ["+output-1 c"])
  let file = #"{"kind":"file","file":{"bytes":"aGk=","mimeType":"text/x","name":"n.x"}}"#
  #expect(try script.part("part.delta", #"{"partId":"file_1","delta":\#(file)}"#) == [])
  #expect(try script.part("part.done", #"{"partId":"file_1","part":\#(file)}"#) == ["output-3 raw aGk= text/x n.x."])
  let data = #"{"kind":"data","data":{"b":1.50,"a":12345678901234567890}}"#
  #expect(
    try script.part("part.done", #"{"partId":"data_1","part":\#(data)}"#)
      == [#"output-4 {"b":1.50,"a":12345678901234567890}."#])
  // Parts that Orq never ended end with the answer.
  #expect(
    try script.response("done", #"{"finishReason":"stop"}"#)
      == ["+output-1 .", "+output-2 .", #"finish_reason "stop""#, "completed"])
}

/// Texts that come together are told together, but never behind what came after them.
@Test func textsAreToldInTheirOrder() throws {
  var script = Script()
  _ = try script.response("started", started)
  #expect(script.deltas([("a", "1"), ("b", "1"), ("c", "1")]) == ["output-1 a"])
  #expect(
    script.deltas([("d", "1"), ("e", "2"), ("f", "2"), ("g", "1")]) == [
      "+output-1 bcd", "output-2 e", "+output-2 f",
    ])
  #expect(try script.part("part.done", whole("abcdg", "1")) == ["+output-1 g", "+output-1 ."])
  #expect(script.deltas((0..<70).map { _ in ("x", "2") }).map(\.utf8.count) == [42, 42])
  #expect(try script.response("done", #"{"finishReason":"stop"}"#).first == "+output-2 xxxxxx")
}

@Test func reasoningStaysOut() throws {
  var script = Script()
  _ = try script.response("started", started)
  let thought = #"{"kind":"reasoning","reasoning":"hm","_id":"reasoning_1"}"#
  #expect(try script.part("part.delta", #"{"partId":"reasoning_1","delta":\#(thought)}"#) == [])
  #expect(try script.part("part.done", #"{"partId":"reasoning_1","part":\#(thought)}"#) == [])
  #expect(try script.part("part.delta", text("x")) == ["output-1 x"])
}

@Test func toolsAreActivity() throws {
  var script = Script()
  _ = try script.response("started", started)
  let tool = #""toolId":"t","toolCallId":"c""#
  #expect(
    try script.part("tool.started", #"{\#(tool),"arguments":{},"toolName":"sum"}"#) == ["working: tool sum started"])
  #expect(try script.part("tool.done", #"{\#(tool),"result":"secret"}"#) == ["working: tool t done"])
  #expect(try script.part("tool.failed", #"{\#(tool),"error":"secret"}"#) == ["working: tool t failed"])
}

@Test func aReviewIsWaitedForOnce() throws {
  var script = Script()
  _ = try script.response("started", started)
  let request = #"{"toolId":"t","toolCallId":"c","toolName":"pay","arguments":{},"requiresApproval":true}"#
  #expect(try script.part("tool.review.requested", request) == ["awaiting approval"])
  #expect(try script.part("tool.review.requested", request) == [])
  let review = #"{"toolId":"t","toolCallId":"c","review":"approved"}"#
  #expect(try script.part("tool.review.done", review) == ["working"])
  #expect(try script.part("tool.review.done", review) == [])
  #expect(try script.part("tool.review.requested", request) == ["awaiting approval"])
  // The SDKs know requests that do not name the tool.
  #expect(try script.part("tool.review.done", review) == ["working"])
  let unnamed = #"{"toolId":"t","toolCallId":"c","arguments":{},"requiresApproval":true}"#
  #expect(try script.part("tool.review.requested", unnamed) == ["awaiting approval"])
  // An answer shows as well that the review is over.
  #expect(try script.part("part.delta", text("x")) == ["working", "output-1 x"])
}

@Test func pendingCallsOfFunctionsAreAQuestion() throws {
  var script = Script()
  _ = try script.response("started", started)
  let calls = """
    [{"id":"c1","type":"function","function":{"name":"sum","arguments":"{\\"b\\":1.50,\\"a\\":[12345678901234567890]}"}},
     {"id":"c2","type":"function","function":{"name":"odd","arguments":"no JSON"}}]
    """
  #expect(
    try script.response("done", #"{"finishReason":"function_call","pendingToolCalls":\#(calls)}"#) == [
      #"finish_reason "function_call""#, #"remember {"thread":"th","task":"01T","pending":["c1","c2"]}"#,
      #"inputRequired: {"tool_calls":[{"tool_call_id":"c1","name":"sum","arguments":"#
        + #"{"b":1.50,"a":[12345678901234567890]}},{"tool_call_id":"c2","name":"odd","arguments":"no JSON"}]}"#,
    ])
}

@Test func aFailureTellsNothingOfItsReason() throws {
  var script = Script()
  _ = try script.response("started", started)
  #expect(try script.response("failed", #"{"error":"secret","code":500}"#) == ["failed: The agent failed."])
  #expect(script.reader.isOver)
}

@Test(arguments: ["max_iterations", "max_time", "content_filter"])
func aStopBeforeTheEndIsAFailureOnlyWithoutOutput(_ reason: String) throws {
  var with = Script()
  _ = try with.response("started", started)
  _ = try with.part("part.done", whole("half"))
  #expect(try with.response("done", #"{"finishReason":"\#(reason)"}"#).last == "completed")
  var without = Script()
  _ = try without.response("started", started)
  _ = try without.part("part.done", whole(""))
  #expect(
    try without.response("done", #"{"finishReason":"\#(reason)"}"#).last
      == "failed: The agent stopped without an answer (\(reason)).")
}

@Test(arguments: ["stop", "length", "tool_calls", "something_new"])
func otherReasonsComplete(_ reason: String) throws {
  var script = Script()
  _ = try script.response("started", started)
  #expect(
    try script.response("done", #"{"finishReason":"\#(reason)"}"#) == [#"finish_reason "\#(reason)""#, "completed"])
}

// MARK: Repeated, reordered, late

@Test func whatComesTwiceIsHeardOnce() throws {
  var script = Script()
  _ = try script.response("started", started)
  #expect(try script.response("started", started) == [])
  _ = try script.part("part.delta", text("ab"))
  #expect(try script.part("part.done", whole("ab")) == ["+output-1 ."])
  #expect(try script.part("part.done", whole("ab")) == [])
  #expect(try script.part("part.delta", text("ab")) == [])
}

@Test func piecesThatDoNotAddUpAreReplacedByTheWhole() throws {
  var script = Script()
  _ = try script.response("started", started)
  _ = try script.part("part.delta", text("lo"))
  _ = try script.part("part.delta", text("Hel"))
  #expect(try script.part("part.done", whole("Hello")) == ["output-1 Hello."])
}

@Test func anAnswerBeforeTheStartIsHeard() throws {
  var script = Script()
  #expect(try script.part("part.delta", text("x")) == ["output-1 x"])
  #expect(try script.response("started", started) == accepted)
  #expect(try script.response("done", #"{"finishReason":"stop"}"#).last == "completed")
}

@Test func nothingIsHeardBehindTheEnd() throws {
  var script = Script()
  _ = try script.response("started", started)
  _ = try script.response("done", #"{"finishReason":"stop"}"#)
  #expect(try script.part("part.delta", text("x")) == [])
  #expect(try script.response("failed", #"{"error":"e","code":1}"#) == [])
  #expect(try script.response("started", started) == [])
  #expect(try script.body(response: completed("x")) == ["over"])
}

// MARK: The agent family

private let execution = #"{"agent_task_id":"01T","workspace_id":"w","trace_id":"t"}"#
private let toolContext =
  #"{"action_id":"a","agent_tool_call_id":"c","workspace_id":"w","agent_manifest_id":"m","agent_execution_id":"01T","product":"agents"}"#

@Test func anAgentStreamAnswersAtItsEnd() throws {
  var script = Script()
  #expect(try script.agent("agents.execution_started", execution) == accepted)
  let begun = """
    {"workflowRunId":"w","inputMessage":{"role":"user","parts":[]},"modelId":"m","instructions":"secret",
     "system_prompt":"secret","agent_manifest_id":"x","agent_key":"k"}
    """
  #expect(try script.agent("event.agents.started", begun) == [])
  #expect(try script.agent("event.agents.execution_named", #"{"name":"n","agent_manifest_id":"m"}"#) == [])
  #expect(
    try script.agent(
      "event.agents.message-created", #"{"workflowRunId":"w","spanId":"s","parentId":"p","message":[]}"#) == [])
  let thought = """
    {"agent_id":"a","message_difference":{"1":{"messageId":"m","role":"agent","parts":[{"kind":"text","text":"hm"}],
     "agent_id":"a","agent_execution_id":"01T","workspace_id":"w"}},"iteration":2,"accumulated_execution_time":1}
    """
  #expect(try script.agent("event.agents.thought", thought) == ["working: thought 2 done"])
  #expect(
    try script.agent(
      "event.workflow_events.tool_execution_started",
      #"{"tool_id":"t","action_type":"current_date","tool_arguments":{},"tool_execution_context":\#(toolContext),"workflowRunId":"w","tool_key":"date"}"#
    ) == ["working: tool date started"])
  #expect(
    try script.agent(
      "event.workflow_events.tool_execution_finished",
      #"{"action_type":"current_date","tool_execution_context":\#(toolContext),"workflowRunId":"w","result":"secret"}"#
    ) == ["working: tool current_date done"])
  #expect(
    try script.agent(
      "event.workflow_events.tool_execution_failed",
      #"{"error":{"message":"secret"},"action_type":"current_date","tool_execution_context":\#(toolContext),"workflowRunId":"w"}"#
    ) == ["working: tool current_date failed"])
  #expect(
    try script.agent("event.agents.handed_off", #"{"agent_id":"b","input":"secret"}"#)
      == ["working: agent b started"])
  let end = """
    {"last_message":"short","finish_reason":"stop","workflowRunId":"w",
     "last_message_full":{"role":"agent","parts":[{"kind":"text","text":"full"},
       {"kind":"file","file":{"uri":"https://x.example/f"}},{"kind":"tool_result","tool_call_id":"c","result":1}]},
     "usage":{"total_tokens":3},"billing":{"total_cost":0.0000010,"input_cost":0,"output_cost":0,"billable":true,
       "integration_id":null}}
    """
  let heard = try script.agent("event.agents.inactive", end)
  #expect(heard.prefix(2) == ["output-1 full.", "output-2 url https://x.example/f."])
  #expect(heard[2] == #"usage {"total_tokens":3}"#)
  #expect(heard[3].hasPrefix(#"cost {"total_cost":0.0000010,"#))
  #expect(heard.suffix(2) == [#"finish_reason "stop""#, "completed"])
}

@Test func withoutAFullMessageTheLastOneIsTheAnswer() throws {
  var script = Script()
  _ = try script.agent("agents.execution_started", execution)
  let end = #"{"last_message":"short","finish_reason":"stop","workflowRunId":"w"}"#
  #expect(try script.agent("event.agents.inactive", end).first == "output-1 short.")
}

/// A last message that says nothing to the caller does not hide the one that does.
@Test(arguments: [
  #"{"role":"agent","parts":[]}"#, #"{"role":"agent","parts":[{"kind":"text","text":""}]}"#,
  #"{"role":"agent","parts":[{"kind":"tool_call","tool_name":"n","tool_call_id":"c","arguments":{}}]}"#,
  #"{"role":"tool","parts":[{"kind":"tool_result","tool_call_id":"c","result":"secret"}]}"#,
  #"{"role":"user","parts":[{"kind":"text","text":"a question"}]}"#,
])
func aFullMessageWithoutAnAnswerHidesNone(_ full: String) throws {
  var script = Script()
  _ = try script.agent("agents.execution_started", execution)
  let end = #"{"last_message":"short","last_message_full":\#(full),"finish_reason":"stop","workflowRunId":"w"}"#
  #expect(try script.agent("event.agents.inactive", end).first == "output-1 short.")
}

@Test func anErrorAmongTheOutputIsToldWithoutItsText() throws {
  var script = Script()
  let response = """
    {"_id":"r","task_id":"01T","output":[{"messageId":"m","role":"agent","parts":[
     {"kind":"error","error":"secret","code":500},{"kind":"text","text":"x"}]}],
     "created_at":"2026-01-01T00:00:00Z","model":"m","finish_reason":"stop"}
    """
  #expect(
    try script.body(response: response) == accepted + [
      "output-1 The agent met an error..", "output-2 x.", #"finish_reason "stop""#, "completed", "over",
    ])
}

@Test(arguments: [
  ("event.agents.errored", #"{"error":"secret","code":500,"workflowRunId":"w"}"#),
  ("agents.timeout", #"{"message":"secret"}"#), ("agents.error", #"{"error":"secret","code":"x"}"#),
])
func everyFailureOfAnAgentIsFailed(_ type: String, _ data: String) throws {
  var script = Script()
  _ = try script.agent("agents.execution_started", execution)
  #expect(try script.agent(type, data) == ["failed: The agent failed."])
  #expect(script.reader.isOver)
}

@Test func bothWaysToAskForAReviewAreOneWait() throws {
  var script = Script()
  _ = try script.agent("agents.execution_started", execution)
  let request = """
    {"agent_id":"a","action_id":"x","requires_approval":true,"tool":{"id":"01JKG6QJ5FGHCWA7RVMMZB82QY",
     "action_type":"http"},"input":{},"agent_tool_call_id":"c"}
    """
  #expect(try script.agent("event.agents.action_review_requested", request) == ["awaiting approval"])
  #expect(try script.agent("event.agents.execution_review_required", "{}") == [])
  let review = #"{"agent_id":"a","action_id":"x","agent_tool_call_id":"c","review":"rejected","workflowRunId":"w"}"#
  #expect(try script.agent("event.agents.action_reviewed", review) == ["working"])
  #expect(try script.agent("event.agents.execution_reviewed", "{}") == [])
}

// MARK: Whole answers

private func completed(_ text: String, status: String = "completed") -> String {
  """
  {"_id":"r","task_id":"01T","output":[{"messageId":"m","role":"agent","parts":[{"kind":"text","text":"\(text)"}]}],
   "created_at":"2026-01-01T00:00:00Z","model":"m","finish_reason":"stop","status":"\(status)"}
  """
}

private func task(_ state: String, _ more: String = "") -> String {
  #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"\#(state)"}\#(more)}"#
}

@Test func aResponseIsWaitedForUntilItIsOver() throws {
  var script = Script()
  let running =
    #"{"_id":"r","task_id":"01T","output":[],"created_at":"2026-01-01T00:00:00Z","model":"m","status":"in_progress"}"#
  #expect(try script.body(response: running) == accepted + ["not over"])
  #expect(try script.body(response: running) == ["not over"])
  #expect(
    try script.body(response: completed("x")) == ["output-1 x.", #"finish_reason "stop""#, "completed", "over"])
}

@Test func aLookedUpAnswerRepeatsNothingThatWasStreamed() throws {
  var script = Script()
  _ = try script.response("started", started)
  _ = try script.part("part.delta", text("ab"))
  #expect(
    try script.body(response: completed("ab")) == ["+output-1 .", #"finish_reason "stop""#, "completed", "over"])
  var cut = Script()
  _ = try cut.response("started", started)
  _ = try cut.part("part.delta", text("a"))
  #expect(try cut.body(response: completed("ab")).first == "output-1 ab.")
}

@Test func onlyTheAgentsMessagesAreOutput() throws {
  var script = Script()
  let response = """
    {"_id":"r","task_id":"01T","output":[{"messageId":"t","role":"tool","parts":[{"kind":"text","text":"secret"}]},
     {"messageId":"m","role":"agent","parts":[{"kind":"tool_call","tool_name":"n","tool_call_id":"c","arguments":{}},
      {"kind":"text","text":"x"}]}],"created_at":"2026-01-01T00:00:00Z","model":"m",
     "finish_reason":"stop"}
    """
  #expect(
    try script.body(response: response) == accepted + [
      "output-1 x.", #"finish_reason "stop""#, "completed", "over",
    ])
}

@Test func aFailedResponseIsFailed() throws {
  var script = Script()
  let response = """
    {"_id":"r","task_id":"01T","output":[],"created_at":"2026-01-01T00:00:00Z","model":"m","status":"failed",
     "error":"secret"}
    """
  #expect(try script.body(response: response) == accepted + ["failed: The agent failed.", "over"])
}

@Test(arguments: ["submitted", "working", "a_new_state", "unknown"])
func aTaskThatIsNotOverIsAskedForAgain(_ state: String) throws {
  var script = Script()
  #expect(try script.body(task: task(state)) == accepted + ["not over"])
}

@Test(arguments: [
  ("failed", "failed: The agent failed."), ("canceled", "canceled: The agent's service has canceled the task."),
  ("rejected", "rejected: The agent does not take this message."),
])
func theEndsOfATask(_ state: String, _ heard: String) throws {
  var script = Script()
  #expect(try script.body(task: task(state)) == accepted + [heard, "over"])
}

@Test func aTaskIsAnsweredByItsLastMessageOfTheAgent() throws {
  for member in ["messages", "history"] {
    var script = Script()
    let messages = """
      ,"\(member)":[{"kind":"message","messageId":"1","role":"agent","parts":[{"kind":"text","text":"old"}]},
       {"kind":"message","messageId":"2","role":"user","parts":[{"kind":"text","text":"q"}]},
       {"kind":"message","messageId":"3","role":"agent","parts":[{"kind":"text","text":"new"}]},
       {"kind":"message","messageId":"4","role":"tool","parts":[]}]
      """
    #expect(
      try script.body(task: task("completed", messages)) == accepted + [
        "output-1 new.", #"finish_reason "stop""#, "completed", "over",
      ])
  }
}

@Test func aTurnWithoutAnAnswerDoesNotRepeatTheOneBefore() throws {
  var script = Script()
  let messages = """
    ,"history":[{"kind":"message","messageId":"1","role":"user","parts":[{"kind":"text","text":"q"}]},
     {"kind":"message","messageId":"2","role":"agent","parts":[{"kind":"text","text":"old"}]},
     {"kind":"message","messageId":"3","role":"user","parts":[{"kind":"text","text":"q"}]}]
    """
  #expect(
    try script.body(task: task("completed", messages)) == accepted + [#"finish_reason "stop""#, "completed", "over"])
}

@Test func aTaskThatWaitsForAFunctionAsksForIt() throws {
  var script = Script()
  let call = """
    ,"messages":[{"kind":"message","messageId":"1","role":"agent","parts":[
     {"kind":"tool_call","tool_name":"sum","tool_call_id":"c1","arguments":{"a":1.0}}]}]
    """
  #expect(
    try script.body(task: task("input-required", call)) == accepted + [
      #"finish_reason "function_call""#, #"remember {"thread":"th","task":"01T","pending":["c1"]}"#,
      #"inputRequired: {"tool_calls":[{"tool_call_id":"c1","name":"sum","arguments":{"a":1.0}}]}"#, "over",
    ])
}

@Test func aTaskThatWaitsForAnythingTakesAnyText() throws {
  var script = Script()
  #expect(try script.body(task: task("input-required")) == accepted + ["inputRequired", "over"])
}

@Test func aTaskThatWaitsForAnApprovalIsAskedForAgainAndSaysSoOnce() throws {
  var script = Script()
  #expect(try script.body(task: task("auth-required")) == accepted + ["awaiting approval", "not over"])
  #expect(try script.body(task: task("auth-required")) == ["not over"])
  #expect(try script.body(task: task("failed")) == ["failed: The agent failed.", "over"])
}

// MARK: Contexts

@Test func aContinuedTaskIsRememberedAnew() throws {
  var script = Script(OrqContextState(threadID: "th", taskID: "01T", pendingToolCalls: ["c1"]))
  #expect(!script.reader.isAccepted)
  #expect(
    try script.response("started", started) == [#"remember {"thread":"th","task":"01T","pending":["c1"]}"#, "working"])
  #expect(script.reader.isAccepted)
  #expect(
    try script.response("done", #"{"finishReason":"stop"}"#) == [
      #"finish_reason "stop""#, #"remember {"thread":"th","task":"01T"}"#, "completed",
    ])
}

@Test(arguments: [
  OrqContextState(.begun(taskID: "01A\"")), OrqContextState(threadID: "th", taskID: "01T", pendingToolCalls: ["c1"]),
  OrqContextState(threadID: "th", taskID: "01OLD", pendingToolCalls: ["c1"]),
])
func aUsualAnswerIsHeardTheSameInEveryContext(context: OrqContextState) throws {
  var script = Script(context)
  let said = #"{"_id":"r","task_id":"01T","output":[{"role":"agent","parts":[{"kind":"text","text":"so"}]}],"#
  let lines = try script.body(response: said + #""created_at":"t","model":"m","usage":{"n":1},"finish_reason":"stop"}"#)
  #expect(lines.count == (context.taskID == "01T" ? 8 : 7))
}

@Test func anotherTaskThanTheContinuedOneHasNoCallsPending() throws {
  var script = Script(OrqContextState(threadID: "th", taskID: "01OLD", pendingToolCalls: ["c1"]))
  #expect(try script.response("started", started) == accepted)
}

@Test func theStateOfAContextSurvivesItsText() {
  for state in [
    OrqContextState(threadID: "th"), OrqContextState(threadID: "th", taskID: "01T"),
    OrqContextState(threadID: "th", taskID: "01T", pendingToolCalls: ["a\"b", "ü"]),
  ] {
    #expect(OrqContextState(state.fragment) == state)
  }
  #expect(OrqContextState(JSONFragment(["x": 1])) == nil)
  #expect(OrqContextState(nil) == nil)
}
