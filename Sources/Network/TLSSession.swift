import Bytes
import COpenSSL
import Crypto
import Glibc

/// What an attempt to move bytes came to.
enum StreamResult {
  case bytes(Int)
  /// The kernel has nothing, or no room, at the moment.
  case wouldBlock
  /// The peer has ended its side; not `clean` where TLS did not announce it or the connection was reset.
  case end(clean: Bool)
  case failed(ConnectionError)
}

/// TLS on one connection. OpenSSL reads and writes the socket itself: read-ahead fetches all records with one call, and
/// the handshake's messages leave together.
@safe public final class TLSSession {
  enum Role {
    case server
    /// The name to ask for and to check, or an IP address in text form.
    case client(host: String, verifies: Bool)
  }

  private let ssl: OpaquePointer
  /// The context whose callbacks this session uses.
  private let keeper: AnyObject
  /// A client's place for sessions.
  private var entry: SessionCache.Entry?
  /// Set with the first step of the handshake.
  private var socket: TLSSocket?

  init(_ context: OpenSSLContext, keeping keeper: AnyObject, role: Role) throws(TLSError) {
    OpenSSLErrors.clear()
    guard let ssl = unsafe SSL_new(context.pointer) else { throw TLSError(OpenSSLErrors.take()) }
    unsafe self.ssl = ssl
    self.keeper = keeper
    switch role {
    case .server: unsafe SSL_set_accept_state(ssl)
    case .client(let host, let verifies): try prepareClient(host, verifies)
    }
  }

  deinit { unsafe SSL_free(ssl) }

