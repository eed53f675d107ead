internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Network
internal import Synchronization

/// Access tokens by the client credentials grant (RFC 6749 §4.4): one is kept for an agent and used until shortly before it
/// expires. Of all loops that need a new one at the same time, one asks for it and the others wait.
final class OAuth2Tokens: Sendable {
  /// Why there is no token, for the log.
  struct Failure: Error, Sendable {
    let message: String
  }

  typealias Result = Swift.Result<String, Failure>

  private struct State {
    var token: String?
    var freshUntil = MonotonicTime(nanoseconds: 0)
    /// Somebody is asking; these wait for the answer.
    var waiting: [Reply<Result>]?
  }

  private let state = Mutex(State())
  private let client: ExternalCredentials.ClientCredentials
  private let secret: String

  /// A token is not used in the last moments of its life: it would expire on its way.
  private static let margin: Duration = .seconds(30)
  /// Where the server does not say how long a token lives.
  private static let lifetimeDefault: Duration = .seconds(300)
  private static let lifetimeSecondsMax = 24 * 3600
  private static let bodyBytesMax = 64 * 1024
  /// To the last byte of the server's answer, however slowly they come.
  private static let timeMax: Duration = .seconds(15)

  init(_ client: ExternalCredentials.ClientCredentials, secret: String) {
    self.client = client
    self.secret = secret
  }

  /// A token; `done` is called on the loop, at once where one is kept.
  ///
  /// - Parameter rejected: a token that the agent did not take, although it should be good.
  func token(
    on loop: EventLoop, rejecting rejected: String? = nil, through network: ExternalNetwork,
    _ done: @escaping (Result) -> Void
  ) {
    enum Step { case have(String), wait, ask }
    let reply = loop.expect(done)
    let now = loop.now
    let step: Step = state.withLock { state in
      if let rejected, state.token == rejected { state.token = nil }
      if let token = state.token, now < state.freshUntil { return .have(token) }
      if state.waiting != nil {
        state.waiting?.append(reply)
        return .wait
      }
      state.waiting = [reply]
      return .ask
    }
    switch step {
    case .have(let token): reply.send(.success(token))
    case .wait: break
    case .ask: ask(on: loop, through: network)
    }
  }

  /// Sends a token or a failure to all who wait.
  private func settle(_ result: Swift.Result<(token: String, freshUntil: MonotonicTime), Failure>) {
    let waiting = state.withLock { state in
      if case .success(let new) = result {
        state.token = new.token
        state.freshUntil = new.freshUntil
      }
      defer { state.waiting = nil }
      return state.waiting ?? []
    }
    for reply in waiting { reply.send(result.map(\.token)) }
  }

  private func ask(on loop: EventLoop, through network: ExternalNetwork) {
    guard let url = URI(client.tokenURL) else {
      return settle(.failure(Failure(message: "\(client.tokenURL) is no http or https URL")))
    }
    var fields = HTTPFields()
    fields.add("Accept", "application/json")
    fields.add("Accept-Encoding", "identity")
    fields.add("Content-Type", "application/x-www-form-urlencoded")
    // RFC 6749 §2.3.1: both are form-encoded before they are joined.
    let pair = "\(OAuth2Tokens.formEncoded(client.clientID)):\(OAuth2Tokens.formEncoded(secret))"
    fields.add("Authorization", "Basic " + Base64.encode(Array(pair.utf8)))
    var form = "grant_type=client_credentials"
    if !client.scopes.isEmpty { form += "&scope=" + OAuth2Tokens.formEncoded(client.scopes.joined(separator: " ")) }
    if let audience = client.audience { form += "&audience=" + OAuth2Tokens.formEncoded(audience) }
    var request = HTTPClientRequest(.post, url, fields: fields, body: Array(form.utf8))
    request.timeouts.firstByte = OAuth2Tokens.timeMax
    request.timeouts.silence = OAuth2Tokens.timeMax
    request.responseBytesMax = OAuth2Tokens.bodyBytesMax
    let answer = Answer()
    let ended: (Swift.Result<(token: String, freshUntil: MonotonicTime), Failure>) -> Void = { [self, unowned loop] in
      if let timer = answer.timer { loop.cancel(timer) }
      settle($0)
    }
    let flight = ExternalFlight(
      request, through: network, on: loop,
      HTTPClientHandlers(
        onHead: { answer.status = $0.status }, onBody: { answer.body += $0 },
        onEnd: { [unowned loop] in ended(OAuth2Tokens.read(answer.status, answer.body, at: loop.now)) },
        onError: { error in
          ended(.failure(Failure(message: "the token server cannot be reached: \(error.message)")))
        }),
      onRefusal: { reason in ended(.failure(Failure(message: "the token server is not called: \(reason)"))) })
    answer.timer = loop.schedule(after: OAuth2Tokens.timeMax) {
      answer.timer = nil
      flight.cancel()
      ended(
        .failure(
          Failure(
            message: "the token server has not answered in full within \(OAuth2Tokens.timeMax.components.seconds) s")))
    }
    flight.start()
  }

  private final class Answer {
    var status = 0
    var body: [UInt8] = []
    var timer: Timer?
  }

  private static func read(
    _ status: Int, _ body: [UInt8], at now: MonotonicTime
  ) -> Swift.Result<(token: String, freshUntil: MonotonicTime), Failure> {
    let root = try? JSONDocument.parse(body).root
    guard status == 200 else {
      // RFC 6749 §5.2: a word of a short list.
      let word = root?["error"]?.string.map { " (\($0.prefix(64)))" } ?? ""
      return .failure(Failure(message: "the token server answered \(status)\(word)"))
    }
    guard let token = root?["access_token"]?.string, !token.isEmpty,
      token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return .failure(Failure(message: "the token server's answer has no access_token")) }
    guard root?["token_type"]?.string?.lowercased() ?? "bearer" == "bearer" else {
      return .failure(Failure(message: "the token server gives other tokens than bearer tokens"))
    }
    let stated = root?["expires_in"].flatMap { $0.kind == .string ? $0.string.flatMap { Int64($0) } : $0.int64 }
    let lifetime = stated.map { Duration.seconds(min(max(0, $0), Int64(lifetimeSecondsMax))) } ?? lifetimeDefault
    // A token that lives shorter than the margin is used for half of its life.
    return .success((token, now + max(lifetime - margin, lifetime / 2)))
  }

  /// `application/x-www-form-urlencoded`.
  private static func formEncoded(_ text: String) -> String { PercentEncoding.encodePathSegment(text) }
}
