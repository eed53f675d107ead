import Bytes
import HTTP
import Network

/// One caller: sends a request, reads the answer, tells the generator, waits to be told to go on.
final class LoadConnection: ConnectionDelegate {
  private let generator: LoadGenerator
  private let target: LoadTarget
  /// Which of the generator's callers this is.
  private let slot: Int
  private var connection: Connection?
  private var decoder = HTTPResponseDecoder(limits: LoadConnection.limits)
  /// When the request that is under way was meant to leave; nil while there is none.
  private var intendedAt: MonotonicTime?
  private var events = EventCounter()
  private var status = 0
  private var hasEvents = false
  private var keepsAlive = true
  private var connectionsMade = 0

  private static let limits: HTTPLimits = {
    var limits = HTTPLimits()
    limits.bodyBytesMax = .max
    return limits
  }()

  init(_ generator: LoadGenerator, _ target: LoadTarget, slot: Int) {
    self.generator = generator
    self.target = target
    self.slot = slot
  }

  /// Makes the connection ahead of the first request.
  func open() {
    guard connection == nil else { return }
    do {
      let connection = try Connection(loop: generator.loop, to: target.address, tls: try makeSession())
      connectionsMade += 1
      decoder = HTTPResponseDecoder(limits: LoadConnection.limits)
      self.connection = connection
      connection.delegate = self
      connection.start()
    } catch {
      failed("\(error)")
    }
  }

  /// The port is only part of the name under which a client remembers sessions: one that is never the same has none to
  /// resume, one of the caller's own has the session of its connection before.
  private func makeSession() throws(TLSError) -> TLSSession? {
    switch generator.plan.connections {
    case .full:
      try target.tls?.makeSession(
        host: target.host, port: UInt16(truncatingIfNeeded: slot + connectionsMade * generator.plan.connectionCount))
    case .resumed, .kept: try target.tls?.makeSession(host: target.host, port: UInt16(truncatingIfNeeded: slot))
    }
  }

  /// Sends the request that was meant to leave at `moment`: now, or as soon as there is a connection.
  func send(intendedAt moment: MonotonicTime) {
    intendedAt = moment
    guard let connection else { return open() }
    if connection.isEstablished { write(to: connection) }
  }

  private func write(to connection: Connection) {
    decoder.expect(requestMethod: .post)
    hasEvents = false
    events = EventCounter()
    connection.write(target.request)
  }

  /// Ends for good.
  func close() {
    intendedAt = nil
    let connection = connection
    self.connection = nil
    connection?.delegate = nil
    connection?.close()
  }

  // MARK: Events of the connection

  func connectionEstablished(_ connection: Connection) {
    generator.established(isResumed: target.tls == nil ? nil : connection.peer.isResumed)
    if intendedAt == nil { generator.isReady(self) } else { write(to: connection) }
  }

  func connectionReceived(_ connection: Connection, _ input: inout ByteBuffer) {
    do throws(HTTPParseError) {
      while self.connection === connection, let event = try decoder.next(&input) { handle(event, &input) }
    } catch {
      failed("invalid response: \(error.message)")
    }
  }

  private func handle(_ event: consuming HTTPResponseDecoder.Event, _ input: inout ByteBuffer) {
    switch event {
    case .head(let head):
      status = head.status
      keepsAlive = head.keepAlive
    case .body(let count): received(count, of: &input)
    case .end(let count):
      received(count, of: &input)
      finish()
    }
  }

  private func received(_ byteCount: Int, of input: inout ByteBuffer) {
    let count = input.withBytes { events.count($0.extracting(..<byteCount)) }
    input.consume(byteCount)
    if count > 0, !hasEvents, let intendedAt {
      hasEvents = true
      generator.streamBegan(intendedAt)
    }
    generator.received(bytes: byteCount, events: count)
  }

  private func finish() {
    guard let intendedAt else { return failed("an answer without a request") }
    self.intendedAt = nil
    if hasEvents { generator.streamEnded() }
    if !keepsAlive || generator.plan.connections != .kept { close() }
    generator.completed(intendedAt, status: status)
    generator.isReady(self)
  }

  func connectionEnded(_ connection: Connection, clean: Bool) {
    if case .end? = try? decoder.endOfInput() { return finish() }
    failed(intendedAt == nil ? nil : "closed before the end of the answer")
  }

  func connectionFlushed(_ connection: Connection) {}

  func connectionClosed(_ connection: Connection, error: ConnectionError?) {
    guard self.connection === connection else { return }
    failed(error?.description)
  }

  /// - Parameter kind: nil where nothing was lost: the server closed an idle connection.
  private func failed(_ kind: String?) {
    let wasStreaming = intendedAt != nil && hasEvents
    close()
    if wasStreaming { generator.streamEnded() }
    generator.failed(self, kind)
  }
}
