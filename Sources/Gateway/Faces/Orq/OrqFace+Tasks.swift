internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// What looks agents, tasks, responses and actions up (contract §3.3, §3.10 to §3.13, §3.15).
extension OrqFace {
  func read(
    _ request: HTTPServerRequest, _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    if route.operation != .retrieveAgent {
      guard try allows(route.operation == .listTasks ? .listTasks : .getTask, state, responder) else { return }
    }
    if let plan = try OrqForwarding.plan(route, request.head, body: nil, state, context) {
      return try forward(
        plan, request, nil, isStreamed: false, state, responder, transform: ownTasks(route, plan, request.head, state))
    }
    guard let agent = state.agent, let conversations = conversations(state) else { return }
    var translation = OrqAnswerTranslation()
    switch route.operation {
    case .retrieveAgent: return responder.respond(OrqManifest(agent, for: state.principal))
    case .listTasks:
      let page = conversations.list(try OrqFace.query(request.head))
      let records = page.tasks.map { conversations.view($0).record(&translation) }
      return responder.respond(OrqTaskList(records, overallTotal: page.totalSize))
    default: break
    }
    let id = route.taskID ?? ""
    let view = conversations.view(try conversations.newestTurn(of: id))
    responder.note(taskID: view.task.id, state: view.task.status.state)
    switch route.operation {
    case .getResponse:
      let response = view.response(&translation)
      responder.note(translation.losses)
      responder.respond(response)
    case .retrieveTask:
      let history = conversations.history(of: view.task.contextID, &translation)
      responder.note(translation.losses)
      responder.respond(view.task(history: history, &translation))
    case .listActions: responder.respond(OrqList(conversations.actions(of: id), hasMore: false))
    default:
      guard let action = conversations.actions(of: id).first(where: { $0.id == route.actionID }) else {
        throw AgentError(.taskNotFound, "no such action")
      }
      responder.respond(action)
    }
  }

  /// A list of the workspace's tasks shows each caller its own, behind those of the gateway's own turns.
  private func ownTasks(
    _ route: OrqRoute, _ plan: OrqForwarding, _ head: HTTPRequestHead, _ state: ExchangeState
  ) throws(AgentError) -> ([UInt8]) -> [UInt8]? {
    guard route.operation == .listTasks, let owner = plan.owner else { return { $0 } }
    let query = try OrqFace.query(head)
    return { [context] body in
      guard let list = try? JSONDocument.parse(body).root["tasks"], list.kind == .array else { return nil }
      let tasks = list.elements.filter { task in
        guard let id = task["_id"]?.string else { return false }
        return context.services.forwardedTasks.isOwned(id, by: owner, at: context.loop.now)
      }
      var translation = OrqAnswerTranslation()
      let conversations = conversations(state)
      let page = conversations?.list(query)
      let limit = query.limit ?? OrqLimits.pageSizeDefault
      var json = JSONWriter()
      json.beginObject()
      json.key("tasks")
      json.beginArray()
      for task in page?.tasks ?? [] { conversations?.view(task).record(&translation).write(into: &json) }
      for task in tasks.prefix(max(0, limit - (page?.tasks.count ?? 0))) { json.fragment(task.fragment) }
      json.endArray()
      json.member("overall_total", (page?.totalSize ?? 0) + tasks.count)
      json.endObject()
      return json.bytes
    }
  }
}
