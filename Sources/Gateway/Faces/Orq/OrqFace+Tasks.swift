internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq

/// What looks agents, tasks, responses and actions up (contract §3.3, §3.10 to §3.13, §3.15).
extension OrqFace {
  func read(
    _ body: [UInt8], _ route: OrqRoute, _ state: ExchangeState, _ responder: OrqResponder
  ) throws(AgentError) {
    if route.operation != .retrieveAgent {
      guard try allows(route.operation == .listTasks ? .listTasks : .getTask, state, responder) else { return }
    }
    if let plan = try OrqForwarding.plan(route, state.request, body: nil, state, context) {
      if route.operation == .listTasks, let owner = plan.owner {
        return try listTasks(plan, of: owner, state.request, state, responder)
      }
      return try forward(plan, body, nil, isStreamed: false, state, responder)
    }
    guard let agent = state.agent, let conversations = conversations(state) else { return }
    var translation = OrqAnswerTranslation()
    switch route.operation {
    case .retrieveAgent:
      // Of versions that the workspace keeps only the card of the one in force is known here.
      if agent.backend is OrqBackend, let version = route.agent?.version, version != agent.card.version {
        throw AgentError(.methodNotFound, "the agent's version \(version) is not shown to this caller")
      }
      return responder.respond(OrqManifest(agent, for: state.principal))
    case .listTasks:
      let page = conversations.list(try OrqFace.query(state.request))
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
}
