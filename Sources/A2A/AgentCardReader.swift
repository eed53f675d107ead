import JSON
import Model

/// Reads a card document and notes every fault with its path.
struct AgentCardReader {
  private(set) var faults: [AgentCardFault] = []
  private var path: [String] = []

  /// Bounds a hostile document's list of faults.
  private static let faultsMax = 64

  // MARK: Card

  mutating func card(_ value: JSONValue, requiresInterfaces: Bool) -> AgentCard {
    guard let root = object(value) else {
      return AgentCard(
        name: "", description: "", version: "", defaultInputModes: [], defaultOutputModes: [], skills: [])
    }
    var card = AgentCard(
      name: requiredString(root, "name"), description: requiredString(root, "description"),
      version: requiredString(root, "version"), supportedInterfaces: interfaces(root, required: requiresInterfaces),
      provider: provider(root), documentationURL: string(root, "documentationUrl"), iconURL: string(root, "iconUrl"),
      capabilities: capabilities(root), defaultInputModes: requiredStrings(root, "defaultInputModes"),
      defaultOutputModes: requiredStrings(root, "defaultOutputModes"), skills: skills(root))
    card.securitySchemes = securitySchemes(root)
    card.securityRequirements = securityRequirements(root)
    card.signatures = signatures(root)
    checkReferences(card)
    return card
  }

  private mutating func provider(_ root: JSONObject) -> AgentProvider? {
    member(root, "provider") { reader, node in
      AgentProvider(organization: reader.requiredString(node, "organization"), url: reader.requiredString(node, "url"))
    }
  }

  // MARK: Interfaces

  /// `supportedInterfaces` of 1.0; else `url` and `additionalInterfaces` of 0.3, without the repetition of the main one
  /// that 0.3 recommends.
  private mutating func interfaces(_ root: JSONObject, required: Bool) -> [AgentInterface] {
    if present(root, "supportedInterfaces") {
      let list = elements(root, "supportedInterfaces") { reader, node in
        AgentInterface(
          url: reader.requiredString(node, "url"), protocolBinding: reader.requiredString(node, "protocolBinding"),
          protocolVersion: reader.majorMinor(node, "protocolVersion", absent: "1.0"),
          tenant: reader.string(node, "tenant"))
      }
      if list.isEmpty, required { fault("supportedInterfaces", "Must name at least one interface.") }
      return list
    }
    guard let url = string(root, "url") else {
      if required { fault("supportedInterfaces", "Is required (or url, in a card of 0.3).") }
      return []
    }
    let version = majorMinor(root, "protocolVersion", absent: "0.3")
    var list = [
      AgentInterface(
        url: url, protocolBinding: string(root, "preferredTransport") ?? Binding.jsonRPC.cardName,
        protocolVersion: version)
    ]
    let additional = elements(root, "additionalInterfaces") { reader, node in
      AgentInterface(
        url: reader.requiredString(node, "url"), protocolBinding: reader.requiredString(node, "transport"),
        protocolVersion: version)
    }
    for interface in additional where !list.contains(interface) { list.append(interface) }
    return list
  }

