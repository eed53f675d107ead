internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Network

/// Fetches JSON documents whose URL came from outside: cards, key sets, OAuth metadata and tokens. Every call goes through
/// ``EgressGuard``, redirects stay within the origin, and size and time are bounded. On one loop.
final class GuardedFetch {
  let loop: EventLoop
  let egress: EgressGuard
  let bounds: FetchBounds
  /// How servers are proven; nil for the system's authorities.
  let tls: TLSClientContext?

  init(loop: EventLoop, egress: EgressGuard, tls: TLSClientContext? = nil, bounds: FetchBounds = FetchBounds()) {
    self.loop = loop
    self.egress = egress
    self.bounds = bounds
    self.tls = tls
  }

  /// Fetches a document. `done` is called once, in a later turn, unless the fetch is canceled before.
  ///
  /// - Parameters:
  ///   - fields: such as credentials; redirects within the origin get them too.
  ///   - validators: of the version that one has; the answer may then be that it has not changed.
  @discardableResult
  func get(
    _ url: String, fields: HTTPFields = HTTPFields(), validators: FetchValidators = FetchValidators(),
    _ done: @escaping (Result<FetchedDocument, FetchFailure>) -> Void
  ) -> FetchCall {
    let call = FetchCall(self, .get, fields, body: [], validators, done)
    call.start(url)
    return call
  }

  /// Posts a body and takes the JSON that comes back; never redirected.
  @discardableResult
  func post(
    _ url: String, fields: HTTPFields = HTTPFields(), contentType: String, body: [UInt8],
    _ done: @escaping (Result<FetchedDocument, FetchFailure>) -> Void
  ) -> FetchCall {
    var fields = fields
    fields.set("content-type", contentType)
    let call = FetchCall(self, .post, fields, body: body, FetchValidators(), done)
    call.start(url)
    return call
  }
}

/// One fetch under way, on its loop.
final class FetchCall {
  private let fetch: GuardedFetch
  private let method: HTTPMethod
  private let fields: HTTPFields
  private let body: [UInt8]
  private let validators: FetchValidators
  private var done: ((Result<FetchedDocument, FetchFailure>) -> Void)?
  private var call: HTTPClientCall?
  private var timer: Timer?
  private var redirects = 0
  private var head: HTTPResponseHead?
  private var received: [UInt8] = []

  init(
    _ fetch: GuardedFetch, _ method: HTTPMethod, _ fields: HTTPFields, body: [UInt8], _ validators: FetchValidators,
    _ done: @escaping (Result<FetchedDocument, FetchFailure>) -> Void
  ) {
    self.fetch = fetch
    self.method = method
    self.body = body
    self.validators = validators
    self.done = done
    var fields = fields
    fields.set("accept", "application/json")
    fields.set("accept-encoding", "identity")
    validators.add(to: &fields)
    self.fields = fields
  }

  /// Gives up; `done` is not called any more.
  func cancel() {
    done = nil
    finish()
  }

  // MARK: Calling

  func start(_ text: String) {
    guard let url = URI(text) else {
      return fetch.loop.later { [self] in fail(.badURL, "\"\(text)\" is no http or https URL") }
    }
    let time = fetch.bounds.time
    timer = fetch.loop.schedule(after: time) { [self] in
      timer = nil
      fail(.tooSlow, "\(url.place) has not answered in full within \(time.components.seconds) s")
    }
    resolve(url)
  }

  private func resolve(_ url: URI) {
    fetch.egress.addresses(for: url, on: fetch.loop) { [self] result in
      guard done != nil else { return }
      switch result {
      case .success(let addresses): send(url, addresses[...])
      case .failure(let refusal): fail(refusal.isUnresolved ? .unresolved : .refused, refusal.message)
      }
    }
  }

  /// Tries one address after the other until a connection stands.
  private func send(_ url: URI, _ addresses: ArraySlice<SocketAddress>) {
    var request = HTTPClientRequest(method, url, fields: fields, body: body)
    request.address = addresses.first
    request.tls = fetch.tls
    request.timeouts.connect = fetch.bounds.connectTime
    request.timeouts.firstByte = fetch.bounds.time
    request.timeouts.silence = fetch.bounds.time
    request.responseBytesMax = fetch.bounds.bytesMax
    head = nil
    received = []
    call = HTTPClient.shared(on: fetch.loop).send(
      request,
      HTTPClientHandlers(
        onHead: { [self] in head = $0 }, onBody: { [self] in received += $0 }, onEnd: { [self] in ended(url) },
        onError: { [self] error in failed(url, error, addresses.dropFirst()) }))
  }

