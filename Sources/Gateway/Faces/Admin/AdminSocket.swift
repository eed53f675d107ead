internal import Bytes
internal import Configuration
internal import Glibc
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// What the gateway's own commands speak over the socket in the state folder, which only the gateway's user can open: all
/// that the admin listener answers, and the verbs that change agents. Each request is one verb; answers are JSON, refusals
/// `{"message"}`. On the control loop.
final class AdminSocket: HTTPService {
  static let fileName = "admin.sock"
  private static let bodyBytesMax = 1024 * 1024

  private let control: ControlPlane
  private let services: GatewayServices
  private let health: AdminFace

  init(control: ControlPlane, services: GatewayServices) {
    self.control = control
    self.services = services
    health = AdminFace(services: services)
  }

  func head(of exchange: HTTPExchange) -> HeadDecision {
    guard AdminSocket.isVerb(exchange.request.path) else { return health.head(of: exchange) }
    return .accept(bodyBytesMax: AdminSocket.bodyBytesMax)
  }

  private static func isVerb(_ path: String) -> Bool {
    path == "/agents" || path.hasPrefix("/agents/") || AgentVersionsVerb.handles(path) || path == rotation
      || signals[path] != nil
  }

  private static let rotation = "/keys/rotate"

  /// Verbs that are what a signal to the process is.
  private static let signals = ["/drain": SIGTERM, "/stop": SIGINT]

  func request(_ exchange: HTTPExchange, body: consuming [UInt8]) {
    guard AdminSocket.isVerb(exchange.request.path) else { return health.request(exchange, body: body) }
    if let signal = AdminSocket.signals[exchange.request.path] {
      guard exchange.request.method == .post else { return refuse(exchange, 405, "this verb is a POST") }
      respond(exchange, Array("{}".utf8))
      // Once the answer has left.
      return exchange.loop.later { kill(getpid(), signal) }
    }
    if exchange.request.path == AdminSocket.rotation {
      guard exchange.request.method == .post else { return refuse(exchange, 405, "this verb is a POST") }
      return control.rotateKeys(services) { [self] result in
        switch result {
        case .success(let keys):
          services.logger.info("cards are signed with a new key", ["kid": .string(keys.keyID)])
          respond(exchange, JSONFragment(["kid": .string(keys.keyID)]).bytes)
        case .failure(let error): refuse(exchange, 409, error.description)
        }
      }
    }
    if AgentVersionsVerb.handles(exchange.request.path) {
      return exchange.respond(AgentVersionsVerb.answer(exchange.request, control.runtimeAgents))
    }
    guard let external = control.external else { return refuse(exchange, 503, "the gateway has no agents elsewhere") }
    let words = exchange.request.path.dropFirst().split(separator: "/").map {
      PercentEncoding.decodePath(String($0)) ?? ""
    }
    switch (exchange.request.method, words.count, words.last ?? "") {
    case (.get, 1, _): respond(exchange, list(external))
    case (.post, 1, _): register(body, external, exchange)
    case (.post, 2, "look"): look(body, external, exchange)
    case (.get, 2, let key):
      guard let record = external[key] else { return refuse(exchange, 404, "there is no external agent \"\(key)\"") }
      respond(exchange, text(record))
    case (.delete, 2, let key): external.remove(key, by: operatorName) { [self] in answer(exchange, $0) }
    case (.post, 3, "approve"): external.approve(words[1], by: operatorName) { [self] in answer(exchange, $0) }
    case (.post, 3, "refresh"):
      external.refresh(words[1], by: operatorName) { [self] result in
        answer(exchange, result.map(\.record))
      }
    case (.post, 3, "test"): external.test(words[1]) { [self] in tested(exchange, $0) }
    default: refuse(exchange, 404, "there is no such verb")
    }
  }

  func finished(_ exchange: HTTPExchange) {}

  /// Whoever can open the socket is the gateway's own user.
  private var operatorName: String { "admin-socket" }

  // MARK: Verbs

  private func register(_ body: [UInt8], _ external: ExternalRegistry, _ exchange: HTTPExchange) {
    guard let (agent, files) = registration(body, exchange) else { return }
    external.register(agent, files: files, by: operatorName) { [self] in answer(exchange, $0) }
  }

  /// Looks at an agent that is not registered, and need not be.
  private func look(_ body: [UInt8], _ external: ExternalRegistry, _ exchange: HTTPExchange) {
    guard let (agent, files) = registration(body, exchange) else { return }
    external.look(agent, files: files) { [self] in tested(exchange, $0) }
  }

