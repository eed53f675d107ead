import JSON
import Model
import Testing

@testable import A2A

/// What the official servers answered, captured from a2a-sdk 1.3.0 and 0.3.26, read as a client reads it.
struct CapturedSampleTests {
  private func rpc(
    _ body: String, _ operation: AgentOperation = .sendMessage, _ version: ProtocolVersion = .v1_0
  ) throws -> CallResult {
    try ResultDecoder.jsonRPC(Array(body.utf8), operation: operation, version: version)
  }

  private func item(_ data: String, _ version: ProtocolVersion, _ binding: Binding) throws -> StreamItem {
    try ResultDecoder.streamItem(Array(data.utf8), version: version, binding: binding)
  }

  private let answer = AgentTask(
    id: "T", contextID: "C",
    status: TaskStatus(.completed, timestamp: Timestamp("2026-11-21T02:42:25.596Z")),
    artifacts: [Artifact(artifactID: "a1", name: "echo", parts: [.text("you said: hello")])],
    history: [Message(messageID: "m1", role: .user, parts: [.text("hello")], contextID: "C", taskID: "T")])

  @Test func sendOf10() throws {
    let body =
      #"{"result":{"task":{"id":"T","contextId":"C","status":{"state":"TASK_STATE_COMPLETED","timestamp":"2026-11-21T02:42:25.596240Z"},"artifacts":[{"artifactId":"a1","name":"echo","parts":[{"text":"you said: hello"}]}],"history":[{"messageId":"m1","contextId":"C","taskId":"T","role":"ROLE_USER","parts":[{"text":"hello"}]}]}},"id":"r1","jsonrpc":"2.0"}"#
    #expect(try rpc(body) == .sent(.task(answer)))
  }

  @Test func sendOf03() throws {
    let body =
      #"{"id":"r1","jsonrpc":"2.0","result":{"artifacts":[{"artifactId":"a1","name":"echo","parts":[{"kind":"text","text":"you said: hello"}]}],"contextId":"C","history":[{"contextId":"C","kind":"message","messageId":"m1","parts":[{"kind":"text","text":"hello"}],"role":"user","taskId":"T"}],"id":"T","kind":"task","status":{"state":"completed","timestamp":"2026-11-21T02:42:25.596957+00:00"}}}"#
    #expect(try rpc(body, .sendMessage, .v0_3) == .sent(.task(answer)))
  }

