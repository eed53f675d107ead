internal import HTTP
internal import JSON

/// A JSON document from elsewhere, or the word that it has not changed.
struct FetchedDocument: Sendable {
  /// Where it came from, behind redirects.
  let url: URI
  /// Whether the server says that what the validators name is still so (304); then there is no body.
  let isUnchanged: Bool
  let body: [UInt8]
  /// The body, read; null where there is none.
  let value: JSONValue
  /// For the next request.
  let validators: FetchValidators
  /// How long it may be used without asking again (RFC 9111 §4.2); zero where it must not be, nil where nothing is said.
  let freshness: Duration?
}

/// What tells a server which version of a document one has (RFC 9110 §8.8).
struct FetchValidators: Sendable, Equatable {
  var entityTag: String?
  var lastModified: String?

  init(entityTag: String? = nil, lastModified: String? = nil) {
    self.entityTag = entityTag
    self.lastModified = lastModified
  }

  init(_ fields: HTTPFields) { self.init(entityTag: fields["etag"], lastModified: fields["last-modified"]) }

  func add(to fields: inout HTTPFields) {
    if let entityTag { fields.set("if-none-match", entityTag) }
    if let lastModified { fields.set("if-modified-since", lastModified) }
  }
}

/// Why a document was not had. The message is for an operator: it says what was asked, what came of it, and what to do where
/// that is known; it holds nothing of an answer.
struct FetchFailure: Error, Sendable, CustomStringConvertible {
  enum Kind: Sendable, Equatable {
    /// No URL of http or https.
    case badURL
    /// The rules forbid the call.
    case refused
    /// The name has no address, or could not be looked up.
    case unresolved
    /// No connection, or it broke.
    case unreachable
    /// The handshake failed: for example the certificate is not trusted.
    case tls
    case tooSlow
    case tooLarge
    case redirected
    /// Another status than the one that was hoped for.
    case status(Int)
    /// Not JSON, or not HTTP as it should be.
    case content
  }

  let kind: Kind
  let message: String
  /// What a refusing server said, where it is JSON: OAuth's errors are (RFC 6749 §5.2). Not to be passed on.
  var answer: JSONValue?

  var description: String { message }
}

/// Bounds of one fetch.
struct FetchBounds: Sendable {
  var bytesMax = 1024 * 1024
  /// From the call to the last byte, with all redirects.
  var time: Duration = .seconds(10)
  /// For one address; a host may have several.
  var connectTime: Duration = .seconds(5)
  var redirectsMax = 3
}

/// Reads `Cache-Control` (RFC 9111 §5.2.2).
enum CacheControl {
  /// Longer is not believed.
  static let secondsMax = 365 * 86_400

  /// How long a response may be used without asking again; nil where it does not say.
  static func freshness(_ fields: HTTPFields) -> Duration? {
    if fields.lists("no-store", in: "cache-control") || fields.lists("no-cache", in: "cache-control") { return .zero }
    for directive in fields.values("cache-control").flatMap({ $0.split(separator: ",") }) {
      let parts = directive.split(separator: "=", maxSplits: 1).map {
        $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
      }
      guard parts.count == 2, parts[0].lowercased() == "max-age", let seconds = count(parts[1]) else { continue }
      return .seconds(max(0, seconds - (fields["age"].flatMap(count) ?? 0)))
    }
    return nil
  }

  private static func count(_ text: String) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return min(Int(text) ?? secondsMax, secondsMax)
  }
}
