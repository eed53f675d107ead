import Bytes
public import JSON
public import Model

/// One element of another agent's stream.
public struct StreamItem: Sendable, Equatable {
  public var event: TaskEvent
  /// 0.3 only: the agent says that its stream ends with this event.
  public var final: Bool

  public init(event: TaskEvent, final: Bool) {
    self.event = event
    self.final = final
  }
}

/// Reads other agents' answers. Symmetric to ``ResponseEncoder``. Stricter than the official clients where a fault
/// would travel on (missing ids, unknown states), more lenient where nothing depends on it (empty parts).
public enum ResultDecoder {
  /// The body of an answer over JSON-RPC.
  public static func jsonRPC(
    _ body: [UInt8], operation: AgentOperation, version: ProtocolVersion, limits: JSONLimits = .default
  ) throws(PeerFault) -> CallResult {
    let result = try resultMember(try parse(body, limits))
    if operation == .deletePushConfig { return .pushConfigDeleted }
    guard let result else { throw PeerFault.invalid("The response has neither result nor error.") }
    return try decode(result, operation, Dialect(version, .jsonRPC))
  }

  /// The body of an answer over HTTP+JSON.
  ///
  /// - Parameter status: of the HTTP response.
  public static func rest(
    _ body: [UInt8], status: Int, operation: AgentOperation, version: ProtocolVersion, limits: JSONLimits = .default
  ) throws(PeerFault) -> CallResult {
    guard (200...299).contains(status) else {
      throw ErrorDecoder.rest(try? JSONDocument.parse(body, limits: limits).root, status: status)
    }
    if operation == .deletePushConfig { return .pushConfigDeleted }
    return try decode(try parse(body, limits), operation, Dialect(version, .rest))
  }

  /// The data of one server-sent event, whatever its name: an error is told by its shape.
  public static func streamItem(
    _ data: [UInt8], version: ProtocolVersion, binding: Binding, limits: JSONLimits = .default
  ) throws(PeerFault) -> StreamItem {
    var node = try parse(data, limits)
    switch binding {
    case .jsonRPC:
      guard let result = try resultMember(node) else { throw PeerFault.invalid("The event has no result.") }
      node = result
    case .rest:
      // A message of the stream is an object; a message of an error is text.
      if node["error"]?.kind == .object || node["message"]?.kind == .string {
        throw ErrorDecoder.rest(node, status: node["error"]?["code"]?.int64.flatMap { Int(exactly: $0) } ?? 500)
      }
    }
    var reader = FieldReader(Dialect(version, binding), author: .agent)
    let item = reader.streamItem(node)
    do { try reader.finish() } catch { throw PeerFault(error) }
    guard let item else { throw PeerFault.unknownEvent }
    return item
  }

  // MARK: Parts

  private static func parse(_ body: [UInt8], _ limits: JSONLimits) throws(PeerFault) -> JSONNode {
    do {
      return try JSONDocument.parse(body, limits: limits).root
    } catch {
      throw PeerFault.invalid("The answer is not JSON: \(error.message) at byte \(error.offset).")
    }
  }

  /// nil when absent or null.
  private static func resultMember(_ root: JSONNode) throws(PeerFault) -> JSONNode? {
    guard root.kind == .object else { throw PeerFault.invalid("The answer is no object.") }
    if let error = root["error"], !error.isNull {
      guard error.kind == .object else { throw PeerFault.invalid("The member error is no object.") }
      throw ErrorDecoder.jsonRPC(error)
    }
    return root["result"].flatMap { $0.isNull ? nil : $0 }
  }

  private static func decode(
    _ node: JSONNode, _ operation: AgentOperation, _ dialect: Dialect
  ) throws(PeerFault) -> CallResult {
    var reader = FieldReader(dialect, author: .agent)
    let result = reader.result(node, operation)
    do { try reader.finish() } catch { throw PeerFault(error) }
    guard let result else { throw PeerFault.invalid("The answer holds neither task nor message.") }
    return result
  }
}

