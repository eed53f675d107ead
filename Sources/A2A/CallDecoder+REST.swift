import Bytes
public import HTTP
public import JSON
public import Model

extension CallDecoder {
  /// A call over HTTP+JSON. Identifiers come from the path, the rest from the query (GET, DELETE) or the body.
  ///
  /// - Parameters:
  ///   - body: the root of the request's JSON; nil where there is none.
  ///   - dialect: of the version that the request asks for. A path of the other version does not exist in it.
  ///   - tenant: the tenant that the agent's card declares for its interface. Any other one is not found.
  /// - Throws: method not found, invalid params, or task not found for a foreign tenant.
  public static func decodeREST(
    route: RESTRoute, body: JSONNode?, query: QueryParameters?, dialect: Dialect, tenant: String? = nil
  ) throws(AgentError) -> AgentCall {
    guard route.version == dialect.version, JSONRPCMethod.name(route.operation, dialect.version) != nil else {
      throw AgentError(.methodNotFound, "There is no such operation in A2A \(dialect.version.text).")
    }
    var reader = RESTReader(route: route, query: query, params: ParamsReader(dialect))
    let call = try reader.call(body)
    try reader.finish(tenant: tenant)
    return call
  }
}

/// Joins path, query and body of a REST call.
private struct RESTReader {
  let route: RESTRoute
  let query: QueryParameters?
  var params: ParamsReader

  private var dialect: Dialect { params.fields.dialect }

  mutating func finish(tenant expected: String?) throws(AgentError) {
    if let inPath = route.tenant {
      if let inBody = params.tenant, inBody != inPath {
        params.fields.fail(at: "tenant", "Differs from the tenant of the path.")
      }
      params.tenant = inPath
    }
    try params.finish(tenant: expected)
  }

  mutating func call(_ body: JSONNode?) throws(AgentError) -> AgentCall {
    if let body, body.kind != .object { throw AgentError(.invalidRequest, "The body must be an object.") }
    let taskID = checkedID(route.taskID, "id")
    if dialect == .v1, body == nil, let tenant = text("tenant") { params.tenant = tenant }
    switch route.operation {
    case .sendMessage: return .sendMessage(try send(body))
    case .sendStreamingMessage: return .sendStreamingMessage(try send(body))
    case .getTask: return .getTask(id: taskID, historyLength: historyLength())
    case .listTasks: return .listTasks(list())
    case .cancelTask:
      guard dialect == .v1, let body else { return .cancelTask(id: taskID, metadata: nil) }
      params.readTenant(body)
      checkSame(body, "id", nil, taskID)
      return .cancelTask(id: taskID, metadata: params.fields.metadata(body))
    case .subscribeToTask: return .subscribeToTask(id: taskID)
    case .createPushConfig: return .createPushConfig(try createPushConfig(taskID, body))
    case .getPushConfig: return .getPushConfig(taskID: taskID, id: checkedID(route.configID, "id"))
    case .listPushConfigs:
      let size = integer("pageSize", "page_size", 0...ListTasksRequest.pageSizeMax)
      return .listPushConfigs(
        taskID: taskID, pageSize: size == 0 ? nil : size,
        pageToken: text("pageToken", "page_token", bytesMax: A2ALimits.pageTokenBytesMax))
    case .deletePushConfig: return .deletePushConfig(taskID: taskID, id: checkedID(route.configID, "id"))
    case .getExtendedAgentCard: return .getExtendedAgentCard
    }
  }

  // MARK: Body

  private mutating func send(_ body: JSONNode?) throws(AgentError) -> SendRequest {
    guard let body else { throw AgentError(.invalidRequest, "The request has no body.") }
    params.readTenant(body)
    return params.send(body)
  }

  private mutating func createPushConfig(_ taskID: String, _ body: JSONNode?) throws(AgentError)
    -> PushNotificationConfig
  {
    guard let body else { throw AgentError(.invalidRequest, "The request has no body.") }
    guard dialect == .v03REST else {
      params.readTenant(body)
      checkSame(body, "taskId", "task_id", taskID)
      var config = params.fields.pushConfig(body)
      config.taskID = taskID
      return config
    }
    checkSame(body, "parent", nil, "tasks/\(taskID)")
    var config = PushNotificationConfig(url: "")
    if let outer = params.fields.requiredObject(body, "config") {
      params.fields.within("config") { fields in
        guard let inner = fields.requiredObject(outer, "pushNotificationConfig", "push_notification_config") else {
          return
        }
        config = fields.within("pushNotificationConfig") { $0.pushConfig(inner) }
      }
    }
    config.taskID = taskID
    if config.id == nil { config.id = params.fields.string(body, "configId", "config_id") }
    return config
  }

  private mutating func checkSame(_ body: JSONNode, _ name: StaticString, _ original: StaticString?, _ value: String) {
    guard let stated = params.fields.string(body, name, original, bytesMax: .max), stated != value else { return }
    params.fields.fail(at: name, "Differs from the path.")
  }

  private mutating func checkedID(_ id: String?, _ name: StaticString) -> String {
    guard let id else { return "" }
    if id.utf8.count > A2ALimits.identifierBytesMax {
      params.fields.fail(at: name, "Must not be longer than \(A2ALimits.identifierBytesMax) bytes.")
    }
    return id
  }

  // MARK: Query

  private mutating func list() -> ListTasksRequest {
    var request = ListTasksRequest(contextID: text("contextId", "context_id"), historyLength: historyLength())
    if let name = text("status") {
      if let state = TaskState(query: name) {
        request.state = state == .unspecified ? nil : state
      } else {
        params.fields.fail(at: "status", "Is no state of a task, such as TASK_STATE_WORKING.")
      }
    }
    if let size = integer("pageSize", "page_size", 1...ListTasksRequest.pageSizeMax) { request.pageSize = size }
    request.pageToken = text("pageToken", "page_token", bytesMax: A2ALimits.pageTokenBytesMax)
    if let after = text("statusTimestampAfter", "status_timestamp_after") {
      request.statusTimestampAfter = Timestamp(after)
      if request.statusTimestampAfter == nil {
        params.fields.fail(at: "statusTimestampAfter", "Must be a date and time of RFC 3339.")
      }
    }
    switch text("includeArtifacts", "include_artifacts") {
    case nil, "false": break
    case "true": request.includeArtifacts = true
    default: params.fields.fail(at: "includeArtifacts", "Must be true or false.")
    }
    return request
  }

  private mutating func historyLength() -> Int? {
    let length = integer("historyLength", "history_length", 0...A2ALimits.historyLengthMax)
    return length == 0 && dialect != .v1 ? nil : length
  }

  private mutating func integer(_ name: StaticString, _ original: StaticString, _ range: ClosedRange<Int>) -> Int? {
    guard let text = text(name, original) else { return nil }
    return params.fields.checked(Int64(text), name, range)
  }

  /// nil when absent or empty.
  private mutating func text(
    _ name: StaticString, _ original: StaticString? = nil, bytesMax: Int = A2ALimits.identifierBytesMax
  ) -> String? {
    guard let query, let value = query.first(name.description) ?? original.flatMap({ query.first($0.description) })
    else { return nil }
    guard value.utf8.count <= bytesMax else {
      params.fields.fail(at: name, "Must not be longer than \(bytesMax) bytes.")
      return nil
    }
    return value.isEmpty ? nil : value
  }
}
