import Bytes
import HTTP
import Network
import Telemetry

/// One client of a server: decodes its requests, hands them to the service one at a time, and sends the answers in order.
final class ServerConnection: Connection {
  /// What is expected from the client.
  private enum Phase {
    case handshake
    /// Between requests.
    case idle
    /// A head has begun.
    case head
    /// The body of a request that the service has accepted.
    case body
    /// The body of a request that was refused and answered.
    case discarding
    /// A request is complete and being answered.
    case answering
    /// The last answer is written: what still comes is dropped until the client closes.
    case lingering
    case closed
  }

  /// Place in the server's list.
  var position = 0

  private let server: HTTPServer
  private let service: any HTTPService
  /// Nothing that runs while it decodes knows of it: overlaps cannot be.
  @exclusivity(unchecked) private var decoder: HTTPRequestDecoder
  private var phase = Phase.handshake
  /// When the phase must be over; the server looks from time to time.
  private var deadline: MonotonicTime
  private var current: HTTPExchange?
  /// Of the request that is being received, where it comes in several pieces.
  private var body: [UInt8] = []
  private var bodyCount = 0
  /// Bytes that were written before the current exchange.
  private var responseStart = 0
  /// Of the answered exchanges that have not left, each with the next one.
  private var oldest: HTTPExchange?
  /// After how many bytes the oldest of them has left.
  private var nextEnd = Int.max
  private var isProcessing = false
  /// The next request waits until the client has taken more of the answers before it.
  private var waitsForClient = false
  private var inputHasEnded = false

  /// Requests answered in one go; then other connections have their turn.
  private static let requestsPerTurnMax = 64

  init(_ server: HTTPServer, accepted socket: consuming Socket, address: SocketAddress, tls: TLSSession?) {
    self.server = server
    service = server.service
    unsafe decoder = HTTPRequestDecoder(limits: server.options.limits, memory: server.headMemory)
    deadline = server.loop.now + server.options.handshakeTimeout
    super.init(loop: server.loop, accepted: socket, address: address, tls: tls)
  }

  /// Nobody will read the head any more.
  @inline(never)
  func giveBack(_ head: borrowing HTTPRequestHead) {
    // Whoever lets go of an exchange last may be on another thread, which must not touch what is the loop's.
    if loop.mailbox.isCurrent { head.giveBack(to: server.headMemory) }
  }

  /// Whether the connection is to be closed after the response that is being written.
  var isLastRequest: Bool { server.drains || inputHasEnded }

  // MARK: Events of the connection

  override func established() {
    phase = .head
    deadline = loop.now + server.options.headerTimeout
    server.noteHandshake(peer)
  }

  override func received(_ input: inout ByteBuffer) {
    if phase != .lingering { process(&input) }
    // Of a connection that ends, nothing is looked at any more.
    if phase == .lingering { input.clear(keepingCapacity: true) }
  }

  override func ended(clean: Bool) {
    inputHasEnded = true
    switch phase {
    case .answering: if let current { cut(current, .clientGone) }
    case .handshake, .head, .body, .discarding: close()
    case .closed: break
    case .idle, .lingering:
      // All requests are answered: what is on its way still arrives.
      phase = .lingering
      if bufferedBytes == 0 { close() } else { finish() }
    }
  }

  override func flushed() {
    let sent = bytesSent
    while nextEnd <= sent, let exchange = takeOldest() { report(exchange) }
    if waitsForClient, bufferedBytes <= server.options.pipelinedAnswerBytesMax {
      waitsForClient = false
      loop.later { self.processRest() }
    }
    guard bufferedBytes == 0 else { return }
    switch phase {
    case .lingering where inputHasEnded: close()
    case .lingering: deadline = loop.now + server.options.lingerTimeout
    // A client is idle from when it has its answer.
    case .idle: deadline = idleDeadline
    case .handshake, .head, .body, .discarding, .answering, .closed: break
    }
    current?.onDrained?()
  }

