import COpenSSL
import Glibc

/// OpenSSL's way to a socket (a BIO). OpenSSL's own asks the kernel once more after every record whether there is
/// another; this one remembers that a short read has emptied the socket, and saves that call until the loop hears of more.
final class TLSSocket {
  private let fd: Int32
  private var isDrained = false
  private var peerHasClosed = false
  private var hasEnded = false

  init(_ fd: Int32) { self.fd = fd }

  /// The loop has heard of something to read. Where the peer has closed, reading goes on until the end is read.
  func becameReadable(peerHasClosed: Bool) {
    isDrained = false
    if peerHasClosed { self.peerHasClosed = true }
  }

  /// A BIO over this object, which must live as long as the BIO; nil when memory is short.
  func makeBIO() -> OpaquePointer? {
    guard let bio = unsafe BIO_new(TLSSocket.method) else { return nil }
    unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    unsafe BIO_set_init(bio, 1)
    return unsafe bio
  }

  // Never freed: it serves every session of the program. Not changed after it is made, so that threads may share it.
  nonisolated(unsafe) private static let method: OpaquePointer? = {
    let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket on a loop")
    unsafe BIO_meth_set_read(method) { bio, buffer, count in unsafe TLSSocket.of(bio).read(bio, buffer, count) }
    unsafe BIO_meth_set_write(method) { bio, bytes, count in unsafe TLSSocket.of(bio).write(bio, bytes, count) }
    unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in unsafe TLSSocket.of(bio).control(command) }
    return unsafe method
  }()

  private static func of(_ bio: OpaquePointer?) -> TLSSocket {
    guard let data = unsafe BIO_get_data(bio) else { preconditionFailure("a BIO without its socket") }
    // Set by `makeBIO` to an object that outlives the BIO.
    return unsafe Unmanaged<TLSSocket>.fromOpaque(data).takeUnretainedValue()
  }

  private func read(_ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32) -> Int32 {
    unsafe BIO_clear_flags(bio, TLSSocket.retryFlags)
    while !isDrained {
      // OpenSSL lends `size` writable bytes.
      let count = unsafe recv(fd, buffer, Int(size), 0)
      if count > 0 {
        if count < size, !peerHasClosed { isDrained = true }
        return Int32(count)
      }
      if count == 0 {
        hasEnded = true
        return 0
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: isDrained = true
      default: return -1
      }
    }
    unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
    return -1
  }

  private func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ size: Int32) -> Int32 {
    unsafe BIO_clear_flags(bio, TLSSocket.retryFlags)
    while true {
      // OpenSSL lends `size` bytes.
      let count = unsafe send(fd, bytes, Int(size), Int32(MSG_NOSIGNAL))
      if count >= 0 { return Int32(count) }
      switch errno {
      case EINTR: continue
      case EAGAIN: unsafe BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
      default: break
      }
      return -1
    }
  }

  private func control(_ command: Int32) -> Int {
    switch command {
    // Nothing is held back here.
    case BIO_CTRL_FLUSH: 1
    case BIO_CTRL_EOF: hasEnded ? 1 : 0
    default: 0
    }
  }

  private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY
}
