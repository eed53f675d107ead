import Bytes
import HTTP
import HTTPTransport
import JSON
import Network
import Synchronization
import Telemetry
import TestSupport
import Testing

/// An external agent in the hands of a test: serves what the test puts at each path, and remembers who asked for what. It
/// answers calls for tasks as an agent without tasks does: over JSON-RPC at `/a2a`, over HTTP+JSON below `/rest`.
final class CardServer: Sendable {
  struct Answer: Sendable {
    var status = 200
    var type = "application/json"
    var fields: [String: String] = [:]
    var body: [UInt8]
    /// What the asker must already have to be told that nothing has changed.
    var entityTag: String?
    /// Nothing ever comes.
    var isSilent = false
    /// Others are answered 405.
    var method: String?
  }

  struct Seen: Sendable {
    var method: String
    var path: String
    var fields: [String: String]
    var query: String?
    var body: [UInt8]

    /// Of a call over JSON-RPC.
    var rpcMethod: String? { (try? JSONValue.parse(body))?["method"]?.string }
  }

  let port: UInt16
  private let state = Mutex<(answers: [String: Answer], seen: [Seen])>(([:], []))
  private let group: Mutex<LoopGroup?> = Mutex(nil)

  static let noTask = #"{"jsonrpc":"2.0","id":"1","error":{"code":-32001,"message":"no such task"}}"#
  static let noTaskOverREST = """
    {"error":{"code":404,"status":"NOT_FOUND","message":"no such task","details":[{"@type":\
    "type.googleapis.com/google.rpc.ErrorInfo","reason":"TASK_NOT_FOUND","domain":"a2a-protocol.org"}]}}
    """
  static let wellKnown = "/.well-known/agent-card.json"

  init() throws {
    let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
    port = socket.address.port
    let shared = SharedService { [weak self] exchange, body in self?.answer(exchange, body) }
    let group = try LoopGroup(count: 1) { loop in
      let server = HTTPServer(loop: loop, socket: socket, service: ServiceOnLoop(shared), logger: .silent)
      try server.start()
      loop.onTurnEnd { _ = server }
    }
    self.group.withLock { $0 = group }
  }

  deinit { stop() }

  /// From here on nobody is there.
  func stop() {
    let group = group.withLock { group -> LoopGroup? in
      defer { group = nil }
      return group
    }
    group?.stop()
    group?.join()
  }

  var url: String { "http://127.0.0.1:\(port)" }

  subscript(_ path: String) -> Answer? {
    get { state.withLock { $0.answers[path] } }
    set { state.withLock { $0.answers[path] = newValue } }
  }

  /// An answer to every call of a method of JSON-RPC at `/a2a`, or to every subscription over HTTP+JSON (`:subscribe`).
  func answer(_ call: String, _ body: String, status: Int = 200, type: String = "application/json") {
    self[call] = Answer(status: status, type: type, body: Array(body.utf8))
  }

  /// Requests for a path.
  func seen(_ path: String) -> [Seen] { state.withLock { $0.seen.filter { $0.path == path } } }

  // MARK: Cards

  /// A card of 1.0 for an agent at this server.
  func card(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONObject {
    var card: JSONObject = [
      "name": "Weather Teller", "description": "Tells the weather.", "version": "1.2.3",
      "supportedInterfaces": [
        ["url": .string(url + "/a2a"), "protocolBinding": "JSONRPC", "protocolVersion": "1.0"]
      ],
      "capabilities": ["streaming": false], "defaultInputModes": ["text/plain"],
      "defaultOutputModes": ["text/plain"],
      "skills": [
        ["id": "now", "name": "Now", "description": "The weather now.", "tags": ["weather"]],
        ["id": "later", "name": "Later", "description": "The weather later.", "tags": ["weather"]],
      ],
    ]
    change(&card)
    return card
  }

  func serve(
    _ card: JSONObject, at path: String = CardServer.wellKnown, tag: String? = nil, fields: [String: String] = [:]
  ) {
    self[path] = Answer(fields: fields, body: Caller.bytes(.object(card)), entityTag: tag)
  }

  // MARK: On the server's loop

  private func answer(_ exchange: HTTPExchange, _ body: [UInt8]) -> HTTPResponse? {
    let path = exchange.request.path
    var fields: [String: String] = [:]
    exchange.request.fields.forEach { fields[$0.lowercased()] = $1 }
    let target = exchange.request.target
    let query = target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
    let seen = Seen(
      method: exchange.request.method.name, path: path, fields: fields, query: query, body: body)
    let known = state.withLock { state -> Answer? in
      if state.seen.count < 10_000 { state.seen.append(seen) }
      if path == "/a2a", let name = seen.rpcMethod, let answer = state.answers[name] { return answer }
      if path.hasSuffix(":subscribe"), let answer = state.answers[":subscribe"] { return answer }
      return state.answers[path]
    }
    guard let answer = known else {
      let error = path.hasPrefix("/rest/tasks/") ? CardServer.noTaskOverREST : CardServer.noTask
      if path == "/a2a" || path.hasPrefix("/rest/tasks/") {
        return HTTPResponse(
          path == "/a2a" ? 200 : 404, contentType: "application/json", body: Array(error.utf8))
      }
      return HTTPResponse(404, contentType: "text/plain", body: Array("nothing here".utf8))
    }
    if answer.isSilent { return nil }
    if let method = answer.method, method != seen.method {
      return HTTPResponse(405, contentType: "text/plain", body: Array("not so".utf8))
    }
    var response = HTTPResponse(answer.status, body: answer.body)
    response.fields.add("content-type", answer.type)
    for (name, value) in answer.fields { response.fields.add(named: name, value) }
    if let tag = answer.entityTag {
      response.fields.add("etag", tag)
      if fields["if-none-match"] == tag {
        response.status = 304
        response.body = []
      }
    }
    return response
  }
}

/// What the loop's service asks.
private final class SharedService: Sendable {
  let answer: @Sendable (HTTPExchange, [UInt8]) -> HTTPResponse?

  init(_ answer: @escaping @Sendable (HTTPExchange, [UInt8]) -> HTTPResponse?) { self.answer = answer }
}

private final class ServiceOnLoop: HTTPService {
  private let shared: SharedService

  init(_ shared: SharedService) { self.shared = shared }

  func head(of exchange: HTTPExchange) -> HeadDecision {
    .accept(bodyBytesMax: 1 << 20)
  }

  func request(_ exchange: HTTPExchange, body: consuming [UInt8]) {
    if let response = shared.answer(exchange, body) { exchange.respond(response) }
  }

  func finished(_ exchange: HTTPExchange) {}
}
