internal import HTTP

/// Where an agent's card is looked for.
struct CardSearch: Sendable, Equatable {
  /// In the order in which they are tried; never empty.
  let urls: [String]
  /// Where the agent's own headers may go with the request for its card.
  let home: URI

  /// - Parameters:
  ///   - found: where the card was the last time; asked first.
  /// - Throws: a fault that names the address.
  init(agentURL: String?, cardURL: String?, found: String? = nil) throws(ExternalFault) {
    let agent = try agentURL.map { url throws(ExternalFault) in try CardSearch.uri(url, "agent_url") }
    let card = try cardURL.map { url throws(ExternalFault) in try CardSearch.uri(url, "card_url") }
    guard let home = agent ?? card else { throw ExternalFault(.invalid, "agent_url: Is required.") }
    self.home = home
    var urls: [String] = []
    if let cardURL {
      urls = [cardURL]
    } else if let agentURL, let agent {
      // A query of the agent's URL is its own; the paths are below the URL without it.
      let base = agentURL.prefix { $0 != "?" }
      let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : String(base)
      let origin = "\(agent.scheme)://\(agent.authority)"
      urls = [
        trimmed + wellKnown, origin + wellKnown, trimmed + "/card", trimmed + wellKnownOld, origin + wellKnownOld,
      ]
    }
    if let found, cardURL == nil { urls.insert(found, at: 0) }
    var seen: Set<String> = []
    self.urls = urls.filter { seen.insert($0).inserted }
  }

  private static func uri(_ text: String, _ name: String) throws(ExternalFault) -> URI {
    guard let uri = URI(text) else { throw ExternalFault(.invalid, "\(name): Must be an http or https URL.") }
    return uri
  }
}

/// A2A 1.0 §8.2; until 0.2 under the other name.
private let wellKnown = "/.well-known/agent-card.json"
private let wellKnownOld = "/.well-known/agent.json"
