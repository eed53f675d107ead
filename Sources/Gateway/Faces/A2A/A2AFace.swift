internal import A2A
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network

/// A2A 1.0 and 0.3 over JSON-RPC and HTTP+JSON, for one loop: decodes a request into a call, carries it out, answers in
/// the caller's dialect.
struct A2AFace {
  private let context: LoopContext

  init(context: LoopContext) { self.context = context }

  private var jsonLimits: JSONLimits {
    let limits = context.services.limits
    return JSONLimits(
      bytesMax: limits.http.bodyBytesMax, depthMax: limits.json.depthMax, nodesMax: limits.json.nodesMax)
  }

  private var isLenient: Bool { context.services.configuration.lenientVersions }

  // MARK: JSON-RPC

  /// - Parameter whole: the same bytes, for those who need bytes of their own.
  func jsonRPC(
    _ body: Span<UInt8>, whole: @autoclosure () -> [UInt8], _ state: ExchangeState, _ extra: [(StaticString, String)]
  ) {
    state.binding = Binding.jsonRPC.cardName
    func responder(_ version: ProtocolVersion, _ id: JSONFragment) -> A2AResponder {
      state.version = version.text
      return A2AResponder(
        context: context, exchange: state, dialect: Dialect(version, .jsonRPC), requestID: id,
        extraFields: extra)
    }
    guard A2AFace.isJSON(state.request) else {
      let responder = responder(statedVersion(state.request, family: nil), JSONFragment(.null))
      return responder.respond(A2AFace.notJSON, status: 415)
    }
    if let told = TextMessageCall(body, limits: jsonLimits),
      case .success(told.version) = negotiate(state.request, family: told.version)
    {
      let version = told.version
      let (id, call) = (consume told).taken()
      var responder = responder(version, id)
      responder.refusesInStream = version == .v0_3 && A2AFace.readsEventsOnly(call.operation, state.request)
      return perform(call, state, responder)
    }
    let call: JSONRPCRequest
    do {
      call = try JSONRPCRequestReader.read(whole(), limits: jsonLimits)
    } catch {
      return responder(statedVersion(state.request, family: nil), error.id).respond(error.error)
    }
    let family = JSONRPCMethod.family(call.method)
    switch negotiate(state.request, family: family) {
    case .failure(let error):
      responder(VersionNegotiation.versionOfRefusal(family: family), call.id).respond(error)
    case .success(let version):
      var responder = responder(version, call.id)
      responder.refusesInStream =
        version == .v0_3 && A2AFace.readsEventsOnly(JSONRPCMethod.operation(call.method, version), state.request)
      do {
        let decoded = try CallDecoder.decode(method: call.method, params: call.params, version: version)
        perform(decoded, state, responder)
      } catch {
        responder.respond(error)
      }
    }
  }

  /// True for a 0.3 client that asks for a stream: an answer of another type is nothing that it can read, not even an
  /// error. Clients of 1.0 read both.
  private static func readsEventsOnly(_ operation: AgentOperation?, _ head: borrowing HTTPRequestHead) -> Bool {
    guard operation == .sendStreamingMessage || operation == .subscribeToTask else { return false }
    return head.fields.values("accept").contains { $0.lowercased().contains("text/event-stream") }
  }

  // MARK: REST

  func rest(
    _ body: consuming [UInt8], _ path: String, _ state: ExchangeState, _ extra: [(StaticString, String)]
  ) {
    state.binding = Binding.rest.cardName
    func responder(_ version: ProtocolVersion) -> A2AResponder {
      state.version = version.text
      return A2AResponder(
        context: context, exchange: state, dialect: Dialect(version, .rest), requestID: nil,
        extraFields: extra)
    }
    switch RESTRoute.match(method: state.request.method, path: path) {
    case .none:
      let error = AgentError(.methodNotFound, "there is no operation at this path")
      responder(statedVersion(state.request, family: nil)).respond(error)
    case .methodNotAllowed(let allow, let version):
      let error = AgentError(.methodNotFound, "this path takes \(allow) only")
      responder(version).respond(error, status: 405, [("allow", allow)])
    case .route(let route):
      switch negotiate(state.request, family: route.version) {
      case .failure(let error): responder(route.version).respond(error)
      case .success(let version):
        let responder = responder(version)
        do {
          let decoded = try CallDecoder.decodeREST(
            route: route, body: try node(of: body, state), query: try A2AFace.query(of: state.request),
            dialect: Dialect(version, .rest))
          perform(decoded, state, responder)
        } catch {
          responder.respond(error)
        }
      }
    }
  }

