import HTTP
import JSON
import Testing

@testable import Orq

/// Calls as the SDKs send them, recorded from 3.13.16 and 4.8.15: ours say the same, and their bodies are understood.
struct RequestTests {
  // MARK: What is sent

  private static let messageJSON =
    #"{"role":"user","parts":[{"kind":"text","text":"hello"},{"kind":"file","file":{"uri":"https://example.org/a.png","mimeType":"image/png","name":"a.png"}},{"kind":"file","file":{"bytes":"aGVsbG8=","mimeType":"text/plain"}}]}"#
  private static let message = OrqMessage(
    role: .user,
    parts: [
      .text("hello"),
      OrqPart(.file(OrqFile(.uri("https://example.org/a.png"), mediaType: "image/png", name: "a.png"))),
      OrqPart(.file(OrqFile(.bytes("aGVsbG8="), mediaType: "text/plain"))),
    ])

  private static let resultsJSON =
    #"{"role":"tool","parts":[{"kind":"tool_result","tool_call_id":"call_1","result":{"answer":42}}]}"#
  private static func results() throws -> OrqMessage {
    OrqMessage(
      role: .tool,
      parts: [OrqPart(.toolResult(toolCallID: "call_1", result: try fragment(#"{"answer":42}"#)))])
  }

  private static let personJSON =
    #"{"id":"u1","display_name":"Jane Doe","email":"jane.doe@example.com","metadata":[{"department":"Engineering"}],"logo_url":"https://example.com/jane.jpg","tags":["hr"]}"#
  private static func person() throws -> OrqIdentity {
    OrqIdentity(
      id: "u1", displayName: "Jane Doe", email: "jane.doe@example.com",
      metadata: try fragment(#"[{"department":"Engineering"}]"#), logoURL: "https://example.com/jane.jpg",
      tags: ["hr"])
  }

  private static func run(_ generation: OrqGeneration) throws -> OrqRunRequest {
    let isV3 = generation == .v3
    let tools = isV3 ? #"[{"type":"current_date","requires_approval":false}]"# : #"[{"type":"current_date"}]"#
    let settings =
      #"{"tools":\#(tools),"tool_approval_required":"none","max_iterations":3,"max_execution_time":300\#(isV3 ? "" : #","max_cost":0.0"#)}"#
    return OrqRunRequest(
      agent: OrqAgentDefinition(
        key: "simple-agent-1",
        model: isV3
          ? OrqModel("openai/gpt-4o")
          : OrqModel(
            "openai/gpt-4o", parameters: try fragment(#"{"temperature":0.2}"#),
            retry: try fragment(#"{"count":3.0,"on_codes":[429.0]}"#)),
        role: "Assistant", instructions: "Be helpful", path: "Default/agents", settings: try fragment(settings),
        description: "A helpful assistant", fallbackModels: isV3 ? [] : [OrqModel("openai/gpt-4o-mini")],
        memoryStores: ["store"], knowledgeBases: ["kb"], teamOfAgents: [OrqTeamMember(key: "other", role: "x")]),
      turn: OrqTurn(
        message: message, variables: try fragment(#"{"a":1.5}"#), identity: try person(),
        thread: OrqThread(id: "th", tags: ["t"]), memoryEntityID: "e", metadata: try fragment(#"{"k":"v"}"#),
        engine: isV3 ? nil : .text))
  }

  private static func runJSON(_ generation: OrqGeneration) -> String {
    let rest =
      #""variables":{"a":1.5},"thread":{"id":"th","tags":["t"]},"memory":{"entity_id":"e"},"description":"A helpful assistant","memory_stores":["store"],"knowledge_bases":[{"knowledge_id":"kb"}],"team_of_agents":[{"key":"other","role":"x"}],"metadata":{"k":"v"}"#
    let agent =
      #""key":"simple-agent-1","role":"Assistant","instructions":"Be helpful","message":\#(messageJSON),"path":"Default/agents""#
    return generation == .v3
      ? #"{"model":"openai/gpt-4o",\#(agent),"settings":{"tools":[{"type":"current_date","requires_approval":false}],"tool_approval_required":"none","max_iterations":3,"max_execution_time":300},"contact":\#(personJSON),\#(rest)}"#
      : #"{"model":{"id":"openai/gpt-4o","parameters":{"temperature":0.2},"retry":{"count":3.0,"on_codes":[429.0]}},\#(agent),"settings":{"tools":[{"type":"current_date"}],"tool_approval_required":"none","max_iterations":3,"max_execution_time":300,"max_cost":0.0},"fallback_models":["openai/gpt-4o-mini"],"identity":\#(personJSON),\#(rest),"engine":"text"}"#
  }

  // MARK: Calls with a body

  @Test(arguments: OrqGeneration.allCases)
  func invocationsAreThoseOfTheSDK(generation: OrqGeneration) throws {
    let who = generation == .v3 ? "contact" : "identity"
    let first = OrqInvokeRequest(OrqTurn(message: RequestTests.message, identity: try RequestTests.person()))
    let firstJSON = #"{"message":\#(RequestTests.messageJSON),"\#(who)":\#(RequestTests.personJSON)}"#
    try expect(
      .invoke, "a1", generation, "POST /v2/agents/a1/task", "application/json", firstJSON, first)

    let next = OrqInvokeRequest(OrqTurn(message: try RequestTests.results(), taskID: "01T"))
    let nextJSON = #"{"message":\#(RequestTests.resultsJSON),"task_id":"01T"}"#
    try expect(.invoke, "a1", generation, "POST /v2/agents/a1/task", "application/json", nextJSON, next)

    let stream = OrqInvokeRequest(OrqTurn(message: RequestTests.message), streamTimeoutSeconds: 30)
    let streamJSON = #"{"message":\#(RequestTests.messageJSON),"stream_timeout_seconds":30.0}"#
    try expect(
      .streamTask, "a1", generation, "POST /v2/agents/a1/stream-task", "text/event-stream", streamJSON, stream)
  }

  @Test func onlyVersion4Waits() throws {
    let request = OrqInvokeRequest(OrqTurn(message: RequestTests.message), blocking: true)
    let json = #"{"message":\#(RequestTests.messageJSON),"configuration":{"blocking":true}}"#
    try expect(.invoke, "a1", .v4, "POST /v2/agents/a1/task", "application/json", json, request)
    #expect(text(request.encoded(for: .v3)) == #"{"message":\#(RequestTests.messageJSON)}"#)
  }

  @Test(arguments: OrqGeneration.allCases)
  func runsAreThoseOfTheSDK(generation: OrqGeneration) throws {
    let request = try RequestTests.run(generation)
    let json = RequestTests.runJSON(generation)
    try expect(.run, nil, generation, "POST /v2/agents/run", "application/json", json, request)
    try expect(
      .streamRun, nil, generation, "POST /v2/agents/stream-run", "text/event-stream", json, request)
  }

  @Test func responsesAreThoseOfTheSDK() throws {
    let line = "POST /v2/agents/a1/responses"
    let first = OrqResponseRequest(
      OrqTurn(message: RequestTests.message, identity: try RequestTests.person(), thread: OrqThread(id: "th")),
      conversationID: "conv_01")
    let firstJSON =
      #"{"message":\#(RequestTests.messageJSON),"identity":\#(RequestTests.personJSON),"thread":{"id":"th"},"background":false,"stream":false,"conversation":{"_id":"conv_01"}}"#
    try expect(.createResponse, "a1", .v4, line, "application/json", firstJSON, first)

    let stream = OrqResponseRequest(OrqTurn(message: RequestTests.message), stream: true)
    let streamJSON = #"{"message":\#(RequestTests.messageJSON),"background":false,"stream":true}"#
    try expect(.createResponse, "a1", .v4, line, "text/event-stream", streamJSON, stream)

    let background = OrqResponseRequest(
      OrqTurn(message: try RequestTests.results(), taskID: "01T"), background: true)
    let backgroundJSON =
      #"{"message":\#(RequestTests.resultsJSON),"task_id":"01T","background":true,"stream":false}"#
    try expect(.createResponse, "a1", .v4, line, "application/json", backgroundJSON, background)
  }

  private func expect<Body: OrqTurnRequest>(
    _ operation: OrqOperation, _ agentKey: String?, _ generation: OrqGeneration, _ line: String, _ accept: String,
    _ json: String, _ body: Body
  ) throws {
    let sending = OrqSending(operation, agentKey, body, for: generation)
    var writer = sending.begin(reserving: 0)
    body.turn.members(into: &writer, for: generation)
    sending.end(&writer)
    let bytes = writer.finish()
    #expect("\(sending.operation.method.name) \(sending.target)" == line)
    #expect(sending.isStreamed == (accept == "text/event-stream"))
    #expect(bytes == body.encoded(for: generation))
    #expect(try canonical(text(bytes)) == canonical(json))
    #expect(try Body.decode(Array(json.utf8)) == body)
  }

  // MARK: Calls without a body

  @Test(arguments: [
    (OrqCall.getResponse("a1", taskID: "01T"), "/v2/agents/a1/responses/01T"),
    (.retrieveTask("a1", taskID: "01T"), "/v2/agents/a1/tasks/01T"),
    (.listTasks("a1", OrqListQuery(limit: 10, statuses: [.inactive])), "/v2/agents/a1/tasks?limit=10&status=inactive"),
    (.listAgents(OrqListQuery(limit: 10), for: .v3), "/v2/agents/?limit=10"),
    (
      .listAgents(OrqListQuery(limit: 5, startingAfter: "X", endingBefore: "Y"), for: .v4),
      "/v2/agents?limit=5&starting_after=X&ending_before=Y"
    ), (.listAgents(for: .v4), "/v2/agents"), (.retrieveAgent("a1", for: .v4), "/v2/agents/a1"),
  ])
  func readingIsThatOfTheSDK(call: OrqCall, target: String) {
    #expect(call.method == .get)
    #expect(call.target == target)
    #expect(call.body == nil)
    #expect(!call.isStreamed)
  }

  // MARK: Generations

  @Test func theLaterNameOfAPersonGoesBeforeTheEarlier() throws {
    func person(_ json: String) throws -> String? {
      try OrqInvokeRequest.decode(Array(#"{"message":{"role":"user","parts":[]},\#(json)}"#.utf8)).turn.identity?.id
    }
    #expect(try person(#""contact":{"id":"c"},"identity":{"id":"i"},"externalId":"e""#) == "i")
    #expect(try person(#""contact":{"id":"c"},"external_id":"e""#) == "c")
    #expect(try person(#""external_id":"e""#) == "e")
    #expect(try person(#""externalId":"e""#) == "e")
    #expect(try person(#""externalId":"""#) == nil)
  }

  @Test func whatVersion3LacksIsLeftOut() throws {
    let json = text(try RequestTests.run(.v4).encoded(for: .v3))
    #expect(json.contains(#""model":"openai/gpt-4o""#))
    #expect(json.contains(#""contact":"#) && !json.contains("identity"))
    #expect(!json.contains("engine"))
  }

  /// 3.13 declares the list of tools as required (contract §3.7).
  @Test(arguments: [
    ("{}", #"{"tools":[]}"#), ("{ }", #"{"tools":[] }"#),
    (#"{"max_iterations":3}"#, #"{"tools":[],"max_iterations":3}"#), (#"{"tools":[1]}"#, #"{"tools":[1]}"#),
  ])
  func settingsAlwaysHaveTools(settings: String, expected: String) throws {
    var request = try RequestTests.run(.v4)
    request.agent.settings = try fragment(settings)
    #expect(text(request.encoded(for: .v4)).contains(#""settings":\#(expected),"#))
  }

  // MARK: Refusals

  @Test(arguments: [
    ("[]", [""]), ("{}", ["message"]), (#"{"message":{}}"#, ["message.role", "message.parts"]),
    (#"{"message":{"role":"agent","parts":[]}}"#, ["message.role"]),
    (#"{"message":{"role":"tool","parts":[{"kind":"text","text":"x"}]}}"#, ["message.parts"]),
    (#"{"message":{"role":"user","parts":[{"kind":"tool_call"}]}}"#, ["message.parts[0].kind"]),
    (#"{"message":{"role":"user","parts":[{"kind":"reasoning","reasoning":""}]}}"#, ["message.parts[0].kind"]),
    (#"{"message":{"role":"user","parts":[{"kind":"magic"}]}}"#, ["message.parts[0].kind"]),
    (#"{"message":{"role":"user","parts":[{"kind":"file"}]}}"#, ["message.parts[0].file"]),
    (#"{"message":{"role":"user","parts":[{"kind":"file","file":{}}]}}"#, ["message.parts[0].file"]),
    (
      #"{"message":{"role":"user","parts":[{"kind":"file","file":{"bytes":"*"}}]}}"#, ["message.parts[0].file.bytes"]
    ),
    (#"{"message":{"role":"user","parts":[{"kind":"file","file":{"bytes":""}}]}}"#, ["message.parts[0].file.bytes"]),
    (
      #"{"message":{"role":"user","parts":[{"kind":"file","file":{"bytes":"aA==","uri":"x:"}}]}}"#,
      ["message.parts[0].file"]
    ), (#"{"message":{"role":"user","parts":[{"kind":"file","file":{"uri":""}}]}}"#, ["message.parts[0].file.uri"]),
    (
      #"{"message":{"role":"user","parts":[{"kind":"data","data":[]},{"kind":"text","text":1}]}}"#,
      ["message.parts[0].data", "message.parts[1].text"]
    ),
    (
      #"{"message":{"role":"tool","parts":[{"kind":"tool_result","tool_call_id":""}]}}"#,
      ["message.parts[0].tool_call_id"]
    ),
    (#"{"message":{"role":"user","parts":[]},"identity":{}}"#, ["identity.id"]),
    (#"{"message":{"role":"user","parts":[]},"thread":{"id":"t","tags":"x"}}"#, ["thread.tags"]),
    (#"{"message":{"role":"user","parts":[]},"memory":{}}"#, ["memory.entity_id"]),
    (#"{"message":{"role":"user","parts":[]},"metadata":[]}"#, ["metadata"]),
    (#"{"message":{"role":"user","parts":[]},"engine":"steam"}"#, ["engine"]),
    (#"{"message":{"role":"user","parts":[]},"configuration":{"blocking":1}}"#, ["configuration.blocking"]),
    (#"{"message":{"role":"user","parts":[]},"stream_timeout_seconds":0}"#, ["stream_timeout_seconds"]),
    (#"{"message":{"role":"user","parts":[]},"stream_timeout_seconds":3601}"#, ["stream_timeout_seconds"]),
    (#"{"message":{"role":"user","parts":[]},"stream_timeout_seconds":"30"}"#, ["stream_timeout_seconds"]),
  ])
  func faultyInvocationsAreRefused(json: String, fields: [String]) {
    #expect(faults(OrqInvokeRequest.self, json) == fields)
  }

  @Test func faultyRunsAreRefused() {
    let message = #""message":{"role":"user","parts":[]}"#
    #expect(faults(OrqRunRequest.self, "{\(message)}") == ["key", "model", "role", "instructions", "path", "settings"])
    let rest = #""role":"r","instructions":"i","path":"p","settings":{},\#(message)}"#
    #expect(faults(OrqRunRequest.self, #"{"key":"a b","model":1,\#(rest)"#) == ["model", "key"])
    #expect(faults(OrqRunRequest.self, #"{"key":"a","model":{},\#(rest)"#) == ["model.id"])
    #expect(
      faults(OrqRunRequest.self, #"{"key":"a","model":"m","fallback_models":[[]],"knowledge_bases":[1],\#(rest)"#)
        == ["fallback_models[0]", "knowledge_bases[0]"])
  }

  @Test func faultyResponsesAreRefused() {
    let message = #""message":{"role":"user","parts":[]}"#
    #expect(
      faults(OrqResponseRequest.self, #"{\#(message),"stream":"yes","background":0}"#) == ["background", "stream"])
    #expect(faults(OrqResponseRequest.self, #"{\#(message),"conversation":{"id":"x"}}"#) == ["conversation._id"])
  }

  @Test func boundsHoldForCallers() {
    func invoke(_ message: String, _ rest: String = "") -> [String] {
      faults(OrqInvokeRequest.self, #"{"message":{"role":"user","parts":[\#(message)]}\#(rest)}"#)
    }
    func long(_ count: Int) -> String { String(repeating: "x", count: count) }
    let parts = Array(repeating: #"{"kind":"text","text":""}"#, count: OrqLimits.partsMax + 1)
    #expect(invoke(parts.dropFirst().joined(separator: ",")) == [])
    #expect(invoke(parts.joined(separator: ",")) == ["message.parts"])
    #expect(invoke("", #","task_id":"\#(long(257))""#) == ["task_id"])
    #expect(invoke("", #","thread":{"id":"t","tags":["\#(long(257))"]}"#) == ["thread.tags[0]"])
    #expect(
      invoke(#"{"kind":"file","file":{"uri":"\#(long(8193))","name":"\#(long(1025))","mimeType":"\#(long(257))"}}"#)
        == ["message.parts[0].file.uri", "message.parts[0].file.mimeType", "message.parts[0].file.name"])
  }

  @Test func noMoreFaultsAreListedThanAPersonReads() {
    let parts = Array(repeating: "1", count: 100).joined(separator: ",")
    let json = #"{"message":{"role":"user","parts":[\#(parts)]}}"#
    #expect(faults(OrqInvokeRequest.self, json).count == OrqLimits.faultsMax)
    do {
      _ = try OrqInvokeRequest.decode(Array(json.utf8))
    } catch {
      #expect(error.message == "message.parts[0]: Must be an object. (and 31 more)")
    }
  }

  @Test func whatIsNoJSONIsRefused() {
    let fault = #expect(throws: OrqFault.self) { try OrqInvokeRequest.decode(Array("{".utf8)) }
    #expect(fault?.message.hasPrefix("Is not valid JSON: ") == true)
  }

  @Test(arguments: ["a", "Z9", "simple-agent-1", "a.b_c-d", "a1"])
  func keysAreValid(key: String) {
    #expect(OrqAgentKey.isValid(key))
  }

  @Test(arguments: ["", "1a", "-a", "a-", "a--b", "a._b", "a b", "a/b", "\u{e9}t\u{e9}", "<key>"])
  func keysAreNotValid(key: String) {
    #expect(!OrqAgentKey.isValid(key))
  }

  @Test func aKeyIsAtMost255BytesLong() {
    #expect(OrqAgentKey.isValid(String(repeating: "k", count: 255)))
    #expect(!OrqAgentKey.isValid(String(repeating: "k", count: 256)))
  }
}
