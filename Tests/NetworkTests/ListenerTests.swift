import Glibc
import Network
import TestSupport
import Testing

struct ListenerTests {
  /// In a process of its own: the limit of open files is the whole process's.
  @Test func runningOutOfDescriptorsIsReportedAndSurvived() async {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
      var accepted: [Connection] = []
      var errors: [SystemError] = []
      let listener = try Listener(
        loop: loop, socket: socket,
        onAccept: { taken, address in accepted.append(Connection(loop: loop, accepted: taken, address: address)) },
        onError: { errors.append($0) })
      let clients = try (0..<3).map { _ in try RawClient(port: socket.address.port) }
      let lowestFree = dup(0)
      close(lowestFree)
      var limit = rlimit()
      // The kernel fills and reads the structure during the calls.
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let before = limit.rlim_cur
      limit.rlim_cur = rlim_t(lowestFree)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      try turn(loop, until: "an error") { !errors.isEmpty }
      #expect(errors == [SystemError(call: "accept4", errno: EMFILE)])
      // It does not spin meanwhile: the next attempt comes with a timer.
      loop.runOnce()
      #expect(errors.count == 1)
      limit.rlim_cur = before
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      try turn(loop, until: "all accepted") { accepted.count == 3 }
      listener.close()
      withExtendedLifetime(clients) {}
    }
  }

  @Test func aPausedListenerLeavesConnectionsInTheBacklog() throws {
    let loop = try EventLoop()
    defer { loop.close() }
    let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
    var count = 0
    let listener = try Listener(loop: loop, socket: socket, onAccept: { _, _ in count += 1 }, onError: { _ in })
    listener.pause()
    let client = try RawClient(port: socket.address.port)
    loop.runOnce()
    #expect(count == 0)
    listener.resume()
    try turn(loop, until: "the connection") { count == 1 }
    listener.close()
    #expect(throws: RawClient.Failure.self) { _ = try RawClient(port: socket.address.port) }
    client.close()
  }

  @Test func aSharedSocketListensUntilItsLastLoopStops() throws {
    let loops = try (0..<2).map { try EventLoop(index: $0) }
    let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
    let listeners = try loops.map {
      try Listener(loop: $0, socket: socket, onAccept: { _, _ in }, onError: { _ in })
    }
    listeners[0].close()
    listeners[0].close()
    _ = try RawClient(port: socket.address.port)
    listeners[1].close()
    #expect(throws: RawClient.Failure.self) { _ = try RawClient(port: socket.address.port) }
  }
}
