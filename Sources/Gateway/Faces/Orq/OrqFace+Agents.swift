internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// What makes, changes, removes and lists agents (contract §3.1 to §3.5, §3.7).
extension OrqFace {
  /// Calls that only operators may make.
  func write(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    guard let principal = state.principal, principal.roles.contains(.operator) else {
      return responder.respond(OrqRefusal.operatorsOnly)
    }
    switch route.operation {
    case .createAgent: try create(body, state, responder)
    case .updateAgent: try update(body, route, state, responder)
    default: try delete(body, route, state, responder)
    }
  }

  private func create(
    _ body: [UInt8], _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let root = try document(body, state)
    if let workspace = context.services.workspace {
      return try forward(
        OrqForwarding(OrqRoute(.createAgent), workspace), body, root, isStreamed: false, state, responder)
    }
    _ = try decode(root, OrqCreateRequest.self)
    let members = OrqAgentMembers.stated(in: root, OrqAgentMembers.ofCreate).withoutNulls
    try change(.create(members), state, responder) { record in
      guard let agent = context.registry[record.key] else { return responder.respond(OrqRefusal.noAgent) }
      responder.respond(OrqManifest(agent, for: state.principal), status: 201)
    }
  }

  private func update(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let root = try document(body, state)
    if let plan = try OrqForwarding.plan(route, state.request, body: nil, state, context) {
      return try forward(plan, body, root, isStreamed: false, state, responder)
    }
    guard let agent = state.agent, agent.record is RuntimeAgentRecord else { return refuseChange(responder) }
    let update = try decode(root, OrqUpdateRequest.self)
    try change(.update(key: agent.key, update), state, responder) { record in
      guard let agent = context.registry[record.key] else { return responder.respond(OrqRefusal.noAgent) }
      responder.respond(OrqManifest(agent, for: state.principal))
    }
  }

  private func delete(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    if let plan = try OrqForwarding.plan(route, state.request, body: nil, state, context) {
      return try forward(plan, body, nil, isStreamed: false, state, responder)
    }
    guard let agent = state.agent, agent.record is RuntimeAgentRecord else { return refuseChange(responder) }
    try change(.delete(key: agent.key), state, responder) { _ in responder.passNothing() }
  }

  private func refuseChange(_ responder: OrqResponder) {
    responder.respond(
      OrqFace.methodNotAllowed(
        "this agent is made by the gateway's operator, not by calls: change its card file", "GET"))
  }

  /// Has the control plane make a change, and goes on when it is made and served.
  private func change(
    _ change: RuntimeChange, _ state: ExchangeState, _ responder: OrqResponder,
    then: @escaping (RuntimeAgentRecord) -> Void
  ) throws(AgentError) {
    guard let principal = state.principal else { return }
    guard !context.services.isDraining else {
      throw AgentError(
        .unavailable, "the gateway is shutting down; retry in a moment", source: .gateway, retryAfterSeconds: 5)
    }
    let answer = context.loop.expect { (result: Result<RuntimeAgentRecord, OrqRefusal>) in
      switch result {
      case .success(let record): then(record)
      case .failure(let refusal): responder.respond(refusal)
      }
    }
    let starting = OrqRefusal(503, "the gateway is starting; retry in a moment")
    let isOpen = context.services.control.perform { control in
      guard let agents = control.runtimeAgents else { return answer.send(.failure(starting)) }
      agents.perform(change, by: principal, answer)
    }
    if !isOpen { answer.send(.failure(starting)) }
  }

  // MARK: Running what a call defines

  /// The agent of a card file or of a registration is taken as it is, as is one of the workspace unless an operator calls:
  /// what the call says of its making is a loss. An agent that calls made gets a new version where the call defines another
  /// one; any other key goes to the Orq workspace, where there is one, else it becomes an agent here.
  func run(
    _ body: [UInt8], _ operation: OrqOperation, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let root = try document(body, state)
    guard let principal = state.principal else { return }
    let isStreamed = operation == .streamRun
    let key = root["key"]?.string ?? ""
    let agent = context.registry[key].flatMap { $0.access.allows(principal: principal.name) ? $0 : nil }
    if let agent, let plan = try OrqForwarding.run(operation, of: agent, state.request, root, principal, context) {
      state.agent = agent
      guard try allows(isStreamed ? .sendStreamingMessage : .sendMessage, state, responder) else { return }
      responder.note(plan.losses)
      return try forward(plan, body, root, isStreamed: isStreamed, state, responder) {
        OrqLosses.stated(plan.losses, in: $0)
      }
    }
    if agent == nil, let workspace = context.services.workspace, AgentKey.isValid(key) {
      guard principal.roles.contains(.operator) else { return responder.respond(OrqRefusal.operatorsOnly) }
      let owner = TaskOwner(principal: principal.name, agentKey: key)
      let plan = OrqForwarding(OrqRoute(operation), workspace, owner: owner)
      try plan.checkTask(root, context)
      return try forward(plan, body, root, isStreamed: isStreamed, state, responder)
    }
    let call = try decode(root, OrqRunRequest.self)
    if let agent, !(agent.record is RuntimeAgentRecord) {
      state.agent = agent
      return try run(call, operation, .agentDefinition, state, responder)
    }
    let members = OrqAgentMembers.stated(in: root, OrqAgentMembers.ofRun).withoutNulls
    try change(.run(members), state, responder) { record in
      guard let agent = context.registry[record.key] else { return responder.respond(OrqRefusal.noAgent) }
      state.agent = agent
      do throws(AgentError) {
        try run(call, operation, [], state, responder)
      } catch {
        responder.respond(error)
      }
    }
  }

  private func run(
    _ call: OrqRunRequest, _ operation: OrqOperation, _ losses: OrqLosses, _ state: ExchangeState,
    _ responder: OrqResponder
  ) throws(AgentError) {
    if operation == .streamRun {
      try stream(call.turn, .agent, state, responder, seconds: call.streamTimeoutSeconds, losses: losses)
    } else {
      try reply(call.turn, .task, waits: false, state, responder, losses: losses)
    }
  }

  // MARK: Listing

  /// The gateway's agents that this caller may see. Operators see all those of the workspace too, as it tells them.
  func list(_ head: borrowing HTTPRequestHead, _ state: ExchangeState, _ responder: OrqResponder) throws(AgentError) {
    let query = try OrqFace.query(head)
    guard let principal = state.principal else { return }
    let own = context.registry.all.filter { $0.access.allows(principal: principal.name) }
    let listed = own.map { OrqListedAgent(OrqManifest($0, for: principal)) }
    guard let workspace = context.services.workspace, principal.roles.contains(.operator) else {
      return responder.pass(body: OrqAgentList.page(listed, query))
    }
    let registry = context.registry
    let fetch = OrqWorkspaceAgents(workspace, on: context.loop, logger: context.services.logger) { agents in
      let others = agents.filter { registry[$0.key] == nil }
      responder.pass(body: OrqAgentList.page(listed + others, query))
    }
    responder.exchange.onClose = { [weak fetch] in fetch?.cancel() }
    fetch.fetch()
  }
}

extension JSONObject {
  /// Without members that say nothing.
  fileprivate var withoutNulls: JSONObject {
    JSONObject(members.filter { $0.value != .null }.map { ($0.name, $0.value) })
  }
}
