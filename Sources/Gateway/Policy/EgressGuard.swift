internal import Bytes
internal import Configuration
internal import HTTP
internal import Network

/// Why a URL from outside is not called. Says what, why, and what would permit it.
struct EgressRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// Whether the name could not be looked up, which may pass; otherwise the rules forbid the call.
  var isUnresolved = false
  let message: String

  var description: String { message }
}

/// Keeps calls to URLs that come from outside (of cards, of what cards name) off the gateway's own network. A name is looked
/// up once, every address that it has is checked, and the call then goes to one of the checked addresses: a name that means
/// something else a moment later changes nothing.
struct EgressGuard: Sendable {
  /// Answers with the addresses of a host; ``Resolver/resolve(_:port:_:)``, or a test's.
  typealias LookUp = @Sendable (String, UInt16, Reply<Result<[SocketAddress], ResolveError>>) -> Void

  private let allowed: EgressConfiguration
  private let lookUp: LookUp

  init(
    _ allowed: EgressConfiguration, lookUp: @escaping LookUp = { Resolver.shared.resolve($0, port: $1, $2) }
  ) {
    self.allowed = allowed
    self.lookUp = lookUp
  }

  /// Looks the host of `url` up and answers, in a later turn of the loop, with the addresses that may be called, in the
  /// system's order of preference and at least one. One forbidden address forbids the host: whoever points a name at a
  /// private address and a public one does not mean well.
  func addresses(
    for url: URI, on loop: EventLoop, _ done: @escaping (Result<[SocketAddress], EgressRefusal>) -> Void
  ) {
    let port = UInt16(url.effectivePort)
    if let address = SocketAddress(ip: url.host, port: port) {
      let verdict = check([address], of: url)
      return loop.later { done(verdict) }
    }
    guard EgressGuard.isName(url.host) else {
      // The system's resolver takes 2130706433, 0x7f.1 and 0177.0.0.1 for addresses; no honest URL is written so.
      let refusal = EgressRefusal(message: "\(url.host) is neither a name nor an IP address in its usual form")
      return loop.later { done(.failure(refusal)) }
    }
    lookUp(
      url.host, port,
      loop.expect { result in
        switch result {
        case .success(let addresses): done(self.check(addresses, of: url))
        case .failure(let error):
          done(.failure(EgressRefusal(isUnresolved: true, message: "\(url.host) has no address: \(error.reason)")))
        }
      })
  }

  private func check(_ addresses: [SocketAddress], of url: URI) -> Result<[SocketAddress], EgressRefusal> {
    guard !addresses.isEmpty else {
      return .failure(EgressRefusal(isUnresolved: true, message: "\(url.host) has no address"))
    }
    var isTrusted = true
    for address in addresses where !isAllowed(address, of: url.host) {
      isTrusted = false
      let kind = address.kind
      guard kind != .global else { continue }
      let article = "aeiou".contains(kind.text.first ?? " ") ? "an" : "a"
      let subject =
        address.ip == url.host
        ? "is \(article) \(kind.text) address" : "resolves to \(article) \(kind.text) address (\(address.ip))"
      return .failure(
        EgressRefusal(
          message: "\(url.host) \(subject); egress.allow in the configuration names what may be called nevertheless"))
    }
    guard url.isSecure || isTrusted else {
      return .failure(
        EgressRefusal(
          message:
            "\(url.host) is to be called by https; http is for hosts that egress.allow in the configuration names"))
    }
    return .success(addresses)
  }

  /// Whether the operator has named the address or the host. Naming a host does not open what no host is: its owner could
  /// point the name at the credentials of a cloud machine.
  private func isAllowed(_ address: SocketAddress, of host: String) -> Bool {
    if allowed.networks.contains(where: { $0.contains(address.ip) }) { return true }
    switch address.kind {
    case .metadata, .linkLocal, .multicast, .unspecified, .unixSocket: return false
    case .global, .loopback, .private, .shared, .reserved:
      return allowed.hosts.contains(host.hasSuffix(".") ? String(host.dropLast()) : host)
    }
  }

  /// Whether a host is a name: its last label does not begin as a number does (WHATWG URL, "ends in a number").
  private static func isName(_ host: String) -> Bool {
    let labels = (host.hasSuffix(".") ? host.dropLast() : host[...]).split(
      separator: ".", omittingEmptySubsequences: false)
    guard let last = labels.last, !labels.contains(""), !host.contains(":") else { return false }
    return !last.utf8.allSatisfy(ASCII.isDigit) && !last.hasPrefix("0x")
  }
}
