public import JSON

/// A unit of work and what is known of it (A2A 1.0 §4.1.1). Named so because `Task` is Swift's own. A value behind one
/// reference, as ``Message`` is: whoever asks for a task gets it without a copy, and it grows in place while it is not
/// shared.
public struct AgentTask: Sendable {
  private var content: Content

  public init(
    id: String, contextID: String, status: TaskStatus, artifacts: [Artifact] = [], history: [Message] = [],
    metadata: JSONFragment? = nil, created: Timestamp? = nil
  ) {
    self.init(
      id: id, contextID: contextID, status: status, artifacts: artifacts, history: history,
      metadata: TaskMetadata(metadata), created: created)
  }

  init(
    id: String, contextID: String, status: TaskStatus, artifacts: [Artifact], history: [Message],
    metadata: TaskMetadata,
    created: Timestamp?
  ) {
    content = Content(
      id: id, contextID: contextID, status: status, artifacts: artifacts, history: history, metadata: metadata,
      created: created)
  }

  public var id: String { content.id }
  public var contextID: String { content.contextID }
  /// When the gateway began the task; nil for the tasks of others, who do not say. A2A has no field for it.
  public var created: Timestamp? { content.created }

  // Only one task holds what is changed here, and who changes a task has it for itself: overlaps cannot be.

  public var status: TaskStatus {
    get { unsafe content.status }
    set {
      own()
      unsafe content.status = newValue
    }
  }

  public var artifacts: [Artifact] {
    get { unsafe content.artifacts }
    set {
      own()
      unsafe content.artifacts = newValue
    }
  }

  public var history: [Message] {
    get { unsafe content.history }
    set {
      own()
      unsafe content.history = newValue
    }
  }

  public var metadata: JSONFragment? {
    get { unsafe content.metadata.fragment }
    set {
      own()
      unsafe content.metadata = TaskMetadata(newValue)
    }
  }

  /// What the metadata takes on the wire, roughly.
  public var metadataByteCount: Int { unsafe content.metadata.byteCount }

  /// The metadata as it is held.
  var metadataParts: TaskMetadata { unsafe content.metadata }

  /// Sets one member of the metadata: it stands last, in place of any other of its name.
  public mutating func setMetadata(_ name: consuming String, to value: consuming JSONFragment) {
    own()
    unsafe content.metadata.set(name, to: value)
  }

  /// Writes the metadata as a member of this name, if there is any: the same as to ask for it first, at less cost.
  public func writeMetadata(_ name: StaticString, into json: inout JSONWriter) {
    unsafe content.metadata.writeMember(name, into: &json)
  }

  /// To be called before each change: what others hold as well is copied.
  private mutating func own() {
    if !isKnownUniquelyReferenced(&content) { content = content.copy() }
  }
}

extension AgentTask: Equatable {
  public static func == (a: AgentTask, b: AgentTask) -> Bool {
    a.content === b.content
      || a.id == b.id && a.contextID == b.contextID && a.status == b.status && a.artifacts == b.artifacts
        && a.history == b.history && a.metadata == b.metadata && a.created == b.created
  }
}

extension AgentTask {
  /// @unchecked: changed only while one task holds it.
  private final class Content: @unchecked Sendable {
    let id: String
    let contextID: String
    let created: Timestamp?
    @exclusivity(unchecked) var status: TaskStatus
    @exclusivity(unchecked) var artifacts: [Artifact]
    @exclusivity(unchecked) var history: [Message]
    @exclusivity(unchecked) var metadata: TaskMetadata

    init(
      id: String, contextID: String, status: TaskStatus, artifacts: [Artifact], history: [Message],
      metadata: TaskMetadata, created: Timestamp?
    ) {
      self.id = id
      self.contextID = contextID
      self.created = created
      unsafe self.status = status
      unsafe self.artifacts = artifacts
      unsafe self.history = history
      unsafe self.metadata = metadata
    }

    func copy() -> Content {
      unsafe Content(
        id: id, contextID: contextID, status: status, artifacts: artifacts, history: history, metadata: metadata,
        created: created)
    }
  }
}

extension AgentTask {
  /// Folds an event of this task's stream into the record, by the assembly rules of A2A 1.0 §4.2.2: a chunk with
  /// `append` adds its parts to the artifact of that id (or creates it), anything else replaces it. Text that continues
  /// text is joined to it, so that a streamed answer reads like one that came whole.
  public mutating func apply(_ event: TaskEvent) {
    switch event {
    case .task(let task): self = task
    case .message(let message): append(message)
    case .status(let update): status = update.status
    case .artifact(let update): apply(update.artifact, append: update.append)
    }
  }

  /// Folds an artifact, or one more chunk of it, into the record.
  public mutating func apply(_ artifact: consuming Artifact, append: Bool) {
    own()
    guard let index = index(ofArtifact: artifact.artifactID) else {
      unsafe content.artifacts.append(artifact)
      return
    }
    if append {
      for part in artifact.parts { unsafe content.artifacts[index].append(part) }
      if let metadata = artifact.metadata { unsafe content.artifacts[index].metadata = metadata }
    } else {
      unsafe content.artifacts[index] = artifact
    }
  }

  /// Adds plain text to an artifact: the same as ``apply(_:append:)`` of artifacts that hold nothing else.
  public mutating func append(_ texts: JSONStrings, toArtifact artifactID: String) {
    own()
    if let index = index(ofArtifact: artifactID) {
      unsafe content.artifacts[index].append(texts)
    } else {
      unsafe content.artifacts.append(Artifact(artifactID: artifactID, parts: [Part(.text(JSONString(texts)))]))
    }
  }

  /// Most often it is the last one.
  private func index(ofArtifact artifactID: String) -> Int? {
    unsafe content.artifacts.lastIndex { $0.artifactID == artifactID }
  }

  /// Adds a message to the conversation.
  public mutating func append(_ message: Message) {
    own()
    unsafe content.history.append(message)
  }

  /// Keeps the newest messages that a caller asked for (A2A 1.0 §3.2.4): nil keeps all, 0 none.
  public mutating func limitHistory(to length: Int?) {
    guard let length, history.count > length else { return }
    own()
    unsafe content.history.removeFirst(content.history.count - max(length, 0))
  }
}
