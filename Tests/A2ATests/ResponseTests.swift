import JSON
import Model
import Testing

@testable import A2A

struct ResponseTests {
  private let id = JSONFragment("r1")
  private let task = AgentTask(id: "T", contextID: "C", status: TaskStatus(.submitted))
  private let message = Message(messageID: "m", role: .agent, parts: [.text("hi")], contextID: "C")

  private func rpc(_ result: CallResult, _ version: ProtocolVersion) -> String {
    body(result, id: id, Dialect(version, .jsonRPC))
  }

  private func rest(_ result: CallResult, _ dialect: Dialect) -> String {
    body(result, id: nil, dialect)
  }

  private func body(_ result: CallResult, id: JSONFragment?, _ dialect: Dialect) -> String {
    var losses: TranslationLosses = []
    var json = JSONWriter()
    ResponseEncoder.result(result, id: id, dialect: dialect, losses: &losses, into: &json)
    return text(json.finish())
  }

  // MARK: Results

  @Test func aSendIsWrappedButIn03JSONRPC() {
    #expect(
      rpc(.sent(.task(task)), .v1_0)
        == #"{"jsonrpc":"2.0","id":"r1","result":{"task":{"id":"T","contextId":"C","status":{"state":"TASK_STATE_SUBMITTED"}}}}"#
    )
    #expect(
      rpc(.sent(.task(task)), .v0_3)
        == #"{"jsonrpc":"2.0","id":"r1","result":{"kind":"task","id":"T","contextId":"C","status":{"state":"submitted"}}}"#
    )
    #expect(
      rest(.sent(.message(message)), .v03REST)
        == #"{"message":{"messageId":"m","contextId":"C","role":"ROLE_AGENT","content":[{"text":"hi"}]}}"#)
  }

  @Test(arguments: Dialect.allCases) func aTaskThatWasAnsweredIsWrittenAsAnyOther(_ dialect: Dialect) {
    for (index, filename) in [nil, "f" as JSONString].enumerated() {
      // A file's name is lost on parts of 0.3.
      let part = Part(.text("hi \\ \"you\""), filename: filename)
      let turn = Turn(
        owner: TaskOwner(principal: "alice", agentKey: "agent"), taskID: "T", contextID: "C",
        message: Message(
          messageID: "m", role: .user, parts: [part], contextID: "C", taskID: "T",
          metadata: JSONFragment(["urn:a2a-gateway:translation:v1": ["filename": "g"]]), referenceTaskIDs: ["R"]))
      let answer = TurnAnswer(
        artifactID: "output-1", text: JSONString("line\nbreak"), usage: index == 0 ? nil : JSONFragment(["total": 3]),
        finishReason: JSONFragment("stop"), backendState: JSONFragment([:]))
      for id in [nil, JSONFragment("r1")] {
        let answered = AnsweredTask(turn, answer, at: Timestamp(milliseconds: 1_234_567))
        var (losses, others): (TranslationLosses, TranslationLosses) = ([], [])
        var json = JSONWriter()
        var other = JSONWriter()
        ResponseEncoder.result(.sent(.task(answered.task)), id: id, dialect: dialect, losses: &others, into: &other)
        ResponseEncoder.sent(answered, id: id, dialect: dialect, losses: &losses, into: &json)
        let (written, expected) = (text(json.finish()), text(other.finish()))
        #expect(written == expected)
        #expect(losses == others)
      }
    }
  }

  @Test func aTaskIsBareEverywhere() {
    let bare = #"{"id":"T","contextId":"C","status":{"state":"TASK_STATE_SUBMITTED"}}"#
    #expect(rpc(.task(task), .v1_0) == #"{"jsonrpc":"2.0","id":"r1","result":\#(bare)}"#)
    #expect(rest(.task(task), .v1) == bare)
    #expect(rest(.task(task), .v03REST) == bare)
  }

  @Test func aPageAlwaysHasItsFourMembers() {
    #expect(
      rest(.page(TaskPage(tasks: [], nextPageToken: "", pageSize: 50, totalSize: 0)), .v1)
        == #"{"tasks":[],"nextPageToken":"","pageSize":50,"totalSize":0}"#)
  }

  @Test func credentialsOfPushConfigurationsAreNeverEchoed() {
    let config = PushNotificationConfig(
      id: "P", taskID: "T", url: "u", token: "tok", authentication: .init(scheme: "Bearer", credentials: "secret"))
    #expect(
      rest(.pushConfig(config), .v1)
        == #"{"taskId":"T","id":"P","url":"u","token":"tok","authentication":{"scheme":"Bearer"}}"#)
    #expect(
      rpc(.pushConfig(config), .v0_3)
        == #"{"jsonrpc":"2.0","id":"r1","result":{"taskId":"T","pushNotificationConfig":{"id":"P","url":"u","token":"tok","authentication":{"schemes":["Bearer"]}}}}"#
    )
    #expect(
      rest(.pushConfig(config), .v03REST)
        == #"{"name":"tasks/T/pushNotificationConfigs/P","pushNotificationConfig":{"id":"P","url":"u","token":"tok","authentication":{"schemes":["Bearer"]}}}"#
    )
    for dialect in Dialect.allCases {
      #expect(!rest(.pushConfigs([config], nextPageToken: ""), dialect).contains("secret"))
    }
  }

  @Test func listsOfPushConfigurationsAreBareIn03JSONRPC() {
    #expect(rest(.pushConfigs([], nextPageToken: "n"), .v1) == #"{"configs":[],"nextPageToken":"n"}"#)
    #expect(rest(.pushConfigs([], nextPageToken: ""), .v03REST) == #"{"configs":[],"nextPageToken":""}"#)
    #expect(rpc(.pushConfigs([], nextPageToken: ""), .v0_3) == #"{"jsonrpc":"2.0","id":"r1","result":[]}"#)
  }

  @Test func aDeletionAnswersNullOverJSONRPCAndAnObjectOverREST() {
    #expect(rpc(.pushConfigDeleted, .v1_0) == #"{"jsonrpc":"2.0","id":"r1","result":null}"#)
    #expect(rpc(.pushConfigDeleted, .v0_3) == #"{"jsonrpc":"2.0","id":"r1","result":null}"#)
    #expect(rest(.pushConfigDeleted, .v1) == "{}")
  }

  // MARK: Streams

  @Test func framesOfBothBindings() {
    var losses: TranslationLosses = []
    let output =
      ResponseEncoder.streamEvent(
        .message(message), final: true, dialect: .v1, id: id, eventID: EventID(epoch: "e", sequence: 7), losses: &losses
      )
      + ResponseEncoder.streamEvent(.message(message), final: true, dialect: .v1, id: nil, losses: &losses)
    let event = #"{"message":{"messageId":"m","contextId":"C","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}"#
    #expect(
      text(output)
        == "id: e.7\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"r1\",\"result\":\(event)}\n\ndata: \(event)\n\n")
  }

  @Test func aBrokenStreamOf10EndsWithAnErrorEvent() {
    var output: [UInt8] = []
    ResponseEncoder.streamError(AgentError(.internalError, "x"), id: id, dialect: .v1, into: &output)
    #expect(text(output).hasPrefix("event: error\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"r1\",\"error\":{\"code\":-32603"))
    output = []
    ResponseEncoder.streamError(AgentError(.internalError, "x"), id: nil, dialect: .v1, into: &output)
    #expect(text(output).hasPrefix("event: error\ndata: {\"error\":{\"code\":500"))
  }

  @Test func aBrokenStreamOf03EndsWithAPlainEvent() {
    var output: [UInt8] = []
    ResponseEncoder.streamError(AgentError(.internalError, "x"), id: id, dialect: .v03JSONRPC, into: &output)
    #expect(
      text(output) == "data: {\"jsonrpc\":\"2.0\",\"id\":\"r1\",\"error\":{\"code\":-32603,\"message\":\"x\"}}\n\n")
    output = []
    ResponseEncoder.streamError(AgentError(.internalError, "x"), id: nil, dialect: .v03REST, into: &output)
    #expect(text(output) == "data: {\"message\":\"x\",\"code\":-32603}\n\n")
  }

  /// Text of a caller cannot end an event or start another one.
  @Test func lineEndsOfARequestCannotReachTheStream() throws {
    let params = try node("{\"data\":\n{\"a\":\r\n1}\n}")
    var reader = FieldReader(.v1, author: .caller)
    let part = reader.parts(try node(#"{"p":[\#(text(params.fragment.bytes))]}"#), "p")
    var losses: TranslationLosses = []
    var message = message
    message.parts = part
    let frame = ResponseEncoder.streamEvent(
      .message(message), final: true, dialect: .v1, id: nil, losses: &losses)
    #expect(frame.suffix(2) == [0x0A, 0x0A])
    #expect(!frame.dropLast(2).contains(0x0A) && !frame.contains(0x0D))
  }
}
