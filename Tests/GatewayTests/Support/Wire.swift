import JSON

/// The four ways in: two versions, two bindings.
enum Wire: String, CaseIterable, Sendable {
  case rpc10, rest10, rpc03, rest03

  var isREST: Bool { self == .rest10 || self == .rest03 }
  var isV1: Bool { self == .rpc10 || self == .rest10 }

  static let v1: [Wire] = [.rpc10, .rest10]
  static let v03: [Wire] = [.rpc03, .rest03]
}

/// A message to send and how.
struct Sending: Sendable {
  var text = "hello"
  var messageID = "m-\(UInt64.random(in: 0...UInt64.max))"
  var taskID: String?
  var contextID: String?
  /// nil leaves it to the server.
  var immediately: Bool?
  var historyLength: Int?
  var pushURL: String?
  /// Changes the message as it goes out.
  var change: @Sendable (inout JSONObject) -> Void = { _ in }
}

/// An operation, written by hand for each wire: the tests do not lean on the gateway's own encoders.
enum Call: Sendable {
  case sending(Sending)
  case streaming(Sending)
  case get(String, historyLength: Int? = nil)
  case list([(String, JSONValue)])
  case cancel(String)
  case subscribe(String)
  case pushCreate(String)
  case pushGet(String)
  case pushList(String)
  case pushDelete(String)
  case extendedCard

  static func send(
    _ text: String = "hello", task: String? = nil, context: String? = nil, immediately: Bool? = nil,
    historyLength: Int? = nil
  ) -> Call {
    .sending(
      Sending(
        text: text, taskID: task, contextID: context, immediately: immediately, historyLength: historyLength))
  }

  static func stream(
    _ text: String = "hello", task: String? = nil, context: String? = nil
  ) -> Call {
    .streaming(Sending(text: text, taskID: task, contextID: context))
  }
}

/// A request as it goes out.
struct Outgoing {
  var method = "POST"
  /// Below the agent's URL.
  var path = ""
  var fields: [(String, String)] = []
  var body: JSONValue?
}

extension Call {
  /// The id of every JSON-RPC request.
  static let requestID: JSONValue = "req-1"

  /// - Parameter params: changes the parameters (the body over REST).
  func outgoing(_ wire: Wire, _ params: (inout JSONObject) -> Void = { _ in }) -> Outgoing {
    var out = wire.isREST ? rest(wire) : Outgoing()
    if wire.isREST {
      if case .object(var object)? = out.body {
        params(&object)
        out.body = .object(object)
      }
    } else {
      var object = self.params(wire)
      params(&object)
      out.body = Call.envelope(rpcMethod(wire), .object(object))
    }
    if wire.isV1 { out.fields.append(("A2A-Version", "1.0")) }
    if out.body != nil { out.fields.append(("Content-Type", "application/json")) }
    return out
  }

  static func envelope(_ method: String, _ params: JSONValue) -> JSONValue {
    ["jsonrpc": "2.0", "id": requestID, "method": .string(method), "params": params]
  }

  // MARK: JSON-RPC

  private func rpcMethod(_ wire: Wire) -> String {
    switch self {
    case .sending: wire.isV1 ? "SendMessage" : "message/send"
    case .streaming: wire.isV1 ? "SendStreamingMessage" : "message/stream"
    case .get: wire.isV1 ? "GetTask" : "tasks/get"
    case .list: wire.isV1 ? "ListTasks" : "tasks/list"
    case .cancel: wire.isV1 ? "CancelTask" : "tasks/cancel"
    case .subscribe: wire.isV1 ? "SubscribeToTask" : "tasks/resubscribe"
    case .pushCreate: wire.isV1 ? "CreateTaskPushNotificationConfig" : "tasks/pushNotificationConfig/set"
    case .pushGet: wire.isV1 ? "GetTaskPushNotificationConfig" : "tasks/pushNotificationConfig/get"
    case .pushList: wire.isV1 ? "ListTaskPushNotificationConfigs" : "tasks/pushNotificationConfig/list"
    case .pushDelete: wire.isV1 ? "DeleteTaskPushNotificationConfig" : "tasks/pushNotificationConfig/delete"
    case .extendedCard: wire.isV1 ? "GetExtendedAgentCard" : "agent/getAuthenticatedExtendedCard"
    }
  }

