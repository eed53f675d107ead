internal import A2A
internal import Bytes
internal import Configuration
internal import HTTP
internal import Model

/// One way to call an external agent.
struct ExternalEndpoint: Sendable, Hashable {
  let url: URI
  let binding: Binding
  let version: ProtocolVersion
  let tenant: String?

  var dialect: Dialect { Dialect(version, binding) }

  /// For logs.
  var text: String { "\(binding.cardName) \(version.text) at \(url.scheme)://\(url.authority)\(url.path)" }

  func speaking(_ version: ProtocolVersion) -> ExternalEndpoint {
    ExternalEndpoint(url: url, binding: binding, version: version, tenant: version == self.version ? tenant : nil)
  }
}

/// Which hosts an external agent may be called at: those that whoever registered it has named. A card is written by
/// somebody else and must not move traffic, and with it credentials, to places of its own choice.
struct ExternalHosts: Sendable, Equatable {
  private let stated: Set<String>
  private let isSecure: Bool
  private let allowed: Set<String>

  init(_ agent: ExternalAgentConfiguration, egress: EgressConfiguration) {
    let urls = [agent.agentURL, agent.cardURL].compactMap { $0.flatMap { URI($0) } }
    stated = Set(urls.map(\.host))
    isSecure = !urls.isEmpty && urls.allSatisfy(\.isSecure)
    allowed = egress.hosts
  }

  /// Why a URL of the agent's card is not called; nil if it is.
  func refusal(of url: URI) -> String? {
    if allowed.contains(url.host) { return nil }
    guard stated.contains(url.host) else {
      return
        "the host \(url.host) is none that the agent was registered with (\(stated.sorted().joined(separator: ", ")))"
    }
    return url.isSecure || !isSecure
      ? nil : "the agent was registered by https, and \(url.host) is to be called by http"
  }
}

/// What can be called of a card's interfaces, in the order in which it is tried.
struct ExternalInterfaces: Sendable, Equatable {
  /// Those of the card, in its order.
  private(set) var stated: [ExternalEndpoint] = []
  /// Why the others are not called, for whoever registers the agent.
  private(set) var refusals: [String] = []
  private let isVersionPinned: Bool

  /// Of a card that has not been read yet.
  init() { isVersionPinned = false }

  init(_ card: AgentCard, pin: ExternalAgentConfiguration.Pin, hosts: ExternalHosts) {
    isVersionPinned = pin.version != nil
    for interface in card.supportedInterfaces {
      switch ExternalInterfaces.endpoint(interface, pin, hosts) {
      case .success(let endpoint): if !stated.contains(endpoint) { stated.append(endpoint) }
      case .failure(let refusal): refusals.append(refusal.text)
      }
    }
  }

  /// Where an endpoint turns out not to speak what its card says, what it may speak instead: cards do not always tell the
  /// truth of their version. Never where the operator insists on one.
  func alternative(to endpoint: ExternalEndpoint) -> ExternalEndpoint? {
    isVersionPinned ? nil : endpoint.speaking(endpoint.version == .v1_0 ? .v0_3 : .v1_0)
  }

  /// Whether an endpoint is one of the card's, or an alternative to one.
  func offers(_ endpoint: ExternalEndpoint) -> Bool {
    stated.contains { $0 == endpoint || alternative(to: $0) == endpoint }
  }

  private struct Refusal: Error {
    let text: String
  }

  private static func endpoint(
    _ interface: AgentInterface, _ pin: ExternalAgentConfiguration.Pin, _ hosts: ExternalHosts
  ) -> Result<ExternalEndpoint, Refusal> {
    func refusal(_ reason: String) -> Result<ExternalEndpoint, Refusal> {
      let words = [interface.protocolBinding, interface.protocolVersion, "at", interface.url]
      return .failure(Refusal(text: "\(words.map { ForeignText.shown($0) }.joined(separator: " ")): \(reason)"))
    }
    guard let binding = Binding.allCases.first(where: { $0.cardName == interface.protocolBinding }) else {
      return refusal("this gateway speaks JSONRPC and HTTP+JSON")
    }
    guard let version = ProtocolVersion(family: interface.protocolVersion) else {
      return refusal("this gateway speaks A2A 1.x and 0.3")
    }
    if let pinned = pin.binding, pinned != binding.cardName { return refusal("\(pinned) is insisted on") }
    if let pinned = pin.version, pinned != version.text { return refusal("version \(pinned) is insisted on") }
    guard let url = URI(interface.url) else { return refusal("this is no http or https URL") }
    if let reason = hosts.refusal(of: url) { return refusal(reason) }
    return .success(ExternalEndpoint(url: url, binding: binding, version: version, tenant: interface.tenant))
  }
}

extension ProtocolVersion {
  /// The generation that a card's version belongs to: 1.x, or 0.2.5 and later (which 0.3 is compatible with); nil for
  /// any other.
  init?(family text: String) {
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
      !part.isEmpty && part.utf8.count <= 4 && part.utf8.allSatisfy(ASCII.isDigit) ? Int(part) : nil
    }
    guard (1...3).contains(numbers.count), let major = numbers[0], !numbers.contains(nil) else { return nil }
    let minor = numbers.count > 1 ? numbers[1] ?? 0 : 0
    let patch = numbers.count > 2 ? numbers[2] ?? 0 : 0
    switch (major, minor) {
    case (1, _): self = .v1_0
    case (0, 3...): self = .v0_3
    case (0, 2) where patch >= 5: self = .v0_3
    default: return nil
    }
  }
}
