import JSON
import Testing

@testable import Orq

/// The 10 events of `responses.create` with `stream` (contract §4.5). The SDKs 4.8.15 and 4.17.13 read these texts.
struct ResponseEventTests {
  typealias Golden = GoldenEvent<OrqResponseEvent>

  private static func golden(
    _ payload: OrqResponseEvent.Payload, _ data: String, required: [String], drifting: [String] = []
  ) -> Golden {
    Golden(
      event: OrqResponseEvent(payload, timestamp: Golden.timestamp), data: data, required: required,
      drifting: drifting)
  }

  static func goldens() throws -> [Golden] {
    [
      golden(
        .started(
          .init(
            responseID: "resp", taskID: "01T", model: "openai/gpt-4o", workflowRunID: "wf", userMessageID: "m1",
            assistantMessageID: "m2", telemetry: OrqTelemetry(traceID: "tr", spanID: "sp"))),
        #"""
        {
          "responseId": "resp", "taskId": "01T", "model": "openai/gpt-4o", "workflowRunId": "wf",
          "userMessageId": "m1", "assistantMessageId": "m2", "telemetry": {"trace_id": "tr", "span_id": "sp"}
        }
        """#, required: ["responseId", "taskId", "model"], drifting: ["workflowRunId"]),
      golden(
        .partDelta(.init(partID: "text_1", delta: .text("caf\u{e9} "))),
        #"{"partId":"text_1","delta":{"kind":"text","text":"café "}}"#, required: ["partId", "delta"]),
      golden(
        .partDone(.init(partID: "text_1", part: .text("caf\u{e9} au lait"))),
        #"{"partId":"text_1","part":{"kind":"text","text":"café au lait"}}"#, required: ["partId", "part"]),
      golden(
        .toolStarted(
          .init(toolID: "t", toolCallID: "c", arguments: try fragment(#"{"big":12345678901234567890}"#), name: "sum")),
        #"{"toolId":"t","toolCallId":"c","arguments":{"big":12345678901234567890},"toolName":"sum"}"#,
        required: ["toolId", "toolCallId", "arguments"]),
      golden(
        .toolDone(.init(toolID: "t", toolCallID: "c", result: try fragment("1.0"))),
        #"{"toolId":"t","toolCallId":"c","result":1.0}"#, required: ["toolId", "toolCallId"]),
      golden(
        .toolFailed(.init(toolID: "t", toolCallID: "c", error: "no clock")),
        #"{"toolId":"t","toolCallId":"c","error":"no clock"}"#, required: ["toolId", "toolCallId", "error"]),
      golden(
        .toolReviewRequested(
          .init(
            toolID: "t", toolCallID: "c", name: "pay", arguments: try fragment(#"{"sum":9.90}"#),
            requiresApproval: true)),
        #"{"toolId":"t","toolCallId":"c","toolName":"pay","arguments":{"sum":9.90},"requiresApproval":true}"#,
        required: ["toolId", "toolCallId", "arguments", "requiresApproval"]),
      golden(
        .toolReviewDone(.init(toolID: "t", toolCallID: "c", review: .approved)),
        #"{"toolId":"t","toolCallId":"c","review":"approved"}"#, required: ["toolId", "toolCallId", "review"]),
      golden(
        .done(
          .init(
            finishReason: .functionCall, usage: OrqUsage(promptTokens: 1, completionTokens: 2),
            pendingToolCalls: [OrqPendingToolCall(id: "call_1", name: "ask", arguments: "{}")],
            telemetry: OrqTelemetry(traceID: "tr", spanID: "sp"))),
        #"""
        {
          "finishReason": "function_call", "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
          "pendingToolCalls": [{"id": "call_1", "type": "function", "function": {"name": "ask", "arguments": "{}"}}],
          "telemetry": {"trace_id": "tr", "span_id": "sp"}
        }
        """#, required: ["finishReason"]),
      golden(
        .failed(.init(error: "no credit", code: 402)), #"{"error":"no credit","code":402}"#,
        required: ["error", "code"]),
    ]
  }

  @Test func thereAre10Types() throws {
    #expect(
      try ResponseEventTests.goldens().map { "\($0.event.type)" } == [
        "response.started", "part.delta", "part.done", "tool.started", "tool.done", "tool.failed",
        "tool.review.requested", "tool.review.done", "response.done", "response.failed",
      ])
  }

  @Test func everyEventIsReadAsItIsWritten() throws {
    for golden in try ResponseEventTests.goldens() { try golden.expectSymmetry() }
  }

  @Test func whatEveryReleaseRequiresIsRequired() throws {
    for golden in try ResponseEventTests.goldens() { try golden.expectEveryRequiredMember() }
  }

  @Test func twoTypesEndAStream() throws {
    let last = try ResponseEventTests.goldens().filter(\.event.isLast).map { "\($0.event.type)" }
    #expect(last == ["response.done", "response.failed"])
  }

  /// Every kind of part that can be streamed, in pieces and whole.
  @Test(arguments: [
    #"{"kind":"text","text":""}"#, #"{"kind":"reasoning","reasoning":"hm","signature":"s","_id":"reasoning_1"}"#,
    #"{"kind":"file","file":{"bytes":"aGVsbG8=","mimeType":"text/plain","name":"a.txt"}}"#,
    #"{"kind":"file","file":{"uri":"https://example.org/a.png"},"metadata":{"k":1.0}}"#,
    #"{"kind":"data","data":{"b":1,"a":[null]}}"#, #"{"kind":"hologram","depth":3}"#,
  ])
  func partsOfEveryKindAreStreamed(part: String) throws {
    for (type, member) in [("part.delta", "delta"), ("part.done", "part")] {
      let json = #"{"type":"\#(type)","timestamp":"t","data":{"partId":"p","\#(member)":\#(part)}}"#
      guard case .event(let event) = try OrqResponseEvent.decode(Array(json.utf8)) else {
        Issue.record("\(json)")
        continue
      }
      #expect(written(event) == json)
    }
  }
}
