internal import Bytes
public import HTTP
public import Network

/// How long a call may wait for each step.
public struct HTTPClientTimeouts: Sendable {
  /// Until the connection stands: name, TCP and TLS together.
  public var connect: Duration = .seconds(10)
  /// From there to the head of the response.
  public var firstByte: Duration = .seconds(60)
  /// Between two pieces of the body.
  public var silence: Duration = .seconds(60)

  public init() {}
}

/// A request to send. It is moved and not copied, from whoever makes it to the call that holds it.
public struct HTTPClientRequest: ~Copyable, Sendable {
  public var method: HTTPMethod
  public var url: URI
  /// Path and query: the URL's own, unless the request goes elsewhere on its server.
  public var target: String
  /// `Host` and `Content-Length` are added; the rest is up to the caller.
  public var fields: HTTPFields
  public var body: [UInt8]
  /// How an https server is proven; nil for the client's default (the system's authorities).
  public var tls: TLSClientContext?
  /// Connect to this address whatever the URL's host resolves to: a Unix socket, or an address that was checked before.
  /// The host is still what is named in `Host` and checked in the certificate.
  public var address: SocketAddress?
  public var timeouts: HTTPClientTimeouts
  /// Whether sending the request twice does no harm. By default what HTTP says of the method (RFC 9110 §9.2.2).
  public var isRepeatable: Bool
  /// The largest response body; a stream has no end that could be known in advance, so that its reader sets `.max`.
  public var responseBytesMax = 10 * 1024 * 1024

  @inlinable
  public init(
    _ method: HTTPMethod, _ url: URI, target: String? = nil, fields: HTTPFields = HTTPFields(), body: [UInt8] = [],
    tls: TLSClientContext? = nil, timeouts: HTTPClientTimeouts = HTTPClientTimeouts()
  ) {
    self.method = method
    self.url = url
    self.target = target ?? url.target
    self.fields = fields
    self.body = body
    self.tls = tls
    self.timeouts = timeouts
    isRepeatable = method.isIdempotent
  }

  /// The same request once more.
  public func copy() -> HTTPClientRequest {
    var copy = HTTPClientRequest(method, url, target: target, fields: fields, body: body, tls: tls, timeouts: timeouts)
    copy.address = address
    copy.isRepeatable = isRepeatable
    copy.responseBytesMax = responseBytesMax
    return copy
  }
}

/// Why a call has failed.
public struct HTTPClientError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The host has no address.
    case resolve
    /// No connection: refused, unreachable.
    case connect
    /// The handshake failed: for example the certificate is not trusted, or not for this host.
    case tls
    case connectTimeout
    case firstByteTimeout
    case silenceTimeout
    /// The server closed before the first byte of a response.
    case closed
    /// The server closed within the response.
    case truncated
    /// What came is not HTTP as it should be.
    case invalidResponse
    case responseTooLarge
    /// This client has as many connections as it may have.
    case overloaded
  }

  public let kind: Kind
  public let message: String
  /// Whether the server may have seen the request. Where it cannot have, sending again is safe whatever the method.
  public let mayHaveArrived: Bool

  public init(kind: Kind, message: String, mayHaveArrived: Bool) {
    self.kind = kind
    self.message = message
    self.mayHaveArrived = mayHaveArrived
  }

  public var description: String { message }
}

/// Hears about a response, on the client's loop: its head once, its body in pieces, then its end; or an error at any point.
/// Nothing comes after the end, an error or `cancel`, nor before `send` has returned. The call holds on to its delegate until
/// then.
public protocol HTTPClientDelegate: AnyObject {
  func responseBegan(_ head: HTTPResponseHead)
  /// - Parameter body: lent for the time of the call.
  func responseContinued(_ body: Span<UInt8>)
  func responseEnded()
  func responseFailed(_ error: HTTPClientError)
}

/// A delegate made of functions.
public final class HTTPClientHandlers: HTTPClientDelegate {
  public let onHead: (HTTPResponseHead) -> Void
  public let onBody: ([UInt8]) -> Void
  public let onEnd: () -> Void
  public let onError: (HTTPClientError) -> Void

  public init(
    onHead: @escaping (HTTPResponseHead) -> Void, onBody: @escaping ([UInt8]) -> Void, onEnd: @escaping () -> Void,
    onError: @escaping (HTTPClientError) -> Void
  ) {
    self.onHead = onHead
    self.onBody = onBody
    self.onEnd = onEnd
    self.onError = onError
  }

  public func responseBegan(_ head: HTTPResponseHead) { onHead(head) }
  public func responseContinued(_ body: Span<UInt8>) { onBody(body.copied) }
  public func responseEnded() { onEnd() }
  public func responseFailed(_ error: HTTPClientError) { onError(error) }
}
