/// An A2A agent elsewhere: where it is, how calls to it prove who sends them, and what is done when its card changes.
/// At least one of ``agentURL`` and ``cardURL`` is stated.
public struct ExternalAgentConfiguration: Sendable, Equatable {
  /// Insists on one of the card's interfaces.
  public struct Pin: Sendable, Equatable {
    /// `JSONRPC` or `HTTP+JSON`; nil for any.
    public var binding: String?
    /// `1.0` or `0.3`; nil for any.
    public var version: String?

    public init(binding: String? = nil, version: String? = nil) {
      self.binding = binding
      self.version = version
    }
  }

  /// What is done when a card names another host, other security schemes, or fewer skills than the one before.
  public enum DriftPolicy: String, Sendable, CaseIterable {
    /// The new card is taken.
    case auto
    /// The last approved card stays in force until an operator approves the new one.
    case hold
  }

  /// What is asked of a card's signatures.
  public enum SignaturePolicy: String, Sendable, CaseIterable {
    case off
    /// A card whose signature does not hold is taken, and told of.
    case warn
    /// Only cards with a signature of a trusted key are taken.
    case require
  }

  /// Where the agent is; its card is looked for below.
  public var agentURL: String?
  /// Where the card is, where that is stated.
  public var cardURL: String?
  public var headers: [UpstreamHeader]
  /// nil where calls need none.
  public var credentials: ExternalCredentials?
  public var pin: Pin
  /// PEM file of the authorities to trust instead of the system's.
  public var authorityFile: String?
  /// How often the card is fetched anew; the card's own `Cache-Control` may ask for less often.
  public var refresh: Duration
  public var drift: DriftPolicy
  public var signatures: SignaturePolicy
  /// Files with the public keys (PEM or JWK) that may sign the card.
  public var trustedKeyFiles: [String]

  public init(
    agentURL: String? = nil, cardURL: String? = nil, headers: [UpstreamHeader] = [],
    credentials: ExternalCredentials? = nil,
    pin: Pin = Pin(), authorityFile: String? = nil, refresh: Duration = .seconds(300), drift: DriftPolicy = .hold,
    signatures: SignaturePolicy = .warn, trustedKeyFiles: [String] = []
  ) {
    self.agentURL = agentURL
    self.cardURL = cardURL
    self.headers = headers
    self.credentials = credentials
    self.pin = pin
    self.authorityFile = authorityFile
    self.refresh = refresh
    self.drift = drift
    self.signatures = signatures
    self.trustedKeyFiles = trustedKeyFiles
  }
}

/// How calls to an external agent prove who sends them. The callers' own credentials never go there.
public enum ExternalCredentials: Sendable, Equatable {
  case bearer(TextOrSecret)
  /// An API key, where the card's scheme wants it: in a header, the query, or a cookie.
  case apiKey(name: String, location: Location, value: TextOrSecret)
  case basic(user: String, password: TextOrSecret)
  /// OAuth 2.0 client credentials (RFC 6749 §4.4).
  case oauth2(ClientCredentials)
  /// A client certificate: PEM files of the chain and its key.
  case mutualTLS(certificateFile: String, key: Secret)

  public enum Location: String, Sendable, CaseIterable {
    case header, query, cookie
  }

  public struct ClientCredentials: Sendable, Equatable {
    public var tokenURL: String
    public var clientID: String
    public var clientSecret: TextOrSecret
    public var scopes: [String]
    public var audience: String?

    public init(
      tokenURL: String, clientID: String, clientSecret: TextOrSecret, scopes: [String] = [], audience: String? = nil
    ) {
      self.tokenURL = tokenURL
      self.clientID = clientID
      self.clientSecret = clientSecret
      self.scopes = scopes
      self.audience = audience
    }
  }
}

/// What holds for all agents that calls register.
public struct ExternalConfiguration: Sendable, Equatable {
  /// How often a card is fetched anew; its own `Cache-Control` may ask for less often.
  public var refresh: Duration = .seconds(300)
  public var drift = ExternalAgentConfiguration.DriftPolicy.hold
  public var signatures = ExternalAgentConfiguration.SignaturePolicy.warn
  /// Files with the public keys (PEM or JWK) that may sign cards.
  public var trustedKeyFiles: [String] = []
  /// Agents that calls may register.
  public var agentsMax = 1000

  public init() {}
}
