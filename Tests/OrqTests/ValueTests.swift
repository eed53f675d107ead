import JSON
import Testing

@testable import Orq

/// Answers of each kind, as they are written and read. The SDKs 3.13.16, 4.8.15, 4.9.30 and 4.17.13 read these texts.
struct ValueTests {
  /// A value as a text with white space at will, in the order in which it is written.
  private func expect<Value: OrqValue>(_ value: Value, _ json: String) throws {
    #expect(text(value.encoded()) == (try compact(json)))
    #expect(try Value.decode(Array(json.utf8)) == value)
  }

  /// Of a response its outcome is read.
  private func expect(_ response: OrqResponse, _ json: String) throws {
    #expect(text(response.encoded()) == (try compact(json)))
    #expect(try OrqOutcome.decode(Array(json.utf8)) == OrqOutcome(response))
  }

  // MARK: Tasks

  private static let everyPartJSON = #"""
    [
      {"kind": "text", "text": "café\n"},
      {"kind": "file", "file": {"bytes": "aGVsbG8=", "mimeType": "text/plain", "name": "a.txt"}},
      {"kind": "file", "file": {"uri": "https://example.org/a"}, "metadata": {"n": 1.0}},
      {"kind": "data", "data": {"big": 12345678901234567890}},
      {"kind": "tool_call", "tool_name": "sum", "tool_call_id": "c", "arguments": {"a": 1}, "thought_signature": "s"},
      {"kind": "tool_result", "tool_call_id": "c", "result": null},
      {"kind": "tool_result", "tool_call_id": "d"},
      {"kind": "error", "error": "no", "code": 3}
    ]
    """#

  private static func everyPart() throws -> [OrqPart] {
    [
      .text("caf\u{e9}\n"),
      OrqPart(.file(OrqFile(.bytes("aGVsbG8="), mediaType: "text/plain", name: "a.txt"))),
      OrqPart(.file(OrqFile(.uri("https://example.org/a"))), metadata: try fragment(#"{"n": 1.0}"#)),
      OrqPart(.data(try fragment(#"{"big": 12345678901234567890}"#))),
      OrqPart(
        .toolCall(OrqToolCall(id: "c", name: "sum", arguments: try fragment(#"{"a": 1}"#), thoughtSignature: "s"))),
      OrqPart(.toolResult(toolCallID: "c", result: try fragment("null"))),
      OrqPart(.toolResult(toolCallID: "d", result: nil)), OrqPart(.error("no", code: 3)),
    ]
  }

  @Test func aTaskThatWasWaitedFor() throws {
    let message = OrqMessage(messageID: "m", role: .agent, parts: [.text("hi")], taskID: "01T", contextID: "ctx")
    let value = OrqTask(
      id: "01T", contextID: "ctx", state: .inputRequired, timestamp: "2026-01-01T00:00:00Z", statusMessage: message,
      messages: [message], metadata: try fragment(#"{"orq_created_by_id":null}"#))
    let json =
      #"{"kind":"message","messageId":"m","role":"agent","parts":[{"kind":"text","text":"hi"}],"taskId":"01T","contextId":"ctx"}"#
    try expect(
      value,
      #"{"id":"01T","contextId":"ctx","kind":"task","status":{"state":"input-required","timestamp":"2026-01-01T00:00:00Z","message":\#(json)},"messages":[\#(json)],"metadata":{"orq_created_by_id":null}}"#
    )
  }

  @Test func aTaskWithEveryKindOfPart() throws {
    let history = OrqMessage(
      messageID: "m", role: .system,
      parts: try ValueTests.everyPart().map { part in
        var part = part
        part.metadata = try part.metadata.map { try fragment(text($0.bytes).replacing(" ", with: "")) }
        return part
      })
    let value = OrqTask(
      id: "01T", contextID: "ctx", state: .completed, history: [history], artifacts: try fragment("[1,{}]"))
    #expect(
      try canonical(text(value.encoded()))
        == canonical(
          #"{"id":"01T","contextId":"ctx","kind":"task","status":{"state":"completed"},"history":[{"kind":"message","messageId":"m","role":"system","parts":\#(ValueTests.everyPartJSON)}],"artifacts":[1,{}]}"#
        ))
    #expect(try OrqTask.decode(value.encoded()) == value)
  }

  @Test(arguments: OrqTask.State.allCases)
  func statesAreReadAndWritten(state: OrqTask.State) throws {
    try expect(
      OrqTask(id: "01T", contextID: "", state: state),
      #"{"id":"01T","contextId":"","kind":"task","status":{"state":"\#(state.rawValue)"}}"#)
  }

  /// `retrieve_task` declares any string (contract §3.11).
  @Test func aStateOfTheFutureIsUnknown() throws {
    let json = #"{"id":"01T","contextId":"c","kind":"task","status":{"state":"dreaming"},"history":[]}"#
    let task = try OrqTask.decode(Array(json.utf8))
    #expect(task.state == .unknown)
    #expect(task.history == [] && task.messages == nil)
  }

  @Test func faultyTasksAreRefused() {
    #expect(faults(OrqTask.self, "{}") == ["id", "contextId", "status"])
    #expect(faults(OrqTask.self, #"{"id":"","contextId":"","status":{}}"#) == ["id", "status.state"])
    #expect(
      faults(OrqTask.self, #"{"id":"1","contextId":"","status":{"state":"failed"},"messages":{}}"#) == ["messages"])
  }

  /// Nothing that a server says is too long or too many: the body's size is the bound.
  @Test func boundsDoNotHoldForServers() throws {
    let parts = Array(repeating: #"{"kind":"text","text":""}"#, count: 1000).joined(separator: ",")
    let id = String(repeating: "x", count: 1000)
    let json =
      #"{"id":"\#(id)","contextId":"c","status":{"state":"failed","message":{"role":"agent","parts":[\#(parts)]}}}"#
    let task = try OrqTask.decode(Array(json.utf8))
    #expect(task.id == id)
    #expect(task.statusMessage?.parts.count == 1000)
  }

  // MARK: Responses

  private static let response = OrqResponse(
    id: "resp_1", taskID: "01T",
    output: [OrqMessage(messageID: "m", role: .agent, parts: [.text("hi")])], createdAt: "2026-01-01T00:00:00Z",
    model: "openai/gpt-4o", usage: OrqUsage(promptTokens: 4, completionTokens: 3), finishReason: .functionCall,
    pendingToolCalls: [OrqPendingToolCall(id: "c", name: "sum", arguments: #"{"a":1}"#)],
    telemetry: OrqTelemetry(traceID: "tr", spanID: "sp"))
  private static let responseMembers =
    #""_id":"resp_1","task_id":"01T","output":[{"messageId":"m","role":"agent","parts":[{"kind":"text","text":"hi"}]}],"created_at":"2026-01-01T00:00:00Z","model":"openai/gpt-4o","usage":{"prompt_tokens":4,"completion_tokens":3,"total_tokens":7},"finish_reason":"function_call","pending_tool_calls":[{"id":"c","type":"function","function":{"name":"sum","arguments":"{\"a\":1}"}}],"telemetry":{"trace_id":"tr","span_id":"sp"}"#

  @Test func aResponseThatWasCreated() throws {
    try expect(ValueTests.response, "{\(ValueTests.responseMembers)}")
  }

  @Test func aResponseThatWasGot() throws {
    var value = ValueTests.response
    value.status = .failed
    value.error = "no credit"
    try expect(value, #"{\#(ValueTests.responseMembers),"status":"failed","error":"no credit"}"#)
  }

  @Test func aResponseThatRuns() throws {
    let json =
      #"{"_id":"resp_1","task_id":"01T","output":[],"created_at":"t","model":"m","usage":null,"status":"in_progress"}"#
    #expect(
      try OrqOutcome.decode(Array(json.utf8))
        == OrqOutcome(
          OrqResponse(id: "resp_1", taskID: "01T", output: [], createdAt: "t", model: "m", status: .inProgress)))
  }

  @Test func theOutcomeIsWhatTheAgentSays() throws {
    func message(_ role: OrqMessage.Role, _ text: JSONString) -> OrqMessage {
      OrqMessage(messageID: "m", role: role, parts: [.text(text)])
    }
    var response = ValueTests.response
    response.output = [message(.agent, "a"), message(.tool, "b"), message(.user, "c"), message(.agent, "d")]
    let outcome = try OrqOutcome.decode(response.encoded())
    #expect(outcome.parts == [.text("a"), .text("d")])
    #expect(outcome == OrqOutcome(response))
  }

  @Test func faultyResponsesAreRefused() {
    #expect(faults(OrqOutcome.self, "{}") == ["_id", "task_id", "output", "created_at", "model"])
    #expect(
      faults(OrqOutcome.self, #"{"_id":"r","task_id":"","output":[],"created_at":"t","model":"m","status":"asleep"}"#)
        == ["task_id", "status"])
    #expect(
      faults(
        OrqOutcome.self,
        #"{"_id":"r","task_id":"t","output":[],"created_at":"t","model":"m","pending_tool_calls":[{"id":"c"}]}"#)
        == ["pending_tool_calls[0].function"])
    let rest = #""_id":"r","task_id":"t","created_at":"t","model":"m""#
    #expect(faults(OrqOutcome.self, #"{\#(rest),"output":{}}"#) == ["output"])
    #expect(
      faults(OrqOutcome.self, #"{\#(rest),"output":[1,{}]}"#) == ["output[0]", "output[1].role", "output[1].parts"])
    #expect(
      faults(
        OrqOutcome.self,
        #"{\#(rest),"output":[{"messageId":1,"role":"x","parts":[{"kind":"text"},{}],"taskId":{},"contextId":[],"metadata":1}]}"#
      ) == [
        "output[0].messageId", "output[0].role", "output[0].parts[0].text", "output[0].parts[1].kind",
        "output[0].taskId", "output[0].contextId", "output[0].metadata",
      ])
    let part = #"{"kind":"text","text":"t","metadata":1}"#
    #expect(
      faults(
        OrqOutcome.self, #"{\#(rest),"output":[{"messageId":"m","role":"agent","parts":[\#(part)],"metadata":1}]}"#)
        == ["output[0].parts[0].metadata", "output[0].metadata"])
    #expect(
      faults(OrqOutcome.self, #"{\#(rest),"output":[{"role":"agent","parts":[\#(part)],"taskId":1}]}"#)
        == ["output[0].parts[0].metadata", "output[0].taskId"])
    #expect(
      faults(
        OrqOutcome.self, #"{\#(rest),"output":[],"usage":1,"finish_reason":2,"telemetry":{"trace_id":3},"error":4}"#)
        == ["usage", "finish_reason", "telemetry.trace_id", "telemetry.span_id", "error"])
    #expect(
      faults(OrqOutcome.self, #"{"_id":1,"task_id":"t","output":[],"created_at":null,"model":[],"telemetry":0}"#)
        == ["_id", "created_at", "model", "telemetry"])
  }

  @Test func usageKeepsAllThatIsSaid() throws {
    let json = #"{"prompt_tokens":4.0,"completion_tokens":3,"total_tokens":7e0,"x":{"cached_tokens":1}}"#
    let usage = try OrqUsage.decode(Array(json.utf8))
    #expect(usage.promptTokens == 4 && usage.completionTokens == 3 && usage.totalTokens == 7)
    #expect(text(usage.encoded()) == json)
    #expect(try OrqUsage.decode(Array(#"{"total_tokens":"7"}"#.utf8)).totalTokens == nil)
  }

  // MARK: Agents

  private static let tool = AgentEventTests.tool

  @Test func aManifestHasWhatEverySDKRequires() throws {
    let value = OrqManifest(
      id: "01A", key: "a1", displayName: "Agent", description: "Helps", role: "Assistant", instructions: "Be helpful",
      path: "Default/agents", modelID: "0707a18f", projectID: "p", workspaceID: "w", version: "1.2.3", kind: .a2a,
      systemPrompt: "You are",
      settings: OrqSettings(
        iterationsMax: 3, executionSecondsMax: 300, toolApproval: .respectTool, tools: [ValueTests.tool]),
      memoryStores: ["s"], knowledgeBases: ["kb"], teamOfAgents: [OrqTeamMember(key: "b", role: "r")],
      skills: ["sk"],
      external: OrqExternalAgent(
        agentURL: "https://example.org/a", cardURL: "https://example.org/card",
        headers: try fragment(#"{"A":{"value":"","encrypted":true}}"#), cachedCard: try fragment(#"{"name":"x"}"#)),
      created: "c", updated: "u")
    try expect(
      value,
      #"""
      {
        "_id": "01A", "key": "a1", "display_name": "Agent", "workspace_id": "w", "project_id": "p", "status": "live",
        "type": "a2a", "path": "Default/agents", "role": "Assistant", "description": "Helps",
        "instructions": "Be helpful", "system_prompt": "You are", "model": {"id": "0707a18f"},
        "settings": {
          "max_iterations": 3, "max_execution_time": 300, "tool_approval_required": "respect_tool",
          "tools": [\#(AgentEventTests.toolJSON)]
        },
        "version": "1.2.3", "version_hash": "1.2.3", "memory_stores": ["s"],
        "knowledge_bases": [{"knowledge_id": "kb"}], "team_of_agents": [{"key": "b", "role": "r"}], "skills": ["sk"], "metrics": {"total_cost": 0},
        "a2a": {
          "agent_url": "https://example.org/a", "card_url": "https://example.org/card",
          "headers": {"A": {"value": "", "encrypted": true}}, "cached_card": {"name": "x"}
        },
        "created": "c", "updated": "u"
      }
      """#)
  }

  /// As 4.8 answers them, without the members that only other releases require, and with members that nobody knows.
  @Test func aManifestOfOneReleaseIsEnough() throws {
    let json = #"""
      {"_id":"01A","key":"a1","status":"draft","path":"p","role":"r","description":"d","instructions":"i",
      "model":{"id":"m","integration_id":null,"parameters":{"temperature":0}},"version_hash":"abc","system_prompt":null,
      "settings":{"max_iterations":100.0,"max_cost":0,"tools":[{"id":"01JKG6QJ5FGHCWA7RVMMZB82QY","action_type":
      "current_date","timeout":120}]},"type":"hologram","metrics":{"total_cost":1.5},"hidden_panels":[],"source":"internal"}
      """#
    let manifest = try OrqManifest.decode(Array(json.utf8))
    var expected = OrqManifest(
      id: "01A", key: "a1", status: "draft", description: "d", role: "r", instructions: "i", path: "p",
      modelID: "m", version: "abc",
      settings: OrqSettings(
        iterationsMax: 100, tools: [OrqTool(id: "01JKG6QJ5FGHCWA7RVMMZB82QY", actionType: "current_date")],
        costMax: JSONNumber(0)))
    expected.modelDetails.parameters = try fragment(#"{"temperature":0}"#)
    expected.source = .internal
    #expect(manifest == expected)
  }

  @Test func faultyManifestsAreRefused() {
    #expect(
      faults(OrqManifest.self, "{}") == [
        "_id", "key", "status", "description", "role", "instructions", "path", "model",
      ])
    #expect(
      faults(
        OrqManifest.self,
        #"{"_id":"1","key":"k","status":"","description":"","role":"","instructions":"","path":"","model":"m","settings":{"tools":[{}]}}"#
      ) == ["settings.tools[0].id", "settings.tools[0].action_type", "model"])
  }

  @Test func listsSayWhetherThereIsMore() throws {
    let list = OrqList(
      [OrqManifest(id: "1", key: "a", role: "r"), OrqManifest(id: "2", key: "b", role: "r")], hasMore: true)
    let json = text(list.encoded())
    #expect(json.hasPrefix(#"{"object":"list","data":[{"_id":"1","#) && json.hasSuffix(#"],"has_more":true}"#))
    #expect(try OrqList<OrqManifest>.decode(Array(json.utf8)) == list)
    #expect(faults(OrqList<OrqManifest>.self, #"{"data":[{}]}"#).last == "has_more")
    #expect(faults(OrqList<OrqManifest>.self, #"{"data":[1],"has_more":false}"#) == ["data[0]"])
  }

  // MARK: Records of tasks

  @Test func aListOfTasks() throws {
    var metrics = OrqTaskRecord.Metrics()
    metrics.totalCost = try #require(JSONNumber(text: "0.0010"))
    metrics.totalTokens = 7
    let record = OrqTaskRecord(
      id: "01T",
      agent: .init(id: "01A", key: "a1", role: "r", description: "d", instructions: "i", modelID: "m"),
      workspaceID: "w", state: .init(waitingForApproval: false, inactive: true, error: "no credit"),
      metrics: metrics, name: "A fine day", created: "c", updated: "u", metadata: try fragment("{}"))
    try expect(
      OrqTaskList([record], overallTotal: 12),
      #"""
      {
        "tasks": [{
          "_id": "01T",
          "agent_manifest_snapshot": {
            "_id": "01A", "key": "a1", "role": "r", "description": "d", "instructions": "i", "model": {"id": "m"}
          },
          "workspace_id": "w", "state": {"waiting_for_approval": false, "inactive": true, "error": "no credit"},
          "metrics": {
            "input_cost": 0, "output_cost": 0, "total_cost": 0.0010, "prompt_tokens": 0, "completion_tokens": 0,
            "total_tokens": 7
          },
          "name": "A fine day", "created": "c", "updated": "u", "metadata": {}
        }],
        "overall_total": 12
      }
      """#)
  }

  @Test(arguments: [
    (OrqTaskRecord.State(waitingForApproval: false, inactive: false), OrqTaskRecord.Status.inProgress),
    (.init(waitingForApproval: false, inactive: true), .inactive),
    (.init(waitingForApproval: true, inactive: true), .approvalRequired),
    (.init(waitingForApproval: true, inactive: false, error: "e"), .errored),
  ])
  func aRecordHasOneStatus(state: OrqTaskRecord.State, status: OrqTaskRecord.Status) {
    let agent = OrqTaskRecord.Snapshot(id: "", key: "", role: "", description: "", instructions: "", modelID: "")
    #expect(OrqTaskRecord(id: "01T", agent: agent, state: state).status == status)
  }

  // MARK: Errors

  @Test func errorsHaveAMessageAndPerhapsACode() throws {
    try expect(OrqErrorBody("no such agent"), #"{"message":"no such agent"}"#)
    try expect(OrqErrorBody("no such task", code: "not_found"), #"{"code":"not_found","message":"no such task"}"#)
    #expect(try OrqErrorBody.decode(Array(#"{"message":"m","code":404,"x":1}"#.utf8)) == OrqErrorBody("m", code: "404"))
    #expect(faults(OrqErrorBody.self, #"{"error":"m"}"#) == ["message"])
  }

  // MARK: Text

  @Test(arguments: [#"\ud83d\ude00"#, #"\u00e9\/"#, #"\"\\\b\f\n\r\t\u0000"#, "\u{1F468}\u{200D}\u{1F469}", "\u{2028}"])
  func escapesAndSurrogatesSurvive(escaped: String) throws {
    let json = #"{"messageId":"m","role":"agent","parts":[{"kind":"text","text":"\#(escaped)"}]}"#
    #expect(text(try OrqMessage.decode(Array(json.utf8)).encoded()) == json)
  }

  /// Other alphabets of base64, and writers that escape slashes.
  @Test(arguments: [("_-8", "/+8="), (#"\/+8="#, "/+8="), ("aGVsbG8", "aGVsbG8=")])
  func base64IsWrittenInOneWay(given: String, normal: String) throws {
    let part = try OrqPart.decode(Array(#"{"kind":"file","file":{"bytes":"\#(given)"}}"#.utf8))
    #expect(text(part.encoded()) == #"{"kind":"file","file":{"bytes":"\#(normal)"}}"#)
  }
}
