internal import A2A
internal import Configuration
internal import HTTP
internal import JSON
internal import Network
internal import Orq
internal import Telemetry

/// What a refresh of a card has led to.
struct CardRefresh: Sendable {
  enum Change: Sendable, Equatable {
    case none
    case taken
    /// The new card waits for an operator; what it would change.
    case held([String])
  }

  let record: ExternalRecord
  let change: Change
}

/// What a look at an agent has shown; nothing is changed by it.
struct ConnectionTest: Sendable {
  let isReachable: Bool
  /// nil where there is none to be had.
  let card: JSONFragment?
  let probes: [InterfaceProbe.Result]
  /// Why there is no card.
  let reason: String?
}

// What becomes of cards while their agents are here.
extension ExternalRegistry {
  // MARK: Refresh

  func refresh(
    _ key: String, by principal: String?, _ done: @escaping (Result<CardRefresh, ExternalFault>) -> Void
  ) {
    perform(key, done) { [self] entry, finish in
      takeIn(
        key, entry.agent, isTrusted: entry.isOfFile, known: entry.card == nil ? nil : entry.record.card,
        isRoutine: principal == nil
      ) { [self] result in
        switch result {
        case .failure(let fault):
          refreshFailed(entry, fault, principal)
          finish(.failure(fault))
        case .success(.unchanged(let validators, let probes, let freshness)):
          schedule(entry, after: entry.schedule.afterSuccess(freshness: freshness, jitter: jitter()))
          var record = entry.record
          record.card.validators = validators
          record.card.probes = probes
          record.card.fetchedAt = now
          // A candidate was another card; the server has taken it back.
          record.candidate = nil
          settle(entry, record, entry.card, .none, principal, finish)
        case .success(.card(let card, let known, let freshness)):
          schedule(entry, after: entry.schedule.afterSuccess(freshness: freshness, jitter: jitter()))
          refreshed(entry, card, known, principal, finish)
        }
      }
    }
  }

  private func refreshed(
    _ entry: Entry, _ card: ExternalCard, _ known: ExternalRecord.Card, _ principal: String?,
    _ finish: @escaping (Result<CardRefresh, ExternalFault>) -> Void
  ) {
    var record = entry.record
    let drift = entry.card.map { CardDrift.changes(from: $0, to: card) } ?? []
    guard !drift.isEmpty, entry.agent.drift == .hold else {
      let isNew = entry.card?.document != card.document
      record.card = known
      record.candidate = nil
      return settle(entry, record, card, isNew ? .taken : .none, principal, finish)
    }
    if entry.record.candidate?.card.document != known.document {
      logger.warning(
        "the card of an external agent has changed in a way that an operator must approve; the last approved one counts",
        ["agent": .string(record.key), "changes": .string(ForeignText.list(drift))])
    }
    record.candidate = ExternalRecord.Candidate(card: known, drift: drift)
    settle(entry, record, entry.card, .held(drift), principal, finish)
  }

  /// Writes down what has changed, if anything has, and serves it.
  private func settle(
    _ entry: Entry, _ new: ExternalRecord, _ card: ExternalCard?, _ change: CardRefresh.Change, _ principal: String?,
    _ finish: @escaping (Result<CardRefresh, ExternalFault>) -> Void
  ) {
    let old = (entry.record, entry.card)
    var new = new
    new.failure = nil
    if change == .taken { new.updatedAt = now }
    (entry.record, entry.card) = (new, card)
    if let principal { audit("the card of an external agent was refreshed", entry, principal) }
    // Who asks sees when the card was last fetched; for the timer alone nothing is written.
    guard change != .none || principal != nil || ExternalRegistry.differs(old.0, new) else {
      return finish(.success(CardRefresh(record: new, change: change)))
    }
    commit(entry) { [self] fault in
      if let fault {
        (entry.record, entry.card) = old
        return finish(.failure(fault))
      }
      if change == .taken {
        logger.info("the card of an external agent is a new one", ["agent": .string(new.key)])
        if !entry.isOfFile { onChange?(.changed(new)) }
      }
      finish(.success(CardRefresh(record: new, change: change)))
    }
  }

  /// Whether a refresh has found something out that a restart should not forget.
  private static func differs(_ old: ExternalRecord, _ new: ExternalRecord) -> Bool {
    (old.failure == nil) != (new.failure == nil) || old.candidate?.card.document != new.candidate?.card.document
      || old.card.probes != new.card.probes || old.card.verdict != new.card.verdict
  }

  private func refreshFailed(_ entry: Entry, _ fault: ExternalFault, _ principal: String?) {
    schedule(entry, after: entry.schedule.afterFailure(hasCard: entry.card != nil, jitter: jitter()))
    let isNews = entry.record.failure?.message != fault.message
    entry.record.failure = ExternalRecord.Failure(at: now, message: fault.message)
    guard isNews else { return }
    logger.warning(
      "the card of an external agent cannot be refreshed; what was known before stands",
      ["agent": .string(entry.record.key), "reason": .string(fault.message)])
    // For whoever looks after a restart; nothing waits for it.
    if entry.card != nil { store.write(entry.record, on: control.loop) { _ in } }
  }

  // MARK: Test

  func test(_ key: String, _ done: @escaping (Result<ConnectionTest, ExternalFault>) -> Void) {
    guard let entry = entries[key] else { return done(.failure(ExternalRegistry.unknown(key))) }
    test(key, entry.agent, isTrusted: entry.isOfFile, done)
  }

  /// Tests what would be registered.
  func look(
    _ request: OrqExternalRegistration, files: OperatorFiles = OperatorFiles(),
    _ done: @escaping (Result<ConnectionTest, ExternalFault>) -> Void
  ) {
    do throws(ExternalFault) {
      try ExternalHeaderRules.check(request.headers)
      let agent = try configuration(of: request, files)
      test(request.key, agent, isTrusted: false, done)
    } catch {
      done(.failure(error))
    }
  }

  private func test(
    _ key: String, _ agent: ExternalAgentConfiguration, isTrusted: Bool,
    _ done: @escaping (Result<ConnectionTest, ExternalFault>) -> Void
  ) {
    takeIn(key, agent, isTrusted: isTrusted) { result in
      switch result {
      case .failure(let fault):
        done(.success(ConnectionTest(isReachable: false, card: nil, probes: [], reason: fault.message)))
      case .success(.unchanged):
        done(.success(ConnectionTest(isReachable: true, card: nil, probes: [], reason: nil)))
      case .success(.card(let card, let known, _)):
        let answers = known.probes.contains { $0.outcome != .unreachable }
        done(
          .success(
            ConnectionTest(
              isReachable: answers, card: card.document, probes: known.probes,
              reason: answers ? nil : known.probes.first?.note)))
      }
    }
  }
}
