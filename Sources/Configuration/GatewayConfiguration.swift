/// What `config/gateway.json` says, with defaults for all that it leaves out. A gateway without a configuration file runs
/// on the defaults: agents from the folder `cards`, for this machine only.
public struct GatewayConfiguration: Sendable, Equatable {
  /// The file that this was read from, as the operator named it.
  public var file: String?
  /// At least one.
  public var listeners: [ListenerConfiguration] = [ListenerConfiguration(bind: .loopback(port: 8080))]
  public var admin = AdminConfiguration()
  /// The folder of the card files.
  public var cards = "cards"
  /// The key of the agent that is also served at `/`.
  public var defaultAgent: String?
  public var keys: [APIKeyConfiguration] = []
  /// nil where no Orq workspace is called.
  public var orq: OrqConfiguration?
  public var runtime = RuntimeConfiguration()
  public var state = StateConfiguration()
  public var egress = EgressConfiguration()
  public var external = ExternalConfiguration()
  public var signatures = SignatureConfiguration()
  public var limits = Limits()
  public var log = LogConfiguration()
  /// Event loops, each with its own thread.
  public var workers: Int
  /// Serve A2A requests that name no version as 1.0, where they are not 0.3 by their method or path.
  public var lenientVersions = false

  public init(workers: Int) { self.workers = workers }
}

extension BindAddress {
  /// 127.0.0.1 with a port.
  public static func loopback(port: UInt16) -> BindAddress { BindAddress(loopbackPort: port) }

  private init(loopbackPort port: UInt16) {
    text = "127.0.0.1:\(port)"
    kind = .ip(.loopback, port: Int(port))
  }
}

/// One address where callers come in.
public struct ListenerConfiguration: Sendable, Equatable {
  /// The APIs that a listener can speak.
  public enum Face: String, Sendable, CaseIterable {
    case a2a
    /// The Orq Agents API, below `/v2/agents`.
    case orq
  }

  public var bind: BindAddress
  /// What callers use to reach this listener, without a slash at its end; nil on a loopback listener that shall use its
  /// bound address.
  public var publicURL: String?
  public var faces: Set<Face> = [.a2a, .orq]
  /// nil for plain HTTP.
  public var tls: TLSConfiguration?
  public var auth: AuthenticationConfiguration
  /// Peers whose `X-Forwarded-*` headers are believed.
  public var trustedProxies: [AddressRange] = []
  /// Origins whose scripts may call agents; `*` for all.
  public var cors: [String] = []

  /// A listener with the defaults for its address: callers without a key are let in on loopback only.
  public init(bind: BindAddress) {
    self.bind = bind
    auth = AuthenticationConfiguration(anonymous: bind.isLoopback)
  }
}

/// Who is let in.
public struct AuthenticationConfiguration: Sendable, Equatable {
  /// The keys under `keys` are accepted.
  public var apiKeys = true
  /// Callers without credentials are accepted, as the principal `anonymous`.
  public var anonymous: Bool

  public init(anonymous: Bool) { self.anonymous = anonymous }
}

/// TLS of one listener.
public struct TLSConfiguration: Sendable, Equatable {
  public enum Version: String, Sendable, Comparable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    public static func < (a: Version, b: Version) -> Bool { a == .tls12 && b == .tls13 }
  }

  public struct Certificate: Sendable, Equatable {
    /// A PEM file: the certificate, then its chain.
    public var certificate: String
    /// The private key, PEM.
    public var key: Secret

    public init(certificate: String, key: Secret) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// At least one. A client gets the one whose names match the server that it asks for, else the first.
  public var certificates: [Certificate]
  /// A PEM file of certification authorities: clients must show a certificate that one of them signed.
  public var clientCA: String?
  public var minimumVersion: Version

  public init(certificates: [Certificate], clientCA: String? = nil, minimumVersion: Version = .tls12) {
    self.certificates = certificates
    self.clientCA = clientCA
    self.minimumVersion = minimumVersion
  }
}

/// Where operators look: health, and later metrics and status.
public struct AdminConfiguration: Sendable, Equatable {
  public var bind: BindAddress = .loopback(port: 9901)

  public init() {}
}

/// Where the gateway keeps what must outlive it: registrations, and keys of its own.
public struct StateConfiguration: Sendable, Equatable {
  /// A folder for one gateway alone; nil for `$STATE_DIRECTORY`, else `.a2a-gateway` below the working folder.
  public var folder: String?

  public init() {}
}

/// Which addresses may be called although they are private, where a URL comes from outside: of cards, and of what cards
/// name. Addresses that the operator states in the configuration or in a card file need no permission.
public struct EgressConfiguration: Sendable, Equatable {
  public var networks: [AddressRange] = []
  /// Names of hosts, in lower case.
  public var hosts: Set<String> = []

  public init() {}
}

/// A key that callers present, known only by its digest.
public struct APIKeyConfiguration: Sendable, Equatable {
  public enum Role: String, Sendable, CaseIterable {
    /// May change what the gateway serves.
    case `operator`
  }

  /// The principal's name in logs and access rules.
  public var name: String
  /// SHA-256 of the key's text, 32 bytes.
  public var sha256: [UInt8]
  public var roles: Set<Role>

  public init(name: String, sha256: [UInt8], roles: Set<Role> = []) {
    self.name = name
    self.sha256 = sha256
    self.roles = roles
  }
}

/// What is logged, and where.
public struct LogConfiguration: Sendable, Equatable {
  /// The words of the log's levels, in ascending order.
  public enum Level: String, Sendable, CaseIterable {
    case trace, debug, info, warning, error
  }

  /// Where the access log goes; everything else goes to standard error.
  public enum Access: Sendable, Equatable {
    case standardOutput
    case standardError
    case file(String)
    case off
  }

  public var level: Level = .info
  public var access: Access = .standardOutput

  public init() {}
}
