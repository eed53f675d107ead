internal import JSON
internal import Model

/// A task with its journal. A value: all of its rules can be tested without a store.
public struct TaskRecord: Sendable {
  /// The task without the newest texts: they are added when somebody asks, or something else is said. Of many streams at once
  /// each would otherwise be looked up in memory for every word.
  private var folded: AgentTask
  /// So many entries at the journal's end, all of them texts, are not folded yet.
  private var unfoldedCount = 0
  /// The task before the first kept entry, from which older states are folded again; nil while no entry is kept.
  private var base: AgentTask?
  private var baseSequence: JournalSequence = 0
  private(set) var journal: [SequencedEvent] = []
  /// Of the last entry.
  private(set) var sequence: JournalSequence = 0
  /// What the task's backend last wanted to be remembered.
  private(set) var backendState: JSONFragment?
  /// An estimate of what the record holds, for the store's byte bound.
  private(set) var byteCount: Int

  init(_ task: AgentTask) {
    folded = task
    byteCount = 0
    byteCount = byteCountOfTask
  }

  var task: AgentTask {
    guard unfoldedCount > 0 else { return folded }
    var record = self
    record.foldTexts()
    return record.folded
  }

  var contextID: String { folded.contextID }
  var status: TaskStatus { folded.status }

  /// What the task takes without its output.
  var byteCountOfTask: Int { TaskRecord.fixedBytes + TaskRecord.bytes(of: folded.history) }

  mutating func append(_ events: [JournalEvent], at time: Timestamp, journalEventsMax: Int) {
    if journal.isEmpty { base = folded }
    for event in events {
      let event = event.stamped(time)
      if event.isText {
        byteCount += TaskRecord.bytes(of: event)
        unfoldedCount += 1
        keep(event)
      } else {
        foldTexts()
        keep(event)
        note(event, at: time)
      }
    }
    bound(to: journalEventsMax)
  }

  /// Adds what is not folded yet; whoever asks for the task more than once calls this first.
  mutating func foldTexts() {
    guard unfoldedCount > 0 else { return }
    for entry in journal.suffix(unfoldedCount) { TaskRecord.fold(entry.event, into: &folded) }
    unfoldedCount = 0
  }

  // MARK: New tasks

  /// Takes what an agent says while the task is not in the store yet. Its time comes when the task is put there.
  ///
  /// - Parameter isFollowed: somebody is to read these entries. Otherwise none is kept, and none has a number, but from
  ///   the first on that is read from the journal alone.
  mutating func begin(with event: consuming JournalEvent, isFollowed: Bool) {
    if isFollowed || !journal.isEmpty || event.isOfTools {
      if journal.isEmpty { base = folded }
      keep(copy event)
    }
    note(event, at: nil)
  }

  /// Gives what has begun its time.
  mutating func settle(at time: Timestamp, journalEventsMax: Int) {
    if folded.status.timestamp == nil { folded.status.timestamp = time }
    for index in journal.indices where journal[index].event.isStatus {
      journal[index] = SequencedEvent(sequence: journal[index].sequence, event: journal[index].event.stamped(time))
    }
    bound(to: journalEventsMax)
  }

  // MARK: Folding

  private mutating func keep(_ event: consuming JournalEvent) {
    sequence += event.count
    journal.append(SequencedEvent(sequence: sequence, event: event))
  }

  /// - Parameter time: of a status; nil while the task begins.
  private mutating func note(_ event: consuming JournalEvent, at time: Timestamp?) {
    byteCount += TaskRecord.bytes(of: event)
    if case .backendState(let state) = event {
      backendState = state
    } else {
      TaskRecord.fold(event.stamped(time), into: &folded)
    }
  }

  /// Entries after a cursor; nil when some of them are gone or never were.
  func events(after cursor: JournalSequence, max: Int) -> [SequencedEvent]? {
    guard cursor >= baseSequence, cursor <= sequence else { return nil }
    var events: [SequencedEvent] = []
    for entry in journal[place(after: cursor)...] {
      guard entry.first <= cursor + max else { break }
      events.append(entry.part(after: cursor, upTo: cursor + max))
    }
    return events
  }

  /// Where the entry is that ends behind a cursor, or would be.
  private func place(after cursor: JournalSequence) -> Int {
    var range = 0..<journal.count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range =
        journal[middle].sequence > cursor ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }

  func snapshot(at cursor: JournalSequence) -> AgentTask? {
    if cursor == sequence { return task }
    guard cursor >= baseSequence, cursor <= sequence, var task = base else { return nil }
    for entry in journal {
      guard entry.first <= cursor else { break }
      TaskRecord.fold(entry.part(after: baseSequence, upTo: cursor).event, into: &task)
    }
    return task
  }

  /// Drops the oldest entries where there are more than so many. What they say stays: in the task, and in the older one from
  /// which it is folded.
  private mutating func bound(to eventsMax: Int) {
    guard sequence - baseSequence > eventsMax, var older = base else { return }
    // Only `older` has it, and it grows in place.
    base = nil
    foldTexts()
    let end = sequence - eventsMax * 3 / 4
    let dropped = place(after: end)
    for entry in journal[..<dropped] { TaskRecord.fold(entry.event, into: &older) }
    if dropped < journal.count, journal[dropped].first <= end {
      let whole = journal[dropped]
      TaskRecord.fold(whole.part(after: baseSequence, upTo: end).event, into: &older)
      journal[dropped] = whole.part(after: end, upTo: whole.sequence)
    }
    journal.removeFirst(dropped)
    baseSequence = end
    let output = TaskRecord.bytes(of: folded.artifacts) + TaskRecord.bytes(of: older.artifacts)
    byteCount = journal.reduce(byteCountOfTask + folded.metadataByteCount + output) {
      $0 + TaskRecord.bytes(of: $1.event, copies: 1)
    }
    base = older
  }

  static func fold(_ event: consuming JournalEvent, into task: inout AgentTask) {
    switch consume event {
    case .status(let status, _):
      // A status message that is superseded stays in the conversation, as the official SDKs keep it.
      if let message = task.status.message, !task.history.contains(where: { $0.messageID == message.messageID }) {
        task.append(message)
      }
      task.status = status
    case .artifact(let artifact, let append, _, _): task.apply(artifact, append: append)
    case .text(let artifactID, let texts): task.append(texts, toArtifact: artifactID)
    case .history(let message): task.append(message)
    case .backendState: break
    case .metadata(let name, let value): task.setMetadata(name, to: value)
    }
  }

  /// What an empty record takes in the store, measured: the record itself, its identifiers, its places in the tables.
  fileprivate static let fixedBytes = 2048

  /// - Parameter copies: of output: mostly one in the journal and one in the task.
  private static func bytes(of event: JournalEvent, copies: Int = 2) -> Int {
    switch event {
    case .status(let status, let metadata):
      96 + (status.message.map { bytes(of: $0) } ?? 0) + (metadata?.bytes.count ?? 0)
    case .artifact(let artifact, _, _, let metadata):
      128 + copies * bytes(of: artifact) + (metadata?.bytes.count ?? 0)
    case .text(_, let texts): 104 + 24 * texts.count + copies * texts.byteCount
    case .history(let message): 96 + bytes(of: message)
    case .metadata(let name, let value): 64 + name.utf8.count + value.bytes.count
    case .backendState(let state): 64 + state.bytes.count
    }
  }

  private static func bytes(of artifacts: [Artifact]) -> Int { artifacts.reduce(0) { $0 + bytes(of: $1) } }

  private static func bytes(of artifact: Artifact) -> Int { 96 * artifact.parts.count + artifact.byteCount }

  private static func bytes(of history: [Message]) -> Int {
    var bytes = 0
    // By index: a loop over the messages themselves copies each.
    for index in history.indices { bytes += self.bytes(of: history[index]) }
    return bytes
  }

  fileprivate static func bytes(of message: Message) -> Int { 96 * message.parts.count + message.byteCount }
}

extension AnsweredTask {
  /// An estimate of what it takes.
  var byteCount: Int { byteCountOfTask + 96 + answer.byteCount }

  /// What the task takes without its output.
  var byteCountOfTask: Int { TaskRecord.fixedBytes + TaskRecord.bytes(of: message) }
}

extension JournalEvent {
  /// With the time of a status.
  fileprivate consuming func stamped(_ time: Timestamp?) -> JournalEvent {
    guard isStatus else { return self }
    switch consume self {
    case .status(var status, let metadata):
      status.timestamp = time
      return .status(status, metadata: metadata)
    case let event: return event
    }
  }
}
