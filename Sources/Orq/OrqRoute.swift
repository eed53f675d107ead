public import HTTP

/// An operation of the Agents API (contract §3, §5).
public enum OrqOperation: Sendable, Equatable, CaseIterable {
  case createAgent, listAgents, retrieveAgent, updateAgent, deleteAgent
  case invoke, streamTask, run, streamRun
  case createResponse, getResponse
  /// 3.x only, as are the three after it.
  case listTasks, retrieveTask, listActions, retrieveAction
  /// 4.5 to 4.10, as is ``refreshCard``.
  case registerExternal, refreshCard
  /// 4.17, as are those after it.
  case listExternal, createExternal, retrieveExternal, updateExternal, deleteExternal
  case refreshExternalCard, testExternalConnection

  public var method: HTTPMethod {
    switch self {
    case .listAgents, .retrieveAgent, .getResponse, .listTasks, .retrieveTask, .listActions, .retrieveAction,
      .listExternal, .retrieveExternal:
      .get
    case .updateAgent, .updateExternal: .patch
    case .deleteAgent, .deleteExternal: .delete
    case .createAgent, .invoke, .streamTask, .run, .streamRun, .createResponse, .registerExternal, .refreshCard,
      .createExternal, .refreshExternalCard, .testExternalConnection:
      .post
    }
  }

  /// The one status of success: the SDKs take no other (contract §1).
  public var successStatus: Int {
    switch self {
    case .createAgent, .registerExternal: 201
    case .deleteAgent: 204
    default: 200
    }
  }
}

/// An operation as a method and a path, for both sides.
public struct OrqRoute: Sendable, Equatable {
  public var operation: OrqOperation
  /// Not empty, where the path names an agent; may name one version of it, see ``agent``.
  public var agentKey: String?
  public var taskID: String?
  public var actionID: String?

  public init(_ operation: OrqOperation, agentKey: String? = nil, taskID: String? = nil, actionID: String? = nil) {
    self.operation = operation
    self.agentKey = agentKey
    self.taskID = taskID
    self.actionID = actionID
  }

  /// The agent that the path names.
  public var agent: OrqAgentReference? { agentKey.map { OrqAgentReference($0) } }

  public enum Match: Sendable, Equatable {
    case route(OrqRoute)
    /// The path exists, with other methods: the value of `Allow`.
    case methodNotAllowed(allow: String)
    case none
  }

  /// - Parameter path: without the query, still percent-encoded. A slash at the end makes no difference: the SDKs write it
  ///   or not, from release to release (contract §1).
  public static func match(method: HTTPMethod, path: String) -> Match {
    guard let names = names(path) else { return .none }
    let known = routes(names)
    if let route = known.first(where: { $0.operation.method == method }) { return .route(route) }
    return known.isEmpty ? .none : .methodNotAllowed(allow: known.map(\.operation.method.name).joined(separator: ", "))
  }

  /// The path, percent-encoded. Only creating and listing agents depend on the generation.
  public func path(for generation: OrqGeneration) -> String {
    switch operation {
    case .createAgent, .listAgents: generation == .v3 ? Self.base + "/" : Self.base
    case .retrieveAgent, .updateAgent, .deleteAgent: one
    case .invoke: one + "/task"
    case .streamTask: one + "/stream-task"
    case .run: Self.base + "/run"
    case .streamRun: Self.base + "/stream-run"
    case .createResponse: one + "/responses"
    case .getResponse: one + "/responses/" + PercentEncoding.encodePathSegment(taskID ?? "")
    case .listTasks: one + "/tasks"
    case .retrieveTask: task
    case .listActions: task + "/actions"
    case .retrieveAction: task + "/actions/" + PercentEncoding.encodePathSegment(actionID ?? "")
    case .registerExternal: Self.base + "/a2a"
    case .refreshCard: one + "/card/refresh"
    case .listExternal, .createExternal: Self.base + "/external"
    case .retrieveExternal, .updateExternal, .deleteExternal: external
    case .refreshExternalCard: external + ":refreshCard"
    case .testExternalConnection: external + ":testConnection"
    }
  }

