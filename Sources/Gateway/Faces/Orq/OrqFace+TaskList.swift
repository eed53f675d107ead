internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// `list_tasks` where tasks are in two places (contract §3.10).
extension OrqFace {
  /// The caller's own tasks: first those of the gateway's own turns, then those that it began in the workspace. A cursor
  /// tells by itself in which of the two it stands.
  func listTasks(
    _ plan: OrqForwarding, of owner: TaskOwner, _ head: borrowing HTTPRequestHead, _ state: ExchangeState,
    _ responder: OrqResponder
  ) throws(AgentError) {
    let query = try OrqFace.query(head)
    let limit = query.limit ?? OrqLimits.pageSizeDefault
    let (forwarded, now) = (context.services.forwardedTasks, context.loop.now)
    func isThere(_ cursor: String?) -> Bool { cursor.map { forwarded.isOwned($0, by: owner, at: now) } ?? false }
    let (startsThere, endsThere) = (isThere(query.startingAfter), isThere(query.endingBefore))
    let isBackward = query.startingAfter == nil && query.endingBefore != nil
    var own = OwnTasks(conversations(state), query)
    // A page that begins in the workspace has nothing of the gateway's own, one that ends at those nothing of it.
    if !startsThere, !(isBackward && endsThere) { own.take(query) }
    // Who has nothing there is not looked for, unless the workspace alone knows whether there is such an agent.
    let isSomewhere = forwarded.count(of: owner, at: now) > 0 || state.agent == nil
    guard query.endingBefore == nil || endsThere, own.records.count < limit, isSomewhere else {
      let total = query.statuses.isEmpty ? forwarded.count(of: owner, at: now) : 0
      return responder.pass(body: own.page(with: OrqForwardedTaskList.Found(total: total)))
    }
    var rest = query
    if !startsThere { rest.startingAfter = nil }
    let list = OrqForwardedTaskList(
      plan, of: owner, rest, wanted: limit - own.records.count, gateways: GatewayHops.names(head.fields), context
    ) { result in
      switch result {
      case .failure(let refusal): responder.respond(refusal)
      case .success(let found):
        if isBackward { own.takeLast(limit - found.tasks.count, query) }
        responder.pass(body: own.page(with: found))
      }
    }
    responder.exchange.onClose = { [weak list] in list?.cancel() }
    list.fetch()
  }

  /// Tasks of the gateway's own turns, as far as they are on the page.
  private struct OwnTasks {
    private let conversations: OrqConversations?
    private(set) var records: [OrqTaskRecord] = []
    /// Of all that the query means.
    private let total: Int

    init(_ conversations: OrqConversations?, _ query: OrqListQuery) {
      self.conversations = conversations
      total = conversations?.list(OrqListQuery(limit: 1, statuses: query.statuses)).totalSize ?? 0
    }

    mutating func take(_ query: OrqListQuery) {
      guard let conversations else { return }
      var translation = OrqAnswerTranslation()
      records = conversations.list(query).tasks.map { conversations.view($0).record(&translation) }
    }

    mutating func takeLast(_ count: Int, _ query: OrqListQuery) {
      guard count > 0 else { return }
      // Nothing of the gateway's own has the cursor: all of it stands before.
      take(OrqListQuery(limit: count, endingBefore: query.endingBefore, statuses: query.statuses))
    }

    func page(with found: OrqForwardedTaskList.Found) -> [UInt8] {
      var json = JSONWriter(reserving: 1024 * (records.count + found.tasks.count + 1))
      json.beginObject()
      json.key("tasks")
      json.beginArray()
      for record in records { record.write(into: &json) }
      for task in found.tasks { json.fragment(task) }
      json.endArray()
      json.member("overall_total", total + found.total)
      json.endObject()
      return json.finish()
    }
  }
}
