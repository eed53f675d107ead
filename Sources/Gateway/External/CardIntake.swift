internal import Configuration
internal import HTTP
internal import JSON
internal import Model
internal import Network

/// Brings the card of an external agent in: finds it, checks it, weighs its signatures, asks its interfaces; all of it with
/// the agent's own credentials, where they may go. On one loop.
final class CardIntake {
  /// What came of it.
  enum Outcome: Sendable {
    case card(ExternalCard, ExternalRecord.Card, freshness: Duration?)
    /// The server says that the card is as it was.
    case unchanged(FetchValidators, [InterfaceProbe.Result], freshness: Duration?)
  }

  typealias Done = (Result<Outcome, ExternalFault>) -> Void

  /// What the gateway has for all of them.
  struct Tools {
    let loop: EventLoop
    let egress: EgressConfiguration
    let judge: SignatureJudge
  }

  private let tools: Tools
  private let caller: ExternalAgent
  private let egress: EgressConfiguration
  private var done: Done?
  private var known: ExternalRecord.Card?
  private var isRoutine = false
  private var fetcher: CardFetcher?
  private var probes: [InterfaceProbe] = []
  private var probed: [InterfaceProbe.Result?] = []
  private var token: String?
  private var hasNewToken = false
  /// Why there is no token.
  private var tokenFailure: String?

  private var agent: ExternalAgentConfiguration { caller.configuration }

  /// - Parameters:
  ///   - caller: whose credentials and network are used.
  ///   - isTrusted: the operator has written the addresses down, so that they need no further permission.
  init(_ caller: ExternalAgent, isTrusted: Bool, tools: Tools, _ done: @escaping Done) {
    self.tools = tools
    self.caller = caller
    let agent = caller.configuration
    egress = isTrusted ? tools.egress.allowing([agent.agentURL, agent.cardURL]) : tools.egress
    self.done = done
  }

  /// `done` is called once, in a later turn of the loop, unless this is canceled before.
  ///
  /// - Parameters:
  ///   - known: the card that one has.
  ///   - isRoutine: nobody waits for it; what has been shown of the known card is not asked for once more.
  func start(known: ExternalRecord.Card? = nil, isRoutine: Bool = false) {
    self.known = known
    self.isRoutine = isRoutine
    guard caller.authorization.tokens != nil else { return fetch() }
    fetchToken()
  }

  func cancel() {
    done = nil
    fetcher?.cancel()
    for probe in probes { probe.cancel() }
    probes = []
  }

  // MARK: Finding

  private func fetchToken(rejecting rejected: String? = nil) {
    caller.authorization.tokens?.token(on: tools.loop, rejecting: rejected, through: caller.network) { [self] result in
      guard done != nil else { return }
      switch result {
      case .success(let token): (self.token, tokenFailure) = (token, nil)
      // Many cards are to be had without.
      case .failure(let failure): (token, tokenFailure) = (nil, failure.message)
      }
      fetch()
    }
  }

  private func fetch() {
    do {
      let search = try CardSearch(agentURL: agent.agentURL, cardURL: agent.cardURL, found: known?.url)
      let guardian = EgressGuard(egress)
      let isFirst = known.map { $0.url == search.urls[0] } ?? false
      let fetcher = CardFetcher(
        own: GuardedFetch(loop: tools.loop, egress: guardian, tls: caller.network.tls),
        others: GuardedFetch(loop: tools.loop, egress: guardian, tls: try TLSMaterial.trust(of: caller)), search,
        CardFetcher.Proof(authorization: caller.authorization, token: token),
        validators: isFirst ? known?.validators ?? FetchValidators() : FetchValidators()
      ) { [self] in found($0) }
      self.fetcher = fetcher
      fetcher.start()
    } catch let fault as ExternalFault {
      tools.loop.later { [self] in finish(.failure(fault)) }
    } catch {
      tools.loop.later { [self] in finish(.failure(ExternalFault(.card, "\(error)"))) }
    }
  }

  private func found(_ result: Result<CardFetcher.Found, ExternalFault>) {
    switch result {
    case .failure(let fault):
      guard fetcher?.wasDenied == true else { return finish(.failure(fault)) }
      if let token, !hasNewToken {
        // It was good when it was given; it may have been taken back since.
        hasNewToken = true
        return fetchToken(rejecting: token)
      }
      guard let tokenFailure else { return finish(.failure(fault)) }
      finish(.failure(ExternalFault(fault.kind, "\(fault.message); there is no token, because \(tokenFailure)")))
    case .success(.unchanged(let document)): unchanged(document)
    case .success(.card(let document, let url)):
      do throws(ExternalFault) {
        judge(try ExternalCard(document.value, for: agent, egress: egress), document, url)
      } catch {
        finish(.failure(ExternalFault(error.kind, "\(document.url.withoutQuery): \(error.message)")))
      }
    }
  }

  /// The card is as it was; whether the agent still does what it says is another question.
  private func unchanged(_ document: FetchedDocument) {
    let card = known.flatMap { known in
      try? ExternalCard(known.document.value, for: agent, egress: egress)
    }
    guard let card else {
      return finish(.success(.unchanged(document.validators, known?.probes ?? [], freshness: document.freshness)))
    }
    probe(card) { [self] results in
      finish(.success(.unchanged(document.validators, results, freshness: document.freshness)))
    }
  }

  // MARK: Weighing and asking

  private func judge(_ card: ExternalCard, _ document: FetchedDocument, _ url: URI) {
    let trust: TLSClientContext?
    do {
      trust = try TLSMaterial.trust(of: caller)
    } catch {
      return finish(.failure(ExternalFault(.card, "\(error)")))
    }
    tools.judge.verdict(on: document.value, of: agent, on: tools.loop, tls: trust) { [self] verdict in
      guard done != nil else { return }
      if let refusal = SignatureJudge.refusal(verdict, agent.signatures) { return finish(.failure(refusal)) }
      probe(card) { [self] results in
        var taken = ExternalRecord.Card(
          document: card.document, url: url.text, validators: document.validators,
          fetchedAt: tools.loop.wallMilliseconds)
        taken.verdict = verdict
        taken.probes = results
        finish(.success(.card(card, taken, freshness: document.freshness)))
      }
    }
  }

  private func probe(_ card: ExternalCard, _ answered: @escaping ([InterfaceProbe.Result]) -> Void) {
    let endpoints = card.interfaces.stated.prefix(InterfaceProbe.interfacesMax)
    let claimsStreams = card.card.capabilities.streaming == true
    if let tokenFailure {
      return answered(
        endpoints.map { endpoint in
          var result = InterfaceProbe.Result(endpoint, .denied, "there is no token, because \(tokenFailure)")
          result.streaming = claimsStreams ? .notAsked : nil
          return result
        })
    }
    probed = Array(repeating: nil, count: endpoints.count)
    probes = endpoints.enumerated().map { index, endpoint in
      let known = isRoutine ? known?.probes.first { $0.isOf(endpoint) }?.streaming : nil
      return InterfaceProbe(
        endpoint, of: caller, claimsStreams: claimsStreams, known: known?.outcome == .verified ? known : nil,
        on: tools.loop
      ) { [self] result in
        probed[index] = result
        guard !probed.contains(nil) else { return }
        probes = []
        answered(probed.compactMap { $0 })
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
