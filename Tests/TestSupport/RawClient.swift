import COpenSSL
import Glibc

/// A blocking client that sends raw bytes and shows what comes back: it repairs nothing. Every wait ends after five
/// seconds, so that a server that says nothing fails the test instead of stopping it.
@safe public final class RawClient {
  /// What went wrong on the way.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
  }

  /// How to speak TLS.
  public struct TLS {
    public var serverName: String?
    /// PEM of the accepted authority; nil accepts every certificate.
    public var authority: [UInt8]?
    public var version: Int32?
    public var protocols: [String] = []
    /// PEM of the client's own certificate and key.
    public var certificate: (chain: [UInt8], key: [UInt8])?
    /// Resumes the session that an earlier client had.
    public var resumes: RawClient?

    public init(serverName: String? = nil) { self.serverName = serverName }

    public static var version12: Int32 { TLS1_2_VERSION }
    public static var version13: Int32 { TLS1_3_VERSION }
  }

  private var fd: Int32
  private var ssl: OpaquePointer?
  private var context: OpaquePointer?
  fileprivate var descriptor: Int32 { fd }
  fileprivate var holdsBytes: Bool { !rest.isEmpty }
  /// Bytes that were received beyond what was asked for.
  private var rest: [UInt8] = []

  /// The accepted end of a connection, for a test that plays the server.
  fileprivate init(accepted fd: Int32) {
    self.fd = fd
    limitWaits()
  }

  private func limitWaits() {
    var timeout = timeval(tv_sec: 5, tv_usec: 0)
    var one: Int32 = 1
    // The kernel copies each value during its call; sizes are those of the values.
    unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    unsafe setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    unsafe setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  }

  public init(port: UInt16, tls: TLS? = nil, receiveBufferBytes: Int32? = nil) throws {
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    limitWaits()
    if var size = receiveBufferBytes { unsafe setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    let result = unsafe withLoopback(port) { unsafe connect(fd, $0, $1) }
    guard result == 0 else { throw Failure("connect: errno \(errno)") }
    if let tls { try shakeHands(tls) }
  }

  deinit {
    close()
    unsafe SSL_CTX_free(context)
  }

  // MARK: TLS

  private func shakeHands(_ tls: TLS) throws {
    unsafe context = SSL_CTX_new(TLS_client_method())
    unsafe copenssl_enable_client_sessions(context)
    if let version = tls.version {
      unsafe copenssl_set_min_proto_version(context, version)
      unsafe copenssl_set_max_proto_version(context, version)
    }
    if let authority = tls.authority {
      try unsafe PEMObjects.withCertificate(authority) { certificate in
        unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate)
      }
      unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }
    if let (chain, key) = tls.certificate {
      try unsafe PEMObjects.withCertificate(chain) { unsafe SSL_CTX_use_certificate(context, $0) }
      try unsafe PEMObjects.withKey(key) { unsafe SSL_CTX_use_PrivateKey(context, $0) }
    }
    let protocols = tls.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    if !protocols.isEmpty { unsafe SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) }
    unsafe ssl = SSL_new(context)
    if let name = tls.serverName { unsafe copenssl_set_server_name(ssl, name) }
    if let earlier = tls.resumes {
      let session = unsafe SSL_get1_session(earlier.ssl)
      unsafe SSL_set_session(ssl, session)
      unsafe SSL_SESSION_free(session)
    }
    unsafe SSL_set_fd(ssl, fd)
    guard unsafe SSL_connect(ssl) == 1 else { throw Failure("TLS handshake failed") }
  }

  public var tlsVersion: String { unsafe String(cString: SSL_get_version(ssl)) }

  public var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

  /// The common name of the server's certificate.
  public var serverCommonName: String {
    guard let certificate = unsafe copenssl_peer_certificate(ssl) else { return "" }
    defer { unsafe X509_free(certificate) }
    var text = [CChar](repeating: 0, count: 256)
    // Writes at most the given number of bytes, with the zero that ends them.
    unsafe X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, 256)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  public var applicationProtocol: String? {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    unsafe SSL_get0_alpn_selected(ssl, &name, &length)
    // OpenSSL's text of that length; copied here.
    return unsafe name.map {
      unsafe String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self)
    }
  }

  // MARK: Sending

  public func send(_ text: String) throws { try send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) throws {
    var position = 0
    while position < bytes.count {
      let piece = Array(bytes[position...])
      // The array lives as long as the call.
      let count =
        unsafe ssl != nil
        ? Int(SSL_write(ssl, piece, Int32(piece.count))) : Glibc.send(fd, piece, piece.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { throw Failure("send: errno \(errno)") }
      position += count
    }
  }

  /// Sends nothing more; with TLS this says so properly.
  public func finishSending() {
    if unsafe ssl != nil { unsafe SSL_shutdown(ssl) }
    shutdown(fd, Int32(SHUT_WR))
  }

  public var isClosed: Bool { fd < 0 }

  /// Closes without a word: over TLS without close_notify.
  public func close() {
    guard fd >= 0 else { return }
    unsafe SSL_free(ssl)
    unsafe ssl = nil
    _ = Glibc.close(fd)
    fd = -1
  }

  // MARK: Receiving

  /// Some bytes; none at the end. Throws when nothing comes in time or the connection was reset.
  public func receive() throws -> [UInt8] {
    if !rest.isEmpty {
      defer { rest = [] }
      return rest
    }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    // At most `buffer.count` bytes are written.
    let count =
      unsafe ssl != nil
      ? Int(SSL_read(ssl, &buffer, Int32(buffer.count))) : recv(fd, &buffer, buffer.count, 0)
    if unsafe ssl != nil, count <= 0 {
      let reason = unsafe SSL_get_error(ssl, Int32(count))
      guard reason == SSL_ERROR_ZERO_RETURN else { throw Failure("TLS receive: error \(reason)") }
      return []
    }
    guard count >= 0 else { throw Failure("recv: errno \(errno)") }
    return Array(buffer[..<count])
  }

  /// Everything up to the end.
  public func receiveAll() throws -> String {
    var bytes: [UInt8] = []
    while true {
      let more = try receive()
      guard !more.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
      bytes += more
    }
  }

  /// Everything up to and including `mark`.
  public func receive(until mark: String) throws -> String {
    var bytes: [UInt8] = []
    let mark = Array(mark.utf8)
    var searched = 0
    while true {
      if let end = bytes[searched...].firstRange(of: mark)?.upperBound {
        rest = Array(bytes[end...])
        return String(decoding: bytes[..<end], as: UTF8.self)
      }
      let more = try receive()
      guard !more.isEmpty else {
        throw Failure("the end came before the mark: \(String(decoding: bytes.suffix(1000), as: UTF8.self))")
      }
      searched = max(0, bytes.count - mark.count)
      bytes += more
    }
  }

  /// Exactly `count` bytes.
  public func receive(count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try receive()
      guard !more.isEmpty else { throw Failure("the end came after \(bytes.count) of \(count) bytes") }
      bytes += more
    }
    rest = Array(bytes[count...])
    return Array(bytes[..<count])
  }

  /// One HTTP response with a `Content-Length`.
  public func receiveResponse() throws -> (head: String, body: String) {
    let head = try receive(until: "\r\n\r\n")
    let lengths = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("content-length:") }
    let length = lengths.first.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
    return (head, String(decoding: try receive(count: length), as: UTF8.self))
  }

  /// Whether anything comes before the end.
  public func hasMore() throws -> Bool {
    if rest.isEmpty { rest = try receive() }
    return !rest.isEmpty
  }

  /// Closes so that the other side sees a reset.
  public func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    // The kernel copies the value.
    unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close()
  }

  /// Whether the server has ended the connection properly.
  public func isAtEnd() throws -> Bool {
    rest = try receive()
    return rest.isEmpty
  }
}

