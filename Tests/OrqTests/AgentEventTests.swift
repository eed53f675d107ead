import JSON
import Testing

@testable import Orq

/// The 17 events of `stream-run` and `stream-task` (contract §4.4). The SDKs 4.8.15 and 4.17.13 read these texts.
struct AgentEventTests {
  typealias Golden = GoldenEvent<OrqAgentEvent>

  static let context = OrqAgentEvent.ToolContext(
    actionID: "act", toolCallID: "call", agentExecutionID: "01T", manifestID: "man", workspaceID: "ws")
  static let contextJSON =
    #"{"action_id":"act","agent_tool_call_id":"call","agent_execution_id":"01T","agent_manifest_id":"man","workspace_id":"ws","product":"agents"}"#
  static let tool = OrqTool(
    id: "01JKG6QJ5FGHCWA7RVMMZB82QY", actionType: "current_date", key: "date", displayName: "Current date",
    description: "Says the date", requiresApproval: true)
  static let toolJSON =
    #"{"id":"01JKG6QJ5FGHCWA7RVMMZB82QY","action_type":"current_date","key":"date","display_name":"Current date","description":"Says the date","requires_approval":true}"#

  private static func golden(
    _ payload: OrqAgentEvent.Payload, _ data: String, required: [String], drifting: [String] = []
  ) -> Golden {
    Golden(
      event: OrqAgentEvent(payload, timestamp: Golden.timestamp), data: data, required: required, drifting: drifting)
  }

  static func goldens() throws -> [Golden] { try runs() + answers() + reviews() + tools() }