  /// Offers the server the session of an earlier connection, where there is one, and keeps those that it hands out.
  func resume(_ entry: SessionCache.Entry) {
    self.entry = entry
    // This object frees the SSL before it lets go of the entry.
    unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(entry).toOpaque())
    if let session = entry.cache.take(entry.key) { unsafe SSL_set_session(ssl, session.pointer) }
  }

  private func prepareClient(_ host: String, _ verifies: Bool) throws(TLSError) {
    unsafe SSL_set_connect_state(ssl)
    let isAddress = SocketAddress(ip: host, port: 0) != nil
    // RFC 6066 §3: no addresses in the name extension.
    if !isAddress, unsafe copenssl_set_server_name(ssl, host) != 1 { throw TLSError(OpenSSLErrors.take()) }
    guard verifies else { return }
    let parameters = unsafe SSL_get0_param(ssl)
    let isSet =
      unsafe isAddress
      ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host) : X509_VERIFY_PARAM_set1_host(parameters, host, 0)
    guard isSet == 1 else { throw TLSError("\(host) is not a host name or address that a certificate can be for") }
    unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
  }

  /// Goes on with the handshake; `.bytes` when it is done.
  func shakeHands(_ fd: Int32, peerHasClosed: Bool) -> StreamResult {
    OpenSSLErrors.clear()
    if socket == nil {
      let new = TLSSocket(fd)
      new.becameReadable(peerHasClosed: peerHasClosed)
      guard let bio = unsafe new.makeBIO() else { return .failed(.tls(OpenSSLErrors.take())) }
      // The SSL takes over the BIO's one reference, for both directions.
      unsafe SSL_set_bio(ssl, bio, bio)
      socket = new
    }
    let result = unsafe SSL_do_handshake(ssl)
    return result == 1 ? .bytes(0) : failure(result)
  }

  /// The loop has heard of something to read.
  func becameReadable(peerHasClosed: Bool) { socket?.becameReadable(peerHasClosed: peerHasClosed) }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> StreamResult {
    OpenSSLErrors.clear()
    // OpenSSL writes at most as many bytes as it is told.
    let count = unsafe SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
    return count > 0 ? .bytes(Int(count)) : failure(count)
  }

  /// Encrypts and sends the first piece of the queue, or the first record of it.
  func write(_ queue: OutputQueue) -> StreamResult {
    OpenSSLErrors.clear()
    let count = unsafe queue.withFirst { piece in
      // The bytes live as long as the call. After `.wouldBlock` the same bytes are offered again, perhaps from another
      // place and with more behind them, which the moving-buffer mode allows.
      unsafe SSL_write(ssl, piece.baseAddress, Int32(clamping: piece.count))
    }
    return count > 0 ? .bytes(Int(count)) : failure(count)
  }

  /// Announces that nothing more will be sent. The answer is not waited for: HTTP's own framing tells what is complete.
  func sendCloseNotify() {
    guard socket != nil, unsafe SSL_is_init_finished(ssl) == 1 else { return }
    OpenSSLErrors.clear()
    _ = unsafe SSL_shutdown(ssl)
  }

  private func failure(_ result: Int32) -> StreamResult {
    // Read before anything else can change it.
    let code = errno
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
    case SSL_ERROR_ZERO_RETURN: return .end(clean: true)
    case SSL_ERROR_SYSCALL:
      if code == 0 || code == ECONNRESET || code == EPIPE { return .end(clean: false) }
      return .failed(.system(SystemError(call: "TLS read or write", errno: code)))
    default:
      if OpenSSLErrors.isUnexpectedEnd { return .end(clean: false) }
      return .failed(.tls(reason()))
    }
  }

  private func reason() -> String {
    let verdict = unsafe SSL_get_verify_result(ssl)
    let text = OpenSSLErrors.take()
    guard verdict != Int(X509_V_OK), unsafe SSL_is_server(ssl) == 0 else { return text }
    // The text is static in OpenSSL.
    return unsafe "\(text): \(String(cString: X509_verify_cert_error_string(verdict)))"
  }

  /// What the handshake has shown.
  func describe() -> PeerInfo.Facts {
    var peer = PeerInfo.Facts()
    // All texts are OpenSSL's own and are copied at once.
    peer.tlsVersion = unsafe SSL_get_version(ssl).map { unsafe String(cString: $0) }
    peer.cipher = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { unsafe String(cString: $0) }
    peer.sni = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
    peer.isResumed = unsafe SSL_session_reused(ssl) == 1
    var alpn: UnsafePointer<UInt8>?
    var alpnLength: UInt32 = 0
    unsafe SSL_get0_alpn_selected(ssl, &alpn, &alpnLength)
    if let alpn = unsafe alpn {
      peer.alpn = unsafe String(
        decoding: UnsafeBufferPointer(start: alpn, count: Int(alpnLength)), as: UTF8.self)
    }
    guard unsafe SSL_is_server(ssl) == 1, unsafe SSL_get_verify_result(ssl) == Int(X509_V_OK),
      let certificate = unsafe copenssl_peer_certificate(ssl)
    else { return peer }
    defer { unsafe X509_free(certificate) }
    peer.clientCertificateSubject = unsafe TLSSession.subject(of: certificate)
    peer.clientCertificateFingerprint = unsafe TLSSession.fingerprint(of: certificate)
    return peer
  }

  private static func subject(of certificate: OpaquePointer) -> String? {
    guard let text = unsafe BIO_new(BIO_s_mem()) else { return nil }
    defer { unsafe BIO_free(text) }
    guard unsafe X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, copenssl_rfc2253) >= 0 else {
      return nil
    }
    let size = unsafe BIO_ctrl_pending(text)
    // BIO_read writes at most `size` bytes into an array of that size.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = unsafe max(0, Int(BIO_read(text, buffer.baseAddress, Int32(buffer.count))))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func fingerprint(of certificate: OpaquePointer) -> String? {
    let size = unsafe i2d_X509(certificate, nil)
    guard size > 0 else { return nil }
    let der = unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      // i2d writes the `size` bytes that it announced and moves the pointer behind them.
      var place = buffer.baseAddress
      let written = unsafe i2d_X509(certificate, &place)
      count = max(0, Int(written))
    }
    return Hex.encode(SHA256.hash(der))
  }
}
