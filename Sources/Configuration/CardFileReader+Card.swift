import JSON
import Model

/// The agent-card part of a card file (A2A 1.0 §4.4).
extension CardFileReader {
  func card(_ reader: inout ObjectReader) -> CardOverrides {
    var result = CardOverrides()
    result.name = text(&reader, "name")
    result.description = text(&reader, "description")
    result.version = text(&reader, "version")
    result.provider =
      reader.object("provider") { reader in
        let organization = reader.requiredString("organization")
        let url = url(&reader, "url", isRequired: true)
        guard let organization, let url else { return nil }
        return AgentProvider(organization: organization, url: url)
      } ?? nil
    result.documentationURL = url(&reader, "documentationUrl")
    result.iconURL = url(&reader, "iconUrl")
    result.capabilities = reader.object("capabilities") { capabilities(&$0) }
    result.defaultInputModes = mediaTypes(&reader, "defaultInputModes")
    result.defaultOutputModes = mediaTypes(&reader, "defaultOutputModes")
    if let elements = reader.elements("skills") {
      result.skills = elements.compactMap { element in reader.object(element, "a skill") { skill(&$0) } ?? nil }
      reportRepeatedSkills(elements)
    }
    ignored(
      &reader, "supportedInterfaces", "the gateway writes \"supportedInterfaces\" itself",
      "set \"public_url\" of the listener to say where callers reach it")
    ignored(&reader, "signatures", "a signature does not survive a change of the card", "remove it")
    for name in ["securitySchemes", "securityRequirements"] {
      ignored(&reader, name, "the gateway writes \"\(name)\" from \"auth\" of the listener", "remove it here")
    }
    oldNames(&reader)
    return result
  }

  private func skill(_ reader: inout ObjectReader) -> AgentSkill? {
    let id = reader.requiredString("id")
    let name = reader.requiredString("name")
    let description = reader.requiredString("description", hint: "agents choose by it: say what it does, and for what")
    let tagsHint = "A2A requires it, such as [\"writing\"]"
    let tags = reader.required("tags", hint: tagsHint) == nil ? nil : reader.strings("tags")?.map(\.text)
    let examples = reader.strings("examples")?.map(\.text) ?? []
    let inputModes = mediaTypes(&reader, "inputModes") ?? []
    let outputModes = mediaTypes(&reader, "outputModes") ?? []
    ignored(
      &reader, "securityRequirements", "the gateway writes \"securityRequirements\" from \"auth\" of the listener",
      "remove it here")
    guard let id, let name, let description, let tags else { return nil }
    return AgentSkill(
      id: id, name: name, description: description, tags: tags, examples: examples, inputModes: inputModes,
      outputModes: outputModes)
  }

  private func reportRepeatedSkills(_ elements: [JSONCNode]) {
    var seen: Set<String> = []
    for element in elements {
      guard case .object(let members) = element.content, let id = members.first(where: { $0.name == "id" }),
        case .string(let text) = id.value.content
      else { continue }
      if !seen.insert(text).inserted { faults.error(id.value.range, "two skills have the id \"\(text)\"") }
    }
  }

  private func capabilities(_ reader: inout ObjectReader) -> AgentCapabilities {
    var result = AgentCapabilities()
    result.streaming = reader.bool("streaming")
    result.pushNotifications = reader.bool("pushNotifications")
    result.extendedAgentCard = reader.bool("extendedAgentCard")
    result.extensions = (reader.elements("extensions") ?? []).compactMap { element in
      reader.object(element, "an extension") { reader -> AgentExtension? in
        let uri = reader.requiredString("uri")
        let description = reader.string("description")
        let isRequired = reader.bool("required") ?? false
        var params: JSONFragment?
        if let node = reader.value("params") {
          if case .object = node.content {
            params = JSONFragment(node.jsonValue)
          } else {
            reader.wrong(node, "params", "an object")
          }
        }
        guard let uri else { return nil }
        return AgentExtension(uri: uri, description: description, required: isRequired, params: params)
      } ?? nil
    }
    return result
  }

  /// Members of 0.3 cards, which 1.0 calls otherwise: "unknown key" alone would puzzle.
  private func oldNames(_ reader: inout ObjectReader) {
    let names = [
      ("url", "supportedInterfaces"), ("preferredTransport", "supportedInterfaces"),
      ("additionalInterfaces", "supportedInterfaces"), ("protocolVersion", "supportedInterfaces"),
      ("security", "securityRequirements"), ("supportsAuthenticatedExtendedCard", "capabilities.extendedAgentCard"),
    ]
    for (old, new) in names where reader.has(old) {
      _ = reader.value(old)
      faults.error(
        reader.range(of: old), "\"\(old)\" is a member of A2A 0.3 cards; card files speak 1.0",
        hint: "1.0 has \"\(new)\"; the gateway writes both cards from this file")
    }
  }

  private func ignored(_ reader: inout ObjectReader, _ name: String, _ message: String, _ hint: String) {
    if reader.value(name) != nil {
      faults.warning(reader.range(of: name), message + "; it is ignored here", hint: hint)
    }
  }

  private func text(_ reader: inout ObjectReader, _ name: String) -> String? {
    guard let text = reader.string(name) else { return nil }
    if text.isEmpty {
      faults.error(reader.range(of: name), "\"\(name)\" is empty", hint: "leave it out for the default")
    }
    return text
  }

  private func url(_ reader: inout ObjectReader, _ name: String, isRequired: Bool = false) -> String? {
    guard let node = isRequired ? reader.required(name) : reader.value(name), let text = reader.string(node, name)
    else { return nil }
    guard WebAddress.isWebAddress(text) else {
      faults.error(node.range, "\"\(name)\" must be an http or https URL")
      return nil
    }
    return text
  }

  private func mediaTypes(_ reader: inout ObjectReader, _ name: String) -> [String]? {
    guard let elements = reader.strings(name) else { return nil }
    if elements.isEmpty {
      faults.error(reader.range(of: name), "\"\(name)\" is empty", hint: "such as [\"text/plain\"]")
    }
    for (text, node) in elements where !Self.isMediaType(text) {
      faults.error(node.range, "\"\(text)\" is no media type", hint: "such as \"text/plain\" or \"application/json\"")
    }
    return elements.map(\.text)
  }

  private static func isMediaType(_ text: String) -> Bool {
    let essence = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0]
    let halves = essence.split(separator: "/", omittingEmptySubsequences: false)
    let marks = Set("!#$&-^_.+*")
    return halves.count == 2
      && halves.allSatisfy { half in
        !half.isEmpty && half.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || marks.contains($0)) }
      }
  }
}
