internal import A2A
internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// One listener on one loop. Takes each request through its phases: route → identify → decode → authorise → call →
/// respond → log.
final class GatewayService: HTTPService {
  private let context: LoopContext
  private let mint: IdentifierMint
  private let listenerIndex: Int
  private let listener: ListenerConfiguration
  private let a2a: A2AFace
  private let orq: OrqFace
  private let browsers: BrowserPolicy
  /// Who calls without a key; nil where nobody may.
  private let anonymous: Principal?
  private let accessLog: AccessLog?
  private let hasA2A: Bool
  private let hasOrq: Bool

  init(context: LoopContext, listenerIndex: Int) {
    self.context = context
    mint = context.mint
    self.listenerIndex = listenerIndex
    listener = context.services.configuration.listeners[listenerIndex]
    a2a = A2AFace(context: context)
    orq = OrqFace(context: context)
    accessLog = context.accessLog
    hasA2A = listener.faces.contains(.a2a)
    hasOrq = listener.faces.contains(.orq)
    anonymous = listener.auth.anonymous ? .anonymous : nil
    browsers = BrowserPolicy(listener, publicURL: context.services.publicURLs[listenerIndex])
  }

  // MARK: Before the body

  func exchange(_ beginning: consuming HTTPExchange.Beginning) -> HTTPExchange {
    ExchangeState(beginning, requestNumber: mint.word())
  }

  private func state(_ exchange: HTTPExchange) -> ExchangeState {
    precondition(type(of: exchange) == ExchangeState.self, "an exchange of another service")
    // By the line above; `as` would count a reference each time.
    return unsafe unsafeDowncast(exchange, to: ExchangeState.self)
  }

  func head(of exchange: HTTPExchange) -> HeadDecision {
    let state = state(exchange)
    if !listener.trustedProxies.isEmpty { state.forwardedFor = forwardedFor(state) }
    // Nearly every request: an agent's own URL, in no need of decoding.
    if hasA2A, case .post = state.request.method, let agent = state.request.withPath(agent(atPath:)) {
      state.route = .jsonRPC(agentKey: agent.key)
      return identify(state) ?? refuseCircle(state) ?? admitCall(agent, state)
    }
    if let preflight = browsers.preflight(state.request) { return .reject(preflight) }
    let route = Route(method: state.request.method, path: state.request.path, hasA2A: hasA2A, hasOrq: hasOrq)
    state.route = route
    switch route {
    case .notFound: return reject(404, "there is nothing at this path", state)
    case .methodNotAllowed(let allow):
      var response = problem(405, "this path takes \(allow) only", state)
      response.fields.add("allow", allow)
      return .reject(decorate(response, state))
    case .card(let key):
      // Cards are public, as discovery is (A2A 1.0 §8.2), unless the agent is for certain callers only.
      guard let agent = agent(key) else { return reject(404, "there is no such agent", state) }
      state.agent = agent
      if agent.isPublic { return .accept(bodyBytesMax: 0) }
      return identify(state) ?? admitAgent(agent, state) ?? .accept(bodyBytesMax: 0)
    case .catalogue: return identify(state) ?? .accept(bodyBytesMax: 0)
    case .keySet:
      guard context.services.keys != nil else { return reject(404, "this gateway signs no cards", state) }
      return .accept(bodyBytesMax: 0)
    case .jsonRPC(let key), .rest(let key, _):
      if let refusal = identify(state) ?? refuseCircle(state) { return refusal }
      guard let agent = agent(key) else { return reject(404, "there is no such agent", state) }
      return admitCall(agent, state)
    case .orq(let match): return admit(match, state)
    }
  }

  private func admit(_ match: OrqRoute.Match, _ state: ExchangeState) -> HeadDecision {
    if let refusal = identify(state) ?? refuseCircle(state) { return refusal }
    switch OrqFace.admission(match) {
    case .refused(let response): return .reject(decorate(response, state))
    case .accepted(let route):
      if let name = route.agent, let refusal = admit(name, route.operation, state) { return refusal }
      if let refusal = refuseEncoding(state) { return refusal }
      let bodyBytesMax = route.operation.method == .get ? 0 : context.services.limits.http.bodyBytesMax
      // Where the length is not said the connection refuses, in a form of its own.
      if let length = state.request.fields["content-length"].flatMap({ Int($0) }), bodyBytesMax > 0,
        length > bodyBytesMax
      {
        return reject(413, "the body is larger than \(bodyBytesMax) bytes", state)
      }
      return .accept(bodyBytesMax: bodyBytesMax)
    }
  }

