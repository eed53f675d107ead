public import HTTP

/// Bounds of an HTTP server. Every wait and every buffer has one.
public struct HTTPServerOptions: Sendable {
  /// Sizes of heads and bodies.
  public var limits = HTTPLimits()
  /// From accept to the end of the TLS handshake.
  public var handshakeTimeout: Duration = .seconds(10)
  /// From the first byte of a head (for the first one: from accept or handshake) to its end.
  public var headerTimeout: Duration = .seconds(10)
  /// Until a body must be complete, apart from the time that its bytes may take at `bodyBytesPerSecondMin`; also the
  /// longest pause within it.
  public var bodyTimeout: Duration = .seconds(30)
  /// The slowest rate at which a body may arrive in the long run: a client that trickles cannot hold a connection.
  public var bodyBytesPerSecondMin = 1024
  /// How long a connection may wait for its next request.
  public var idleTimeout: Duration = .seconds(75)
  /// How long an idle connection may still bring a request once the server drains: one may be on its way.
  public var drainIdleTimeout: Duration = .seconds(1)
  /// How long a client may refuse to take bytes of an answer before it is cut.
  public var writeStallTimeout: Duration = .seconds(30)
  /// How long to read on after the last answer of a connection, so that the client sees that answer and no reset.
  public var lingerTimeout: Duration = .seconds(2)
  /// More connections than these wait in the kernel's backlog.
  public var connectionsMax = 16_384
  /// A stream that is written to while more bytes than these wait for its client is cut off.
  public var outputBufferBytesMax = 4 * 1024 * 1024
  /// While more bytes of answers than these wait for a client, its next request is not looked at.
  public var pipelinedAnswerBytesMax = 64 * 1024
  /// What all connections of a loop may hold in memory: bodies that are being received, and answers that wait for their
  /// clients. Beyond it large ones are refused with 503.
  public var heldBytesMax = 256 * 1024 * 1024
  /// Bytes of later requests that are read while one is answered.
  public var readAheadBytesMax = 64 * 1024
  /// The largest body that is read and dropped after its request was refused; for larger ones the connection is closed.
  public var discardedBodyBytesMax = 256 * 1024

  public init() {}
}

/// What a server has seen since its start.
public struct HTTPServerCounters: Sendable, Equatable {
  public var accepted = 0
  public var requests = 0
  /// Requests that were answered by the transport itself because they are not valid HTTP or exceed a bound.
  public var refused = 0
  /// Connections cut because a time ran out: handshake, head, body or write stall.
  public var timedOut = 0
  public var handshakesFailed = 0
  public var handshakesResumed = 0
}
