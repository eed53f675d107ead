import JSON
import TestSupport
import Testing

/// A client of the Orq face.
struct OrqCaller {
  let gateway: TestGateway
  let key: String?

  func request(_ method: String, _ path: String, _ body: JSONValue? = nil) throws -> WebResponse {
    try gateway.web().request(method, path, fields(body), body: body.map(Caller.bytes))
  }

  /// A call that succeeds.
  func call(_ method: String, _ path: String, _ body: JSONValue? = nil) throws -> JSONValue {
    let response = try request(method, path, body)
    try #require(response.status == 200, "\(response.status): \(response.text)")
    try #require(response.field("content-type") == "application/json")
    return try JSONValue.parse(response.body)
  }

  /// A call whose answer is read later.
  func begin(_ method: String, _ path: String, _ body: JSONValue? = nil) throws -> WebClient {
    let client = try gateway.web()
    try client.send(method, path, fields(body), body: body.map(Caller.bytes))
    return client
  }

  /// A call that is refused: its status and its message.
  func refusal(_ method: String, _ path: String, _ body: JSONValue? = nil) throws -> (status: Int, message: String) {
    let response = try request(method, path, body)
    let json = try JSONValue.parse(response.body)
    try #require(json.object?.names == ["message"])
    return (response.status, json["message"]?.string ?? "")
  }

  /// A stream that has begun; its answer is read by the caller of this.
  func open(_ path: String, _ body: JSONValue) throws -> OrqStreamReader {
    let client = try gateway.web()
    try client.send("POST", path, fields(body), body: Caller.bytes(body))
    let head = try client.head()
    try #require(head.status == 200)
    try #require(head.field("content-type") == "text/event-stream")
    return OrqStreamReader(reader: EventReader(client, head))
  }

  private func fields(_ body: JSONValue?) -> [(String, String)] {
    var fields: [(String, String)] = body == nil ? [] : [("Content-Type", "application/json")]
    if let key { fields.append(("Authorization", "Bearer \(key)")) }
    return fields
  }
}

extension TestGateway {
  func orq(as principal: String? = nil) -> OrqCaller {
    OrqCaller(gateway: self, key: principal.flatMap { TestGateway.keys[$0] })
  }
}

/// An open stream of events.
struct OrqStreamReader {
  let reader: EventReader

  /// The next event; nil at the mark of the end, behind which nothing may follow.
  func next() throws -> JSONValue? {
    while let event = try reader.next() {
      if event.comment != nil { continue }
      if event.data == "[DONE]" {
        try #require(try reader.next() == nil)
        return nil
      }
      return try JSONValue.parse(Array(event.data.utf8))
    }
    throw RawClient.Failure("the stream ended without its mark")
  }

  func rest() throws -> [JSONValue] {
    var events: [JSONValue] = []
    while let event = try next() { events.append(event) }
    return events
  }

  static func types(_ events: [JSONValue]) -> [String] { events.compactMap { $0["type"]?.string } }
}

/// Bodies of calls.
enum OrqBody {
  static func message(_ text: String) -> JSONValue {
    ["role": "user", "parts": [["kind": "text", "text": .string(text)]]]
  }

  static func results(_ results: [(id: String, result: JSONValue)]) -> JSONValue {
    let parts = results.map { id, result -> JSONValue in
      ["kind": "tool_result", "tool_call_id": .string(id), "result": result]
    }
    return ["role": "tool", "parts": .array(parts)]
  }

  /// - Parameter more: members beside the message.
  static func turn(_ text: String = "hello", task: String? = nil, _ more: JSONObject = [:]) -> JSONValue {
    turn(message(text), task: task, more)
  }

  static func turn(_ message: JSONValue, task: String? = nil, _ more: JSONObject = [:]) -> JSONValue {
    var body = more
    body["message"] = message
    if let task { body["task_id"] = .string(task) }
    return .object(body)
  }

  static func run(
    _ key: String, _ text: String = "hello", model: String = "m/x", _ more: JSONObject = [:]
  ) -> JSONValue {
    var body = more
    for (name, value) in [("key", key), ("model", model), ("role", "r"), ("instructions", "i"), ("path", "Default")] {
      body[name] = .string(value)
    }
    body["settings"] = [:]
    return turn(text, body)
  }
}