  /// A query that cannot be read is refused: left out, its filters would let everything through.
  private static func query(of head: borrowing HTTPRequestHead) throws(AgentError) -> QueryParameters? {
    guard let text = head.query else { return nil }
    guard let query = QueryParameters(text) else {
      throw .invalidField(
        "query", "must be percent-encoded UTF-8 with at most \(QueryParameters.parametersMax) parameters")
    }
    return query
  }

  private func node(of body: consuming [UInt8], _ state: ExchangeState) throws(AgentError) -> JSONNode? {
    guard !body.isEmpty else { return nil }
    guard A2AFace.isJSON(state.request) else { throw A2AFace.notJSON }
    do {
      return try JSONDocument.parse(body, limits: jsonLimits).root
    } catch {
      throw AgentError(.parseError, "the body is not JSON: \(error.message) at byte \(error.offset)")
    }
  }

  // MARK: Versions and media types

  private func negotiate(_ head: borrowing HTTPRequestHead, family: ProtocolVersion?) -> Result<
    ProtocolVersion, AgentError
  > {
    // As nearly every caller of 1.0 says it.
    if family == .v1_0, head.fields.hasOnly("a2a-version", "1.0") { return .success(.v1_0) }
    let stated = head.fields.values("a2a-version")
    return VersionNegotiation.resolve(
      header: stated, query: statedInQuery(head), family: family, lenient: isLenient)
  }

  private func statedInQuery(_ head: borrowing HTTPRequestHead) -> [String] {
    guard let query = head.query, let value = QueryParameters(query)?.first(VersionNegotiation.headerName) else {
      return []
    }
    return [value]
  }

  /// The version to refuse a request in that belongs to no family.
  private func statedVersion(_ head: borrowing HTTPRequestHead, family: ProtocolVersion?) -> ProtocolVersion {
    if case .success(let version) = negotiate(head, family: family) { return version }
    return VersionNegotiation.versionOfRefusal(family: family)
  }

  /// JSON by any of its names here; a request that names no type is taken at its word.
  private static func isJSON(_ head: borrowing HTTPRequestHead) -> Bool {
    // As nearly everybody writes it.
    if head.fields.has("content-type", "application/json") { return true }
    guard let header = head.fields["content-type"] else { return true }
    guard let type = MediaType(header) else { return false }
    return type.type == "application" && (type.subtype == "json" || type.subtype == "a2a+json")
  }

  private static let notJSON = AgentError(
    .contentTypeNotSupported, "send the body as application/json (or application/a2a+json)")

  // MARK: Carrying out

  private func perform(
    _ call: consuming AgentCall, _ state: ExchangeState, _ responder: consuming A2AResponder
  ) {
    guard let agent = state.agent, let principal = state.principal else { return }
    state.operation = call.operation
    guard agent.allows(principal: principal.name, operation: call.operation) else {
      let error = AgentError(.unsupportedOperation, "this caller may not use \(call.operation.rawValue) on this agent")
      return responder.respond(error, status: 403)
    }
    do {
      responder.extensions = try extensions(of: agent, askedForIn: state.request)
    } catch {
      return responder.respond(error)
    }
    let owner = TaskOwner(caller: principal.ownerName, agent: agent.ownerName)
    let operations = TaskOperations(context: context, agent: consume agent, owner: owner)
    switch consume call {
    case .sendMessage(let request): send(request, operations, state, responder)
    case .sendStreamingMessage(let request): stream(request, operations, state, responder)
    case .subscribeToTask(let id): subscribe(to: id, operations, state, responder)
    case .cancelTask(let id, let metadata): cancel(id, metadata, operations, responder)
    case .getTask(let id, let historyLength):
      do {
        let task = try operations.task(id)
        responder.note(taskID: id, state: task.status.state)
        responder.respond(.task(task.trimmed(toHistory: historyLength)))
      } catch {
        responder.respond(error)
      }
    case .listTasks(let request):
      do {
        responder.respond(.page(try page(request, operations)))
      } catch {
        responder.respond(error)
      }
    case .createPushConfig, .getPushConfig, .listPushConfigs, .deletePushConfig: responder.respond(A2AFace.noPush)
    case .getExtendedAgentCard:
      responder.respond(
        AgentError(.unsupportedOperation, "this operation is not supported: this agent has no extended card"))
    }
  }

  private func send(
    _ request: consuming SendRequest, _ operations: TaskOperations, _ state: ExchangeState,
    _ responder: consuming A2AResponder
  ) {
    if request.wantsPush { return responder.respond(A2AFace.noPush) }
    let options = options(of: request, state.request, extensions: responder.extensions)
    let returnsImmediately = request.returnImmediately
    let reply = SendReply(
      responder, request: request, blockingWait: operations.agent.limits.turns.blockingWait)
    state.observer = reply
    do {
      try operations.send(
        request, openNow: returnsImmediately, wantsEvents: returnsImmediately, options: options, observer: reply)
    } catch {
      reply.turnRefused(error)
    }
  }

