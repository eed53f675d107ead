import CLinux
import Glibc

/// An address that a socket can be bound or connected to: IPv4, IPv6 or a path (Unix domain).
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  enum Storage: Sendable, Hashable {
    /// Address and port in host order.
    case v4(UInt32, UInt16)
    /// The address's halves in host order; the scope is an interface number, 0 where none is needed.
    case v6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
    /// Empty for the unnamed end of a Unix socket.
    case unix(String)
  }

  let storage: Storage

  init(_ storage: Storage) { self.storage = storage }

  /// The longest path that a Unix socket address holds, in bytes.
  public static let pathBytesMax = 107

  /// Reads `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`; nil for anything else. Names are the resolver's business.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty, path.utf8.count <= SocketAddress.pathBytesMax, !path.utf8.contains(0) else { return nil }
      self.init(.unix(path))
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = SocketAddress.port(text[text.index(after: colon)...]) else {
      return nil
    }
    let host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      self.init(ip: String(host.dropFirst().dropLast()), port: port)
      guard isIPv6 else { return nil }
    } else {
      self.init(ip: String(host), port: port)
      guard !isIPv6 else { return nil }
    }
  }

  /// An address from the text of an IP address, without brackets; nil when it is not one.
  public init?(ip: String, port: UInt16) {
    var v4 = in_addr()
    var v6 = in6_addr()
    // inet_pton fills the structure of the family that it is told.
    if unsafe inet_pton(AF_INET, ip, &v4) == 1 {
      self.init(.v4(UInt32(bigEndian: v4.s_addr), port))
    } else if unsafe inet_pton(AF_INET6, ip, &v6) == 1 {
      self.init(SocketAddress.storage(of: v6, port: port, scope: 0))
    } else {
      return nil
    }
  }

  private static func port(_ text: Substring) -> UInt16? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return UInt16(text)
  }

  /// The port; 0 for a path.
  public var port: UInt16 {
    switch storage {
    case .v4(_, let port), .v6(_, _, let port, _): port
    case .unix: 0
    }
  }

  /// The same address with another port.
  public func with(port: UInt16) -> SocketAddress {
    switch storage {
    case .v4(let address, _): SocketAddress(.v4(address, port))
    case .v6(let high, let low, _, let scope): SocketAddress(.v6(high: high, low: low, port: port, scope: scope))
    case .unix: self
    }
  }

  /// The IP address as text, without brackets and port; the path of a Unix socket.
  public var ip: String {
    switch storage {
    case .v4(let address, _):
      return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    case .v6:
      var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
      return unsafe withSocketAddress { address, _ in
        // The storage is an IPv6 address, so the pointer is to a sockaddr_in6; `text` has the room that it takes.
        let v6 = unsafe UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr_in6.self)
        var bytes = unsafe v6.pointee.sin6_addr
        guard let words = unsafe inet_ntop(AF_INET6, &bytes, &text, socklen_t(INET6_ADDRSTRLEN)) else { return "" }
        return unsafe String(cString: words)
      }
    case .unix(let path):
      return path
    }
  }

  /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`.
  public var description: String {
    switch storage {
    case .v4: "\(ip):\(port)"
    case .v6: "[\(ip)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  public var isUnix: Bool {
    if case .unix = storage { true } else { false }
  }

  var isIPv6: Bool {
    if case .v6 = storage { true } else { false }
  }

  var path: String? {
    if case .unix(let path) = storage { path } else { nil }
  }

  var family: Int32 {
    switch storage {
    case .v4: AF_INET
    case .v6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  // MARK: The system's form

  /// Runs `body` with the address in the system's form, valid during the call.
  func withSocketAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    switch storage {
    case .v4(let address, let port):
      var value = sockaddr_in()
      value.sin_family = sa_family_t(AF_INET)
      value.sin_port = port.bigEndian
      value.sin_addr.s_addr = address.bigEndian
      return unsafe SocketAddress.withGenericPointer(to: &value, body)
    case .v6(let high, let low, let port, let scope):
      var value = sockaddr_in6()
      value.sin6_family = sa_family_t(AF_INET6)
      value.sin6_port = port.bigEndian
      value.sin6_scope_id = scope
      // An in6_addr is 16 plain bytes.
      unsafe withUnsafeMutableBytes(of: &value.sin6_addr) { bytes in
        unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      return unsafe SocketAddress.withGenericPointer(to: &value, body)
    case .unix(let path):
      var value = sockaddr_un()
      value.sun_family = sa_family_t(AF_UNIX)
      // The path's length was checked where the address was made; the rest stays zero and ends it.
      unsafe withUnsafeMutableBytes(of: &value.sun_path) { bytes in
        unsafe bytes.copyBytes(from: path.utf8.prefix(SocketAddress.pathBytesMax))
      }
      return unsafe SocketAddress.withGenericPointer(to: &value, body)
    }
  }

  private static func withGenericPointer<Address, R>(
    to address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    // Every sockaddr_x begins as a sockaddr does, and the length tells how much is there.
    unsafe withUnsafePointer(to: &address) { pointer in
      let generic = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      return unsafe body(generic, socklen_t(MemoryLayout<Address>.size))
    }
  }

  /// Reads what accept, getsockname or getaddrinfo have written; nil for a family that is not ours.
  init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
    guard length >= socklen_t(MemoryLayout<sa_family_t>.size) else { return nil }
    let raw = unsafe UnsafeRawPointer(address)
    // Each structure is read only where the length says that it is there whole.
    switch unsafe Int32(address.pointee.sa_family) {
    case AF_INET where length >= socklen_t(MemoryLayout<sockaddr_in>.size):
      let value = unsafe raw.loadUnaligned(as: sockaddr_in.self)
      self.init(.v4(UInt32(bigEndian: value.sin_addr.s_addr), UInt16(bigEndian: value.sin_port)))
    case AF_INET6 where length >= socklen_t(MemoryLayout<sockaddr_in6>.size):
      let value = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
      self.init(
        SocketAddress.storage(
          of: value.sin6_addr, port: UInt16(bigEndian: value.sin6_port), scope: value.sin6_scope_id))
    case AF_UNIX:
      let start = MemoryLayout<sa_family_t>.size
      let bytes = unsafe UnsafeRawBufferPointer(start: raw + start, count: max(0, Int(length) - start))
      self.init(.unix(unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)))
    default:
      return nil
    }
  }

  private static func storage(of address: in6_addr, port: UInt16, scope: UInt32) -> Storage {
    var address = address
    // An in6_addr is 16 plain bytes.
    return unsafe withUnsafeBytes(of: &address) { bytes in
      .v6(
        high: UInt64(bigEndian: unsafe bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: port,
        scope: scope)
    }
  }
}