  /// The agent that a path of the Orq face names, in the version that it names.
  private func admit(
    _ name: OrqAgentReference, _ operation: OrqOperation, _ state: ExchangeState
  ) -> HeadDecision? {
    if let agent = context.registry[keyOrID: name.key] {
      state.agent = agent
      if let refusal = admitAgent(agent, state) { return refusal }
    } else if !orq.reaches(name.key, state.principal) {
      return reject(404, "there is no such agent", state)
    }
    guard let version = name.version else { return nil }
    guard operation.takesVersions else {
      return reject(400, "this concerns the agent as a whole: leave out @\(version)", state)
    }
    guard let agent = state.agent else { return nil }
    guard let pinned = agent.pinned(to: version) else {
      return reject(404, "the agent has no version \(version), or no longer", state)
    }
    state.agent = pinned
    return nil
  }

  /// Whom a listed proxy speaks for: the last address in `X-Forwarded-For` that is not such a proxy.
  private func forwardedFor(_ state: ExchangeState) -> String? {
    func isTrusted(_ ip: String) -> Bool { listener.trustedProxies.contains { $0.contains(ip) } }
    guard isTrusted(state.peer.address.ip) else { return nil }
    let hops = state.request.fields.values("x-forwarded-for").flatMap { $0.split(separator: ",") }
    let claimed = hops.reversed().map { hop in String(hop.filter { $0 != " " && $0 != "\t" }) }
    return claimed.first { !isTrusted($0) }
  }

  private func admitCall(_ agent: consuming ExposedAgent, _ state: ExchangeState) -> HeadDecision {
    let refusal = admitAgent(agent, state) ?? refuseEncoding(state)
    state.agent = consume agent
    return refusal ?? .accept(bodyBytesMax: context.services.limits.http.bodyBytesMax)
  }

  private func agent(atPath path: Span<UInt8>) -> ExposedAgent? {
    guard let start = Route.startOfPlainKey(path) else { return nil }
    return context.registry.agent(path.extracting(start...))
  }

  private func agent(_ key: String?) -> ExposedAgent? {
    guard let key else { return context.registry.defaultAgent }
    return context.registry[key]
  }