  private func stream(
    _ request: consuming SendRequest, _ operations: TaskOperations, _ state: ExchangeState,
    _ responder: consuming A2AResponder
  ) {
    guard operations.agent.canStream else { return responder.respond(A2AFace.noStream) }
    if request.wantsPush { return responder.respond(A2AFace.noPush) }
    let options = options(of: request, state.request, extensions: responder.extensions)
    let stream = TaskEventStream(
      responder, owner: operations.owner, historyLength: request.historyLength, endsWhenInterrupted: true)
    state.observer = stream
    do {
      try operations.send(request, openNow: false, wantsEvents: true, options: options, observer: stream)
    } catch {
      stream.turnRefused(error)
    }
  }

  private func subscribe(
    to id: String, _ operations: TaskOperations, _ state: ExchangeState,
    _ responder: consuming A2AResponder
  ) {
    guard operations.agent.canStream else { return responder.respond(A2AFace.noStream) }
    let resumed = resumedSequence(state.request)
    do throws(AgentError) {
      let task = try operations.task(id)
      if task.status.state.isTerminal, !operations.missedEnd(after: resumed, of: id) {
        throw AgentError(
          .unsupportedOperation, "the task is \(task.status.state.word); there is nothing more to follow",
          metadata: ["state": task.status.state.word])
      }
    } catch {
      return responder.respond(error)
    }
    let stream = TaskEventStream(
      responder, owner: operations.owner, historyLength: nil,
      endsWhenInterrupted: state.version == ProtocolVersion.v0_3.text)
    state.observer = stream
    stream.attach(to: id, at: resumed)
  }

  private func cancel(
    _ id: String, _ metadata: JSONFragment?, _ operations: TaskOperations, _ responder: consuming A2AResponder
  ) {
    // The agent may be asked first: whoever answers then holds it.
    let responder = responder
    operations.cancel(id, metadata: metadata) { result in
      switch result {
      case .success(let task):
        responder.note(taskID: id, state: task.status.state)
        responder.respond(.task(task))
      case .failure(let error): responder.respond(error)
      }
    }
  }

  private func page(_ request: ListTasksRequest, _ operations: TaskOperations) throws(AgentError) -> TaskPage {
    var page = try operations.list(request)
    page.tasks = page.tasks.map { task in
      var task = task.trimmed(toHistory: request.historyLength)
      if !request.includeArtifacts { task.artifacts = [] }
      return task
    }
    return page
  }

  /// The place after which a caller wants to go on, if its `Last-Event-ID` is one of this process's.
  private func resumedSequence(_ head: borrowing HTTPRequestHead) -> JournalSequence? {
    guard let header = head.fields["last-event-id"] else { return nil }
    let pieces = header.split(separator: ".", omittingEmptySubsequences: false)
    guard pieces.count == 2, pieces[0] == context.services.epoch else { return nil }
    return JournalSequence(pieces[1])
  }

  // MARK: What an agent does not do

  private static let noStream = AgentError(
    .unsupportedOperation, "this operation is not supported: this agent does not stream")
  private static let noPush = AgentError(
    .pushNotificationNotSupported, "push notifications are not supported by this agent; follow the task by its stream")

  /// What agents elsewhere are told of a call beyond its message; nil for nothing.
  private func options(
    of request: borrowing SendRequest, _ head: borrowing HTTPRequestHead, extensions: [String]
  ) -> TurnOptions? {
    let gateways = GatewayHops.names(head.fields)
    if request.acceptedOutputModes.isEmpty, extensions.isEmpty, gateways.isEmpty { return nil }
    return TurnOptions(
      acceptedOutputModes: request.acceptedOutputModes, extensions: extensions, gateways: gateways)
  }

  /// Those of the agent's extensions that a caller asks for. One that the agent requires must be asked for (A2A 1.0
  /// §3.3.4); unknown ones are ignored (§4.6.3).
  private func extensions(of agent: ExposedAgent, askedForIn head: borrowing HTTPRequestHead) throws(AgentError)
    -> [String]
  {
    let declared = agent.card.capabilities.extensions
    if declared.isEmpty { return [] }
    let lines = head.fields.values("a2a-extensions") + head.fields.values("x-a2a-extensions")
    let asked = lines.flatMap { line in
      line.split(separator: ",").map { uri in String(uri.filter { $0 != " " && $0 != "\t" }) }
    }
    if let missing = declared.first(where: { $0.required && !asked.contains($0.uri) })?.uri {
      throw AgentError(
        .extensionSupportRequired, "this agent requires the extension \(missing); name it in A2A-Extensions",
        metadata: ["extension": missing])
    }
    return declared.map(\.uri).filter(asked.contains)
  }
}
