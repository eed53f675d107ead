import JSON
import Model

// Security schemes and requirements (A2A 1.0 §4.5, 0.3 §5.5.3). 1.0 wraps a scheme in an object named after its kind,
// 0.3 marks it by `type` as OpenAPI does. Agents exist that write either form in a card of the other version, so the
// form is told from the scheme, never from the card.

extension AgentCardReader {
  mutating func securitySchemes(_ root: JSONObject) -> [NamedSecurityScheme] {
    member(root, "securitySchemes") { reader, schemes in
      var result: [NamedSecurityScheme] = []
      for (name, value) in schemes.members {
        let scheme = reader.member(schemes, name) { reader, node in reader.securityScheme(node) }
        if let scheme, let known = scheme {
          result.append(NamedSecurityScheme(name: name, scheme: known))
        } else if value == .null {
          reader.fault(name, "Must be an object.")
        }
      }
      return result
    } ?? []
  }

  private mutating func securityScheme(_ node: JSONObject) -> SecurityScheme? {
    let wrappers: [(String, (inout AgentCardReader, JSONObject) -> SecurityScheme)] = [
      ("apiKeySecurityScheme", { $0.apiKey($1) }), ("httpAuthSecurityScheme", { $0.http($1) }),
      ("oauth2SecurityScheme", { $0.oauth2($1) }), ("openIdConnectSecurityScheme", { $0.openIDConnect($1) }),
      ("mtlsSecurityScheme", { $0.mutualTLS($1) }),
    ]
    let given = wrappers.filter { present(node, $0.0) }
    if given.count > 1 {
      fault("", "Must be of one kind only.")
      return nil
    }
    if let (name, read) = given.first { return member(node, name, read) }
    switch string(node, "type") {
    case "apiKey": return apiKey(node)
    case "http": return http(node)
    case "oauth2": return oauth2(node)
    case "openIdConnect": return openIDConnect(node)
    case "mutualTLS": return mutualTLS(node)
    case nil:
      fault("", "Must have a type, or hold one scheme of A2A 1.0.")
      return nil
    case _?:
      fault("type", "Must be apiKey, http, oauth2, openIdConnect or mutualTLS.")
      return nil
    }
  }

  private mutating func apiKey(_ node: JSONObject) -> SecurityScheme {
    // 1.0 calls it `location`, 0.3 `in`.
    let name = present(node, "location") ? "location" : present(node, "in") ? "in" : "location"
    let location = requiredString(node, name)
    if !location.isEmpty, !["header", "query", "cookie"].contains(location) {
      fault(name, "Must be header, query or cookie.")
    }
    return described(node, .apiKey(location: location, name: requiredString(node, "name")))
  }

  private mutating func http(_ node: JSONObject) -> SecurityScheme {
    described(node, .http(scheme: requiredString(node, "scheme"), bearerFormat: string(node, "bearerFormat")))
  }

  private mutating func oauth2(_ node: JSONObject) -> SecurityScheme {
    if !present(node, "flows") { fault("flows", "Is required.") }
    var flows = JSONFragment(.object([:]))
    if let value = fragment(node, "flows") {
      flows = value
      if case .object(let members)? = node["flows"], !OAuthFlows.names.contains(where: { present(members, $0) }) {
        fault("flows", "Must have one of \(OAuthFlows.names.joined(separator: ", ")).")
      }
    }
    return described(node, .oauth2(flows: flows, metadataURL: string(node, "oauth2MetadataUrl")))
  }

  private mutating func openIDConnect(_ node: JSONObject) -> SecurityScheme {
    described(node, .openIDConnect(url: requiredString(node, "openIdConnectUrl")))
  }

  private mutating func mutualTLS(_ node: JSONObject) -> SecurityScheme { described(node, .mutualTLS) }

  private mutating func described(_ node: JSONObject, _ kind: SecurityScheme.Kind) -> SecurityScheme {
    SecurityScheme(kind, description: string(node, "description"))
  }

  // MARK: Requirements

  /// Of a card or a skill: `securityRequirements` of 1.0, else `security` of 0.3. Samples of the specification write the
  /// shape of one under the name of the other, so each element's own shape decides.
  mutating func securityRequirements(_ parent: JSONObject) -> [SecurityRequirement] {
    let name = present(parent, "securityRequirements") ? "securityRequirements" : "security"
    return elements(parent, name) { reader, node in
      if case .object? = node["schemes"] {
        return reader.member(node, "schemes") { reader, schemes in reader.requirement(schemes) }
          ?? SecurityRequirement(schemes: [])
      }
      return reader.requirement(node)
    }
  }

  private mutating func requirement(_ node: JSONObject) -> SecurityRequirement {
    var schemes: [SecurityRequirement.Scheme] = []
    for (name, value) in node.members {
      switch value {
      case .array: schemes.append(SecurityRequirement.Scheme(name: name, scopes: strings(node, name)))
      case .object:
        let scopes = member(node, name) { reader, list in reader.strings(list, "list") } ?? []
        schemes.append(SecurityRequirement.Scheme(name: name, scopes: scopes))
      case .null, .bool, .number, .string: fault(name, "Must be a list of scopes.")
      }
    }
    return SecurityRequirement(schemes: schemes)
  }
}

/// The flows of OAuth 2 by their names in cards.
enum OAuthFlows {
  /// In 0.3 a scheme may have several of these.
  static let namesV03 = ["authorizationCode", "clientCredentials", "implicit", "password"]
  /// In 1.0 a scheme has exactly one; `deviceCode` is new there.
  static let names = namesV03 + ["deviceCode"]
}
