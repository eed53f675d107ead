internal import Bytes
public import Configuration
public import Model
internal import Synchronization

/// Tasks in memory, bounded in number, bytes and age. An owner's tasks all lie in one of 64 shards, whose number is part
/// of each task id; every operation takes one shard's lock, for well under a microsecond but for long lists.
public final class MemoryTaskStore: TaskStore {
  static let shardCount = 64
  /// How far back a context's backend state is looked for.
  private static let earlierTurnsMax = 64

  private final class LockedShard: Sendable {
    let state = Mutex(TaskShard())
  }

  private let shards: [LockedShard]
  private let limits: TaskLimits
  private let taskCount = Atomic<Int>(0)
  private let byteCount = Atomic<Int>(0)
  private let lastFollower = Atomic<UInt64>(0)

  public init(limits: TaskLimits) {
    self.limits = limits
    shards = (0..<MemoryTaskStore.shardCount).map { _ in LockedShard() }
  }

  // MARK: Identifiers

  public func mintTaskID(owner: TaskOwner, entropy: (UInt64, UInt64)) -> String {
    TaskIdentifier.mint(shard: MemoryTaskStore.shard(of: owner), entropy: entropy)
  }

  private static func shard(of owner: TaskOwner) -> Int {
    TaskIdentifier.shard(of: owner, count: shardCount)
  }

  /// Calls `body` with the shard where a task would lie, under its lock; nil for an id of nobody's making.
  private func withShard<Result>(of id: String, _ body: (inout TaskShard, TaskKey) -> Result?) -> Result? {
    guard let identifier = TaskIdentifier(id) else { return nil }
    return shards[identifier.shard].state.withLock { body(&$0, identifier.key) }
  }

  // MARK: Writing

  public func create(
    _ record: inout TaskRecord?, owner: TaskOwner, at time: Timestamp
  ) throws(TaskStoreFull) -> AgentTask {
    guard let id = record?.task.id, let size = record?.byteCountOfTask, let identifier = TaskIdentifier(id) else {
      preconditionFailure("a task id that was not minted here")
    }
    let home = shards[identifier.shard]
    try makeRoom(for: size, preferring: home)
    let (task, bytes): (AgentTask?, Int) = home.state.withLock { shard in
      guard var record = record.take() else { return (nil, 0) }
      record.settle(at: shard.advance(to: time), journalEventsMax: limits.journalEventsMax)
      let task = record.task
      return (task, shard.insert(consume record, key: identifier.key, owner: owner))
    }
    guard let task else { preconditionFailure("the record was there") }
    taskCount.add(1, ordering: .relaxed)
    byteCount.add(bytes, ordering: .relaxed)
    trim(preferring: home, sparing: identifier.key)
    return task
  }

  public func create(_ task: inout AnsweredTask, owner: TaskOwner) throws(TaskStoreFull) {
    guard let identifier = TaskIdentifier(task.id) else { preconditionFailure("a task id that was not minted here") }
    let home = shards[identifier.shard]
    try makeRoom(for: task.byteCountOfTask, preferring: home)
    let bytes = home.state.withLock { shard in
      task.ended = shard.advance(to: task.ended)
      return shard.insert(task, key: identifier.key, owner: owner)
    }
    taskCount.add(1, ordering: .relaxed)
    byteCount.add(bytes, ordering: .relaxed)
    trim(preferring: home, sparing: identifier.key)
  }

  public func append(
    _ events: [JournalEvent], to id: String, owner: TaskOwner, at time: Timestamp, onlyIf condition: AppendCondition
  ) -> AppendResult {
    guard let identifier = TaskIdentifier(id) else { return .notFound }
    let home = shards[identifier.shard]
    let (result, change, wakers): (AppendResult, Int, [Waker]) = home.state.withLock { shard in
      guard let slot = shard.slot(of: identifier.key, owner: owner) else { return (.notFound, 0, []) }
      let state = shard.slots[slot].task.state
      guard condition.holds(for: state) else { return (.refused(state), 0, []) }
      let time = shard.advance(to: time)
      let change = shard.append(events, to: slot, at: time, journalEventsMax: limits.journalEventsMax)
      return (.appended(shard.slots[slot].task.sequence), change, shard.takeWakers(slot))
    }
    byteCount.add(change, ordering: .relaxed)
    trim(preferring: home, sparing: identifier.key)
    for waker in wakers { waker.wake() }
    return result
  }

  public var isOverfull: Bool { byteCount.load(ordering: .relaxed) > limits.bytesMax }

  // MARK: Reading

  public func snapshot(of id: String, owner: TaskOwner) -> TaskSnapshot? {
    withShard(of: id) { shard, key in
      shard.slot(of: key, owner: owner).map {
        TaskSnapshot(task: shard.slots[$0].task.task, sequence: shard.slots[$0].task.sequence)
      }
    }
  }

  public func snapshot(of id: String, owner: TaskOwner, at sequence: JournalSequence) -> TaskSnapshot? {
    withShard(of: id) { shard, key in
      guard let slot = shard.slot(of: key, owner: owner) else { return nil }
      return shard.slots[slot].task.snapshot(at: sequence).map { TaskSnapshot(task: $0, sequence: sequence) }
    }
  }

  public func events(
    of id: String, owner: TaskOwner, after cursor: JournalSequence, max: Int, for follower: FollowToken?
  ) -> [SequencedEvent]? {
    withShard(of: id) { shard, key in
      guard let slot = shard.slot(of: key, owner: owner),
        let events = shard.slots[slot].task.events(after: cursor, max: max)
      else { return nil }
      let end = events.last?.sequence ?? cursor
      if let follower, end - cursor < max { shard.wake(follower, whenGrows: slot) }
      return events
    }
  }

