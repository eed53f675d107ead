internal import A2A
internal import Configuration
internal import JSON
internal import Orq

/// What a call carries beside its message: the card file's defaults, and what the file allows a message to set. A message
/// sets it in its metadata (or the call's), below the gateway's extension URI:
/// `{"urn:a2a-gateway:…": {"variables": {…}, "memory": {"entity_id"}, "thread_tags": […], "metadata": {…}}}`.
struct OrqTurnSettings {
  private var variableValues: JSONObject
  private var metadataValues: JSONObject
  private(set) var memoryEntityID: String?
  private(set) var threadTags: [String]

  var variables: JSONFragment? { OrqTurnSettings.fragment(variableValues) }
  var metadata: JSONFragment? { OrqTurnSettings.fragment(metadataValues) }

  init(_ defaults: OrqDefaults, message: JSONFragment?, call: JSONFragment?) {
    variableValues = defaults.variables
    metadataValues = defaults.metadata
    memoryEntityID = defaults.memoryEntityID
    threadTags = defaults.threadTags
    if defaults.fromMessage.isEmpty { return }
    for source in [call, message] {
      guard let stated = source?.document.root[GatewayExtension.uri], stated.kind == .object else { continue }
      apply(stated, defaults.fromMessage)
    }
  }

  /// Of a call in Orq's own terms, which says beside its message what messages of others say in their metadata.
  init(_ defaults: OrqDefaults, body: JSONNode) {
    self.init(defaults, message: nil, call: nil)
    if defaults.fromMessage.isEmpty { return }
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
    apply(stated.document.root, defaults.fromMessage)
  }

  private mutating func apply(_ stated: JSONNode, _ allowed: Set<OrqDefaults.MessageField>) {
    stated["variables"]?.forEachMember { name, value in
      if allowed.contains(.allVariables) || allowed.contains(.variable(name.string)) {
        variableValues[name.string] = value.value
      }
    }
    stated["metadata"]?.forEachMember { name, value in
      if allowed.contains(.allMetadata) || allowed.contains(.metadata(name.string)) {
        metadataValues[name.string] = value.value
      }
    }
    if allowed.contains(.memoryEntity), let entity = stated["memory"]?["entity_id"]?.string, !entity.isEmpty {
      memoryEntityID = entity
    }
    if allowed.contains(.threadTags), let tags = stated["thread_tags"] {
      threadTags += tags.elements.compactMap(\.string).prefix(
        OrqLimits.tagsMax - min(threadTags.count, OrqLimits.tagsMax))
    }
  }

  private static func fragment(_ object: JSONObject) -> JSONFragment? {
    object.isEmpty ? nil : JSONFragment(.object(object))
  }
}
