internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import Network

/// What web pages may do: calls from the listener's listed origins, cards from every origin (CORS, Fetch standard §3.2).
struct BrowserPolicy {
  private let allowedOrigins: Set<String>
  /// Of the listener's public URL, and its host.
  private let ownOrigin: String
  private let ownHost: String
  /// What nearly every request to this machine calls it: these need not be taken apart.
  private let usualHosts: [[UInt8]]
  private let isLoopback: Bool

  /// - Parameter publicURL: the listener's.
  init(_ listener: ListenerConfiguration, publicURL: String) {
    allowedOrigins = Set(listener.cors)
    isLoopback = listener.bind.isLoopback
    let url = URI(publicURL)
    ownOrigin = url.map { "\($0.scheme)://\($0.authority)" } ?? ""
    ownHost = url?.host ?? ""
    // The listener's own comes first.
    let names = [url?.authority ?? "localhost", "localhost", "127.0.0.1", "[::1]"]
    usualHosts = names.flatMap { [$0, "\($0):\(url?.effectivePort ?? 80)"] }.map { Array($0.utf8) }
  }

  // MARK: Callers that show no key

  /// Why a request without a key must not be served; nil if it may.
  ///
  /// Any page that somebody opens on this machine can have the browser call it, and to an agent that needs no key the
  /// page's request looks like the user's own. A browser says which page it acts for (`Origin`), and which name it
  /// believes to speak to (`Host`): a name that a stranger has pointed at this machine is not one of this machine's.
  func refusal(ofAnonymous head: borrowing HTTPRequestHead) -> (status: Int, message: String)? {
    if let origin = head.fields["origin"], origin != ownOrigin, !allows(origin) {
      return (403, "web pages of this origin may not call here; \"cors\" of the listener names those that may")
    }
    if isLoopback, !isUsual(head), let host = head.fields["host"], !isOwn(host) {
      return (421, "this gateway does not go by that name; it is the \"public_url\" of the listener that gives it one")
    }
    return nil
  }

  private func allows(_ origin: String) -> Bool { allowedOrigins.contains(origin) || allowedOrigins.contains("*") }

  private func isUsual(_ head: borrowing HTTPRequestHead) -> Bool {
    head.withHost { host in
      for usual in usualHosts where usual.span.isSame(as: host) { return true }
      return false
    }
  }

  /// Names that lead to this machine by themselves, and the one that the operator has given.
  private func isOwn(_ field: String) -> Bool {
    guard let host = URI("http://\(field)/")?.host else { return false }
    return host == ownHost || host == "localhost" || host.hasSuffix(".localhost")
      || SocketAddress(ip: host, port: 0)?.isLoopback == true
  }

  // MARK: Answers

  /// The answer to a preflight request, nil for any other request. A card, or a key set, is open to every origin; what its
  /// answer then says of origins is ``CardFace``'s or ``KeySetFace``'s.
  func preflight(_ head: borrowing HTTPRequestHead) -> HTTPResponse? {
    guard head.method == .options, head.fields["access-control-request-method"] != nil else { return nil }
    var response = HTTPResponse(204)
    switch Route(method: .get, path: head.path) {
    case .card, .keySet: response.fields.add("access-control-allow-origin", "*")
    default: for (name, value) in fields(for: head) { response.fields.add(name, value) }
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
  func fields(for head: borrowing HTTPRequestHead) -> [(StaticString, String)] {
    guard !allowedOrigins.isEmpty, let origin = head.fields["origin"] else { return [] }
    guard allows(origin) else { return [("vary", "Origin")] }
    return [("access-control-allow-origin", origin), ("vary", "Origin")]
  }
}
