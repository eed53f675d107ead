import JSON
import Model
import Testing

@testable import A2A

struct ErrorTests {
  private let id = JSONFragment("r1")

  // MARK: The table

  @Test(arguments: [
    (AgentError.Kind.taskNotFound, -32001, 404, 404, "TASK_NOT_FOUND"),
    (.taskNotCancelable, -32002, 400, 409, "TASK_NOT_CANCELABLE"),
    (.pushNotificationNotSupported, -32003, 400, 501, "PUSH_NOTIFICATION_NOT_SUPPORTED"),
    (.unsupportedOperation, -32004, 400, 501, "UNSUPPORTED_OPERATION"),
    (.contentTypeNotSupported, -32005, 400, 415, "CONTENT_TYPE_NOT_SUPPORTED"),
    (.invalidAgentResponse, -32006, 500, 502, "INVALID_AGENT_RESPONSE"),
    (.extendedAgentCardNotConfigured, -32007, 400, 404, "EXTENDED_AGENT_CARD_NOT_CONFIGURED"),
    (.extensionSupportRequired, -32008, 400, 400, "EXTENSION_SUPPORT_REQUIRED"),
    (.versionNotSupported, -32009, 400, 400, "VERSION_NOT_SUPPORTED"),
    (.parseError, -32700, 400, 400, "INVALID_REQUEST"), (.invalidRequest, -32600, 400, 400, "INVALID_REQUEST"),
    (.methodNotFound, -32601, 404, 404, "METHOD_NOT_FOUND"), (.invalidParams, -32602, 400, 422, "INVALID_PARAMS"),
    (.internalError, -32603, 500, 500, "INTERNAL_ERROR"), (.tooManyRequests, -32603, 429, 429, "TOO_MANY_REQUESTS"),
    (.unavailable, -32603, 503, 503, "UNAVAILABLE"),
  ])
  func codesAndStatuses(kind: AgentError.Kind, code: Int, status: Int, statusV03: Int, reason: String) throws {
    let mapping = ErrorMapping.of(kind)
    #expect(mapping.code == code)
    #expect(mapping.reason.description == reason)
    #expect(ErrorMapping.httpStatus(kind, .v1_0, .rest) == status)
    #expect(ErrorMapping.httpStatus(kind, .v0_3, .rest) == statusV03)
    let isOfTheEdge = kind == .tooManyRequests || kind == .unavailable
    for version in ProtocolVersion.allCases {
      #expect(ErrorMapping.httpStatus(kind, version, .jsonRPC) == (isOfTheEdge ? status : 200))
    }
    if !isOfTheEdge { #expect(ErrorMapping.kind(code: code) == kind) }
    if kind != .parseError { #expect(ErrorMapping.kind(reason: reason) == kind) }
  }

  @Test func everyKindIsInTheTable() {
    #expect(AgentError.Kind.allCases.count == 16)
    #expect(ErrorMapping.kind(code: -1) == .internalError)
    #expect(ErrorMapping.kind(reason: "NONSENSE") == nil)
  }

  // MARK: Bodies

  @Test func jsonRPCOf10HasTypedDetails() throws {
    let (status, body) = ResponseEncoder.jsonRPCError(
      id: id, AgentError(.taskNotFound, "Task not found"), version: .v1_0)
    #expect(status == 200)
    #expect(
      text(body)
        == #"{"jsonrpc":"2.0","id":"r1","error":{"code":-32001,"message":"Task not found","data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TASK_NOT_FOUND","domain":"a2a-protocol.org","metadata":{}}]}}"#
    )
  }

  @Test func fieldFaultsAndRetriesAreDetailsOfTheirOwn() throws {
    var error = AgentError.invalidField("message.parts", "Is required.")
    error.metadata = ["b": "2", "a": "1"]
    error.retryAfterSeconds = 7
    let data = try node(text(ResponseEncoder.jsonRPCError(id: nil, error, version: .v1_0).body))["error"]?["data"]
    #expect(
      data.map { text($0.fragment.bytes) }
        == (try compact(
          #"""
          [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID_PARAMS",
             "domain": "a2a-protocol.org", "metadata": {"a": "1", "b": "2"}},
            {"@type": "type.googleapis.com/google.rpc.BadRequest",
             "fieldViolations": [{"field": "message.parts", "description": "Is required."}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}
          ]
          """#)))
  }

  @Test func jsonRPCOf03IsPlain() {
    #expect(
      text(ResponseEncoder.jsonRPCError(id: nil, .invalidField("id", "Is required."), version: .v0_3).body)
        == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"id: Is required."}}"#)
    #expect(
      text(ResponseEncoder.jsonRPCError(id: id, AgentError(.extensionSupportRequired, "x"), version: .v0_3).body)
        == #"{"jsonrpc":"2.0","id":"r1","error":{"code":-32600,"message":"x"}}"#)
  }

  @Test func restOf10IsAStatusOfGoogleRPC() {
    let (status, body) = ResponseEncoder.restError(AgentError(.taskNotFound, "Task not found"), dialect: .v1)
    #expect(status == 404)
    #expect(
      text(body)
        == #"{"error":{"code":404,"status":"NOT_FOUND","message":"Task not found","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TASK_NOT_FOUND","domain":"a2a-protocol.org","metadata":{}}]}}"#
    )
  }

  @Test func restOf03HasMessageAndCode() {
    let (status, body) = ResponseEncoder.restError(AgentError(.taskNotCancelable, "Too late"), dialect: .v03REST)
    #expect(status == 409)
    #expect(text(body) == #"{"message":"Too late","code":-32002}"#)
  }

  @Test func limitsAreRealStatusesOnEveryBinding() {
    let error = AgentError(.tooManyRequests, "Slow down", retryAfterSeconds: 3)
    let (status, body) = ResponseEncoder.jsonRPCError(id: id, error, version: .v1_0)
    #expect(status == 429)
    #expect(text(body).contains(#""code":-32603"#))
    #expect(text(body).contains(#""retryDelay":"3s""#))
    #expect(ResponseEncoder.restError(AgentError(.unavailable, "x"), dialect: .v03REST).status == 503)
  }

  // MARK: Read back

  @Test(arguments: AgentError.Kind.allCases)
  func errorsOf10AreReadAsTheyWereWritten(kind: AgentError.Kind) throws {
    let error = AgentError(
      kind, "words", fieldViolations: [.init(field: "f", description: "d")], metadata: ["k": "v"],
      retryAfterSeconds: 2)
    let rpc = ErrorDecoder.jsonRPC(
      try #require(try node(text(ResponseEncoder.jsonRPCError(id: nil, error, version: .v1_0).body))["error"]))
    let written = ResponseEncoder.restError(error, dialect: .v1)
    let rest = ErrorDecoder.rest(try node(text(written.body)), status: written.status)
    for fault in [rpc, rest] {
      #expect(fault.error.kind == (kind == .parseError ? .invalidRequest : kind))
      #expect(fault.error.retryAfterSeconds == 2)
      #expect(fault.error.source == .upstream)
      #expect(fault.text == "words")
      #expect(fault.metadata == ["k": "v"])
      #expect(fault.fieldViolations == error.fieldViolations)
    }
  }

  /// What an agent says about an error may be a stack trace or a secret; it stays out of what is passed on.
  @Test func theAgentsWordsAreNotInTheErrorThatIsPassedOn() throws {
    let fault = ErrorDecoder.jsonRPC(try node(#"{"code":-32603,"message":"kaboom","data":{"trace":"x"}}"#))
    #expect(fault.text == "kaboom")
    #expect(fault.error.message == "The agent refused the call: internal error.")
    #expect(fault.error.fieldViolations.isEmpty && fault.error.metadata.isEmpty)
  }

  @Test(arguments: [
    (
      #"{"message":"Task cannot be canceled - current state: TaskState.completed"}"#, 409,
      AgentError.Kind.taskNotCancelable
    ),
    (#"{"message":"Too late","code":-32004}"#, 409, .unsupportedOperation), ("<html>", 502, .internalError),
    (#"{"error":{"code":404,"message":"x"}}"#, 404, .taskNotFound), ("", 503, .unavailable),
  ])
  func errorsOf03RESTAreReadFromWhatThereIs(body: String, status: Int, kind: AgentError.Kind) {
    let fault = #expect(throws: PeerFault.self) {
      try ResultDecoder.rest(Array(body.utf8), status: status, operation: .cancelTask, version: .v0_3)
    }
    #expect(fault?.error.kind == kind)
    #expect(fault?.code == status)
  }
}
