import Bytes
public import JSON

/// An agent as `run` defines it, in the call itself (contract §3.7).
public struct OrqAgentDefinition: OrqReadable {
  public static var author: OrqReader.Author { .caller }

  public var key: String
  public var model: OrqModel
  public var role: JSONString
  public var instructions: JSONString
  public var path: JSONString
  /// An object, which may be empty. Its tools are references or whole definitions, unlike those of ``OrqSettings``.
  public var settings: JSONFragment
  public var description: JSONString?
  public var systemPrompt: JSONString?
  public var fallbackModels: [OrqModel]
  public var memoryStores: [String]
  /// Their ids.
  public var knowledgeBases: [String]
  public var teamOfAgents: [OrqTeamMember]
  /// Only in the release candidate of 3.13; never written.
  public var iconURL: String?

  public init(
    key: String, model: OrqModel, role: JSONString, instructions: JSONString, path: JSONString,
    settings: JSONFragment = JSONFragment(.object([:])), description: JSONString? = nil,
    systemPrompt: JSONString? = nil, fallbackModels: [OrqModel] = [], memoryStores: [String] = [],
    knowledgeBases: [String] = [], teamOfAgents: [OrqTeamMember] = [], iconURL: String? = nil
  ) {
    self.key = key
    self.model = model
    self.role = role
    self.instructions = instructions
    self.path = path
    self.settings = settings
    self.description = description
    self.systemPrompt = systemPrompt
    self.fallbackModels = fallbackModels
    self.memoryStores = memoryStores
    self.knowledgeBases = knowledgeBases
    self.teamOfAgents = teamOfAgents
    self.iconURL = iconURL
  }

  /// Reads the members that lie beside those of the turn.
  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      key: reader.requiredString(node, "key", bytesMax: OrqLimits.keyBytesMax), model: reader.model(node),
      role: reader.requiredText(node, "role"), instructions: reader.requiredText(node, "instructions"),
      path: reader.requiredText(node, "path"), settings: reader.requiredObject(node, "settings"),
      description: reader.text(node, "description"), systemPrompt: reader.text(node, "system_prompt"),
      fallbackModels: reader.elements(node, "fallback_models", max: OrqLimits.fallbackModelsMax) { reader, node in
        OrqModel(node, &reader)
      } ?? [],
      memoryStores: reader.strings(node, "memory_stores", max: OrqLimits.memoryStoresMax),
      knowledgeBases: reader.knowledgeBases(node),
      teamOfAgents: reader.values(node, "team_of_agents", OrqTeamMember.self, max: OrqLimits.teamMembersMax) ?? [],
      iconURL: reader.string(node, "icon_url", bytesMax: OrqLimits.uriBytesMax))
    if !key.isEmpty, !OrqAgentKey.isValid(key) {
      reader.fail(at: "key", "Must be letters and digits, joined by single dots, hyphens or underscores.")
    }
  }

  /// Writes the members into an object that has begun.
  public func members(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.member("key", key)
    json.key("model")
    model.write(into: &json, for: generation)
    json.member("role", role)
    json.member("instructions", instructions)
    json.member("path", path)
    json.key("settings")
    writeSettings(into: &json)
    json.optional("description", description)
    json.optional("system_prompt", systemPrompt)
    if !fallbackModels.isEmpty {
      json.key("fallback_models")
      json.beginArray()
      for model in fallbackModels { model.write(into: &json, for: generation) }
      json.endArray()
    }
    if !memoryStores.isEmpty { json.member("memory_stores", memoryStores) }
    if !knowledgeBases.isEmpty { json.writeKnowledgeBases(knowledgeBases) }
    if !teamOfAgents.isEmpty { json.member("team_of_agents", teamOfAgents) }
  }

  /// 3.13 requires a list of tools; the later releases do not mind an empty one.
  private func writeSettings(into json: inout JSONWriter) {
    guard settings.document.root["tools"] == nil else { return json.fragment(settings) }
    var whole = ("{\"tools\":[]" as StaticString).bytes
    let others = settings.bytes.dropFirst().dropLast()
    if others.contains(where: { $0 > 0x20 }) { whole.append(UInt8(ascii: ",")) }
    whole += others
    whole.append(UInt8(ascii: "}"))
    json.raw(whole.span)
  }
}

