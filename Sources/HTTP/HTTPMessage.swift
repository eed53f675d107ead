/// The head of a request, checked. It lies in its exchange, where all look at it, and is copied for nobody.
public struct HTTPRequestHead: ~Copyable, Sendable {
  public let fields: HTTPFields
  /// The connection may serve another request after this one.
  public let keepAlive: Bool
  /// The client waits for `100 Continue` before it sends the body.
  public let expectsContinue: Bool
  public let contentLength: Int?
  public let isChunked: Bool
  private let line: RequestLine
  /// Empty where there is none.
  private let hostPlace: HeadPlace

  init(_ line: RequestLine, _ fields: consuming HTTPFields, _ facts: HeadFacts) {
    self.line = line
    self.fields = fields
    keepAlive = facts.keepsConnection(minorVersion: Int(line.minorVersion))
    expectsContinue = line.minorVersion > 0 && facts.expectsContinue
    contentLength = facts.contentLength
    isChunked = facts.isChunked
    hostPlace = facts.host
  }

  public var method: HTTPMethod { line.method }
  /// 0 or 1, of HTTP/1.
  public var minorVersion: Int { Int(line.minorVersion) }
  public var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

  /// As it was sent.
  public var target: String { fields.text(line.target.range) }
  /// Before the `?`, still percent-encoded; starts with `/` (or is `*` for OPTIONS).
  public var path: String { line.url?.path ?? fields.text(pathPlace) }
  /// Behind the `?`.
  public var query: String? {
    if let url = line.url { return url.query }
    return hasQuery ? fields.text(Int(line.queryMark) + 1..<line.target.range.upperBound) : nil
  }
  /// Whether there is a `?`.
  public var hasQuery: Bool { line.url.map { $0.query != nil } ?? (Int(line.queryMark) < line.target.range.upperBound) }

  /// Lends the path's bytes.
  public func withPath<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    if let url = line.url { return body(url.path.utf8Span.span) }
    return fields.withBytes(pathPlace, body)
  }

  /// Lends the value of the only `Host`; empty where HTTP/1.0 has none.
  public func withHost<Result>(_ body: (Span<UInt8>) -> Result) -> Result { fields.withBytes(hostPlace.range, body) }

  private var pathPlace: Range<Int> { line.target.range.lowerBound..<Int(line.queryMark) }
}

/// The head of a response, checked.
public struct HTTPResponseHead: Sendable {
  public let status: Int
  public let minorVersion: Int
  public internal(set) var fields: HTTPFields
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
