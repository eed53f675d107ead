public import HTTP
public import Network

/// How an exchange ended.
public enum HTTPOutcome: Sendable, Equatable {
  /// The whole response was handed to the kernel.
  case completed
  /// The client went away first.
  case clientGone
  /// The client sent its body, or took the response, too slowly.
  case timedOut
  /// The client's body was broken or too large; the transport has answered it.
  case badRequest
  /// The service cut the response off.
  case aborted
  /// More bytes waited for the client than are allowed.
  case overflowed
  /// The server was closed.
  case shutDown
}

/// One request and its response, on one loop. Once the exchange has ended, for whatever reason, its methods do nothing.
open class HTTPExchange {
  public final let request: HTTPRequestHead
  /// When the head was complete.
  public final let startedAt: MonotonicTime

  /// What an exchange begins with.
  public struct Beginning: ~Copyable {
    let connection: ServerConnection
    let request: HTTPRequestHead
    let keepsAlive: Bool
    let startedAt: MonotonicTime
  }

  /// What the log wants to know.
  struct Facts {
    var bytesIn = 0
    var bytesOut = 0
    var firstByteAt: MonotonicTime?
    var endedAt: MonotonicTime
    var status = 0
    var outcome = HTTPOutcome.completed
  }

  // Of this module alone, so that the compiler sees all uses and leaves out the checks for exclusive access.
  final var facts: Facts
  private final var number: UInt64?
  private final var closeHandler: (() -> Void)?
  private final var drainHandler: (() -> Void)?
  /// Once answered: after how many bytes of the connection it has left, and which exchange leaves next.
  final var end = 0
  final var next: HTTPExchange?

  private enum State {
    case unanswered, streaming, ended
  }

  private final var state = State.unanswered
  /// Of no concern any more once the exchange has ended: by then it may be closed, or work on another one.
  private final let connection: ServerConnection
  private final var isChunked = false
  /// Whether only the end of the connection ends the response, as in HTTP/1.0.
  final var isEndedByClosing: Bool { state == .streaming && !isChunked }
  /// Whether the connection may serve another request afterwards.
  final private(set) var keepsAlive: Bool

  public init(_ beginning: consuming Beginning) {
    keepsAlive = beginning.keepsAlive
    startedAt = beginning.startedAt
    facts = Facts(endedAt: beginning.startedAt)
    connection = beginning.connection
    request = beginning.request
  }

  deinit { connection.giveBack(request) }

  public final var loop: EventLoop { connection.loop }
  public final var peer: PeerInfo { connection.peer }

  /// Names the exchange in its response, as sixteen hexadecimal digits in `X-Request-Id`. To be set before the response is
  /// begun; nil leaves the field to the service.
  public final var responseNumber: UInt64? {
    get { number }
    set { number = newValue }
  }
  /// Called once when the response is cut before the service has ended it: the peer went away, or a bound was reached.
  public final var onClose: (() -> Void)? {
    get { closeHandler }
    set { closeHandler = newValue }
  }
  /// Called each time all that was written has been handed to the kernel.
  public final var onDrained: (() -> Void)? {
    get { drainHandler }
    set { drainHandler = newValue }
  }

  // MARK: Facts for the log

  /// Bytes of the request's body.
  public final var bytesIn: Int { facts.bytesIn }
  /// Bytes of the response, head and framing included.
  public final var bytesOut: Int { facts.bytesOut }
  /// When the response's head was written; nil when there was none.
  public final var firstByteAt: MonotonicTime? { facts.firstByteAt }
  /// When the last byte was handed to the kernel or the exchange was cut.
  public final var endedAt: MonotonicTime { facts.endedAt }
  /// The response's status; 0 when there was none.
  public final var status: Int { facts.status }
  public final var outcome: HTTPOutcome { facts.outcome }

  // MARK: State

  public final var isEnded: Bool { state == .ended }
  /// Bytes of the response that wait for the client.
  public final var bufferedBytes: Int { isEnded ? 0 : connection.bufferedBytes }

  // MARK: Answering

  public final func respond(_ response: HTTPResponse) {
    respond(status: response.status, fields: response.fields, body: response.body)
  }

