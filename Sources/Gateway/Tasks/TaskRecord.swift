internal import JSON
internal import Model

/// A task with its journal. A value: all of its rules can be tested without a store.
struct TaskRecord {
  private(set) var task: AgentTask
  /// The task before the first kept entry, from which older states are folded again; nil while no entry is kept.
  private var base: AgentTask?
  private var baseSequence: JournalSequence = 0
  private(set) var journal: [SequencedEvent] = []
  private(set) var sequence: JournalSequence = 0
  /// What the task's backend last wanted to be remembered.
  private(set) var backendState: JSONFragment?
  /// An estimate of what the record holds, for the store's byte bound.
  private(set) var byteCount: Int

  init(_ task: AgentTask) {
    self.task = task
    byteCount = TaskRecord.byteCount(of: task)
  }

  /// What a new task takes, before any event.
  static func byteCount(of task: AgentTask) -> Int {
    task.history.reduce(fixedBytes) { $0 + bytes(of: $1.parts) }
  }

  mutating func append(_ events: [JournalEvent], at time: Timestamp, journalEventsMax: Int) {
    if journal.isEmpty { base = task }
    for event in events {
      note(event, at: time)
      journal.append(SequencedEvent(sequence: sequence, event: event.stamped(time)))
    }
    if journal.count > journalEventsMax { dropOldest(journal.count - journalEventsMax * 3 / 4) }
  }

  /// Takes the first events of a task that nobody follows: there is no cursor before their end, so that none is kept.
  mutating func begin(with events: [JournalEvent], at time: Timestamp) {
    // By index: a loop over the events themselves copies each.
    for index in events.indices { note(events[index], at: time) }
    baseSequence = sequence
  }

  private mutating func note(_ event: JournalEvent, at time: Timestamp) {
    sequence += 1
    switch event {
    case .backendState(let state): backendState = state
    case .status:
      TaskRecord.fold(event, into: &task)
      task.status.timestamp = time
    default: TaskRecord.fold(event, into: &task)
    }
    byteCount += TaskRecord.bytes(of: event)
  }

  /// Entries after a cursor; nil when some of them are gone or never were.
  func events(after cursor: JournalSequence, max: Int) -> ArraySlice<SequencedEvent>? {
    guard cursor >= baseSequence, cursor <= sequence else { return nil }
    let start = cursor - baseSequence
    return journal[start..<min(journal.count, start + max)]
  }

  func snapshot(at cursor: JournalSequence) -> AgentTask? {
    if cursor == sequence { return task }
    guard cursor >= baseSequence, cursor <= sequence, var task = base else { return nil }
    for entry in journal[..<(cursor - baseSequence)] { TaskRecord.fold(entry.event, into: &task) }
    return task
  }

  private mutating func dropOldest(_ count: Int) {
    guard var older = base else { return }
    for entry in journal[..<count] {
      TaskRecord.fold(entry.event, into: &older)
      byteCount -= TaskRecord.bytes(of: entry.event)
    }
    base = older
    journal.removeFirst(count)
    baseSequence += count
  }

  static func fold(_ event: JournalEvent, into task: inout AgentTask) {
    switch event {
    case .status(let status, _):
      // A status message that is superseded stays in the conversation, as the official SDKs keep it.
      if let message = task.status.message, !task.history.contains(where: { $0.messageID == message.messageID }) {
        task.history.append(message)
      }
      task.status = status
    case .artifact(let artifact, let append, _, _): task.apply(artifact, append: append)
    case .text(let artifactID, let text): task.append(text, toArtifact: artifactID)
    case .history(let message): task.history.append(message)
    case .backendState: break
    case .metadata(let name, let value):
      task.metadata = task.metadata?.setting(name, to: value) ?? .object(name, value)
    }
  }

  /// What an empty record takes in the store, measured: the record itself, its identifiers, its places in the tables.
  private static let fixedBytes = 2048

  private static func bytes(of event: JournalEvent) -> Int {
    switch event {
    case .status(let status, let metadata):
      96 + bytes(of: status.message?.parts ?? []) + (metadata?.bytes.count ?? 0)
    case .artifact(let artifact, _, _, let metadata):
      // Twice: once in the journal, once in the task.
      128 + 2 * bytes(of: artifact.parts) + (metadata?.bytes.count ?? 0)
    case .text(_, let text): 128 + 2 * text.escaped.count
    case .history(let message): 96 + bytes(of: message.parts)
    case .metadata(let name, let value): 64 + name.utf8.count + value.bytes.count
    case .backendState(let state): 64 + state.bytes.count
    }
  }

  private static func bytes(of parts: [Part]) -> Int {
    parts.reduce(0) { total, part in
      let content =
        switch part.content {
        case .text(let text), .raw(let text), .url(let text): text.escaped.count
        case .data(let fragment): fragment.bytes.count
        }
      return total + 96 + content + (part.metadata?.bytes.count ?? 0)
    }
  }
}

extension JournalEvent {
  /// With the time of a status.
  fileprivate func stamped(_ time: Timestamp) -> JournalEvent {
    guard case .status(var status, let metadata) = self else { return self }
    status.timestamp = time
    return .status(status, metadata: metadata)
  }
}
