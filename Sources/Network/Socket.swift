import CLinux
import Glibc

/// An open descriptor with one owner, closed when the owner lets go of it.
public struct Socket: ~Copyable {
  let fd: Int32

  init(owning fd: Int32) { self.fd = fd }

  deinit { _ = Glibc.close(fd) }

  /// A non-blocking stream socket for `address`.
  static func stream(for address: SocketAddress) throws(SystemError) -> Socket {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let fd = socket(address.family, kind, 0)
    guard fd >= 0 else { throw .last("socket") }
    return Socket(owning: fd)
  }

  func set(_ option: Int32, level: Int32 = SOL_SOCKET, to value: Int32) throws(SystemError) {
    var value = value
    // The kernel copies the 4 bytes of `value`.
    guard unsafe setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
      throw .last("setsockopt")
    }
  }

  /// The error that an asynchronous connect ended with; 0 when it succeeded.
  func takeError() -> Int32 {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    // The kernel writes at most `size` bytes.
    guard unsafe getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) == 0 else { return errno }
    return value
  }

  /// Small writes leave at once (what belongs together is collected before it is written), and a peer that has
  /// vanished is noticed within about two minutes even on a silent stream.
  func tune(for address: SocketAddress) throws(SystemError) {
    guard !address.isUnix else { return }
    try set(TCP_NODELAY, level: Int32(IPPROTO_TCP), to: 1)
    try set(SO_KEEPALIVE, to: 1)
    try set(TCP_KEEPIDLE, level: Int32(IPPROTO_TCP), to: 60)
    try set(TCP_KEEPINTVL, level: Int32(IPPROTO_TCP), to: 15)
    try set(TCP_KEEPCNT, level: Int32(IPPROTO_TCP), to: 4)
  }

  /// Runs a call that writes an address (accept4, getsockname) and reads what it wrote.
  static func readAddress(
    _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> (result: Int32, address: SocketAddress?) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    // sockaddr_storage is as large and as aligned as any address; the call is told its length.
    return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      let generic = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      let result = unsafe call(generic, &length)
      return (result, result < 0 ? nil : unsafe SocketAddress(generic, length: length))
    }
  }
}
