internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport

/// How calls to an external agent prove who sends them: the operator's credentials, resolved. Never logged or shown.
struct ExternalAuthorization: Sendable {
  private enum Proof: Sendable {
    case none
    case field(name: String, value: String)
    case query(name: String, value: String)
    case token(OAuth2Tokens)
  }

  private let headers: [(name: String, value: String)]
  private let proof: Proof

  /// Reads the secrets.
  ///
  /// - Throws: ``SecretError`` naming the one that cannot be read.
  init(_ agent: ExternalAgentConfiguration) throws(SecretError) {
    var headers: [(name: String, value: String)] = []
    for header in agent.headers { headers.append((header.name, try header.value.read())) }
    self.headers = headers
    proof =
      switch agent.credentials {
      case nil, .mutualTLS: .none
      case .bearer(let token): .field(name: "Authorization", value: "Bearer " + (try token.read()))
      case .basic(let user, let password):
        .field(
          name: "Authorization", value: "Basic " + Base64.encode(Array("\(user):\(try password.read())".utf8)))
      case .apiKey(let name, .header, let value): .field(name: name, value: try value.read())
      case .apiKey(let name, .cookie, let value): .field(name: "Cookie", value: "\(name)=\(try value.read())")
      case .apiKey(let name, .query, let value): .query(name: name, value: try value.read())
      case .oauth2(let client): .token(OAuth2Tokens(client, secret: try client.clientSecret.read()))
      }
  }

  /// Where tokens come from; nil where no call needs one.
  var tokens: OAuth2Tokens? {
    if case .token(let tokens) = proof { tokens } else { nil }
  }

  /// The fields and the URL of a request, with the proof.
  ///
  /// - Parameter token: of ``tokens``.
  func apply(token: String?, fields: inout HTTPFields, url: inout URI) {
    for header in headers { fields.add(named: header.name, header.value) }
    switch proof {
    case .none: break
    case .field(let name, let value): fields.add(named: name, value)
    case .token: if let token { fields.add("Authorization", "Bearer " + token) }
    case .query(let name, let value):
      let mark = url.query == nil ? "?" : "&"
      url = URI(url.text + mark + ExternalAuthorization.pair(name, value)) ?? url
    }
  }

  private static func pair(_ name: String, _ value: String) -> String {
    "\(PercentEncoding.encodePathSegment(name))=\(PercentEncoding.encodePathSegment(value))"
  }

  /// A URL that may hold the proof, fit to be kept and shown.
  func withoutProof(_ url: URI) -> URI {
    guard case .query(let name, _) = proof, let query = url.query else { return url }
    let prefix = PercentEncoding.encodePathSegment(name) + "="
    let rest = query.split(separator: "&", omittingEmptySubsequences: false).filter { !$0.hasPrefix(prefix) }
    let base = url.withoutQuery
    return URI(rest.isEmpty ? base : base + "?" + rest.joined(separator: "&")) ?? url
  }
}
