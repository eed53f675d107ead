import Configuration
import JSON
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

private let alice = TaskOwner(principal: "alice", agentKey: "echo")
private let bob = TaskOwner(principal: "bob", agentKey: "echo")

/// A store with a clock that ticks by hand and ids that are told apart by a counter.
private struct Bench {
  let store: MemoryTaskStore
  var milliseconds: Int64 = 1_000_000
  var counter: UInt64 = 0

  init(_ limits: TaskLimits = TaskLimits()) { store = MemoryTaskStore(limits: limits) }

  var time: Timestamp { Timestamp(milliseconds: milliseconds) }

  mutating func create(
    _ owner: TaskOwner = alice, context: String = "c", _ events: [JournalEvent] = []
  ) throws -> String {
    counter += 1
    milliseconds += 1
    let id = store.mintTaskID(owner: owner, entropy: (counter, counter &* 977))
    let task = AgentTask(id: id, contextID: context, status: TaskStatus(.submitted, timestamp: time))
    try store.create(task, events: events, owner: owner, at: time, isFollowed: true)
    return id
  }

  mutating func append(_ events: [JournalEvent], to id: String, _ owner: TaskOwner = alice) -> AppendResult {
    milliseconds += 1
    return store.append(events, to: id, owner: owner, at: time, onlyIf: .notTerminal)
  }
}

private func status(_ state: TaskState) -> JournalEvent { .status(TaskStatus(state), metadata: nil) }

private func text(_ text: String, append: Bool = false) -> JournalEvent {
  .artifact(Artifact(artifactID: "a", parts: [.text(text)]), append: append, lastChunk: false, metadata: nil)
}

@Test func aTaskIsReadBackWithWhatHappenedToIt() throws {
  var bench = Bench()
  let id = try bench.create()
  #expect(bench.append([status(.working), text("hello")], to: id) == .appended(2))
  #expect(bench.append([status(.completed)], to: id) == .appended(3))
  let snapshot = try #require(bench.store.snapshot(of: id, owner: alice))
  #expect(snapshot.sequence == 3)
  #expect(snapshot.task.status.state == .completed)
  #expect(snapshot.task.artifacts.map(\.parts) == [[.text("hello")]])
}

@Test func aTaskOfAnotherOwnerIsLikeAnUnknownOne() throws {
  var bench = Bench()
  let id = try bench.create(alice)
  #expect(bench.store.snapshot(of: id, owner: bob) == nil)
  #expect(bench.store.events(of: id, owner: bob, after: 0, max: 10) == nil)
  #expect(bench.append([status(.canceled)], to: id, bob) == .notFound)
  #expect(try bench.store.list(ListTasksRequest(), owner: bob).tasks.isEmpty)
  #expect(bench.store.tasks(inContext: "c", owner: bob, max: 10).isEmpty)
  #expect(bench.store.snapshot(of: "nothing", owner: alice) == nil)
}

@Test func aTerminalTaskTakesNoMore() throws {
  var bench = Bench()
  let id = try bench.create()
  _ = bench.append([status(.canceled)], to: id)
  #expect(bench.append([status(.completed)], to: id) == .refused(.canceled))
  #expect(bench.store.snapshot(of: id, owner: alice)?.task.status.state == .canceled)
}

@Test func onlyOneOfTwoAnswersToAQuestionIsTaken() throws {
  var bench = Bench()
  let id = try bench.create(alice, [status(.inputRequired)])
  let answer: [JournalEvent] = [status(.working)]
  #expect(bench.store.append(answer, to: id, owner: alice, at: bench.time, onlyIf: .interrupted) == .appended(2))
  #expect(bench.store.append(answer, to: id, owner: alice, at: bench.time, onlyIf: .interrupted) == .refused(.working))
}