/// A language model, and how it is asked.
public struct OrqModel: Sendable, Equatable {
  /// `provider/model`.
  public var id: String
  /// An object; not in 3.x.
  public var parameters: JSONFragment?
  /// An object; not in 3.x.
  public var retry: JSONFragment?

  public init(_ id: String, parameters: JSONFragment? = nil, retry: JSONFragment? = nil) {
    self.id = id
    self.parameters = parameters
    self.retry = retry
  }

  /// A string, or from 4.x on an object.
  init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init("")
    switch node.kind {
    case .string: id = node.string ?? ""
    case .object:
      id = reader.requiredString(node, "id")
      parameters = reader.object(node, "parameters")
      retry = reader.object(node, "retry")
    default: reader.fail("Must be a string or an object.")
    }
    if reader.author == .caller, id.utf8.count > OrqLimits.identifierBytesMax {
      reader.fail("Must not be longer than \(OrqLimits.identifierBytesMax) bytes.")
    }
  }

  func write(into json: inout JSONWriter, for generation: OrqGeneration) {
    guard generation == .v4, parameters != nil || retry != nil else { return json.string(id) }
    json.beginObject()
    json.member("id", id)
    json.optional("parameters", parameters)
    json.optional("retry", retry)
    json.endObject()
  }
}

/// An agent that another one may hand over to.
public struct OrqTeamMember: OrqValue {
  public var key: String
  public var role: JSONString?

  public init(key: String, role: JSONString? = nil) {
    self.key = key
    self.role = role
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(key: reader.requiredString(node, "key"), role: reader.text(node, "role"))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("key", key)
    json.optional("role", role)
    json.endObject()
  }
}

/// Keys of agents (contract §2.1).
public enum OrqAgentKey {
  /// Begins with a letter; letters and digits, joined by single dots, hyphens or underscores.
  public static func isValid(_ key: String) -> Bool {
    guard key.utf8.count <= OrqLimits.keyBytesMax, let first = key.utf8.first, isLetter(first) else { return false }
    var afterJoint = false
    for byte in key.utf8 {
      let isJoint = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      guard isJoint ? !afterJoint : isLetter(byte) || ASCII.isDigit(byte) else { return false }
      afterJoint = isJoint
    }
    return !afterJoint
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(ASCII.lowercased(byte))
  }
}

extension OrqReader {
  fileprivate mutating func model(_ node: JSONNode) -> OrqModel {
    guard let model = member(node, "model") else {
      fail(at: "model", "Is required.")
      return OrqModel("")
    }
    return within("model") { OrqModel(model, &$0) }
  }

  /// Objects, or ids as the release candidate of 3.13 sent them.
  mutating func knowledgeBases(_ node: JSONNode) -> [String] {
    elements(node, "knowledge_bases", max: OrqLimits.knowledgeBasesMax) { reader, node in
      node.kind == .object ? reader.identifier(node, "knowledge_id") : reader.bareID(node)
    } ?? []
  }

  private mutating func bareID(_ node: JSONNode) -> String {
    guard let id = node.string, author == .server || id.utf8.count <= OrqLimits.identifierBytesMax else {
      fail("Must be an object with a knowledge_id.")
      return ""
    }
    return id
  }
}

extension JSONWriter {
  mutating func writeKnowledgeBases(_ ids: [String]) {
    key("knowledge_bases")
    beginArray()
    for id in ids {
      beginObject()
      member("knowledge_id", id)
      endObject()
    }
    endArray()
  }
}
