import JSON
import Model
import Orq
import Testing

@testable import Gateway

/// The bytes of both families, entry by entry of a journal (contract §4.3 to §4.5).
struct OrqProjectionTests {
  private static let time = Timestamp(milliseconds: 1_767_225_600_000)

  private static let subject = OrqStreamSubject(
    agentKey: "notes", conversationID: "C1", turnID: "T1",
    message: OrqMessage(messageID: "m1", role: .user, parts: [.text("hi")]), isContinuation: false, traceID: "r1")

  private static func responses() -> OrqResponseProjection {
    var count = 0
    return OrqResponseProjection(subject) {
      count += 1
      return "\(count)"
    }
  }

  private static func agent() -> OrqAgentProjection { OrqAgentProjection(subject, startedAt: time) }

  /// What a projection writes for these entries; an interruption or an end is its last.
  private static func told(_ projection: some OrqProjection, _ events: [TurnEvent]) -> [String] {
    var projection = projection
    var output: [UInt8] = []
    projection.begin(at: time, into: &output)
    let later = Timestamp(milliseconds: time.milliseconds + 250)
    for event in events {
      switch event {
      case .artifact(let artifact, let append, let lastChunk, _):
        projection.artifact(artifact, append: append, lastChunk: lastChunk, at: later, into: &output)
      case .text(let artifactID, let texts):
        let artifact = Artifact(artifactID: artifactID, parts: [Part(.text(JSONString(texts)))])
        projection.artifact(artifact, append: true, lastChunk: false, at: later, into: &output)
      case .taskMetadata(let name, let value): projection.metadata(name, value, at: later)
      case .status(let state, let said, let metadata):
        let message = said.map { Message(messageID: "s1", role: .agent, parts: $0.parts) }
        if event.endsTurn {
          projection.end(TaskStatus(state, message: message), at: later, into: &output)
        } else {
          projection.progress(TaskStatus(state, message: message), metadata: metadata, at: later, into: &output)
        }
      case .awaitingApproval:
        projection.progress(TaskStatus(.authRequired), metadata: nil, at: later, into: &output)
      case .refused, .reply, .said, .backendState, .loss, .answered: break
      }
    }
    #expect(projection.eventCount == output.split(separator: UInt8(ascii: "\n")).count)
    return String(decoding: output, as: UTF8.self).split(separator: "\n\n").map(String.init)
  }

  private static func line(_ type: String, _ data: String, late: Bool = true) -> String {
    let time = late ? "2026-01-01T00:00:00.250Z" : "2026-01-01T00:00:00.000Z"
    return #"data:  {"type":"\#(type)","timestamp":"\#(time)","data":{\#(data)}}"#
  }

  private static let responseStarted = line(
    "response.started",
    #""responseId":"resp_T1","taskId":"C1","model":"agent/notes","workflowRunId":"T1","userMessageId":"m1""#,
    late: false)

