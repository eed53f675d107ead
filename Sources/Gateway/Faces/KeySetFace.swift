internal import HTTP
internal import HTTPTransport

/// Serves the public keys that cards are signed with (RFC 7517): for everybody, from any origin, and for caches.
enum KeySetFace {
  static let path = "/.well-known/jwks.json"
  private static let maxAgeSeconds = 300

  static func response(_ keys: SigningKeys, request head: borrowing HTTPRequestHead) -> HTTPResponse {
    var fields = HTTPFields()
    fields.add("content-type", "application/jwk-set+json")
    fields.add("etag", keys.document.entityTag)
    fields.add("cache-control", "public, max-age=\(maxAgeSeconds)")
    fields.add("access-control-allow-origin", "*")
    if let header = head.fields["if-none-match"], keys.document.matches(ifNoneMatch: header) {
      fields.remove("content-type")
      return HTTPResponse(304, fields: fields, body: [])
    }
    return HTTPResponse(200, fields: fields, body: keys.document.body)
  }
}