@Test func eventsAreReadFromACursor() throws {
  var bench = Bench()
  let id = try bench.create()
  _ = bench.append([text("1"), text("2"), text("3")], to: id)
  let all = try #require(bench.store.events(of: id, owner: alice, after: 0, max: 2))
  #expect(all.map(\.sequence) == [1, 2])
  #expect(bench.store.events(of: id, owner: alice, after: 2, max: 10)?.map(\.sequence) == [3])
  #expect(bench.store.events(of: id, owner: alice, after: 3, max: 10)?.isEmpty == true)
  #expect(bench.store.events(of: id, owner: alice, after: 4, max: 10) == nil)
}

@Test func anOlderStateIsFoldedFromTheJournal() throws {
  var bench = Bench()
  let id = try bench.create()
  _ = bench.append([status(.working), text("one"), text(" two", append: true), status(.completed)], to: id)
  let middle = try #require(bench.store.snapshot(of: id, owner: alice, at: 2)).task
  #expect(middle.status.state == .working)
  #expect(middle.artifacts.map(\.parts) == [[.text("one")]])
  #expect(bench.store.snapshot(of: id, owner: alice, at: 0)?.task.status.state == .submitted)
  #expect(bench.store.snapshot(of: id, owner: alice, at: 5) == nil)
}

@Test func aLongJournalForgetsItsBeginningButNotTheTask() throws {
  var limits = TaskLimits()
  limits.journalEventsMax = 8
  var bench = Bench(limits)
  let id = try bench.create()
  for index in 1...20 { _ = bench.append([text("\(index) ", append: true)], to: id) }
  #expect(bench.store.events(of: id, owner: alice, after: 0, max: 100) == nil)
  let kept = try #require(bench.store.events(of: id, owner: alice, after: 18, max: 100))
  #expect(kept.map(\.sequence) == [19, 20])
  let whole = try #require(bench.store.snapshot(of: id, owner: alice)).task
  let folded = try #require(bench.store.snapshot(of: id, owner: alice, at: 18)).task
  #expect(content(whole).hasPrefix("1 2 3 ") && content(whole).hasSuffix("19 20 "))
  #expect(content(folded).hasPrefix("1 2 3 ") && content(folded).hasSuffix("17 18 "))
}

private func content(_ task: AgentTask) -> String {
  task.artifacts.flatMap(\.parts).map { if case .text(let text) = $0.content { text.string } else { "?" } }.joined()
}

@Test func aClockThatStepsBackDoesNotReorderAList() throws {
  var bench = Bench()
  let first = try bench.create()
  bench.milliseconds -= 10_000
  let second = try bench.create()
  let page = try bench.store.list(ListTasksRequest(), owner: alice)
  #expect(page.tasks.map(\.id) == [second, first])
}

@Test func listsAreNewestStatusFirstAndPageWithoutGapOrRepeat() throws {
  var bench = Bench()
  var ids: [String] = []
  for _ in 0..<25 { ids.append(try bench.create()) }
  _ = bench.append([status(.working)], to: ids[3])
  let expected = [ids[3]] + ids.reversed().filter { $0 != ids[3] }
  var seen: [String] = []
  var token: String?
  repeat {
    let page = try bench.store.list(ListTasksRequest(pageSize: 10, pageToken: token), owner: alice)
    #expect(page.totalSize == 25)
    seen += page.tasks.map(\.id)
    token = page.nextPageToken.isEmpty ? nil : page.nextPageToken
  } while token != nil
  #expect(seen == expected)
}

@Test func listsFilterByContextStateAndTime() throws {
  var bench = Bench()
  let a = try bench.create(alice, context: "one")
  let b = try bench.create(alice, context: "two", [status(.completed)])
  let c = try bench.create(alice, context: "two")
  let cutoff = try #require(bench.store.snapshot(of: b, owner: alice)?.task.status.timestamp)
  func ids(_ request: ListTasksRequest) throws -> [String] {
    try bench.store.list(request, owner: alice).tasks.map(\.id)
  }
  #expect(try ids(ListTasksRequest(contextID: "two")) == [c, b])
  #expect(try ids(ListTasksRequest(state: .completed)) == [b])
  #expect(try ids(ListTasksRequest(statusTimestampAfter: cutoff)) == [c, b])
  #expect(try ids(ListTasksRequest(contextID: "one", state: .submitted)) == [a])
}