  private func params(_ wire: Wire) -> JSONObject {
    switch self {
    case .sending(let sending), .streaming(let sending): return sending.params(wire)
    case .get(let id, let length):
      var object: JSONObject = ["id": .string(id)]
      if let length { object["historyLength"] = .int(length) }
      return object
    case .list(let members): return JSONObject(members)
    case .cancel(let id), .subscribe(let id): return ["id": .string(id)]
    case .pushCreate(let id):
      let url: JSONValue = "https://example.com/hook"
      return wire.isV1
        ? ["taskId": .string(id), "url": url] : ["taskId": .string(id), "pushNotificationConfig": ["url": url]]
    case .pushGet(let id), .pushDelete(let id):
      return wire.isV1
        ? ["taskId": .string(id), "id": "c"] : ["id": .string(id), "pushNotificationConfigId": "c"]
    case .pushList(let id): return wire.isV1 ? ["taskId": .string(id)] : ["id": .string(id)]
    case .extendedCard: return [:]
    }
  }

  // MARK: REST

  private func rest(_ wire: Wire) -> Outgoing {
    let base = wire.isV1 ? "" : "/v1"
    func get(_ path: String) -> Outgoing { Outgoing(method: "GET", path: base + path) }
    func post(_ path: String, _ body: JSONObject?) -> Outgoing {
      Outgoing(path: base + path, body: body.map { .object($0) })
    }
    switch self {
    case .sending(let sending): return post("/message:send", sending.params(wire))
    case .streaming(let sending): return post("/message:stream", sending.params(wire))
    case .get(let id, let length): return get("/tasks/\(id)" + (length.map { "?historyLength=\($0)" } ?? ""))
    case .list(let members):
      let query = members.map { name, value in
        "\(name)=\(value.string ?? value.number?.text ?? (value.bool.map { "\($0)" } ?? ""))"
      }
      return get("/tasks" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
    case .cancel(let id): return post("/tasks/\(id):cancel", wire.isV1 ? [:] : ["name": .string("tasks/\(id)")])
    case .subscribe(let id): return get("/tasks/\(id):subscribe")
    case .pushCreate(let id):
      let config: JSONValue = ["url": "https://example.com/hook"]
      return post(
        "/tasks/\(id)/pushNotificationConfigs",
        wire.isV1
          ? ["url": "https://example.com/hook"]
          : [
            "parent": .string("tasks/\(id)"), "configId": "c",
            "config": ["name": "c", "pushNotificationConfig": config],
          ])
    case .pushGet(let id): return get("/tasks/\(id)/pushNotificationConfigs/c")
    case .pushList(let id): return get("/tasks/\(id)/pushNotificationConfigs")
    case .pushDelete(let id):
      return Outgoing(method: "DELETE", path: base + "/tasks/\(id)/pushNotificationConfigs/c")
    case .extendedCard: return get(wire.isV1 ? "/extendedAgentCard" : "/card")
    }
  }
}

extension Sending {
  func params(_ wire: Wire) -> JSONObject {
    var message: JSONObject = ["messageId": .string(messageID)]
    switch wire {
    case .rpc10, .rest10:
      message["role"] = "ROLE_USER"
      message["parts"] = [["text": .string(text)]]
    case .rpc03:
      message["kind"] = "message"
      message["role"] = "user"
      message["parts"] = [["kind": "text", "text": .string(text)]]
    case .rest03:
      message["role"] = "ROLE_USER"
      message["content"] = [["text": .string(text)]]
    }
    if let taskID { message["taskId"] = .string(taskID) }
    if let contextID { message["contextId"] = .string(contextID) }
    change(&message)
    var params: JSONObject = ["message": .object(message)]
    let configuration = configuration(wire)
    if !configuration.isEmpty { params["configuration"] = .object(configuration) }
    return params
  }

  private func configuration(_ wire: Wire) -> JSONObject {
    var configuration = JSONObject()
    if let immediately {
      configuration[wire.isV1 ? "returnImmediately" : "blocking"] = .bool(wire.isV1 ? immediately : !immediately)
    } else if wire == .rest03, historyLength != nil || pushURL != nil {
      // Its schema cannot tell "false" from "not said".
      configuration["blocking"] = true
    }
    if let historyLength { configuration["historyLength"] = .int(historyLength) }
    if let pushURL {
      switch wire {
      case .rpc10, .rest10: configuration["taskPushNotificationConfig"] = ["url": .string(pushURL)]
      case .rpc03: configuration["pushNotificationConfig"] = ["url": .string(pushURL)]
      case .rest03: configuration["pushNotification"] = ["url": .string(pushURL)]
      }
    }
    return configuration
  }
}
