internal import Configuration
internal import JSON
internal import Model
internal import Orq

/// Names that Orq's shapes ask for and this gateway makes up: always the same ones.
enum OrqNames {
  static let workspaceID = "a2a-gateway"
  static let projectID = "a2a-gateway"
  static let path = "Default"

  /// Who answers is nobody's business: the agent stands for its model.
  static func model(agent key: String) -> String { "agent/\(key)" }

  static func responseID(turn: String) -> String { "resp_\(turn)" }
}

extension OrqManifest {
  /// An agent as this caller may see it.
  init(_ agent: ExposedAgent, for principal: Principal?) {
    self.init(card: agent)
    if agent.record is ExternalRecord { tell(OrqExternalView(agent, principal)) }
  }

  /// Of an agent elsewhere (contract §5.5).
  private mutating func tell(_ view: OrqExternalView) {
    kind = .a2a
    displayName = JSONString(view.displayName)
    description = JSONString(view.details)
    path = JSONString(view.record.path)
    external = view.manifestPart
    created = Timestamp(milliseconds: view.record.createdAt).text
    updated = Timestamp(milliseconds: view.record.updatedAt).text
  }

  /// An agent as its card tells it: no instructions, no models, no tools.
  private init(card agent: ExposedAgent) {
    let card = agent.card
    self.init(
      id: agent.key, key: agent.key, displayName: JSONString(card.name), description: JSONString(card.description),
      role: OrqManifest.role(of: card), path: JSONString(OrqNames.path), modelID: OrqNames.model(agent: agent.key),
      projectID: OrqNames.projectID, workspaceID: OrqNames.workspaceID, version: card.version,
      skills: card.skills.map(\.id))
  }

  /// Never empty: the SDKs refuse that.
  fileprivate static func role(of card: AgentCard) -> JSONString {
    JSONString(card.name.isEmpty ? "Agent" : card.name)
  }
}

extension OrqTaskRecord.Snapshot {
  init(_ agent: ExposedAgent) {
    self.init(
      id: agent.key, key: agent.key, role: OrqManifest.role(of: agent.card),
      description: JSONString(agent.card.description), instructions: "", modelID: OrqNames.model(agent: agent.key))
  }
}

extension OrqList where Element == OrqManifest {
  /// A page of agents in the order of their keys, which are their cursors.
  init(_ agents: [ExposedAgent], _ query: OrqListQuery, for principal: Principal?) {
    let all = agents.filter { agent in
      query.kind.map { ($0 == .a2a) == (agent.record is ExternalRecord) } ?? true
    }
    let inRange = all.filter { agent in
      if let after = query.startingAfter, agent.key <= after { return false }
      if let before = query.endingBefore, agent.key >= before { return false }
      return true
    }
    let limit = query.limit ?? inRange.count
    // A page that ends at a place holds the last agents before it.
    let page = query.endingBefore != nil && query.startingAfter == nil ? inRange.suffix(limit) : inRange.prefix(limit)
    self.init(page.map { OrqManifest($0, for: principal) }, hasMore: page.count < inRange.count)
  }
}
