internal import Configuration
internal import HTTP
internal import JSON
internal import Network

/// Finds the card of an external agent: asks one address after the other until one has a card. On one loop.
final class CardFetcher {
  /// What a search brought.
  enum Found: Sendable {
    /// - Parameter url: where it was, without what proves who asks.
    case card(FetchedDocument, url: URI)
    /// The card is as it was.
    case unchanged(FetchedDocument)
  }

  /// What goes to the agent's own origin with the requests, and nowhere else.
  struct Proof {
    let authorization: ExternalAuthorization
    /// Of ``ExternalAuthorization/tokens``.
    var token: String?
  }

  private let own: GuardedFetch
  private let others: GuardedFetch
  private let search: CardSearch
  private let proof: Proof
  private let validators: FetchValidators
  private var done: ((Result<Found, ExternalFault>) -> Void)?
  private var rest: ArraySlice<String>
  /// What came of the addresses that were asked in vain.
  private var failures: [String] = []
  private var call: FetchCall?
  /// The agent's own server has asked for other credentials.
  private(set) var wasDenied = false

  /// - Parameters:
  ///   - own: for the agent's own origin.
  ///   - others: for any other.
  ///   - validators: of the card that one has, found at the first of the addresses.
  init(
    own: GuardedFetch, others: GuardedFetch, _ search: CardSearch, _ proof: Proof,
    validators: FetchValidators = FetchValidators(), _ done: @escaping (Result<Found, ExternalFault>) -> Void
  ) {
    self.own = own
    self.others = others
    self.search = search
    self.proof = proof
    self.validators = validators
    self.done = done
    rest = search.urls[...]
  }

  /// `done` is called once, in a later turn of the loop, unless the search is canceled before.
  func start() { next(validators) }

  func cancel() {
    done = nil
    call?.cancel()
    call = nil
  }

  private func next(_ validators: FetchValidators = FetchValidators()) {
    guard let url = rest.popFirst() else {
      let tried = failures.count == 1 ? failures[0] : "no agent card was found: \(failures.joined(separator: "; "))"
      return finish(.failure(ExternalFault(.card, tried)))
    }
    let isOwn = URI(url)?.hasSameOrigin(as: search.home) == true
    var (fields, target) = (HTTPFields(), url)
    if isOwn, var uri = URI(url) {
      proof.authorization.apply(token: proof.token, fields: &fields, url: &uri)
      target = uri.text
    }
    fields.set("a2a-version", "1.0")
    call = (isOwn ? own : others).get(target, fields: fields, validators: validators) { [self] result in
      call = nil
      switch result {
      case .success(let document) where document.isUnchanged: finish(.success(.unchanged(document)))
      case .success(let document):
        if ExternalCard.isLikely(document.value) {
          return finish(.success(.card(document, url: proof.authorization.withoutProof(document.url))))
        }
        failures.append("\(document.url.withoutQuery) answered with JSON that is no agent card")
        next()
      case .failure(let failure):
        failures.append(failure.message)
        switch failure.kind {
        // Another path of the same server may do better.
        case .status, .content, .redirected:
          if isOwn, failure.kind == .status(401) { wasDenied = true }
          next()
        // Another path would meet the same.
        case .badURL, .refused, .unresolved, .unreachable, .tls, .tooSlow, .tooLarge:
          finish(.failure(ExternalFault(.card, failure.message)))
        }
      }
    }
  }

  private func finish(_ result: Result<Found, ExternalFault>) {
    let done = done
    self.done = nil
    done?(result)
  }
}
