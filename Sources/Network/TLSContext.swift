import COpenSSL
import Crypto

/// A TLS server's certificates and settings, ready for use by all loops. Immutable: a reload makes a new one, and
/// connections that are open keep the one that they began with.
// @unchecked: SSL_CTX is reference counted and safe to share between threads once it is set up, and it is set up
// before `init` returns; `choices` is never changed after it.
public final class TLSContext: @unchecked Sendable {
  /// One OpenSSL context for each certificate. Handshakes start with the first.
  private let choices: CertificateChoices

  public init(_ configuration: TLSServerConfiguration) throws(TLSError) {
    guard !configuration.certificates.isEmpty else { throw TLSError("a TLS listener needs a certificate") }
    choices = CertificateChoices()
    for certificate in configuration.certificates {
      let context = try unsafe OpenSSLContext(TLS_server_method())
      try TLSContext.configure(context, configuration)
      try context.use(chain: certificate.chain, key: certificate.key)
      choices.contexts.append(context)
    }
    guard choices.contexts.count > 1 else { return }
    for context in choices.contexts {
      // The callback's argument lives as long as this object, and every session keeps this object.
      unsafe copenssl_set_server_name_callback(
        context.pointer, { ssl, _, argument in unsafe CertificateChoices.select(ssl, argument) },
        Unmanaged.passUnretained(choices).toOpaque())
    }
  }

  /// The server's side of a new connection.
  public func makeSession() throws(TLSError) -> TLSSession {
    try TLSSession(choices.contexts[0], keeping: self, role: .server)
  }

  private static func configure(
    _ context: OpenSSLContext, _ configuration: TLSServerConfiguration
  ) throws(TLSError) {
    let pointer = unsafe context.pointer
    try context.configure(minimumVersion: configuration.minimumVersion)
    unsafe copenssl_disable_session_cache(pointer)
    unsafe SSL_CTX_set_num_tickets(pointer, 1)
    unsafe SSL_CTX_set_timeout(pointer, Int(clamping: configuration.sessionLifetime.components.seconds))
    // Sessions of this product's listeners are of one kind; OpenSSL wants it named where client certificates are used.
    let name = Array("a2a-gateway".utf8)
    unsafe SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count))
    unsafe SSL_CTX_set_alpn_select_cb(
      pointer, { _, chosen, length, offered, count, _ in unsafe ALPN.select(chosen, length, offered, count) }, nil)
    guard configuration.clientAuthentication != .none else { return }
    try context.trust(configuration.clientCA, "the client CA file", announcing: true)
    let required = configuration.clientAuthentication == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
    unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | required, nil)
  }
}

/// Picks the certificate by the name that the client asks for (RFC 6066 §3).
private final class CertificateChoices {
  var contexts: [OpenSSLContext] = []

  static func select(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    guard let ssl = unsafe ssl, let argument = unsafe argument,
      let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
    else { return SSL_TLSEXT_ERR_NOACK }
    // The argument was registered with an object that outlives every session.
    let choices = unsafe Unmanaged<CertificateChoices>.fromOpaque(argument).takeUnretainedValue()
    for context in choices.contexts {
      guard let certificate = unsafe SSL_CTX_get0_certificate(context.pointer),
        unsafe X509_check_host(certificate, name, 0, 0, nil) == 1
      else { continue }
      unsafe SSL_set_SSL_CTX(ssl, context.pointer)
      break
    }
    return SSL_TLSEXT_ERR_OK
  }
}

/// Application protocol negotiation (RFC 7301): HTTP/1.1 is what is spoken here.
enum ALPN {
  /// The protocol list in wire form.
  static let http11: [UInt8] = [8] + Array("http/1.1".utf8)

  /// Points to `http/1.1` in the client's offer. A client that offers only others gets no answer to its offer rather than
  /// a failed handshake: that is what servers without the extension do.
  static func select(
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ length: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ count: UInt32
  ) -> Int32 {
    guard let chosen = unsafe chosen, let length = unsafe length, let offered = unsafe offered else {
      return SSL_TLSEXT_ERR_NOACK
    }
    // OpenSSL hands in `count` readable bytes and wants a pointer into them.
    let list = unsafe UnsafeBufferPointer(start: offered, count: Int(count))
    var position = 0
    while position < list.count, unsafe position + Int(list[position]) < list.count {
      let size = unsafe Int(list[position])
      if unsafe list[position...(position + size)].elementsEqual(http11) {
        unsafe chosen.pointee = offered + position + 1
        unsafe length.pointee = UInt8(size)
        return SSL_TLSEXT_ERR_OK
      }
      position += size + 1
    }
    return SSL_TLSEXT_ERR_NOACK
  }
}

/// An SSL_CTX with one owner here; OpenSSL's own references keep it alive for sessions.
@safe final class OpenSSLContext {
  let pointer: OpaquePointer

  init(_ method: OpaquePointer?) throws(TLSError) {
    guard let context = unsafe SSL_CTX_new(method) else { throw TLSError(OpenSSLErrors.take()) }
    unsafe pointer = context
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  /// What servers and clients have in common.
  func configure(minimumVersion: TLSVersion) throws(TLSError) {
    OpenSSLErrors.clear()
    let version = minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
    guard unsafe copenssl_set_min_proto_version(pointer, version) == 1 else { throw TLSError(OpenSSLErrors.take()) }
    unsafe SSL_CTX_set_options(pointer, copenssl_options())
    unsafe copenssl_set_mode(pointer)
    // One read fetches as many records as are there, instead of two reads for each.
    unsafe copenssl_set_read_ahead(pointer)
    // For TLS 1.2: forward secrecy and authenticated encryption only. The suites of TLS 1.3 are all of that kind.
    guard unsafe SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 else {
      throw TLSError(OpenSSLErrors.take())
    }
  }

  func use(chain: [UInt8], key: [UInt8]) throws(TLSError) {
    OpenSSLErrors.clear()
    let pointer = unsafe self.pointer
    var isFirst = true
    try unsafe PEM.forEachCertificate(in: chain, "the certificate file") { certificate throws(TLSError) in
      // Both calls take a reference of their own.
      let added =
        unsafe isFirst
        ? SSL_CTX_use_certificate(pointer, certificate) : copenssl_add_chain_certificate(pointer, certificate)
      isFirst = false
      guard added == 1 else { throw TLSError("the certificate is not usable: \(OpenSSLErrors.take())") }
    }
    try unsafe PEM.withKey(in: key) { key throws(TLSError) in
      guard unsafe SSL_CTX_use_PrivateKey(pointer, key) == 1, unsafe SSL_CTX_check_private_key(pointer) == 1 else {
        throw TLSError("the private key does not belong to the certificate: \(OpenSSLErrors.take())")
      }
    }
  }

  /// Accepts certificates that these authorities have issued. `announcing` names them to clients that are asked.
  func trust(_ authorities: [UInt8], _ what: String, announcing: Bool) throws(TLSError) {
    OpenSSLErrors.clear()
    let pointer = unsafe self.pointer
    let store = unsafe SSL_CTX_get_cert_store(pointer)
    try unsafe PEM.forEachCertificate(in: authorities, what) { certificate throws(TLSError) in
      guard unsafe X509_STORE_add_cert(store, certificate) == 1,
        unsafe announcing ? SSL_CTX_add_client_CA(pointer, certificate) == 1 : true
      else { throw TLSError("\(what) is not usable: \(OpenSSLErrors.take())") }
    }
  }
}
