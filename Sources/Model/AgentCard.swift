public import JSON

/// A self-description of an agent (A2A 1.0 §4.4.1), in 1.0's terms whatever the version it was read from.
public struct AgentCard: Sendable, Equatable {
  public var name: String
  public var description: String
  /// The agent's own version, free text.
  public var version: String
  /// Ordered, the first preferred.
  public var supportedInterfaces: [AgentInterface]
  public var provider: AgentProvider?
  public var documentationURL: String?
  public var iconURL: String?
  public var capabilities: AgentCapabilities
  /// In declared order.
  public var securitySchemes: [NamedSecurityScheme]
  /// Any one of these suffices; each names all schemes that it needs.
  public var securityRequirements: [SecurityRequirement]
  public var defaultInputModes: [String]
  public var defaultOutputModes: [String]
  public var skills: [AgentSkill]
  public var signatures: [AgentCardSignature]

  public init(
    name: String, description: String, version: String, supportedInterfaces: [AgentInterface] = [],
    provider: AgentProvider? = nil, documentationURL: String? = nil, iconURL: String? = nil,
    capabilities: AgentCapabilities = AgentCapabilities(), securitySchemes: [NamedSecurityScheme] = [],
    securityRequirements: [SecurityRequirement] = [], defaultInputModes: [String], defaultOutputModes: [String],
    skills: [AgentSkill], signatures: [AgentCardSignature] = []
  ) {
    self.name = name
    self.description = description
    self.version = version
    self.supportedInterfaces = supportedInterfaces
    self.provider = provider
    self.documentationURL = documentationURL
    self.iconURL = iconURL
    self.capabilities = capabilities
    self.securitySchemes = securitySchemes
    self.securityRequirements = securityRequirements
    self.defaultInputModes = defaultInputModes
    self.defaultOutputModes = defaultOutputModes
    self.skills = skills
    self.signatures = signatures
  }
}

/// Where and how an agent is called (A2A 1.0 §4.4.6).
public struct AgentInterface: Sendable, Equatable {
  public var url: String
  /// `JSONRPC`, `HTTP+JSON`, `GRPC` or a URI.
  public var protocolBinding: String
  /// Major.Minor, such as `1.0` or `0.3`.
  public var protocolVersion: String
  public var tenant: String?

  public init(url: String, protocolBinding: String, protocolVersion: String, tenant: String? = nil) {
    self.url = url
    self.protocolBinding = protocolBinding
    self.protocolVersion = protocolVersion
    self.tenant = tenant
  }
}

/// Who offers an agent (A2A 1.0 §4.4.2).
public struct AgentProvider: Sendable, Equatable {
  public var organization: String
  public var url: String

  public init(organization: String, url: String) {
    self.organization = organization
    self.url = url
  }
}

/// What an agent can do beyond the core (A2A 1.0 §4.4.3). nil means that the card does not say.
public struct AgentCapabilities: Sendable, Equatable {
  public var streaming: Bool?
  public var pushNotifications: Bool?
  public var extendedAgentCard: Bool?
  public var extensions: [AgentExtension]

  public init(
    streaming: Bool? = nil, pushNotifications: Bool? = nil, extendedAgentCard: Bool? = nil,
    extensions: [AgentExtension] = []
  ) {
    self.streaming = streaming
    self.pushNotifications = pushNotifications
    self.extendedAgentCard = extendedAgentCard
    self.extensions = extensions
  }
}

/// A protocol extension that an agent supports (A2A 1.0 §4.4.4).
public struct AgentExtension: Sendable, Equatable {
  public var uri: String
  public var description: String?
  public var required: Bool
  public var params: JSONFragment?

  public init(uri: String, description: String? = nil, required: Bool = false, params: JSONFragment? = nil) {
    self.uri = uri
    self.description = description
    self.required = required
    self.params = params
  }
}

/// One thing an agent is good at (A2A 1.0 §4.4.5).
public struct AgentSkill: Sendable, Equatable {
  public var id: String
  public var name: String
  public var description: String
  public var tags: [String]
  public var examples: [String]
  public var inputModes: [String]
  public var outputModes: [String]
  public var securityRequirements: [SecurityRequirement]

  public init(
    id: String, name: String, description: String, tags: [String], examples: [String] = [], inputModes: [String] = [],
    outputModes: [String] = [], securityRequirements: [SecurityRequirement] = []
  ) {
    self.id = id
    self.name = name
    self.description = description
    self.tags = tags
    self.examples = examples
    self.inputModes = inputModes
    self.outputModes = outputModes
    self.securityRequirements = securityRequirements
  }
}

/// A set of schemes that must all be satisfied, each with its scopes (A2A 1.0 §4.5.1).
public struct SecurityRequirement: Sendable, Equatable {
  public struct Scheme: Sendable, Equatable {
    public var name: String
    public var scopes: [String]

    public init(name: String, scopes: [String] = []) {
      self.name = name
      self.scopes = scopes
    }
  }

  public var schemes: [Scheme]

  public init(schemes: [Scheme]) { self.schemes = schemes }
}

/// A security scheme under the name by which requirements refer to it.
public struct NamedSecurityScheme: Sendable, Equatable {
  public var name: String
  public var scheme: SecurityScheme

  public init(name: String, scheme: SecurityScheme) {
    self.name = name
    self.scheme = scheme
  }
}

/// How a caller proves who it is (A2A 1.0 §4.5.2 and following).
public struct SecurityScheme: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case apiKey(location: String, name: String)
    case http(scheme: String, bearerFormat: String?)
    /// The flows object and the metadata URL, kept as JSON: a gateway only passes them on.
    case oauth2(flows: JSONFragment, metadataURL: String?)
    case openIDConnect(url: String)
    case mutualTLS
  }

  public var kind: Kind
  public var description: String?

  public init(_ kind: Kind, description: String? = nil) {
    self.kind = kind
    self.description = description
  }
}

/// A JWS over the card (A2A 1.0 §4.4.7, §8.4).
public struct AgentCardSignature: Sendable, Equatable {
  public var protected: String
  public var signature: String
  public var header: JSONFragment?

  public init(protected: String, signature: String, header: JSONFragment? = nil) {
    self.protected = protected
    self.signature = signature
    self.header = header
  }
}
