/// The head of a request, checked.
public struct HTTPRequestHead: Sendable {
  public var method: HTTPMethod
  /// As it was sent.
  public var target: String
  /// Before the `?`, still percent-encoded; starts with `/` (or is `*` for OPTIONS).
  public var path: String
  /// Behind the `?`.
  public var query: String?
  /// 0 or 1, of HTTP/1.
  public var minorVersion: Int
  public var fields: HTTPFields
  /// The connection may serve another request after this one.
  public var keepAlive: Bool
  /// The client waits for `100 Continue` before it sends the body.
  public var expectsContinue: Bool
  public var contentLength: Int?
  public var isChunked: Bool

  public var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }
}

/// The head of a response, checked.
public struct HTTPResponseHead: Sendable {
  public var status: Int
  public var reason: String
  public var minorVersion: Int
  public var fields: HTTPFields
  /// The connection may be used again once the body has ended.
  public var keepAlive: Bool
  /// nil when the body is chunked or lasts until the connection closes.
  public var contentLength: Int?
}
