internal import Configuration
internal import JSON
internal import Model

/// One shard of ``MemoryTaskStore``: a slab of records, indexed by id, by owner (newest status first) and by context,
/// plus the order in which tasks became terminal. All links are slab indices.
struct TaskShard {
  struct Slot {
    var record: TaskRecord
    var owner: TaskOwner
    /// Grows with every change of any task of the shard; orders lists and is what a page token holds.
    var touch: UInt64 = 0
    var wakers: [WaitToken: Waker] = [:]
    var byOwner = Link()
    var byEnd = Link()
    var isInEndList = false
  }

  struct Link {
    var previous: Int?
    var next: Int?
  }

  struct Ends {
    var head: Int?
    var tail: Int?
  }

  struct OwnerIndex {
    /// Head: the task whose status changed last.
    var order = Ends()
    var count = 0
    /// Slots of each context, oldest first.
    var contexts: [String: [Int]] = [:]
  }

  struct Freed {
    var tasks = 0
    var bytes = 0
  }

  var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private(set) var slotByID: [String: Int] = [:]
  private(set) var owners: [TaskOwner: OwnerIndex] = [:]
  /// Terminal tasks, the first to end at the head.
  private var ended = Ends()
  private var lastTouch: UInt64 = 0
  private var lastTime = Timestamp(milliseconds: 0)

  /// The time to stamp entries with: a wall clock that steps back must not reorder a list.
  mutating func advance(to time: Timestamp) -> Timestamp {
    lastTime = max(lastTime, time)
    return lastTime
  }

  func slot(of id: String, owner: TaskOwner) -> Int? {
    guard let slot = slotByID[id], slots[slot].owner == owner else { return nil }
    return slot
  }

  func slots(inContext contextID: String, owner: TaskOwner) -> [Int] {
    owners[owner]?.contexts[contextID] ?? []
  }

  mutating func takeWakers(_ slot: Int) -> [Waker] {
    guard !slots[slot].wakers.isEmpty else { return [] }
    defer { slots[slot].wakers = [:] }
    return Array(slots[slot].wakers.values)
  }

  // MARK: Inserting and moving

  mutating func insert(_ record: TaskRecord, owner: TaskOwner) {
    let new = Slot(record: record, owner: owner)
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      slots[slot] = new
    } else {
      slot = slots.count
      slots.append(new)
    }
    slotByID[record.task.id] = slot
    owners[owner, default: OwnerIndex()].contexts[record.task.contextID, default: []].append(slot)
    owners[owner, default: OwnerIndex()].count += 1
    linkAsNewest(slot)
    noteEnd(slot)
  }

  /// Notes that a task changed: it is now its owner's newest.
  mutating func touch(_ slot: Int) {
    unlinkFromOwner(slot)
    linkAsNewest(slot)
    noteEnd(slot)
  }

  private mutating func linkAsNewest(_ slot: Int) {
    lastTouch += 1
    slots[slot].touch = lastTouch
    let owner = slots[slot].owner
    let head = owners[owner]?.order.head
    slots[slot].byOwner = Link(previous: nil, next: head)
    if let head { slots[head].byOwner.previous = slot }
    owners[owner]?.order.head = slot
    if head == nil { owners[owner]?.order.tail = slot }
  }

  private mutating func unlinkFromOwner(_ slot: Int) {
    let (link, owner) = (slots[slot].byOwner, slots[slot].owner)
    if let previous = link.previous {
      slots[previous].byOwner.next = link.next
    } else {
      owners[owner]?.order.head = link.next
    }
    if let next = link.next {
      slots[next].byOwner.previous = link.previous
    } else {
      owners[owner]?.order.tail = link.previous
    }
  }

  private mutating func noteEnd(_ slot: Int) {
    guard !slots[slot].isInEndList, slots[slot].record.task.status.state.isTerminal else { return }
    slots[slot].isInEndList = true
    slots[slot].byEnd = Link(previous: ended.tail, next: nil)
    if let tail = ended.tail { slots[tail].byEnd.next = slot } else { ended.head = slot }
    ended.tail = slot
  }

  // MARK: Removing

  /// The bytes freed; nil when no task is terminal.
  mutating func removeOldestTerminal() -> Int? {
    ended.head.map { remove($0) }
  }

  mutating func removeExpired(at now: Timestamp, limits: TaskLimits) -> Freed {
    var freed = Freed()
    while let head = ended.head, age(of: head, at: now) > limits.terminalRetention.milliseconds {
      freed.bytes += remove(head)
      freed.tasks += 1
    }
    for slot in slotByID.values where slots[slot].record.task.status.state.isInterrupted {
      guard age(of: slot, at: now) > limits.interruptedRetention.milliseconds else { continue }
      freed.bytes += remove(slot)
      freed.tasks += 1
    }
    return freed
  }

  private func age(of slot: Int, at now: Timestamp) -> Int64 {
    now.milliseconds - (slots[slot].record.task.status.timestamp ?? now).milliseconds
  }

  private mutating func remove(_ slot: Int) -> Int {
    let (task, owner) = (slots[slot].record.task, slots[slot].owner)
    let bytes = slots[slot].record.byteCount
    unlinkFromOwner(slot)
    if slots[slot].isInEndList {
      let link = slots[slot].byEnd
      if let previous = link.previous { slots[previous].byEnd.next = link.next } else { ended.head = link.next }
      if let next = link.next { slots[next].byEnd.previous = link.previous } else { ended.tail = link.previous }
    }
    owners[owner]?.count -= 1
    owners[owner]?.contexts[task.contextID]?.removeAll { $0 == slot }
    if owners[owner]?.contexts[task.contextID]?.isEmpty == true { owners[owner]?.contexts[task.contextID] = nil }
    if owners[owner]?.count == 0 { owners[owner] = nil }
    slotByID[task.id] = nil
    let wakers = takeWakers(slot)
    slots[slot].record = TaskRecord(AgentTask(id: "", contextID: "", status: TaskStatus(.unspecified)))
    freeSlots.append(slot)
    for waker in wakers { waker.wake() }
    return bytes
  }
}
