internal import Bytes
public import HTTP

/// A whole response, ready to be sent.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var fields: HTTPFields
  public var body: [UInt8]

  public init(_ status: Int, fields: HTTPFields = HTTPFields(), body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  public init(_ status: Int, contentType: StaticString, body: [UInt8]) {
    self.init(status, body: body)
    self.fields.add("Content-Type", contentType.description)
  }
}

/// What becomes of a request when only its head is known.
public enum HeadDecision {
  /// Read the body, up to `bodyBytesMax` bytes (a larger one is answered 413), then call `request`.
  case accept(bodyBytesMax: Int)
  /// Answer at once. `request` is not called.
  case reject(HTTPResponse)
}

/// Answers the requests of one loop. Calls come on that loop; those of one connection strictly in order, the next
/// request only after the response to the one before is complete.
public protocol HTTPService: AnyObject {
  /// The exchange of a request whose head has come: of a class of the service's own, where it keeps more of a request than
  /// the transport does.
  func exchange(_ beginning: consuming HTTPExchange.Beginning) -> HTTPExchange
  /// Decides before the body is read.
  func head(of exchange: HTTPExchange) -> HeadDecision
  /// Answers through `exchange`, now or later.
  ///
  /// - Parameter body: the whole one.
  func request(_ exchange: HTTPExchange, body: consuming [UInt8])
  /// As ``request(_:body:)``, of a body that came in one piece and is lent for the time of the call; for those who need no
  /// bytes of their own.
  func request(_ exchange: HTTPExchange, lent body: Span<UInt8>)
  /// The last byte was handed to the kernel, or the exchange was cut: `exchange` has all facts for a log line. Comes
  /// once for every exchange that `head` has seen.
  func finished(_ exchange: HTTPExchange)
}

extension HTTPService {
  public func exchange(_ beginning: consuming HTTPExchange.Beginning) -> HTTPExchange { HTTPExchange(beginning) }

  public func request(_ exchange: HTTPExchange, lent body: Span<UInt8>) { request(exchange, body: body.copied) }
}
