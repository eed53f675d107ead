internal import A2A
internal import Configuration
internal import Crypto
internal import HTTP
internal import JSON
internal import Network

/// Weighs the signatures of cards from elsewhere, with keys that the operator has named, and with key sets at hosts that the
/// operator has named: a card's own word on where its key is (`jku`) counts only there. On any loop.
struct CardVerifier: Sendable {
  private let keys: [TrustedKey]
  private let hosts: Set<String>
  private let egress: EgressGuard

  /// Key sets that are fetched for one card.
  private static let keySetsMax = 2
  private static let keySetBytesMax = 256 * 1024

  /// - Throws: for a file that holds no key, which names it.
  init(_ configuration: SignatureConfiguration, keyFiles: [String], egress: EgressConfiguration) throws(KeyFault) {
    var keys: [TrustedKey] = []
    for file in keyFiles { keys += try JSONWebKey.read(file: file) }
    self.init(keys: keys, hosts: configuration.trustedHosts, egress: EgressGuard(egress))
  }

  init(keys: [TrustedKey], hosts: Set<String>, egress: EgressGuard) {
    self.keys = keys
    self.hosts = hosts
    self.egress = egress
  }

  /// Weighs a card. `done` is called once, in a later turn of the loop, with what the signatures are worth and, where a key
  /// set was to be fetched and could not be, why.
  ///
  /// - Parameters:
  ///   - document: the card as it was sent.
  ///   - tls: how servers of key sets are proven; nil for the system's authorities.
  func verify(
    _ document: JSONValue, on loop: EventLoop, tls: TLSClientContext? = nil,
    _ done: @escaping (CardSignatureVerdict, _ note: String?) -> Void
  ) {
    let verdict = CardVerifier.verdict(document, keys)
    guard case .unknownKey = verdict else { return loop.later { done(verdict, nil) } }
    let wanted = keySets(of: document)
    guard !wanted.isEmpty else {
      return loop.later { done(verdict, CardVerifier.hint(CardSignatures.headers(of: document))) }
    }
    var bounds = FetchBounds()
    bounds.bytesMax = CardVerifier.keySetBytesMax
    let fetch = GuardedFetch(loop: loop, egress: egress, tls: tls, bounds: bounds)
    collect(wanted[...], fetch, found: [], notes: []) { found, notes in
      done(CardVerifier.verdict(document, keys + found), notes.first)
    }
  }

  private static func verdict(_ document: JSONValue, _ keys: [TrustedKey]) -> CardSignatureVerdict {
    CardSignatures.verify(document) { header in keys.filter { $0.matches(header) } }
  }

  /// The key sets that the card's signatures name and that may be believed.
  private func keySets(of document: JSONValue) -> [String] {
    var urls: [String] = []
    for header in CardSignatures.headers(of: document) {
      guard let text = header.keySetURL, let url = URI(text), url.isSecure, hosts.contains(url.host),
        !urls.contains(text)
      else { continue }
      urls.append(text)
    }
    return Array(urls.prefix(CardVerifier.keySetsMax))
  }

  private static func hint(_ headers: [CardSignatureHeader]) -> String? {
    guard let text = headers.lazy.compactMap(\.keySetURL).first, let url = URI(text) else { return nil }
    return url.isSecure
      ? "its key set is at \(url.host), which signatures.trusted_hosts does not name"
      : "its key set is not at an https URL"
  }

  private func collect(
    _ urls: ArraySlice<String>, _ fetch: GuardedFetch, found: [TrustedKey], notes: [String],
    _ done: @escaping ([TrustedKey], [String]) -> Void
  ) {
    guard let url = urls.first else { return done(found, notes) }
    fetch.get(url) { result in
      var (found, notes) = (found, notes)
      switch result {
      case .success(let document):
        // A key without a name would be behind any: in a set that others fill, it counts for none.
        if let keys = JSONWebKey.readSet(document.value)?.filter({ $0.keyID != nil }) {
          found += keys
        } else {
          notes.append("there is no key set at \(document.url.host)")
        }
      case .failure(let failure): notes.append("its key set cannot be fetched: \(failure.message)")
      }
      self.collect(urls.dropFirst(), fetch, found: found, notes: notes, done)
    }
  }
}

extension CardSignatureVerdict {
  /// Why the card does not count as signed, in words; nil where it does.
  func fault(_ note: String? = nil) -> String? {
    let fault: String
    switch self {
    case .valid: return nil
    case .unsigned: fault = "the card is not signed"
    case .unknownKey(let keyIDs):
      let names = keyIDs.filter { !$0.isEmpty }.joined(separator: ", ")
      fault = "the card is signed by no key that is trusted here\(names.isEmpty ? "" : " (\(names))")"
    case .invalid(let reason): fault = reason
    }
    return note.map { "\(fault); \($0)" } ?? fault
  }
}
