import HTTP
import JSON
import Model
import Testing

@testable import A2A

/// Parameters over HTTP+JSON, of both versions.
struct CallDecoderRESTTests {
  private func call(
    _ method: HTTPMethod, _ target: String, _ body: String? = nil, dialect: Dialect? = nil, tenant: String? = nil
  ) throws -> AgentCall {
    let pieces = target.split(separator: "?", maxSplits: 1)
    guard case .route(let route) = RESTRoute.match(method: method, path: String(pieces[0])) else {
      throw AgentError(.methodNotFound, "no route")
    }
    return try CallDecoder.decodeREST(
      route: route, body: try body.map { try node($0) },
      query: pieces.count > 1 ? QueryParameters(String(pieces[1])) : nil,
      dialect: dialect ?? Dialect(route.version, .rest), tenant: tenant)
  }

  private func faults(_ method: HTTPMethod, _ target: String, _ body: String? = nil) throws -> [String] {
    do {
      _ = try call(method, target, body)
      return []
    } catch let error as AgentError {
      #expect(error.kind == .invalidParams)
      return error.fieldViolations.map { "\($0.field): \($0.description)" }
    }
  }

  private let old = #"{"messageId":"m1","role":"ROLE_USER","content":[{"text":"hello"}]}"#
  private let plain = Message(messageID: "m1", role: .user, parts: [.text("hello")])

  @Test func sendOf10() throws {
    #expect(
      try call(.post, "/message:send", #"{"message":{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hello"}]}}"#)
        == .sendMessage(SendRequest(message: plain)))
  }

