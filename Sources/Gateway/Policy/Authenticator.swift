internal import Bytes
public import Configuration
internal import Crypto
public import Model

/// Who calls. A caller without credentials is `anonymous`, where the listener admits that. Many hold one, nobody changes it.
public final class Principal: Sendable, Hashable {
  /// The name, as the caller's tasks are owned by.
  public let ownerName: OwnerName
  public let roles: Set<APIKeyConfiguration.Role>

  public static let anonymousName = "anonymous"
  public static let anonymous = Principal(name: anonymousName, roles: [])

  public let isAnonymous: Bool

  public init(name: String, roles: Set<APIKeyConfiguration.Role>) {
    ownerName = OwnerName(name)
    self.roles = roles
    isAnonymous = name == Principal.anonymousName
  }

  public var name: String { ownerName.text }

  public static func == (a: Principal, b: Principal) -> Bool { a === b || a.name == b.name && a.roles == b.roles }

  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Finds the principal of a request.
public struct Authenticator: Sendable {
  /// What a request says about its caller.
  public enum Verdict: Equatable, Sendable {
    case principal(Principal)
    /// No credentials, and the listener wants some.
    case missing
    /// Credentials that nobody was given, or a form that this gateway does not know.
    case invalid
  }

  /// A SHA-256, compared and hashed as four words.
  private struct Digest: Hashable {
    let words: InlineDigest

    init?(_ bytes: [UInt8]) {
      guard bytes.count == 32 else { return nil }
      func word(_ index: Int) -> UInt64 { bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
      words = InlineDigest(a: word(0), b: word(1), c: word(2), d: word(3))
    }
  }

  private struct InlineDigest: Hashable {
    let a, b, c, d: UInt64
  }

  private let principals: [Digest: Principal]

  /// Keys are kept by their SHA-256 only. A key's digest is unguessable (128 random bits at least), so that looking it up
  /// in a table reveals nothing by its timing.
  public init(keys: [APIKeyConfiguration]) {
    var principals: [Digest: Principal] = [:]
    for key in keys {
      guard let digest = Digest(key.sha256) else { continue }
      principals[digest] = Principal(name: key.name, roles: key.roles)
    }
    self.principals = principals
  }

  /// - Parameters:
  ///   - authorization: the `Authorization` header, if any. Only the scheme `Bearer` is known.
  ///   - apiKey: the `X-API-Key` header, if any. Beside a bearer token it must be the same key.
  public func verdict(authorization: String?, apiKey: String?, rules: AuthenticationConfiguration) -> Verdict {
    if authorization == nil, apiKey == nil { return rules.anonymous ? .principal(.anonymous) : .missing }
    guard rules.apiKeys, let key = Authenticator.key(authorization: authorization, apiKey: apiKey),
      let digest = Digest(SHA256.hash(Array(key.utf8))), let principal = principals[digest]
    else { return .invalid }
    return .principal(principal)
  }

  private static func key(authorization: String?, apiKey: String?) -> Substring? {
    guard let authorization else { return apiKey.map { $0[...] } }
    let scheme = "bearer "
    guard authorization.utf8.count > scheme.utf8.count, authorization.prefix(scheme.count).lowercased() == scheme else {
      return nil
    }
    let key = authorization.dropFirst(scheme.count).drop { $0 == " " }
    // Two keys are two callers: whoever looked at the request before may have let it in for the other one.
    return apiKey.map { $0 == key } ?? true ? key : nil
  }
}
