internal import A2A
internal import Configuration
internal import JSON
internal import Orq

/// What a call carries beside its message: the card file's defaults, and what the file allows a message to set. A message
/// sets it in its metadata (or the call's), below the gateway's extension URI:
/// `{"urn:a2a-gateway:…": {"variables": {…}, "memory": {"entity_id"}, "thread_tags": […], "metadata": {…}}}`.
final class OrqTurnSettings: Sendable {
  let variables: JSONFragment?
  let metadata: JSONFragment?
  let memoryEntityID: String?
  let threadTags: [String]
  /// All but the tags, as they stand in a body.
  private let members: [UInt8]

  /// Of a message that sets nothing.
  init(_ defaults: OrqDefaults) {
    variables = OrqTurnSettings.fragment(defaults.variables)
    metadata = OrqTurnSettings.fragment(defaults.metadata)
    memoryEntityID = defaults.memoryEntityID
    threadTags = defaults.threadTags
    members = OrqTurn.settings(variables: variables, memoryEntityID: memoryEntityID, metadata: metadata)
  }

  convenience init(_ defaults: OrqDefaults, message: JSONFragment?, call: JSONFragment?) {
    var changed = defaults
    for source in [call, message] {
      guard let stated = source?.document.root[GatewayExtension.uri], stated.kind == .object else { continue }
      changed.apply(stated)
    }
    self.init(changed)
  }

  /// Of a call in Orq's own terms, which says beside its message what messages of others say in their metadata.
  convenience init(_ defaults: OrqDefaults, body: JSONNode) {
    if defaults.fromMessage.isEmpty {
      self.init(defaults)
      return
    }
    let stated = JSONFragment { json in
      json.beginObject()
      for name in ["variables", "memory", "metadata"] {
        guard let value = body.member(named: name) else { continue }
        json.key(string: name)
        json.fragment(value.fragment)
      }
      if let tags = body["thread"]?["tags"] { json.member("thread_tags", tags.fragment) }
      json.endObject()
    }
    var changed = defaults
    changed.apply(stated.document.root)
    self.init(changed)
  }

  func writeCircumstances(
    into json: inout JSONWriter, for generation: OrqGeneration, _ context: OrqContextState, identity: OrqIdentity?
  ) {
    OrqTurn.writeCircumstances(
      into: &json, for: generation, taskID: context.taskID, identity: identity, threadTags: threadTags,
      settings: members
    ) { context.writeThread("id", into: &$0) }
  }

  private static func fragment(_ object: JSONObject) -> JSONFragment? {
    object.isEmpty ? nil : JSONFragment(.object(object))
  }
}

extension OrqDefaults {
  /// Sets what a message says and may say.
  fileprivate mutating func apply(_ stated: JSONNode) {
    stated["variables"]?.forEachMember { name, value in
      if fromMessage.contains(.allVariables) || fromMessage.contains(.variable(name.string)) {
        variables[name.string] = value.value
      }
    }
    stated["metadata"]?.forEachMember { name, value in
      if fromMessage.contains(.allMetadata) || fromMessage.contains(.metadata(name.string)) {
        metadata[name.string] = value.value
      }
    }
    if fromMessage.contains(.memoryEntity), let entity = stated["memory"]?["entity_id"]?.string, !entity.isEmpty {
      memoryEntityID = entity
    }
    if fromMessage.contains(.threadTags), let tags = stated["thread_tags"] {
      threadTags += tags.elements.compactMap(\.string).prefix(
        OrqLimits.tagsMax - min(threadTags.count, OrqLimits.tagsMax))
    }
  }
}
