public import HTTP

/// A call of the API, as a client sends it.
public struct OrqCall: Sendable, Equatable {
  public let operation: OrqOperation
  /// Path and query, percent-encoded.
  public let target: String
  /// JSON; nil where there is none.
  public let body: [UInt8]?
  /// The answer is a stream of events, and asked for as one; any other is JSON.
  public let isStreamed: Bool

  public var method: HTTPMethod { operation.method }

  init(_ operation: OrqOperation, target: String, body: [UInt8]?, isStreamed: Bool) {
    self.operation = operation
    self.target = target
    self.body = body
    self.isStreamed = isStreamed
  }

  /// - Parameter query: without its `?`; none where it is empty.
  init(
    _ route: OrqRoute, _ generation: OrqGeneration, query: String? = nil, body: [UInt8]? = nil, isStreamed: Bool = false
  ) {
    var target = route.path(for: generation)
    if let query, !query.isEmpty { target += "?" + query }
    self.init(route.operation, target: target, body: body, isStreamed: isStreamed)
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
    OrqCall(OrqRoute(.listTasks, agentKey: agentKey), .v3, query: query.text)
  }

  public static func listAgents(_ query: OrqListQuery = OrqListQuery(), for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.listAgents), generation, query: query.text)
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
    OrqCall(route, generation, query: query, body: body, isStreamed: isStreamed)
  }

  public static func retrieveAgent(_ agentKey: String, for generation: OrqGeneration) -> OrqCall {
    OrqCall(OrqRoute(.retrieveAgent, agentKey: agentKey), generation)
  }
}