  /// Major.Minor: 0.3 writes patch digits, which say nothing of the wire.
  private mutating func majorMinor(_ parent: JSONObject, _ name: String, absent: String) -> String {
    guard let text = string(parent, name) else { return absent }
    let fields = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (2...3).contains(fields.count),
      fields.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } })
    else {
      fault(name, "Must be a Major.Minor version, such as 1.0.")
      return absent
    }
    return fields.prefix(2).joined(separator: ".")
  }

  // MARK: Capabilities

  private mutating func capabilities(_ root: JSONObject) -> AgentCapabilities {
    // 0.3 has the flag of the extended card at the top.
    let extended = bool(root, "supportsAuthenticatedExtendedCard")
    guard
      var capabilities = member(
        root, "capabilities",
        { reader, node in
          AgentCapabilities(
            streaming: reader.bool(node, "streaming"), pushNotifications: reader.bool(node, "pushNotifications"),
            extendedAgentCard: reader.bool(node, "extendedAgentCard"), extensions: reader.extensions(node))
        })
    else {
      if !present(root, "capabilities") { fault("capabilities", "Is required.") }
      return AgentCapabilities()
    }
    capabilities.extendedAgentCard = capabilities.extendedAgentCard ?? extended
    return capabilities
  }

  private mutating func extensions(_ parent: JSONObject) -> [AgentExtension] {
    elements(parent, "extensions") { reader, node in
      AgentExtension(
        uri: reader.requiredString(node, "uri"), description: reader.string(node, "description"),
        required: reader.bool(node, "required") ?? false, params: reader.fragment(node, "params"))
    }
  }

  // MARK: Skills

  private mutating func skills(_ root: JSONObject) -> [AgentSkill] {
    if !present(root, "skills") { fault("skills", "Is required.") }
    let skills = elements(root, "skills") { reader, node in
      AgentSkill(
        id: reader.requiredString(node, "id"), name: reader.requiredString(node, "name"),
        description: reader.requiredString(node, "description"), tags: reader.requiredStrings(node, "tags"),
        examples: reader.strings(node, "examples"), inputModes: reader.strings(node, "inputModes"),
        outputModes: reader.strings(node, "outputModes"), securityRequirements: reader.securityRequirements(node))
    }
    var seen: Set<String> = []
    for (index, skill) in skills.enumerated() where !skill.id.isEmpty && !seen.insert(skill.id).inserted {
      fault("skills[\(index)].id", "Is the id of an earlier skill.")
    }
    return skills
  }

  // MARK: Signatures

  private mutating func signatures(_ root: JSONObject) -> [AgentCardSignature] {
    elements(root, "signatures") { reader, node in
      AgentCardSignature(
        protected: reader.requiredString(node, "protected"), signature: reader.requiredString(node, "signature"),
        header: reader.fragment(node, "header"))
    }
  }

  private mutating func checkReferences(_ card: AgentCard) {
    let known = Set(card.securitySchemes.map(\.name))
    func check(_ requirements: [SecurityRequirement], _ path: String, _ faults: inout [AgentCardFault]) {
      for (index, requirement) in requirements.enumerated() {
        for scheme in requirement.schemes
        where !known.contains(scheme.name) && faults.count < AgentCardReader.faultsMax {
          faults.append(
            AgentCardFault(
              path: "\(path)[\(index)]",
              message: "Names the scheme \(scheme.name), which securitySchemes does not have."))
        }
      }
    }
    check(card.securityRequirements, "securityRequirements", &faults)
    for (index, skill) in card.skills.enumerated() {
      check(skill.securityRequirements, "skills[\(index)].securityRequirements", &faults)
    }
  }

  // MARK: Members

  mutating func fault(_ name: String, _ message: String) {
    guard faults.count < AgentCardReader.faultsMax else { return }
    let full = path.joined(separator: ".")
    faults.append(AgentCardFault(path: full.isEmpty ? name : name.isEmpty ? full : "\(full).\(name)", message: message))
  }

  func present(_ parent: JSONObject, _ name: String) -> Bool {
    guard let value = parent[name] else { return false }
    return value != .null
  }

  mutating func object(_ value: JSONValue) -> JSONObject? {
    guard case .object(let object) = value else {
      fault("", "Must be an object.")
      return nil
    }
    return object
  }

  mutating func member<T>(
    _ parent: JSONObject, _ name: String, _ read: (inout AgentCardReader, JSONObject) -> T
  ) -> T? {
    guard let value = parent[name], value != .null else { return nil }
    path.append(name)
    defer { path.removeLast() }
    return object(value).map { read(&self, $0) }
  }

  mutating func elements<T>(
    _ parent: JSONObject, _ name: String, _ read: (inout AgentCardReader, JSONObject) -> T
  ) -> [T] {
    guard let value = parent[name], value != .null else { return [] }
    guard case .array(let values) = value else {
      fault(name, "Must be a list.")
      return []
    }
    var result: [T] = []
    for (index, element) in values.enumerated() {
      path.append("\(name)[\(index)]")
      if let object = object(element) { result.append(read(&self, object)) }
      path.removeLast()
    }
    return result
  }

  mutating func string(_ parent: JSONObject, _ name: String) -> String? {
    guard let value = parent[name], value != .null else { return nil }
    guard case .string(let text) = value else {
      fault(name, "Must be a string.")
      return nil
    }
    return text.isEmpty ? nil : text
  }

  mutating func requiredString(_ parent: JSONObject, _ name: String) -> String {
    let before = faults.count
    if let text = string(parent, name) { return text }
    if faults.count == before { fault(name, "Is required.") }
    return ""
  }

  mutating func strings(_ parent: JSONObject, _ name: String) -> [String] {
    guard let value = parent[name], value != .null else { return [] }
    guard case .array(let values) = value else {
      fault(name, "Must be a list of strings.")
      return []
    }
    var result: [String] = []
    for (index, value) in values.enumerated() {
      if case .string(let text) = value { result.append(text) } else { fault("\(name)[\(index)]", "Must be a string.") }
    }
    return result
  }

  /// A list that must be there, though it may be empty.
  mutating func requiredStrings(_ parent: JSONObject, _ name: String) -> [String] {
    if !present(parent, name) { fault(name, "Is required.") }
    return strings(parent, name)
  }

  mutating func bool(_ parent: JSONObject, _ name: String) -> Bool? {
    guard let value = parent[name], value != .null else { return nil }
    guard case .bool(let flag) = value else {
      fault(name, "Must be true or false.")
      return nil
    }
    return flag
  }

  mutating func fragment(_ parent: JSONObject, _ name: String) -> JSONFragment? {
    guard let value = parent[name], value != .null else { return nil }
    guard case .object = value else {
      fault(name, "Must be an object.")
      return nil
    }
    return JSONFragment(value)
  }
}
