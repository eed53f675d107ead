import Bytes
import Network
import Synchronization
import TestSupport
import Testing

/// Sends back what it receives, on a loop of its own; plain or with TLS.
final class EchoServer: Sendable {
  let port: UInt16
  let group: LoopGroup
  let record = Record()

  /// What the server's side saw.
  final class Record: Sendable {
    let peers = Mutex<[PeerInfo]>([])
    let endings = Mutex<[Bool]>([])
    let failures = Mutex<[String]>([])
  }

  init(tls: TLSContext? = nil) throws {
    let address = try #require(SocketAddress("127.0.0.1:0"))
    let socket = try ListeningSocket.bind(to: address)
    port = socket.address.port
    let record = record
    group = try LoopGroup(count: 1) { loop in
      _ = try Listener(
        loop: loop, socket: socket,
        onAccept: { accepted, address in
          let session = try? tls?.makeSession()
          let connection = Connection(loop: loop, accepted: accepted, address: address, tls: session)
          connection.delegate = Echo(record)
          connection.start()
        }, onError: { error in record.failures.withLock { $0.append(error.description) } })
    }
  }

  deinit {
    group.stop()
    group.join()
  }
}

private final class Echo: ConnectionDelegate {
  let record: EchoServer.Record

  init(_ record: EchoServer.Record) { self.record = record }

  func connectionEstablished(_ connection: Connection) { record.peers.withLock { $0.append(connection.peer) } }

  func connectionReceived(_ connection: Connection, _ input: inout ByteBuffer) {
    let count = input.count
    connection.write(input.copy(0..<count))
    input.consume(count)
    // Read no faster than the client takes.
    if connection.bufferedBytes > 256 * 1024 { connection.pauseReading() }
  }

  func connectionFlushed(_ connection: Connection) { connection.resumeReading() }

  func connectionEnded(_ connection: Connection, clean: Bool) {
    record.endings.withLock { $0.append(clean) }
    connection.finish()
    if connection.bufferedBytes == 0 { connection.close() }
  }

  func connectionClosed(_ connection: Connection, error: ConnectionError?) {
    if let error { record.failures.withLock { $0.append(error.description) } }
  }
}
