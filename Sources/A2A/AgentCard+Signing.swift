public import Model

extension AgentCard {
  /// The card in words that hold nothing empty where that says the same, so that every verifier's form of it is one and the
  /// same.
  ///
  /// A requirement of a scheme without scopes would be an empty list. For schemes that know no scopes, a name there says
  /// which role the caller must have (OpenAPI 3.1, security requirement object): here, that it is one.
  public var signable: AgentCard {
    var card = self
    var withoutScopes: Set<String> = []
    card.securitySchemes = securitySchemes.map { named in
      var named = named
      switch named.scheme.kind {
      case .apiKey, .http: withoutScopes.insert(named.name)
      case .mutualTLS:
        withoutScopes.insert(named.name)
        if named.scheme.description?.isEmpty ?? true { named.scheme.description = "A client certificate." }
      case .oauth2, .openIDConnect: break
      }
      return named
    }
    func filled(_ requirements: [SecurityRequirement]) -> [SecurityRequirement] {
      requirements.map { requirement in
        SecurityRequirement(
          schemes: requirement.schemes.map { scheme in
            scheme.scopes.isEmpty && withoutScopes.contains(scheme.name)
              ? SecurityRequirement.Scheme(name: scheme.name, scopes: [AgentCard.callerRole]) : scheme
          })
      }
    }
    card.securityRequirements = filled(securityRequirements)
    card.skills = skills.map { skill in
      var skill = skill
      skill.securityRequirements = filled(skill.securityRequirements)
      return skill
    }
    return card
  }

  private static let callerRole = "caller"
}
