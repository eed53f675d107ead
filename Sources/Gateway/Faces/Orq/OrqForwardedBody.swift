internal import Configuration
internal import JSON
internal import Model
internal import Orq

/// What becomes of a call's body on its way to the workspace: nothing, unless a card file has a say. Members that neither
/// the API nor this gateway knows go along.
struct OrqForwardedBody {
  /// Whose agent it is, where members of a run call say.
  enum Agent {
    /// The body says what it says.
    case asItCame
    /// The agent is what the workspace knows: what the body says of its making is left out.
    case known
    /// The agent is what its card file defines; of the body only what belongs to a turn stays.
    case defined(OrqAgentConfiguration)
  }

  var agent = Agent.asItCame
  /// What the card file lets calls carry.
  var defaults = OrqDefaults()

  /// - Parameters:
  ///   - caller: named where the body does not say on whose behalf it calls.
  ///   - threadID: of a thread that only the card file wants.
  func encoded(
    _ bytes: [UInt8], _ root: JSONNode, caller: @autoclosure () -> OrqIdentity?, threadID: @autoclosure () -> String,
    for generation: OrqGeneration
  ) -> [UInt8] {
    let said = ["identity", "contact", "external_id", "externalId"].contains { root.member(named: $0) != nil }
    let identity = said ? nil : caller()
    if case .asItCame = agent, defaults == OrqDefaults() { return bytes.adding(identity, root, for: generation) }
    var json = JSONWriter(reserving: bytes.count + 1024)
    json.beginObject()
    writeDefinition(into: &json, for: generation)
    root.forEachMember { key, value in
      guard keeps(OrqAgentMembers.name(key.string)) else { return }
      json.key(string: key.string)
      json.fragment(value.fragment)
    }
    if defaults != OrqDefaults() { writeSettings(root, threadID(), into: &json) }
    if let identity { json.write(identity, for: generation) }
    json.endObject()
    return json.finish()
  }

  private func keeps(_ name: String) -> Bool {
    if defaults != OrqDefaults(), ["variables", "memory", "metadata", "thread", "context_id"].contains(name) {
      return false
    }
    switch agent {
    case .asItCame: return true
    case .known: return !OrqAgentMembers.ofRun.contains(name)
    case .defined: return OrqAgentMembers.ofTurn.contains(name)
    }
  }

  private func writeDefinition(into json: inout JSONWriter, for generation: OrqGeneration) {
    guard case .defined(let agent) = agent, let definition = agent.definition else { return }
    definition.members(into: &json, for: generation)
    for (name, value) in agent.others(for: generation).members {
      json.key(string: name)
      json.value(value)
    }
  }

  /// The thread is the caller's, its tags are what the card file makes of them.
  private func writeSettings(_ root: JSONNode, _ threadID: String, into json: inout JSONWriter) {
    let settings = OrqTurnSettings(defaults, body: root)
    let caller = root["thread"]?["id"] ?? root["context_id"] ?? root["contextId"]
    if let variables = settings.variables { json.member("variables", variables) }
    if let metadata = settings.metadata { json.member("metadata", metadata) }
    if let entity = settings.memoryEntityID { json.member("memory", ["entity_id": .string(entity)]) }
    guard caller?.string != nil || !settings.threadTags.isEmpty else { return }
    var thread: JSONObject = ["id": .string(caller?.string ?? threadID)]
    if !settings.threadTags.isEmpty { thread["tags"] = .array(settings.threadTags.map { .string($0) }) }
    json.member("thread", .object(thread))
  }
}

extension [UInt8] {
  /// The body of a call as it came, with who calls behind its last member.
  fileprivate func adding(_ identity: OrqIdentity?, _ root: JSONNode, for generation: OrqGeneration) -> [UInt8] {
    guard let identity, let end = lastIndex(of: UInt8(ascii: "}")) else { return self }
    var before = Array(self[..<end])
    if root.count > 0 { before.append(UInt8(ascii: ",")) }
    var json = JSONWriter(appendingTo: before)
    json.write(identity, for: generation)
    return json.finish() + self[end...]
  }
}

extension JSONWriter {
  fileprivate mutating func write(_ identity: OrqIdentity, for generation: OrqGeneration) {
    key(generation == .v3 ? "contact" : "identity")
    identity.write(into: &self)
  }
}
