public import Bytes
import Glibc

/// Hears what happens on a connection, on its loop. Every connection that was started ends with one `connectionClosed`.
public protocol ConnectionDelegate: AnyObject {
  /// Connected, and for TLS the handshake is done: `peer` is complete. Comes before any byte.
  func connectionEstablished(_ connection: Connection)
  /// New bytes have come. What of `input` is not consumed stays in the connection, and comes again with more.
  func connectionReceived(_ connection: Connection, _ input: inout ByteBuffer)
  /// The peer will send nothing more. `clean` is false where TLS did not announce the end: the last message may be cut.
  func connectionEnded(_ connection: Connection, clean: Bool)
  /// Some of what was written went to the kernel.
  func connectionFlushed(_ connection: Connection)
  /// Closed, by either side; nil where nothing went wrong. The last call.
  func connectionClosed(_ connection: Connection, error: ConnectionError?)
}

/// What broke a connection.
public enum ConnectionError: Error, Sendable, CustomStringConvertible {
  case system(SystemError)
  /// TLS failed: OpenSSL's reasons.
  case tls(String)
  case timedOut

  public var description: String {
    switch self {
    case .system(let error): error.description
    case .tls(let text): "TLS: \(text)"
    case .timedOut: "timed out"
    }
  }
}

/// A stream of bytes over TCP, a Unix socket or TLS, on one loop.
///
/// Descriptors are watched edge-triggered and registered once: a request costs no `epoll_ctl`. What is written collects
/// until the end of the loop's turn and leaves in as few calls as possible.
///
/// Who has one connection for each of its own overrides what it hears, so that the two are one object; all others set a
/// delegate.
open class Connection: EventHandler {
  public final let loop: EventLoop
  public final var peer: PeerInfo { known }
  /// Whether the peer's end is reported while reading is paused, though bytes may lie before it: right for a server,
  /// which wants to know that nobody waits for its answer; wrong for a client, which wants the whole answer.
  public final var reportsEndWhilePaused = true

  // What lies below is private and simple, so that the compiler sees all of its uses, and checks none of them for exclusive
  // access while the program runs.

  private var known: PeerInfo
  private var user: (any ConnectionDelegate)?
  private var socket: Socket?
  /// The socket's; -1 once it is closed.
  private var descriptor: Int32
  private var tls: TLSSession?
  /// Bytes that were received and not consumed.
  private var input = ByteBuffer()
  private var inputCount = 0
  private let output: OutputQueue
  private var queuedTotal = 0
  private var writeProgress: MonotonicTime
  private var phase: Phase
  private var canRead = false
  private var canWrite = false
  private var isReadingPaused = false
  private var peerHasClosed = false
  private var hasEnded = false
  private var isFlushScheduled = false
  private var isFinishing = false

  private enum Phase {
    case connecting, handshake, established, closed
  }

  /// Reads of one connection in one turn; more waits for the next, so that other connections get their share.
  private static let readsPerTurnMax = 8

  /// A connection that was accepted. Call `start` when its delegate is set.
  public init(
    loop: EventLoop, accepted socket: consuming Socket, address: SocketAddress, tls: TLSSession? = nil
  ) {
    self.loop = loop
    descriptor = socket.fd
    self.socket = consume socket
    self.tls = tls
    output = OutputQueue(pool: loop.buffers)
    known = PeerInfo(address: address)
    phase = .handshake
    writeProgress = loop.now
  }

  /// A connection to `address`, made by `start`.
  public init(loop: EventLoop, to address: SocketAddress, tls: TLSSession? = nil) throws(SystemError) {
    let socket = try Socket.stream(for: address)
    try socket.tune(for: address)
    self.loop = loop
    descriptor = socket.fd
    self.socket = consume socket
    self.tls = tls
    output = OutputQueue(pool: loop.buffers)
    known = PeerInfo(address: address)
    phase = .connecting
    writeProgress = loop.now
  }

  // MARK: State

  public final var isOpen: Bool { phase != .closed }
  public final var isEstablished: Bool { phase == .established }
  /// Held until the connection is closed.
  public final var delegate: (any ConnectionDelegate)? {
    get { user }
    set { user = newValue }
  }
  /// Bytes written and not yet taken by the kernel.
  public final var bufferedBytes: Int { output.count }
  /// Bytes written to the connection since its start, sent or not; those that a close has lost are taken off.
  public final var bytesQueued: Int { queuedTotal }
  /// Bytes that the kernel has taken since the start.
  public final var bytesSent: Int { queuedTotal - output.count }
  /// Bytes received and not consumed, but for those that the delegate has in its hands.
  public final var bytesUnread: Int { inputCount }
  /// When bytes last went to the kernel, or the queue last stopped being empty.
  public final var lastWriteProgress: MonotonicTime { writeProgress }

  /// Begins: watches the socket, connects, shakes hands. Failures arrive at the delegate, in a later turn.
  public final func start() {
    let failure: SystemError?
    do throws(SystemError) {
      failure = phase == .connecting ? connect() : nil
      try withDescriptor { fd throws(SystemError) in try loop.add(fd, [.read, .write, .edge], self) }
    } catch {
      loop.later { self.close(.system(error)) }
      return
    }
    if let failure {
      loop.later { self.close(.system(failure)) }
    } else if phase == .handshake, tls == nil {
      // Nothing to wait for; a plain connection may write first.
      canWrite = true
      establish()
    }
  }