  /// Answers with a whole body. For HEAD only its length is sent.
  public final func respond(status: Int, fields: HTTPFields, body: [UInt8]) {
    guard beginWhole(status, bytes: body.count) else { return }
    connection.writeResponse(
      status: status, fields: fields, framing: framing(status, body.count), keepsAlive: keepsAlive,
      minorVersion: request.minorVersion, number: number, body: hasBody(status) ? body : [])
    complete()
  }

  /// As ``respond(status:fields:body:)-([UInt8])``; the body is copied.
  public final func respond(status: Int, fields: HTTPFields, body: Span<UInt8>) {
    guard beginWhole(status, bytes: body.count) else { return }
    connection.writeResponse(
      status: status, fields: fields, framing: framing(status, body.count), keepsAlive: keepsAlive,
      minorVersion: request.minorVersion, number: number, body: hasBody(status) ? body : Span())
    complete()
  }

  /// False where there is nothing to answer, or no room for the answer, which has then been said.
  private final func beginWhole(_ status: Int, bytes: Int) -> Bool {
    assert(state != .streaming, "an exchange is answered once")
    guard state == .unanswered else { return false }
    guard connection.hasRoom(for: bytes) else {
      respond(connection.noRoom())
      return false
    }
    begin(status)
    return true
  }

  private final func framing(_ status: Int, _ bytes: Int) -> HTTPEncoder.BodyFraming {
    HTTPExchange.allowsBody(status) ? .length(bytes) : .none
  }

  private final func hasBody(_ status: Int) -> Bool { request.method != .head && HTTPExchange.allowsBody(status) }

  /// Starts a response of unknown length: chunked, or ended by closing for HTTP/1.0.
  public final func startStream(status: Int, fields: HTTPFields) {
    assert(state != .streaming, "an exchange is answered once")
    guard state == .unanswered else { return }
    isChunked = request.minorVersion >= 1
    if !isChunked { keepsAlive = false }
    begin(status)
    state = .streaming
    connection.writeResponse(
      status: status, fields: fields, framing: isChunked ? .chunked : .untilClose, keepsAlive: keepsAlive,
      minorVersion: request.minorVersion, number: number, body: [])
  }

  /// Adds to a stream. What is written in one turn of the loop leaves together, at its end. A writer of much looks at
  /// `bufferedBytes` and waits for `onDrained`; beyond `outputBufferBytesMax` the exchange is cut.
  public final func write(_ bytes: [UInt8]) {
    assert(state != .unanswered, "a stream is started before it is written to")
    guard state == .streaming, request.method != .head, !bytes.isEmpty else { return }
    connection.writeChunk(bytes, isFramed: isChunked)
  }

  /// Adds `byteCount` bytes to a stream, which `body` appends where they leave from.
  public final func write(byteCount: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    assert(state != .unanswered, "a stream is started before it is written to")
    guard state == .streaming, request.method != .head, byteCount > 0 else { return }
    connection.writeChunk(byteCount: byteCount, isFramed: isChunked, body)
  }

  /// Ends a stream properly.
  public final func finish() {
    assert(state != .unanswered, "a stream is started before it is finished")
    guard state == .streaming else { return }
    if isChunked, request.method != .head { connection.writeLastChunk() }
    complete()
  }

  /// Has the connection closed after this response. To be called before the response is begun; the fields that say how a
  /// message ends (`Connection`, `Content-Length`, `Transfer-Encoding`) are the transport's and never the service's.
  public final func closeAfterwards() { keepsAlive = false }

  /// Cuts the response off: the client sees that it is not complete. `onClose` is not called.
  public final func abort() {
    guard state != .ended else { return }
    closeHandler = nil
    connection.cut(self, .aborted)
  }

  private final func begin(_ status: Int) {
    facts.status = status
    facts.firstByteAt = connection.readClock()
    if connection.isLastRequest { keepsAlive = false }
  }

  private final func complete() {
    state = .ended
    closeHandler = nil
    drainHandler = nil
    connection.responseEnded(self)
  }

  /// Called by the connection when it cuts the exchange off.
  final func wasCut(_ outcome: HTTPOutcome) {
    guard state != .ended else { return }
    state = .ended
    facts.outcome = outcome
    drainHandler = nil
    let handler = closeHandler
    closeHandler = nil
    handler?()
  }

  private static func allowsBody(_ status: Int) -> Bool { status >= 200 && status != 204 && status != 304 }
}
