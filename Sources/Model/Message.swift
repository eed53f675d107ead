public import JSON

/// Who wrote a message (A2A 1.0 §4.1.5).
public enum Role: Sendable {
  case user
  case agent
}

/// One turn of a conversation (A2A 1.0 §4.1.4). A value behind one reference: a message goes through many hands, and each
/// would otherwise count up every text in it.
public struct Message: Sendable {
  private var content: Content

  public init(
    messageID: String, role: Role, parts: [Part], contextID: String? = nil, taskID: String? = nil,
    metadata: JSONFragment? = nil, extensions: [String] = [], referenceTaskIDs: [String] = []
  ) {
    content = Content(
      Body(
        messageID: messageID, role: role, parts: parts, metadata: metadata, extensions: extensions,
        referenceTaskIDs: referenceTaskIDs), Place(contextID: contextID, taskID: taskID))
  }

  public var messageID: String {
    get { content.body.messageID }
    set { change { $0.messageID = newValue } }
  }

  public var role: Role { content.body.role }

  /// Never empty in a message from a caller.
  public var parts: [Part] {
    get { content.body.parts }
    set { change { $0.parts = newValue } }
  }

  public var contextID: String? {
    get { place.contextID }
    set { place = Place(contextID: newValue, taskID: taskID) }
  }

  public var taskID: String? {
    get { place.taskID }
    set { place = Place(contextID: contextID, taskID: newValue) }
  }

  public var metadata: JSONFragment? {
    get { content.body.metadata }
    set { change { $0.metadata = newValue } }
  }

  public var extensions: [String] {
    get { content.body.extensions }
    set { change { $0.extensions = newValue } }
  }

  public var referenceTaskIDs: [String] {
    get { content.body.referenceTaskIDs }
    set { change { $0.referenceTaskIDs = newValue } }
  }

  /// What it takes on the wire, roughly.
  public var byteCount: Int { content.body.byteCount }

  /// The message in its place: each gets one, once.
  public mutating func move(toContext contextID: String, task taskID: String) {
    place = Place(contextID: contextID, taskID: taskID)
  }

  private mutating func change(_ body: (inout Body) -> Void) {
    var changed = content.body
    body(&changed)
    content = Content(changed, place)
  }

  // Only one message holds what is changed here, and who changes a message has it for itself: overlaps cannot be.

  private var place: Place {
    get { unsafe content.place }
    set {
      if isKnownUniquelyReferenced(&content) {
        unsafe content.place = newValue
      } else {
        content = Content(content.body, newValue)
      }
    }
  }
}

extension Message: Equatable {
  public static func == (a: Message, b: Message) -> Bool {
    a.content === b.content || a.content.body == b.content.body && a.place == b.place
  }
}

extension Message {
  private struct Body: Equatable {
    var messageID: String
    let role: Role
    var parts: [Part]
    var metadata: JSONFragment?
    var extensions: [String]
    var referenceTaskIDs: [String]

    var byteCount: Int {
      var count = metadata?.bytes.count ?? 0
      // By index: a loop over the parts themselves copies each.
      for index in parts.indices { count += parts[index].byteCount }
      for index in extensions.indices { count += extensions[index].utf8.count }
      for index in referenceTaskIDs.indices { count += referenceTaskIDs[index].utf8.count }
      return count
    }
  }

  private struct Place: Equatable {
    let contextID: String?
    let taskID: String?
  }

  /// @unchecked: changed only while one message holds it.
  private final class Content: @unchecked Sendable {
    let body: Body
    @exclusivity(unchecked) var place: Place

    init(_ body: Body, _ place: Place) {
      self.body = body
      unsafe self.place = place
    }
  }
}
