public import HTTP
public import Model

/// An operation as a method and a path below an agent's base URL (A2A 1.0 §11.3, 0.3 §3.5.6).
///
/// 1.0 paths may have one segment for a tenant in front; 0.3 paths start with `/v1`. The colon before a verb may arrive
/// as `%3A`, since some clients encode it.
public struct RESTRoute: Sendable, Equatable {
  public var operation: AgentOperation
  /// Decoded and not empty, where the path names a task.
  public var taskID: String?
  /// Decoded and not empty, where the path names a push configuration.
  public var configID: String?
  /// The version that the path belongs to.
  public var version: ProtocolVersion
  /// The tenant segment of a 1.0 path.
  public var tenant: String?

  public enum Match: Sendable, Equatable {
    case route(RESTRoute)
    /// The path exists, with other methods: the value of `Allow`, and the version that the path belongs to.
    case methodNotAllowed(allow: String, version: ProtocolVersion)
    case none
  }

  /// - Parameter path: what follows the agent's base, with its first slash, without the query, still percent-encoded.
  public static func match(method: HTTPMethod, path: String) -> Match {
    guard path.utf8.first == UInt8(ascii: "/") else { return .none }
    var segments: [String] = []
    for encoded in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard segments.count < 6, let segment = PercentEncoding.decodePath(String(decoding: encoded, as: UTF8.self)),
        !segment.isEmpty
      else { return .none }
      segments.append(segment)
    }
    if segments.first == "v1" {
      return match(method, segments.dropFirst(), version: .v0_3, tenant: nil)
    }
    let match = match(method, segments[...], version: .v1_0, tenant: nil)
    guard match == .none, segments.count > 1 else { return match }
    return RESTRoute.match(method, segments.dropFirst(), version: .v1_0, tenant: segments[0])
  }

  private static func match(
    _ method: HTTPMethod, _ segments: ArraySlice<String>, version: ProtocolVersion, tenant: String?
  ) -> Match {
    var known: [(HTTPMethod, RESTRoute)] = []
    func add(_ method: HTTPMethod, _ operation: AgentOperation, task: String? = nil, config: String? = nil) {
      known.append(
        (
          method,
          RESTRoute(operation: operation, taskID: task, configID: config, version: version, tenant: tenant)
        ))
    }
    let names = Array(segments)
    switch (names.count, names.first) {
    case (1, "message:send"): add(.post, .sendMessage)
    case (1, "message:stream"): add(.post, .sendStreamingMessage)
    case (1, "tasks"): add(.get, .listTasks)
    case (1, version == .v1_0 ? "extendedAgentCard" : "card"): add(.get, .getExtendedAgentCard)
    case (2, "tasks"):
      if let task = stem(names[1], ":cancel") {
        add(.post, .cancelTask, task: task)
      } else if let task = stem(names[1], ":subscribe") {
        // The specification says GET in its schema and POST in its text; clients of both kinds exist.
        add(.get, .subscribeToTask, task: task)
        add(.post, .subscribeToTask, task: task)
      } else {
        add(.get, .getTask, task: names[1])
      }
    case (3, "tasks") where names[2] == "pushNotificationConfigs":
      add(.get, .listPushConfigs, task: names[1])
      add(.post, .createPushConfig, task: names[1])
    case (4, "tasks") where names[2] == "pushNotificationConfigs":
      add(.get, .getPushConfig, task: names[1], config: names[3])
      add(.delete, .deletePushConfig, task: names[1], config: names[3])
    default: return .none
    }
    if let route = known.first(where: { $0.0 == method })?.1 { return .route(route) }
    return .methodNotAllowed(allow: known.map(\.0.name).joined(separator: ", "), version: version)
  }

  /// The text before a verb; nil when the verb is absent or nothing stands before it.
  private static func stem(_ segment: String, _ verb: String) -> String? {
    guard segment.hasSuffix(verb) else { return nil }
    let stem = segment.dropLast(verb.count)
    return stem.isEmpty ? nil : String(stem)
  }
}