extension FieldReader {
  /// nil when the node is of no known shape.
  fileprivate mutating func result(_ node: JSONNode, _ operation: AgentOperation) -> CallResult? {
    switch operation {
    case .sendMessage, .sendStreamingMessage, .subscribeToTask:
      switch streamItem(node)?.event {
      case .task(let task): return .sent(.task(task))
      case .message(let message): return .sent(.message(message))
      case .status, .artifact, nil: return nil
      }
    case .getTask, .cancelTask: return .task(task(node))
    case .listTasks:
      let tasks = elements(node, "tasks") { reader, node in reader.task(node) }
      return .page(
        TaskPage(
          tasks: tasks, nextPageToken: string(node, "nextPageToken", "next_page_token") ?? "",
          pageSize: integer(node, "pageSize", "page_size", in: 0...A2ALimits.historyLengthMax) ?? tasks.count,
          totalSize: integer(node, "totalSize", "total_size", in: 0...A2ALimits.historyLengthMax) ?? tasks.count))
    case .createPushConfig, .getPushConfig: return .pushConfig(storedPushConfig(node))
    case .listPushConfigs:
      if node.kind == .array {
        var configs: [PushNotificationConfig] = []
        node.forEachElement { configs.append(storedPushConfig($0)) }
        return .pushConfigs(configs, nextPageToken: "")
      }
      return .pushConfigs(
        elements(node, "configs") { reader, node in reader.storedPushConfig(node) },
        nextPageToken: string(node, "nextPageToken", "next_page_token") ?? "")
    case .deletePushConfig: return .pushConfigDeleted
    case .getExtendedAgentCard: return node.kind == .object ? .card(node.fragment) : nil
    }
  }

  /// A configuration with the task that it belongs to.
  private mutating func storedPushConfig(_ node: JSONNode) -> PushNotificationConfig {
    guard dialect != .v1 else { return pushConfig(node) }
    guard let inner = requiredObject(node, "pushNotificationConfig", "push_notification_config") else {
      return PushNotificationConfig(url: "")
    }
    var config = within("pushNotificationConfig") { $0.pushConfig(inner) }
    if dialect == .v03JSONRPC {
      config.taskID = requiredString(node, "taskId", "task_id")
    } else {
      // `tasks/T/pushNotificationConfigs/C`
      let names = requiredString(node, "name").split(separator: "/", omittingEmptySubsequences: false)
      if names.count == 4, names[0] == "tasks", names[2] == "pushNotificationConfigs" {
        config.taskID = String(names[1])
        config.id = config.id ?? String(names[3])
      } else {
        fail(at: "name", "Must be tasks/…/pushNotificationConfigs/….")
      }
    }
    return config
  }

  /// nil when the node is of no known shape.
  fileprivate mutating func streamItem(_ node: JSONNode) -> StreamItem? {
    guard node.kind == .object else { return nil }
    return dialect == .v03JSONRPC ? bareItem(node) : wrappedItem(node)
  }

  private mutating func wrappedItem(_ node: JSONNode) -> StreamItem? {
    if let member = object(node, "task") {
      return within("task") { reader in StreamItem(event: .task(reader.task(member)), final: false) }
    }
    // The schema of 0.3 REST calls the field `msg` but writes it as `message`.
    if let member = object(node, "message", dialect == .v03REST ? "msg" : nil) {
      return within("message") { reader in StreamItem(event: .message(reader.message(member)), final: false) }
    }
    if let member = object(node, "statusUpdate", "status_update") {
      return within("statusUpdate") { reader in
        StreamItem(
          event: .status(reader.statusUpdate(member)),
          final: reader.dialect == .v03REST && (reader.bool(member, "final") ?? false))
      }
    }
    if let member = object(node, "artifactUpdate", "artifact_update") {
      return within("artifactUpdate") { reader in
        StreamItem(event: .artifact(reader.artifactUpdate(member)), final: false)
      }
    }
    return nil
  }

  /// Objects of 0.3 JSON-RPC name their `kind`; where an agent leaves it out, its required members tell.
  private mutating func bareItem(_ node: JSONNode) -> StreamItem? {
    let kind = member(node, "kind")?.string
    switch kind ?? FieldReader.kind(of: node) {
    case "task": return StreamItem(event: .task(task(node)), final: false)
    case "message": return StreamItem(event: .message(message(node)), final: false)
    case "status-update":
      return StreamItem(event: .status(statusUpdate(node)), final: bool(node, "final") ?? false)
    case "artifact-update": return StreamItem(event: .artifact(artifactUpdate(node)), final: false)
    default: return nil
    }
  }

  private static func kind(of node: JSONNode) -> String {
    if node["messageId"] != nil { return "message" }
    if node["artifact"] != nil { return "artifact-update" }
    if node["status"] == nil { return "" }
    return node["taskId"] == nil ? "task" : "status-update"
  }
}
