import JSON
import Model
import Testing

@testable import A2A

/// One task with every kind of content, as each dialect writes it. Both official SDKs read these texts.
struct GoldenTests {
  private static func task() throws -> AgentTask {
    let user = Message(
      messageID: "m1", role: .user, parts: [.text("hello")], contextID: "C", taskID: "T",
      extensions: ["https://example.org/ext"], referenceTaskIDs: ["T0"])
    let agent = Message(messageID: "m2", role: .agent, parts: [.text("done")], contextID: "C", taskID: "T")
    let artifact = Artifact(
      artifactID: "a1", name: "all kinds", description: "one part of each kind",
      parts: [
        Part(.text("caf\u{e9}"), metadata: try fragment(#"{"n":1.0}"#)),
        Part(.text("# md"), mediaType: "text/markdown", filename: "notes.md"),
        Part(.raw("aGVsbG8="), mediaType: "text/plain", filename: "hello.txt"),
        Part(.url("https://example.org/a.png"), mediaType: "image/png"),
        Part(.data(try fragment(#"{"big":12345678901234567890}"#))),
        Part(.data(try fragment("[1,null]")), metadata: try fragment(#"{"k":"v"}"#)),
      ], metadata: try fragment(#"{"tool":"x"}"#))
    return AgentTask(
      id: "T", contextID: "C",
      status: TaskStatus(.canceled, message: agent, timestamp: Timestamp("2026-11-21T02:42:25.596Z")),
      artifacts: [artifact], history: [user], metadata: try fragment(#"{"usage":{"tokens":7}}"#))
  }

  private static let v1 = #"""
    {
      "id": "T", "contextId": "C",
      "status": {
        "state": "TASK_STATE_CANCELED",
        "message": {
          "messageId": "m2", "contextId": "C", "taskId": "T", "role": "ROLE_AGENT", "parts": [{"text": "done"}]
        },
        "timestamp": "2026-11-21T02:42:25.596Z"
      },
      "artifacts": [{
        "artifactId": "a1", "name": "all kinds", "description": "one part of each kind",
        "parts": [
          {"text": "café", "metadata": {"n": 1.0}},
          {"text": "# md", "filename": "notes.md", "mediaType": "text/markdown"},
          {"raw": "aGVsbG8=", "filename": "hello.txt", "mediaType": "text/plain"},
          {"url": "https://example.org/a.png", "mediaType": "image/png"},
          {"data": {"big": 12345678901234567890}},
          {"data": [1, null], "metadata": {"k": "v"}}
        ],
        "metadata": {"tool": "x"}
      }],
      "history": [{
        "messageId": "m1", "contextId": "C", "taskId": "T", "role": "ROLE_USER", "parts": [{"text": "hello"}],
        "extensions": ["https://example.org/ext"], "referenceTaskIds": ["T0"]
      }],
      "metadata": {"usage": {"tokens": 7}}
    }
    """#

  private static let v03JSONRPC = #"""
    {
      "kind": "task", "id": "T", "contextId": "C",
      "status": {
        "state": "canceled",
        "message": {
          "kind": "message", "messageId": "m2", "contextId": "C", "taskId": "T", "role": "agent",
          "parts": [{"kind": "text", "text": "done"}]
        },
        "timestamp": "2026-11-21T02:42:25.596Z"
      },
      "artifacts": [{
        "artifactId": "a1", "name": "all kinds", "description": "one part of each kind",
        "parts": [
          {"kind": "text", "text": "café", "metadata": {"n": 1.0}},
          {"kind": "text", "text": "# md",
           "metadata": {"urn:a2a-gateway:translation:v1": {"mediaType": "text/markdown", "filename": "notes.md"}}},
          {"kind": "file", "file": {"bytes": "aGVsbG8=", "mimeType": "text/plain", "name": "hello.txt"}},
          {"kind": "file", "file": {"uri": "https://example.org/a.png", "mimeType": "image/png"}},
          {"kind": "data", "data": {"big": 12345678901234567890}},
          {"kind": "data", "data": {"value": [1, null]}, "metadata": {"data_part_compat": true, "k": "v"}}
        ],
        "metadata": {"tool": "x"}
      }],
      "history": [{
        "kind": "message", "messageId": "m1", "contextId": "C", "taskId": "T", "role": "user",
        "parts": [{"kind": "text", "text": "hello"}],
        "extensions": ["https://example.org/ext"], "referenceTaskIds": ["T0"]
      }],
      "metadata": {"usage": {"tokens": 7}, "urn:a2a-gateway:translation:v1": {"losses": ["data_wrapped"]}}
    }
    """#

  private static let v03REST = #"""
    {
      "id": "T", "contextId": "C",
      "status": {
        "state": "TASK_STATE_CANCELLED",
        "message": {
          "messageId": "m2", "contextId": "C", "taskId": "T", "role": "ROLE_AGENT", "content": [{"text": "done"}]
        },
        "timestamp": "2026-11-21T02:42:25.596Z"
      },
      "artifacts": [{
        "artifactId": "a1", "name": "all kinds", "description": "one part of each kind",
        "parts": [
          {"text": "café", "metadata": {"n": 1.0}},
          {"text": "# md"},
          {"file": {"fileWithBytes": "YUdWc2JHOD0=", "mimeType": "text/plain", "name": "hello.txt"}},
          {"file": {"fileWithUri": "https://example.org/a.png", "mimeType": "image/png"}},
          {"data": {"data": {"big": 12345678901234567890}}},
          {"data": {"data": {"value": [1, null]}}, "metadata": {"data_part_compat": true, "k": "v"}}
        ],
        "metadata": {"tool": "x"}
      }],
      "history": [{
        "messageId": "m1", "contextId": "C", "taskId": "T", "role": "ROLE_USER", "content": [{"text": "hello"}],
        "extensions": ["https://example.org/ext"]
      }],
      "metadata": {"usage": {"tokens": 7}}
    }
    """#

  @Test(
    arguments: [
      (Dialect.v1, v1, TranslationLosses()),
      (.v03JSONRPC, v03JSONRPC, TranslationLosses.dataWrapped),
      (.v03REST, v03REST, [.partMediaType, .partFilename, .dataWrapped, .referenceTaskIDs]),
    ] as [(Dialect, String, TranslationLosses)])
  func writesATaskAndSaysWhatWasLost(dialect: Dialect, golden: String, losses: TranslationLosses) throws {
    let task = try GoldenTests.task()
    let result = encoded(dialect) { $0.task(task, into: &$1) }
    #expect(result.text == (try compact(golden)))
    #expect(result.losses == losses)
  }

  @Test(arguments: [(Dialect.v1, v1), (.v03JSONRPC, v03JSONRPC), (.v03REST, v03REST)])
  func readsWhatItWrites(dialect: Dialect, golden: String) throws {
    var expected = try GoldenTests.task()
    if dialect == .v03JSONRPC {
      let note: JSONFragment = JSONFragment(["losses": ["data_wrapped"]])
      expected.metadata = expected.metadata?.setting(GatewayExtension.uri.description, to: note)
    }
    if dialect == .v03REST {
      expected.artifacts[0].parts[1].mediaType = nil
      expected.artifacts[0].parts[1].filename = nil
      expected.history[0].referenceTaskIDs = []
    }
    var reader = FieldReader(dialect, author: .agent)
    let task = reader.task(try node(try compact(golden)))
    try reader.finish()
    #expect(task == expected)
  }

  // MARK: Stream events

  private static let statusUpdate = TaskEvent.status(
    TaskStatusUpdate(taskID: "T", contextID: "C", status: TaskStatus(.inputRequired)))
  private static let artifactUpdate = TaskEvent.artifact(
    TaskArtifactUpdate(
      taskID: "T", contextID: "C", artifact: Artifact(artifactID: "a", parts: [.text("x")]), append: true,
      lastChunk: true))
  private static let message = TaskEvent.message(
    Message(messageID: "m", role: .agent, parts: [.text("hi")], contextID: "C"))

  @Test(arguments: [
    (
      Dialect.v1, statusUpdate,
      #"{"statusUpdate":{"taskId":"T","contextId":"C","status":{"state":"TASK_STATE_INPUT_REQUIRED"}}}"#
    ),
    (
      .v03JSONRPC, statusUpdate,
      #"{"kind":"status-update","taskId":"T","contextId":"C","status":{"state":"input-required"},"final":true}"#
    ),
    (
      .v03REST, statusUpdate,
      #"{"statusUpdate":{"taskId":"T","contextId":"C","status":{"state":"TASK_STATE_INPUT_REQUIRED"},"final":true}}"#
    ),
    (
      .v1, artifactUpdate,
      #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","parts":[{"text":"x"}]},"append":true,"lastChunk":true}}"#
    ),
    (
      .v03JSONRPC, artifactUpdate,
      #"{"kind":"artifact-update","taskId":"T","contextId":"C","artifact":{"artifactId":"a","parts":[{"kind":"text","text":"x"}]},"append":true,"lastChunk":true}"#
    ),
    (
      .v03REST, artifactUpdate,
      #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","parts":[{"text":"x"}]},"append":true,"lastChunk":true}}"#
    ),
    (.v1, message, #"{"message":{"messageId":"m","contextId":"C","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}"#),
    (
      .v03JSONRPC, message,
      #"{"kind":"message","messageId":"m","contextId":"C","role":"agent","parts":[{"kind":"text","text":"hi"}]}"#
    ),
    (
      .v03REST, message,
      #"{"message":{"messageId":"m","contextId":"C","role":"ROLE_AGENT","content":[{"text":"hi"}]}}"#
    ),
  ])
  func writesTheLastEventOfATurn(dialect: Dialect, event: TaskEvent, golden: String) {
    #expect(encoded(dialect) { $0.streamEvent(event, final: true, into: &$1) }.text == golden)
  }

  @Test func everyStatusOf03JSONRPCSaysWhetherItIsFinal() {
    #expect(
      encoded(.v03JSONRPC) { $0.streamEvent(GoldenTests.statusUpdate, final: false, into: &$1) }.text
        .hasSuffix(#""final":false}"#))
    #expect(
      !encoded(.v03REST) { $0.streamEvent(GoldenTests.statusUpdate, final: false, into: &$1) }.text.contains("final"))
  }

  /// ProtoJSON would leave a zero out, and a reader could not tell "unknown" from "not said".
  @Test func anUnknownStateIsWrittenOut() {
    let status = TaskStatus(.unspecified)
    #expect(encoded(.v1) { $0.status(status, into: &$1) }.text == #"{"state":"TASK_STATE_UNSPECIFIED"}"#)
    #expect(encoded(.v03JSONRPC) { $0.status(status, into: &$1) }.text == #"{"state":"unknown"}"#)
  }

  @Test func aTaskOf03AlwaysHasAContextID() {
    let task = AgentTask(id: "T", contextID: "", status: TaskStatus(.working))
    #expect(encoded(.v03JSONRPC) { $0.task(task, into: &$1) }.text.contains(#""contextId":"""#))
    #expect(!encoded(.v1) { $0.task(task, into: &$1) }.text.contains("contextId"))
  }
}
