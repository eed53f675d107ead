import HTTP
import JSON
import Model
import Testing

@testable import A2A

struct CallEncoderTests {
  private static let send = SendRequest(
    message: Message(messageID: "m1", role: .user, parts: [.text("hello")]), acceptedOutputModes: ["text/plain"],
    historyLength: 0,
    pushNotification: PushNotificationConfig(
      url: "https://x.example", authentication: .init(scheme: "Bearer", credentials: "c")))

  @Test func sendOverJSONRPC() throws {
    var losses: TranslationLosses = []
    let v1 = CallEncoder.jsonRPC(
      .sendMessage(CallEncoderTests.send), id: JSONFragment(1), version: .v1_0, tenant: "acme", losses: &losses)
    #expect(
      v1.map(text)
        == (try compact(
          #"""
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage",
           "params": {
             "tenant": "acme",
             "message": {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "hello"}]},
             "configuration": {
               "acceptedOutputModes": ["text/plain"], "historyLength": 0, "returnImmediately": false,
               "taskPushNotificationConfig": {
                 "url": "https://x.example", "authentication": {"scheme": "Bearer", "credentials": "c"}
               }
             }
           }}
          """#)))
    #expect(losses.isEmpty)
    let v03 = CallEncoder.jsonRPC(
      .sendMessage(CallEncoderTests.send), id: JSONFragment("x"), version: .v0_3, tenant: "acme", losses: &losses)
    #expect(
      v03.map(text)
        == (try compact(
          #"""
          {"jsonrpc": "2.0", "id": "x", "method": "message/send",
           "params": {
             "message": {
               "kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "hello"}]
             },
             "configuration": {
               "acceptedOutputModes": ["text/plain"], "blocking": true,
               "pushNotificationConfig": {
                 "url": "https://x.example", "authentication": {"schemes": ["Bearer"], "credentials": "c"}
               }
             }
           }}
          """#)))
    #expect(losses == [.tenant, .historyLengthZero])
  }

  @Test func sendOver03REST() throws {
    var losses: TranslationLosses = []
    let call = CallEncoder.rest(.sendMessage(CallEncoderTests.send), version: .v0_3, losses: &losses)
    #expect(call?.method == .post)
    #expect(call?.target == "/v1/message:send")
    #expect(
      call?.body.map(text)
        == (try compact(
          #"""
          {"message": {"messageId": "m1", "role": "ROLE_USER", "content": [{"text": "hello"}]},
           "configuration": {
             "acceptedOutputModes": ["text/plain"], "blocking": true,
             "pushNotification": {
               "url": "https://x.example", "authentication": {"schemes": ["Bearer"], "credentials": "c"}
             }
           }}
          """#)))
  }

  @Test func targetsOverREST() {
    var losses: TranslationLosses = []
    func target(_ call: AgentCall, _ version: ProtocolVersion, tenant: String? = nil) -> String? {
      CallEncoder.rest(call, version: version, tenant: tenant, losses: &losses).map { "\($0.method.name) \($0.target)" }
    }
    #expect(target(.getTask(id: "a/b c", historyLength: 2), .v1_0) == "GET /tasks/a%2Fb%20c?historyLength=2")
    #expect(target(.getTask(id: "T", historyLength: 0), .v0_3) == "GET /v1/tasks/T")
    #expect(target(.getTask(id: "T", historyLength: nil), .v1_0, tenant: "ac me") == "GET /ac%20me/tasks/T")
    #expect(
      target(.listTasks(ListTasksRequest(state: .working, statusTimestampAfter: Timestamp(milliseconds: 0))), .v1_0)
        == "GET /tasks?status=TASK_STATE_WORKING&pageSize=50&statusTimestampAfter=1970-01-01T00%3A00%3A00.000Z")
    #expect(target(.listTasks(ListTasksRequest()), .v0_3) == nil)
    #expect(target(.cancelTask(id: "T", metadata: nil), .v0_3) == "POST /v1/tasks/T:cancel")
    #expect(target(.getExtendedAgentCard, .v0_3) == "GET /v1/card")
    #expect(target(.getExtendedAgentCard, .v1_0) == "GET /extendedAgentCard")
    #expect(
      target(.deletePushConfig(taskID: "T", id: "P"), .v1_0) == "DELETE /tasks/T/pushNotificationConfigs/P")
  }

  /// Servers implement one of two verbs: 1.0 is tried with POST first, 0.3 with GET, as the reference servers have it.
  @Test func subscribingKnowsItsOtherVerb() {
    var losses: TranslationLosses = []
    let v1 = CallEncoder.rest(.subscribeToTask(id: "T"), version: .v1_0, losses: &losses)
    #expect(v1 == RESTCall(method: .post, otherMethod: .get, target: "/tasks/T:subscribe"))
    let v03 = CallEncoder.rest(.subscribeToTask(id: "T"), version: .v0_3, losses: &losses)
    #expect(v03 == RESTCall(method: .get, otherMethod: .post, target: "/v1/tasks/T:subscribe"))
  }

  // MARK: Round trips

  private static let calls: [AgentCall] = [
    .sendMessage(send), .sendStreamingMessage(send), .getTask(id: "T 1", historyLength: 3),
    .listTasks(
      ListTasksRequest(
        contextID: "C", state: .failed, pageSize: 7, pageToken: "p&q", historyLength: 1,
        statusTimestampAfter: Timestamp(milliseconds: 1_795_228_945_596), includeArtifacts: true)),
    .cancelTask(id: "T", metadata: JSONFragment(["a": 1])), .cancelTask(id: "T", metadata: nil),
    .subscribeToTask(id: "T"),
    .createPushConfig(
      PushNotificationConfig(
        id: "P", taskID: "T", url: "u", token: "t", authentication: .init(scheme: "Basic", credentials: "c"))),
    .getPushConfig(taskID: "T", id: "P"), .listPushConfigs(taskID: "T", pageSize: 3, pageToken: "x"),
    .deletePushConfig(taskID: "T", id: "P"), .getExtendedAgentCard,
  ]

  @Test(arguments: calls, Dialect.allCases)
  func aServerReadsWhatAClientWrites(call: AgentCall, dialect: Dialect) throws {
    for binding in dialect == .v1 ? Binding.allCases : [dialect == .v03REST ? .rest : .jsonRPC] {
      guard let (read, losses) = try transported(call, dialect.version, binding) else {
        #expect(call.operation == .listTasks && dialect != .v1)
        continue
      }
      #expect(read == CallEncoderTests.without(losses, call, dialect))
    }
  }

  /// The call as a server of this version reads it; nil where the version does not have it.
  private func transported(
    _ call: AgentCall, _ version: ProtocolVersion, _ binding: Binding
  ) throws -> (AgentCall, TranslationLosses)? {
    var losses: TranslationLosses = []
    switch binding {
    case .jsonRPC:
      guard let body = CallEncoder.jsonRPC(call, id: JSONFragment(1), version: version, losses: &losses) else {
        return nil
      }
      let request = try JSONRPCRequestReader.read(body)
      return (try CallDecoder.decode(method: request.method, params: request.params, version: version), losses)
    case .rest:
      guard let rest = CallEncoder.rest(call, version: version, losses: &losses) else { return nil }
      let pieces = rest.target.split(separator: "?", maxSplits: 1)
      guard case .route(let route) = RESTRoute.match(method: rest.method, path: String(pieces[0])) else { return nil }
      return (
        try CallDecoder.decodeREST(
          route: route, body: try rest.body.map { try node(text($0)) },
          query: pieces.count > 1 ? QueryParameters(String(pieces[1])) : nil, dialect: Dialect(version, binding)),
        losses
      )
    }
  }

  private static func without(_ losses: TranslationLosses, _ call: AgentCall, _ dialect: Dialect) -> AgentCall {
    switch call {
    case .sendMessage(var request):
      if losses.contains(.historyLengthZero) { request.historyLength = nil }
      return .sendMessage(request)
    case .sendStreamingMessage(var request):
      if losses.contains(.historyLengthZero) { request.historyLength = nil }
      return .sendStreamingMessage(request)
    case .cancelTask(let id, _) where losses.contains(.cancelMetadata): return .cancelTask(id: id, metadata: nil)
    // 0.3 JSON-RPC does not page these.
    case .listPushConfigs(let taskID, _, _) where dialect == .v03JSONRPC:
      return .listPushConfigs(taskID: taskID, pageSize: nil, pageToken: nil)
    default: return call
    }
  }
}
