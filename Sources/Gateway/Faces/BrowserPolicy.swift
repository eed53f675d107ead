internal import HTTP
internal import HTTPTransport

/// Cross-origin rules (CORS, Fetch standard §3.2): calls for the listener's listed origins, cards for every origin.
struct BrowserPolicy {
  private let allowedOrigins: Set<String>

  init(allowedOrigins: [String]) { self.allowedOrigins = Set(allowedOrigins) }

  /// The answer to a preflight request, nil for any other request. A card is open to every origin; what its answer then
  /// says of origins is ``CardFace``'s.
  func preflight(_ head: HTTPRequestHead) -> HTTPResponse? {
    guard head.method == .options, head.fields["access-control-request-method"] != nil else { return nil }
    var response = HTTPResponse(204)
    if case .card = Route(method: .get, path: head.path) {
      response.fields.add("access-control-allow-origin", "*")
    } else {
      for (name, value) in fields(for: head) { response.fields.add(name, value) }
    }
    if response.fields["access-control-allow-origin"] != nil {
      response.fields.add("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
      response.fields.add(
        "access-control-allow-headers",
        "authorization, content-type, a2a-version, a2a-extensions, x-a2a-extensions, x-api-key, last-event-id")
      response.fields.add("access-control-max-age", "600")
    }
    return response
  }

  /// The fields that let a listed origin read an answer; none without an `Origin`.
  func fields(for head: HTTPRequestHead) -> [(StaticString, String)] {
    guard !allowedOrigins.isEmpty, let origin = head.fields["origin"] else { return [] }
    guard allowedOrigins.contains(origin) || allowedOrigins.contains("*") else { return [("vary", "Origin")] }
    return [("access-control-allow-origin", origin), ("vary", "Origin")]
  }
}
