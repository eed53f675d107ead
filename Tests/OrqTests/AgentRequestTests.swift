import HTTP
import JSON
import Testing

@testable import Orq

/// Bodies that make and change agents, and records of actions (contract §3.1, §3.5, §3.12, appendix A).
struct AgentRequestTests {
  private static func fragment(_ text: String) throws -> JSONFragment { try JSONFragment.parse(Array(text.utf8)) }

  private static let recorded =
    #"{"key":"a1","role":"R","description":"D","instructions":"I","path":"Default","model":"openai/gpt-4o","settings":{"max_iterations":100,"max_execution_time":600,"max_cost":0.0,"tool_approval_required":"respect_tool","tools":[{"type":"current_date"}]},"engine":"text"}"#

  @Test func creationIsThatOfTheSDK() throws {
    let request = try OrqCreateRequest.decode(Array(AgentRequestTests.recorded.utf8))
    #expect(request.agent.key == "a1")
    #expect(request.engine == .text)
    let call = OrqCall.createAgent(request, for: .v4)
    #expect(call.target == "/v2/agents")
    #expect(OrqCall.createAgent(request, for: .v3).target == "/v2/agents/")
    #expect(try OrqCreateRequest.decode(try #require(call.body)) == request)
    let settings = try OrqDefinedSettings.decode(request.agent.settings.document.root)
    #expect(settings.iterationsMax == 100)
    #expect(settings.executionSecondsMax == 600)
    #expect(settings.tools.map(\.type) == ["current_date"])
  }

  @Test func whatCreationRequiresIsNamed() throws {
    do {
      _ = try OrqCreateRequest.decode(Array("{}".utf8))
      Issue.record("nothing was required")
    } catch {
      let required = ["key", "model", "role", "instructions", "path", "settings", "description"]
      #expect(Set(error.violations.map(\.field)) == Set(required))
    }
  }

  @Test func functionsAreThoseOfChatCompletions() throws {
    let tool =
      #"{"type":"function","key":"k","function":{"name":"f","description":"d","strict":true,"parameters":{"type":"object"}},"requires_approval":false}"#
    let settings = try OrqDefinedSettings.decode(try AgentRequestTests.fragment(#"{"tools":[\#(tool)]}"#).document.root)
    let function = try #require(settings.tools.first?.function)
    #expect(
      String(decoding: JSONFragment { function.writeTool(into: &$0) }.bytes, as: UTF8.self)
        == #"{"type":"function","function":{"name":"f","description":"d","strict":true,"parameters":{"type":"object"}}}"#
    )
  }

  @Test func changesAreTheMembersThatAreStated() throws {
    let body =
      #"{"role":"R","system_prompt":null,"memoryStores":["m"],"settings":{"maxIterations":3},"message":1,"versionIncrement":"minor","versionDescription":"Why"}"#
    let update = try OrqUpdateRequest.decode(Array(body.utf8))
    #expect(update.changes.names == ["role", "system_prompt", "memory_stores", "settings"])
    #expect(update.changes["system_prompt"] == .null)
    #expect(update.changes["settings"] == ["max_iterations": 3])
    #expect(update.increment == .minor)
    #expect(update.description == "Why")
    #expect(throws: OrqFault.self) {
      try OrqUpdateRequest.decode(Array(#"{"versionDescription":"\#(String(repeating: "x", count: 301))"}"#.utf8))
    }
  }

  @Test func theContractsSpellingGoesBeforeItsTwin() throws {
    let root = try AgentRequestTests.fragment(#"{"systemPrompt":"twin","system_prompt":"own"}"#).document.root
    #expect(OrqAgentMembers.stated(in: root, OrqAgentMembers.ofRun)["system_prompt"] == "own")
    #expect(OrqNameTwins.camelCase("stream_timeout_seconds") == "streamTimeoutSeconds")
    #expect(OrqNameTwins.camelCase("_id") == nil)
    #expect(OrqNameTwins.camelCase("role") == nil)
    #expect(OrqNameTwins.snakeCase("streamTimeoutSeconds") == "stream_timeout_seconds")
  }

  @Test func actionsAreThoseOfTheSDK() throws {
    let json =
      #"{"_id":"a","agent_tool_call_id":"c","tool":{"id":"t","display_name":"T","requires_approval":true},"created":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:01Z","started":"2026-01-01T00:00:00Z","agent_id":"g","action_type":"function","agent_execution_id":"x","workspace_id":"w","state":{"review":"approved","executed":true,"input":{"a":1.50},"output":{}}}"#
    let action = try OrqAction.decode(Array(json.utf8))
    #expect(action.state.review == .approved)
    #expect(String(decoding: action.encoded(), as: UTF8.self) == json)
    let list = OrqList([action], hasMore: false)
    #expect(try OrqList<OrqAction>.decode(list.encoded()) == list)
  }

  @Test func manifestsTellOfTheModel() throws {
    var manifest = OrqManifest(id: "1", key: "a", role: "r", modelID: "openai/gpt-4o")
    manifest.modelDetails = OrqManifest.ModelDetails(
      parameters: try AgentRequestTests.fragment(#"{"temperature":0.20}"#),
      fallbackModels: [OrqModel("x/y"), OrqModel("x/z", retry: try AgentRequestTests.fragment(#"{"count":2}"#))])
    manifest.variables = try AgentRequestTests.fragment(#"{"a":1}"#)
    manifest.engine = .jinja
    manifest.source = .experiment
    manifest.createdByID = "c"
    manifest.updatedByID = "u"
    #expect(try OrqManifest.decode(manifest.encoded()) == manifest)
  }
}
