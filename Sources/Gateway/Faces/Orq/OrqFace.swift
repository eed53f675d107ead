internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// The Orq Agents API for one loop: the agents of this gateway as an Orq workspace, for callers that know Orq, one of them
/// another gateway. What each operation does for which kind of agent: `OrqFace.md`.
struct OrqFace {
  let context: LoopContext

  init(context: LoopContext) { self.context = context }

  // MARK: Before the body

  enum Admission {
    case accepted(OrqRoute)
    case refused(HTTPResponse)
  }

  static func admission(_ match: OrqRoute.Match) -> Admission {
    switch match {
    case .none: return .refused(OrqResponder.problem(404, "there is nothing at this path"))
    case .methodNotAllowed(let allow): return .refused(methodNotAllowed("this path takes \(allow) only", allow))
    case .route(let route):
      switch route.operation {
      case .createAgent, .listAgents, .retrieveAgent, .updateAgent, .deleteAgent, .invoke, .streamTask, .run,
        .streamRun, .createResponse, .getResponse, .listTasks, .retrieveTask, .listActions, .retrieveAction,
        .registerExternal, .refreshCard, .listExternal, .createExternal, .retrieveExternal, .updateExternal,
        .deleteExternal, .refreshExternalCard, .testExternalConnection:
        return .accepted(route)
      }
    }
  }

  static func methodNotAllowed(_ message: String, _ allow: String) -> HTTPResponse {
    var response = OrqResponder.problem(405, message)
    response.fields.add("allow", allow)
    return response
  }

  /// Whether a call for an agent that the gateway does not serve may reach one that only the Orq workspace knows, by its
  /// key or by its id, which is a ULID.
  func reaches(_ key: String, _ principal: Principal?) -> Bool {
    guard context.services.workspace != nil, principal?.roles.contains(.operator) == true else { return false }
    return AgentKey.isValid(key) || ULID.milliseconds(of: key) != nil
  }

  // MARK: With the body

  func answer(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ exchange: HTTPExchange,
    _ extra: [(StaticString, String)]
  ) {
    state.binding = "ORQ"
    let responder = OrqResponder(exchange: exchange, state: state, extraFields: extra)
    do throws(AgentError) {
      let isExternal = state.agent?.record is ExternalRecord
      if OrqExternalFace.handles(route.operation) || isExternal && route.operation.changesAgent {
        return try OrqExternalFace(context: context).answer(body, route, state, responder)
      }
      switch route.operation {
      case .listAgents: try list(state.request, state, responder)
      case .createAgent, .updateAgent, .deleteAgent: try write(body, route, state, responder)
      case .run, .streamRun: try run(body, route.operation, state, responder)
      case .invoke, .streamTask: try invoke(body, route, state, responder)
      case .createResponse: try createResponse(body, route, state, responder)
      default: try read(body, route, state, responder)
      }
    } catch {
      responder.respond(error)
    }
  }

  static func query(_ head: borrowing HTTPRequestHead) throws(AgentError) -> OrqListQuery {
    guard let parameters = QueryParameters(head.query ?? "") else {
      throw AgentError(.invalidParams, "the query of the URL is not properly encoded")
    }
    do {
      return try OrqListQuery(parameters)
    } catch {
      throw AgentError(error)
    }
  }

  /// A body is JSON; one that does not say what it is, is taken at its word.
  static func checkType(of head: borrowing HTTPRequestHead) throws(AgentError) {
    guard let header = head.fields["content-type"] else { return }
    guard let type = MediaType(header), type.type == "application", type.subtype == "json" else {
      throw AgentError(.contentTypeNotSupported, "send the body as application/json")
    }
  }

  /// The body as JSON, an object.
  func document(_ body: [UInt8], _ state: ExchangeState) throws(AgentError) -> JSONNode {
    try OrqFace.checkType(of: state.request)
    let limits = context.services.limits
    let bounds = JSONLimits(
      bytesMax: limits.http.bodyBytesMax, depthMax: limits.json.depthMax, nodesMax: limits.json.nodesMax)
    do {
      return try JSONDocument.parse(body, limits: bounds).root
    } catch {
      throw AgentError(.invalidParams, "Is not valid JSON: \(error.message)")
    }
  }

  func decode<Body: OrqReadable>(_ root: JSONNode, _ type: Body.Type) throws(AgentError) -> Body {
    do throws(OrqFault) {
      return try Body.decode(root)
    } catch {
      throw AgentError(error)
    }
  }

  // MARK: Forwarding

  /// Sends a call on to the Orq workspace.
  ///
  /// - Parameter root: of the body; nil where the operation has none.
  func forward(
    _ plan: OrqForwarding, _ body: [UInt8], _ root: JSONNode?, isStreamed: Bool,
    _ state: ExchangeState, _ responder: OrqResponder, transform: @escaping ([UInt8]) -> [UInt8]? = { $0 }
  ) throws(AgentError) {
    guard let principal = state.principal else { return }
    guard !context.services.isDraining else {
      throw AgentError(
        .unavailable, "the gateway is shutting down; retry in a moment", source: .gateway, retryAfterSeconds: 5)
    }
    if let root, root.kind != .object { throw AgentError(.invalidParams, "Must be an object.") }
    let body = root.map { root in
      guard plan.beginsTask else { return body }
      return plan.body.encoded(
        body, root, caller: plan.workspace.identities.identity(of: principal.name),
        threadID: "a2a_" + context.mint.ulid(),
        for: plan.workspace.generation)
    }
    let relay = OrqRelay(
      plan, context, responder, isOfVersion3: OrqGeneration(callerOf: state.request) == .v3, transform: transform)
    state.observer = relay
    try relay.begin(query: state.request.query, body: body, isStreamed: isStreamed)
  }