@Test(arguments: ["x", "!!", "dDEuYWJj", "djIuMQ"])
func aTokenOfNoListIsRefused(_ token: String) throws {
  let bench = Bench()
  #expect(throws: AgentError.self) { try bench.store.list(ListTasksRequest(pageToken: token), owner: alice) }
}

@Test func aFullStoreDropsTheOldestEndedTaskAndNeverALiveOne() throws {
  var limits = TaskLimits()
  limits.tasksMax = 3
  var bench = Bench(limits)
  let live = try bench.create()
  let ended = try bench.create()
  _ = bench.append([status(.completed)], to: ended)
  let alsoLive = try bench.create(bob)
  let next = try bench.create(bob)
  #expect(bench.store.snapshot(of: ended, owner: alice) == nil)
  #expect(bench.store.snapshot(of: live, owner: alice) != nil)
  #expect(bench.store.snapshot(of: alsoLive, owner: bob) != nil)
  #expect(throws: TaskStoreFull.self) { _ = try bench.create() }
  #expect(bench.store.snapshot(of: next, owner: bob) != nil)
}

@Test func theByteBoundCountsWhatTasksHold() throws {
  var limits = TaskLimits()
  limits.bytesMax = 100_000
  var bench = Bench(limits)
  let big = String(repeating: "x", count: 30_000)
  let first = try bench.create(alice, [text(big), status(.completed)])
  let second = try bench.create(alice, [text(big), status(.completed)])
  #expect(bench.store.snapshot(of: first, owner: alice) == nil)
  #expect(bench.store.snapshot(of: second, owner: alice) != nil)
}

/// Whatever it is that a caller or an agent makes large.
@Test(arguments: 0..<8) func nothingThatATaskHoldsIsLeftOutOfItsCount(place: Int) {
  let large = String(repeating: "x", count: 50_000)
  let json = JSONFragment(["k": .string(large)])
  var message = Message(messageID: "m", role: .user, parts: [.text("hi")])
  var artifact = Artifact(artifactID: "a", parts: [.text("out")])
  switch place {
  case 0: message.metadata = json
  case 1: message.extensions = [large]
  case 2: message.referenceTaskIDs = [large]
  case 3: message.parts[0].filename = JSONString(large)
  case 4: message.parts[0].metadata = json
  case 5: artifact.metadata = json
  case 6: artifact.name = JSONString(large)
  default: artifact.parts[0].mediaType = JSONString(large)
  }
  let new = AgentTask(id: "t", contextID: "c", status: TaskStatus(.submitted), history: [message])
  for event in [
    JournalEvent.artifact(artifact, append: false, lastChunk: true, metadata: nil), .history(message),
    .status(TaskStatus(.working, message: message), metadata: nil),
  ] {
    var record = TaskRecord(new)
    record.append([event], at: Timestamp(milliseconds: 1), journalEventsMax: 10)
    #expect(record.byteCount > (place < 5 || !event.isStatus && event.isOfOutput ? 50_000 : 0))
  }
}

@Test func retentionDropsOldEndedAndInterruptedTasks() throws {
  var bench = Bench()
  let ended = try bench.create(alice, [status(.completed)])
  let waiting = try bench.create(alice, [status(.inputRequired)])
  let working = try bench.create(alice, [status(.working)])
  let hour: Int64 = 3_600_000
  bench.store.sweep(at: Timestamp(milliseconds: bench.milliseconds + 23 * hour))
  #expect(bench.store.snapshot(of: ended, owner: alice) != nil)
  bench.store.sweep(at: Timestamp(milliseconds: bench.milliseconds + 25 * hour))
  #expect(bench.store.snapshot(of: ended, owner: alice) == nil)
  #expect(bench.store.snapshot(of: waiting, owner: alice) != nil)
  bench.store.sweep(at: Timestamp(milliseconds: bench.milliseconds + 8 * 24 * hour))
  #expect(bench.store.snapshot(of: waiting, owner: alice) == nil)
  #expect(bench.store.snapshot(of: working, owner: alice) != nil)
  #expect(try bench.store.list(ListTasksRequest(), owner: alice).tasks.map(\.id) == [working])
}

