public import JSON

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
  /// nil where there are none, as in most parts.
  private var details: Details?

  public init(
    _ content: Content, mediaType: JSONString? = nil, filename: JSONString? = nil, metadata: JSONFragment? = nil
  ) {
    self.content = content
    details = .unlessEmpty(mediaType: mediaType, filename: filename, metadata: metadata)
  }

  public var mediaType: JSONString? {
    get { details?.mediaType }
    set { details = .unlessEmpty(mediaType: newValue, filename: filename, metadata: metadata) }
  }

  public var filename: JSONString? {
    get { details?.filename }
    set { details = .unlessEmpty(mediaType: mediaType, filename: newValue, metadata: metadata) }
  }

  /// A JSON object, kept as its own text.
  public var metadata: JSONFragment? {
    get { details?.metadata }
    set { details = .unlessEmpty(mediaType: mediaType, filename: filename, metadata: newValue) }
  }

  /// Its text, where it is text and nothing besides.
  public var plainText: JSONString? {
    guard case .text(let text) = content, details == nil else { return nil }
    return text
  }

  /// What it takes on the wire, roughly.
  public var byteCount: Int {
    let count =
      switch content {
      case .text(let text), .raw(let text), .url(let text): text.escaped.count
      case .data(let fragment): fragment.bytes.count
      }
    return details.map { count + $0.byteCount } ?? count
  }

  /// A text part.
  public static func text(_ text: String) -> Part { Part(.text(JSONString(text))) }
}

extension Part {
  /// What a part says beside its content. Out of line: it is large, and few parts have any.
  private final class Details: Sendable, Equatable {
    let mediaType: JSONString?
    let filename: JSONString?
    let metadata: JSONFragment?

    /// nil for nothing. No initialiser, which would fetch memory before it fails.
    static func unlessEmpty(
      mediaType: JSONString?, filename: JSONString?, metadata: JSONFragment?
    ) -> Details? {
      if mediaType == nil, filename == nil, metadata == nil { return nil }
      return Details(mediaType: mediaType, filename: filename, metadata: metadata)
    }

    private init(mediaType: JSONString?, filename: JSONString?, metadata: JSONFragment?) {
      self.mediaType = mediaType
      self.filename = filename
      self.metadata = metadata
    }

    var byteCount: Int {
      (mediaType?.escaped.count ?? 0) + (filename?.escaped.count ?? 0) + (metadata?.bytes.count ?? 0)
    }

    static func == (a: Details, b: Details) -> Bool {
      a.mediaType == b.mediaType && a.filename == b.filename && a.metadata == b.metadata
    }
  }
}

extension Part {
  /// Adds text to a plain text part; false, and nothing done, for any other.
  mutating func continues(with addition: (inout JSONString) -> Void) -> Bool {
    guard case .text(var text) = content, metadata == nil, filename == nil else { return false }
    // Empty in the meantime, so that the text has one owner and grows in place.
    content = .text(JSONString())
    addition(&text)
    content = .text(text)
    return true
  }
}
