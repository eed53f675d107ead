import Bytes
public import JSON
public import Model

/// Reads the parameters of a call into the model: rejects what is not valid, repairs nothing, and lists all faults of a
/// request together, each by its path.
public enum CallDecoder {
  /// A call over JSON-RPC.
  ///
  /// - Parameters:
  ///   - params: the request's `params`; nil counts as an empty object.
  ///   - tenant: the tenant that the agent's card declares for its interface. Any other one is not found.
  /// - Throws: method not found, invalid params, or task not found for a foreign tenant.
  public static func decode(
    method: String, params: JSONNode?, version: ProtocolVersion, tenant: String? = nil
  ) throws(AgentError) -> AgentCall {
    guard let operation = JSONRPCMethod.operation(method, version) else {
      throw AgentError(.methodNotFound, "Method not found.")
    }
    if operation == .getExtendedAgentCard, params == nil { return .getExtendedAgentCard }
    guard let params else { throw AgentError.invalidField("params", "Is required.") }
    var reader = ParamsReader(Dialect(version, .jsonRPC))
    let call = reader.call(operation, params)
    try reader.finish(tenant: tenant)
    return call
  }
}

/// Reads the parameters of the eleven operations from one JSON object.
struct ParamsReader {
  var fields: FieldReader
  /// What the parameters name as tenant.
  var tenant: String?

  init(_ dialect: Dialect) { fields = FieldReader(dialect, author: .caller) }

  private var isV1: Bool { fields.dialect == .v1 }

  func finish(tenant expected: String?) throws(AgentError) {
    try fields.finish()
    if let tenant, tenant != expected { throw ParamsReader.unknownTenant }
  }

  static let unknownTenant = AgentError(.taskNotFound, "There is no such tenant here.")

  mutating func call(_ operation: AgentOperation, _ params: JSONNode) -> AgentCall {
    readTenant(params)
    switch operation {
    case .sendMessage: return .sendMessage(send(params))
    case .sendStreamingMessage: return .sendStreamingMessage(send(params))
    case .getTask:
      return .getTask(id: fields.requiredString(params, "id"), historyLength: historyLength(params))
    case .listTasks: return .listTasks(list(params))
    case .cancelTask:
      return .cancelTask(id: fields.requiredString(params, "id"), metadata: fields.metadata(params))
    case .subscribeToTask: return .subscribeToTask(id: fields.requiredString(params, "id"))
    case .createPushConfig: return .createPushConfig(createPushConfig(params))
    case .getPushConfig:
      guard isV1 else {
        return .getPushConfig(
          taskID: fields.requiredString(params, "id"),
          id: fields.string(params, "pushNotificationConfigId", "push_notification_config_id"))
      }
      return .getPushConfig(
        taskID: fields.requiredString(params, "taskId", "task_id"), id: fields.requiredString(params, "id"))
    case .listPushConfigs:
      guard isV1 else {
        return .listPushConfigs(taskID: fields.requiredString(params, "id"), pageSize: nil, pageToken: nil)
      }
      return .listPushConfigs(
        taskID: fields.requiredString(params, "taskId", "task_id"), pageSize: pushPageSize(params),
        pageToken: fields.string(params, "pageToken", "page_token", bytesMax: A2ALimits.pageTokenBytesMax))
    case .deletePushConfig:
      guard isV1 else {
        return .deletePushConfig(
          taskID: fields.requiredString(params, "id"),
          id: fields.requiredString(params, "pushNotificationConfigId", "push_notification_config_id"))
      }
      return .deletePushConfig(
        taskID: fields.requiredString(params, "taskId", "task_id"), id: fields.requiredString(params, "id"))
    case .getExtendedAgentCard: return .getExtendedAgentCard
    }
  }

  mutating func readTenant(_ params: JSONNode) {
    guard isV1 else { return }
    tenant = fields.string(params, "tenant")
  }

  // MARK: Send

  mutating func send(_ params: JSONNode) -> SendRequest {
    // The schema of 0.3 REST calls the field `request` but writes it as `message`.
    let node = fields.requiredObject(params, "message", fields.dialect == .v03REST ? "request" : nil)
    var request = SendRequest(
      message: node.map { node in fields.within("message") { $0.message(node) } } ?? ParamsReader.noMessage,
      metadata: fields.metadata(params))
    if let configuration = fields.object(params, "configuration") {
      within("configuration") { $0.readConfiguration(configuration, &request) }
    }
    return request
  }

  /// As ``FieldReader/within(_:_:)``.
  private mutating func within(_ name: StaticString, _ read: (inout ParamsReader) -> Void) {
    let before = fields.violations.count
    read(&self)
    fields.place(name, since: before)
  }

  /// Stands in beside a fault; never seen by anybody.
  private static let noMessage = Message(messageID: "", role: .user, parts: [])

