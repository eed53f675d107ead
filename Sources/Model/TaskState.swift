/// The life-cycle state of a task (A2A 1.0 §4.1.3). Names follow A2A 1.0; each wire dialect has its own spelling.
public enum TaskState: UInt8, Sendable, CaseIterable {
  /// 0.3 calls it `unknown`; 1.0 writes `TASK_STATE_UNSPECIFIED`.
  case unspecified
  case submitted
  case working
  case inputRequired
  case authRequired
  case completed
  case failed
  case canceled
  case rejected

  /// A terminal task never changes again.
  public var isTerminal: Bool {
    switch self {
    case .completed, .failed, .canceled, .rejected: true
    case .unspecified, .submitted, .working, .inputRequired, .authRequired: false
    }
  }

  /// An interrupted task waits for its caller (or for an authorisation out of band).
  public var isInterrupted: Bool { self == .inputRequired || self == .authRequired }
}

/// The state of a task at one moment, with the agent's message about it, if any (A2A 1.0 §4.1.2).
public struct TaskStatus: Sendable, Equatable {
  public var state: TaskState
  public var message: Message?
  public var timestamp: Timestamp?

  public init(_ state: TaskState, message: Message? = nil, timestamp: Timestamp? = nil) {
    self.state = state
    self.message = message
    self.timestamp = timestamp
  }
}
