import JSON

/// The members of an agent card by the schema of A2A 1.0 (specification/a2a.proto), as far as canonical forms need it: which
/// members there are, and which are kept though they hold their default.
indirect enum CardSchema: Sendable {
  /// A text, a flag: what it is, does not matter here.
  case plain
  /// A value that the schema leaves open (google.protobuf.Struct).
  case open
  case list(CardSchema)
  /// By name; every entry is kept.
  case map(CardSchema)
  case message([Member])

  struct Member: Sendable {
    var name: String
    var schema: CardSchema
    var presence: Presence
  }

  enum Presence: Sendable {
    /// Left out where it holds the default of its kind: "", false, 0, [], {}.
    case implicit
    /// Kept where it is stated: `optional` members, messages, and members of a oneof.
    case explicit
    /// Kept, whatever it holds.
    case required
  }

  static let card = message([
    required("name"), required("description"), required("supportedInterfaces", list(interface)),
    stated("provider", message([required("url"), required("organization")])), required("version"),
    stated("documentationUrl"), required("capabilities", capabilities),
    implicit("securitySchemes", map(securityScheme)),
    implicit("securityRequirements", list(requirement)), required("defaultInputModes", list(plain)),
    required("defaultOutputModes", list(plain)), required("skills", list(skill)), stated("iconUrl"),
  ])

  private static let interface = message([
    required("url"), required("protocolBinding"), implicit("tenant"), required("protocolVersion"),
  ])

  private static let capabilities = message([
    stated("streaming"), stated("pushNotifications"), stated("extendedAgentCard"),
    implicit(
      "extensions",
      list(message([implicit("uri"), implicit("description"), implicit("required"), stated("params", open)]))),
  ])

  private static let skill = message([
    required("id"), required("name"), required("description"), required("tags", list(plain)),
    implicit("examples", list(plain)), implicit("inputModes", list(plain)), implicit("outputModes", list(plain)),
    implicit("securityRequirements", list(requirement)),
  ])

  private static let requirement = message([
    implicit("schemes", map(message([implicit("list", list(plain))])))
  ])

  private static let securityScheme = message([
    stated("apiKeySecurityScheme", message([implicit("description"), required("location"), required("name")])),
    stated(
      "httpAuthSecurityScheme", message([implicit("description"), required("scheme"), implicit("bearerFormat")])),
    stated(
      "oauth2SecurityScheme",
      message([implicit("description"), required("flows", flows), implicit("oauth2MetadataUrl")])),
    stated("openIdConnectSecurityScheme", message([implicit("description"), required("openIdConnectUrl")])),
    stated("mtlsSecurityScheme", message([implicit("description")])),
  ])

  private static let flows = message([
    stated(
      "authorizationCode",
      message([
        required("authorizationUrl"), required("tokenUrl"), implicit("refreshUrl"), required("scopes", map(plain)),
        implicit("pkceRequired"),
      ])),
    stated(
      "clientCredentials", message([required("tokenUrl"), implicit("refreshUrl"), required("scopes", map(plain))])),
    stated(
      "implicit", message([implicit("authorizationUrl"), implicit("refreshUrl"), implicit("scopes", map(plain))])),
    stated("password", message([implicit("tokenUrl"), implicit("refreshUrl"), implicit("scopes", map(plain))])),
    stated(
      "deviceCode",
      message([
        required("deviceAuthorizationUrl"), required("tokenUrl"), implicit("refreshUrl"),
        required("scopes", map(plain)),
      ])),
  ])

  private static func required(_ name: String, _ schema: CardSchema = .plain) -> Member {
    Member(name: name, schema: schema, presence: .required)
  }

  private static func stated(_ name: String, _ schema: CardSchema = .plain) -> Member {
    Member(name: name, schema: schema, presence: .explicit)
  }

  private static func implicit(_ name: String, _ schema: CardSchema = .plain) -> Member {
    Member(name: name, schema: schema, presence: .implicit)
  }

  // MARK: Projection

  /// The value with the members that the schema knows and keeps. What is not of the kind that the schema says stays as it is.
  func project(_ value: JSONValue) -> JSONValue {
    switch (self, value) {
    case (.list(let element), .array(let values)): .array(values.map(element.project))
    case (.map(let element), .object(let object)): .object(object.compactMapValues(element.project))
    case (.message(let members), .object(let object)): .object(CardSchema.project(members, object))
    default: value
    }
  }

  private static func project(_ members: [Member], _ object: JSONObject) -> JSONObject {
    var result = JSONObject()
    for member in members {
      // In ProtoJSON, null says that a member is not there.
      guard let value = object[member.name], value != .null else { continue }
      let projected = member.schema.project(value)
      if member.presence == .implicit, projected.isDefault { continue }
      result[member.name] = projected
    }
    return result
  }
}

extension JSONValue {
  /// Whether this is the default of its kind in protocol buffers.
  fileprivate var isDefault: Bool {
    switch self {
    case .null: true
    case .bool(let value): !value
    case .number(let number): number.double == 0
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let object): object.isEmpty
    }
  }

  /// Without the texts, lists, objects and nulls that are empty, or get so by this, at any depth; nil where nothing is left.
  var withoutEmpty: JSONValue? {
    let left: JSONValue
    switch self {
    case .null, .bool, .number, .string: left = self
    case .array(let elements): left = .array(elements.compactMap(\.withoutEmpty))
    case .object(let object): left = .object(object.compactMapValues(\.withoutEmpty))
    }
    return left.isEmpty ? .none : left
  }

  private var isEmpty: Bool {
    switch self {
    case .null: true
    case .bool, .number: false
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let object): object.isEmpty
    }
  }
}
