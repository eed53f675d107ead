public import JSON

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