  /// As the Orq face takes it, and a member `files` beside it, which names files of this machine.
  private func registration(
    _ body: [UInt8], _ exchange: HTTPExchange
  ) -> (OrqExternalRegistration, OperatorFiles)? {
    do throws(OrqFault) {
      let registration = try OrqExternalRegistration.decode(body)
      let node = (try? JSONDocument.parse(body))?.root["files"]
      var files = OperatorFiles(authority: node?["authority"]?.string)
      switch (node?["certificate"]?.string, node?["key"]?.string) {
      case (let certificate?, let key?): files.certificate = ClientCertificateFiles(certificate: certificate, key: key)
      case (nil, nil): break
      default:
        refuse(exchange, 400, "files: A certificate and its key belong together.")
        return nil
      }
      return (registration, files)
    } catch {
      refuse(exchange, 400, error.message)
      return nil
    }
  }

  // MARK: Answers

  private func answer(_ exchange: HTTPExchange, _ result: Result<ExternalRecord, ExternalFault>) {
    switch result {
    case .success(let record): respond(exchange, text(record))
    case .failure(let fault): refuse(exchange, fault.status, fault.message)
    }
  }

  private func tested(_ exchange: HTTPExchange, _ result: Result<ConnectionTest, ExternalFault>) {
    switch result {
    case .success(let test):
      var json = JSONWriter()
      json.beginObject()
      json.member("reachable", test.isReachable)
      if let reason = test.reason { json.member("message", reason) }
      json.key("probes")
      test.probes.write(into: &json)
      if let card = test.card { json.member("card", card) }
      json.endObject()
      respond(exchange, json.finish())
    case .failure(let fault): refuse(exchange, fault.status, fault.message)
    }
  }

  private func list(_ external: ExternalRegistry) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("agents")
    json.beginArray()
    for record in external.records { AdminSocket.write(record, into: &json) }
    json.endArray()
    json.endObject()
    return json.finish()
  }

  private func text(_ record: ExternalRecord) -> [UInt8] {
    var json = JSONWriter()
    AdminSocket.write(record, into: &json)
    return json.finish()
  }

  /// All that an operator may know: no values of headers, no secrets.
  private static func write(_ record: ExternalRecord, into json: inout JSONWriter) {
    json.beginObject()
    json.member("key", record.key)
    json.member("origin", record.origin == .call ? "registered" : "card-file")
    json.member("display_name", record.displayName)
    if let url = record.agentURL { json.member("agent_url", url) }
    if let url = record.cardURL { json.member("card_url", url) }
    json.member("headers", .array(record.headers.map { .string($0.name) }))
    if let credentials = record.credentials {
      json.key("credentials")
      credentials.show(into: &json, withFiles: true)
    }
    if let file = record.authorityFile { json.member("ca_file", file) }
    json.member("card_found_at", record.card.url)
    json.member("card_fetched_at", record.card.fetchedAt == 0 ? "" : record.card.fetchedAt.date)
    json.member("signature", record.card.verdict.json)
    json.key("probes")
    record.card.probes.write(into: &json)
    if let candidate = record.candidate {
      json.member("held", .array(candidate.drift.map { .string($0) }))
      json.member("held_card", candidate.card.document)
    }
    if let failure = record.failure {
      json.member("failure", ["at": .string(failure.at.date), "message": .string(failure.message)])
    }
    json.member("revision", record.revision)
    json.member("created_by", record.createdBy)
    json.member("updated_by", record.updatedBy)
    if record.createdAt > 0 { json.member("created_at", record.createdAt.date) }
    if record.updatedAt > 0 { json.member("updated_at", record.updatedAt.date) }
    json.member("card", record.card.document)
    json.endObject()
  }

  private func respond(_ exchange: HTTPExchange, _ body: [UInt8]) {
    exchange.respond(HTTPResponse(200, contentType: "application/json", body: body))
  }

  private func refuse(_ exchange: HTTPExchange, _ status: Int, _ message: String) {
    exchange.respond(
      HTTPResponse(status, contentType: "application/json", body: OrqErrorBody(message).encoded()))
  }
}

extension Int64 {
  /// As ISO 8601, of milliseconds since 1970.
  fileprivate var date: String { Timestamp(milliseconds: self).text }
}
