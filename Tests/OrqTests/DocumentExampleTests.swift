import HTTP
import JSON
import Testing

@testable import Orq

/// The examples of Orq's own documents: the guide "Agents via the API" (autumn of 2025), the pages of the SDKs (3.13 and
/// 4.7) and of the release candidate of 3.13 for Node.
struct DocumentExampleTests {
  // MARK: The guide

  private static let guideRun = #"""
    {
    "key": "simple-agent-1",
    "role": "Assistant",
    "description": "A helpful assistant for general tasks",
    "instructions": "Be helpful and concise",
    "settings": {
    "max_iterations": 3,
    "max_execution_time": 300,
    "tools": [
    {
    "type": "current_date"
    }
    ]
    },
    "message": {
    "role": "user",
    "parts": [
    {
    "kind": "text",
    "text": "What is the date today? How can I call you, whats your name? Please respond with the current date first."
    }
    ]
    },
    "model": "openai/gpt-4o",
    "path": "Default/agents",
    "memory_stores": [],
    "team_of_agents": []
    }
    """#

  @Test func theGuidesRun() throws {
    let request = try OrqRunRequest.decode(Array(DocumentExampleTests.guideRun.utf8))
    #expect(request.agent.key == "simple-agent-1")
    #expect(request.agent.model == OrqModel("openai/gpt-4o"))
    #expect(
      text(request.agent.settings.bytes)
        == #"{"max_iterations":3,"max_execution_time":300,"tools":[{"type":"current_date"}]}"#)
    #expect(
      request.turn.message.parts == [
        .text(
          "What is the date today? How can I call you, whats your name? Please respond with the current date first.")
      ])
    // Sent on, it is read by the next server as it was by this one.
    for generation in OrqGeneration.allCases {
      #expect(try OrqRunRequest.decode(request.encoded(for: generation)) == request)
    }
  }

  @Test func theGuidesTask() throws {
    let json = #"""
      {
      "id": "01K6D8QESESZ6SAXQPJPFQXPFT",
      "contextId": "0ae12412-cdea-408e-a165-9ff8086db400",
      "kind": "task",
      "status": {
      "state": "submitted",
      "timestamp": "2025-09-30T12:14:32.805Z"
      },
      "metadata": {
      "orq_workspace_id": "0ae12412-cdea-408e-a165-9ff8086db400",
      "orq_agent_id": "01K6D8QET4CR7DSDV07Y5WMDDG",
      "orq_agent_key": "simple-agent-1",
      "orq_created_by_id": null
      }
      }
      """#
    let task = try OrqTask.decode(Array(json.utf8))
    #expect(task.id == "01K6D8QESESZ6SAXQPJPFQXPFT" && task.state == .submitted)
    #expect(task.timestamp == "2025-09-30T12:14:32.805Z")
    #expect(try canonical(text(task.encoded())) == canonical(json))
  }

  /// Its second message lacks the ids of the task, and so it stays.
  @Test func theGuidesTaskWithHistory() throws {
    let json = #"""
      {
      "id": "01K6DDR0PX93EHPSS4W9PRHC6Z",
      "contextId": "cbd7b74a-4f2f-43b6-b3f9-19353c40dd62",
      "kind": "task",
      "status": {"state": "completed", "timestamp": "2025-09-30T13:42:22.481Z"},
      "history": [
      {
      "kind": "message",
      "messageId": "01K6DDR0TSND0SJ3NSBQKXBVK4",
      "role": "user",
      "parts": [{"kind": "text", "text": "What is the date today?"}],
      "taskId": "01K6DDR0PX93EHPSS4W9PRHC6Z",
      "contextId": "cbd7b74a-4f2f-43b6-b3f9-19353c40dd62",
      "metadata": {"orq_agent_id": "01K62T62KVJHRE0P9PX4VN2JHD", "orq_index": 1}
      },
      {
      "kind": "message",
      "messageId": "01K6DDR8YG4W1NN6J238CWD4W1",
      "role": "agent",
      "parts": [{"kind": "text", "text": "The current date is September 30, 2025.\n\nYou can call me Claude."}]
      }
      ]
      }
      """#
    let task = try OrqTask.decode(Array(json.utf8))
    #expect(task.history?.map(\.role) == [.user, .agent])
    #expect(try canonical(text(task.encoded())) == canonical(json))
  }

  /// Without the `trace_id` that later releases require, with members that they do not have.
  @Test func theGuidesFirstEvent() throws {
    let json = #"""
      {
      "type": "agents.execution_started",
      "data": {
      "agent_task_id": "01K6D8S5QXZV34PDPMYX6SHEMY",
      "agent_manifest_id": "01K6D8S5RHJCV72RAHEB7W1YZS",
      "agent_key": "stream-agent-anth",
      "workspace_id": "0ae12412-cdea-408e-a165-9ff8086db400"
      },
      "timestamp": "2025-09-30T12:15:29.071Z"
      }
      """#
    let expected = OrqAgentEvent(
      .executionStarted(
        .init(
          taskID: "01K6D8S5QXZV34PDPMYX6SHEMY", workspaceID: "0ae12412-cdea-408e-a165-9ff8086db400",
          manifestID: "01K6D8S5RHJCV72RAHEB7W1YZS", agentKey: "stream-agent-anth")),
      timestamp: "2025-09-30T12:15:29.071Z")
    #expect(try OrqAgentEvent.decode(Array(json.utf8)) == .event(expected))
  }

  /// The guide shows the data alone; the frame is that of the first event. Here too a member of later releases is missing.
  @Test func theGuidesSecondEvent() throws {
    let json = #"""
      {"type": "event.agents.started", "timestamp": "2025-09-30T12:15:29.071Z", "data": {
      "inputMessage": {
      "role": "user",
      "parts": [{"kind": "text", "text": "What is the date today?"}],
      "metadata": {}
      },
      "modelId": "0707a18f-e3a0-44b6-9f24-4d5d28e0cdea",
      "instructions": "Provide helpful responses",
      "system_prompt": "\nYou are an AI agent Chatbot with access to various tools.\nLike \"tomorrow\", \"next week\"",
      "settings": {
      "max_iterations": 5,
      "max_execution_time": 300,
      "tool_approval_required": "none",
      "tools": [
      {
      "id": "01JKG6QJ5FGHCWA7RVMMZB82QY",
      "action_type": "orq_current_date",
      "display_name": "Current Date & Time",
      "requires_approval": false,
      "conditions": []
      }
      ]
      },
      "agent_manifest_id": "01K6D8S5RHJCV72RAHEB7W1YZS",
      "agent_key": "stream-agent-anth"
      }}
      """#
    guard case .event(let event) = try OrqAgentEvent.decode(Array(json.utf8)),
      case .started(let started) = event.payload
    else {
      Issue.record("not read")
      return
    }
    #expect(started.workflowRunID == "")
    #expect(started.systemPrompt.string.hasPrefix("\nYou are an AI agent Chatbot"))
    let settings = try OrqSettings.decode(#require(started.settings).bytes)
    #expect(settings.iterationsMax == 5 && settings.executionSecondsMax == 300)
    #expect(settings.toolApproval == OrqSettings.ToolApproval.none)
    #expect(settings.tools.map(\.actionType) == ["orq_current_date"])
    #expect(settings.tools.map(\.displayName) == ["Current Date & Time"])
  }

  /// With and without a slash at the end, as the guide writes it in its text and in its command.
  @Test(arguments: ["/v2/agents/simple-agent-1/tasks/", "/v2/agents/simple-agent-1/tasks"])
  func theGuidesPaths(path: String) {
    let expected = OrqRoute(.listTasks, agentKey: "simple-agent-1")
    #expect(OrqRoute.match(method: .get, path: path) == .route(expected))
  }

  // MARK: The pages of the SDKs

  private static let person = #"""
    {"id":"contact_01ARZ3NDEKTSV4RRFFQ69G5FAV","display_name":"Jane Doe","email":"jane.doe@example.com",
    "metadata":[{"department":"Engineering","role":"Senior Developer"}],
    "logo_url":"https://example.com/avatars/jane-doe.jpg","tags":["hr","engineering"]}
    """#
  private static let thread =
    #"{"id":"thread_01ARZ3NDEKTSV4RRFFQ69G5FAV","tags":["customer-support","priority-high"]}"#

  @Test(arguments: [("contact", OrqGeneration.v3), ("identity", .v4)])
  func thePagesInvocation(person: String, generation: OrqGeneration) throws {
    let json = #"""
      {"message":{"role":"user","parts":[]},"\#(person)":\#(DocumentExampleTests.person),
      "thread":\#(DocumentExampleTests.thread)}
      """#
    let request = try OrqInvokeRequest.decode(Array(json.utf8))
    #expect(request.turn.identity?.id == "contact_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    #expect(request.turn.thread?.tags == ["customer-support", "priority-high"])
    #expect(try canonical(text(request.encoded(for: generation))) == canonical(json))
  }

  /// A key in angle brackets is a place to fill in, not a key.
  @Test func thePagesStreamedRun() throws {
    func json(_ key: String) -> String {
      #"""
      {"key":"\#(key)","model":"Alpine","role":"<value>","instructions":"<value>",
      "message":{"role":"user","parts":[{"kind":"file","file":{"uri":"https://jumbo-zebra.info/"}}]},
      "path":"Default","settings":{},"fallback_models":["<value>"],"identity":\#(DocumentExampleTests.person),
      "thread":\#(DocumentExampleTests.thread),"knowledge_bases":[{"knowledge_id":"customer-knowledge-base"}],
      "engine":"text"}
      """#
    }
    #expect(faults(OrqRunRequest.self, json("<key>")) == ["key"])
    let request = try OrqRunRequest.decode(Array(json("alpine").utf8))
    #expect(request.turn.message.parts == [OrqPart(.file(OrqFile(.uri("https://jumbo-zebra.info/"))))])
    #expect(request.agent.fallbackModels == [OrqModel("<value>")])
    #expect(request.agent.knowledgeBases == ["customer-knowledge-base"])
    #expect(request.turn.engine == .text)
  }

  /// Made by a generator: what the page sends as a tool's message is none.
  @Test func thePagesRunIsNoToolsMessage() {
    let json = #"""
      {"key":"f150","model":"F-150","role":"<value>","instructions":"<value>",
      "message":{"role":"tool","parts":[{"kind":"text","text":"<value>"}]},"path":"Default",
      "settings":{"tools":[{"type":"write_memory_store","requires_approval":false}]}}
      """#
    #expect(faults(OrqRunRequest.self, json) == ["message.parts"])
  }

  @Test func thePagesModelWithRetries() throws {
    let json = #"""
      {"key":"a","model":{"id":"<id>","retry":{"count":3,"on_codes":[429,500,502,503,504]}},"role":"r",
      "instructions":"i","message":{"role":"user","parts":[]},"path":"Default",
      "settings":{"tools":[{"type":"mcp","id":"01KA84ND5J0SWQMA2Q8HY5WZZZ","tool_id":"01KXYZ123456789",
      "requires_approval":false}]},"fallback_models":[{"id":"<id>","retry":{"count":3,"on_codes":[429]}}]}
      """#
    let request = try OrqRunRequest.decode(Array(json.utf8))
    #expect(request.agent.model.id == "<id>")
    #expect(try canonical(text(request.encoded(for: .v4))) == canonical(json))
  }

  @Test func thePagesResponse() throws {
    let json = #"""
      {"message":{"role":"tool","parts":[]},"identity":\#(DocumentExampleTests.person),
      "thread":\#(DocumentExampleTests.thread),"background":false,"stream":false}
      """#
    let request = try OrqResponseRequest.decode(Array(json.utf8))
    #expect(request.turn.message == OrqMessage(role: .tool, parts: []))
    #expect(try canonical(text(request.encoded(for: .v4))) == canonical(json))
  }

  // MARK: The release candidate

  /// The body that the page for Node builds, as it goes over the wire.
  @Test func theNodePagesStreamedRun() throws {
    let json = #"""
      {"key":"fortwo","model":"Fortwo","role":"<value>","instructions":"<value>",
      "message":{"role":"tool","parts":[]},"path":"Default",
      "settings":{"tools":[{"type":"call_sub_agent","requires_approval":false}]}}
      """#
    let request = try OrqRunRequest.decode(Array(json.utf8))
    #expect(try canonical(text(request.encoded(for: .v3))) == canonical(json))
  }

  /// Its table names members that no release has had: they become what later releases call them.
  @Test func theNodePagesOwnMembers() throws {
    let json = #"""
      {"key":"fortwo","task_id":"01T","model":"Fortwo","fallback_models":["a/b"],"role":"r","instructions":"i",
      "message":{"role":"user","parts":[{"kind":"data","data":{"a":1}}],"metadata":{"k":"v"}},"variables":{"x":1},
      "contextId":"ctx-1","externalId":"person-1","path":"Default","description":"d",
      "iconUrl":"https://example.org/i.png","system_prompt":"s","memory_stores":["m"],"knowledge_bases":["kb"],
      "team_of_agents":[{"key":"b","role":"r"}],"settings":{"tools":[]},"stream_timeout_seconds":60}
      """#
    var request = try OrqRunRequest.decode(Array(json.utf8))
    #expect(request.agent.iconURL == "https://example.org/i.png")
    // No release takes it.
    request.agent.iconURL = nil
    #expect(request.turn.thread == OrqThread(id: "ctx-1"))
    #expect(request.turn.identity == OrqIdentity(id: "person-1"))
    #expect(request.agent.knowledgeBases == ["kb"])
    #expect(request.turn.message.parts == [OrqPart(.data(try fragment(#"{"a":1}"#)))])
    #expect(request.turn.message.metadata == (try fragment(#"{"k":"v"}"#)))
    #expect(request.streamTimeoutSeconds == 60)
    #expect(try OrqRunRequest.decode(request.encoded(for: .v3)) == request)
  }
}