  private mutating func readConfiguration(_ node: JSONNode, _ request: inout SendRequest) {
    request.acceptedOutputModes = fields.strings(
      node, "acceptedOutputModes", "accepted_output_modes", max: A2ALimits.outputModesMax,
      bytesMax: A2ALimits.mediaTypeBytesMax)
    request.historyLength = historyLength(node)
    switch fields.dialect {
    case .v1: request.returnImmediately = fields.bool(node, "returnImmediately", "return_immediately") ?? false
    case .v03JSONRPC: request.returnImmediately = fields.bool(node, "blocking") == false
    // A plain bool of the old schema: what is not written is false. No configuration at all still means to wait.
    case .v03REST: request.returnImmediately = !(fields.bool(node, "blocking") ?? false)
    }
    let name: StaticString
    let original: StaticString
    switch fields.dialect {
    case .v1: (name, original) = ("taskPushNotificationConfig", "task_push_notification_config")
    case .v03JSONRPC: (name, original) = ("pushNotificationConfig", "push_notification_config")
    case .v03REST: (name, original) = ("pushNotification", "push_notification")
    }
    if let push = fields.object(node, name, original) {
      request.pushNotification = fields.within(name) { $0.pushConfig(push) }
    }
  }

  /// 0 means none in 1.0 and "all" in 0.3.
  mutating func historyLength(_ node: JSONNode) -> Int? {
    let length = fields.integer(node, "historyLength", "history_length", in: 0...A2ALimits.historyLengthMax)
    return length == 0 && !isV1 ? nil : length
  }

  // MARK: List

  private mutating func list(_ params: JSONNode) -> ListTasksRequest {
    var request = ListTasksRequest(
      contextID: fields.string(params, "contextId", "context_id"), historyLength: historyLength(params))
    if let status = fields.member(params, "status"), !status.equals("") {
      if let state = TaskState(status, fields.dialect) {
        request.state = state == .unspecified ? nil : state
      } else {
        fields.fail(at: "status", "Is no state of a task, such as TASK_STATE_WORKING.")
      }
    }
    if let size = fields.integer(params, "pageSize", "page_size", in: 1...ListTasksRequest.pageSizeMax) {
      request.pageSize = size
    }
    request.pageToken = fields.string(params, "pageToken", "page_token", bytesMax: A2ALimits.pageTokenBytesMax)
    if let after = fields.string(params, "statusTimestampAfter", "status_timestamp_after") {
      request.statusTimestampAfter = Timestamp(after)
      if request.statusTimestampAfter == nil {
        fields.fail(at: "statusTimestampAfter", "Must be a date and time of RFC 3339.")
      }
    }
    request.includeArtifacts = fields.bool(params, "includeArtifacts", "include_artifacts") ?? false
    return request
  }

  // MARK: Push configurations

  /// A page of 0 is how ProtoJSON writes "unset" here: the field has no presence of its own.
  private mutating func pushPageSize(_ params: JSONNode) -> Int? {
    let size = fields.integer(params, "pageSize", "page_size", in: 0...ListTasksRequest.pageSizeMax)
    return size == 0 ? nil : size
  }

  private mutating func createPushConfig(_ params: JSONNode) -> PushNotificationConfig {
    guard !isV1 else {
      var config = fields.pushConfig(params)
      config.taskID = fields.requiredString(params, "taskId", "task_id")
      return config
    }
    let taskID = fields.requiredString(params, "taskId", "task_id")
    guard let node = fields.requiredObject(params, "pushNotificationConfig", "push_notification_config") else {
      return PushNotificationConfig(url: "")
    }
    var config = fields.within("pushNotificationConfig") { $0.pushConfig(node) }
    config.taskID = taskID
    return config
  }
}

extension FieldReader {
  /// The members of a push configuration; its task is named around it in 0.3 and in it in 1.0.
  mutating func pushConfig(_ node: JSONNode) -> PushNotificationConfig {
    var config = PushNotificationConfig(
      id: string(node, "id"), url: requiredString(node, "url", bytesMax: A2ALimits.uriBytesMax),
      token: string(node, "token", bytesMax: A2ALimits.secretBytesMax))
    if dialect == .v1 { config.taskID = string(node, "taskId", "task_id") }
    if let authentication = object(node, "authentication") {
      config.authentication = within("authentication") { $0.authentication(authentication) }
    }
    return config
  }

  private mutating func authentication(_ node: JSONNode) -> PushNotificationConfig.Authentication? {
    let credentials = string(node, "credentials", bytesMax: A2ALimits.secretBytesMax)
    if dialect == .v1 {
      return PushNotificationConfig.Authentication(scheme: requiredString(node, "scheme"), credentials: credentials)
    }
    // Of several schemes the first is used: the model, like 1.0, has one.
    let before = violations.count
    if let scheme = strings(node, "schemes", max: A2ALimits.extensionsMax).first, !scheme.isEmpty {
      return PushNotificationConfig.Authentication(scheme: scheme, credentials: credentials)
    }
    if credentials != nil, violations.count == before { fail(at: "schemes", "Must name a scheme for the credentials.") }
    return nil
  }
}
