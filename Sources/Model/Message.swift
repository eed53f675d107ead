public import JSON

/// Who wrote a message (A2A 1.0 §4.1.5).
public enum Role: Sendable {
  case user
  case agent
}

/// One piece of content (A2A 1.0 §4.1.6). Exactly one kind of content; text and JSON keep the bytes they arrived with.
public struct Part: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    case text(JSONString)
    /// Inline bytes, as standard padded base64 text.
    case raw(JSONString)
    case url(JSONString)
    /// Any JSON value, kept as its own text.
    case data(JSONFragment)
  }

  public var content: Content
  public var mediaType: JSONString?
  public var filename: JSONString?
  /// A JSON object, kept as its own text.
  public var metadata: JSONFragment?

  public init(
    _ content: Content, mediaType: JSONString? = nil, filename: JSONString? = nil, metadata: JSONFragment? = nil
  ) {
    self.content = content
    self.mediaType = mediaType
    self.filename = filename
    self.metadata = metadata
  }

  /// Its text, where it is text and nothing besides.
  public var plainText: JSONString? {
    guard case .text(let text) = content, mediaType == nil, filename == nil, metadata == nil else { return nil }
    return text
  }

  /// A text part.
  public static func text(_ text: String) -> Part { Part(.text(JSONString(text))) }
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
      messageID: messageID, role: role, parts: parts, contextID: contextID, taskID: taskID, metadata: metadata,
      extensions: extensions, referenceTaskIDs: referenceTaskIDs)
  }

  public var messageID: String {
    get { content.messageID }
    set { change { $0.messageID = newValue } }
  }

  public var role: Role { content.role }

  /// Never empty in a message from a caller.
  public var parts: [Part] {
    get { content.parts }
    set { change { $0.parts = newValue } }
  }

  public var contextID: String? {
    get { content.contextID }
    set { change { $0.contextID = newValue } }
  }

  public var taskID: String? {
    get { content.taskID }
    set { change { $0.taskID = newValue } }
  }

  public var metadata: JSONFragment? {
    get { content.metadata }
    set { change { $0.metadata = newValue } }
  }

  public var extensions: [String] {
    get { content.extensions }
    set { change { $0.extensions = newValue } }
  }

  public var referenceTaskIDs: [String] {
    get { content.referenceTaskIDs }
    set { change { $0.referenceTaskIDs = newValue } }
  }

  /// Changes what only this message holds, or a copy of it.
  private mutating func change(_ body: (Content) -> Void) {
    if !isKnownUniquelyReferenced(&content) { content = Content(content) }
    body(content)
  }
}

extension Message: Equatable {
  public static func == (a: Message, b: Message) -> Bool {
    a.content === b.content
      || a.messageID == b.messageID && a.role == b.role && a.parts == b.parts && a.contextID == b.contextID
        && a.taskID == b.taskID && a.metadata == b.metadata && a.extensions == b.extensions
        && a.referenceTaskIDs == b.referenceTaskIDs
  }
}

extension Message {
  /// @unchecked: changed only while one message holds it.
  private final class Content: @unchecked Sendable {
    var messageID: String
    let role: Role
    var parts: [Part]
    var contextID: String?
    var taskID: String?
    var metadata: JSONFragment?
    var extensions: [String]
    var referenceTaskIDs: [String]

    init(
      messageID: String, role: Role, parts: [Part], contextID: String?, taskID: String?, metadata: JSONFragment?,
      extensions: [String], referenceTaskIDs: [String]
    ) {
      self.messageID = messageID
      self.role = role
      self.parts = parts
      self.contextID = contextID
      self.taskID = taskID
      self.metadata = metadata
      self.extensions = extensions
      self.referenceTaskIDs = referenceTaskIDs
    }

    convenience init(_ other: Content) {
      self.init(
        messageID: other.messageID, role: other.role, parts: other.parts, contextID: other.contextID,
        taskID: other.taskID, metadata: other.metadata, extensions: other.extensions,
        referenceTaskIDs: other.referenceTaskIDs)
    }
  }
}
