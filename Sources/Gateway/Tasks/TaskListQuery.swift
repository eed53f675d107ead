internal import Bytes
internal import Model

/// A checked ``ListTasksRequest``. The page token holds the place of the last task of the page before.
struct TaskListQuery {
  let request: ListTasksRequest
  /// Only tasks that changed before this place.
  let before: UInt64
  /// Of the context's id, where only one context's tasks are asked for: the others are told by it without a look at theirs.
  private let contextHash: Int?

  private static let prefix = "t1."

  init(_ request: ListTasksRequest) throws(AgentError) {
    self.request = request
    contextHash = request.contextID?.hashValue
    guard let token = request.pageToken, !token.isEmpty else {
      before = .max
      return
    }
    guard let bytes = Base64.decode(token) else { throw TaskListQuery.badToken }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix(TaskListQuery.prefix), let place = UInt64(text.dropFirst(TaskListQuery.prefix.count)) else {
      throw TaskListQuery.badToken
    }
    before = place
  }

  static func token(after touch: UInt64) -> String { Base64.encodeURL(Array("\(prefix)\(touch)".utf8)) }

  func matches(_ slot: TaskShard.Slot) -> Bool {
    if let contextHash, slot.contextHash != contextHash { return false }
    if let state = request.state, slot.task.state != state { return false }
    if let after = request.statusTimestampAfter, slot.task.statusTime < after { return false }
    return request.contextID == nil || slot.task.contextID == request.contextID
  }

  private static var badToken: AgentError {
    .invalidField("pageToken", "not a token of this list; leave it out to start at the first page")
  }
}

extension TaskShard {
  /// A page ends early behind so many bytes of tasks: few large ones would keep their loop, and all owners of the shard,
  /// waiting.
  private static let pageBytesMax = 16 * 1024 * 1024

  func list(_ query: TaskListQuery, owner: TaskOwner) -> TaskPage {
    var page = TaskPage(tasks: [], nextPageToken: "", pageSize: query.request.pageSize, totalSize: 0)
    var (lastOnPage, bytes) = (UInt64(0), 0)
    var cursor = index(of: owner)?.order.head
    while let slot = cursor {
      cursor = slots[slot].byOwner.next
      guard query.matches(slots[slot]) else { continue }
      page.totalSize += 1
      guard slots[slot].touch < query.before else { continue }
      if page.nextPageToken.isEmpty, page.tasks.count < query.request.pageSize, bytes < TaskShard.pageBytesMax {
        page.tasks.append(slots[slot].task.task)
        lastOnPage = slots[slot].touch
        bytes += slots[slot].task.byteCount
      } else if page.nextPageToken.isEmpty {
        page.nextPageToken = TaskListQuery.token(after: lastOnPage)
      }
    }
    return page
  }
}