  @Test func sendOf03REST() throws {
    let body =
      #"{"task":{"id":"T","contextId":"C","status":{"state":"TASK_STATE_SUBMITTED"},"history":[{"messageId":"m1","contextId":"C","taskId":"T","role":"ROLE_USER","content":[{"text":"hello"}],"metadata":{}}]}}"#
    var expected = AgentTask(id: "T", contextID: "C", status: TaskStatus(.submitted), history: answer.history)
    expected.history[0].metadata = try fragment("{}")
    #expect(
      try ResultDecoder.rest(Array(body.utf8), status: 200, operation: .sendMessage, version: .v0_3)
        == .sent(.task(expected)))
  }

  @Test func messageOnly() throws {
    #expect(
      try rpc(
        #"{"result":{"message":{"messageId":"x","contextId":"C","role":"ROLE_AGENT","parts":[{"text":"hi msg"}]}},"id":"r1","jsonrpc":"2.0"}"#
      ) == .sent(.message(Message(messageID: "x", role: .agent, parts: [.text("hi msg")], contextID: "C"))))
  }

  @Test func listOf10PrintsDefaults() throws {
    let body =
      #"{"result":{"tasks":[{"id":"T","contextId":"C","status":{"state":"TASK_STATE_WORKING"},"history":[{"messageId":"m1","contextId":"C","taskId":"T","role":"ROLE_USER","parts":[{"text":"hello","filename":"","mediaType":""}],"extensions":[],"referenceTaskIds":[]}]}],"nextPageToken":"eyJ0cyI6","pageSize":1,"totalSize":8},"id":"r1","jsonrpc":"2.0"}"#
    #expect(
      try rpc(body, .listTasks)
        == .page(
          TaskPage(
            tasks: [AgentTask(id: "T", contextID: "C", status: TaskStatus(.working), history: answer.history)],
            nextPageToken: "eyJ0cyI6", pageSize: 1, totalSize: 8)))
  }

  @Test func aDeletionOf03HasNoResultAtAll() throws {
    #expect(try rpc(#"{"id":"r1","jsonrpc":"2.0"}"#, .deletePushConfig, .v0_3) == .pushConfigDeleted)
    #expect(throws: PeerFault.self) { try rpc(#"{"id":"r1","jsonrpc":"2.0"}"#, .getTask, .v0_3) }
  }

  @Test func pushListOf10() throws {
    let body =
      #"{"result":{"configs":[{"id":"T","taskId":"T","url":"u","token":"tok10","authentication":{"scheme":"Bearer","credentials":"cred10"}}]},"id":"1","jsonrpc":"2.0"}"#
    #expect(
      try rpc(body, .listPushConfigs)
        == .pushConfigs(
          [
            PushNotificationConfig(
              id: "T", taskID: "T", url: "u", token: "tok10",
              authentication: .init(scheme: "Bearer", credentials: "cred10"))
          ], nextPageToken: ""))
  }

  @Test func eventsOf10() throws {
    #expect(
      try item(
        #"{"result":{"statusUpdate":{"taskId":"T","contextId":"C","status":{"state":"TASK_STATE_WORKING"}}},"id":"r1","jsonrpc":"2.0"}"#,
        .v1_0, .jsonRPC)
        == StreamItem(
          event: .status(TaskStatusUpdate(taskID: "T", contextID: "C", status: TaskStatus(.working))), final: false))
    #expect(
      try item(
        #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","parts":[{"text":"x"}]},"append":true}}"#,
        .v1_0, .rest)
        == StreamItem(
          event: .artifact(
            TaskArtifactUpdate(
              taskID: "T", contextID: "C", artifact: Artifact(artifactID: "a", parts: [.text("x")]), append: true)),
          final: false))
  }

  @Test func eventsOf03() throws {
    let update = TaskEvent.status(
      TaskStatusUpdate(
        taskID: "T", contextID: "C", status: TaskStatus(.inputRequired, timestamp: Timestamp("2026-11-21T02:42:26Z"))))
    #expect(
      try item(
        #"{"id":"r1","jsonrpc":"2.0","result":{"contextId":"C","final":true,"kind":"status-update","status":{"state":"input-required","timestamp":"2026-11-21T02:42:26"},"taskId":"T"}}"#,
        .v0_3, .jsonRPC) == StreamItem(event: update, final: true))
    #expect(
      try item(
        "{\n \"statusUpdate\": {\n \"taskId\": \"T\", \"contextId\": \"C\", \"final\": true,\n \"status\": {\"state\": \"TASK_STATE_INPUT_REQUIRED\", \"timestamp\": \"2026-11-21T02:42:26Z\"}}}",
        .v0_3, .rest) == StreamItem(event: update, final: true))
    // Where `kind` is left out, the required members tell.
    #expect(
      try item(
        #"{"jsonrpc":"2.0","id":1,"result":{"id":"T","contextId":"C","status":{"state":"working"}}}"#, .v0_3, .jsonRPC
      )
      .event == .task(AgentTask(id: "T", contextID: "C", status: TaskStatus(.working))))
  }

  @Test(arguments: [
    (
      #"{"error":{"code":-32603,"message":"kaboom"},"id":"r1","jsonrpc":"2.0"}"#, ProtocolVersion.v1_0, Binding.jsonRPC,
      AgentError.Kind.internalError
    ),
    (
      #"{"error":{"code":-32001,"message":"Task not found"},"id":"r1","jsonrpc":"2.0"}"#, .v0_3, .jsonRPC, .taskNotFound
    ),
    (
      #"{"error":{"code":404,"status":"NOT_FOUND","message":"Task not found","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TASK_NOT_FOUND","domain":"a2a-protocol.org","metadata":{}}]}}"#,
      .v1_0, .rest, .taskNotFound
    ),
    (#"{"message":"gone","code":-32001}"#, .v0_3, .rest, .taskNotFound),
    ("not json", .v1_0, .rest, .invalidAgentResponse), ("{}", .v1_0, .jsonRPC, .invalidAgentResponse),
    ("{}", .v1_0, .rest, .invalidAgentResponse),
    (#"{"result":{"kind":"poem"},"id":1,"jsonrpc":"2.0"}"#, .v0_3, .jsonRPC, .invalidAgentResponse),
    (
      #"{"statusUpdate":{"taskId":"T","contextId":"C","status":{"state":"TASK_STATE_SLEEPING"}}}"#, .v1_0, .rest,
      .invalidAgentResponse
    ),
    (#"{"task":{"contextId":"C","status":{"state":"TASK_STATE_WORKING"}}}"#, .v1_0, .rest, .invalidAgentResponse),
  ])
  func errorsInStreamsAreToldByTheirShape(
    data: String, version: ProtocolVersion, binding: Binding, kind: AgentError.Kind
  ) {
    let fault = #expect(throws: PeerFault.self) { try item(data, version, binding) }
    #expect(fault?.error.kind == kind)
    #expect(fault?.error.source == .upstream)
  }

  @Test func aMissingStateIsUnknown() throws {
    #expect(
      try rpc(#"{"result":{"id":"T","contextId":"C","status":{}},"id":1,"jsonrpc":"2.0"}"#, .getTask)
        == .task(AgentTask(id: "T", contextID: "C", status: TaskStatus(.unspecified))))
  }

  @Test func faultsOfAnAnswerAreKeptForTheLog() {
    let fault = #expect(throws: PeerFault.self) {
      try rpc(#"{"result":{"task":{"status":{"state":"x"}}},"id":1,"jsonrpc":"2.0"}"#)
    }
    #expect(fault?.text == "task.id: Is required. task.status.state: Is no state of a task.")
  }
}
