public import JSON

/// How calls to an external agent prove who sends them, as a request states it. A member `credentials` of this gateway: Orq
/// itself knows headers only. Its form is that of card files, with the secrets in place.
public enum OrqExternalCredentials: OrqReadable, Sendable, Equatable {
  case bearer(token: String)
  case apiKey(name: String, location: Location, value: String)
  case basic(user: String, password: String)
  /// OAuth 2.0 client credentials (RFC 6749 §4.4).
  case oauth2(Client)
  /// A client certificate. Its files are never named by a call over the network; here it stands for those that are kept.
  case mutualTLS

  /// Where an API key goes.
  public enum Location: String, CaseIterable, Sendable {
    case header, query, cookie
  }

  /// What a token server knows of the gateway.
  public struct Client: Sendable, Equatable {
    public var tokenURL: String
    public var clientID: String
    public var secret: String
    public var scopes: [String]
    public var audience: String?

    public init(tokenURL: String, clientID: String, secret: String, scopes: [String] = [], audience: String? = nil) {
      self.tokenURL = tokenURL
      self.clientID = clientID
      self.secret = secret
      self.scopes = scopes
      self.audience = audience
    }
  }

  private enum Kind: String, CaseIterable {
    case bearer, basic, oauth2, mtls
    case apiKey = "api_key"
  }

  public static var author: OrqReader.Author { .caller }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    func secret(_ name: StaticString) -> String {
      reader.requiredString(node, name, bytesMax: OrqLimits.secretBytesMax)
    }
    switch reader.requiredName(node, "type", filler: Kind.mtls) {
    case .bearer: self = .bearer(token: secret("token"))
    case .apiKey:
      self = .apiKey(
        name: reader.identifier(node, "name"), location: reader.name(node, "in", Location.self) ?? .header,
        value: secret("value"))
    case .basic: self = .basic(user: reader.identifier(node, "user"), password: secret("password"))
    case .oauth2:
      self = .oauth2(
        Client(
          tokenURL: reader.requiredString(node, "token_url", bytesMax: OrqLimits.uriBytesMax),
          clientID: reader.identifier(node, "client_id"), secret: secret("client_secret"),
          scopes: reader.strings(node, "scopes", max: OrqLimits.scopesMax), audience: reader.string(node, "audience")))
    case .mtls: self = .mutualTLS
    }
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    switch self {
    case .bearer(let token):
      json.member("type", "bearer")
      json.member("token", token)
    case .apiKey(let name, let location, let value):
      json.member("type", "api_key")
      json.member("name", name)
      json.member("in", location.rawValue)
      json.member("value", value)
    case .basic(let user, let password):
      json.member("type", "basic")
      json.member("user", user)
      json.member("password", password)
    case .oauth2(let client):
      json.member("type", "oauth2")
      json.member("token_url", client.tokenURL)
      json.member("client_id", client.clientID)
      json.member("client_secret", client.secret)
      json.member("scopes", .array(client.scopes.map { .string($0) }))
      json.optional("audience", client.audience)
    case .mutualTLS: json.member("type", "mtls")
    }
    json.endObject()
  }
}

extension OrqExternalCredentials {
  /// The secret alone; empty for a certificate.
  public var secret: String {
    switch self {
    case .bearer(let secret), .apiKey(_, _, let secret), .basic(_, let secret): secret
    case .oauth2(let client): client.secret
    case .mutualTLS: ""
    }
  }

  /// The same with another secret.
  public func with(secret: String) -> OrqExternalCredentials {
    switch self {
    case .bearer: return .bearer(token: secret)
    case .apiKey(let name, let location, _): return .apiKey(name: name, location: location, value: secret)
    case .basic(let user, _): return .basic(user: user, password: secret)
    case .oauth2(var client):
      client.secret = secret
      return .oauth2(client)
    case .mutualTLS: return .mutualTLS
    }
  }
}
