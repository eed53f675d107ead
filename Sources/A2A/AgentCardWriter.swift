import JSON
import Model

/// Writes a card in one form. The order of members is fixed, so that equal cards are equal bytes.
struct AgentCardWriter {
  let form: AgentCardCodec.Form
  let card: AgentCard
  let security: CardSecurity

  init(form: AgentCardCodec.Form, card: AgentCard) {
    self.form = form
    self.card = card
    security = CardSecurity(card.securitySchemes, form: form)
  }

  private var writesV1: Bool { form != .v03 }
  private var writesV03: Bool { form != .v1 }

  func document() -> JSONValue {
    var root = JSONObject()
    root["name"] = .string(card.name)
    root["description"] = .string(card.description)
    root["version"] = .string(card.version)
    if writesV1 { root.set("supportedInterfaces", list: card.supportedInterfaces.map(interface)) }
    if writesV03 { writeInterfacesV03(into: &root) }
    if let provider = card.provider {
      root["provider"] = .object(["organization": .string(provider.organization), "url": .string(provider.url)])
    }
    root.set("documentationUrl", card.documentationURL)
    root.set("iconUrl", card.iconURL)
    root["capabilities"] = .object(capabilities())
    if writesV03, let extended = card.capabilities.extendedAgentCard {
      root["supportsAuthenticatedExtendedCard"] = .bool(extended)
    }
    let schemes = security.document()
    if !schemes.members.isEmpty { root["securitySchemes"] = .object(schemes) }
    writeRequirements(card.securityRequirements, into: &root)
    setRequired("defaultInputModes", card.defaultInputModes, in: &root)
    setRequired("defaultOutputModes", card.defaultOutputModes, in: &root)
    root["skills"] = .array(card.skills.map(skill))
    if form == .v1, card.skills.isEmpty { root.removeValue("skills") }
    if form == .v1 { root.set("signatures", list: card.signatures.map(signature)) }
    return .object(root)
  }

  // MARK: Interfaces

  private func interface(_ interface: AgentInterface) -> JSONValue {
    var object = JSONObject()
    object["url"] = .string(interface.url)
    object["protocolBinding"] = .string(interface.protocolBinding)
    object["protocolVersion"] = .string(interface.protocolVersion)
    object.set("tenant", interface.tenant)
    return .object(object)
  }

  /// 0.3 has one version for the whole card, and no tenants. The first interface is the main one, and is repeated among
  /// the others as 0.3 §5.6.2 recommends.
  private func writeInterfacesV03(into root: inout JSONObject) {
    let interfaces = card.supportedInterfaces.filter { $0.protocolVersion.hasPrefix("0.") && $0.tenant == nil }
    guard let main = interfaces.first else { return }
    root["url"] = .string(main.url)
    root["preferredTransport"] = .string(main.protocolBinding)
    root["protocolVersion"] = "0.3.0"
    root.set(
      "additionalInterfaces",
      list: interfaces.map { .object(["url": .string($0.url), "transport": .string($0.protocolBinding)]) })
  }

  // MARK: Capabilities

  private func capabilities() -> JSONObject {
    var object = JSONObject()
    let capabilities = card.capabilities
    if let streaming = capabilities.streaming { object["streaming"] = .bool(streaming) }
    if let push = capabilities.pushNotifications { object["pushNotifications"] = .bool(push) }
    if writesV1, let extended = capabilities.extendedAgentCard { object["extendedAgentCard"] = .bool(extended) }
    object.set("extensions", list: capabilities.extensions.map(declaredExtension))
    // The member is required, and an empty object would drop out of what is signed; "not said" means false.
    if object.members.isEmpty { object["streaming"] = false }
    return object
  }

  private func declaredExtension(_ value: AgentExtension) -> JSONValue {
    var object = JSONObject()
    object["uri"] = .string(value.uri)
    object.set("description", value.description)
    if value.required { object["required"] = true }
    if let params = value.params { object["params"] = params.value }
    return .object(object)
  }

  // MARK: Skills

  private func skill(_ skill: AgentSkill) -> JSONValue {
    var object = JSONObject()
    object["id"] = .string(skill.id)
    object["name"] = .string(skill.name)
    object["description"] = .string(skill.description)
    setRequired("tags", skill.tags, in: &object)
    object.set("examples", list: skill.examples.map { .string($0) })
    object.set("inputModes", list: skill.inputModes.map { .string($0) })
    object.set("outputModes", list: skill.outputModes.map { .string($0) })
    writeRequirements(skill.securityRequirements, into: &object)
    return .object(object)
  }

  /// A list that 0.3 requires even when it is empty; a pure 1.0 card has no empty lists.
  private func setRequired(_ name: String, _ values: [String], in object: inout JSONObject) {
    if values.isEmpty, form == .v1 { return }
    object[name] = .array(values.map { .string($0) })
  }

  // MARK: Security

  private func writeRequirements(_ requirements: [SecurityRequirement], into object: inout JSONObject) {
    if writesV03 {
      object.set(
        "security",
        list: security.requirementsV03(requirements).map { requirement in
          var schemes = JSONObject()
          for scheme in requirement.schemes { schemes[scheme.name] = .array(scheme.scopes.map { .string($0) }) }
          return .object(schemes)
        })
    }
    if writesV1 {
      object.set(
        "securityRequirements",
        list: security.requirementsV1(requirements).map { requirement in
          var schemes = JSONObject()
          for scheme in requirement.schemes {
            schemes[scheme.name] = .object(["list": .array(scheme.scopes.map { .string($0) })])
          }
          return .object(["schemes": .object(schemes)])
        })
    }
  }

  private func signature(_ signature: AgentCardSignature) -> JSONValue {
    var object = JSONObject()
    object["protected"] = .string(signature.protected)
    object["signature"] = .string(signature.signature)
    if let header = signature.header { object["header"] = header.value }
    return .object(object)
  }
}

extension JSONObject {
  mutating func set(_ name: String, _ text: String?) {
    if let text, !text.isEmpty { self[name] = .string(text) }
  }

  mutating func set(_ name: String, list: [JSONValue]) {
    if !list.isEmpty { self[name] = .array(list) }
  }
}
