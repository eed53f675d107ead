import JSON
import Model
import Testing

@testable import A2A

/// Parameters over JSON-RPC, of both versions.
struct CallDecoderTests {
  private func call(_ method: String, _ params: String, tenant: String? = nil) throws -> AgentCall {
    let version = try #require(JSONRPCMethod.family(method))
    return try CallDecoder.decode(method: method, params: try node(params), version: version, tenant: tenant)
  }

  private func faults(_ method: String, _ params: String) throws -> [String] {
    do {
      _ = try call(method, params)
      return []
    } catch let error as AgentError {
      #expect(error.kind == .invalidParams)
      return error.fieldViolations.map { "\($0.field): \($0.description)" }
    }
  }

  private let message = #"{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hello"}]}"#
  private let messageV03 =
    #"{"kind":"message","messageId":"m1","role":"user","parts":[{"kind":"text","text":"hello"}]}"#
  private let plain = Message(messageID: "m1", role: .user, parts: [.text("hello")])

  // MARK: Send

  @Test func send10AsTheOfficialClientWritesIt() throws {
    #expect(
      try call("SendMessage", #"{"message":\#(message),"configuration":{}}"#)
        == .sendMessage(SendRequest(message: plain)))
  }

  @Test func send10WithEverything() throws {
    let params = #"""
      {"message": {"message_id": "m1", "context_id": "C", "task_id": "T", "role": 1, "parts": [{"text": "hello"}],
                   "metadata": {"a":1}, "extensions": ["e"], "reference_task_ids": ["T0"], "unknown": 1},
       "configuration": {"accepted_output_modes": ["text/plain"], "history_length": "0", "return_immediately": true,
                         "taskPushNotificationConfig": {"url": "https://x.example", "token": "tok",
                           "authentication": {"scheme": "Bearer", "credentials": "c"}}},
       "metadata": {"m":2}, "tenant": ""}
      """#
    var expected = plain
    expected.contextID = "C"
    expected.taskID = "T"
    expected.metadata = try fragment(#"{"a":1}"#)
    expected.extensions = ["e"]
    expected.referenceTaskIDs = ["T0"]
    #expect(
      try call("SendStreamingMessage", params)
        == .sendStreamingMessage(
          SendRequest(
            message: expected, acceptedOutputModes: ["text/plain"], historyLength: 0, returnImmediately: true,
            pushNotification: PushNotificationConfig(
              url: "https://x.example", token: "tok", authentication: .init(scheme: "Bearer", credentials: "c")),
            metadata: try fragment(#"{"m":2}"#))))
  }

  @Test func send03AsTheOfficialClientWritesIt() throws {
    #expect(
      try call(
        "message/send", #"{"configuration":{"acceptedOutputModes":[],"blocking":true},"message":\#(messageV03)}"#)
        == .sendMessage(SendRequest(message: plain)))
  }

  @Test(arguments: [
    ("{}", false), (#"{"blocking":true}"#, false), (#"{"blocking":false}"#, true), (#"{"blocking":null}"#, false),
  ])
  func a03SendReturnsAtOnceOnlyWhenToldNotToBlock(configuration: String, immediate: Bool) throws {
    guard
      case .sendMessage(let request) = try call(
        "message/send", #"{"message":\#(messageV03),"configuration":\#(configuration)}"#)
    else { return #expect(Bool(false)) }
    #expect(request.returnImmediately == immediate)
  }

  @Test func aHistoryLengthOfZeroMeansAllIn03AndNoneIn10() throws {
    #expect(try call("tasks/get", #"{"id":"T","historyLength":0}"#) == .getTask(id: "T", historyLength: nil))
    #expect(try call("GetTask", #"{"id":"T","historyLength":0}"#) == .getTask(id: "T", historyLength: 0))
    #expect(try call("GetTask", #"{"id":"T","historyLength":3.0}"#) == .getTask(id: "T", historyLength: 3))
  }

  @Test func nullIsUnset() throws {
    #expect(
      try call(
        "SendMessage",
        #"{"message":{"messageId":"m1","contextId":null,"role":"ROLE_USER","parts":[{"text":"hello"}],"extensions":null},"configuration":null,"metadata":null}"#
      ) == .sendMessage(SendRequest(message: plain)))
  }

  @Test func allFaultsOfARequestAreListed() throws {
    #expect(
      try faults(
        "SendMessage",
        #"{"message":{"role":"user","parts":[]},"configuration":{"historyLength":-1,"returnImmediately":"yes"},"metadata":1}"#
      ) == [
        "message.messageId: Is required.",
        "message.role: Must be ROLE_USER or ROLE_AGENT.",
        "message.parts: Is required and must not be empty.",
        "metadata: Must be an object.",
        "configuration.historyLength: Must be at least 0.",
        "configuration.returnImmediately: Must be true or false.",
      ])
  }

  @Test(arguments: [
    ("SendMessage", "{}", "message: Is required."),
    ("SendMessage", #"{"message":"hi"}"#, "message: Must be an object."),
    (
      "SendMessage", #"{"message":{"messageId":"m","role":"ROLE_USER"}}"#,
      "message.parts: Is required and must not be empty."
    ),
    (
      "SendMessage", #"{"message":{"messageId":"","role":"ROLE_USER","parts":[{"text":"x"}]}}"#,
      "message.messageId: Is required."
    ),
    (
      "SendMessage", #"{"message":{"messageId":"m","role":0,"parts":[{"text":"x"}]}}"#,
      "message.role: Must be ROLE_USER or ROLE_AGENT."
    ),
    (
      "SendMessage", #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x","url":"u"}]}}"#,
      "message.parts[0]: Must have only one of text, raw, url and data."
    ),
    (
      "SendMessage", #"{"message":{"messageId":"m","role":"ROLE_USER","contextId":"a b","parts":[{"text":"x"}]}}"#,
      "message.contextId: Must be 1 to 128 visible ASCII characters."
    ),
    (
      "SendMessage",
      #"{"message":{"messageId":"m","role":"ROLE_USER","extensions":["e",7],"parts":[{"text":"x"}]}}"#,
      "message.extensions[1]: Must be a string."
    ),
    (
      "message/send",
      #"{"message":{"kind":"task","messageId":"m","role":"user","parts":[{"kind":"text","text":"x"}]}}"#,
      "message.kind: Must be message."
    ),
    (
      "message/send", #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"kind":"text","text":"x"}]}}"#,
      "message.role: Must be user or agent."
    ),
    (
      "message/send",
      #"{"message":{"messageId":"m","role":"user","parts":[{"kind":"text","text":"x"}]},"configuration":{"pushNotificationConfig":{"url":"u","authentication":{"schemes":[],"credentials":"c"}}}}"#,
      "configuration.pushNotificationConfig.authentication.schemes: Must name a scheme for the credentials."
    ),
    ("GetTask", "{}", "id: Is required."), ("GetTask", #"{"id":7}"#, "id: Must be a string."),
    ("GetTask", #"{"id":"T","historyLength":"many"}"#, "historyLength: Must be an integer."),
    ("GetTask", #"{"id":"T","historyLength":1.5}"#, "historyLength: Must be an integer."),
    ("tasks/get", #"{"id":"T","historyLength":-1}"#, "historyLength: Must be at least 0."),
    ("ListTasks", #"{"pageSize":0}"#, "pageSize: Must be at least 1 and at most 100."),
    ("ListTasks", #"{"pageSize":101}"#, "pageSize: Must be at least 1 and at most 100."),
    ("ListTasks", #"{"status":"working"}"#, "status: Is no state of a task, such as TASK_STATE_WORKING."),
    ("ListTasks", #"{"status":9}"#, "status: Is no state of a task, such as TASK_STATE_WORKING."),
    ("ListTasks", #"{"statusTimestampAfter":"noon"}"#, "statusTimestampAfter: Must be a date and time of RFC 3339."),
    ("ListTasks", #"{"includeArtifacts":1}"#, "includeArtifacts: Must be true or false."),
    ("CancelTask", #"{"id":"T","metadata":[]}"#, "metadata: Must be an object."),
    ("CreateTaskPushNotificationConfig", #"{"taskId":"T"}"#, "url: Is required."),
    (
      "CreateTaskPushNotificationConfig", #"{"taskId":"T","url":"u","authentication":{}}"#,
      "authentication.scheme: Is required."
    ),
    ("tasks/pushNotificationConfig/set", #"{"taskId":"T"}"#, "pushNotificationConfig: Is required."),
    ("tasks/pushNotificationConfig/delete", #"{"id":"T"}"#, "pushNotificationConfigId: Is required."),
    ("GetTaskPushNotificationConfig", #"{"taskId":"T"}"#, "id: Is required."),
  ])
  func refusesAndNamesTheField(method: String, params: String, fault: String) throws {
    #expect(try faults(method, params) == [fault])
  }

  @Test func identifiersAreBounded() throws {
    let id = String(repeating: "x", count: 256)
    #expect(try call("GetTask", #"{"id":"\#(id)"}"#) == .getTask(id: id, historyLength: nil))
    #expect(try faults("GetTask", #"{"id":"\#(id)x"}"#) == ["id: Must not be longer than 256 bytes."])
    let context = String(repeating: "c", count: 129)
    #expect(
      try faults(
        "SendMessage",
        #"{"message":{"messageId":"m","role":"ROLE_USER","contextId":"\#(context)","parts":[{"text":"x"}]}}"#)
        == ["message.contextId: Must be 1 to 128 visible ASCII characters."])
  }

  @Test func listsOfFaultsAreBounded() throws {
    let parts = Array(repeating: "{}", count: 100).joined(separator: ",")
    #expect(
      try faults("SendMessage", #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[\#(parts)]}}"#).count
        == A2ALimits.faultsMax)
  }

  // MARK: Others

  @Test func list10() throws {
    #expect(try call("ListTasks", "{}") == .listTasks(ListTasksRequest()))
    let params = #"""
      {"contextId": "C", "status": "TASK_STATE_WORKING", "pageSize": "2", "page_token": "p", "historyLength": 0,
       "statusTimestampAfter": "2026-11-21T04:42:25.596+02:00", "includeArtifacts": true}
      """#
    #expect(
      try call("ListTasks", params)
        == .listTasks(
          ListTasksRequest(
            contextID: "C", state: .working, pageSize: 2, pageToken: "p", historyLength: 0,
            statusTimestampAfter: Timestamp("2026-11-21T02:42:25.596Z"), includeArtifacts: true)))
    #expect(try call("ListTasks", #"{"status":5}"#) == .listTasks(ListTasksRequest(state: .canceled)))
    #expect(try call("ListTasks", #"{"status":"TASK_STATE_UNSPECIFIED"}"#) == .listTasks(ListTasksRequest()))
  }

  @Test func cancelAndSubscribe() throws {
    #expect(
      try call("CancelTask", #"{"id":"T","metadata":{"why":"x"}}"#)
        == .cancelTask(id: "T", metadata: try fragment(#"{"why":"x"}"#)))
    #expect(try call("tasks/cancel", #"{"id":"T"}"#) == .cancelTask(id: "T", metadata: nil))
    #expect(try call("SubscribeToTask", #"{"id":"T"}"#) == .subscribeToTask(id: "T"))
    #expect(try call("tasks/resubscribe", #"{"id":"T","metadata":{}}"#) == .subscribeToTask(id: "T"))
  }

  @Test func pushConfigurationsOfBothVersions() throws {
    let config = PushNotificationConfig(
      id: "P", taskID: "T", url: "https://x.example", token: "tok",
      authentication: .init(scheme: "Bearer", credentials: "c"))
    #expect(
      try call(
        "CreateTaskPushNotificationConfig",
        #"{"id":"P","taskId":"T","url":"https://x.example","token":"tok","authentication":{"scheme":"Bearer","credentials":"c"}}"#
      ) == .createPushConfig(config))
    #expect(
      try call(
        "tasks/pushNotificationConfig/set",
        #"{"taskId":"T","pushNotificationConfig":{"id":"P","url":"https://x.example","token":"tok","authentication":{"schemes":["Bearer","Basic"],"credentials":"c"}}}"#
      ) == .createPushConfig(config))
    #expect(
      try call("GetTaskPushNotificationConfig", #"{"taskId":"T","id":"P"}"#) == .getPushConfig(taskID: "T", id: "P"))
    #expect(try call("tasks/pushNotificationConfig/get", #"{"id":"T"}"#) == .getPushConfig(taskID: "T", id: nil))
    #expect(
      try call("ListTaskPushNotificationConfigs", #"{"taskId":"T","pageSize":0}"#)
        == .listPushConfigs(taskID: "T", pageSize: nil, pageToken: nil))
    #expect(
      try call("tasks/pushNotificationConfig/list", #"{"id":"T"}"#)
        == .listPushConfigs(taskID: "T", pageSize: nil, pageToken: nil))
    #expect(
      try call("tasks/pushNotificationConfig/delete", #"{"id":"T","pushNotificationConfigId":"P"}"#)
        == .deletePushConfig(taskID: "T", id: "P"))
  }

  @Test func theExtendedCardNeedsNoParams() throws {
    #expect(
      try CallDecoder.decode(method: "GetExtendedAgentCard", params: nil, version: .v1_0) == .getExtendedAgentCard)
    #expect(
      try CallDecoder.decode(method: "agent/getAuthenticatedExtendedCard", params: nil, version: .v0_3)
        == .getExtendedAgentCard)
    #expect(throws: AgentError.invalidField("params", "Is required.")) {
      try CallDecoder.decode(method: "GetTask", params: nil, version: .v1_0)
    }
  }

  @Test func methodsOfTheOtherVersionDoNotExist() throws {
    for (method, version) in [("message/send", ProtocolVersion.v1_0), ("SendMessage", .v0_3), ("tasks/list", .v0_3)] {
      #expect(throws: AgentError(.methodNotFound, "Method not found.")) {
        try CallDecoder.decode(method: method, params: try node("{}"), version: version)
      }
    }
  }

  @Test func aForeignTenantIsNotFound() throws {
    #expect(throws: ParamsReader.unknownTenant) { try call("GetTask", #"{"id":"T","tenant":"acme"}"#) }
    #expect(throws: ParamsReader.unknownTenant) { try call("GetTask", #"{"id":"T","tenant":"acme"}"#, tenant: "other") }
    #expect(
      try call("GetTask", #"{"id":"T","tenant":"acme"}"#, tenant: "acme") == .getTask(id: "T", historyLength: nil))
  }
}
