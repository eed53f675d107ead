internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// Finds a caller's own tasks among all those of an agent of the workspace, page by page, until there are as many as it
/// asked for or no more. Lives on the loop of its request.
final class OrqForwardedTaskList {
  /// What was found, in the workspace's order.
  struct Found {
    var tasks: [JSONFragment] = []
    /// Of all tasks of the caller, as far as that is known.
    var total = 0
  }

  private let plan: OrqForwarding
  private let owner: TaskOwner
  private let query: OrqListQuery
  private let wanted: Int
  private let context: LoopContext
  private let gateways: [String]
  private let done: (Result<Found, OrqUpstreamRefusal>) -> Void
  private var found = Found()
  private var call: HTTPClientCall?
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []
  private var pages = 0
  private var seen = 0
  private var bytes = 0

  /// Of tasks that are looked at for one answer: a hundred pages.
  static let pagesMax = 100
  private static let bytesMax = 64 * 1024 * 1024

  /// Pages go backwards where only an end is named.
  private var isBackward: Bool { query.endingBefore != nil && query.startingAfter == nil }

  /// - Parameters:
  ///   - query: with cursors of the workspace only.
  ///   - wanted: more than 0.
  ///   - done: called once, on the loop, unless ``cancel()`` comes before.
  init(
    _ plan: OrqForwarding, of owner: TaskOwner, _ query: OrqListQuery, wanted: Int, gateways: [String],
    _ context: LoopContext, done: @escaping (Result<Found, OrqUpstreamRefusal>) -> Void
  ) {
    self.plan = plan
    self.owner = owner
    self.query = query
    self.wanted = wanted
    self.gateways = gateways
    self.context = context
    self.done = done
  }

  func cancel() { call?.cancel() }

  func fetch() { fetch(query) }

  private func fetch(_ page: OrqListQuery) {
    pages += 1
    (head, body) = (nil, [])
    var page = page
    // The prose of 3.x allows 50 at once.
    page.limit = plan.workspace.generation == .v3 ? 50 : 200
    let call = OrqCall.listTasks(plan.route.agentKey ?? "", page)
    var request = plan.workspace.request(call, gateways: gateways)
    request.responseBytesMax = OrqForwardedTaskList.bytesMax - bytes
    // The call holds this until it ends.
    self.call = HTTPClient.shared(on: context.loop).send(
      request,
      HTTPClientHandlers(
        onHead: { [self] in head = $0 }, onBody: { [self] in body += $0 }, onEnd: { [self] in took(page) },
        onError: { [self] in done(.failure(.error(UpstreamRefusal.error($0), status: nil))) }))
  }

  private func took(_ page: OrqListQuery) {
    guard let head else { return done(.failure(.notUnderstood)) }
    guard head.status == 200 else {
      return done(.failure(OrqUpstreamRefusal(head.status, head.fields["retry-after"], body, plan, context)))
    }
    guard !plan.workspace.isLeak(body), let root = try? JSONDocument.parse(body).root, let list = root["tasks"],
      list.kind == .array
    else { return done(.failure(.notUnderstood)) }
    bytes += body.count
    let tasks = list.elements
    seen += tasks.count
    for task in isBackward ? tasks.reversed() : tasks where isOwn(task) && found.tasks.count < wanted {
      found.tasks.append(task.fragment)
    }
    guard let cursor = (isBackward ? tasks.first : tasks.last)?["_id"]?.string, !isComplete(root) else {
      return finish()
    }
    guard pages < OrqForwardedTaskList.pagesMax, bytes < OrqForwardedTaskList.bytesMax else {
      context.services.logger.warning(
        "a list of tasks is cut off: the caller's own are too rare among those of the Orq workspace",
        ["agent": .string(owner.agentKey), "seen": .int(seen)])
      return finish()
    }
    var next = page
    if isBackward {
      guard cursor != page.endingBefore else { return finish() }
      next.endingBefore = cursor
    } else {
      guard cursor != page.startingAfter else { return finish() }
      next.startingAfter = cursor
    }
    fetch(next)
  }

  private func isOwn(_ task: JSONNode) -> Bool {
    guard let id = task["_id"]?.string else { return false }
    return context.services.forwardedTasks.isOwned(id, by: owner, at: context.loop.now)
  }

  /// Whether further pages have nothing that is wanted.
  private func isComplete(_ root: JSONNode) -> Bool {
    if found.tasks.count >= wanted { return true }
    // From the beginning on, all that there are have been seen.
    guard query.startingAfter == nil, query.endingBefore == nil else { return false }
    if query.statuses.isEmpty, found.tasks.count >= ownTotal { return true }
    return root["overall_total"]?.int64.map { seen >= $0 } ?? false
  }

  private var ownTotal: Int { context.services.forwardedTasks.count(of: owner, at: context.loop.now) }

  private func finish() {
    if isBackward { found.tasks.reverse() }
    // How many of the others have the status, nobody knows.
    found.total = query.statuses.isEmpty ? max(ownTotal, found.tasks.count) : found.tasks.count
    done(.success(found))
  }
}