  /// nil when the caller is known (or may be anonymous).
  private func identify(_ state: ExchangeState) -> HeadDecision? {
    if let anonymous, !state.request.fields.contains("authorization"), !state.request.fields.contains("x-api-key") {
      return welcome(anonymous, state)
    }
    guard !state.request.fields.isRepeated("authorization"), !state.request.fields.isRepeated("x-api-key") else {
      return unauthorized(
        #"Bearer realm="a2a-gateway", error="invalid_request""#, "a request carries one key, once", state)
    }
    let fields = state.request.fields
    switch context.services.authenticator.verdict(
      authorization: fields["authorization"], apiKey: fields["x-api-key"], rules: listener.auth)
    {
    case .principal(let principal): return welcome(principal, state)
    case .missing:
      return unauthorized(
        #"Bearer realm="a2a-gateway""#, "this gateway wants an API key as a bearer token", state)
    case .invalid:
      return unauthorized(
        #"Bearer realm="a2a-gateway", error="invalid_token""#, "this API key is not known here", state)
    }
  }

  private func welcome(_ principal: consuming Principal, _ state: ExchangeState) -> HeadDecision? {
    let isAnonymous = principal.isAnonymous
    state.principal = consume principal
    guard isAnonymous, let refusal = browsers.refusal(ofAnonymous: state.request) else { return nil }
    return reject(refusal.status, refusal.message, state)
  }

  private func unauthorized(_ challenge: String, _ message: String, _ state: ExchangeState)
    -> HeadDecision
  {
    var response = problem(401, message, state)
    response.fields.add("www-authenticate", challenge)
    state.errorKind = "unauthenticated"
    return .reject(decorate(response, state))
  }

  /// An agent that the caller may not see is answered like one that does not exist.
  private func admitAgent(_ agent: ExposedAgent, _ state: ExchangeState) -> HeadDecision? {
    if let principal = state.principal, agent.isPublic || agent.access.allows(principal: principal.name) { return nil }
    return reject(404, "there is no such agent", state)
  }

  /// A call that has come through this gateway before would go round for ever.
  private func refuseCircle(_ state: ExchangeState) -> HeadDecision? {
    guard state.request.fields.contains("via") else { return nil }
    let gateways = GatewayHops.names(state.request.fields)
    guard let reason = GatewayHops.refusal(of: gateways, at: context.services.gatewayName) else { return nil }
    state.errorKind = "loop"
    return reject(508, reason, state)
  }

  private func refuseEncoding(_ state: ExchangeState) -> HeadDecision? {
    guard let encoding = state.request.fields["content-encoding"], encoding.lowercased() != "identity" else {
      return nil
    }
    return reject(415, "send the body without a content encoding", state)
  }

  // MARK: With the body

  func request(_ exchange: HTTPExchange, body: consuming [UInt8]) {
    let state = state(exchange)
    switch state.route {
    case .card:
      if let agent = state.agent {
        exchange.respond(
          CardFace.response(agent.documents[listenerIndex], request: state.request, isPublic: agent.isPublic))
      }
    case .catalogue: exchange.respond(decorate(catalogue(for: state), state))
    case .keySet:
      if let keys = context.services.keys {
        exchange.respond(KeySetFace.response(keys.current, request: state.request))
      }
    case .jsonRPC: a2a.jsonRPC(body.span, whole: body, state, browsers.fields(for: state.request))
    case .rest(_, let path): a2a.rest(body, path, state, browsers.fields(for: state.request))
    case .orq(.route(let route)): orq.answer(body, route, state, exchange, browsers.fields(for: state.request))
    case .orq, .methodNotAllowed, .notFound: exchange.respond(problem(404, "there is nothing at this path", state))
    }
  }

  func request(_ exchange: HTTPExchange, lent body: Span<UInt8>) {
    let state = state(exchange)
    guard case .jsonRPC = state.route else { return request(exchange, body: body.copied) }
    a2a.jsonRPC(body, whole: body.copied, state, browsers.fields(for: state.request))
  }

  private func catalogue(for state: ExchangeState) -> HTTPResponse {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("agents")
    writer.beginArray()
    for agent in context.registry.all {
      guard let principal = state.principal, agent.access.allows(principal: principal.name) else { continue }
      let url = context.services.publicURLs[listenerIndex] + "/agents/" + agent.key
      writer.beginObject()
      writer.member("key", agent.key)
      writer.member("name", agent.card.name)
      writer.member("description", agent.card.description)
      writer.member("url", url)
      writer.member("card", url + "/.well-known/agent-card.json")
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    var response = HTTPResponse(200, contentType: "application/json", body: writer.finish())
    response.fields.add("cache-control", "no-store")
    return response
  }

  // MARK: After the last byte

  func finished(_ exchange: HTTPExchange) {
    let state = state(exchange)
    if !state.losses.isEmpty { context.services.lossCounts.count(state.losses) }
    accessLog?.record { $0.fill(from: state, exchange: exchange) }
    // The exchange holds the observer, the observer the exchange: without this neither would ever go.
    state.observer = nil
  }

  // MARK: Answers that belong to no operation

  private func reject(_ status: Int, _ message: String, _ state: ExchangeState)
    -> HeadDecision
  {
    .reject(decorate(problem(status, message, state), state))
  }

  private func problem(_ status: Int, _ message: String, _ state: ExchangeState) -> HTTPResponse {
    if case .orq = state.route { return OrqResponder.problem(status, message) }
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("error")
    writer.beginObject()
    writer.member("code", status)
    writer.member("status", ErrorMapping.rpcStatus(ofHTTP: status))
    writer.member("message", message)
    writer.endObject()
    writer.endObject()
    var response = HTTPResponse(status, contentType: "application/json", body: writer.finish())
    // Without a word on it, caches may keep a 404 or 405, and one caller's "not there" is another's agent.
    response.fields.add("cache-control", "no-store")
    return response
  }

  private func decorate(_ response: HTTPResponse, _ state: ExchangeState) -> HTTPResponse {
    var response = response
    response.fields.add("x-request-id", hex: state.requestNumber)
    for (name, value) in browsers.fields(for: state.request) { response.fields.add(name, value) }
    return response
  }
}