  override func closed(_ error: ConnectionError?) {
    if phase == .handshake { server.noteHandshakeFailure(peer, error) }
    phase = .closed
    server.remove(self)
    releaseBody()
    if let exchange = current {
      current = nil
      exchange.facts.bytesOut = bytesSent - min(responseStart, bytesSent)
      exchange.wasCut(.clientGone)
      report(exchange)
    }
    while let exchange = takeOldest() {
      if exchange.outcome == .completed { exchange.facts.outcome = .clientGone }
      report(exchange)
    }
  }

  private func takeOldest() -> HTTPExchange? {
    var taken: HTTPExchange?
    swap(&taken, &oldest)
    guard let exchange = taken else { return nil }
    swap(&oldest, &exchange.next)
    nextEnd = oldest?.end ?? .max
    return exchange
  }

  private func waitToLeave() {
    var answered: HTTPExchange?
    swap(&answered, &current)
    let end = bytesQueued
    answered?.end = end
    nextEnd = min(nextEnd, end)
    guard var last = oldest else { return swap(&answered, &oldest) }
    // More than one are those of a client that asks ahead of its answers, which is bounded.
    while let next = last.next { last = next }
    last.next = answered
  }

  private func report(_ exchange: HTTPExchange) {
    exchange.facts.endedAt = readClock()
    service.finished(exchange)
  }

  // MARK: Requests

  private var canDecode: Bool {
    switch phase {
    case .idle, .head, .body, .discarding: true
    case .handshake, .answering, .lingering, .closed: false
    }
  }

  private func processRest() {
    guard !isProcessing, isOpen else { return }
    withInput { received(&$0) }
  }

  /// Decodes what has arrived, up to the first request whose answer takes longer.
  private func process(_ input: inout ByteBuffer) {
    guard !isProcessing else { return }
    isProcessing = true
    defer { isProcessing = false }
    var requests = 0
    while canDecode {
      if phase == .idle {
        if input.isEmpty { break }
        guard requests < ServerConnection.requestsPerTurnMax else {
          loop.later { self.processRest() }
          break
        }
        // Whoever asks on and takes no answers would fill the memory with them.
        guard bufferedBytes <= server.options.pipelinedAnswerBytesMax else {
          waitsForClient = true
          break
        }
        requests += 1
        phase = .head
        deadline = loop.now + server.options.headerTimeout
      }
      do throws(HTTPParseError) {
        switch try unsafe decoder.next(&input) {
        case nil: return boundReadAhead(input.count)
        case .head(let head): begin(head, hasMore: !input.isEmpty)
        case .body(let count): received(body: input.take(count))
        case .end(let count): receivedEnd(count, of: &input)
        }
      } catch {
        refuse(error)
      }
    }
    boundReadAhead(input.count)
  }

  /// - Parameter hasMore: whether something has come behind the head.
  private func begin(_ head: consuming HTTPRequestHead, hasMore: Bool) {
    server.noted.requests += 1
    let keepsAlive = head.keepAlive && !isLastRequest
    let exchange = service.exchange(
      HTTPExchange.Beginning(connection: self, request: head, keepsAlive: keepsAlive, startedAt: loop.now))
    current = exchange
    responseStart = bytesQueued
    phase = .body
    deadline = loop.now + server.options.bodyTimeout
    let decision = service.head(of: exchange)
    // The service may have cut it.
    guard phase == .body else { return }
    switch decision {
    case .accept(let bodyBytesMax): accept(exchange.request, bodyBytesMax, hasMore: hasMore)
    case .reject(let response): reject(exchange.request, exchange, response)
    }
  }

