import JSON
import Model

/// The security schemes of a card as the versions need them. All kinds but OAuth 2 are the same in both. In 1.0 an
/// OAuth 2 scheme has exactly one flow, so one with several becomes several schemes; 0.3 knows neither `deviceCode` nor
/// `pkceRequired`.
///
/// In a superset card the official 1.0 client reads the members of 0.3 before those of 1.0 and refuses the whole card
/// for a scheme with two flows. There a scheme has both forms under one name only where they say the same; where 0.3
/// says less it gets a twin with a name of its own, and flows are split for 0.3 too.
struct CardSecurity {
  private struct Entry {
    var original: String
    /// The schemes of 1.0, in order; one of them suffices.
    var v1: [NamedSecurityScheme]
    /// The schemes of 0.3, in order; one of them suffices. None when 0.3 cannot express it.
    var v03: [NamedSecurityScheme]
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
    guard case .oauth2(let fragment, let metadataURL) = named.scheme.kind, case .object(let flows) = fragment.value
    else { return Entry(original: named.name, v1: [named], v03: [named]) }
    func scheme(_ name: String, _ flows: JSONObject) -> NamedSecurityScheme {
      NamedSecurityScheme(
        name: name,
        scheme: SecurityScheme(
          .oauth2(flows: JSONFragment(.object(flows)), metadataURL: metadataURL), description: named.scheme.description)
      )
    }
    var entry = Entry(original: named.name, v1: [], v03: [])
    var together = JSONObject()
    for flow in OAuthFlows.names {
      guard let value = flows[flow] else { continue }
      let name = entry.v1.isEmpty ? named.name : unused("\(named.name)_\(flow)", &names)
      entry.v1.append(scheme(name, [flow: value]))
      guard OAuthFlows.namesV03.contains(flow) else { continue }
      let valueV03 = withoutPKCE(value)
      together[flow] = valueV03
      let nameV03 = valueV03 == value ? name : form == .superset ? unused("\(name)_v03", &names) : name
      entry.v03.append(scheme(nameV03, [flow: valueV03]))
    }
    if form == .v03, !together.isEmpty { entry.v03 = [scheme(named.name, together)] }
    return entry
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
      if form != .v1 {
        for scheme in entry.v03 { object[scheme.name] = .object(CardSecurity.plain(scheme.scheme)) }
      }
      guard form != .v03 else { continue }
      for scheme in entry.v1 {
        // Beside the members of 0.3, where both forms share the name.
        var members = object[scheme.name]?.object ?? JSONObject()
        for (name, value) in CardSecurity.wrapped(scheme.scheme).members { members[name] = value }
        object[scheme.name] = .object(members)
      }
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

  func requirementsV1(_ requirements: [SecurityRequirement]) -> [SecurityRequirement] {
    requirements.flatMap { alternatives(of: $0, \.v1) }
  }

  /// A requirement that 0.3 cannot express is left out whole: without one of its schemes it would ask for less.
  func requirementsV03(_ requirements: [SecurityRequirement]) -> [SecurityRequirement] {
    requirements.flatMap { alternatives(of: $0, \.v03) }
  }

  /// A requirement of a scheme that was split is met by any of its parts.
  private func alternatives(
    of requirement: SecurityRequirement, _ schemes: KeyPath<Entry, [NamedSecurityScheme]>
  ) -> [SecurityRequirement] {
    var alternatives = [SecurityRequirement(schemes: [])]
    for scheme in requirement.schemes {
      let names = entries.first { $0.original == scheme.name }.map { $0[keyPath: schemes].map(\.name) } ?? [scheme.name]
      alternatives = Array(
        alternatives.flatMap { alternative in
          names.map { SecurityRequirement(schemes: alternative.schemes + [.init(name: $0, scopes: scheme.scopes)]) }
        }.prefix(CardSecurity.alternativesMax))
    }
    return alternatives
  }
}