  private static let base = "/v2/agents"

  /// The path of the agent. The SDKs leave an `@` as it is, and so does this.
  private var one: String {
    let names = (agentKey ?? "").split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    return "\(Self.base)/" + names.map { PercentEncoding.encodePathSegment(String($0)) }.joined(separator: "@")
  }
  private var task: String { one + "/tasks/" + PercentEncoding.encodePathSegment(taskID ?? "") }
  private var external: String { Self.base + "/external/" + PercentEncoding.encodePathSegment(agentKey ?? "") }

  // MARK: Matching

  /// The segments behind `/v2/agents`, decoded; nil for other paths and for names that none of ours can be.
  private static func names(_ path: String) -> [String]? {
    guard path.utf8.starts(with: base.utf8) else { return nil }
    var rest = path.utf8.dropFirst(base.utf8.count)
    guard rest.first ?? UInt8(ascii: "/") == UInt8(ascii: "/") else { return nil }
    if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    var names: [String] = []
    for encoded in rest.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard names.count < 5, let name = PercentEncoding.decodePath(String(decoding: encoded, as: UTF8.self)),
        !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")),
        name.utf8.count <= OrqLimits.identifierBytesMax
      else {
        // Nothing but the base itself has no name behind it.
        return rest.isEmpty ? [] : nil
      }
      names.append(name)
    }
    return names
  }

  /// What the path can mean. Fixed names go before keys of agents.
  private static func routes(_ names: [String]) -> [OrqRoute] {
    guard let key = names.first else { return [OrqRoute(.listAgents), OrqRoute(.createAgent)] }
    if key == "external", names.count < 3 { return externalRoutes(names.dropFirst().first) }
    let last = names[names.count - 1]
    switch (names.count, names.dropFirst().first) {
    case (1, _): return agentRoutes(key)
    case (2, "task"): return [OrqRoute(.invoke, agentKey: key)]
    case (2, "stream-task"): return [OrqRoute(.streamTask, agentKey: key)]
    case (2, "responses"): return [OrqRoute(.createResponse, agentKey: key)]
    case (3, "responses"): return [OrqRoute(.getResponse, agentKey: key, taskID: last)]
    case (2, "tasks"): return [OrqRoute(.listTasks, agentKey: key)]
    case (3, "tasks"): return [OrqRoute(.retrieveTask, agentKey: key, taskID: last)]
    case (4, "tasks") where last == "actions": return [OrqRoute(.listActions, agentKey: key, taskID: names[2])]
    case (5, "tasks") where names[3] == "actions":
      return [OrqRoute(.retrieveAction, agentKey: key, taskID: names[2], actionID: last)]
    case (3, "card") where last == "refresh": return [OrqRoute(.refreshCard, agentKey: key)]
    default: return []
    }
  }

  private static func agentRoutes(_ key: String) -> [OrqRoute] {
    let own = [OrqOperation.retrieveAgent, .updateAgent, .deleteAgent].map { OrqRoute($0, agentKey: key) }
    switch key {
    case "run": return [OrqRoute(.run)] + own
    case "stream-run": return [OrqRoute(.streamRun)] + own
    case "a2a": return [OrqRoute(.registerExternal)] + own
    default: return own
    }
  }

  private static func externalRoutes(_ name: String?) -> [OrqRoute] {
    guard let name else { return [OrqRoute(.listExternal), OrqRoute(.createExternal)] }
    for (verb, operation) in [
      (":refreshCard", OrqOperation.refreshExternalCard), (":testConnection", .testExternalConnection),
    ] where name.hasSuffix(verb) {
      let key = String(name.dropLast(verb.count))
      return key.isEmpty ? [] : [OrqRoute(operation, agentKey: key)]
    }
    return [OrqOperation.retrieveExternal, .updateExternal, .deleteExternal].map { OrqRoute($0, agentKey: name) }
  }
}
