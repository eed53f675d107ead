public import JSON
public import Model
public import Network

/// A place in a task's journal: the number of the last entry seen. 0 stands before the first entry.
public typealias JournalSequence = Int

/// One entry of a task's journal.
public enum JournalEvent: Sendable, Equatable {
  case status(TaskStatus, metadata: JSONFragment?)
  case artifact(Artifact, append: Bool, lastChunk: Bool, metadata: JSONFragment?)
  /// Plain text was added to an artifact, and not for the last time: what an `artifact` that says the same takes several
  /// blocks of memory for, and streams mostly consist of. Each of the texts has a number of its own.
  case text(artifactID: String, JSONStrings)
  /// A message joined the history. Streams do not show it; snapshots do.
  case history(Message)
  /// One member of the task's metadata was set. Streams do not show it; snapshots do.
  case metadata(name: String, JSONFragment)
  /// What the backend wants to be remembered. Nobody is shown it.
  case backendState(JSONFragment)
}

extension JournalEvent {
  /// In the smallest form.
  init(_ artifact: consuming Artifact, append: Bool, lastChunk: Bool, metadata: consuming JSONFragment?) {
    if append, !lastChunk, metadata == nil, let text = artifact.plainText {
      self = .text(artifactID: artifact.artifactID, JSONStrings(text))
    } else {
      self = .artifact(artifact, append: append, lastChunk: lastChunk, metadata: metadata)
    }
  }

  /// How many numbers of the journal it takes.
  var count: Int { if case .text(_, let texts) = self { texts.count } else { 1 } }

  var isStatus: Bool { if case .status = self { true } else { false } }

  var isText: Bool { if case .text = self { true } else { false } }

  /// Adds to the task's artifacts, or changes them.
  var isOfOutput: Bool {
    switch self {
    case .artifact, .text: true
    case .status, .history, .metadata, .backendState: false
    }
  }

  /// Tells of tools, or may: what is listed as an action is read from the journal alone.
  var isOfTools: Bool {
    guard case .status(let status, let metadata) = self else { return false }
    return metadata != nil || status.state.isInterrupted
  }
}

/// A journal entry with its place.
public struct SequencedEvent: Sendable, Equatable {
  /// The last of its numbers.
  public let sequence: JournalSequence
  public let event: JournalEvent
}

extension SequencedEvent {
  /// The first of its numbers.
  var first: JournalSequence { sequence - event.count + 1 }

  /// What of it lies behind one place and not behind another one; both leave something of it.
  func part(after start: JournalSequence, upTo end: JournalSequence) -> SequencedEvent {
    guard case .text(let artifactID, let texts) = event, first <= start || end < sequence else { return self }
    let range = max(0, start - first + 1)..<min(texts.count, end - first + 1)
    return SequencedEvent(
      sequence: first + range.upperBound - 1, event: .text(artifactID: artifactID, texts[range]))
  }
}

/// A task as it stood at a place in its journal.
public struct TaskSnapshot: Sendable {
  public let task: AgentTask
  public let sequence: JournalSequence
}

/// What ``TaskStore/append(_:to:owner:at:onlyIf:)`` did.
public enum AppendResult: Sendable, Equatable {
  case appended(JournalSequence)
  /// Nothing was written: the state of the task did not satisfy the condition.
  case refused(TaskState)
  case notFound
}

/// The condition of an append. Two writers that race for a task (a cancel and a completion, two answers to one
/// question) are ordered by it; exactly one succeeds.
public enum AppendCondition: Sendable {
  case notTerminal
  case interrupted

  func holds(for state: TaskState) -> Bool {
    switch self {
    case .notTerminal: !state.isTerminal
    case .interrupted: state.isInterrupted
    }
  }
}

/// Names one follower of a journal.
public struct FollowToken: Sendable, Hashable {
  let number: UInt64
}

/// Calls a loop when a journal grows.
public struct Waker: Sendable {
  let mailbox: Mailbox
  let body: @Sendable (EventLoop) -> Void

  public init(mailbox: Mailbox, _ body: @escaping @Sendable (EventLoop) -> Void) {
    self.mailbox = mailbox
    self.body = body
  }

  func wake() { mailbox.submit(body) }
}

/// The store refuses new work; nothing old is lost.
public struct TaskStoreFull: Error, Sendable {}

/// Records and journals of tasks. One task = one record + one ordered journal; readers hold cursors, writers state
/// conditions, and everything is named by id, so that a store shared by several processes can stand behind it.
public protocol TaskStore: AnyObject, Sendable {
  /// The shard-aware identifier of a new task of this owner.
  func mintTaskID(owner: TaskOwner, entropy: (UInt64, UInt64)) -> String

