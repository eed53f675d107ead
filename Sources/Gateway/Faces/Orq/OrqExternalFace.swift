internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// The part of the Orq face that registers external A2A agents and looks after them (contract §5). Whoever is not an
/// operator may look, and sees the gateway's own address of an agent in place of the agent's.
struct OrqExternalFace {
  let context: LoopContext

  /// Operations that belong here whatever agent they name.
  static func handles(_ operation: OrqOperation) -> Bool {
    switch operation {
    case .registerExternal, .refreshCard, .listExternal, .createExternal, .retrieveExternal, .updateExternal,
      .deleteExternal, .refreshExternalCard, .testExternalConnection:
      true
    case .createAgent, .listAgents, .retrieveAgent, .updateAgent, .deleteAgent, .invoke, .streamTask, .run, .streamRun,
      .createResponse, .getResponse, .listTasks, .retrieveTask, .listActions, .retrieveAction:
      false
    }
  }

  /// - Parameter route: of an operation that ``handles(_:)``, or that updates or deletes an agent with an
  ///   ``ExternalRecord``.
  func answer(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    guard let principal = state.principal else { return }
    switch route.operation {
    case .listExternal: return responder.pass(body: list(try OrqFace.query(state.request), principal))
    case .retrieveExternal:
      return responder.pass(body: OrqExternalFace.wrapped(OrqExternalView(try external(state), principal)))
    default: break
    }
    guard principal.roles.contains(.operator) else {
      return responder.respond(
        AgentError(.unsupportedOperation, "agents are changed by callers with the role \"operator\" only"), status: 403)
    }
    try change(body, route, state, principal, responder)
  }

  private func change(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ principal: Principal,
    _ responder: OrqResponder
  ) throws(AgentError) {
    let name = principal.name
    let key = route.agentKey ?? ""
    switch route.operation {
    case .registerExternal, .createExternal:
      let body = try read(body, state, OrqExternalRegistration.self)
      try ask(responder) { external, done in
        external.register(body, by: name) { done($0) }
      } answer: { [self] record in
        if route.operation == .createExternal { return answer(record.key, wrapped: true, principal, responder) }
        guard let agent = context.registry[record.key] else { return }
        responder.pass(201, body: OrqManifest(agent, for: principal).encoded())
      }
    case .updateAgent, .updateExternal:
      _ = try external(state)
      let body = try read(body, state, OrqExternalUpdate.self)
      try ask(responder) { external, done in
        external.update(key, body, by: name) { done($0) }
      } answer: { [self] _ in
        answer(key, wrapped: route.operation == .updateExternal, principal, responder)
      }
    case .deleteAgent, .deleteExternal:
      _ = try external(state)
      try ask(responder) { external, done in
        external.remove(key, by: name) { done($0) }
      } answer: { _ in
        if route.operation == .deleteAgent { responder.passNothing() } else { responder.pass(body: Array("{}".utf8)) }
      }
    case .refreshCard, .refreshExternalCard:
      _ = try external(state, status: .invalidParams)
      try emptyBody(body, state)
      try ask(responder) { external, done in
        external.refresh(key, by: name) { done($0) }
      } answer: { [self] refresh in
        if route.operation == .refreshExternalCard { return answer(key, wrapped: true, principal, responder) }
        responder.pass(body: OrqExternalFace.refreshed(refresh))
      }
    case .testExternalConnection:
      _ = try external(state)
      try emptyBody(body, state)
      try ask(responder) { external, done in
        external.test(key) { done($0) }
      } answer: { test in
        responder.pass(body: OrqExternalFace.tested(test))
      }
    default: throw AgentError(.methodNotFound, "there is nothing at this path")
    }
  }

  // MARK: Asking the control loop

  /// Runs `body` on the control loop and answers on this one.
  private func ask<Value: Sendable>(
    _ responder: OrqResponder,
    _ body: @escaping @Sendable (ExternalRegistry, @escaping (Result<Value, ExternalFault>) -> Void) -> Void,
    answer: @escaping (Value) -> Void
  ) throws(AgentError) {
    guard !context.services.isDraining else {
      throw AgentError(
        .unavailable, "the gateway is shutting down; retry in a moment", source: .gateway, retryAfterSeconds: 5)
    }
    let reply = context.loop.expect { (result: Result<Value, ExternalFault>) in
      switch result {
      case .success(let value): answer(value)
      case .failure(let fault): responder.respond(AgentError(fault), status: fault.status)
      }
    }
    let isAsked = context.services.control.perform { control in
      guard let external = control.external else { return }
      body(external) { reply.send($0) }
    }
    guard isAsked else {
      throw AgentError(
        .unavailable, "the gateway is starting; retry in a moment", source: .gateway, retryAfterSeconds: 1)
    }
  }