/// A caller who asks for many large tasks gets them in several pages: nobody is to wait until all of them are read.
@Test func aPageOfLargeTasksEndsEarly() throws {
  var bench = Bench()
  let large = String(repeating: "x", count: 5_000_000)
  let ids = try (0..<3).map { _ in try bench.create(alice, [text(large), status(.completed)]) }
  let first = try bench.store.list(ListTasksRequest(), owner: alice)
  #expect(first.tasks.map(\.id) == [ids[2], ids[1]] && first.totalSize == 3)
  let second = try bench.store.list(ListTasksRequest(pageToken: first.nextPageToken), owner: alice)
  #expect(second.tasks.map(\.id) == [ids[0]] && second.nextPageToken.isEmpty && second.totalSize == 3)
}

@Test func ofAContextOnlyWhatFitsIsRead() throws {
  var bench = Bench()
  let ids = try (0..<3).map { _ in try bench.create(alice, context: "c", [text("12345"), status(.completed)]) }
  for (bytesMax, count) in [(0, 1), (4, 1), (5, 2), (9, 2), (10, 3)] {
    let tasks = bench.store.tasks(inContext: "c", owner: alice, max: 10, bytesMax: bytesMax)
    #expect(tasks.map(\.id) == Array(ids.suffix(count)), "\(bytesMax)")
  }
}

@Test func contextsRememberTheirTasksInOrder() throws {
  var bench = Bench()
  let first = try bench.create(alice, context: "talk")
  _ = try bench.create(alice, context: "other")
  let second = try bench.create(alice, context: "talk")
  #expect(bench.store.tasks(inContext: "talk", owner: alice, max: 10).map(\.id) == [first, second])
  #expect(bench.store.tasks(inContext: "talk", owner: alice, max: 1).map(\.id) == [second])
  #expect(bench.store.tasks(inContext: "talk", owner: alice, max: 10, bytesMax: -1).isEmpty)
}

@Test func aSupersededStatusMessageStaysInTheHistory() throws {
  var bench = Bench()
  let question = Message(messageID: "q", role: .agent, parts: [.text("which one?")])
  let id = try bench.create(alice, [.status(TaskStatus(.inputRequired, message: question), metadata: nil)])
  _ = bench.append([status(.working)], to: id)
  let task = try #require(bench.store.snapshot(of: id, owner: alice)).task
  #expect(task.history.map(\.messageID) == ["q"])
  #expect(task.status.message == nil)
}

@Test func taskMetadataIsKeptByName() throws {
  var bench = Bench()
  let id = try bench.create()
  _ = bench.append([.metadata(name: "usage", JSONFragment(["tokens": 1]))], to: id)
  _ = bench.append(
    [.metadata(name: "usage", JSONFragment(["tokens": 2])), .metadata(name: "n", JSONFragment(1))], to: id)
  let task = try #require(bench.store.snapshot(of: id, owner: alice)).task
  #expect(task.metadata == JSONFragment(["usage": ["tokens": 2], "n": 1]))
}

@Test func everyIdTellsItsShard() {
  for shard in 0..<64 {
    let id = TaskIdentifier.mint(shard: shard, entropy: (.max, .max))
    #expect(id.count == 15)
    #expect(TaskIdentifier(id)?.shard == shard)
  }
  #expect(TaskIdentifier("short") == nil)
  #expect(TaskIdentifier(String(repeating: "é", count: 7) + "0") == nil)
  #expect(TaskIdentifier(String(repeating: "U", count: 15)) == nil)
  #expect(TaskIdentifier(String(repeating: "a", count: 15)) == nil)
}

