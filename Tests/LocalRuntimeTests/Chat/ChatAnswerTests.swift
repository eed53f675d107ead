import HTTP
import JSON
import Model
import TestSupport
import Testing

@testable import LocalRuntime

/// What an answer says that arrives in the given pieces; the pieces of the text are joined.
private func events(
  _ pieces: [[UInt8]], _ contentType: String = "text/event-stream", eventBytesMax: Int = 10_000
) -> [String] {
  var answer = ChatAnswer(taskID: "T", eventBytesMax: eventBytesMax)
  var result: [String] = []
  var text: String?
  func emit(_ event: TurnEvent) {
    guard case .artifact(let artifact, _, let isLast, _) = event, case .text(let piece)? = artifact.parts.first?.content
    else { return result.append(event.text) }
    text = (text ?? "") + piece.string
    if isLast {
      result.append("said: \(text ?? "")")
      text = nil
    }
  }
  do {
    try answer.begin(contentType: MediaType(contentType), emit)
    for piece in pieces { try answer.receive(piece, emit) }
    try answer.finish(emit)
  } catch {
    if let text { result.append("said so far: \(text)") }
    result.append("\(error.kind): \(error.reason)")
  }
  return result
}

private func events(stream chunks: [String]) -> [String] {
  events([Array(chunks.map { "data: \($0)\n\n" }.joined().utf8)])
}

private func events(whole body: String) -> [String] { events([Array(body.utf8)], "application/json") }

private func delta(_ delta: String, _ reason: String = "null") -> String {
  #"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(reason)}]}"#
}

