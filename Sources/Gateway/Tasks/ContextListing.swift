public import Model

/// A list of an owner's contexts. Each is told by its newest task.
public struct ListContextsRequest: Sendable, Equatable {
  /// Of the newest task; nil for any.
  public var states: Set<TaskState>?
  /// The context id behind which the page begins, in the order of the list.
  public var after: String?
  /// The context id before which the page ends.
  public var before: String?
  public var pageSize: Int

  public init(states: Set<TaskState>? = nil, after: String? = nil, before: String? = nil, pageSize: Int) {
    self.states = states
    self.after = after
    self.before = before
    self.pageSize = pageSize
  }
}

/// The answer to ``ListContextsRequest``.
public struct ContextPage: Sendable, Equatable {
  /// The newest task of each context; the context that changed last comes first.
  public var tasks: [AgentTask]
  /// Matches before paging.
  public var totalSize: Int
}

extension TaskShard {
  func listContexts(_ request: ListContextsRequest, owner: TaskOwner) -> ContextPage {
    var totalSize = 0
    var page: [Int] = []
    var seen: Set<String> = []
    var isInRange = request.after == nil
    var cursor = index(of: owner)?.order.head
    while let slot = cursor {
      cursor = slots[slot].byOwner.next
      let contextID = slots[slot].task.contextID
      guard seen.insert(contextID).inserted else { continue }
      // The task that changed last is not always the one that came last.
      let newest = self.slots(inContext: contextID, owner: owner, max: 1).first ?? slot
      if contextID == request.before { isInRange = false }
      if request.states?.contains(slots[newest].task.state) ?? true {
        totalSize += 1
        if isInRange { request.add(newest, to: &page) }
      }
      if contextID == request.after { isInRange = true }
    }
    // Only these are unpacked.
    return ContextPage(tasks: page.suffix(request.pageSize).map { slots[$0].task.task }, totalSize: totalSize)
  }
}

extension ListContextsRequest {
  /// A page that ends at a place holds the last contexts before it, any other the first ones.
  fileprivate func add(_ slot: Int, to page: inout [Int]) {
    let endsAtPlace = before != nil && after == nil
    if page.count >= pageSize, !endsAtPlace { return }
    page.append(slot)
    // Not at every step: each costs the length of the page.
    if page.count >= 2 * pageSize { page.removeFirst(pageSize) }
  }
}
