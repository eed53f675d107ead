internal import A2A
internal import HTTP
internal import HTTPTransport

/// Serves agent cards (A2A 1.0 §8.2, §8.6): one document per protocol version, with validators and a short life.
enum CardFace {
  private static let maxAgeSeconds = 300

  /// - Parameter isPublic: anyone may read this card, shared caches may keep it, and browsers of any origin may see it.
  static func response(_ documents: CardDocuments, request head: borrowing HTTPRequestHead, isPublic: Bool)
    -> HTTPResponse
  {
    let document = document(documents, for: requestedVersion(head))
    var fields = HTTPFields()
    fields.add("content-type", "application/json")
    fields.add("etag", document.entityTag)
    fields.add("cache-control", "\(isPublic ? "public" : "private"), max-age=\(maxAgeSeconds)")
    fields.add("vary", isPublic ? "A2A-Version" : "A2A-Version, Authorization, X-API-Key")
    if isPublic { fields.add("access-control-allow-origin", "*") }
    if let header = head.fields["if-none-match"], document.matches(ifNoneMatch: header) {
      fields.remove("content-type")
      return HTTPResponse(304, fields: fields, body: [])
    }
    return HTTPResponse(200, fields: fields, body: document.body)
  }

  private static func requestedVersion(_ head: borrowing HTTPRequestHead) -> String? {
    if let header = head.fields["a2a-version"] { return header }
    return head.query.flatMap { QueryParameters($0)?.first("A2A-Version") }
  }

  private static func document(_ documents: CardDocuments, for version: String?) -> CardDocument {
    guard let version else { return documents.superset }
    if version == "1" || version.hasPrefix("1.") { return documents.v1 }
    if version == "0.3" || version.hasPrefix("0.3.") { return documents.v03 }
    return documents.superset
  }
}
