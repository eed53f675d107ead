internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// Which calls go to the Orq workspace as they are. A call that is not forwarded is served by the gateway's own turns.
///
/// Forwarded are: making agents, and runs of agents that nobody here serves; calls of operators for agents that only the
/// workspace knows; and calls for an agent of the workspace by a caller of the workspace's generation, unless the agent's
/// card file says what calls carry, or defines the agent itself. Tasks stay where they were begun.
struct OrqForwarding {
  let workspace: OrqWorkspace
  /// As the workspace knows it.
  let route: OrqRoute
  /// nil where only the workspace knows the agent.
  let agent: ExposedAgent?
  /// nil for what concerns agents, not tasks.
  let owner: TaskOwner?

  /// Whether the answer names a task that is the caller's from then on.
  var beginsTask: Bool {
    switch route.operation {
    case .run, .streamRun, .invoke, .streamTask, .createResponse: true
    default: false
    }
  }

  /// The agents of the workspace are others afterwards.
  var changesAgents: Bool {
    switch route.operation {
    case .createAgent, .updateAgent, .deleteAgent, .run, .streamRun: true
    default: false
    }
  }

  /// For making and running agents, which only operators may do.
  init(_ route: OrqRoute, _ workspace: OrqWorkspace, owner: TaskOwner? = nil) {
    self.init(workspace: workspace, route: route, agent: nil, owner: owner)
  }

  private init(workspace: OrqWorkspace, route: OrqRoute, agent: ExposedAgent?, owner: TaskOwner?) {
    self.workspace = workspace
    self.route = route
    self.agent = agent
    self.owner = owner
  }

  // MARK: Calls for one agent

  /// nil for a call that the gateway serves itself.
  ///
  /// - Throws: for a task that is not the caller's.
  static func plan(
    _ route: OrqRoute, _ head: HTTPRequestHead, body: JSONNode?, _ state: ExchangeState, _ context: LoopContext
  ) throws(AgentError) -> OrqForwarding? {
    guard let key = route.agentKey, let principal = state.principal, let workspace = context.services.workspace else {
      return nil
    }
    let owner = TaskOwner(principal: principal.name, agentKey: key)
    guard let agent = state.agent else {
      // Only operators come here.
      let plan = OrqForwarding(workspace: workspace, route: route, agent: nil, owner: owner)
      try plan.checkTask(body, context)
      return plan
    }
    guard let backend = agent.backend as? OrqBackend else { return nil }
    var upstream = route
    upstream.agentKey = backend.agent.agentKey
    let plan = OrqForwarding(workspace: workspace, route: upstream, agent: agent, owner: owner)
    switch route.operation {
    case .retrieveAgent: return principal.roles.contains(.operator) && !backend.definesAgent ? plan : nil
    case .updateAgent, .deleteAgent: return backend.isOfFile ? nil : plan
    case .invoke, .streamTask, .createResponse, .getResponse, .listTasks, .retrieveTask, .listActions, .retrieveAction:
      break
    default: return nil
    }
    guard backend.passesCalls, (OrqGeneration(callerOf: head) ?? workspace.generation) == workspace.generation,
      workspace.generation.has(route.operation), !plan.isOwnTask(plan.taskID(body), context)
    else { return nil }
    try plan.checkTask(body, context)
    return plan
  }

  /// The task that the call continues or asks for.
  private func taskID(_ body: JSONNode?) -> String? {
    route.taskID ?? (body?["task_id"] ?? body?["taskId"])?.string
  }

  /// A conversation of the gateway's own turns.
  private func isOwnTask(_ id: String?, _ context: LoopContext) -> Bool {
    guard let id, let owner else { return false }
    return !context.services.store.tasks(inContext: id, owner: owner, max: 1).isEmpty
  }

  func checkTask(_ body: JSONNode?, _ context: LoopContext) throws(AgentError) {
    for member in [body?["task_id"], body?["taskId"]] {
      guard let member, !member.isNull else { continue }
      guard let id = member.string else { throw .invalidField("task_id", "Must be a string.") }
      try checkOwned(id, context)
    }
    if let id = route.taskID { try checkOwned(id, context) }
  }

  /// The caller's own, or not there.
  private func checkOwned(_ id: String, _ context: LoopContext) throws(AgentError) {
    guard let owner, context.services.forwardedTasks.isOwned(id, by: owner, at: context.loop.now) else {
      throw TaskOperations.taskNotFound
    }
  }

  // MARK: The body

  /// The body as it came, and who calls where it does not say on whose behalf.
  func body(_ bytes: [UInt8], _ root: JSONNode, principal: String) -> [UInt8] {
    guard beginsTask, let identity = OrqBackend.identity(principal),
      ["identity", "contact", "external_id", "externalId"].allSatisfy({ root.member(named: $0) == nil }),
      let end = bytes.lastIndex(of: UInt8(ascii: "}"))
    else { return bytes }
    var before = Array(bytes[..<end])
    if root.count > 0 { before.append(UInt8(ascii: ",")) }
    var json = JSONWriter(appendingTo: before)
    json.key(workspace.generation == .v3 ? "contact" : "identity")
    identity.write(into: &json)
    return json.bytes + bytes[end...]
  }
}

extension OrqBackend {
  /// A run call brings the agent along.
  fileprivate var definesAgent: Bool { agent.call == .run }

  /// Whether calls may go to Orq as they are: a card file that says what calls carry is held to by translating them.
  fileprivate var passesCalls: Bool { !definesAgent && defaults == OrqDefaults() }
}

extension OrqGeneration {
  /// Whether servers of the generation know the operation (contract §0.2).
  fileprivate func has(_ operation: OrqOperation) -> Bool {
    switch operation {
    case .createResponse, .getResponse: self == .v4
    case .listTasks, .retrieveTask, .listActions, .retrieveAction: self == .v3
    default: true
    }
  }
}