  private func connect() -> SystemError? {
    let fd = descriptor
    // The pointer is valid during the call.
    let result = unsafe peer.address.withSocketAddress { unsafe Glibc.connect(fd, $0, $1) }
    return result == 0 || errno == EINPROGRESS || errno == EINTR ? nil : .last("connect")
  }

  private func withDescriptor(_ body: (Int32) throws(SystemError) -> Void) throws(SystemError) {
    guard phase != .closed else { return }
    try body(descriptor)
  }

  // MARK: What is heard

  /// As ``ConnectionDelegate/connectionEstablished(_:)``.
  open func established() { user?.connectionEstablished(self) }

  /// As ``ConnectionDelegate/connectionReceived(_:_:)``.
  open func received(_ input: inout ByteBuffer) { user?.connectionReceived(self, &input) }

  /// As ``ConnectionDelegate/connectionEnded(_:clean:)``.
  open func ended(clean: Bool) { user?.connectionEnded(self, clean: clean) }

  /// As ``ConnectionDelegate/connectionFlushed(_:)``.
  open func flushed() { user?.connectionFlushed(self) }

  /// As ``ConnectionDelegate/connectionClosed(_:error:)``.
  open func closed(_ error: ConnectionError?) {
    let user = user
    self.user = nil
    user?.connectionClosed(self, error: error)
  }

  // MARK: Events

  public final func ready(_ events: ReadyEvents, on loop: EventLoop) {
    if events.overlaps(.turnEnd) { return flush() }
    if events.overlaps(.peerClosed) { peerHasClosed = true }
    if events.overlaps(.readable) || events.overlaps(.peerClosed) { canRead = true }
    if events.overlaps(.writable) || events.overlaps(.peerClosed) { canWrite = true }
    if let tls {
      if canRead { tls.becameReadable(peerHasClosed: peerHasClosed) }
      // TLS may have to write before it can go on reading.
      canRead = true
    }
    if phase == .connecting, canWrite { finishConnect() }
    if phase == .handshake { shakeHands() }
    guard phase == .established else { return }
    if canRead { readAvailable() }
    if phase == .established, canWrite, output.count > 0 { scheduleFlush() }
  }

  private func finishConnect() {
    let code = socket?.takeError() ?? ECONNABORTED
    guard code == 0 else { return close(.system(SystemError(call: "connect", errno: code))) }
    phase = .handshake
    if tls == nil { establish() }
  }

  private func shakeHands() {
    guard let tls else { return }
    switch tls.shakeHands(descriptor, peerHasClosed: peerHasClosed) {
    case .bytes:
      known = PeerInfo(address: peer.address, tls.describe())
      canRead = true
      establish()
    case .wouldBlock: break
    case .end: close(.tls("the peer closed the connection during the handshake"))
    case .failed(let error): close(error)
    }
  }

  private func establish() {
    phase = .established
    established()
    if phase == .established, output.count > 0 { scheduleFlush() }
  }

  // MARK: Reading

  /// Leaves bytes in the kernel until `resumeReading`; the end of the peer's side is still noticed.
  public final func pauseReading() { isReadingPaused = true }

  public final func resumeReading() {
    guard isReadingPaused else { return }
    isReadingPaused = false
    if canRead { loop.later { self.readAvailable() } }
  }

  private func readAvailable() {
    var reads = 0
    while phase == .established, canRead, !hasEnded {
      if isReadingPaused {
        // What the peer has sent stays where it is, but that it has gone is news that must not wait.
        if peerHasClosed, reportsEndWhilePaused { end(clean: true) }
        return
      }
      guard reads < Connection.readsPerTurnMax else { return loop.later { self.readAvailable() } }
      reads += 1
      var buffer = takeInput()
      let result = receive(into: &buffer)
      if case .bytes = result { received(&buffer) }
      keep(buffer)
      switch result {
      case .bytes: break
      case .wouldBlock: canRead = false
      case .end(let clean): end(clean: clean)
      case .failed(let error): close(error)
      }
    }
  }

  private func end(clean: Bool) {
    hasEnded = true
    canRead = false
    ended(clean: clean)
  }

  private func receive(into input: inout ByteBuffer) -> StreamResult {
    let (fd, tls) = (descriptor, tls)
    var space = 0
    var result = StreamResult.wouldBlock
    let count = unsafe input.withWritableBytes(minimum: BufferPool.bufferBytes) { buffer in
      space = buffer.count
      result = if let tls { unsafe tls.read(into: buffer) } else { unsafe Connection.receive(fd, into: buffer) }
      return if case .bytes(let count) = result { count } else { 0 }
    }
    // A short read has emptied the socket; what comes after it is a new edge. That a close came with it must still be
    // read. OpenSSL may hold more than it gave, so it is asked until it has nothing.
    if tls == nil, count < space, !peerHasClosed { canRead = false }
    return result
  }

