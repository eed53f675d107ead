internal import HTTP
internal import HTTPTransport
internal import Network
internal import Synchronization

/// How requests to an external agent leave: whom they trust, and which addresses they may go to.
final class ExternalNetwork: Sendable {
  /// Answers with the addresses of a URL's host that may be called, at least one, or with the reason why there is none.
  typealias AddressCheck =
    @Sendable (
      _ url: URI, _ loop: EventLoop, _ done: @escaping (Result<[SocketAddress], AddressRefusal>) -> Void
    ) -> Void

  struct AddressRefusal: Error, Sendable, Equatable {
    /// The name could not be looked up, which may pass.
    var isUnresolved = false
    var reason: String
  }

  private struct Verdict {
    var addresses: [SocketAddress]
    var until: MonotonicTime
  }

  let tls: TLSClientContext?
  private let check: AddressCheck?
  private let verdicts = Mutex<[String: Verdict]>([:])

  /// How long a checked name is not looked up again.
  private static let verdictTime: Duration = .seconds(30)
  private static let verdictsMax = 16

  /// - Parameter check: nil where the operator has stated the hosts, which need no permission.
  init(tls: TLSClientContext?, check: AddressCheck?) {
    self.tls = tls
    self.check = check
  }

  /// Where a request to this URL connects to: nil leaves that to the name.
  func addresses(
    of url: URI, on loop: EventLoop, _ done: @escaping (Result<[SocketAddress]?, AddressRefusal>) -> Void
  ) {
    guard let check else { return done(.success(nil)) }
    let now = loop.now
    // With the scheme, which the port may follow from.
    let place = "\(url.scheme)://\(url.authority)"
    let known = verdicts.withLock { $0[place].flatMap { $0.until > now ? $0.addresses : nil } }
    if let known { return done(.success(known)) }
    check(url, loop) { [self, unowned loop] result in
      if case .success(let addresses) = result {
        verdicts.withLock { verdicts in
          if verdicts.count >= ExternalNetwork.verdictsMax { verdicts = [:] }
          verdicts[place] = Verdict(addresses: addresses, until: loop.now + ExternalNetwork.verdictTime)
        }
      }
      done(result.map { $0 })
    }
  }
}

/// One request on its way through an ``ExternalNetwork``, on one loop. Its address is checked first, and the request goes to
/// the address that was checked; where that does not answer, to the next one.
final class ExternalFlight {
  private let request: HTTPClientRequest
  private let network: ExternalNetwork
  private let loop: EventLoop
  private let handlers: HTTPClientHandlers
  private let onRefusal: (String) -> Void
  private var call: HTTPClientCall?
  private var isCanceled = false

  init(
    _ request: consuming HTTPClientRequest, through network: ExternalNetwork, on loop: EventLoop,
    _ handlers: HTTPClientHandlers,
    onRefusal: @escaping (String) -> Void
  ) {
    request.tls = request.url.isSecure ? network.tls : nil
    self.request = request
    self.network = network
    self.loop = loop
    self.handlers = handlers
    self.onRefusal = onRefusal
  }

  func start() {
    network.addresses(of: request.url, on: loop) { [self] result in
      guard !isCanceled else { return }
      switch result {
      case .success(nil): send(to: nil, [])
      case .success(let addresses?): send(to: addresses.first, addresses.dropFirst())
      case .failure(let refusal) where refusal.isUnresolved:
        handlers.onError(HTTPClientError(kind: .resolve, message: refusal.reason, mayHaveArrived: false))
      case .failure(let refusal): onRefusal(refusal.reason)
      }
    }
  }

  private func send(to address: SocketAddress?, _ others: ArraySlice<SocketAddress>) {
    var request = request.copy()
    request.address = address
    let tryingOthers = HTTPClientHandlers(
      onHead: handlers.onHead, onBody: handlers.onBody, onEnd: handlers.onEnd,
      onError: { [self] error in
        let isUnreachable = error.kind == .connect || error.kind == .connectTimeout
        guard isUnreachable, let next = others.first else { return handlers.onError(error) }
        send(to: next, others.dropFirst())
      })
    call = HTTPClient.shared(on: loop).send(request, tryingOthers)
  }

  /// Gives up: no handler is called any more.
  func cancel() {
    isCanceled = true
    call?.cancel()
    call = nil
  }
}
