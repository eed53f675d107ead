internal import Configuration
internal import JSON
internal import Model

/// One shard of ``MemoryTaskStore``: a slab of records, found by id, listed by owner (newest status first) and by context
/// (oldest first), plus the order in which tasks became terminal. All links are slab indices.
struct TaskShard {
  struct Slot {
    var task: StoredTask
    var key: TaskKey
    /// Index into `owners`.
    var owner: Int
    /// Hash of the context id; tasks whose hashes are equal share a list and are told apart by the id itself.
    var contextHash: Int
    /// Grows with every status of any task of the shard; orders lists and is what a page token holds.
    var touch: UInt64 = 0
    var followers: [Follower] = []
    var byOwner = Link()
    var byContext = Link()
    var byEnd = Link()
    var isInEndList = false
  }

  struct Follower {
    let token: FollowToken
    let waker: Waker
    /// It has read all there is.
    var isWaiting = false
  }

  /// The neighbours in a list, or its ends: half of the bytes that two optional numbers take, and each task has three.
  struct Link {
    private var before = Link.none
    private var behind = Link.none
    private static let none = UInt32.max

    init(previous: Int? = nil, next: Int? = nil) {
      self.previous = previous
      self.next = next
    }

    var previous: Int? {
      get { before == Link.none ? nil : Int(before) }
      set { before = newValue.map(UInt32.init) ?? Link.none }
    }

    var next: Int? {
      get { behind == Link.none ? nil : Int(behind) }
      set { behind = newValue.map(UInt32.init) ?? Link.none }
    }
  }

  struct Ends {
    var head: Int?
    var tail: Int?
  }

  /// The tasks of one owner.
  struct OwnerIndex {
    let owner: TaskOwner
    /// Head: the task whose status changed last.
    var order = Ends()
    var count = 0
  }

  struct Freed {
    var tasks = 0
    var bytes = 0
  }

  private(set) var owners: [OwnerIndex] = []
  private var ownerNumbers = SlotTable()
  private var freeOwners: [Int] = []
  var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var slotByKey = SlotTable()
  /// The newest task of each list of a context.
  private var newestOfContext = SlotTable()
  /// Terminal tasks, the first to end at the head.
  private var ended = Ends()
  /// Where the next task that comes and is over finds room.
  private var packedTasks: PackedTasks?
  private var lastTouch: UInt64 = 0
  private var lastTime = Timestamp(milliseconds: 0)

  /// The time to stamp entries with: a wall clock that steps back must not reorder a list.
  mutating func advance(to time: Timestamp) -> Timestamp {
    lastTime = max(lastTime, time)
    return lastTime
  }

  // MARK: Finding

  func slot(of key: TaskKey) -> Int? { slotByKey.slot(key.spread) { slots[$0].key == key } }

  func slot(of key: TaskKey, owner: TaskOwner) -> Int? {
    guard let slot = slot(of: key), owners[slots[slot].owner].owner == owner else { return nil }
    return slot
  }

  func index(of owner: TaskOwner) -> OwnerIndex? { knownNumber(of: owner).map { owners[$0] } }

  private func knownNumber(of owner: TaskOwner) -> Int? {
    ownerNumbers.slot(TaskShard.spread(owner)) { owners[$0].owner == owner }
  }

  /// Spread over its upper half, by which the table goes. Callers cannot choose it, see ``TaskOwner``.
  private static func spread(_ owner: TaskOwner) -> UInt64 { owner.digest &* 0x9E37_79B9_7F4A_7C15 }

  /// The newest tasks of a context, the newest first.
  func slots(inContext contextID: String, owner: TaskOwner, max: Int) -> [Int] {
    guard let number = knownNumber(of: owner) else { return [] }
    var found: [Int] = []
    var cursor = newest(ofContext: contextID.hashValue, owner: number)
    while let slot = cursor, found.count < max {
      if slots[slot].task.contextID == contextID { found.append(slot) }
      cursor = slots[slot].byContext.previous
    }
    return found
  }

  /// Of those who wait for the slot's journal to grow; they wait no longer.
  mutating func takeWakers(_ slot: Int) -> [Waker] {
    var wakers: [Waker] = []
    for index in slots[slot].followers.indices where slots[slot].followers[index].isWaiting {
      slots[slot].followers[index].isWaiting = false
      wakers.append(slots[slot].followers[index].waker)
    }
    return wakers
  }

  mutating func wake(_ follower: FollowToken, whenGrows slot: Int) {
    guard let index = slots[slot].followers.firstIndex(where: { $0.token == follower }) else { return }
    slots[slot].followers[index].isWaiting = true
  }

  // MARK: Inserting and moving

  /// Returns how many bytes the task takes.
  mutating func insert(_ record: consuming TaskRecord, key: TaskKey, owner: TaskOwner) -> Int {
    let contextID = record.contextID
    return insert(StoredTask(record, block: &packedTasks), inContext: contextID, key: key, owner: owner)
  }

  /// Returns how many bytes the task takes.
  mutating func insert(_ task: borrowing AnsweredTask, key: TaskKey, owner: TaskOwner) -> Int {
    insert(StoredTask(task, block: &packedTasks), inContext: task.contextID, key: key, owner: owner)
  }

  private mutating func insert(
    _ task: consuming StoredTask, inContext contextID: String, key: TaskKey, owner: TaskOwner
  ) -> Int {
    let number = number(of: owner)
    let entry = Slot(task: task, key: key, owner: number, contextHash: contextID.hashValue)
    let slot = freeSlots.popLast() ?? slots.count
    if slot == slots.count { slots.append(consume entry) } else { slots[slot] = consume entry }
    slotByKey.insert(slot, key.spread)
    owners[number].count += 1
    linkToContext(slot)
    linkAsNewest(slot)
    noteEnd(slot)
    return slots[slot].task.byteCount
  }

