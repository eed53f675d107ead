internal import A2A
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network

/// Asks an interface of an external agent for a task that cannot be there. Whoever speaks the protocol says that there is
/// no such task, in the dialect of the card; that shows version and binding at the cost of one small call. On one loop.
final class InterfaceProbe {
  enum Outcome: String, Sendable {
    /// It answers as its card says.
    case verified
    /// It wants other credentials.
    case denied
    /// It answers, but not as a task that is not there is answered in this dialect.
    case doubtful
    case unreachable
  }

  /// What became of one interface.
  struct Result: Sendable, Equatable {
    var url: String
    var binding: String
    var version: String
    var outcome: Outcome
    /// For people; empty where all is well. Nothing of the agent's own words.
    var note: String
  }

  static let time: Duration = .seconds(10)
  /// Interfaces of one agent that are asked.
  static let interfacesMax = 4
  private static let answerBytesMax = 64 * 1024

  private let loop: EventLoop
  private let egress: EgressGuard
  private let endpoint: ExternalEndpoint
  private let tls: TLSClientContext?
  private let authorization: ExternalAuthorization?
  private var done: ((Result) -> Void)?
  private var call: HTTPClientCall?
  private var status = 0
  private var body: [UInt8] = []

  init(
    _ endpoint: ExternalEndpoint, on loop: EventLoop, egress: EgressGuard, tls: TLSClientContext?,
    _ authorization: ExternalAuthorization?, _ done: @escaping (Result) -> Void
  ) {
    self.endpoint = endpoint
    self.loop = loop
    self.egress = egress
    self.tls = tls
    self.authorization = authorization
    self.done = done
  }

  func start() {
    var losses: TranslationLosses = []
    // No agent mints such an id.
    let ask = AgentCall.getTask(id: "a2a-gateway-probe-of-no-task", historyLength: nil)
    var fields = HTTPFields()
    var url = endpoint.url
    fields.add("accept", "application/json")
    if endpoint.version == .v1_0 { fields.add("a2a-version", "1.0") }
    var request: HTTPClientRequest?
    switch endpoint.binding {
    case .jsonRPC:
      fields.add("content-type", "application/json")
      let body = CallEncoder.jsonRPC(
        ask, id: JSONFragment(1), version: endpoint.version, tenant: endpoint.tenant, losses: &losses)
      authorization?.apply(token: nil, fields: &fields, url: &url)
      if let body { request = HTTPClientRequest(.post, url, fields: fields, body: body) }
    case .rest:
      let call = CallEncoder.rest(ask, version: endpoint.version, tenant: endpoint.tenant, losses: &losses)
      if let call {
        url = endpoint.url.appending(target: call.target)
        authorization?.apply(token: nil, fields: &fields, url: &url)
        request = HTTPClientRequest(call.method, url, fields: fields)
      }
    }
    guard let request else { return finish(.doubtful, "the version has no such call") }
    egress.addresses(for: endpoint.url, on: loop) { [self] result in
      switch result {
      case .failure(let refusal): finish(.unreachable, refusal.message)
      case .success(let addresses): send(request, to: addresses[0])
      }
    }
  }

  func cancel() {
    done = nil
    call?.cancel()
    call = nil
  }

  private func send(_ request: HTTPClientRequest, to address: SocketAddress) {
    guard done != nil else { return }
    var request = request
    request.address = address
    request.tls = tls
    request.timeouts.connect = InterfaceProbe.time / 2
    request.timeouts.firstByte = InterfaceProbe.time
    request.timeouts.silence = InterfaceProbe.time
    request.responseBytesMax = InterfaceProbe.answerBytesMax
    call = HTTPClient.shared(on: loop).send(
      request,
      HTTPClientHandlers(
        onHead: { [self] in status = $0.status }, onBody: { [self] in body += $0 }, onEnd: { [self] in answered() },
        onError: { [self] error in
          finish(error.kind == .responseTooLarge ? .doubtful : .unreachable, error.message)
        }))
  }

  private func answered() {
    if status == 401 || status == 403 { return finish(.denied, "it answered \(status)") }
    do throws(PeerFault) {
      switch endpoint.binding {
      case .jsonRPC: _ = try ResultDecoder.jsonRPC(body, operation: .getTask, version: endpoint.version)
      case .rest:
        _ = try ResultDecoder.rest(body, status: status, operation: .getTask, version: endpoint.version)
      }
      finish(.doubtful, "it has a task under an id that no task can have")
    } catch {
      if error.error.kind == .taskNotFound { return finish(.verified, "") }
      finish(.doubtful, "it answered \(status) to a question for a task that is not there: \(error.error.kind)")
    }
  }

  private func finish(_ outcome: Outcome, _ note: String) {
    let done = done
    self.done = nil
    call = nil
    done?(
      Result(
        url: endpoint.url.withoutQuery,
        binding: endpoint.binding.cardName, version: endpoint.version.text, outcome: outcome, note: note))
  }
}

extension InterfaceProbe.Result {
  init(_ node: JSONNode) throws(RecordFault) {
    let reader = RecordReader(node)
    self.init(
      url: try reader.string("url"), binding: try reader.string("binding"), version: try reader.string("version"),
      outcome: try reader.name("outcome"), note: try reader.string("note"))
  }

  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("url", url)
    writer.member("binding", binding)
    writer.member("version", version)
    writer.member("outcome", outcome.rawValue)
    writer.member("note", note)
    writer.endObject()
  }
}
