/// Who is at the other end of a connection, as far as the transport knows. Goes along with every request; nobody changes it.
public final class PeerInfo: Sendable {
  public let address: SocketAddress
  /// nil on a plain connection.
  private let session: Facts?

  public convenience init(address: SocketAddress) { self.init(address: address, nil) }

  init(address: SocketAddress, _ session: Facts?) {
    self.address = address
    self.session = session
  }

  /// `TLSv1.2` or `TLSv1.3`; nil on a plain connection.
  public var tlsVersion: String? { session?.tlsVersion }
  /// OpenSSL's name of the cipher suite.
  public var cipher: String? { session?.cipher }
  /// The name that the client asked for.
  public var sni: String? { session?.sni }
  /// The agreed application protocol.
  public var alpn: String? { session?.alpn }
  /// Subject of the verified client certificate, in RFC 2253 form.
  public var clientCertificateSubject: String? { session?.clientCertificateSubject }
  /// SHA-256 of the verified client certificate's DER form, in lower-case hex.
  public var clientCertificateFingerprint: String? { session?.clientCertificateFingerprint }
  /// Whether the TLS session was resumed instead of negotiated in full.
  public var isResumed: Bool { session?.isResumed ?? false }

  struct Facts: Sendable {
    var tlsVersion: String?
    var cipher: String?
    var sni: String?
    var alpn: String?
    var clientCertificateSubject: String?
    var clientCertificateFingerprint: String?
    var isResumed = false
  }
}