  public func keptEvents(of id: String, owner: TaskOwner) -> [SequencedEvent] {
    withShard(of: id) { shard, key in
      shard.slot(of: key, owner: owner).map { shard.slots[$0].task.journal }
    } ?? []
  }

  public func tasks(
    inContext contextID: String, owner: TaskOwner, max: Int, bytesMax: Int, withJournal: Bool
  ) -> [AgentTask] {
    shards[MemoryTaskStore.shard(of: owner)].state.withLock { shard in
      var (tasks, bytes) = ([AgentTask](), 0)
      for slot in shard.slots(inContext: contextID, owner: owner, max: max) where bytes <= bytesMax {
        if withJournal, shard.slots[slot].task.journal.isEmpty { continue }
        let task = shard.slots[slot].task.task
        bytes += task.parts.reduce(0) { $0 + $1.byteCount }
        tasks.append(task)
      }
      return tasks.reversed()
    }
  }

  public func earlierTurn(before turn: Turn, owner: TaskOwner) -> EarlierTurn? {
    if turn.isContinuation {
      return withShard(of: turn.taskID) { shard, key in
        guard let slot = shard.slot(of: key, owner: owner) else { return nil }
        return EarlierTurn(state: shard.slots[slot].task.state, backendState: shard.slots[slot].task.backendState)
      }
    }
    let own = TaskIdentifier(turn.taskID)?.key
    return shards[MemoryTaskStore.shard(of: owner)].state.withLock { shard in
      let slots = shard.slots(inContext: turn.contextID, owner: owner, max: MemoryTaskStore.earlierTurnsMax)
      // The turn's own task may be there already, and with it those that wait behind it.
      let begun = slots.filter { slot in
        shard.slots[slot].key != own && shard.slots[slot].task.state != .submitted
      }
      guard let newest = begun.first else { return nil }
      for slot in begun {
        guard let remembered = shard.slots[slot].task.backendState else { continue }
        return EarlierTurn(state: shard.slots[newest].task.state, backendState: remembered)
      }
      return EarlierTurn(state: shard.slots[newest].task.state)
    }
  }

  public func list(_ request: ListTasksRequest, owner: TaskOwner) throws(AgentError) -> TaskPage {
    let query = try TaskListQuery(request)
    return shards[MemoryTaskStore.shard(of: owner)].state.withLock { $0.list(query, owner: owner) }
  }

  public func listContexts(_ request: ListContextsRequest, owner: TaskOwner) -> ContextPage {
    shards[MemoryTaskStore.shard(of: owner)].state.withLock { $0.listContexts(request, owner: owner) }
  }

  // MARK: Following

  public func follow(_ id: String, owner: TaskOwner, waker: Waker) -> FollowToken? {
    let token = FollowToken(number: lastFollower.add(1, ordering: .relaxed).newValue)
    return withShard(of: id) { shard, key in
      guard let slot = shard.slot(of: key, owner: owner) else { return nil }
      shard.slots[slot].followers.append(TaskShard.Follower(token: token, waker: waker))
      return token
    }
  }

  public func unfollow(_ id: String, _ follower: FollowToken) {
    _ = withShard(of: id) { shard, key -> Void? in
      guard let slot = shard.slot(of: key) else { return nil }
      return shard.slots[slot].followers.removeAll { $0.token == follower }
    }
  }

  // MARK: Retention

  public func sweep(at now: Timestamp) {
    for home in shards {
      let freed = home.state.withLock { $0.removeExpired(at: now, limits: limits) }
      release(freed)
    }
  }

  /// Room for one more task of this size.
  private func makeRoom(for bytes: Int, preferring home: LockedShard) throws(TaskStoreFull) {
    guard shrink(toTasks: limits.tasksMax - 1, bytes: limits.bytesMax - bytes, preferring: home) else {
      throw TaskStoreFull()
    }
  }

  /// Brings a store that has grown back below its bounds, as far as ended tasks allow it.
  ///
  /// - Parameter key: of the task that has just grown: whoever waits for it is to see how it ended.
  private func trim(preferring home: LockedShard, sparing key: TaskKey) {
    _ = shrink(toTasks: limits.tasksMax, bytes: limits.bytesMax, preferring: home, sparing: key)
  }

  /// Drops the oldest terminal tasks, first of the shard that grows, then of the others. False if that is not enough.
  private func shrink(
    toTasks tasksMax: Int, bytes bytesMax: Int, preferring home: LockedShard, sparing key: TaskKey? = nil
  ) -> Bool {
    func isOver() -> Bool {
      taskCount.load(ordering: .relaxed) > tasksMax || byteCount.load(ordering: .relaxed) > bytesMax
    }
    // Mostly there is room, and no shard to be held on to.
    guard isOver() else { return true }
    var next = 0
    var shard = home
    while isOver() {
      if let freed = shard.state.withLock({ $0.removeOldestTerminal(sparing: key) }) {
        release(TaskShard.Freed(tasks: 1, bytes: freed))
        continue
      }
      guard next < shards.count else { return false }
      shard = shards[next]
      next += 1
    }
    return true
  }

  private func release(_ freed: TaskShard.Freed) {
    taskCount.subtract(freed.tasks, ordering: .relaxed)
    byteCount.subtract(freed.bytes, ordering: .relaxed)
  }
}