  private mutating func number(of owner: TaskOwner) -> Int {
    if let number = knownNumber(of: owner) { return number }
    let index = OwnerIndex(owner: owner)
    let number: Int
    if let free = freeOwners.popLast() {
      number = free
      owners[number] = index
    } else {
      number = owners.count
      owners.append(index)
    }
    ownerNumbers.insert(number, TaskShard.spread(owner))
    return number
  }

  /// Adds entries to a task's journal; a status makes it its owner's newest. Returns how many bytes the task has grown by.
  mutating func append(_ events: [JournalEvent], to slot: Int, at time: Timestamp, journalEventsMax: Int) -> Int {
    let before = slots[slot].task.byteCount
    slots[slot].task.append(events, at: time, journalEventsMax: journalEventsMax)
    if events.contains(where: \.isStatus) {
      unlinkFromOwner(slot)
      linkAsNewest(slot)
      noteEnd(slot)
    }
    return slots[slot].task.byteCount - before
  }

  private mutating func linkAsNewest(_ slot: Int) {
    lastTouch += 1
    slots[slot].touch = lastTouch
    let owner = slots[slot].owner
    let head = owners[owner].order.head
    slots[slot].byOwner = Link(previous: nil, next: head)
    if let head { slots[head].byOwner.previous = slot } else { owners[owner].order.tail = slot }
    owners[owner].order.head = slot
  }

  private mutating func unlinkFromOwner(_ slot: Int) {
    let (link, owner) = (slots[slot].byOwner, slots[slot].owner)
    if let previous = link.previous {
      slots[previous].byOwner.next = link.next
    } else {
      owners[owner].order.head = link.next
    }
    if let next = link.next {
      slots[next].byOwner.previous = link.previous
    } else {
      owners[owner].order.tail = link.previous
    }
  }

  private func newest(ofContext hash: Int, owner: Int) -> Int? {
    newestOfContext.slot(TaskShard.spread(hash, owner)) { slots[$0].contextHash == hash && slots[$0].owner == owner }
  }

  /// The hash of a context's id is not known outside.
  private static func spread(_ contextHash: Int, _ owner: Int) -> UInt64 {
    UInt64(bitPattern: Int64(contextHash)) ^ UInt64(owner) &* 0x9E37_79B9_7F4A_7C15
  }

  private mutating func linkToContext(_ slot: Int) {
    let (owner, hash) = (slots[slot].owner, slots[slot].contextHash)
    let spread = TaskShard.spread(hash, owner)
    guard let newest = newest(ofContext: hash, owner: owner) else { return newestOfContext.insert(slot, spread) }
    slots[slot].byContext = Link(previous: newest)
    slots[newest].byContext.next = slot
    newestOfContext.replace(newest, by: slot, spread)
  }

  private mutating func unlinkFromContext(_ slot: Int) {
    let link = slots[slot].byContext
    if let previous = link.previous { slots[previous].byContext.next = link.next }
    if let next = link.next {
      slots[next].byContext.previous = link.previous
      return
    }
    let spread = TaskShard.spread(slots[slot].contextHash, slots[slot].owner)
    if let previous = link.previous {
      newestOfContext.replace(slot, by: previous, spread)
    } else {
      newestOfContext.remove(slot, spread)
    }
  }

  private mutating func noteEnd(_ slot: Int) {
    guard !slots[slot].isInEndList, slots[slot].task.state.isTerminal else { return }
    slots[slot].isInEndList = true
    slots[slot].byEnd = Link(previous: ended.tail, next: nil)
    if let tail = ended.tail { slots[tail].byEnd.next = slot } else { ended.head = slot }
    ended.tail = slot
  }

  // MARK: Removing

  /// The bytes freed; nil when no task is terminal, or only the one with this key.
  mutating func removeOldestTerminal(sparing key: TaskKey?) -> Int? {
    guard let head = ended.head, slots[head].key != key else { return nil }
    return remove(head)
  }

  mutating func removeExpired(at now: Timestamp, limits: TaskLimits) -> Freed {
    var freed = Freed()
    while let head = ended.head, age(of: head, at: now) > limits.terminalRetention.milliseconds {
      freed.bytes += remove(head)
      freed.tasks += 1
    }
    // A free slot is in no state.
    for slot in slots.indices where slots[slot].task.state.isInterrupted {
      guard age(of: slot, at: now) > limits.interruptedRetention.milliseconds else { continue }
      freed.bytes += remove(slot)
      freed.tasks += 1
    }
    return freed
  }

  private func age(of slot: Int, at now: Timestamp) -> Int64 {
    now.milliseconds - slots[slot].task.statusTime.milliseconds
  }

  private mutating func remove(_ slot: Int) -> Int {
    let bytes = slots[slot].task.byteCount
    let owner = slots[slot].owner
    unlinkFromOwner(slot)
    unlinkFromContext(slot)
    if slots[slot].isInEndList {
      let link = slots[slot].byEnd
      if let previous = link.previous { slots[previous].byEnd.next = link.next } else { ended.head = link.next }
      if let next = link.next { slots[next].byEnd.previous = link.previous } else { ended.tail = link.previous }
    }
    owners[owner].count -= 1
    if owners[owner].count == 0 {
      ownerNumbers.remove(owner, TaskShard.spread(owners[owner].owner))
      freeOwners.append(owner)
    }
    slotByKey.remove(slot, slots[slot].key.spread)
    let wakers = takeWakers(slot)
    slots[slot].followers = []
    slots[slot].task = StoredTask()
    freeSlots.append(slot)
    for waker in wakers { waker.wake() }
    return bytes
  }
}
