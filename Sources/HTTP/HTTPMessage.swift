/// The head of a request, checked. Many look at it, nobody changes it.
public final class HTTPRequestHead: Sendable {
  public let method: HTTPMethod
  /// As it was sent.
  public let target: String
  /// Before the `?`, still percent-encoded; starts with `/` (or is `*` for OPTIONS).
  public let path: String
  /// Behind the `?`.
  public let query: String?
  /// 0 or 1, of HTTP/1.
  public let minorVersion: Int
  public let fields: HTTPFields
  /// The connection may serve another request after this one.
  public let keepAlive: Bool
  /// The client waits for `100 Continue` before it sends the body.
  public let expectsContinue: Bool
  public let contentLength: Int?
  public let isChunked: Bool

  init(
    method: HTTPMethod, target: String, path: String, query: String?, minorVersion: Int, fields: HTTPFields,
    keepAlive: Bool, expectsContinue: Bool, contentLength: Int?, isChunked: Bool
  ) {
    self.method = method
    self.target = target
    self.path = path
    self.query = query
    self.minorVersion = minorVersion
    self.fields = fields
    self.keepAlive = keepAlive
    self.expectsContinue = expectsContinue
    self.contentLength = contentLength
    self.isChunked = isChunked
  }

  public var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }
}

/// The head of a response, checked. Many look at it, nobody changes it.
public final class HTTPResponseHead: Sendable {
  public let status: Int
  public let minorVersion: Int
  public let fields: HTTPFields
  /// The connection may be used again once the body has ended.
  public let keepAlive: Bool
  /// What the head says, if it does.
  public let contentLength: Int?
  private let reasonPlace: Range<Int>

  /// - Parameter reason: where it lies in the head that the fields were read from.
  init(
    status: Int, reason: Range<Int>, minorVersion: Int, fields: HTTPFields, keepAlive: Bool, contentLength: Int?
  ) {
    self.status = status
    self.minorVersion = minorVersion
    self.fields = fields
    self.keepAlive = keepAlive
    self.contentLength = contentLength
    reasonPlace = reason
  }

  /// For people only.
  public var reason: String { fields.text(reasonPlace) }
}