  /// Adds a task with what has begun it. Its statuses get the given time.
  ///
  /// - Parameter record: taken out of its place, which is empty afterwards: a copy would share the task, which grows in
  ///   place while it is not shared.
  /// - Returns: the task as it stands then.
  @discardableResult
  func create(_ record: inout TaskRecord?, owner: TaskOwner, at: Timestamp) throws(TaskStoreFull) -> AgentTask

  /// Adds a task that is over, of which nobody has a cursor to a journal.
  ///
  /// - Parameter task: its end becomes the time that the store gives it.
  func create(_ task: inout AnsweredTask, owner: TaskOwner) throws(TaskStoreFull)

  /// Appends entries in one step, if the task's state satisfies the condition. Status entries get the given time (never
  /// earlier than an older entry's).
  func append(_ events: [JournalEvent], to id: String, owner: TaskOwner, at: Timestamp, onlyIf: AppendCondition)
    -> AppendResult

  /// Whether the tasks that are not over exceed the store's bound by themselves: what they say more has no room.
  var isOverfull: Bool { get }

  /// The task as it stands now.
  func snapshot(of id: String, owner: TaskOwner) -> TaskSnapshot?

  /// The task as it stood at `sequence`; nil if the journal no longer reaches back so far.
  func snapshot(of id: String, owner: TaskOwner, at sequence: JournalSequence) -> TaskSnapshot?

  /// Entries after a cursor, oldest first, at most `max`; nil for an unknown task or entries that are gone.
  ///
  /// - Parameter follower: if there are fewer than `max`, its waker will be called, once.
  func events(of id: String, owner: TaskOwner, after: JournalSequence, max: Int, for follower: FollowToken?)
    -> [SequencedEvent]?

  /// The entries that are kept, oldest first: all, but for those that nobody could have a cursor to.
  func keptEvents(of id: String, owner: TaskOwner) -> [SequencedEvent]

  /// Adds a follower. Once it has read all there is, its waker will be called when there is more, or when the task has been
  /// dropped. nil for an unknown task.
  func follow(_ id: String, owner: TaskOwner, waker: Waker) -> FollowToken?

  /// Takes a follower out; its waker is let go of.
  func unfollow(_ id: String, _ follower: FollowToken)

  /// A page of the owner's tasks, the latest status first (A2A 1.0 §3.1.4).
  func list(_ request: ListTasksRequest, owner: TaskOwner) throws(AgentError) -> TaskPage

  /// A page of the owner's contexts.
  func listContexts(_ request: ListContextsRequest, owner: TaskOwner) -> ContextPage

  /// What a turn that starts now builds on: of a task that it continues, that task's own backend state; else how the
  /// newest other task of the context that has begun stands, with the last backend state of the context. nil where there
  /// is none.
  func earlierTurn(before turn: Turn, owner: TaskOwner) -> EarlierTurn?

  /// The newest tasks of a context, oldest first, at most `max`.
  ///
  /// - Parameters:
  ///   - bytesMax: where the parts of some take more, there are no older ones.
  ///   - withJournal: only those of them of which entries are kept.
  func tasks(inContext contextID: String, owner: TaskOwner, max: Int, bytesMax: Int, withJournal: Bool) -> [AgentTask]

  /// Drops what retention no longer covers.
  func sweep(at: Timestamp)
}

extension TaskStore {
  /// Adds a task and the first entries of its journal.
  ///
  /// - Parameter isFollowed: whether somebody is to read these entries from the first one on.
  func create(_ task: AgentTask, events: [JournalEvent], owner: TaskOwner, at time: Timestamp, isFollowed: Bool)
    throws(TaskStoreFull)
  {
    var record: TaskRecord? = TaskRecord(task)
    for event in events { record?.begin(with: event, isFollowed: isFollowed) }
    try create(&record, owner: owner, at: time)
  }

  /// Entries after a cursor, for somebody who does not wait for more.
  func events(of id: String, owner: TaskOwner, after cursor: JournalSequence, max: Int) -> [SequencedEvent]? {
    events(of: id, owner: owner, after: cursor, max: max, for: nil)
  }

  func tasks(inContext contextID: String, owner: TaskOwner, max: Int, bytesMax: Int = .max) -> [AgentTask] {
    tasks(inContext: contextID, owner: owner, max: max, bytesMax: bytesMax, withJournal: false)
  }

  /// What the backend of a task last wanted to be remembered of it.
  func backendState(of id: String, owner: TaskOwner) -> JSONFragment? {
    let message = Message(messageID: "", role: .user, parts: [])
    let turn = Turn(
      owner: owner, taskID: id, contextID: "", message: message, isContinuation: true)
    return earlierTurn(before: turn, owner: owner)?.backendState
  }
}