  /// The old schema has a plain bool: left out it is false, but without any configuration the caller waits.
  @Test(arguments: [
    ("", false), (#","configuration":{"blocking":true}"#, false), (#","configuration":{}"#, true),
    (#","configuration":{"blocking":false}"#, true),
  ])
  func sendOf03ReturnsAtOnceUnlessToldToBlock(configuration: String, immediate: Bool) throws {
    #expect(
      try call(.post, "/v1/message:send", #"{"message":\#(old)\#(configuration)}"#)
        == .sendMessage(SendRequest(message: plain, returnImmediately: immediate)))
  }

  @Test func namesOfTheOldSchemaAreReadToo() throws {
    let body = #"""
      {"request": {"message_id": "m1", "role": "ROLE_USER", "content": [{"text": "hello"}]},
       "configuration": {"blocking": true, "push_notification": {"url": "u"}}}
      """#
    #expect(
      try call(.post, "/v1/message:stream", body)
        == .sendStreamingMessage(SendRequest(message: plain, pushNotification: PushNotificationConfig(url: "u"))))
  }

  @Test func the03JSONRPCShapeIsNotThatOf03REST() throws {
    #expect(
      try faults(
        .post, "/v1/message:send",
        #"{"message":{"kind":"message","messageId":"m","role":"user","parts":[{"kind":"text","text":"x"}]}}"#) == [
          "message.role: Must be ROLE_USER or ROLE_AGENT.", "message.content: Is required and must not be empty.",
        ])
  }

  @Test func identifiersComeFromThePathAndTheRestFromTheQuery() throws {
    #expect(try call(.get, "/tasks/T?historyLength=2") == .getTask(id: "T", historyLength: 2))
    #expect(try call(.get, "/v1/tasks/T?historyLength=0") == .getTask(id: "T", historyLength: nil))
    #expect(
      try call(
        .get,
        "/tasks?contextId=C&status=TASK_STATE_FAILED&pageSize=5&pageToken=p&historyLength=0&includeArtifacts=true"
          + "&statusTimestampAfter=2026-11-21T04%3A42%3A25.596%2B02%3A00")
        == .listTasks(
          ListTasksRequest(
            contextID: "C", state: .failed, pageSize: 5, pageToken: "p", historyLength: 0,
            statusTimestampAfter: Timestamp("2026-11-21T02:42:25.596Z"), includeArtifacts: true)))
    #expect(try call(.get, "/tasks?page_size=5&status=2") == .listTasks(ListTasksRequest(state: .working, pageSize: 5)))
    #expect(try call(.get, "/tasks") == .listTasks(ListTasksRequest()))
  }

  @Test func cancelAndSubscribe() throws {
    #expect(
      try call(.post, "/tasks/T:cancel", #"{"id":"T","metadata":{"a":1}}"#)
        == .cancelTask(id: "T", metadata: try fragment(#"{"a":1}"#)))
    #expect(try call(.post, "/tasks/T:cancel") == .cancelTask(id: "T", metadata: nil))
    #expect(try call(.post, "/v1/tasks/T:cancel", #"{"name":"tasks/T"}"#) == .cancelTask(id: "T", metadata: nil))
    #expect(try call(.get, "/tasks/T:subscribe") == .subscribeToTask(id: "T"))
  }

  @Test func pushConfigurations() throws {
    #expect(
      try call(.post, "/tasks/T/pushNotificationConfigs", #"{"taskId":"T","url":"u"}"#)
        == .createPushConfig(PushNotificationConfig(taskID: "T", url: "u")))
    let old = #"""
      {"parent": "tasks/T", "configId": "P",
       "config": {"name": "tasks/T/pushNotificationConfigs/P", "pushNotificationConfig": {"url": "u"}}}
      """#
    #expect(
      try call(.post, "/v1/tasks/T/pushNotificationConfigs", old)
        == .createPushConfig(PushNotificationConfig(id: "P", taskID: "T", url: "u")))
    #expect(try call(.get, "/tasks/T/pushNotificationConfigs/P") == .getPushConfig(taskID: "T", id: "P"))
    #expect(
      try call(.get, "/tasks/T/pushNotificationConfigs?pageSize=3&pageToken=x")
        == .listPushConfigs(taskID: "T", pageSize: 3, pageToken: "x"))
    #expect(try call(.delete, "/tasks/T/pushNotificationConfigs/P") == .deletePushConfig(taskID: "T", id: "P"))
  }

  @Test(
    arguments: [
      (HTTPMethod.get, "/tasks/T?historyLength=-1", nil, "historyLength: Must be at least 0."),
      (.get, "/tasks/T?historyLength=x", nil, "historyLength: Must be an integer."),
      (.get, "/tasks?pageSize=0", nil, "pageSize: Must be at least 1 and at most 100."),
      (.get, "/tasks?pageSize=101", nil, "pageSize: Must be at least 1 and at most 100."),
      (.get, "/tasks?status=working", nil, "status: Is no state of a task, such as TASK_STATE_WORKING."),
      (.get, "/tasks?statusTimestampAfter=x", nil, "statusTimestampAfter: Must be a date and time of RFC 3339."),
      (.get, "/tasks?includeArtifacts=yes", nil, "includeArtifacts: Must be true or false."),
      (.post, "/tasks/T:cancel", #"{"id":"U"}"#, "id: Differs from the path."),
      (.post, "/tasks/T/pushNotificationConfigs", #"{"taskId":"U","url":"u"}"#, "taskId: Differs from the path."),
      (
        .post, "/v1/tasks/T/pushNotificationConfigs",
        #"{"parent":"tasks/U","config":{"pushNotificationConfig":{"url":"u"}}}"#,
        "parent: Differs from the path."
      ),
      (
        .post, "/v1/tasks/T/pushNotificationConfigs", #"{"config":{"pushNotificationConfig":{}}}"#,
        "config.pushNotificationConfig.url: Is required."
      ),
      (
        .post, "/acme/message:send",
        #"{"tenant":"other","message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]}}"#,
        "tenant: Differs from the tenant of the path."
      ),
    ] as [(HTTPMethod, String, String?, String)])
  func refusesAndNamesTheField(method: HTTPMethod, target: String, body: String?, fault: String) throws {
    #expect(try faults(method, target, body) == [fault])
  }

  @Test func longIdentifiersOfThePathAreRefused() throws {
    let id = String(repeating: "x", count: 257)
    #expect(try faults(.get, "/tasks/" + id) == ["id: Must not be longer than 256 bytes."])
  }

  @Test func bodiesThatAreMissingOrNoObjectAreNoRequests() {
    #expect(throws: AgentError(.invalidRequest, "The request has no body.")) { try call(.post, "/message:send") }
    #expect(throws: AgentError(.invalidRequest, "The body must be an object.")) {
      try call(.post, "/message:send", "[1]")
    }
  }

  @Test func pathsOfTheOtherVersionDoNotExist() {
    #expect(throws: AgentError(.methodNotFound, "There is no such operation in A2A 1.0.")) {
      try call(.get, "/v1/tasks/T", dialect: .v1)
    }
    #expect(throws: AgentError(.methodNotFound, "There is no such operation in A2A 0.3.")) {
      try call(.get, "/v1/tasks")
    }
  }

  @Test func aForeignTenantIsNotFound() throws {
    #expect(throws: ParamsReader.unknownTenant) { try call(.get, "/acme/tasks/T") }
    #expect(throws: ParamsReader.unknownTenant) { try call(.get, "/tasks/T?tenant=acme") }
    #expect(try call(.get, "/acme/tasks/T", tenant: "acme") == .getTask(id: "T", historyLength: nil))
  }
}
