import Configuration
import JSON
import Model
import Testing

@testable import Gateway

private let alice = TaskOwner(principal: "alice", agentKey: "echo")

/// Two stores that are told the same: in one of them somebody follows each task from its beginning, so that it keeps a journal
/// and is never packed.
struct StoredTaskTests {
  private let plain = MemoryTaskStore(limits: TaskLimits())
  private let followed = MemoryTaskStore(limits: TaskLimits())

  private func create(_ number: UInt64, context: String, _ events: [JournalEvent]) throws -> String {
    let id = plain.mintTaskID(owner: alice, entropy: (number, number &* 977))
    let message = Message(messageID: "m\(number)", role: .user, parts: [.text("hi")], contextID: context, taskID: id)
    let task = AgentTask(id: id, contextID: context, status: TaskStatus(.submitted), history: [message])
    let time = Timestamp(milliseconds: 1_000_000 + Int64(number))
    try plain.create(task, events: events, owner: alice, at: time, isFollowed: false)
    try followed.create(task, events: events, owner: alice, at: time, isFollowed: true)
    return id
  }

  private func turn(_ state: TaskState, _ number: Int) -> [JournalEvent] {
    [
      .status(TaskStatus(.working), metadata: nil),
      .artifact(
        Artifact(artifactID: "a", parts: [.text("output \(number)")]), append: false, lastChunk: true, metadata: nil),
      .metadata(name: "usage", JSONFragment(["total": .string("\(number)")])),
      .backendState(JSONFragment(["turn": .string("\(number)")])), .status(TaskStatus(state), metadata: nil),
    ]
  }

  @Test func whoAsksFindsNoDifference() throws {
    let states: [TaskState] = [.completed, .failed, .working, .inputRequired, .completed, .rejected, .canceled]
    let ids = try states.enumerated().map { try create(UInt64($0 + 1), context: "c\($0 % 2)", turn($1, $0)) }
    for id in ids {
      #expect(plain.snapshot(of: id, owner: alice)?.task == followed.snapshot(of: id, owner: alice)?.task)
      #expect(plain.backendState(of: id, owner: alice) == followed.backendState(of: id, owner: alice))
    }
    for context in ["c0", "c1", "other"] {
      #expect(
        plain.tasks(inContext: context, owner: alice, max: 9)
          == followed.tasks(inContext: context, owner: alice, max: 9))
      let message = Message(messageID: "new", role: .user, parts: [.text("and?")])
      let next = Turn(
        owner: alice, taskID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", contextID: context, message: message, isContinuation: false)
      #expect(plain.earlierTurn(before: next, owner: alice) == followed.earlierTurn(before: next, owner: alice))
    }
    for request in [
      ListTasksRequest(), ListTasksRequest(contextID: "c1"), ListTasksRequest(state: .completed),
      ListTasksRequest(statusTimestampAfter: Timestamp(milliseconds: 1_000_004)), ListTasksRequest(pageSize: 2),
    ] {
      #expect(try plain.list(request, owner: alice) == followed.list(request, owner: alice))
    }
    let contexts = ListContextsRequest(states: [.completed, .canceled], pageSize: 10)
    #expect(plain.listContexts(contexts, owner: alice) == followed.listContexts(contexts, owner: alice))
  }

  @Test func aTaskThatIsOverAndWasNotFollowedHasNoJournal() throws {
    let id = try create(1, context: "c", turn(.completed, 1))
    let snapshot = try #require(plain.snapshot(of: id, owner: alice))
    #expect(snapshot.sequence == 0)
    #expect(plain.events(of: id, owner: alice, after: 0, max: 9) == [])
    #expect(plain.events(of: id, owner: alice, after: 1, max: 9) == nil)
    #expect(plain.snapshot(of: id, owner: alice, at: 0)?.task == snapshot.task)
    #expect(plain.snapshot(of: id, owner: alice, at: 1) == nil)
    #expect(plain.keptEvents(of: id, owner: alice).isEmpty)
    func withJournal(_ store: MemoryTaskStore) -> [String] {
      store.tasks(inContext: "c", owner: alice, max: 9, bytesMax: .max, withJournal: true).map(\.id)
    }
    #expect(withJournal(plain).isEmpty && withJournal(followed) == [id])
    let more = plain.append(
      turn(.failed, 2), to: id, owner: alice, at: Timestamp(milliseconds: 2_000_000), onlyIf: .notTerminal)
    #expect(more == .refused(.completed))
  }

  /// Small tasks go on sharing their block, however large those are that come between.
  @Test func aLargeTaskHasABlockOfItsOwn() {
    func record(_ bytes: Int) -> TaskRecord {
      let text = String(repeating: "x", count: bytes)
      let message = Message(messageID: "m", role: .user, parts: [.text(text)])
      return TaskRecord(AgentTask(id: "t", contextID: "c", status: TaskStatus(.completed), history: [message]))
    }
    var block: PackedTasks?
    let small = StoredTask(record(100), block: &block)
    let shared = block
    #expect(shared != nil)
    let large = StoredTask(record(100_000), block: &block)
    let next = StoredTask(record(100), block: &block)
    #expect(block === shared)
    #expect(large.byteCount > 100_000)
    #expect(small.byteCount < 1000 && next.byteCount == small.byteCount)
    #expect(large.task == record(100_000).task && next.task == record(100).task)
  }

  /// Their blocks go with the last of their tasks; what is left stays readable.
  @Test func theOldestOfManyMakeRoom() throws {
    var limits = TaskLimits()
    limits.tasksMax = 300
    let store = MemoryTaskStore(limits: limits)
    var ids: [String] = []
    for number in 1...1000 as ClosedRange<UInt64> {
      let id = store.mintTaskID(owner: alice, entropy: (number, number &* 977))
      let task = AgentTask(id: id, contextID: "c\(number)", status: TaskStatus(.submitted))
      try store.create(
        task, events: turn(.completed, Int(number)), owner: alice, at: Timestamp(milliseconds: Int64(number)),
        isFollowed: false)
      ids.append(id)
    }
    #expect(store.snapshot(of: ids[699], owner: alice) == nil)
    for number in 701...1000 {
      let task = try #require(store.snapshot(of: ids[number - 1], owner: alice)).task
      #expect(task.artifacts.first?.parts == [.text("output \(number)")])
    }
  }
}
