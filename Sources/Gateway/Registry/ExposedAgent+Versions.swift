internal import Configuration
internal import Model

extension ExposedAgent {
  /// The agent in one of its versions, for a call that asks for it: tasks, callers and limits are the agent's own, and so
  /// are its published cards. Versions are kept of agents that calls made; those of agents of an Orq workspace are known
  /// there.
  ///
  /// - Returns: nil for a version that there is not, or no longer.
  func pinned(to version: String) -> ExposedAgent? {
    switch backend {
    case let backend as RuntimeBackend:
      guard let record = (record as? RuntimeAgentRecord)?.pinned(to: version) else { return nil }
      guard record.isReplaced else { return self }
      guard let pinned = try? backend.pinned(to: record.current) else { return nil }
      let card = CardPipeline().card(for: pinned.definition.cardFile, engine: pinned.description, origin: nil)
      return ExposedAgent(
        key: key, backend: pinned, access: access, limits: pinned.limits, card: card, documents: documents,
        record: record, replacing: self)
    case let backend as OrqBackend:
      guard let pinned = backend.pinned(to: version) else { return nil }
      return ExposedAgent(
        key: key, backend: pinned, access: access, limits: limits, card: card, documents: documents, record: record,
        replacing: self)
    default: return nil
    }
  }
}
