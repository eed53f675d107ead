internal import JSON
internal import Model

/// A task in the store: with its journal while it may grow, or while somebody may read that; packed when it is over and has
/// none.
struct StoredTask {
  /// In a block of its own: most tasks that are kept are packed, and their places in the slab stay small.
  ///
  /// @unchecked: reached through its place in a shard only, under the shard's lock.
  private final class Record: @unchecked Sendable {
    var record: TaskRecord

    init(_ record: consuming TaskRecord) { self.record = record }

    var task: AgentTask {
      record.foldTexts()
      return record.task
    }
  }

  private enum Form {
    case free
    case growing(Record)
    case packed(PackedTask)
  }

  private var form = Form.free
  private(set) var state = TaskState.unspecified
  private(set) var statusTime = Timestamp(milliseconds: 0)
  /// An estimate of what the task takes, for the store's byte bound.
  private(set) var byteCount = 0

  /// No task.
  init() {}

  /// - Parameter block: where a task that is over finds room; another one afterwards, if there is none.
  init(_ record: consuming TaskRecord, block: inout PackedTasks?) {
    state = record.status.state
    statusTime = record.status.timestamp ?? statusTime
    guard record.mayBePacked else {
      byteCount = record.byteCount
      form = .growing(Record(record))
      return
    }
    let size = record.byteCount
    let isShared = size <= PackedTasks.sharedBytesMax
    let home = isShared ? StoredTask.room(for: size, in: &block) : PackedTasks(forOneOf: size)
    let packed = home.pack(record.task, backendState: record.backendState)
    byteCount = isShared ? StoredTask.placeBytes + packed.byteCount : size
    form = .packed(packed)
  }

  /// - Parameter block: as for a record.
  init(_ task: borrowing AnsweredTask, block: inout PackedTasks?) {
    state = .completed
    statusTime = task.ended
    let size = task.byteCount
    let isShared = size <= PackedTasks.sharedBytesMax
    let home = isShared ? StoredTask.room(for: size, in: &block) : PackedTasks(forOneOf: size)
    let packed = home.pack(task)
    byteCount = isShared ? StoredTask.placeBytes + packed.byteCount : size
    form = .packed(packed)
  }

  private static func room(for size: Int, in block: inout PackedTasks?) -> PackedTasks {
    if let block, block.hasRoom(for: size) { return block }
    let new = PackedTasks()
    block = new
    return new
  }

  var task: AgentTask {
    switch form {
    case .free: StoredTask.noTask
    case .growing(let growing): growing.task
    case .packed(let packed): packed.task
    }
  }

  var contextID: String {
    switch form {
    case .free: ""
    case .growing(let growing): growing.record.contextID
    case .packed(let packed): packed.contextID
    }
  }

  /// What the task's backend last wanted to be remembered.
  var backendState: JSONFragment? {
    switch form {
    case .free: nil
    case .growing(let growing): growing.record.backendState
    case .packed(let packed): packed.backendState
    }
  }

  var journal: [SequencedEvent] {
    guard case .growing(let growing) = form else { return [] }
    return growing.record.journal
  }

  /// Of the last entry of the journal.
  var sequence: JournalSequence {
    guard case .growing(let growing) = form else { return 0 }
    return growing.record.sequence
  }

  /// Entries after a cursor; nil when some of them are gone or never were.
  func events(after cursor: JournalSequence, max: Int) -> [SequencedEvent]? {
    guard case .growing(let growing) = form else { return cursor == 0 ? [] : nil }
    return growing.record.events(after: cursor, max: max)
  }

  func snapshot(at cursor: JournalSequence) -> AgentTask? {
    guard case .growing(let growing) = form else { return cursor == 0 ? task : nil }
    return cursor == growing.record.sequence ? growing.task : growing.record.snapshot(at: cursor)
  }

  /// To be called for tasks that are not over only.
  mutating func append(_ events: [JournalEvent], at time: Timestamp, journalEventsMax: Int) {
    guard case .growing(let growing) = form else { preconditionFailure("a task that is over never changes") }
    growing.record.append(events, at: time, journalEventsMax: journalEventsMax)
    state = growing.record.status.state
    statusTime = growing.record.status.timestamp ?? statusTime
    byteCount = growing.record.byteCount
  }

  /// What a packed task takes besides its bytes, measured: its places in the slab and in the tables.
  private static let placeBytes = 384

  private static let noTask = AgentTask(id: "", contextID: "", status: TaskStatus(.unspecified))
}

extension TaskRecord {
  /// The task is over, and nobody has a cursor to a journal of it.
  fileprivate var mayBePacked: Bool { status.state.isTerminal && journal.isEmpty && sequence == 0 }
}
