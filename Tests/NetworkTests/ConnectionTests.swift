import Bytes
import Network
import Synchronization
import TestSupport
import Testing

struct ConnectionTests {
  private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }

  @Test(arguments: [false, true]) func bytesComeBackInOrderWhateverTheirNumber(_ usesTLS: Bool) throws {
    let server = try EchoServer(tls: usesTLS ? try TLSTests.context(names: ["a.test"]) : nil)
    let client = try RawClient(port: server.port, tls: usesTLS ? .init(serverName: "a.test") : nil)
    for count in [1, 100, 16_384, 16_385, 100_000, 300_000] {
      let bytes = ConnectionTests.pattern(count)
      try client.send(bytes)
      #expect(try client.receive(count: count) == bytes)
    }
  }

  @Test func theEndOfOneSideStillLetsTheOtherSideFinish() throws {
    let server = try EchoServer()
    let client = try RawClient(port: server.port)
    try client.send("last words")
    client.finishSending()
    #expect(try client.receiveAll() == "last words")
    #expect(server.record.endings.withLock { $0 } == [true])
  }

  @Test func aConnectionIsRefusedWhereNobodyListens() throws {
    let address = try #require(SocketAddress("127.0.0.1:0"))
    var socket: ListeningSocket? = try ListeningSocket.bind(to: address)
    let free = try #require(socket).address
    socket = nil
    let loop = try EventLoop()
    defer { loop.close() }
    let connection = try Connection(loop: loop, to: free)
    let recorder = Recorder()
    connection.delegate = recorder
    connection.start()
    try turn(loop, until: "the refusal") { recorder.closed != nil }
    #expect(recorder.closed == "connect: Connection refused (errno 111)")
    #expect(!recorder.wasEstablished)
  }

  @Test func aClientConnectionTalksAndHearsTheEnd() throws {
    let server = try EchoServer()
    let loop = try EventLoop()
    defer { loop.close() }
    let connection = try Connection(loop: loop, to: try #require(SocketAddress("127.0.0.1:\(server.port)")))
    let recorder = Recorder()
    connection.delegate = recorder
    connection.write(Array("before the connection stands".utf8))
    connection.start()
    try turn(loop, until: "the echo") { recorder.received.count == 28 }
    #expect(String(decoding: recorder.received, as: UTF8.self) == "before the connection stands")
    connection.finish()
    try turn(loop, until: "the end") { recorder.endedCleanly != nil }
    #expect(recorder.endedCleanly == true)
    connection.close()
    #expect(recorder.closed == "")
  }

  /// Both ends live on one loop: closing one must not disturb an event that is already fetched for the other.
  @Test func eventsOfAConnectionClosedInTheSameTurnAreDropped() throws {
    let loop = try EventLoop()
    defer { loop.close() }
    let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
    var accepted: [Connection] = []
    let recorders = [Recorder(), Recorder()]
    for recorder in recorders {
      recorder.onReceived = {
        for connection in accepted { connection.close() }
      }
    }
    let listener = try Listener(
      loop: loop, socket: socket,
      onAccept: { taken, address in
        let connection = Connection(loop: loop, accepted: taken, address: address)
        connection.delegate = recorders[accepted.count]
        connection.start()
        accepted.append(connection)
      }, onError: { _ in })
    defer { listener.close() }
    let clients = try (0..<2).map { _ in try RawClient(port: socket.address.port) }
    defer { for client in clients { client.close() } }
    try turn(loop, until: "two connections") { accepted.count == 2 }
    for client in clients { try client.send("x") }
    try turn(loop, until: "both closed") { recorders.allSatisfy { $0.closed != nil } }
    for _ in 0..<3 { loop.runOnce() }
    #expect(recorders.map(\.received.count).reduce(0, +) == 1)
  }

  @Test func anAddressInUseIsRefusedUnlessShared() throws {
    let first = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")), reusePort: true)
    #expect(throws: SystemError(call: "bind", errno: 98)) { _ = try ListeningSocket.bind(to: first.address) }
    let second = try ListeningSocket.bind(to: first.address, reusePort: true)
    #expect(second.address == first.address)
  }
}

/// Turns the loop until the condition holds.
func turn(_ loop: EventLoop, until what: String, _ condition: () -> Bool) throws {
  try eventually(what) {
    if condition() { return true }
    loop.runOnce(maxWait: .milliseconds(100))
    return condition()
  }
}

/// Notes what a delegate hears.
final class Recorder: ConnectionDelegate {
  var received: [UInt8] = []
  var wasEstablished = false
  var endedCleanly: Bool?
  /// The error's text; empty where there was none.
  var closed: String?
  var onReceived: () -> Void = {}

  func connectionEstablished(_ connection: Connection) { wasEstablished = true }

  func connectionReceived(_ connection: Connection, _ input: inout ByteBuffer) {
    received += input.copy(0..<input.count)
    input.clear(keepingCapacity: true)
    onReceived()
  }

  func connectionEnded(_ connection: Connection, clean: Bool) { endedCleanly = clean }

  func connectionFlushed(_ connection: Connection) {}

  func connectionClosed(_ connection: Connection, error: ConnectionError?) {
    #expect(closed == nil)
    closed = error?.description ?? ""
  }
}
