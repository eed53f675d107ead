import CLinux
import Glibc
import Synchronization

/// A bound, listening socket: made anywhere, handed to the loops that accept from it. It is closed, and connections are
/// refused from then on, when the last of them has stopped.
public final class ListeningSocket: Sendable {
  let fd: Int32
  private let users = Atomic(0)
  private let isClosed = Atomic(false)
  /// Where it really listens: with the port that the system chose, where 0 was asked for.
  public let address: SocketAddress
  /// Path of a Unix socket of ours, removed at the end.
  private let ownedPath: String?

  private init(fd: Int32, address: SocketAddress, ownedPath: String?) {
    self.fd = fd
    self.address = address
    self.ownedPath = ownedPath
  }

  deinit { close() }

  /// A loop begins to accept.
  func addUser() { users.add(1, ordering: .relaxed) }

  /// A loop has stopped accepting.
  func removeUser() {
    if users.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { close() }
  }

  private func close() {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    _ = Glibc.close(fd)
    if let ownedPath { _ = unsafe unlink(ownedPath) }
  }

  /// Binds and listens. `reusePort` lets several sockets, one for each loop, share an address: the kernel spreads
  /// connections among them. A Unix socket is open to its owner only (mode 0600); a path whose listener is gone is taken
  /// over, one that is in use is refused with EADDRINUSE.
  public static func bind(
    to address: SocketAddress, reusePort: Bool = false, backlog: Int32 = 1024
  ) throws(SystemError) -> ListeningSocket {
    let socket = try Socket.stream(for: address)
    if let path = address.path {
      try bindPath(socket, address, path)
    } else {
      try socket.set(SO_REUSEADDR, to: 1)
      if reusePort { try socket.set(SO_REUSEPORT, to: 1) }
      // Accepted sockets inherit these options: none of them costs a call for each connection.
      try socket.tune(for: address)
      if address.isIPv6 { try socket.set(IPV6_V6ONLY, level: Int32(IPPROTO_IPV6), to: 1) }
      try bind(socket, address)
    }
    guard listen(socket.fd, backlog) == 0 else { throw .last("listen") }
    let bound = unsafe Socket.readAddress { unsafe getsockname(socket.fd, $0, $1) }.address ?? address
    // The new owner has a descriptor of its own; `socket` closes the first one.
    let fd = fcntl(socket.fd, F_DUPFD_CLOEXEC, 0)
    guard fd >= 0 else { throw .last("fcntl") }
    return ListeningSocket(fd: fd, address: bound, ownedPath: address.path)
  }

  private static func bind(_ socket: borrowing Socket, _ address: SocketAddress) throws(SystemError) {
    let fd = socket.fd
    // The pointer is valid during the call.
    let result = unsafe address.withSocketAddress { unsafe Glibc.bind(fd, $0, $1) }
    guard result == 0 else { throw .last("bind") }
  }

  private static func bindPath(
    _ socket: borrowing Socket, _ address: SocketAddress, _ path: String
  ) throws(SystemError) {
    // Before it is bound: Linux gives the path this mode from the start, so that there is no moment with another one.
    guard fchmod(socket.fd, 0o600) == 0 else { throw .last("fchmod") }
    do throws(SystemError) {
      try bind(socket, address)
    } catch {
      guard error.errno == EADDRINUSE, try isAbandoned(address) else { throw error }
      _ = unsafe unlink(path)
      try bind(socket, address)
    }
  }

  /// Whether nobody listens behind a Unix socket's path any more.
  private static func isAbandoned(_ address: SocketAddress) throws(SystemError) -> Bool {
    let fd = try Socket.stream(for: address)
    let result = unsafe address.withSocketAddress { unsafe Glibc.connect(fd.fd, $0, $1) }
    return result != 0 && errno == ECONNREFUSED
  }
}

/// Accepts connections of one listening socket on one loop.
public final class Listener: EventHandler {
  private let loop: EventLoop
  private let socket: ListeningSocket
  private var onAccept: ((consuming Socket, SocketAddress) -> Void)?
  private var onError: ((SystemError) -> Void)?
  private var isPaused = false
  private var retry: Timer?

  /// One turn accepts at most this many, so that those already here are served meanwhile.
  private static let acceptsPerTurnMax = 64
  /// What waits when accepting ends is let in, up to this many.
  private static let acceptsAtEndMax = 4096
  /// How long to wait before accepting again when descriptors or memory are short. Meanwhile connections wait in the
  /// kernel's backlog.
  private static let retryDelay: Duration = .milliseconds(100)

  public var address: SocketAddress { socket.address }

  /// Accepts from now on. `onError` hears what keeps it from accepting (for example too many open files); it goes on by
  /// itself.
  public init(
    loop: EventLoop, socket: ListeningSocket, onAccept: @escaping (consuming Socket, SocketAddress) -> Void,
    onError: @escaping (SystemError) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.socket = socket
    self.onAccept = onAccept
    self.onError = onError
    try loop.add(socket.fd, .read, self)
    socket.addUser()
  }

  /// Leaves new connections in the backlog until `resume`.
  public func pause() {
    guard !isPaused else { return }
    isPaused = true
    cancelRetry()
    setInterest([])
  }

  public func resume() {
    guard isPaused else { return }
    isPaused = false
    setInterest(.read)
  }

  /// Accepts what waits in the backlog, which closing the socket would reset.
  public func acceptWaiting() { accept(atMost: Listener.acceptsAtEndMax) }

  /// Stops accepting for good.
  public func close() {
    guard onAccept != nil else { return }
    onAccept = nil
    onError = nil
    cancelRetry()
    loop.remove(socket.fd)
    socket.removeUser()
  }

  public func ready(_ events: ReadyEvents, on loop: EventLoop) { accept(atMost: Listener.acceptsPerTurnMax) }

  private func accept(atMost count: Int) {
    var accepted = 0
    while accepted < count, !isPaused, let onAccept {
      let (fd, address) = unsafe Socket.readAddress { [socket] in
        unsafe linux_accept4(socket.fd, $0, $1)
      }
      if fd >= 0 {
        accepted += 1
        onAccept(Socket(owning: fd), address ?? self.address)
      } else if !goesOn(after: .last("accept4")) {
        return
      }
    }
  }

  /// Whether the next accept may succeed at once.
  private func goesOn(after error: SystemError) -> Bool {
    switch error.errno {
    case EAGAIN:
      return false
    case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
      // Errors of the one connection that was to be accepted (accept(2)); it is gone.
      return true
    default:
      onError?(error)
      waitBeforeRetry()
      return false
    }
  }

  private func waitBeforeRetry() {
    guard !isPaused, retry == nil, onAccept != nil else { return }
    setInterest([])
    retry = loop.schedule(after: Listener.retryDelay) { [unowned self] in
      retry = nil
      setInterest(.read)
    }
  }

  private func cancelRetry() {
    if let retry { loop.cancel(retry) }
    retry = nil
  }

  private func setInterest(_ interest: Interest) {
    do throws(SystemError) {
      try loop.modify(socket.fd, interest)
    } catch {
      onError?(error)
    }
  }
}
