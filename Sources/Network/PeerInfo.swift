/// Who is at the other end of a connection, as far as the transport knows.
public struct PeerInfo: Sendable, Equatable {
  public var address: SocketAddress
  /// `TLSv1.2` or `TLSv1.3`; nil on a plain connection.
  public var tlsVersion: String?
  /// OpenSSL's name of the cipher suite.
  public var cipher: String?
  /// The name that the client asked for.
  public var sni: String?
  /// The agreed application protocol.
  public var alpn: String?
  /// Subject of the verified client certificate, in RFC 2253 form.
  public var clientCertificateSubject: String?
  /// SHA-256 of the verified client certificate's DER form, in lower-case hex.
  public var clientCertificateFingerprint: String?
  /// Whether the TLS session was resumed instead of negotiated in full.
  public var isResumed = false

  public init(address: SocketAddress) { self.address = address }
}