  // MARK: Turns

  private func invoke(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let root = try document(body, state)
    let isStreamed = route.operation == .streamTask
    guard try allows(isStreamed ? .sendStreamingMessage : .sendMessage, state, responder) else { return }
    if let plan = try OrqForwarding.plan(route, state.request, body: root, state, context) {
      return try forward(plan, body, root, isStreamed: isStreamed, state, responder)
    }
    let call = try decode(root, OrqInvokeRequest.self)
    if isStreamed {
      try stream(call.turn, .agent, state, responder, seconds: call.streamTimeoutSeconds)
    } else {
      try reply(call.turn, .task, waits: call.blocking, state, responder)
    }
  }

  private func createResponse(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let root = try document(body, state)
    let isStreamed = root["stream"]?.bool ?? false
    guard try allows(isStreamed ? .sendStreamingMessage : .sendMessage, state, responder) else { return }
    if let plan = try OrqForwarding.plan(route, state.request, body: root, state, context) {
      return try forward(plan, body, root, isStreamed: isStreamed, state, responder)
    }
    let call = try decode(root, OrqResponseRequest.self)
    if call.stream {
      try stream(call.turn, .response, state, responder, seconds: nil)
    } else {
      try reply(call.turn, .response, waits: !call.background, state, responder)
    }
  }

  func reply(
    _ turn: OrqTurn, _ form: OrqReply.Form, waits: Bool, _ state: ExchangeState, _ responder: OrqResponder,
    losses: OrqLosses = []
  ) throws(AgentError) {
    guard try allows(.sendMessage, state, responder), let conversations = conversations(state) else { return }
    let send = try conversations.request(for: turn)
    let reply = OrqReply(conversations, responder, form, waits: waits, message: send.message, losses: losses)
    state.observer = reply
    // A caller that waits can be told of a refusal; one that does not is given its task at once.
    try conversations.operations.send(
      send, openNow: !waits, wantsEvents: !waits, options: options(responder), observer: reply)
  }

  func stream(
    _ turn: OrqTurn, _ family: OrqEventStream.Family, _ state: ExchangeState, _ responder: OrqResponder,
    seconds: Double?, losses: OrqLosses = []
  ) throws(AgentError) {
    guard try allows(.sendStreamingMessage, state, responder), let conversations = conversations(state) else { return }
    let send = try conversations.request(for: turn)
    let stream = OrqEventStream(
      conversations, responder, family, turn: turn, message: send.message,
      timeout: family == .agent ? .seconds(seconds ?? OrqLimits.streamTimeoutSecondsDefault) : nil, losses: losses)
    state.observer = stream
    try conversations.operations.send(
      send, openNow: false, wantsEvents: true, options: options(responder), observer: stream)
  }

  private func options(_ responder: OrqResponder) -> TurnOptions {
    TurnOptions(gateways: GatewayHops.names(responder.exchange.request.fields))
  }

  // MARK: Access

  /// False when the caller may not do this, and has been told so.
  func allows(
    _ operation: AgentOperation, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) -> Bool {
    state.operation = operation
    // Without one the call is for an agent that only the Orq workspace knows, by an operator.
    guard let agent = state.agent, let principal = state.principal else { return true }
    guard agent.allows(principal: principal.name, operation: operation) else {
      let error = AgentError(.unsupportedOperation, "this caller may not use \(operation.rawValue) on this agent")
      responder.respond(error, status: 403)
      return false
    }
    // Orq has no way to ask for an extension of A2A.
    if let required = agent.requiredExtensions.first {
      throw AgentError(.extensionSupportRequired, "this agent requires the extension \(required) of A2A")
    }
    return true
  }

  /// The caller's conversations with the agent; nil where there is no agent.
  func conversations(_ state: ExchangeState) -> OrqConversations? {
    guard let agent = state.agent, let principal = state.principal else { return nil }
    return OrqConversations(
      context: context, agent: agent, owner: TaskOwner(caller: principal.ownerName, agent: agent.ownerName))
  }
}

extension OrqConversations {
  var operations: TaskOperations { TaskOperations(context: context, agent: agent, owner: owner) }
}

extension OrqOperation {
  /// An operation on an agent of any kind that leaves another one, or none.
  fileprivate var changesAgent: Bool { self == .updateAgent || self == .deleteAgent }
}

extension AgentError {
  init(_ fault: OrqFault) {
    self.init(
      .invalidParams, fault.message,
      fieldViolations: fault.violations.map { FieldViolation(field: $0.field, description: $0.description) })
  }
}
