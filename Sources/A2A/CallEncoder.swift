import Bytes
public import JSON
public import Model

/// Writes calls to other agents. Symmetric to ``CallDecoder``.
public enum CallEncoder {
  /// A call over JSON-RPC.
  ///
  /// - Parameters:
  ///   - tenant: what the chosen interface of the agent's card says; 0.3 has none.
  ///   - losses: gains what the dialect cannot carry.
  /// - Returns: nil where the version has no such operation.
  public static func jsonRPC(
    _ call: AgentCall, id: JSONFragment, version: ProtocolVersion, tenant: String? = nil,
    losses: inout TranslationLosses
  ) -> [UInt8]? {
    guard let method = JSONRPCMethod.name(call.operation, version) else { return nil }
    var encoder = WireEncoder(Dialect(version, .jsonRPC))
    var json = JSONWriter()
    json.beginObject()
    json.member("jsonrpc", "2.0")
    json.member("id", id)
    json.member("method", method)
    json.beginObject("params")
    encoder.tenant(tenant, into: &json)
    encoder.params(call, into: &json)
    json.endObject()
    json.endObject()
    losses.formUnion(encoder.losses)
    return json.finish()
  }
}

extension WireEncoder {
  mutating func tenant(_ tenant: String?, into json: inout JSONWriter) {
    guard let tenant, !tenant.isEmpty else { return }
    if dialect == .v1 { json.member("tenant", tenant) } else { lose(.tenant) }
  }

  /// The members of `params` over JSON-RPC.
  mutating func params(_ call: AgentCall, into json: inout JSONWriter) {
    let isV1 = dialect == .v1
    switch call {
    case .sendMessage(let request), .sendStreamingMessage(let request): sendMembers(request, into: &json)
    case .getTask(let id, let historyLength):
      json.member("id", id)
      self.historyLength(historyLength, into: &json)
    case .listTasks(let request): listMembers(request, into: &json)
    case .cancelTask(let id, let metadata):
      json.member("id", id)
      if let metadata { json.member("metadata", metadata) }
    case .subscribeToTask(let id): json.member("id", id)
    case .createPushConfig(let config):
      if isV1 {
        pushConfigMembers(config, credentials: true, into: &json)
      } else {
        json.member("taskId", config.taskID ?? "")
        json.beginObject("pushNotificationConfig")
        pushConfigMembers(config, credentials: true, into: &json)
        json.endObject()
      }
    case .getPushConfig(let taskID, let id):
      json.member(isV1 ? "taskId" : "id", taskID)
      if let id { json.member(isV1 ? "id" : "pushNotificationConfigId", id) }
    case .listPushConfigs(let taskID, let pageSize, let pageToken):
      json.member(isV1 ? "taskId" : "id", taskID)
      if isV1, let pageSize { json.member("pageSize", pageSize) }
      if isV1, let pageToken { json.member("pageToken", pageToken) }
    case .deletePushConfig(let taskID, let id):
      json.member(isV1 ? "taskId" : "id", taskID)
      json.member(isV1 ? "id" : "pushNotificationConfigId", id)
    case .getExtendedAgentCard: break
    }
  }

  // MARK: Send

  mutating func sendMembers(_ request: SendRequest, into json: inout JSONWriter) {
    json.key("message")
    message(request.message, into: &json)
    json.key("configuration")
    configuration(request, into: &json)
    if let metadata = request.metadata { json.member("metadata", metadata) }
  }

  /// Waiting is always said: what its absence means differs among the implementations of 0.3.
  private mutating func configuration(_ request: SendRequest, into json: inout JSONWriter) {
    json.beginObject()
    strings("acceptedOutputModes", request.acceptedOutputModes, into: &json)
    historyLength(request.historyLength, into: &json)
    if dialect == .v1 {
      json.member("returnImmediately", request.returnImmediately)
    } else {
      json.member("blocking", !request.returnImmediately)
    }
    if let push = request.pushNotification {
      switch dialect {
      case .v1: json.key("taskPushNotificationConfig")
      case .v03JSONRPC: json.key("pushNotificationConfig")
      case .v03REST: json.key("pushNotification")
      }
      json.beginObject()
      pushConfigMembers(push, credentials: true, into: &json)
      json.endObject()
    }
    json.endObject()
  }

  /// 0 asks for none in 1.0 and for all in 0.3: there it is left out, and the caller trims the answer.
  mutating func historyLength(_ length: Int?, into json: inout JSONWriter) {
    guard let length else { return }
    if length == 0, dialect != .v1 { lose(.historyLengthZero) } else { json.member("historyLength", length) }
  }

  // MARK: List

  private func listMembers(_ request: ListTasksRequest, into json: inout JSONWriter) {
    if let contextID = request.contextID { json.member("contextId", contextID) }
    if let state = request.state { json.member("status", state.wireName(.v1)) }
    json.member("pageSize", request.pageSize)
    if let token = request.pageToken { json.member("pageToken", token) }
    if let length = request.historyLength { json.member("historyLength", length) }
    if let after = request.statusTimestampAfter { json.member("statusTimestampAfter", after.text) }
    if request.includeArtifacts { json.member("includeArtifacts", true) }
  }
}
