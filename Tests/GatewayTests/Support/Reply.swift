import JSON
import TestSupport
import Testing

/// An answer in one wire's form, read strictly: a word of another wire is a failure.
struct Reply {
  let wire: Wire
  let response: WebResponse
  let json: JSONValue

  init(_ wire: Wire, _ response: WebResponse) throws {
    self.wire = wire
    self.response = response
    json = try JSONValue.parse(response.body)
  }

  /// What the call came to. Over JSON-RPC the envelope is checked.
  var result: JSONValue {
    get throws {
      if wire.isREST {
        guard response.status == 200 else { throw RawClient.Failure("status \(response.status): \(response.text)") }
        return json
      }
      return try Reply.result(inEnvelope: json)
    }
  }

  static func result(inEnvelope json: JSONValue) throws -> JSONValue {
    guard json["jsonrpc"] == "2.0", json["id"] == Call.requestID, let result = json["result"] else {
      throw RawClient.Failure("no result: \(json)")
    }
    return result
  }

  /// The task of an answer to a send, a get or a cancel.
  var task: TaskView {
    get throws {
      let result = try result
      if let wrapped = result["task"] { return try TaskView(wire, wrapped) }
      return try TaskView(wire, result)
    }
  }

  /// The message of an answer to a send.
  var message: JSONValue {
    get throws {
      let result = try result
      if wire != .rpc03 { return try #require(result["message"]) }
      try #require(result["kind"] == "message")
      return result
    }
  }

  var error: ErrorView? {
    if wire.isREST {
      guard response.status >= 400 else { return nil }
      return wire.isV1 ? ErrorView(status: json["error"]) : ErrorView(code: json["code"], json["message"])
    }
    guard let error = json["error"] else { return nil }
    return ErrorView(code: error["code"], error["message"], details: error["data"]?.array)
  }
}

/// An error in any wire's form.
struct ErrorView {
  /// Of JSON-RPC.
  var code: Int
  var message: String
  /// 1.0 only.
  var reason: String?
  /// 1.0 only: the fields that are at fault.
  var fields: [String] = []

  /// The codes by the reasons that REST of 1.0 gives (contracts: the table of errors).
  private static let codes: [String: Int] = [
    "TASK_NOT_FOUND": -32001, "TASK_NOT_CANCELABLE": -32002, "PUSH_NOTIFICATION_NOT_SUPPORTED": -32003,
    "UNSUPPORTED_OPERATION": -32004, "CONTENT_TYPE_NOT_SUPPORTED": -32005, "INVALID_AGENT_RESPONSE": -32006,
    "EXTENSION_SUPPORT_REQUIRED": -32008,
    "VERSION_NOT_SUPPORTED": -32009, "METHOD_NOT_FOUND": -32601, "INVALID_PARAMS": -32602, "INVALID_REQUEST": -32600,
    "INTERNAL_ERROR": -32603, "TOO_MANY_REQUESTS": -32603, "UNAVAILABLE": -32603,
  ]

  init?(code: JSONValue?, _ message: JSONValue?, details: [JSONValue]? = nil) {
    guard let code = code?.int64, let message = message?.string else { return nil }
    self.code = Int(code)
    self.message = message
    read(details ?? [])
  }

  /// `google.rpc.Status`.
  init?(status: JSONValue?) {
    guard let message = status?["message"]?.string, let details = status?["details"]?.array else { return nil }
    code = 0
    self.message = message
    read(details)
    guard let reason, let code = ErrorView.codes[reason] else { return nil }
    self.code = code
  }

  private mutating func read(_ details: [JSONValue]) {
    for detail in details {
      if let reason = detail["reason"]?.string { self.reason = reason }
      for violation in detail["fieldViolations"]?.array ?? [] { fields.append(violation["field"]?.string ?? "") }
    }
  }
}

/// A task in any wire's form.
struct TaskView {
  let json: JSONValue
  let id: String
  let contextID: String
  /// In the words of 0.3 JSON-RPC: `completed`, `input-required`, ….
  let state: String

  init(_ wire: Wire, _ json: JSONValue) throws {
    self.json = json
    if wire == .rpc03 { try #require(json["kind"] == "task") } else { try #require(json["kind"] == nil) }
    id = try #require(json["id"]?.string)
    contextID = try #require(json["contextId"]?.string)
    state = try TaskView.state(wire, json["status"])
  }

  static func state(_ wire: Wire, _ status: JSONValue?) throws -> String {
    let word = try #require(status?["state"]?.string)
    if wire == .rpc03 {
      try #require(word.allSatisfy { $0.isLowercase || $0 == "-" })
      return word
    }
    try #require(word.hasPrefix("TASK_STATE_"))
    if word == "TASK_STATE_CANCELED" || word == "TASK_STATE_CANCELLED" {
      try #require((word == "TASK_STATE_CANCELLED") == (wire == .rest03))
      return "canceled"
    }
    return word.dropFirst("TASK_STATE_".count).lowercased().replacing("_", with: "-")
  }

  var artifacts: [JSONValue] { json["artifacts"]?.array ?? [] }
  var history: [JSONValue] { json["history"]?.array ?? [] }

  /// The texts of all artifacts.
  var texts: [String] { artifacts.flatMap(TaskView.texts) }

  static func texts(_ artifact: JSONValue) -> [String] {
    (artifact["parts"]?.array ?? []).compactMap { $0["text"]?.string }
  }
}
