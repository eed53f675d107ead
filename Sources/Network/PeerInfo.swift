/// Who is at the other end of a connection, as far as the transport knows.
public struct PeerInfo: Sendable, Equatable {
  public let address: SocketAddress
  /// nil on a plain connection.
  var session: Session?

  public init(address: SocketAddress) { self.address = address }

  /// `TLSv1.2` or `TLSv1.3`; nil on a plain connection.
  public var tlsVersion: String? { session?.facts.tlsVersion }
  /// OpenSSL's name of the cipher suite.
  public var cipher: String? { session?.facts.cipher }
  /// The name that the client asked for.
  public var sni: String? { session?.facts.sni }
  /// The agreed application protocol.
  public var alpn: String? { session?.facts.alpn }
  /// Subject of the verified client certificate, in RFC 2253 form.
  public var clientCertificateSubject: String? { session?.facts.clientCertificateSubject }
  /// SHA-256 of the verified client certificate's DER form, in lower-case hex.
  public var clientCertificateFingerprint: String? { session?.facts.clientCertificateFingerprint }
  /// Whether the TLS session was resumed instead of negotiated in full.
  public var isResumed: Bool { session?.facts.isResumed ?? false }

  struct Facts: Sendable, Equatable {
    var tlsVersion: String?
    var cipher: String?
    var sni: String?
    var alpn: String?
    var clientCertificateSubject: String?
    var clientCertificateFingerprint: String?
    var isResumed = false
  }

  /// Shared by all copies: who the peer is goes along with every request.
  final class Session: Sendable, Equatable {
    let facts: Facts

    init(_ facts: Facts) { self.facts = facts }

    static func == (a: Session, b: Session) -> Bool { a.facts == b.facts }
  }
}
