internal import Model

/// What the caller of a turn wants to hear, on the turn's own loop. Exactly one of `turnReplied`, `turnRefused`,
/// `turnAnswered` and `turnEnded` comes last; `turnOpened` comes at most once, before `turnEnded`.
protocol TurnObserver: AnyObject {
  /// The agent answered with a message; no task exists.
  func turnReplied(_ message: Message)
  /// The task is in the store; its events after `sequence` are this turn's.
  func turnOpened(taskID: String, at sequence: JournalSequence)
  /// The task's journal has grown by these entries, of which the last one has this number. Not called for those that open
  /// it, nor for those that end the turn. Statuses have no time here.
  func turnWrote(_ events: [JournalEvent], upTo sequence: JournalSequence)
  /// The task is terminal or interrupted.
  ///
  /// - Parameter task: as it stands, where that is known; it can be looked up in any case.
  func turnEnded(taskID: String, _ task: consuming AgentTask?)
  /// The task is in the store, and is over. For whoever does not mind the difference it is a `turnOpened` and its
  /// `turnEnded`.
  func turnAnswered(_ task: borrowing AnsweredTask)
  /// The task waits for an approval elsewhere; the turn goes on.
  func turnPaused(taskID: String)
  /// The translation lost something.
  func turnLost(_ name: String)
  func turnRefused(_ error: AgentError)
}

extension TurnObserver {
  func turnWrote(_ events: [JournalEvent], upTo sequence: JournalSequence) {}

  func turnAnswered(_ task: borrowing AnsweredTask) {
    turnOpened(taskID: task.id, at: 0)
    turnEnded(taskID: task.id, nil)
  }
}