  private func accept(_ head: borrowing HTTPRequestHead, _ bodyBytesMax: Int, hasMore: Bool) {
    guard (head.contentLength ?? 0) <= bodyBytesMax else {
      return refuse(413, "the body is larger than \(bodyBytesMax) bytes")
    }
    guard hasRoom(for: head.contentLength ?? 0) else { return refuseForRoom() }
    unsafe decoder.setBodyLimit(bodyBytesMax)
    guard head.hasBody, head.expectsContinue, head.minorVersion >= 1, !hasMore else { return }
    write("HTTP/1.1 100 Continue\r\n\r\n")
  }

  /// Answers at once. The body is read and dropped where that is cheap, so that the connection stays usable; a client
  /// that waits for "100 Continue" may or may not send it (RFC 9110 §10.1.1), so there the connection ends.
  private func reject(_ head: borrowing HTTPRequestHead, _ exchange: HTTPExchange, _ response: HTTPResponse) {
    let discardMax = server.options.discardedBodyBytesMax
    if head.hasBody, head.expectsContinue || (head.contentLength ?? 0) > discardMax { exchange.closeAfterwards() }
    phase = .discarding
    unsafe decoder.setBodyLimit(discardMax)
    exchange.respond(response)
  }

  private func received(body bytes: [UInt8]) {
    guard phase == .body, hold(bytes) else { return }
    // What came fast earns no right to trickle later.
    let nanoseconds = UInt64(bytes.count) * 1_000_000_000 / UInt64(max(1, server.options.bodyBytesPerSecondMin))
    deadline = min(deadline + .nanoseconds(Int64(clamping: nanoseconds)), loop.now + server.options.bodyTimeout)
  }

  /// False where there is no room for more of the body: then its request is refused.
  private func hold(_ bytes: [UInt8]) -> Bool {
    guard let current else { return false }
    current.facts.bytesIn += bytes.count
    bodyCount += bytes.count
    if bodyCount == bytes.count { body = bytes } else { body += bytes }
    loop.heldBytes += bytes.count
    if hasRoom(for: bodyCount) { return true }
    refuseForRoom()
    return false
  }

  private func releaseBody() {
    guard bodyCount > 0 else { return }
    loop.heldBytes -= bodyCount
    bodyCount = 0
    body = []
  }

  /// Whether a body or an answer of this size may be held: anything small may, and anything at all while the loop's
  /// connections hold little.
  func hasRoom(for bytes: Int) -> Bool {
    bytes <= ServerConnection.smallBytesMax || loop.heldBytes - bodyCount <= server.options.heldBytesMax
  }

  private static let smallBytesMax = 64 * 1024

  private func refuseForRoom() {
    server.noteShortage()
    refuse(503, ServerConnection.noRoomText, outcome: .overflowed)
  }

  /// In place of an answer that may not be held.
  func noRoom() -> HTTPResponse {
    server.noteShortage()
    var response = HTTPResponse(
      503, contentType: "application/json", body: ErrorBody.json(503, ServerConnection.noRoomText))
    response.fields.add("retry-after", "5")
    return response
  }

  private static let noRoomText = "too many bytes wait for slow connections; retry in a few seconds"

  /// - Parameter count: the last bytes of the body, at the front of `input`.
  private func receivedEnd(_ count: Int, of input: inout ByteBuffer) {
    guard phase == .body, let exchange = current else {
      // The end of a body that was dropped; its request is answered.
      input.consume(count)
      return becomeIdle()
    }
    // Nearly every body comes in one piece, is read where it was received, and is nothing that is held.
    if bodyCount == 0, hasRoom(for: count) {
      exchange.facts.bytesIn += count
      beginAnswer()
      input.withBytes { service.request(exchange, lent: $0.extracting(..<count)) }
      return input.consume(count)
    }
    guard hold(input.take(count)) else { return }
    var whole: [UInt8] = []
    swap(&whole, &body)
    releaseBody()
    beginAnswer()
    service.request(exchange, body: whole)
  }

  private func beginAnswer() {
    phase = .answering
    deadline = .distantFuture
  }

  private func becomeIdle() {
    phase = .idle
    deadline = idleDeadline
  }

