internal import Configuration
internal import JSON
internal import Model
internal import Orq

/// An external agent as one caller may see it: to operators as it is registered, to all others at the gateway's own
/// address and with the card that the gateway publishes. Values of headers are shown to nobody.
struct OrqExternalView {
  let record: ExternalRecord
  let agent: ExposedAgent
  let agentURL: String
  let cardURL: String?
  let card: JSONFragment
  private let showsAll: Bool

  /// - Parameter agent: one that has an ``ExternalRecord``.
  init(_ agent: ExposedAgent, _ principal: Principal?) {
    self.agent = agent
    guard let record = agent.record as? ExternalRecord else { preconditionFailure("an external agent has a record") }
    self.record = record
    showsAll = principal?.roles.contains(.operator) == true
    // What the gateway has written itself is JSON.
    let published = agent.documents.first?.superset.body
    let own = published.flatMap { try? JSONFragment.parse($0) } ?? JSONFragment(.object([:]))
    if showsAll {
      agentURL = record.agentURL ?? record.cardURL ?? ""
      cardURL = record.cardURL
      card = record.card.document.kind == .object ? record.card.document : own
    } else {
      agentURL = own.document.root["url"]?.string ?? ""
      cardURL = nil
      card = own
    }
  }

  /// Names, and whether their owner wanted them encrypted; an object.
  var headers: JSONFragment {
    JSONFragment { json in
      json.beginObject()
      for header in showsAll ? record.headers : [] {
        json.key(string: header.name)
        json.beginObject()
        json.member("value", SealedHeader.mask)
        json.member("encrypted", header.isEncrypted)
        json.endObject()
      }
      json.endObject()
    }
  }

  /// How calls to the agent prove who sends them, without the secret; operators see it.
  private var credentials: JSONFragment? {
    guard showsAll, let credentials = record.credentials else { return nil }
    return JSONFragment { credentials.show(into: &$0, withFiles: false) }
  }

  /// What came of asking the agent's interfaces; operators see it.
  private var probes: JSONFragment? { showsAll ? JSONFragment { record.card.probes.write(into: &$0) } : nil }

  /// As manifests have it (contract §5.5).
  var manifestPart: OrqExternalAgent {
    OrqExternalAgent(
      agentURL: agentURL, cardURL: cardURL, headers: headers, cachedCard: card, credentials: credentials,
      probes: probes)
  }

  var displayName: String { record.displayName.isEmpty ? agent.card.name : record.displayName }
  var details: String { record.details.isEmpty ? agent.card.description : record.details }

  /// As `agents.external` answers (contract §5.6).
  func write(into json: inout JSONWriter) {
    let first = agent.card.supportedInterfaces.first ?? interfaceInForce
    json.beginObject()
    json.member("agent_id", record.key)
    json.member("key", record.key)
    json.member("display_name", displayName)
    json.member("description", details)
    json.member("path", record.path)
    json.member("project_id", OrqNames.projectID)
    json.member("agent_url", agentURL)
    if let cardURL { json.member("card_url", cardURL) }
    json.member("headers", headers)
    if let credentials { json.member("credentials", credentials) }
    json.member("protocol_version", record.pin.version ?? first?.protocolVersion ?? "")
    json.member("preferred_transport", record.pin.binding ?? first?.protocolBinding ?? "")
    json.member("cached_card", card)
    if let probes { json.member("probes", probes) }
    if record.card.fetchedAt > 0 {
      json.member("card_refreshed_at", Timestamp(milliseconds: record.card.fetchedAt).text)
    }
    json.member("created_at", Timestamp(milliseconds: record.createdAt).text)
    json.member("updated_at", Timestamp(milliseconds: record.updatedAt).text)
    json.member("created_by_id", showsAll ? record.createdBy : "")
    json.member("updated_by_id", showsAll ? record.updatedBy : "")
    json.member("version", String(record.revision))
    json.endObject()
  }

  private var interfaceInForce: AgentInterface? {
    guard let probe = record.card.probes.first(where: { $0.outcome == .verified }) ?? record.card.probes.first else {
      return nil
    }
    return AgentInterface(url: probe.url, protocolBinding: probe.binding, protocolVersion: probe.version)
  }
}
