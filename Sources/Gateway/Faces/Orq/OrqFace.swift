internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// The Orq Agents API for one loop: the agents of this gateway as an Orq workspace, for callers that know Orq, one of them
/// another gateway. It reads and it works; what changes agents is not offered.
struct OrqFace {
  private let context: LoopContext

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
      case .createAgent:
        return .refused(methodNotAllowed("agents of this gateway are made by its operator, not by calls", "GET"))
      case .registerExternal, .refreshCard, .listExternal, .createExternal, .retrieveExternal, .updateExternal,
        .deleteExternal, .refreshExternalCard, .testExternalConnection, .updateAgent, .deleteAgent, .listAgents,
        .retrieveAgent, .invoke, .streamTask, .run, .streamRun, .createResponse, .getResponse,
        .listTasks, .retrieveTask, .listActions, .retrieveAction:
        return .accepted(route)
      }
    }
  }

  private static func methodNotAllowed(_ message: String, _ allow: String) -> HTTPResponse {
    var response = OrqResponder.problem(405, message)
    response.fields.add("allow", allow)
    return response
  }

  // MARK: With the body

  func answer(
    _ request: HTTPServerRequest, _ route: OrqRoute, _ state: ExchangeState, _ exchange: HTTPExchange,
    _ extra: [(StaticString, String)]
  ) {
    state.binding = "ORQ"
    let responder = OrqResponder(exchange: exchange, state: state, extraFields: extra)
    do throws(AgentError) {
      let isExternal = state.agent?.record is ExternalRecord
      if OrqExternalFace.handles(route.operation) || isExternal && route.operation.changesAgent {
        return try OrqExternalFace(context: context).answer(request, route, state, responder)
      }
      switch route.operation {
      case .updateAgent, .deleteAgent:
        responder.respond(
          AgentError(.unsupportedOperation, "this agent is not one that calls may change"), status: 403)
      case .listAgents:
        responder.respond(
          OrqList(visibleAgents(state), try OrqFace.query(request.head), for: state.principal))
      case .run, .streamRun: try run(request, route.operation, state, responder)
      case .invoke, .streamTask: try invoke(request, route.operation, state, responder)
      case .createResponse: try createResponse(request, state, responder)
      default: try read(route, request.head, state, responder)
      }
    } catch {
      responder.respond(error)
    }
  }

  private func visibleAgents(_ state: ExchangeState) -> [ExposedAgent] {
    guard let principal = state.principal else { return [] }
    return context.registry.all.filter { $0.access.allows(principal: principal.name) }
  }

  private static func query(_ head: HTTPRequestHead) throws(AgentError) -> OrqListQuery {
    guard let parameters = QueryParameters(head.query ?? "") else {
      throw AgentError(.invalidParams, "the query of the URL is not properly encoded")
    }
    do {
      return try OrqListQuery(parameters)
    } catch {
      throw AgentError(error)
    }
  }

  private func body<Body: OrqReadable>(_ request: HTTPServerRequest, _ type: Body.Type) throws(AgentError) -> Body {
    if let header = request.head.fields["content-type"] {
      guard let type = MediaType(header), type.type == "application", type.subtype == "json" else {
        throw AgentError(.contentTypeNotSupported, "send the body as application/json")
      }
    }
    let limits = context.services.limits
    do {
      return try Body.decode(
        request.body,
        limits: JSONLimits(
          bytesMax: limits.http.bodyBytesMax, depthMax: limits.json.depthMax, nodesMax: limits.json.nodesMax))
    } catch {
      throw AgentError(error)
    }
  }

  // MARK: Turns

  private func invoke(
    _ request: HTTPServerRequest, _ operation: OrqOperation, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let call = try body(request, OrqInvokeRequest.self)
    if operation == .streamTask {
      try stream(call.turn, .agent, state, responder, seconds: call.streamTimeoutSeconds)
    } else {
      try reply(call.turn, .task, waits: call.blocking, state, responder)
    }
  }

  /// The agent that a run names is taken as it is: what the call says of its making is not.
  private func run(
    _ request: HTTPServerRequest, _ operation: OrqOperation, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let call = try body(request, OrqRunRequest.self)
    guard let agent = context.registry[call.agent.key], let principal = state.principal,
      agent.access.allows(principal: principal.name)
    else {
      throw AgentError(
        .methodNotFound, "model not found: this gateway runs its own agents only, by their keys")
    }
    state.agent = agent
    if operation == .streamRun {
      try stream(
        call.turn, .agent, state, responder, seconds: call.streamTimeoutSeconds, losses: .agentDefinition)
    } else {
      try reply(call.turn, .task, waits: false, state, responder, losses: .agentDefinition)
    }
  }

  private func createResponse(
    _ request: HTTPServerRequest, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    let call = try body(request, OrqResponseRequest.self)
    if call.stream {
      try stream(call.turn, .response, state, responder, seconds: nil)
    } else {
      try reply(call.turn, .response, waits: !call.background, state, responder)
    }
  }

  private func reply(
    _ turn: OrqTurn, _ form: OrqReply.Form, waits: Bool, _ state: ExchangeState, _ responder: OrqResponder,
    losses: OrqLosses = []
  ) throws(AgentError) {
    guard let conversations = try conversations(.sendMessage, state, responder) else { return }
    let send = try conversations.request(for: turn)
    let reply = OrqReply(conversations, responder, form, waits: waits, message: send.message, losses: losses)
    state.observer = reply
    // A caller that waits can be told of a refusal; one that does not is given its task at once.
    try conversations.operations.send(send, openNow: !waits, wantsEvents: !waits, observer: reply)
  }

  private func stream(
    _ turn: OrqTurn, _ family: OrqEventStream.Family, _ state: ExchangeState, _ responder: OrqResponder,
    seconds: Double?, losses: OrqLosses = []
  ) throws(AgentError) {
    guard let conversations = try conversations(.sendStreamingMessage, state, responder) else { return }
    let send = try conversations.request(for: turn)
    let stream = OrqEventStream(
      conversations, responder, family, turn: turn, message: send.message,
      timeout: family == .agent ? .seconds(seconds ?? OrqLimits.streamTimeoutSecondsDefault) : nil, losses: losses)
    state.observer = stream
    try conversations.operations.send(send, openNow: false, wantsEvents: true, observer: stream)
  }

  // MARK: Looking up

  private func read(
    _ route: OrqRoute, _ head: HTTPRequestHead, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    guard let agent = state.agent else { return }
    if route.operation == .retrieveAgent { return responder.respond(OrqManifest(agent, for: state.principal)) }
    let operation: AgentOperation = route.operation == .listTasks ? .listTasks : .getTask
    guard let conversations = try conversations(operation, state, responder) else { return }
    var translation = OrqAnswerTranslation()
    if route.operation == .listTasks {
      let page = conversations.list(try OrqFace.query(head))
      let records = page.tasks.map { conversations.view($0).record(&translation) }
      return responder.respond(OrqTaskList(records, overallTotal: page.totalSize))
    }
    let view = conversations.view(try conversations.newestTurn(of: route.taskID ?? ""))
    responder.note(taskID: view.task.id, state: view.task.status.state)
    switch route.operation {
    case .getResponse:
      let response = view.response(&translation)
      responder.note(translation.losses)
      responder.respond(response)
    case .retrieveTask:
      let history = conversations.history(of: view.task.contextID, &translation)
      responder.note(translation.losses)
      responder.respond(view.task(history: history, &translation))
    // Agents of this gateway keep no actions.
    case .listActions: responder.respond(OrqList<OrqManifest>([], hasMore: false))
    default: throw AgentError(.taskNotFound, "no such action")
    }
  }

  // MARK: Access

  /// The caller's conversations with the agent; nil when the caller may not do this, and has been told so.
  private func conversations(
    _ operation: AgentOperation, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) -> OrqConversations? {
    guard let agent = state.agent, let principal = state.principal else { return nil }
    state.operation = operation
    guard agent.access.allows(principal: principal.name, operation: operation) else {
      let error = AgentError(.unsupportedOperation, "this caller may not use \(operation.rawValue) on this agent")
      responder.respond(error, status: 403)
      return nil
    }
    // Orq has no way to ask for an extension of A2A.
    if let required = agent.requiredExtensions.first {
      throw AgentError(.extensionSupportRequired, "this agent requires the extension \(required) of A2A")
    }
    return OrqConversations(
      context: context, agent: agent, owner: TaskOwner(principal: principal.name, agentKey: agent.key))
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
