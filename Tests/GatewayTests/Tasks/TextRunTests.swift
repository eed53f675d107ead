import JSON
import Model
import TestSupport
import Testing

@testable import Gateway

// Texts that are kept together are read as if each were an entry of its own.

/// Some of what happens to a task; texts come in runs.
private func events(_ random: inout SeededGenerator) -> [JournalEvent] {
  (0..<Int.random(in: 0...8, using: &random)).map { _ in
    let artifactID = ["a", "b"].randomElement(using: &random) ?? ""
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .status(TaskStatus(.working), metadata: nil)
    case 1:
      let artifact = Artifact(artifactID: artifactID, parts: [.text("new")])
      return .artifact(artifact, append: false, lastChunk: false, metadata: nil)
    default:
      var texts = JSONStrings()
      for _ in 0..<Int.random(in: 1...9, using: &random) {
        texts.append(["", "x", "é\n", "\""].randomElement(using: &random) ?? "")
      }
      return .text(artifactID: artifactID, texts)
    }
  }
}

extension Array where Element == JournalEvent {
  /// Each text by itself.
  fileprivate var singly: [JournalEvent] {
    flatMap { event in
      guard case .text(let artifactID, let texts) = event else { return [event] }
      return (0..<texts.count).map { .text(artifactID: artifactID, texts[$0..<$0 + 1]) }
    }
  }
}

extension Array where Element == SequencedEvent {
  /// Each text by itself, with its number.
  fileprivate var singly: [SequencedEvent] {
    flatMap { entry in
      [entry.event].singly.enumerated().map { SequencedEvent(sequence: entry.first + $0.offset, event: $0.element) }
    }
  }
}

@Test(arguments: Seeds.take(4))
func textsThatAreKeptTogetherAreReadOneByOne(seed: UInt64) throws {
  var random = SeededGenerator(seed: seed)
  for _ in 0..<30 {
    let (first, second) = (events(&random), events(&random))
    let bound = random.oneIn(2) ? 12 : 1000
    let new = AgentTask(
      id: "t", contextID: "c", status: TaskStatus(.submitted, timestamp: Timestamp(milliseconds: 1)))
    var (together, singly) = (TaskRecord(new), TaskRecord(new))
    for events in [first, second] {
      together.append(events, at: Timestamp(milliseconds: 2), journalEventsMax: bound)
      singly.append(events.singly, at: Timestamp(milliseconds: 2), journalEventsMax: bound)
      // At any time, or never.
      if random.oneIn(2) { singly.foldTexts() }
    }
    if bound == 1000 {
      var folded = new
      for entry in together.journal { TaskRecord.fold(entry.event, into: &folded) }
      #expect(together.task == folded)
    }
    #expect(together.task == singly.task && together.sequence == singly.sequence)
    #expect(together.byteCount <= singly.byteCount)
    for cursor in -1...together.sequence + 1 {
      #expect(together.snapshot(at: cursor) == singly.snapshot(at: cursor), "\(cursor)")
      for max in [1, 3, 100] {
        let (read, expected) = (together.events(after: cursor, max: max), singly.events(after: cursor, max: max))
        #expect(read?.singly == expected, "\(cursor), \(max)")
        #expect((read?.last?.sequence ?? cursor) - cursor == expected?.count ?? 0, "\(cursor), \(max)")
      }
    }
  }
}

/// What a journal has dropped stays in the task, twice: as it stands, and as it stood before the first entry that is kept.
@Test func whatIsSaidIsCountedForAsLongAsItIsHeld() {
  var record = TaskRecord(AgentTask(id: "t", contextID: "c", status: TaskStatus(.working)))
  let (empty, piece) = (record.byteCount, String(repeating: "x", count: 10_000))
  func say(_ events: [JournalEvent]) {
    for event in events { record.append([event], at: Timestamp(milliseconds: 2), journalEventsMax: 20) }
  }
  say((0..<100).map { _ in .text(artifactID: "a", JSONStrings(JSONString(piece))) })
  #expect((2_000_000..<2_300_000).contains(record.byteCount - empty))
  // What was replaced is gone with its entries.
  let short = Artifact(artifactID: "a", parts: [.text("short")])
  say((0..<40).map { _ in .artifact(short, append: false, lastChunk: false, metadata: nil) })
  #expect((0..<20_000).contains(record.byteCount - empty))
}
