internal import Configuration
internal import HTTP
internal import JSON
internal import Network

/// Finds the card of an external agent: asks one address after the other until one has a card. On one loop.
final class CardFetcher {
  /// What a search brought.
  enum Found: Sendable {
    case card(FetchedDocument)
    /// The card is as it was.
    case unchanged(FetchedDocument)
  }

  private let fetch: GuardedFetch
  private let search: CardSearch
  private let fields: HTTPFields
  private let validators: FetchValidators
  private var done: ((Result<Found, ExternalFault>) -> Void)?
  private var rest: ArraySlice<String>
  /// What came of the addresses that were asked in vain.
  private var failures: [String] = []
  private var call: FetchCall?

  /// - Parameters:
  ///   - fields: the agent's own headers; they go to its own origin only.
  ///   - validators: of the card that one has, found at the first of the addresses.
  init(
    _ fetch: GuardedFetch, _ search: CardSearch, fields: HTTPFields, validators: FetchValidators = FetchValidators(),
    _ done: @escaping (Result<Found, ExternalFault>) -> Void
  ) {
    self.fetch = fetch
    self.search = search
    self.fields = fields
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
    call = fetch.get(url, fields: fields(for: url), validators: validators) { [self] result in
      call = nil
      switch result {
      case .success(let document) where document.isUnchanged: finish(.success(.unchanged(document)))
      case .success(let document):
        if ExternalCard.isLikely(document.value) { return finish(.success(.card(document))) }
        failures.append("\(document.url.withoutQuery) answered with JSON that is no agent card")
        next()
      case .failure(let failure):
        failures.append(failure.message)
        switch failure.kind {
        // Another path of the same server may do better.
        case .status, .content, .redirected: next()
        // Another path would meet the same.
        case .badURL, .refused, .unresolved, .unreachable, .tls, .tooSlow, .tooLarge:
          finish(.failure(ExternalFault(.card, failure.message)))
        }
      }
    }
  }

  private func fields(for url: String) -> HTTPFields {
    var fields = URI(url).map { $0.hasSameOrigin(as: search.home) } == true ? self.fields : HTTPFields()
    fields.set("a2a-version", "1.0")
    return fields
  }

  private func finish(_ result: Result<Found, ExternalFault>) {
    let done = done
    self.done = nil
    done?(result)
  }
}