  private var idleDeadline: MonotonicTime {
    loop.now + (server.drains ? server.options.drainIdleTimeout : server.options.idleTimeout)
  }

  /// Later requests wait in the kernel when enough of them wait here.
  private func boundReadAhead(_ waiting: Int) {
    if phase == .answering || waitsForClient, waiting >= server.options.readAheadBytesMax {
      pauseReading()
    } else {
      resumeReading()
    }
  }

  // MARK: Refusals of the transport

  private func refuse(_ error: HTTPParseError) { refuse(error.status, error.message) }

  /// Answers a request that is not valid HTTP or exceeds a bound; then the connection ends, for where the next request
  /// begins is not known.
  private func refuse(_ status: Int, _ message: String, outcome: HTTPOutcome = .badRequest) {
    server.noted.refused += 1
    let response = HTTPResponse(status, contentType: "application/json", body: ErrorBody.json(status, message))
    if let exchange = current {
      exchange.facts.outcome = outcome
      exchange.closeAfterwards()
      exchange.respond(response)
    } else if phase == .discarding {
      // Already answered.
      beginLingering()
    } else {
      server.logger.debug(
        "request refused",
        ["status": .int(status), "reason": .string(message), "peer": .string(peer.address.description)])
      writeResponse(
        status: status, fields: response.fields, framing: .length(response.body.count), keepsAlive: false,
        minorVersion: 1, number: nil, body: response.body)
      beginLingering()
    }
  }

  // MARK: Responses

  /// The time as it is, not as it was when the turn began.
  func readClock() -> MonotonicTime { loop.readClock() }

  func writeResponse(
    status: Int, fields: HTTPFields, framing: HTTPEncoder.BodyFraming, keepsAlive: Bool, minorVersion: Int,
    number: UInt64?, body: [UInt8]
  ) {
    let isJoined = body.count < ServerConnection.joinedBodyBytesMax
    writeHead(
      status: status, fields: fields, framing: framing, keepsAlive: keepsAlive, minorVersion: minorVersion,
      number: number, joined: isJoined ? body.span : Span())
    if !isJoined { write(body) }
  }

  func writeResponse(
    status: Int, fields: HTTPFields, framing: HTTPEncoder.BodyFraming, keepsAlive: Bool, minorVersion: Int,
    number: UInt64?, body: Span<UInt8>
  ) {
    let isJoined = body.count < ServerConnection.joinedBodyBytesMax
    writeHead(
      status: status, fields: fields, framing: framing, keepsAlive: keepsAlive, minorVersion: minorVersion,
      number: number, joined: isJoined ? body : Span())
    if !isJoined { write(body.copied) }
  }

  /// - Parameter joined: what follows the head in the same piece.
  private func writeHead(
    status: Int, fields: HTTPFields, framing: HTTPEncoder.BodyFraming, keepsAlive: Bool, minorVersion: Int,
    number: UInt64?, joined: Span<UInt8>
  ) {
    let date = server.date
    let headBytesMax = HTTPEncoder.responseHeadBytesMax(fields: fields)
    write(bytesMax: headBytesMax + joined.count) { output in
      HTTPEncoder.responseHead(
        status: status, fields: fields, framing: framing, keepAlive: keepsAlive, minorVersion: minorVersion,
        date: date.span, number: number, into: &output)
      output.append(joined)
    }
  }

  /// Bodies up to this size are copied behind their head; larger ones are sent from where they are.
  private static let joinedBodyBytesMax = 16 * 1024

  func writeChunk(_ bytes: [UInt8], isFramed: Bool) {
    if isFramed {
      writeChunk(byteCount: bytes.count, isFramed: true) { $0.append(bytes.span) }
    } else if hasRoomForChunk(bytes.count) {
      write(bytes)
    }
  }

