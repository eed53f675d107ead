public import JSON

/// Output of a task (A2A 1.0 §4.1.7).
public struct Artifact: Sendable, Equatable {
  public var artifactID: String
  public var parts: [Part]
  /// nil where there are none, as in most artifacts.
  private var details: Details?

  public init(
    artifactID: String, name: JSONString? = nil, description: JSONString? = nil, parts: [Part],
    metadata: JSONFragment? = nil, extensions: [String] = []
  ) {
    self.artifactID = artifactID
    self.parts = parts
    details = .unlessEmpty(name: name, description: description, metadata: metadata, extensions: extensions)
  }

  public var name: JSONString? {
    get { details?.name }
    set { details = .unlessEmpty(name: newValue, description: description, metadata: metadata, extensions: extensions) }
  }

  public var description: JSONString? { details?.description }
  public var extensions: [String] { details?.extensions ?? [] }

  public var metadata: JSONFragment? {
    get { details?.metadata }
    set { details = .unlessEmpty(name: name, description: description, metadata: newValue, extensions: extensions) }
  }

  /// Its text, where it holds nothing else.
  public var plainText: JSONString? {
    guard parts.count == 1, details == nil else { return nil }
    return parts[0].plainText
  }

  /// What it takes on the wire, roughly.
  public var byteCount: Int {
    var count = details?.byteCount ?? 0
    // By index: a loop over the parts themselves copies each.
    for index in parts.indices { count += parts[index].byteCount }
    return count
  }

  /// Adds a part; plain text that follows plain text becomes one part with it.
  mutating func append(_ part: Part) {
    guard case .text(let addition) = part.content, let last = parts.indices.last, part.metadata == nil,
      part.filename == nil, parts[last].mediaType == part.mediaType,
      parts[last].continues(with: { $0.append(addition) })
    else {
      parts.append(part)
      return
    }
  }

  /// Adds plain text in pieces.
  mutating func append(_ texts: JSONStrings) {
    guard let last = parts.indices.last, parts[last].mediaType == nil,
      parts[last].continues(with: { $0.append(texts) })
    else {
      parts.append(Part(.text(JSONString(texts))))
      return
    }
  }
}

extension Artifact {
  /// What an artifact says beside its parts. Out of line: it is large, and few artifacts have any.
  private final class Details: Sendable, Equatable {
    let name: JSONString?
    let description: JSONString?
    let metadata: JSONFragment?
    let extensions: [String]

    /// nil for nothing. No initialiser, which would fetch memory before it fails.
    static func unlessEmpty(
      name: JSONString?, description: JSONString?, metadata: JSONFragment?, extensions: [String]
    ) -> Details? {
      if name == nil, description == nil, metadata == nil, extensions.isEmpty { return nil }
      return Details(name: name, description: description, metadata: metadata, extensions: extensions)
    }

    private init(name: JSONString?, description: JSONString?, metadata: JSONFragment?, extensions: [String]) {
      self.name = name
      self.description = description
      self.metadata = metadata
      self.extensions = extensions
    }

    var byteCount: Int {
      (name?.escaped.count ?? 0) + (description?.escaped.count ?? 0) + (metadata?.bytes.count ?? 0)
        + extensions.reduce(0) { $0 + $1.utf8.count }
    }

    static func == (a: Details, b: Details) -> Bool {
      a.name == b.name && a.description == b.description && a.metadata == b.metadata && a.extensions == b.extensions
    }
  }
}