  private func answer(_ key: String, wrapped: Bool, _ principal: Principal, _ responder: OrqResponder) {
    // It has been published: this loop has it, unless it was removed meanwhile.
    guard let agent = context.registry[key] else {
      return responder.respond(AgentError(.methodNotFound, "there is no such agent"))
    }
    responder.pass(
      body: wrapped
        ? OrqExternalFace.wrapped(OrqExternalView(agent, principal)) : OrqManifest(agent, for: principal).encoded())
  }

  // MARK: Reading

  /// The agent of the path, if it is external.
  ///
  /// - Parameter status: for one that is not.
  private func external(_ state: ExchangeState, status: AgentError.Kind = .methodNotFound) throws(AgentError)
    -> ExposedAgent
  {
    guard let agent = state.agent else { throw AgentError(.methodNotFound, "there is no such agent") }
    guard agent.record is ExternalRecord else { throw AgentError(status, "this is no external agent") }
    return agent
  }

  private func read<Body: OrqReadable>(_ body: [UInt8], _ state: ExchangeState, _ type: Body.Type) throws(AgentError)
    -> Body
  {
    try OrqFace.checkType(of: state.request)
    let limits = context.services.limits
    do {
      return try Body.decode(
        body,
        limits: JSONLimits(
          bytesMax: limits.http.bodyBytesMax, depthMax: limits.json.depthMax, nodesMax: limits.json.nodesMax))
    } catch {
      throw AgentError(error)
    }
  }

  /// The SDKs send nothing, or an object without members that mean anything here.
  private func emptyBody(_ body: [UInt8], _ state: ExchangeState) throws(AgentError) {
    if body.isEmpty { return }
    try OrqFace.checkType(of: state.request)
    guard (try? JSONDocument.parse(body))?.root.kind == .object else {
      throw AgentError(.invalidParams, "send no body, or an object")
    }
  }

  // MARK: Answers

  private static func wrapped(_ agent: OrqExternalView) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("agent")
    agent.write(into: &json)
    json.endObject()
    return json.finish()
  }

  private func list(_ query: OrqListQuery, _ principal: Principal) -> [UInt8] {
    let all = context.registry.all.filter { $0.record is ExternalRecord && $0.access.allows(principal: principal.name) }
    let inRange = all.filter { agent in
      if let after = query.startingAfter, agent.key <= after { return false }
      if let before = query.endingBefore, agent.key >= before { return false }
      return true
    }
    let limit = query.limit ?? inRange.count
    let page = query.endingBefore != nil && query.startingAfter == nil ? inRange.suffix(limit) : inRange.prefix(limit)
    var json = JSONWriter()
    json.beginObject()
    json.member("object", "list")
    json.key("data")
    json.beginArray()
    for agent in page { OrqExternalView(agent, principal).write(into: &json) }
    json.endArray()
    json.member("has_more", page.count < inRange.count)
    json.endObject()
    return json.finish()
  }

  private static func refreshed(_ refresh: CardRefresh) -> [UInt8] {
    let message =
      switch refresh.change {
      case .none: "the card is as it was"
      case .taken: "the card is a new one"
      case .held(let drift):
        "the new card is held until an operator approves it, because \(ForeignText.list(drift)); the last approved "
          + "card stays in force"
      }
    var json = JSONWriter()
    json.beginObject()
    json.member("message", message)
    json.member("card", refresh.record.card.document)
    json.endObject()
    return json.finish()
  }

  private static func tested(_ test: ConnectionTest) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("reachable", test.isReachable)
    if let card = test.card { json.member("card", card) }
    if let reason = test.reason { json.member("message", reason) }
    json.key("probes")
    test.probes.write(into: &json)
    json.endObject()
    return json.finish()
  }
}

extension ExternalFault {
  /// On the Orq face (contract §1.1) and the admin socket.
  var status: Int {
    switch kind {
    case .invalid, .card: 400
    case .taken: 409
    case .unknown: 404
    case .foreign: 409
    case .full: 429
    case .notKept: 503
    }
  }
}

extension AgentError {
  init(_ fault: ExternalFault) {
    let kind: Kind =
      switch fault.kind {
      case .invalid, .card: .invalidParams
      case .taken, .foreign: .unsupportedOperation
      case .unknown: .methodNotFound
      case .full: .tooManyRequests
      case .notKept: .unavailable
      }
    self.init(kind, fault.message, source: fault.kind == .notKept ? .gateway : .client)
  }
}