  /// - Parameter body: appends as many bytes.
  func writeChunk(byteCount: Int, isFramed: Bool, _ body: (inout OutputSpan<UInt8>) -> Void) {
    guard hasRoomForChunk(byteCount) else { return }
    write(bytesMax: byteCount + HTTPEncoder.chunkFrameBytesMax) { output in
      if isFramed { HTTPEncoder.chunk(byteCount: byteCount, into: &output, body) } else { body(&output) }
    }
  }

  /// False where the client takes too little: then the exchange is cut.
  private func hasRoomForChunk(_ byteCount: Int) -> Bool {
    if bufferedBytes <= server.options.outputBufferBytesMax, hasRoom(for: byteCount) { return true }
    // Later: the service is in the middle of writing and must not find its stream gone under its hands.
    loop.later { if let current = self.current { self.cut(current, .overflowed) } }
    return false
  }

  func writeLastChunk() { write(HTTPEncoder.lastChunk) }

  /// The response is written: the next request may be decoded.
  func responseEnded(_ exchange: HTTPExchange) {
    releaseBody()
    exchange.facts.bytesOut = bytesQueued - responseStart
    waitToLeave()
    guard exchange.keepsAlive else { return beginLingering() }
    // A refused request is answered before its body is here; the body is still being dropped.
    guard phase == .answering else { return }
    becomeIdle()
    guard !isProcessing, phase == .idle else { return }
    if bytesUnread == 0 {
      resumeReading()
    } else {
      loop.later { self.processRest() }
    }
  }

  /// Cuts an exchange off in the middle of its response.
  func cut(_ exchange: HTTPExchange, _ outcome: HTTPOutcome) {
    guard current === exchange else { return }
    current = nil
    exchange.facts.bytesOut = bytesQueued - responseStart
    let isEndedByClosing = exchange.isEndedByClosing
    exchange.wasCut(outcome)
    // Where closing is how a response ends, the client must see that this is not its end.
    if isEndedByClosing { reset() } else { close() }
    report(exchange)
  }

  // MARK: The end

  private func beginLingering() {
    phase = .lingering
    deadline = loop.now + server.options.lingerTimeout
    if bytesUnread > 0 { withInput { $0.clear(keepingCapacity: true) } }
    resumeReading()
    finish()
    if inputHasEnded, bufferedBytes == 0 { close() }
  }

  /// Ends the connection after the response that is under way; where nothing is going on, soon: a request may have been
  /// sent already, which is answered, and its client told to send no other.
  func drain() {
    if phase == .idle || phase == .head && isBetweenRequests { deadline = min(deadline, idleDeadline) }
  }

  func closeNow(_ outcome: HTTPOutcome) {
    if let current { cut(current, outcome) } else { close() }
  }

  /// Cuts what has taken too long.
  func checkTime(_ now: MonotonicTime) {
    if bufferedBytes > 0, lastWriteProgress + server.options.writeStallTimeout <= now {
      server.noted.timedOut += 1
      return closeNow(.timedOut)
    }
    guard deadline <= now else { return }
    // While an answer is on its way, only its stalling ends these.
    if phase == .lingering || phase == .idle, bufferedBytes > 0 { return }
    switch phase {
    case .handshake: timeOut { close(.timedOut) }
    // A client that was only idle, or connected ahead of need, is not told: it may be about to send a request, and
    // would take the answer for that of its request.
    case .head where isBetweenRequests: close()
    case .head: timeOut { refuse(408, "the request's head did not arrive in time", outcome: .timedOut) }
    case .body: timeOut { refuse(408, "the request's body did not arrive in time", outcome: .timedOut) }
    case .discarding: timeOut { beginLingering() }
    case .idle where server.drains: beginLingering()
    case .idle, .lingering: close()
    case .answering, .closed: break
    }
  }

  private var isBetweenRequests: Bool { unsafe decoder.isBetweenMessages && bytesUnread == 0 }

  private func timeOut(_ body: () -> Void) {
    server.noted.timedOut += 1
    body()
  }
}
