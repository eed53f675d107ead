public import HTTP

/// A call of the API, as a client sends it.
public struct OrqCall: Sendable, Equatable {
  public var route: OrqRoute
  /// Path and query, percent-encoded.
  public var target: String
  /// JSON; nil where there is none.
  public var body: [UInt8]?
  /// The answer is a stream of events, and asked for as one; any other is JSON.
  public var isStreamed: Bool

  public var method: HTTPMethod { route.operation.method }

  init(
    _ route: OrqRoute, _ generation: OrqGeneration, query: OrqListQuery? = nil, body: [UInt8]? = nil,
    isStreamed: Bool = false
  ) {
    target = route.path(for: generation)
    if let query = query?.text { target += "?" + query }
    self.route = route
    self.body = body
    self.isStreamed = isStreamed
  }

  // MARK: Working

  public static func invoke(_ agentKey: String, _ request: OrqInvokeRequest, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.invoke, agentKey: agentKey), generation, body: request.encoded(for: generation))
  }

  public static func streamTask(
    _ agentKey: String, _ request: OrqInvokeRequest, for generation: OrqGeneration
  ) -> OrqCall {
    OrqCall(
      OrqRoute(.streamTask, agentKey: agentKey), generation, body: request.encoded(for: generation), isStreamed: true)
  }

  public static func run(_ request: OrqRunRequest, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.run), generation, body: request.encoded(for: generation))
  }

  public static func streamRun(_ request: OrqRunRequest, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.streamRun), generation, body: request.encoded(for: generation), isStreamed: true)
  }

  /// From 4.0 on.
  public static func createResponse(_ agentKey: String, _ request: borrowing OrqResponseRequest) -> OrqCall {
    OrqCall(
      OrqRoute(.createResponse, agentKey: agentKey), .v4, body: request.encoded(for: .v4), isStreamed: request.stream)
  }

  // MARK: Reading

  /// From 4.5 on.
  public static func getResponse(_ agentKey: String, taskID: String) -> OrqCall {
    OrqCall(OrqRoute(.getResponse, agentKey: agentKey, taskID: taskID), .v4)
  }

  /// 3.x only.
  public static func retrieveTask(_ agentKey: String, taskID: String) -> OrqCall {
    OrqCall(OrqRoute(.retrieveTask, agentKey: agentKey, taskID: taskID), .v3)
  }

  /// 3.x only.
  public static func listTasks(_ agentKey: String, _ query: OrqListQuery = OrqListQuery()) -> OrqCall {
    OrqCall(OrqRoute(.listTasks, agentKey: agentKey), .v3, query: query)
  }

  public static func listAgents(_ query: OrqListQuery = OrqListQuery(), for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.listAgents), generation, query: query)
  }

  /// 3.x only.
  public static func listActions(_ agentKey: String, taskID: String) -> OrqCall {
    OrqCall(OrqRoute(.listActions, agentKey: agentKey, taskID: taskID), .v3)
  }

  /// 3.x only.
  public static func retrieveAction(_ agentKey: String, taskID: String, actionID: String) -> OrqCall {
    OrqCall(OrqRoute(.retrieveAction, agentKey: agentKey, taskID: taskID, actionID: actionID), .v3)
  }

  public static func createAgent(_ request: OrqCreateRequest, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.createAgent), generation, body: request.encoded(for: generation))
  }

  public static func deleteAgent(_ agentKey: String, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.deleteAgent, agentKey: agentKey), generation)
  }

  /// A call that somebody else has made, as it is.
  ///
  /// - Parameters:
  ///   - query: without its `?`.
  ///   - body: nil where there is none.
  public static func passedOn(
    _ route: OrqRoute, query: String?, body: [UInt8]?, isStreamed: Bool, for generation: OrqGeneration
  ) -> OrqCall {
    var call = OrqCall(route, generation, body: body, isStreamed: isStreamed)
    if let query, !query.isEmpty { call.target += "?" + query }
    return call
  }

  public static func retrieveAgent(_ agentKey: String, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.retrieveAgent, agentKey: agentKey), generation)
  }
}
