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
/// workspace knows; and calls for an agent of the workspace by a caller of the workspace's generation. What a card file
/// says of an agent holds: see ``OrqForwardedBody``. Tasks stay where they were begun.
struct OrqForwarding {
  let workspace: OrqWorkspace
  /// As the workspace knows it.
  let route: OrqRoute
  /// nil where only the workspace knows the agent.
  let agent: ExposedAgent?
  /// nil for what concerns agents, not tasks.
  let owner: TaskOwner?
  let body: OrqForwardedBody

  /// Whether the answer names a task that is the caller's from then on.
  var beginsTask: Bool {
    switch route.operation {
    case .run, .streamRun, .invoke, .streamTask, .createResponse: true
    default: false
    }
  }

  /// The agents of the workspace may be others afterwards.
  var changesAgents: Bool {
    switch route.operation {
    case .createAgent, .updateAgent, .deleteAgent: true
    case .run, .streamRun: if case .asItCame = body.agent { true } else { false }
    default: false
    }
  }

  /// For making and running agents, which only operators may do.
  init(_ route: OrqRoute, _ workspace: OrqWorkspace, owner: TaskOwner? = nil) {
    self.init(workspace: workspace, route: route, agent: nil, owner: owner)
  }

  private init(
    workspace: OrqWorkspace, route: OrqRoute, agent: ExposedAgent?, owner: TaskOwner?,
    body: OrqForwardedBody = OrqForwardedBody()
  ) {
    self.workspace = workspace
    self.route = route
    self.agent = agent
    self.owner = owner
    self.body = body
  }

  // MARK: Calls for one agent

  /// nil for a call that the gateway serves itself.
  ///
  /// - Throws: for a task that is not the caller's.
  static func plan(
    _ route: OrqRoute, _ head: borrowing HTTPRequestHead, body: JSONNode?, _ state: ExchangeState,
    _ context: LoopContext
  ) throws(AgentError) -> OrqForwarding? {
    guard let name = route.agent, let principal = state.principal, let workspace = context.services.workspace else {
      return nil
    }
    let owner = TaskOwner(principal: principal.name, agentKey: state.agent?.key ?? name.key)
    guard let agent = state.agent else {
      // Only operators come here.
      let plan = OrqForwarding(workspace: workspace, route: route, agent: nil, owner: owner)
      try plan.checkTask(body, context)
      return plan
    }
    guard let backend = agent.backend as? OrqBackend else { return nil }
    var upstream = route
    upstream.agentKey = backend.agent.agentKey
    let plan = OrqForwarding(
      workspace: workspace, route: upstream, agent: agent, owner: owner,
      body: OrqForwardedBody(defaults: backend.defaults))
    switch route.operation {
    case .retrieveAgent: return principal.roles.contains(.operator) && !backend.definesAgent ? plan : nil
    case .updateAgent, .deleteAgent: return backend.isOfFile ? nil : plan
    case .invoke, .streamTask, .createResponse, .getResponse, .listTasks, .retrieveTask, .listActions, .retrieveAction:
      break
    default: return nil
    }
    guard workspace.isSpoken(by: head), workspace.generation.has(route.operation),
      !plan.isOwnTask(plan.taskID(body), context)
    else { return nil }
    if backend.definesAgent, plan.beginsTask, plan.taskID(body) == nil { return plan.asRun(backend.agent, body) }
    try plan.checkTask(body, context)
    return plan
  }

  /// A new task of an agent that its card file defines: until a run has brought it along the workspace may not know it. nil
  /// for what no run answers alike.
  private func asRun(_ defined: OrqAgentConfiguration, _ root: JSONNode?) -> OrqForwarding? {
    let operation: OrqOperation
    switch route.operation {
    // A run cannot wait (contract §3.7).
    case .invoke where root?["configuration"]?["blocking"]?.bool != true: operation = .run
    case .streamTask: operation = .streamRun
    default: return nil
    }
    return OrqForwarding(
      workspace: workspace, route: OrqRoute(operation), agent: agent, owner: owner,
      body: OrqForwardedBody(agent: .defined(defined), defaults: body.defaults))
  }

  /// For `run` and `stream-run` of an agent of the workspace that this gateway serves. What the agent is, its card file
  /// says, or the workspace; where neither a card file nor the caller's role is in the way, the call may say it. nil for a
  /// call that the gateway serves itself.
  ///
  /// - Throws: for a task that is not the caller's.
  static func run(
    _ operation: OrqOperation, of agent: ExposedAgent, _ head: borrowing HTTPRequestHead, _ root: JSONNode,
    _ principal: Principal, _ context: LoopContext
  ) throws(AgentError) -> OrqForwarding? {
    guard let backend = agent.backend as? OrqBackend, backend.workspace.isSpoken(by: head) else { return nil }
    var route = OrqRoute(operation)
    var body = OrqForwardedBody(defaults: backend.defaults)
    if backend.definesAgent {
      body.agent = .defined(backend.agent)
    } else if backend.isOfFile || !principal.roles.contains(.operator) {
      // The same answers and events, of the agent as it is.
      route = OrqRoute(operation == .run ? .invoke : .streamTask, agentKey: backend.agent.agentKey)
      body.agent = .known
    }
    let owner = TaskOwner(caller: principal.ownerName, agent: agent.ownerName)
    let plan = OrqForwarding(workspace: backend.workspace, route: route, agent: agent, owner: owner, body: body)
    if plan.isOwnTask(plan.taskID(root), context) { return nil }
    try plan.checkTask(root, context)
    return plan
  }

  /// What the caller said of the agent and was not heard.
  var losses: OrqLosses {
    if case .asItCame = body.agent { [] } else { .agentDefinition }
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
}

extension OrqBackend {
  /// A run call brings the agent along.
  fileprivate var definesAgent: Bool { agent.call == .run }
}

extension OrqWorkspace {
  /// Whether the caller knows the shapes of the workspace's generation.
  fileprivate func isSpoken(by head: borrowing HTTPRequestHead) -> Bool {
    (OrqGeneration(callerOf: head) ?? generation) == generation
  }
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