  private static func runs() throws -> [Golden] {
    [
      golden(
        .executionStarted(.init(taskID: "01T", workspaceID: "ws", traceID: "tr")),
        #"{"agent_task_id":"01T","workspace_id":"ws","trace_id":"tr"}"#, required: ["agent_task_id"],
        drifting: ["workspace_id", "trace_id"]),
      golden(
        .started(
          .init(
            inputMessage: OrqMessage(role: .user, parts: [.text("hello")], metadata: try fragment("{}")),
            modelID: "0707a18f", instructions: "Be helpful", systemPrompt: #"line\nbreak"#, manifestID: "man",
            agentKey: "a1", workflowRunID: "wf", settings: try fragment(#"{"max_iterations":5}"#),
            agentDescription: "Helps", variables: try fragment(#"{"a":1.50}"#), isContinuation: false, stream: true,
            responseID: "resp")),
        #"""
        {
          "inputMessage": {"role": "user", "parts": [{"kind": "text", "text": "hello"}], "metadata": {}},
          "modelId": "0707a18f", "instructions": "Be helpful", "system_prompt": "line\\nbreak",
          "agent_manifest_id": "man", "agent_key": "a1", "workflowRunId": "wf", "settings": {"max_iterations": 5},
          "agent_description": "Helps", "variables": {"a": 1.50}, "is_continuation": false, "stream": true,
          "responseId": "resp"
        }
        """#,
        required: ["inputMessage", "modelId", "instructions", "system_prompt", "agent_manifest_id", "agent_key"],
        drifting: ["workflowRunId"]),
      golden(
        .executionNamed(.init(name: "A fine day", manifestID: "man")),
        #"{"name":"A fine day","agent_manifest_id":"man"}"#, required: ["name", "agent_manifest_id"]),
      golden(
        .handedOff(.init(agentID: "01B", input: "go on")), #"{"agent_id":"01B","input":"go on"}"#,
        required: ["agent_id", "input"]),
      golden(.executionReviewRequired, "{}", required: []), golden(.executionReviewed, "{}", required: []),
    ]
  }

  private static func answers() throws -> [Golden] {
    [
      golden(
        .thought(
          .init(
            agentID: "01A",
            messageDifference: [
              .init(
                key: "3", message: OrqMessage(messageID: "m3", role: .agent, parts: [.text("I look it up")]),
                agentID: "01A", agentExecutionID: "01T", workspaceID: "ws")
            ], iteration: 2, accumulatedExecutionTime: try #require(JSONNumber(text: "1234.50")),
            choice: try fragment(
              #"{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"I look it up"}}"#),
            choiceIndex: 0, usage: OrqUsage(promptTokens: 10, completionTokens: 5), responseID: "resp")),
        #"""
        {
          "agent_id": "01A",
          "message_difference": {
            "3": {
              "messageId": "m3", "role": "agent", "parts": [{"kind": "text", "text": "I look it up"}],
              "agent_id": "01A", "agent_execution_id": "01T", "workspace_id": "ws"
            }
          },
          "iteration": 2, "accumulated_execution_time": 1234.50,
          "choice": {"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": "I look it up"}},
          "choiceIndex": 0, "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
          "responseId": "resp"
        }
        """#, required: ["agent_id", "message_difference", "iteration", "accumulated_execution_time"]),
      golden(
        .inactive(
          .init(
            lastMessage: "It is Tuesday.", finishReason: .functionCall, workflowRunID: "wf",
            lastMessageFull: OrqMessage(messageID: "m4", role: .agent, parts: [.text("It is Tuesday.")]),
            pendingToolCalls: [OrqPendingToolCall(id: "call_1", name: "ask", arguments: #"{"q":1}"#)],
            usage: OrqUsage(promptTokens: 10, completionTokens: 5),
            billing: try fragment(
              #"{"total_cost":0.0012,"input_cost":0.001,"output_cost":2e-4,"billable":true,"integration_id":null}"#),
            responseID: "resp")),
        #"""
        {
          "last_message": "It is Tuesday.", "finish_reason": "function_call", "workflowRunId": "wf",
          "last_message_full": {
            "messageId": "m4", "role": "agent", "parts": [{"kind": "text", "text": "It is Tuesday."}]
          },
          "pending_tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "ask", "arguments": "{\"q\":1}"}}
          ],
          "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
          "billing": {
            "total_cost": 0.0012, "input_cost": 0.001, "output_cost": 2e-4, "billable": true, "integration_id": null
          },
          "responseId": "resp"
        }
        """#, required: ["last_message", "finish_reason"], drifting: ["workflowRunId"]),
      golden(
        .errored(.init(error: "no credit", code: 402, workflowRunID: "wf", responseID: "resp")),
        #"{"error":"no credit","code":402,"workflowRunId":"wf","responseId":"resp"}"#, required: ["error", "code"],
        drifting: ["workflowRunId"]),
      golden(
        .messageCreated(
          .init(
            messages: [
              OrqMessage(messageID: "m1", role: .user, parts: [.text("hi")]),
              OrqMessage(role: .tool, parts: [OrqPart(.toolResult(toolCallID: "c", result: try fragment("[1]")))]),
            ], workflowRunID: "wf", spanID: "sp", parentID: "pa")),
        #"""
        {
          "message": [
            {"messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "hi"}]},
            {"role": "tool", "parts": [{"kind": "tool_result", "tool_call_id": "c", "result": [1]}]}
          ],
          "workflowRunId": "wf", "spanId": "sp", "parentId": "pa"
        }
        """#, required: ["message"], drifting: ["workflowRunId", "spanId", "parentId"]),
      golden(.timeout(.init(message: "too long")), #"{"message":"too long"}"#, required: ["message"]),
      golden(
        .failed(.init(error: "gone", code: "internal_error")), #"{"error":"gone","code":"internal_error"}"#,
        required: ["error", "code"]),
    ]
  }

  private static func reviews() throws -> [Golden] {
    [
      golden(
        .actionReviewRequested(
          .init(
            agentID: "01A", actionID: "act", requiresApproval: true, tool: tool, input: try fragment(#"{"n":1}"#),
            toolCallID: "call", responseID: "resp")),
        #"""
        {
          "agent_id": "01A", "action_id": "act", "requires_approval": true, "tool": \#(toolJSON), "input": {"n": 1},
          "agent_tool_call_id": "call", "responseId": "resp"
        }
        """#, required: ["agent_id", "action_id", "requires_approval", "tool", "input", "agent_tool_call_id"]),
      golden(
        .actionReviewed(
          .init(
            agentID: "01A", actionID: "act", toolCallID: "call", review: .rejected, workflowRunID: "wf",
            mockOutput: try fragment("{}"), reviewSource: "ui", reviewedByID: "me")),
        #"""
        {
          "agent_id": "01A", "action_id": "act", "agent_tool_call_id": "call", "review": "rejected",
          "workflowRunId": "wf", "mock_output": {}, "review_source": "ui", "reviewed_by_id": "me"
        }
        """#, required: ["agent_id", "action_id", "agent_tool_call_id", "review"], drifting: ["workflowRunId"]),
    ]
  }

  private static func tools() throws -> [Golden] {
    [
      golden(
        .toolStarted(
          .init(
            toolID: "t", actionType: "current_date", arguments: try fragment(#"{"zone":"UTC"}"#), context: context,
            workflowRunID: "wf", key: "date", displayName: "Current date", description: "Says the date",
            responseID: "resp")),
        #"""
        {
          "tool_id": "t", "action_type": "current_date", "tool_arguments": {"zone": "UTC"},
          "tool_execution_context": \#(contextJSON), "workflowRunId": "wf", "tool_key": "date",
          "tool_display_name": "Current date", "tool_description": "Says the date", "responseId": "resp"
        }
        """#, required: ["tool_id", "action_type", "tool_arguments", "tool_execution_context"],
        drifting: ["workflowRunId"]),
      golden(
        .toolFinished(
          .init(
            actionType: "current_date", context: context, workflowRunID: "wf", result: try fragment("12.0"),
            responseID: "resp")),
        #"""
        {
          "action_type": "current_date", "tool_execution_context": \#(contextJSON), "workflowRunId": "wf",
          "result": 12.0, "responseId": "resp"
        }
        """#, required: ["action_type", "tool_execution_context"], drifting: ["workflowRunId"]),
      golden(
        .toolFailed(
          .init(
            error: .init("no clock", stack: "at 1"), actionType: "current_date", context: context,
            workflowRunID: "wf", responseID: "resp")),
        #"""
        {
          "error": {"message": "no clock", "stack": "at 1"}, "action_type": "current_date",
          "tool_execution_context": \#(contextJSON), "workflowRunId": "wf", "responseId": "resp"
        }
        """#, required: ["error", "action_type", "tool_execution_context"], drifting: ["workflowRunId"]),
    ]
  }

  /// Spelled as in the contract, hyphen and all.
  private static let types: Set<String> = [
    "agents.execution_started", "event.agents.started", "event.agents.thought", "event.agents.inactive",
    "event.agents.errored", "event.agents.action_review_requested", "event.agents.action_reviewed",
    "event.agents.execution_review_required", "event.agents.execution_reviewed", "event.agents.execution_named",
    "event.agents.handed_off", "event.agents.message-created", "event.workflow_events.tool_execution_started",
    "event.workflow_events.tool_execution_finished", "event.workflow_events.tool_execution_failed", "agents.timeout",
    "agents.error",
  ]

  @Test func thereAre17Types() throws {
    let types = try AgentEventTests.goldens().map { "\($0.event.type)" }
    #expect(types.count == 17)
    #expect(Set(types) == AgentEventTests.types)
  }

  @Test func everyEventIsReadAsItIsWritten() throws {
    for golden in try AgentEventTests.goldens() { try golden.expectSymmetry() }
  }

  @Test func whatEveryReleaseRequiresIsRequired() throws {
    for golden in try AgentEventTests.goldens() { try golden.expectEveryRequiredMember() }
  }

  /// The members that are not required may all be missing.
  @Test func onlyTheRequiredMembersAreEnough() throws {
    for golden in try AgentEventTests.goldens() {
      var data = try #require(try JSONValue.parse(Array(golden.data.utf8)).object)
      for name in data.names where !golden.required.contains(name) { data.removeValue(name) }
      let json = #"{"type":"\#(golden.event.type)","timestamp":"t","data":\#(text(JSONFragment(.object(data)).bytes))}"#
      guard case .event(let event) = try OrqAgentEvent.decode(Array(json.utf8)) else {
        Issue.record("\(json)")
        continue
      }
      // What is written of it can be read again, and says the same.
      #expect(try OrqAgentEvent.decode(Array(written(event).utf8)) == .event(event))
    }
  }

  @Test func fourTypesEndAStream() throws {
    let last = try AgentEventTests.goldens().filter(\.event.isLast).map { "\($0.event.type)" }
    #expect(Set(last) == ["event.agents.inactive", "event.agents.errored", "agents.timeout", "agents.error"])
  }

  @Test(arguments: [
    (#"{"role":"robot","parts":[]}"#, "data.inputMessage.role"), (#"{"role":"user"}"#, "data.inputMessage.parts"),
    (#"{"role":"user","parts":[{"text":"x"}]}"#, "data.inputMessage.parts[0].kind"),
    (#"{"role":"user","parts":[{"kind":"text"}]}"#, "data.inputMessage.parts[0].text"), ("[]", "data.inputMessage"),
  ])
  func faultsNameTheirPlace(message: String, field: String) {
    let json = #"""
      {"type":"event.agents.started","timestamp":"t","data":{"inputMessage":\#(message),"modelId":"","instructions":"",
      "system_prompt":"","agent_manifest_id":"","agent_key":""}}
      """#
    let fault = #expect(throws: OrqFault.self) { try OrqAgentEvent.decode(Array(json.utf8)) }
    #expect(fault?.violations.map(\.field) == [field])
  }

  /// The finish reasons are written as they were read, known or not.
  @Test(arguments: [
    ("stop", OrqFinishReason.stop), ("length", .length), ("tool_calls", .toolCalls),
    ("content_filter", .contentFilter), ("function_call", .functionCall), ("max_iterations", .maxIterations),
    ("max_time", .maxTime), ("tired", .other("tired")),
  ])
  func finishReasonsSurvive(name: String, reason: OrqFinishReason) {
    #expect(OrqFinishReason(name) == reason)
    #expect(reason.name == name)
  }
}