  private static func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> StreamResult {
    while true {
      // The kernel writes at most `buffer.count` bytes.
      let count = unsafe recv(fd, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end(clean: true) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      case ECONNRESET: return .end(clean: false)
      default: return .failed(.system(.last("recv")))
      }
    }
  }

  /// Lends what was received and not consumed. To be called when the delegate has it not in its hands already.
  public final func withInput<Result>(_ body: (inout ByteBuffer) -> Result) -> Result {
    var buffer = takeInput()
    let result = body(&buffer)
    keep(buffer)
    return result
  }

  private func takeInput() -> ByteBuffer {
    inputCount > 0 ? takeKept() : loop.buffers.take()
  }

  @inline(never)
  private func takeKept() -> ByteBuffer {
    var buffer = ByteBuffer()
    swap(&buffer, &input)
    inputCount = 0
    return buffer
  }

  /// An emptied buffer goes to the loop's other connections, so that an idle one holds none.
  private func keep(_ buffer: consuming ByteBuffer) {
    if phase == .closed { buffer.clear(keepingCapacity: true) }
    if buffer.isEmpty { loop.buffers.giveBack(buffer) } else { keepRest(buffer) }
  }

  @inline(never)
  private func keepRest(_ buffer: consuming ByteBuffer) {
    inputCount = buffer.count
    input = buffer
  }

  // MARK: Writing

  /// Queues bytes; they leave at the end of this turn. After `finish` or `close` they are dropped.
  public final func write(_ bytes: [UInt8]) {
    guard phase != .closed, !isFinishing else { return }
    let before = output.count
    output.append(bytes)
    noteQueued(since: before)
  }

  /// Queues a literal.
  public final func write(_ text: StaticString) { write(bytesMax: text.utf8CodeUnitCount) { $0.append(text) } }

  /// Queues what `body` writes, at most `bytesMax` bytes, where it leaves from.
  public final func write(bytesMax: Int, with body: (inout OutputSpan<UInt8>) -> Void) {
    guard phase != .closed, !isFinishing else { return }
    let before = output.count
    output.write(bytesMax: bytesMax, body)
    noteQueued(since: before)
  }

  private func noteQueued(since before: Int) {
    if before == 0 { writeProgress = loop.now }
    let byteCount = output.count - before
    queuedTotal += byteCount
    loop.heldBytes += byteCount
    scheduleFlush()
  }

  private func scheduleFlush() {
    // What was written before is sent when the connection stands.
    guard !isFlushScheduled, phase == .established else { return }
    isFlushScheduled = true
    loop.flushAtTurnEnd(descriptor)
  }

  /// Sends what is queued, at the end of a turn.
  private func flush() {
    isFlushScheduled = false
    let before = output.count
    let end = canWrite ? send() : .wouldBlock
    output.releaseBlock()
    let sent = before - output.count
    loop.heldBytes -= sent
    switch end {
    case .bytes: break
    case .wouldBlock: canWrite = false
    case .end: return close(nil)
    case .failed(let error): return close(error)
    }
    if sent > 0 {
      writeProgress = loop.now
      flushed()
    }
    if isFinishing, output.count == 0 { shutDownWriting() }
  }

  /// Sends until nothing is left, which are bytes, or until something else comes up.
  private func send() -> StreamResult {
    while output.count > 0 {
      let result = if let tls { tls.write(output) } else { sendPlain() }
      guard case .bytes(let count) = result else { return result }
      output.consume(count)
    }
    return .bytes(0)
  }

  private func sendPlain() -> StreamResult {
    while true {
      let count = output.send(to: descriptor)
      if count >= 0 { return .bytes(count) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: return .failed(.system(.last("sendmsg")))
      }
    }
  }

  // MARK: Closing

  /// Ends our side when all that is queued has left: the peer sees the end after the last byte. Reading goes on.
  public final func finish() {
    guard phase != .closed, !isFinishing else { return }
    isFinishing = true
    scheduleFlush()
  }

  private func shutDownWriting() {
    tls?.sendCloseNotify()
    // That the peer has gone already is no news here.
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Closes at once in a way that the peer sees as an error and not as the end of the stream (RST).
  public final func reset() {
    var option = Glibc.linger(l_onoff: 1, l_linger: 0)
    // The kernel copies the structure. A connection that has failed already needs no reset.
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<Glibc.linger>.size))
    close(.system(SystemError(call: "reset", errno: ECONNABORTED)))
  }

  /// Closes at once; what is queued is lost. The delegate hears of it before this returns, once.
  public final func close(_ error: ConnectionError? = nil) {
    guard phase != .closed else { return }
    let wasEstablished = phase == .established
    phase = .closed
    if error == nil, wasEstablished, !isFinishing, output.count == 0 { tls?.sendCloseNotify() }
    loop.remove(descriptor)
    tls = nil
    socket = nil
    descriptor = -1
    queuedTotal -= output.count
    loop.heldBytes -= output.count
    output.removeAll()
    closed(error)
    // Those who are closed within `received` let go of it afterwards.
    if inputCount > 0 { withInput { $0.clear(keepingCapacity: true) } }
  }
}