/// Listens on a free port of the loopback address and hands out connections: for a test that plays the server byte by
/// byte.
public final class RawListener {
  public private(set) var port: UInt16 = 0
  private let fd: Int32

  public init() throws {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.fd = fd
    var timeout = timeval(tv_sec: 5, tv_usec: 0)
    // The kernel copies the value.
    unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    guard unsafe withLoopback(0, { unsafe bind(fd, $0, $1) }) == 0, listen(fd, 16) == 0 else {
      throw RawClient.Failure("bind: errno \(errno)")
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // A sockaddr_in has the room that its length states.
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe getsockname(
        fd, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard result == 0 else { throw RawClient.Failure("getsockname: errno \(errno)") }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { _ = Glibc.close(fd) }

  /// Whether a connection waits to be accepted.
  public var hasConnection: Bool {
    var watched = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
    // One entry, written during the call; it does not wait.
    return unsafe poll(&watched, 1, 0) > 0
  }

  /// Waits for a new connection, or for bytes or the end on one of those that are there, and tells which; nil for a new
  /// one. Throws when nothing comes in time.
  public func wait(among connections: [RawClient], milliseconds: Int32 = 5000) throws -> RawClient? {
    if let ready = connections.first(where: { $0.holdsBytes }) { return ready }
    var entries = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    entries.append(pollfd(fd: fd, events: Int16(POLLIN), revents: 0))
    // The kernel writes into the entries, and knows their number.
    guard unsafe poll(&entries, nfds_t(entries.count), milliseconds) > 0 else {
      throw RawClient.Failure("nothing came in time")
    }
    // Connections first: what was asked first is answered first.
    return zip(connections, entries).first { $1.revents != 0 }?.0
  }

  public func accept() throws -> RawClient {
    let accepted = Glibc.accept(fd, nil, nil)
    guard accepted >= 0 else { throw RawClient.Failure("accept: errno \(errno)") }
    return RawClient(accepted: accepted)
  }
}

/// Runs `body` with 127.0.0.1 and the port in the system's form.
private func withLoopback(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  // A sockaddr_in begins as a sockaddr does.
  return unsafe withUnsafePointer(to: &address) { pointer in
    let generic = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
    return unsafe body(generic, socklen_t(MemoryLayout<sockaddr_in>.size))
  }
}
