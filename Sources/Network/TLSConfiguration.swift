/// A certificate with its key, as PEM text.
public struct TLSCertificate: Sendable {
  /// The server's own certificate first, then the intermediate ones in order.
  public var chain: [UInt8]
  /// The private key of the first certificate, unencrypted.
  public var key: [UInt8]

  public init(chain: [UInt8], key: [UInt8]) {
    self.chain = chain
    self.key = key
  }
}

/// The oldest TLS version that is spoken. Older ones than 1.2 are never (RFC 8996).
public enum TLSVersion: Sendable {
  case tls12, tls13
}

/// Whether clients are asked for a certificate, and whether they must have one.
public enum TLSClientAuthentication: Sendable {
  case none
  case optional
  case required
}

/// What a TLS server is made of. Nothing is read from files here: a reload reads anew and builds a new `TLSContext`.
public struct TLSServerConfiguration: Sendable {
  /// The certificate whose names match the name that the client asks for is served; the first one where none does.
  public var certificates: [TLSCertificate]
  public var minimumVersion = TLSVersion.tls12
  /// PEM certificates of the authorities that client certificates are verified against.
  public var clientCA: [UInt8] = []
  public var clientAuthentication = TLSClientAuthentication.none
  /// How long a session may be resumed by its ticket.
  public var sessionLifetime: Duration = .seconds(2 * 3600)

  public init(certificates: [TLSCertificate]) { self.certificates = certificates }
}

/// How a TLS client proves a server and itself.
public struct TLSClientConfiguration: Sendable, Hashable {
  /// PEM certificates of the accepted authorities; empty for those of the system.
  public var authorities: [UInt8] = []
  /// Whether the server's certificate and name are checked. Off only for tests and by an operator's explicit word.
  public var verifiesServer = true
  public var minimumVersion = TLSVersion.tls12
  /// PEM chain and key with which this client identifies itself.
  public var certificateChain: [UInt8] = []
  public var certificateKey: [UInt8] = []

  public init() {}
}

/// TLS could not be set up: what is wrong, in words for an operator.
public struct TLSError: Error, Sendable, CustomStringConvertible {
  public let message: String

  public init(_ message: String) { self.message = message }

  public var description: String { message }
}
