public import JSON

/// Output of a task (A2A 1.0 §4.1.7).
public struct Artifact: Sendable, Equatable {
  public var artifactID: String
  public var name: JSONString?
  public var description: JSONString?
  public var parts: [Part]
  public var metadata: JSONFragment?
  public var extensions: [String]

  @inlinable
  public init(
    artifactID: String, name: JSONString? = nil, description: JSONString? = nil, parts: [Part],
    metadata: JSONFragment? = nil, extensions: [String] = []
  ) {
    self.artifactID = artifactID
    self.name = name
    self.description = description
    self.parts = parts
    self.metadata = metadata
    self.extensions = extensions
  }
}

extension Artifact {
  /// Its text, where it holds nothing else.
  public var plainText: JSONString? {
    guard parts.count == 1, name == nil, description == nil, metadata == nil, extensions.isEmpty else { return nil }
    return parts[0].plainText
  }

  /// Adds a part; plain text that follows plain text becomes one part with it.
  mutating func append(_ part: Part) {
    guard case .text(let addition) = part.content, let last = parts.indices.last, part.metadata == nil,
      part.filename == nil, parts[last].mediaType == part.mediaType, parts[last].continues(with: addition)
    else {
      parts.append(part)
      return
    }
  }
}

extension Part {
  /// Adds text to a plain text part; false, and nothing done, for any other.
  fileprivate mutating func continues(with addition: JSONString) -> Bool {
    guard case .text(var text) = content, metadata == nil, filename == nil else { return false }
    // Empty in the meantime, so that the text has one owner and grows in place.
    content = .text(JSONString())
    text.append(addition)
    content = .text(text)
    return true
  }
}

/// A unit of work and what is known of it (A2A 1.0 §4.1.1). Named so because `Task` is Swift's own.
public struct AgentTask: Sendable, Equatable {
  public var id: String
  public var contextID: String
  public var status: TaskStatus
  public var artifacts: [Artifact]
  public var history: [Message]
  public var metadata: JSONFragment?

  @inlinable
  public init(
    id: String, contextID: String, status: TaskStatus, artifacts: [Artifact] = [], history: [Message] = [],
    metadata: JSONFragment? = nil
  ) {
    self.id = id
    self.contextID = contextID
    self.status = status
    self.artifacts = artifacts
    self.history = history
    self.metadata = metadata
  }
}

/// A change of a task's status (A2A 1.0 §4.2.1).
public struct TaskStatusUpdate: Sendable, Equatable {
  public var taskID: String
  public var contextID: String
  public var status: TaskStatus
  public var metadata: JSONFragment?

  public init(taskID: String, contextID: String, status: TaskStatus, metadata: JSONFragment? = nil) {
    self.taskID = taskID
    self.contextID = contextID
    self.status = status
    self.metadata = metadata
  }
}

/// A new artifact, a replacement, or one more chunk of it (A2A 1.0 §4.2.2).
public struct TaskArtifactUpdate: Sendable, Equatable {
  public var taskID: String
  public var contextID: String
  public var artifact: Artifact
  public var append: Bool
  public var lastChunk: Bool
  public var metadata: JSONFragment?

  public init(
    taskID: String, contextID: String, artifact: Artifact, append: Bool = false, lastChunk: Bool = false,
    metadata: JSONFragment? = nil
  ) {
    self.taskID = taskID
    self.contextID = contextID
    self.artifact = artifact
    self.append = append
    self.lastChunk = lastChunk
    self.metadata = metadata
  }
}

/// One element of a stream (A2A 1.0 §4.2.3, `StreamResponse`).
public enum TaskEvent: Sendable, Equatable {
  case task(AgentTask)
  case message(Message)
  case status(TaskStatusUpdate)
  case artifact(TaskArtifactUpdate)
}

extension AgentTask {
  /// Folds an event of this task's stream into the record, by the assembly rules of A2A 1.0 §4.2.2: a chunk with
  /// `append` adds its parts to the artifact of that id (or creates it), anything else replaces it. Text that continues
  /// text is joined to it, so that a streamed answer reads like one that came whole.
  public mutating func apply(_ event: TaskEvent) {
    switch event {
    case .task(let task): self = task
    case .message(let message): history.append(message)
    case .status(let update): status = update.status
    case .artifact(let update): apply(update.artifact, append: update.append)
    }
  }

  /// Folds an artifact, or one more chunk of it, into the record.
  public mutating func apply(_ artifact: Artifact, append: Bool) {
    guard let index = index(ofArtifact: artifact.artifactID) else {
      artifacts.append(artifact)
      return
    }
    if append {
      for part in artifact.parts { artifacts[index].append(part) }
      if let metadata = artifact.metadata { artifacts[index].metadata = metadata }
    } else {
      artifacts[index] = artifact
    }
  }
}

extension AgentTask {
  /// Most often it is the last one.
  private func index(ofArtifact artifactID: String) -> Int? {
    artifacts.indices.last { artifacts[$0].artifactID == artifactID }
  }

  /// Adds plain text to an artifact: the same as ``apply(_:append:)`` of an artifact that holds nothing else.
  public mutating func append(_ text: JSONString, toArtifact artifactID: String) {
    guard let index = index(ofArtifact: artifactID) else {
      artifacts.append(Artifact(artifactID: artifactID, parts: [Part(.text(text))]))
      return
    }
    artifacts[index].append(Part(.text(text)))
  }

  /// Keeps the newest messages that a caller asked for (A2A 1.0 §3.2.4): nil keeps all, 0 none.
  public mutating func limitHistory(to length: Int?) {
    guard let length, history.count > length else { return }
    history.removeFirst(history.count - max(length, 0))
  }
}