  private func failed(_ url: URI, _ error: HTTPClientError, _ others: ArraySlice<SocketAddress>) {
    let kind: FetchFailure.Kind
    switch error.kind {
    case .connect where !others.isEmpty, .connectTimeout where !others.isEmpty: return send(url, others)
    case .resolve: kind = .unresolved
    case .connect, .connectTimeout, .closed, .truncated, .overloaded: kind = .unreachable
    case .tls: kind = .tls
    case .firstByteTimeout, .silenceTimeout: kind = .tooSlow
    case .invalidResponse: kind = .content
    case .responseTooLarge:
      return fail(.tooLarge, "\(url.place) answers with more than \(fetch.bounds.bytesMax) bytes")
    }
    fail(kind, "\(url.place) cannot be fetched: \(error.message)")
  }

  // MARK: Answers

  private func ended(_ url: URI) {
    guard let head else { return }
    switch head.status {
    case 200: finish(url, head)
    case 304 where validators != FetchValidators():
      var current = FetchValidators(head.fields)
      current.entityTag = current.entityTag ?? validators.entityTag
      current.lastModified = current.lastModified ?? validators.lastModified
      finish(
        .success(
          FetchedDocument(
            url: url, isUnchanged: true, body: [], value: .null, validators: current,
            freshness: CacheControl.freshness(head.fields))))
    case 301, 302, 303, 307, 308: redirect(url, head)
    case let status:
      let answer = try? JSONValue.parse(received, limits: limits)
      fail(.status(status), "\(url.place) answered \(status)", answer)
    }
  }

  private func finish(_ url: URI, _ head: HTTPResponseHead) {
    if let encoding = head.fields["content-encoding"], encoding.lowercased() != "identity" {
      return fail(.content, "\(url.place) answered with a content encoding that nobody asked for")
    }
    let type = head.fields["content-type"].flatMap { MediaType($0) }
    if let type, ["html", "xhtml+xml"].contains(type.subtype) {
      return fail(.content, "\(url.place) answered with a page of HTML, not with JSON")
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(received, limits: limits)
    } catch {
      return fail(.content, "\(url.place) answered with what is not JSON: at byte \(error.offset), \(error.message)")
    }
    finish(
      .success(
        FetchedDocument(
          url: url, isUnchanged: false, body: received, value: value, validators: FetchValidators(head.fields),
          freshness: CacheControl.freshness(head.fields))))
  }

  private var limits: JSONLimits { JSONLimits(bytesMax: fetch.bounds.bytesMax, nodesMax: 100_000) }

  private func redirect(_ url: URI, _ head: HTTPResponseHead) {
    guard method == .get else { return fail(.redirected, "\(url.place) redirects, which is not followed here") }
    guard let location = head.fields["location"], let next = url.resolving(location) else {
      return fail(.redirected, "\(url.place) redirects to nowhere")
    }
    guard next.hasSameOrigin(as: url) else {
      return fail(
        .redirected,
        "\(url.place) redirects to another origin, \(next.place); if that is the right place, name it instead")
    }
    guard redirects < fetch.bounds.redirectsMax else {
      return fail(.redirected, "\(url.place) redirects more than \(fetch.bounds.redirectsMax) times")
    }
    redirects += 1
    resolve(next)
  }

  // MARK: The end

  private func fail(_ kind: FetchFailure.Kind, _ message: String, _ answer: JSONValue? = nil) {
    finish(.failure(FetchFailure(kind: kind, message: message, answer: answer)))
  }

  private func finish(_ result: Result<FetchedDocument, FetchFailure>) {
    let done = done
    self.done = nil
    finish()
    done?(result)
  }

  private func finish() {
    if let timer { fetch.loop.cancel(timer) }
    timer = nil
    call?.cancel()
    call = nil
    received = []
  }
}

extension URI {
  /// The URL without its query, which may hold what is not for logs.
  fileprivate var place: String { "\(scheme)://\(authority)\(path)" }
}
