import JSON
import Model

/// The security schemes of a card as the versions need them. All kinds but OAuth 2 are the same in both. In 1.0 an
/// OAuth 2 scheme has exactly one flow, so one with several becomes several schemes; 0.3 knows neither `deviceCode` nor
/// `pkceRequired`. Where the two differ, a superset card gives the 0.3 form a name of its own: under one name the
/// official 1.0 client would read the 0.3 members and lose the others.
struct CardSecurity {
  private struct Entry {
    var original: String
    /// The schemes of 1.0, in order; one of them suffices.
    var v1: [NamedSecurityScheme]
    /// nil when 0.3 cannot express it.
    var v03: NamedSecurityScheme?
  }

  /// Bounds how many alternatives the split of multi-flow schemes can make of one requirement.
  private static let alternativesMax = 32

  private let form: AgentCardCodec.Form
  private var entries: [Entry] = []

  init(_ schemes: [NamedSecurityScheme], form: AgentCardCodec.Form) {
    self.form = form
    var names = Set(schemes.map(\.name))
    for scheme in schemes { entries.append(CardSecurity.entry(scheme, form, &names)) }
  }

  // MARK: Schemes

  private static func entry(
    _ named: NamedSecurityScheme, _ form: AgentCardCodec.Form, _ names: inout Set<String>
  ) -> Entry {
    guard case .oauth2(let fragment, let metadataURL) = named.scheme.kind,
      case .object(let flows) = fragment.value
    else { return Entry(original: named.name, v1: [named], v03: named) }
    func scheme(_ name: String, _ flows: JSONObject) -> NamedSecurityScheme {
      NamedSecurityScheme(
        name: name,
        scheme: SecurityScheme(
          .oauth2(flows: JSONFragment(.object(flows)), metadataURL: metadataURL), description: named.scheme.description)
      )
    }
    let flowsV1 = OAuthFlows.names.filter { flows[$0] != nil }
    let v1 = flowsV1.enumerated().map { index, flow in
      scheme(
        index == 0 ? named.name : CardSecurity.unused("\(named.name)_\(flow)", &names), [flow: flows[flow] ?? .null])
    }
    var flowsV03 = JSONObject()
    for flow in OAuthFlows.namesV03 { flowsV03[flow] = flows[flow].map(withoutPKCE) }
    guard !flowsV03.members.isEmpty else { return Entry(original: named.name, v1: v1, v03: nil) }
    let same = v1.count == 1 && flowsV03 == flows
    let nameV03 = form == .superset && !same ? CardSecurity.unused("\(named.name)_v03", &names) : named.name
    return Entry(original: named.name, v1: v1, v03: scheme(nameV03, flowsV03))
  }

  private static func withoutPKCE(_ flow: JSONValue) -> JSONValue {
    guard case .object(var members) = flow else { return flow }
    members.removeValue("pkceRequired")
    return .object(members)
  }

  private static func unused(_ name: String, _ names: inout Set<String>) -> String {
    var candidate = name
    while !names.insert(candidate).inserted { candidate += "_" }
    return candidate
  }

  func document() -> JSONObject {
    var object = JSONObject()
    for entry in entries {
      if form != .v03 {
        for scheme in entry.v1 { object[scheme.name] = .object(CardSecurity.wrapped(scheme.scheme)) }
      }
      guard form != .v1, let v03 = entry.v03 else { continue }
      var members = CardSecurity.plain(v03.scheme)
      if form == .superset, entry.v1.contains(where: { $0.name == v03.name }) {
        for (name, value) in CardSecurity.wrapped(v03.scheme).members { members[name] = value }
      }
      object[v03.name] = .object(members)
    }
    return object
  }

  /// The form of 1.0: an object named after the kind.
  private static func wrapped(_ scheme: SecurityScheme) -> JSONObject {
    var inner = JSONObject()
    inner.set("description", scheme.description)
    switch scheme.kind {
    case .apiKey(let location, let name):
      inner["location"] = .string(location)
      inner["name"] = .string(name)
      return ["apiKeySecurityScheme": .object(inner)]
    case .http(let scheme, let bearerFormat):
      inner["scheme"] = .string(scheme)
      inner.set("bearerFormat", bearerFormat)
      return ["httpAuthSecurityScheme": .object(inner)]
    case .oauth2(let flows, let metadataURL):
      inner["flows"] = flows.value
      inner.set("oauth2MetadataUrl", metadataURL)
      return ["oauth2SecurityScheme": .object(inner)]
    case .openIDConnect(let url):
      inner["openIdConnectUrl"] = .string(url)
      return ["openIdConnectSecurityScheme": .object(inner)]
    case .mutualTLS:
      // An empty object drops out of what the official clients sign and verify.
      if scheme.description == nil { inner["description"] = "Mutual TLS" }
      return ["mtlsSecurityScheme": .object(inner)]
    }
  }

  /// The form of 0.3, as OpenAPI writes it.
  private static func plain(_ scheme: SecurityScheme) -> JSONObject {
    var object = JSONObject()
    switch scheme.kind {
    case .apiKey(let location, let name):
      object["type"] = "apiKey"
      object["in"] = .string(location)
      object["name"] = .string(name)
    case .http(let scheme, let bearerFormat):
      object["type"] = "http"
      object["scheme"] = .string(scheme)
      object.set("bearerFormat", bearerFormat)
    case .oauth2(let flows, let metadataURL):
      object["type"] = "oauth2"
      object["flows"] = flows.value
      object.set("oauth2MetadataUrl", metadataURL)
    case .openIDConnect(let url):
      object["type"] = "openIdConnect"
      object["openIdConnectUrl"] = .string(url)
    case .mutualTLS:
      object["type"] = "mutualTLS"
    }
    object.set("description", scheme.description)
    return object
  }

  // MARK: Requirements

  /// A requirement of a scheme that was split is met by any of its parts.
  func requirementsV1(_ requirements: [SecurityRequirement]) -> [SecurityRequirement] {
    requirements.flatMap { requirement in
      var alternatives = [SecurityRequirement(schemes: [])]
      for scheme in requirement.schemes {
        let names = entries.first { $0.original == scheme.name }?.v1.map(\.name) ?? [scheme.name]
        alternatives = Array(
          alternatives.flatMap { alternative in
            names.map { SecurityRequirement(schemes: alternative.schemes + [.init(name: $0, scopes: scheme.scopes)]) }
          }.prefix(CardSecurity.alternativesMax))
      }
      return alternatives
    }
  }

  /// A requirement that 0.3 cannot express is left out whole: without one of its schemes it would ask for less.
  func requirementsV03(_ requirements: [SecurityRequirement]) -> [SecurityRequirement] {
    requirements.compactMap { requirement in
      var schemes: [SecurityRequirement.Scheme] = []
      for scheme in requirement.schemes {
        guard let entry = entries.first(where: { $0.original == scheme.name }) else { return requirement }
        guard let v03 = entry.v03 else { return nil }
        schemes.append(.init(name: v03.name, scopes: scheme.scopes))
      }
      return SecurityRequirement(schemes: schemes)
    }
  }
}