struct ChatAnswerTests {
  /// As a hosted server sends it: a role first, usage in a chunk without choices, a mark at the end.
  private static let hosted = [
    delta(#"{"role":"assistant","content":""}"#), delta(#"{"content":"Grüße"}"#), delta(#"{"content":", \"Welt\"\n"}"#),
    delta("{}", #""stop""#),
    #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12345678901234567890,"cost":0.10}}"#, "[DONE]",
  ]
  private static let hostedEvents = [
    "working", "said: Grüße, \"Welt\"\n",
    #"usage = {"prompt_tokens":9,"completion_tokens":12345678901234567890,"cost":0.10}"#, #"finish_reason = "stop""#,
    "completed",
  ]

  @Test func aStreamBecomesOneArtifactAndMetadata() {
    #expect(events(stream: Self.hosted) == Self.hostedEvents)
  }

  @Test func howTheStreamIsCutMakesNoDifference() {
    let bytes = Array(([": keep-alive\r\n\r\n"] + Self.hosted.map { "data: \($0)\r\n\r\n" }).joined().utf8)
    let verifier = DecoderVerifier { events($0) }
    #expect(verifier.whole(bytes) == Self.hostedEvents)
    #expect(verifier.disagreement(on: bytes) == nil)
  }

  @Test func aServerThatDoesNotStreamIsUnderstood() {
    let body = """
      { "id": "c", "choices": [ { "index": 0, "message": { "role": "assistant", "content": "Hello" },
        "finish_reason": "stop" } ], "usage": { "total_tokens": 3 } }
      """
    #expect(
      events(whole: body)
        == ["working", "said: Hello", #"usage = {"total_tokens":3}"#, #"finish_reason = "stop""#, "completed"])
    let verifier = DecoderVerifier { events($0, "application/json; charset=utf-8") }
    #expect(verifier.disagreement(on: Array(body.utf8)) == nil)
  }

  @Test func aStreamMayEndWithoutItsMark() {
    #expect(events(stream: [delta(#"{"content":"a"}"#, #""stop""#)]).last == "completed")
    // And with the mark, without a reason.
    #expect(events(stream: [delta(#"{"content":"a"}"#), "[DONE]"]) == ["working", "said: a", "completed"])
  }

  @Test func nothingCountsBehindTheMark() {
    #expect(
      events(stream: [delta(#"{"content":"a"}"#, #""stop""#), "[DONE]", delta(#"{"content":"b"}"#), "garbage"]).count
        == 4)
  }

  @Test func reasoningAndOtherChoicesAreLeftOut() {
    #expect(
      events(stream: [
        delta(#"{"reasoning_content":"hm","reasoning":"hm"}"#),
        #"{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"this"}}]}"#,
        delta(#"{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":" one"}]}"#),
        delta("{}", #""stop""#),
      ])[1] == "said: this one")
  }

  @Test func aModelThatDeclinesIsHeard() {
    #expect(events(stream: [delta(#"{"refusal":"I cannot."}"#, #""stop""#)])[1] == "said: I cannot.")
  }

  @Test(arguments: ["length", "content_filter"])
  func anAnswerThatIsCutIsCompleteWithOutputAndAFailureWithout(_ reason: String) {
    let end = "\"\(reason)\""
    #expect(events(stream: [delta(#"{"content":"a"}"#), delta("{}", end)]).last == "completed")
    #expect(
      events(stream: [delta("{}", end)])
        == ["working", "finish_reason = \(end)", "failed: The agent gave no answer."])
  }

  // MARK: Tool calls

  private static let question =
    #"inputRequired: {"tool_calls":[{"tool_call_id":"c1","name":"look_up","arguments":{"n":1.50,"q":"a b"}}]}"#

  @Test func toolCallsInPiecesBecomeAQuestion() {
    #expect(
      events(stream: [
        delta(#"{"content":"Let me see."}"#),
        delta(
          #"{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"look_up","arguments":""}}]}"#),
        delta(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"n\":1.50,"}}]}"#),
        delta(#"{"tool_calls":[{"index":0,"function":{"arguments":"\"q\":\"a b\"}"}}]}"#),
        delta("{}", #""tool_calls""#), "[DONE]",
      ]) == [
        "working", "said: Let me see.", #"finish_reason = "tool_calls""#,
        #"state = {"task":"T","tool_calls":[{"id":"c1","type":"function","function":{"name":"look_up","arguments":"{\"n\":1.50,\"q\":\"a b\"}"}}]}"#,
        Self.question,
      ])
  }

  @Test func toolCallsOfAWholeAnswerBecomeAQuestion() {
    let body = #"""
      {"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[
        {"id":"c1","type":"function","function":{"name":"look_up","arguments":"{\"n\":1.50,\"q\":\"a b\"}"}}]},
        "finish_reason":"tool_calls"}]}
      """#
    #expect(events(whole: body).last == Self.question)
  }

  /// Two calls, numbered 0 both; sent whole, without numbers; without ids; with arguments as an object.
  @Test(arguments: [
    #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    #"{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    #"{"id":"a","function":{"name":"f","arguments":{}}},{"id":"b","function":{"name":"g","arguments":null}}"#,
  ])
  func serversDifferInHowTheySendCalls(_ calls: String) {
    #expect(
      events(stream: [delta("{\"tool_calls\":[\(calls)]}", #""stop""#)]).last
        == #"inputRequired: {"tool_calls":[{"tool_call_id":"a","name":"f","arguments":{}},{"tool_call_id":"b","name":"g","arguments":{}}]}"#
    )
  }

  @Test func callsWithoutIdsGetSome() {
    let calls = #"{"function":{"name":"f","arguments":"1"}},{"id":"","function":{"name":"g","arguments":"{"}}"#
    #expect(
      events(stream: [delta("{\"tool_calls\":[\(calls)]}", #""tool_calls""#)]).last
        == #"inputRequired: {"tool_calls":[{"tool_call_id":"call_1","name":"f","arguments":1},{"tool_call_id":"call_2","name":"g","arguments":"{"}]}"#
    )
  }

  @Test func whatOnlyTheServerKnowsIsRemembered() throws {
    var collector = ToolCallCollector(bytesMax: 1000)
    let node = try JSONDocument.parse(
      Array(#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"signature":"x=="}}"#.utf8))
    try collector.take(node.root)
    let pending = PendingCalls(taskID: "T", calls: try collector.finish())
    #expect(PendingCalls(pending.fragment) == pending)
    #expect(
      pending.calls[0].others == ["extra_content": try JSONFragment.parse(Array(#"{"signature":"x=="}"#.utf8))])
  }

  // MARK: Faults

  @Test(arguments: [
    (["{\"choices\":"], "notUnderstood: a chunk is not JSON"),
    (["[]"], "notUnderstood: a chunk is no JSON object"),
    (["[DONE]"], "notUnderstood: the stream held no answer"),
    ([delta(#"{"content":"a"}"#)], "brokeOff: the stream ended before the answer did"),
    ([], "brokeOff: the stream ended before the answer did"),
    ([#"{"error":{"message":"out of memory","code":500}}"#], "reported: the server says: out of memory"),
    ([#"{"error":"model not loaded"}"#], "reported: the server says: \"model not loaded\""),
    (
      [delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]}"#, #""tool_calls""#)],
      "notUnderstood: a tool call without a name"
    ),
  ])
  func brokenStreamsAreFaults(_ chunks: [String], _ fault: String) {
    #expect(events(stream: chunks).last?.hasPrefix(fault) == true)
  }

  @Test(arguments: [
    ("", "notUnderstood: a chunk is not JSON"), ("{}", "notUnderstood: there is no choice"),
    (#"{"choices":[]}"#, "notUnderstood: there is no choice"),
    (#"{"error":{"message":"no such model"}}"#, "reported: the server says: no such model"),
  ])
  func brokenObjectsAreFaults(_ body: String, _ fault: String) {
    #expect(events(whole: body).last?.hasPrefix(fault) == true)
  }

  @Test func onlyTheseTwoMediaTypesAreAnswers() {
    #expect(events([], "text/html") == ["notUnderstood: the answer's media type is text/html"])
    #expect(events([], "") == ["notUnderstood: the answer has no media type"])
  }

  @Test func everythingIsBounded() {
    let long = Array(repeating: UInt8(ascii: "x"), count: 101)
    #expect(events([long], eventBytesMax: 100).last == "tooLong: a chunk is longer than is allowed")
    #expect(
      events([long], "application/json", eventBytesMax: 100).last == "tooLong: the answer is longer than is allowed")
    let call = delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"0123456789"}}]}"#)
    let calls = Array(repeating: "data: \(call)\n\n", count: 40).joined()
    #expect(events([Array(calls.utf8)], eventBytesMax: 300).last == "tooLong: longer tool calls than are allowed")
    let many = (0...ToolCallCollector.callsMax).map { #"{"id":"\#($0)","function":{"name":"f"}}"# }
    #expect(
      events(stream: [delta("{\"tool_calls\":[\(many.joined(separator: ","))]}")]).last
        == "tooLong: more or longer tool calls than are allowed")
  }
}
