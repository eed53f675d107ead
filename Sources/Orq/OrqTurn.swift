public import JSON

/// What every call style sends beside the agent: a message and its circumstances (contract §2.6, §3.6, §3.7, §3.14).
public struct OrqTurn: Sendable, Equatable {
  /// How variables are put into texts.
  public enum Engine: String, Sendable, CaseIterable {
    case text
    case jinja
    case mustache
  }

  public var message: OrqMessage
  /// An inactive task that is continued.
  public var taskID: String?
  /// An object.
  public var variables: JSONFragment?
  public var identity: OrqIdentity?
  public var thread: OrqThread?
  /// Whose memory the agent reads and writes.
  public var memoryEntityID: String?
  /// An object.
  public var metadata: JSONFragment?
  /// From 4.6 on.
  public var engine: Engine?

  public init(
    message: OrqMessage, taskID: String? = nil, variables: JSONFragment? = nil, identity: OrqIdentity? = nil,
    thread: OrqThread? = nil, memoryEntityID: String? = nil, metadata: JSONFragment? = nil, engine: Engine? = nil
  ) {
    self.message = message
    self.taskID = taskID
    self.variables = variables
    self.identity = identity
    self.thread = thread
    self.memoryEntityID = memoryEntityID
    self.metadata = metadata
    self.engine = engine
  }

  /// Reads the members that lie beside those of the call style. The release candidate of 3.13 named persons and threads
  /// by bare ids (contract §8); what a later release says of them goes before.
  init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      message: reader.value(node, "message", filler: .filler), taskID: reader.string(node, "task_id"),
      variables: reader.object(node, "variables"),
      identity: reader.value(node, "identity", OrqIdentity.self) ?? reader.value(node, "contact", OrqIdentity.self),
      thread: reader.value(node, "thread", OrqThread.self),
      memoryEntityID: reader.value(node, "memory", Memory.self)?.entityID,
      metadata: reader.object(node, "metadata"), engine: reader.name(node, "engine", Engine.self))
    let person = reader.string(node, "external_id")
    if identity == nil, let person, !person.isEmpty { identity = OrqIdentity(id: person) }
    let context = reader.string(node, "context_id")
    if thread == nil, let context, !context.isEmpty { thread = OrqThread(id: context) }
  }

  /// Of a request that stands for all others.
  static let unsaid = OrqTurn(message: .filler)

  func members(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.member("message", message)
    json.optional("task_id", taskID)
    if let identity { json.member(OrqTurn.identityName(generation), identity) }
    json.optional("thread", thread)
    OrqTurn.writeSettings(variables: variables, memoryEntityID: memoryEntityID, metadata: metadata, into: &json)
    if generation == .v4 { json.optional("engine", engine?.rawValue) }
  }

  private static func identityName(_ generation: OrqGeneration) -> StaticString {
    generation == .v3 ? "contact" : "identity"
  }

  private static func writeSettings(
    variables: JSONFragment?, memoryEntityID: String?, metadata: JSONFragment?, into json: inout JSONWriter
  ) {
    json.optional("variables", variables)
    json.optional("memory", memoryEntityID.map { Memory(entityID: $0) })
    json.optional("metadata", metadata)
  }

  // The same from whatever holds the values: a message is begun, its parts are written, it is ended, and what lies beside
  // it comes last.

  public static func beginMessage(id: String?, role: OrqMessage.Role, into json: inout JSONWriter) {
    json.key("message")
    json.beginObject()
    OrqMessage.beginMembers(id: id, role: role, into: &json)
  }

  public static func endMessage(into json: inout JSONWriter) {
    OrqMessage.endMembers(into: &json)
    json.endObject()
  }

  /// - Parameters:
  ///   - settings: as ``settings(variables:memoryEntityID:metadata:)`` gives them.
  ///   - writeThreadID: writes it as a member `id`.
  public static func writeCircumstances(
    into json: inout JSONWriter, for generation: OrqGeneration, taskID: String?, identity: OrqIdentity?,
    threadTags: [String], settings: [UInt8], writeThreadID: (inout JSONWriter) -> Void
  ) {
    json.optional("task_id", taskID)
    if let identity { json.member(identityName(generation), identity) }
    json.key("thread")
    json.beginObject()
    writeThreadID(&json)
    if !threadTags.isEmpty { json.member("tags", threadTags) }
    json.endObject()
    OrqSending.write(settings, into: &json)
  }

  /// What many turns have in common, as members of a body; empty where that is nothing.
  public static func settings(variables: JSONFragment?, memoryEntityID: String?, metadata: JSONFragment?) -> [UInt8] {
    OrqSending.members {
      writeSettings(variables: variables, memoryEntityID: memoryEntityID, metadata: metadata, into: &$0)
    }
  }

  private struct Memory: OrqValue {
    var entityID: String

    init(entityID: String) { self.entityID = entityID }

    init(_ node: JSONNode, _ reader: inout OrqReader) { entityID = reader.identifier(node, "entity_id") }

    func write(into json: inout JSONWriter) {
      json.beginObject()
      json.member("entity_id", entityID)
      json.endObject()
    }
  }
}

/// On whose behalf a call is made; `contact` in 3.x.
public struct OrqIdentity: OrqValue {
  public var id: String
  public var displayName: JSONString?
  public var email: JSONString?
  /// An array of objects.
  public var metadata: JSONFragment?
  public var logoURL: JSONString?
  public var tags: [String]

  public init(
    id: String, displayName: JSONString? = nil, email: JSONString? = nil, metadata: JSONFragment? = nil,
    logoURL: JSONString? = nil, tags: [String] = []
  ) {
    self.id = id
    self.displayName = displayName
    self.email = email
    self.metadata = metadata
    self.logoURL = logoURL
    self.tags = tags
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      id: reader.identifier(node, "id"), displayName: reader.text(node, "display_name"),
      email: reader.text(node, "email"), metadata: reader.array(node, "metadata"),
      logoURL: reader.text(node, "logo_url"), tags: reader.strings(node, "tags", max: OrqLimits.tagsMax))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.optional("display_name", displayName)
    json.optional("email", email)
    json.optional("metadata", metadata)
    json.optional("logo_url", logoURL)
    if !tags.isEmpty { json.member("tags", tags) }
    json.endObject()
  }
}

/// What joins the traces of several tasks.
public struct OrqThread: OrqValue {
  public var id: String
  public var tags: [String]

  public init(id: String, tags: [String] = []) {
    self.id = id
    self.tags = tags
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(id: reader.identifier(node, "id"), tags: reader.strings(node, "tags", max: OrqLimits.tagsMax))
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    if !tags.isEmpty { json.member("tags", tags) }
    json.endObject()
  }
}
