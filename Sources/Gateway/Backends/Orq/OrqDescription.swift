internal import JSON
internal import LocalRuntime
internal import Model
internal import Orq

/// What an agent of Orq puts on its card (orq.md §7). Instructions and prompts are never among it.
enum OrqDescription {
  /// Until the workspace has told more.
  static func placeholder(_ agentKey: String) -> EngineDescription {
    description(name: agentKey, text: "The agent \(agentKey).", version: "0", skills: [])
  }

  static func description(_ manifest: OrqManifest) -> EngineDescription {
    let name = manifest.displayName.isEmpty ? manifest.key : manifest.displayName.string
    let text = manifest.description.isEmpty ? manifest.role.string : manifest.description.string
    let whole = AgentSkill(
      id: manifest.key, name: manifest.role.isEmpty ? name : manifest.role.string,
      description: text.isEmpty ? "Answers messages." : text, tags: ["agent"])
    let tools = manifest.settings.tools.compactMap { tool -> AgentSkill? in
      guard let key = tool.key, !key.isEmpty else { return nil }
      let title = tool.displayName?.string ?? key
      return AgentSkill(
        id: "tool.\(key)", name: title, description: tool.description?.string ?? "Uses \(title).",
        tags: [tool.actionType])
    }
    return description(
      name: name, text: text.isEmpty ? "The agent \(manifest.key)." : text,
      version: manifest.version.isEmpty ? "0" : manifest.version, skills: [whole] + tools)
  }

  /// Of an agent that a run call defines.
  static func description(_ definition: OrqAgentDefinition) -> EngineDescription {
    let text = (definition.description ?? definition.role).string
    let skill = AgentSkill(
      id: definition.key, name: definition.role.isEmpty ? definition.key : definition.role.string,
      description: text.isEmpty ? "Answers messages." : text, tags: ["agent"])
    return description(
      name: definition.key, text: text.isEmpty ? "The agent \(definition.key)." : text, version: "0", skills: [skill])
  }

  private static func description(name: String, text: String, version: String, skills: [AgentSkill])
    -> EngineDescription
  {
    EngineDescription(
      name: name, description: text, version: version,
      inputModes: ["text/plain", "application/json", "image/*", "application/pdf"],
      outputModes: ["text/plain", "application/json"], skills: skills, canStream: true, mayAnswerWithoutTask: true)
  }
}
