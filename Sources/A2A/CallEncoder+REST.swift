import Bytes
public import HTTP
import JSON
public import Model

/// A call over HTTP+JSON, below the base URL of an interface.
public struct RESTCall: Sendable, Equatable {
  public var method: HTTPMethod
  /// The verb to try once where the peer answers 404, 405 or 501: the specification says both GET and POST for
  /// subscribing, and servers implement one of them.
  public var otherMethod: HTTPMethod?
  /// Begins with a slash, percent-encoded, with the query.
  public var target: String
  public var body: [UInt8]?
}

extension CallEncoder {
  /// A call over HTTP+JSON.
  ///
  /// - Parameters:
  ///   - tenant: what the chosen interface of the agent's card says; it becomes the first segment of a 1.0 path.
  ///   - losses: gains what the dialect cannot carry.
  /// - Returns: nil where the version has no such operation.
  public static func rest(
    _ call: AgentCall, version: ProtocolVersion, tenant: String? = nil, losses: inout TranslationLosses
  ) -> RESTCall? {
    guard JSONRPCMethod.name(call.operation, version) != nil else { return nil }
    var encoder = WireEncoder(Dialect(version, .rest))
    var base = version == .v0_3 ? "/v1" : ""
    if let tenant, !tenant.isEmpty {
      if version == .v1_0 { base = "/" + PercentEncoding.encodePathSegment(tenant) } else { encoder.lose(.tenant) }
    }
    let rest = encoder.restCall(call, base: base)
    losses.formUnion(encoder.losses)
    return rest
  }
}

extension WireEncoder {
  fileprivate mutating func restCall(_ call: AgentCall, base: String) -> RESTCall {
    let isV1 = dialect == .v1
    switch call {
    case .sendMessage(let request):
      return RESTCall(method: .post, target: base + "/message:send", body: sendBody(request))
    case .sendStreamingMessage(let request):
      return RESTCall(method: .post, target: base + "/message:stream", body: sendBody(request))
    case .getTask(let id, let historyLength):
      if historyLength == 0, !isV1 { lose(.historyLengthZero) }
      let length = historyLength == 0 && !isV1 ? nil : historyLength
      return get(WireEncoder.task(id, base), [("historyLength", length.map { "\($0)" })])
    case .listTasks(let request): return get(base + "/tasks", WireEncoder.query(request))
    case .cancelTask(let id, let metadata):
      return RESTCall(method: .post, target: WireEncoder.task(id, base) + ":cancel", body: cancelBody(id, metadata))
    case .subscribeToTask(let id):
      let target = WireEncoder.task(id, base) + ":subscribe"
      return isV1
        ? RESTCall(method: .post, otherMethod: .get, target: target)
        : RESTCall(method: .get, otherMethod: .post, target: target)
    case .createPushConfig(let config):
      let target = WireEncoder.task(config.taskID ?? "", base) + "/pushNotificationConfigs"
      return RESTCall(method: .post, target: target, body: createPushConfigBody(config))
    case .getPushConfig(let taskID, let id):
      return get(
        WireEncoder.task(taskID, base) + "/pushNotificationConfigs/" + PercentEncoding.encodePathSegment(id ?? taskID),
        [])
    case .listPushConfigs(let taskID, let pageSize, let pageToken):
      return get(
        WireEncoder.task(taskID, base) + "/pushNotificationConfigs",
        [("pageSize", pageSize.map { "\($0)" }), ("pageToken", pageToken)])
    case .deletePushConfig(let taskID, let id):
      let target = WireEncoder.task(taskID, base) + "/pushNotificationConfigs/" + PercentEncoding.encodePathSegment(id)
      return RESTCall(method: .delete, target: target)
    case .getExtendedAgentCard: return get(base + (isV1 ? "/extendedAgentCard" : "/card"), [])
    }
  }

  // MARK: Targets

  private static func task(_ id: String, _ base: String) -> String {
    base + "/tasks/" + PercentEncoding.encodePathSegment(id)
  }

  private func get(_ path: String, _ query: [(String, String?)]) -> RESTCall {
    let given = query.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encodePathSegment($0))" } }
    return RESTCall(method: .get, target: given.isEmpty ? path : path + "?" + given.joined(separator: "&"))
  }

  private static func query(_ request: ListTasksRequest) -> [(String, String?)] {
    [
      ("contextId", request.contextID), ("status", request.state.map { $0.wireName(.v1).description }),
      ("pageSize", "\(request.pageSize)"), ("pageToken", request.pageToken),
      ("historyLength", request.historyLength.map { "\($0)" }),
      ("statusTimestampAfter", request.statusTimestampAfter.map(\.text)),
      ("includeArtifacts", request.includeArtifacts ? "true" : nil),
    ]
  }

  // MARK: Bodies

  private mutating func sendBody(_ request: SendRequest) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    sendMembers(request, into: &json)
    json.endObject()
    return json.finish()
  }

  private mutating func cancelBody(_ id: String, _ metadata: JSONFragment?) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    if dialect == .v1 {
      if let metadata { json.member("metadata", metadata) }
    } else {
      json.member("name", "tasks/\(id)")
      if metadata != nil { lose(.cancelMetadata) }
    }
    json.endObject()
    return json.finish()
  }

  private func createPushConfigBody(_ config: PushNotificationConfig) -> [UInt8] {
    var json = JSONWriter()
    guard dialect == .v03REST else {
      pushConfig(config, credentials: true, into: &json)
      return json.finish()
    }
    json.beginObject()
    json.member("parent", "tasks/\(config.taskID ?? "")")
    if let id = config.id { json.member("configId", id) }
    json.key("config")
    pushConfig(config, credentials: true, into: &json)
    json.endObject()
    return json.finish()
  }
}
