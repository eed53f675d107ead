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
    var page = ContextPage(tasks: [], totalSize: 0)
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
        page.totalSize += 1
        if isInRange { page.add(slots[newest].task.task, request) }
      }
      if contextID == request.after { isInRange = true }
    }
    return page.trimmed(request)
  }
}

extension ContextPage {
  /// A page that ends at a place holds the last contexts before it, any other the first ones.
  fileprivate mutating func add(_ task: AgentTask, _ request: ListContextsRequest) {
    let endsAtPlace = request.before != nil && request.after == nil
    if tasks.count >= request.pageSize, !endsAtPlace { return }
    tasks.append(task)
    // Not at every step: each costs the length of the page.
    if tasks.count >= 2 * request.pageSize { tasks.removeFirst(request.pageSize) }
  }

  fileprivate func trimmed(_ request: ListContextsRequest) -> ContextPage {
    ContextPage(tasks: Array(tasks.suffix(request.pageSize)), totalSize: totalSize)
  }
}