  private static let agentStarted = [
    line(
      "agents.execution_started",
      #""agent_task_id":"C1","workspace_id":"a2a-gateway","trace_id":"r1","agent_manifest_id":"notes","#
        + #""agent_key":"notes""#, late: false),
    line(
      "event.agents.started",
      #""inputMessage":{"messageId":"m1","role":"user","parts":[{"kind":"text","text":"hi"}]},"#
        + #""modelId":"agent/notes","instructions":"","system_prompt":"","agent_manifest_id":"notes","#
        + #""agent_key":"notes","workflowRunId":"T1","is_continuation":false,"stream":true"#, late: false),
  ]

  // MARK: The response family

  @Test func textIsToldAsItComes() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.responses(),
      [
        .status(.working), .text("Hel"), .text("lo", append: true, last: true),
        .taskMetadata(name: "usage", JSONFragment(["prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3])),
        .taskMetadata(name: "finish_reason", JSONFragment("length")), .status(.completed),
      ])
    #expect(
      lines == [
        OrqProjectionTests.responseStarted,
        OrqProjectionTests.line("part.delta", #""partId":"text_1","delta":{"kind":"text","text":"Hel"}"#),
        OrqProjectionTests.line("part.delta", #""partId":"text_1","delta":{"kind":"text","text":"lo"}"#),
        OrqProjectionTests.line("part.done", #""partId":"text_1","part":{"kind":"text","text":"Hello"}"#),
        OrqProjectionTests.line(
          "response.done",
          #""finishReason":"length","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#),
      ])
  }

  @Test func otherPartsAreToldWhenTheyAreWhole() {
    let file = Part(.raw("AQI="), mediaType: "image/png", filename: "a.png")
    let artifact = Artifact(
      artifactID: "a", parts: [.text("see"), file, Part(.data(JSONFragment(["n": 1])))])
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.responses(),
      [.artifact(artifact, append: false, lastChunk: false, metadata: nil), .status(.completed)])
    #expect(
      lines.dropFirst() == [
        OrqProjectionTests.line("part.delta", #""partId":"text_1","delta":{"kind":"text","text":"see"}"#),
        OrqProjectionTests.line("part.done", #""partId":"text_1","part":{"kind":"text","text":"see"}"#),
        OrqProjectionTests.line(
          "part.done",
          #""partId":"file_2","part":{"kind":"file","file":{"bytes":"AQI=","mimeType":"image/png","name":"a.png"}}"#),
        OrqProjectionTests.line("part.done", #""partId":"data_3","part":{"kind":"data","data":{"n":1}}"#),
        OrqProjectionTests.line("response.done", #""finishReason":"stop""#),
      ])
  }

  @Test func artifactsMayComeInTurns() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.responses(),
      [
        .text("a", id: "1"), .text("x", id: "2"), .text("b", id: "1", append: true), .text("y", id: "2", append: true),
        .status(.completed),
      ])
    #expect(
      lines.suffix(3) == [
        OrqProjectionTests.line("part.done", #""partId":"text_1","part":{"kind":"text","text":"ab"}"#),
        OrqProjectionTests.line("part.done", #""partId":"text_2","part":{"kind":"text","text":"xy"}"#),
        OrqProjectionTests.line("response.done", #""finishReason":"stop""#),
      ])
  }

  @Test func anArtifactThatIsReplacedIsToldAnewAndCountedAsALoss() {
    var projection = OrqProjectionTests.responses()
    var output: [UInt8] = []
    for text in ["old", "new"] {
      projection.artifact(
        Artifact(artifactID: "a", parts: [.text(text)]), append: false, lastChunk: false, at: OrqProjectionTests.time,
        into: &output)
    }
    #expect(projection.losses == .artifactReplaced)
    #expect(
      String(decoding: output, as: UTF8.self).contains(#""partId":"text_2","delta":{"kind":"text","text":"new"}"#))
  }

  @Test func progressIsReasoning() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.responses(), [.status(.working, "looking"), .status(.completed)])
    #expect(
      lines[1]
        == OrqProjectionTests.line(
          "part.done",
          #""partId":"reasoning_1","part":{"kind":"reasoning","reasoning":"looking","_id":"reasoning_1"}"#))
  }

  @Test func pendingCallsAreToldAtTheEnd() {
    let calls = Part(
      .data(
        JSONFragment([
          "tool_calls": [["tool_call_id": "c1", "name": "weather", "arguments": ["city": "Köln", "days": 3]]]
        ])))
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.responses(), [.status(.inputRequired, parts: [.text("One moment"), calls], metadata: nil)])
    #expect(
      lines.dropFirst() == [
        OrqProjectionTests.line("part.delta", #""partId":"text_1","delta":{"kind":"text","text":"One moment"}"#),
        OrqProjectionTests.line("part.done", #""partId":"text_1","part":{"kind":"text","text":"One moment"}"#),
        OrqProjectionTests.line(
          "response.done",
          #""finishReason":"function_call","pendingToolCalls":[{"id":"c1","type":"function","function":"#
            + #"{"name":"weather","arguments":"{\"city\":\"Köln\",\"days\":3}"}}]"#),
      ])
  }

  @Test(arguments: [
    (TaskState.failed, "500"), (.rejected, "422"), (.canceled, "499"),
  ])
  func aFailureEndsTheResponse(_ state: TaskState, _ code: String) {
    let lines = OrqProjectionTests.told(OrqProjectionTests.responses(), [.text("half"), .status(state, "no way")])
    #expect(lines.last == OrqProjectionTests.line("response.failed", #""error":"no way","code":\#(code)"#))
  }

  @Test func anApprovalElsewhereIsAReview() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.responses(),
      [.awaitingApproval(parts: []), .awaitingApproval(parts: []), .status(.working), .status(.completed)])
    #expect(
      lines.dropFirst() == [
        OrqProjectionTests.line(
          "tool.review.requested",
          #""toolId":"approval","toolCallId":"T1","toolName":"approval","arguments":{},"requiresApproval":true"#),
        OrqProjectionTests.line("response.done", #""finishReason":"stop""#),
      ])
  }

  // MARK: The agent family

  @Test func theAnswerComesWholeAtTheEnd() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.agent(),
      [
        .status(.working), .text("Hel"), .text("lo", append: true), .text(" there", id: "b"),
        .taskMetadata(name: "usage", JSONFragment(["inputTokens": 1, "outputTokens": 2])), .status(.completed, "!"),
      ])
    #expect(
      lines == OrqProjectionTests.agentStarted + [
        OrqProjectionTests.line(
          "event.agents.inactive",
          #""last_message":"Hello there!","finish_reason":"stop","workflowRunId":"T1","last_message_full":"#
            + #"{"messageId":"T1.output","role":"agent","parts":[{"kind":"text","text":"Hello"},"#
            + #"{"kind":"text","text":" there"},{"kind":"text","text":"!"}]},"#
            + #""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"responseId":"resp_T1""#)
      ])
  }

  @Test func anAnswerWithoutOutputHasNoMessage() {
    let lines = OrqProjectionTests.told(OrqProjectionTests.agent(), [.status(.completed)])
    #expect(
      lines.last
        == OrqProjectionTests.line(
          "event.agents.inactive",
          #""last_message":"","finish_reason":"stop","workflowRunId":"T1","responseId":"resp_T1""#))
  }

  @Test func progressIsAThought() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.agent(), [.status(.working, "looking"), .status(.completed)])
    #expect(
      lines[2]
        == OrqProjectionTests.line(
          "event.agents.thought",
          #""agent_id":"notes","message_difference":{"s1":{"messageId":"s1","role":"agent","#
            + #""parts":[{"kind":"text","text":"looking"}],"agent_id":"notes","agent_execution_id":"C1","#
            + #""workspace_id":"a2a-gateway"}},"iteration":1,"accumulated_execution_time":250"#))
  }

  @Test func anApprovalElsewhereIsAReviewOfTheExecution() {
    let lines = OrqProjectionTests.told(
      OrqProjectionTests.agent(),
      [.awaitingApproval(parts: []), .status(.working), .status(.completed)])
    #expect(
      lines[2...3] == [
        OrqProjectionTests.line("event.agents.execution_review_required", ""),
        OrqProjectionTests.line("event.agents.execution_reviewed", ""),
      ])
  }

  @Test func aFailureEndsTheAgent() {
    let lines = OrqProjectionTests.told(OrqProjectionTests.agent(), [.text("half"), .status(.failed)])
    #expect(
      lines.last
        == OrqProjectionTests.line(
          "event.agents.errored", #""error":"the task was not done","code":500,"workflowRunId":"T1""#))
  }

  @Test func aStreamThatBreaksSaysSo() {
    var output: [UInt8] = []
    var agent = OrqProjectionTests.agent()
    agent.fail(AgentError(.tooManyRequests, "slower"), at: OrqProjectionTests.time, into: &output)
    var response = OrqProjectionTests.responses()
    response.fail(AgentError(.tooManyRequests, "slower"), at: OrqProjectionTests.time, into: &output)
    let lines = String(decoding: output, as: UTF8.self).split(separator: "\n\n").map(String.init)
    #expect(lines[0] == OrqProjectionTests.line("agents.error", #""error":"slower","code":"429""#, late: false))
    #expect(lines[1] == OrqProjectionTests.line("response.failed", #""error":"slower","code":429"#, late: false))
  }

  /// Everything that is written is read again by the client's side of the same API.
  @Test func everyEventIsOneOfTheFamily() throws {
    let events: [TurnEvent] = [
      .status(.working, "a"), .text("x"), .awaitingApproval(parts: []), .status(.working), .status(.inputRequired, "?"),
    ]
    for line in OrqProjectionTests.told(OrqProjectionTests.agent(), events) {
      guard case .event = try OrqAgentEvent.decode(Array(line.utf8.dropFirst(6))) else {
        Issue.record("not of the agent family: \(line)")
        continue
      }
    }
    for line in OrqProjectionTests.told(OrqProjectionTests.responses(), events) {
      guard case .event = try OrqResponseEvent.decode(Array(line.utf8.dropFirst(6))) else {
        Issue.record("not of the response family: \(line)")
        continue
      }
    }
  }
}
