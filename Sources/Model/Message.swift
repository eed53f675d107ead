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

/// One turn of a conversation (A2A 1.0 §4.1.4).
public struct Message: Sendable, Equatable {
  public var messageID: String
  public var role: Role
  /// Never empty in a message from a caller.
  public var parts: [Part]
  public var contextID: String?
  public var taskID: String?
  public var metadata: JSONFragment?
  public var extensions: [String]
  public var referenceTaskIDs: [String]

  @inlinable
  public init(
    messageID: String, role: Role, parts: [Part], contextID: String? = nil, taskID: String? = nil,
    metadata: JSONFragment? = nil, extensions: [String] = [], referenceTaskIDs: [String] = []
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
}
