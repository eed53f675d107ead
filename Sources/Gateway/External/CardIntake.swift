internal import Configuration
internal import HTTP
internal import JSON
internal import Network

/// Brings the card of an external agent in: finds it, checks it, weighs its signatures, asks its interfaces. On one loop.
final class CardIntake {
  /// What came of it.
  enum Outcome: Sendable {
    case card(ExternalCard, ExternalRecord.Card, freshness: Duration?)
    /// The server says that the card is as it was.
    case unchanged(FetchValidators, freshness: Duration?)
  }

  typealias Done = (Result<Outcome, ExternalFault>) -> Void

  /// What the gateway has for all of them.
  struct Tools {
    let loop: EventLoop
    let egress: EgressConfiguration
    let judge: SignatureJudge
  }

  private let tools: Tools
  private let agent: ExternalAgentConfiguration
  private let egress: EgressConfiguration
  private var tls: TLSClientContext?
  private var authorization: ExternalAuthorization?
  private var done: Done?
  private var fetcher: CardFetcher?
  private var probes: [InterfaceProbe] = []
  private var probed: [InterfaceProbe.Result?] = []

  /// - Parameters:
  ///   - isTrusted: the operator has written the addresses down, so that they need no further permission.
  init(
    _ agent: ExternalAgentConfiguration, isTrusted: Bool, tools: Tools, _ done: @escaping Done
  ) {
    self.tools = tools
    self.agent = agent
    egress = isTrusted ? tools.egress.allowing([agent.agentURL, agent.cardURL]) : tools.egress
    self.done = done
  }

  /// `done` is called once, in a later turn of the loop, unless this is canceled before.
  ///
  /// - Parameter known: the card that one has.
  func start(known: ExternalRecord.Card? = nil) {
    do {
      tls = try TLSMaterial.client(of: agent)
      authorization = try ExternalAuthorization(agent)
      let search = try CardSearch(agentURL: agent.agentURL, cardURL: agent.cardURL, found: known?.url)
      var (fields, home) = (HTTPFields(), search.home)
      authorization?.apply(token: nil, fields: &fields, url: &home)
      let fetch = GuardedFetch(loop: tools.loop, egress: EgressGuard(egress), tls: tls)
      let isFirst = known.map { $0.url == search.urls[0] } ?? false
      let fetcher = CardFetcher(
        fetch, search, fields: fields, validators: isFirst ? known?.validators ?? FetchValidators() : FetchValidators()
      ) { [self] in found($0) }
      self.fetcher = fetcher
      fetcher.start()
    } catch let fault as ExternalFault {
      tools.loop.later { [self] in finish(.failure(fault)) }
    } catch {
      tools.loop.later { [self] in finish(.failure(ExternalFault(.card, "\(error)"))) }
    }
  }

  func cancel() {
    done = nil
    fetcher?.cancel()
    for probe in probes { probe.cancel() }
    probes = []
  }

  private func found(_ result: Result<CardFetcher.Found, ExternalFault>) {
    switch result {
    case .failure(let fault): finish(.failure(fault))
    case .success(.unchanged(let document)):
      finish(.success(.unchanged(document.validators, freshness: document.freshness)))
    case .success(.card(let document)):
      do throws(ExternalFault) {
        judge(try ExternalCard(document.value, for: agent, egress: egress), document)
      } catch {
        finish(.failure(ExternalFault(error.kind, "\(document.url.withoutQuery): \(error.message)")))
      }
    }
  }

  private func judge(_ card: ExternalCard, _ document: FetchedDocument) {
    tools.judge.verdict(on: document.value, of: agent, on: tools.loop, tls: tls) { [self] verdict in
      guard done != nil else { return }
      if let refusal = SignatureJudge.refusal(verdict, agent.signatures) { return finish(.failure(refusal)) }
      var known = ExternalRecord.Card(
        document: card.document, url: document.url.text, validators: document.validators,
        fetchedAt: tools.loop.wallMilliseconds)
      known.verdict = verdict
      probe(card, known, document.freshness)
    }
  }

  private func probe(_ card: ExternalCard, _ known: ExternalRecord.Card, _ freshness: Duration?) {
    let endpoints = card.interfaces.stated.prefix(InterfaceProbe.interfacesMax)
    probed = Array(repeating: nil, count: endpoints.count)
    probes = endpoints.enumerated().map { index, endpoint in
      InterfaceProbe(endpoint, on: tools.loop, egress: EgressGuard(egress), tls: tls, authorization) { [self] result in
        probed[index] = result
        guard !probed.contains(nil) else { return }
        probes = []
        var known = known
        known.probes = probed.compactMap { $0 }
        finish(.success(.card(card, known, freshness: freshness)))
      }
    }
    for probe in probes { probe.start() }
  }

  private func finish(_ result: Result<Outcome, ExternalFault>) {
    let done = done
    self.done = nil
    fetcher = nil
    done?(result)
  }
}

extension EgressConfiguration {
  /// With the hosts of URLs that the operator has stated.
  func allowing(_ urls: [String?]) -> EgressConfiguration {
    var result = self
    for case let url? in urls.map({ $0.flatMap { URI($0) } }) {
      if let address = AddressRange(url.host) { result.networks.append(address) } else { result.hosts.insert(url.host) }
    }
    return result
  }
}

extension URI {
  /// The whole URL.
  var text: String { "\(scheme)://\(authority)\(target)" }

  /// For logs and messages: a query may hold what is not for them.
  var withoutQuery: String { "\(scheme)://\(authority)\(path)" }
}