@Test func differentIdsHaveDifferentKeys() {
  let ids = (0..<69 as Range<UInt64>).map { bit in
    TaskIdentifier.mint(shard: 0, entropy: (bit < 11 ? 1 << bit : 0, bit < 11 ? 0 : 1 << (bit - 11)))
  }
  #expect(Set(ids.compactMap { TaskIdentifier($0)?.key }).count == Set(ids).count)
}

/// Text that is kept in its small form makes the task that the event as it was told makes.
@Test(arguments: Seeds.take(4))
func textInItsSmallFormSaysTheSame(seed: UInt64) {
  var random = SeededGenerator(seed: seed)
  for _ in 0..<100 {
    var small = AgentTask(id: "t", contextID: "c", status: TaskStatus(.working))
    var told = small
    for _ in 0..<12 {
      var part = Part.text(["", "a", "é\n"].randomElement(using: &random) ?? "")
      if random.oneIn(6) { part.mediaType = "text/plain" }
      if random.oneIn(6) { part.metadata = JSONFragment(["k": 1]) }
      var artifact = Artifact(artifactID: ["a", "b"].randomElement(using: &random) ?? "", parts: [part])
      if random.oneIn(6) { artifact.parts.append(.text("more")) }
      if random.oneIn(6) { artifact.name = "n" }
      let (append, last) = (!random.oneIn(4), random.oneIn(4))
      let metadata = random.oneIn(4) ? JSONFragment(["m": 1]) : nil
      let event = JournalEvent(artifact, append: append, lastChunk: last, metadata: metadata)
      if case .text = event { #expect(append && !last && metadata == nil && artifact.parts == [part]) }
      TaskRecord.fold(event, into: &small)
      TaskRecord.fold(.artifact(artifact, append: append, lastChunk: last, metadata: metadata), into: &told)
    }
    #expect(small == told)
  }
}

/// A new task that nobody follows takes in place what others keep as a journal, and comes to the same.
@Test(arguments: Seeds.take(4))
func aTaskThatNobodyFollowsBeginsLikeAnyOther(seed: UInt64) {
  var random = SeededGenerator(seed: seed)
  for _ in 0..<100 {
    let told = Message(messageID: "m", role: .agent, parts: [.text("?")])
    let events = (0..<random.next() % 12).map { _ -> JournalEvent in
      switch random.next() % 6 {
      case 0: text("a", append: random.oneIn(2))
      case 1: .text(artifactID: "a", JSONStrings("b"))
      case 2: .metadata(name: ["usage", "n"].randomElement(using: &random) ?? "", JSONFragment(["k": 1]))
      case 3: .backendState(JSONFragment(["k": 1]))
      case 4: .history(told)
      default:
        .status(
          TaskStatus(
            TaskState.allCases.randomElement(using: &random) ?? .working, message: random.oneIn(2) ? told : nil),
          metadata: random.oneIn(6) ? JSONFragment(["tool": "t"]) : nil)
      }
    }
    let task = AgentTask(
      id: "t", contextID: "c", status: TaskStatus(.submitted, timestamp: Timestamp(milliseconds: 1)))
    var followed = TaskRecord(task)
    var alone = followed
    for event in events {
      followed.begin(with: event, isFollowed: true)
      alone.begin(with: event, isFollowed: false)
    }
    var appended = TaskRecord(task)
    appended.append(events, at: Timestamp(milliseconds: 2), journalEventsMax: 100)
    followed.settle(at: Timestamp(milliseconds: 2), journalEventsMax: 100)
    alone.settle(at: Timestamp(milliseconds: 2), journalEventsMax: 100)
    #expect(followed.task == appended.task && followed.journal == appended.journal)
    #expect(alone.task == appended.task && alone.backendState == appended.backendState)
    #expect(alone.byteCount == appended.byteCount && followed.byteCount == appended.byteCount)
    let first = events.firstIndex(where: \.isOfTools) ?? events.endIndex
    #expect(alone.journal.map(\.event) == appended.journal.map(\.event).suffix(events.count - first))
    #expect(alone.events(after: 0, max: 100)?.map(\.sequence) == Array(0..<events.count - first).map { $0 + 1 })
    for place in alone.journal.map(\.sequence) {
      #expect(alone.snapshot(at: place) == appended.snapshot(at: place + first))
    }
  }
}

// MARK: Followers

/// Counts how often its follower is called.
private final class Calls {
  var count = 0
}

/// Follows a task of alice's from a loop that is turned by hand.
private func follow(_ id: String, in store: MemoryTaskStore, on loop: EventLoop) throws -> (FollowToken, Calls) {
  let calls = Calls()
  let bound = LoopBound(calls, on: loop)
  let token = store.follow(id, owner: alice, waker: Waker(mailbox: loop.mailbox) { bound.value(on: $0).count += 1 })
  return (try #require(token), calls)
}

@Test func aFollowerIsCalledOnceForWhatItHasNotRead() throws {
  var bench = Bench()
  let loop = try EventLoop()
  let id = try bench.create()
  let (token, calls) = try follow(id, in: bench.store, on: loop)
  func callsAfterTurn() -> Int {
    loop.runOnce()
    return calls.count
  }
  // It has read nothing yet.
  _ = bench.append([status(.working)], to: id)
  #expect(callsAfterTurn() == 0)
  #expect(bench.store.events(of: id, owner: alice, after: 0, max: 10, for: token)?.count == 1)
  #expect(callsAfterTurn() == 0)
  _ = bench.append([text("a")], to: id)
  _ = bench.append([text("b", append: true)], to: id)
  #expect(callsAfterTurn() == 1)
  // A read that is full may have left some: it is for the follower to go on.
  #expect(bench.store.events(of: id, owner: alice, after: 1, max: 2, for: token)?.count == 2)
  _ = bench.append([text("c", append: true)], to: id)
  #expect(callsAfterTurn() == 1)
  #expect(bench.store.events(of: id, owner: alice, after: 3, max: 2, for: token)?.count == 1)
  bench.store.unfollow(id, token)
  _ = bench.append([text("d", append: true)], to: id)
  #expect(callsAfterTurn() == 1)
}

@Test func followersOfOneTaskAreCalledEachForItself() throws {
  var bench = Bench()
  let loop = try EventLoop()
  let id = try bench.create()
  let (first, firstCalls) = try follow(id, in: bench.store, on: loop)
  let (second, secondCalls) = try follow(id, in: bench.store, on: loop)
  #expect(bench.store.events(of: id, owner: alice, after: 0, max: 10, for: first)?.isEmpty == true)
  _ = bench.append([status(.working)], to: id)
  loop.runOnce()
  #expect(firstCalls.count == 1 && secondCalls.count == 0)
  #expect(bench.store.events(of: id, owner: alice, after: 0, max: 10, for: second)?.count == 1)
  bench.store.unfollow(id, first)
  _ = bench.append([text("a")], to: id)
  loop.runOnce()
  #expect(firstCalls.count == 1 && secondCalls.count == 1)
}

@Test func aFollowerIsCalledWhenItsTaskIsDropped() throws {
  var bench = Bench()
  let loop = try EventLoop()
  let id = try bench.create()
  let (token, calls) = try follow(id, in: bench.store, on: loop)
  _ = bench.append([status(.completed)], to: id)
  #expect(bench.store.events(of: id, owner: alice, after: 0, max: 10, for: token)?.count == 1)
  bench.store.sweep(at: Timestamp(milliseconds: .max / 2))
  loop.runOnce()
  #expect(calls.count == 1)
  #expect(bench.store.events(of: id, owner: alice, after: 1, max: 10, for: token) == nil)
}

@Test func nobodyFollowsATaskOfAnotherOwner() throws {
  var bench = Bench()
  let loop = try EventLoop()
  let id = try bench.create()
  #expect(bench.store.follow(id, owner: bob, waker: Waker(mailbox: loop.mailbox) { _ in }) == nil)
}

/// Whatever happens to tasks, the store's count of bytes is that of the tasks which it still has: in the end none.
@Test(arguments: Seeds.take(6))
func theCountOfBytesComesBackToNothing(seed: UInt64) throws {
  var random = SeededGenerator(seed: seed)
  var limits = TaskLimits()
  limits.bytesMax = 400_000
  limits.tasksMax = 40
  limits.journalEventsMax = 20
  var bench = Bench(limits)
  var ids: [String] = []
  func said(_ random: inout SeededGenerator) -> JournalEvent {
    let size = random.oneIn(9) ? 20_000 : 10
    let large = String(repeating: "x", count: Int.random(in: 0...size, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0: return .metadata(name: "m", JSONFragment(.string(large)))
    case 1: return .backendState(JSONFragment(.string(large)))
    case 2: return .history(Message(messageID: large, role: .agent, parts: [.text(large)]))
    case 3: return text(large, append: random.oneIn(2))
    case 4:
      var texts = JSONStrings()
      for _ in 0..<Int.random(in: 1...30, using: &random) { texts.append(JSONString("piece")) }
      return .text(artifactID: "a", texts)
    case 5:
      let states: [TaskState] = [.working, .inputRequired, .completed, .failed]
      return status(states.randomElement(using: &random) ?? .working)
    default:
      return .status(
        TaskStatus(.working, message: Message(messageID: "s", role: .agent, parts: [.text(large)])), metadata: nil)
    }
  }
  for _ in 0..<600 {
    if ids.isEmpty || random.oneIn(4) {
      let owner = random.oneIn(2) ? alice : bob
      bench.milliseconds += 1
      let task = AgentTask(
        id: bench.store.mintTaskID(owner: owner, entropy: (random.next(), random.next())),
        contextID: ["a", "b"].randomElement(using: &random) ?? "",
        status: TaskStatus(.submitted), history: [Message(messageID: "m", role: .user, parts: [.text("hi")])])
      var record: TaskRecord? = TaskRecord(task)
      let isFollowed = random.oneIn(2)
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        record?.begin(with: said(&random), isFollowed: isFollowed)
      }
      if (try? bench.store.create(&record, owner: owner, at: bench.time)) != nil { ids.append(task.id) }
    } else if let id = ids.randomElement(using: &random) {
      for owner in [alice, bob] { _ = bench.append([said(&random), said(&random)], to: id, owner) }
    }
  }
  for id in ids { for owner in [alice, bob] { _ = bench.append([status(.completed)], to: id, owner) } }
  bench.store.sweep(at: Timestamp(milliseconds: bench.milliseconds + limits.terminalRetention.milliseconds + 1))
  #expect(ids.allSatisfy { bench.store.snapshot(of: $0, owner: alice) == nil })
  #expect(ids.allSatisfy { bench.store.snapshot(of: $0, owner: bob) == nil })
  // Room for these two, to the byte, and for no third one.
  func task(_ bytes: Int) -> AgentTask {
    let message = Message(messageID: "m", role: .user, parts: [.text(String(repeating: "x", count: bytes))])
    return AgentTask(
      id: bench.store.mintTaskID(owner: alice, entropy: (random.next(), random.next())), contextID: "c",
      status: TaskStatus(.working), history: [message])
  }
  let least = TaskRecord(task(0)).byteCountOfTask
  func create(_ bytes: Int) throws {
    try bench.store.create(task(bytes), events: [], owner: alice, at: bench.time, isFollowed: true)
  }
  try create(limits.bytesMax - 2 * least)
  try create(0)
  #expect(throws: TaskStoreFull.self) { try create(0) }
}
