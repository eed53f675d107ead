internal import Bytes
internal import Model

/// A checked ``ListTasksRequest``. The page token holds the place of the last task of the page before.
struct TaskListQuery {
  let request: ListTasksRequest
  /// Only tasks that changed before this place.
  let before: UInt64

  private static let prefix = "t1."

  init(_ request: ListTasksRequest) throws(AgentError) {
    self.request = request
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

  func matches(_ task: StoredTask) -> Bool {
    if let state = request.state, task.state != state { return false }
    if let after = request.statusTimestampAfter, task.statusTime < after { return false }
    // Last: it is read from the packed task.
    if let contextID = request.contextID, task.contextID != contextID { return false }
    return true
  }

  private static var badToken: AgentError {
    .invalidField("pageToken", "not a token of this list; leave it out to start at the first page")
  }
}

extension TaskShard {
  func list(_ query: TaskListQuery, owner: TaskOwner) -> TaskPage {
    var page = TaskPage(tasks: [], nextPageToken: "", pageSize: query.request.pageSize, totalSize: 0)
    var lastOnPage: UInt64 = 0
    var cursor = index(of: owner)?.order.head
    while let slot = cursor {
      cursor = slots[slot].byOwner.next
      guard query.matches(slots[slot].task) else { continue }
      page.totalSize += 1
      guard slots[slot].touch < query.before else { continue }
      if page.tasks.count < query.request.pageSize {
        page.tasks.append(slots[slot].task.task)
        lastOnPage = slots[slot].touch
      } else if page.nextPageToken.isEmpty {
        page.nextPageToken = TaskListQuery.token(after: lastOnPage)
      }
    }
    return page
  }
}
