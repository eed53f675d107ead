internal import A2A
internal import Configuration
internal import HTTP
internal import JSON
internal import Network
internal import Orq
internal import Telemetry

// What operators ask for. `principal` is who; nil is the gateway itself. Every change leaves a line in the log.
extension ExternalRegistry {
  typealias Changed = (Result<ExternalRecord, ExternalFault>) -> Void

  // MARK: Register

  func register(
    _ request: OrqExternalRegistration, files: OperatorFiles = OperatorFiles(), by principal: String,
    _ done: @escaping Changed
  ) {
    let key = request.key
    let agent: ExternalAgentConfiguration
    let headers: [SealedHeader]
    var credentials = files.certificate.map { SealedCredentials($0) }
    do throws(ExternalFault) {
      if let fault = AgentKey.fault(key) { throw ExternalFault(.invalid, "key: \(fault)") }
      guard control.catalogue.reserve(key) else {
        throw ExternalFault(.taken, "there is an agent with the key \"\(key)\" already")
      }
    } catch {
      return done(.failure(error))
    }
    do throws(ExternalFault) {
      if let file = store.obstacle(to: key) {
        throw ExternalFault(.taken, "the key \"\(key)\" is that of \(file), which cannot be read; repair or remove it")
      }
      guard entries.values.count(where: { !$0.isOfFile }) < settings.agentsMax else {
        throw ExternalFault(.full, "there are \(settings.agentsMax) agents, as many as external.agents_max allows")
      }
      headers = try ExternalHeaderRules.merge(request.headers, over: [], of: key, try store.seal())
      if credentials == nil, let asked = request.credentials {
        credentials = try SealedCredentials(asked, over: nil, of: key, try store.seal())
      }
      agent = try configuration(of: request, files)
    } catch {
      control.catalogue.release(key)
      return done(.failure(error))
    }
    let finish: Changed = { [self] result in
      control.catalogue.release(key)
      done(result)
    }
    takeIn(key, agent, isTrusted: false) { [self] result in
      switch result {
      case .failure(let fault):
        logger.info(
          "an external agent was not registered",
          ["agent": .string(key), "principal": .string(principal), "reason": .string(fault.message)])
        finish(.failure(fault))
      case .success(.unchanged): finish(.failure(ExternalFault(.card, "the server sent no card")))
      case .success(.card(let card, let known, let freshness)):
        let record = ExternalRecord(
          key: key, origin: .call, displayName: request.displayName, details: request.description ?? "",
          path: request.path, agentURL: request.agentURL, cardURL: request.cardURL, headers: headers,
          credentials: credentials, authorityFile: files.authority, pin: agent.pin, card: known, createdAt: now,
          updatedAt: now, createdBy: principal, updatedBy: principal, revision: 1)
        let entry = Entry(record: record, agent: agent, card: card)
        commit(entry, isNew: true) { [self] fault in
          if let fault { return finish(.failure(fault)) }
          audit("an external agent was registered", entry, principal)
          schedule(entry, after: entry.schedule.afterSuccess(freshness: freshness, jitter: jitter()))
          onChange?(.registered(entry.record))
          finish(.success(entry.record))
        }
      }
    }
  }

  /// What a request asks for, its secrets in place.
  func configuration(
    of request: OrqExternalRegistration, _ files: OperatorFiles
  ) throws(ExternalFault) -> ExternalAgentConfiguration {
    guard files.certificate == nil || request.credentials == nil else {
      throw ExternalFault(.invalid, "credentials: there are a certificate and others; calls show one of them")
    }
    if let asked = request.credentials { try ExternalCredentialRules.check(asked) }
    let agent = settings.agent(
      agentURL: request.agentURL, cardURL: request.cardURL, headers: request.headers.map { ($0.name, $0.value) },
      credentials: files.certificate.map { .mutualTLS(certificateFile: $0.certificate, key: .file($0.key)) }
        ?? request.credentials.flatMap { ExternalCredentials($0) },
      authorityFile: files.authority, pin: try ExternalRegistry.pin(request.preferredTransport, request.protocolVersion)
    )
    try ExternalRegistry.check(agent)
    return agent
  }

  private static func check(_ agent: ExternalAgentConfiguration) throws(ExternalFault) {
    _ = try CardSearch(agentURL: agent.agentURL, cardURL: agent.cardURL)
    try ExternalCredentialRules.check(agent.credentials, beside: agent.headers.map(\.name))
  }

  private static func pin(_ binding: String?, _ version: String?) throws(ExternalFault)
    -> ExternalAgentConfiguration.Pin
  {
    var pin = ExternalAgentConfiguration.Pin()
    if let binding, !binding.isEmpty {
      guard let known = ["JSONRPC", "HTTP+JSON"].first(where: { $0 == binding.uppercased() }) else {
        throw ExternalFault(.invalid, "preferred_transport: Must be JSONRPC or HTTP+JSON.")
      }
      pin.binding = known
    }
    if let version, !version.isEmpty {
      guard let family = ProtocolVersion(family: version) else {
        throw ExternalFault(.invalid, "protocol_version: Must be 1.0 or 0.3.")
      }
      pin.version = family.text
    }
    return pin
  }

  // MARK: Update

  func update(_ key: String, _ update: OrqExternalUpdate, by principal: String, _ done: @escaping Changed) {
    perform(key, done) { [self] entry, finish in
      var record = entry.record
      if let name = update.displayName { record.displayName = name }
      if let text = update.description { record.details = text }
      if let path = update.path { record.path = path }
      var agent = entry.agent
      do throws(ExternalFault) {
        guard !entry.isOfFile else { throw ExternalRegistry.fileFault(key) }
        try change(&record, update)
        agent = try store.configuration(of: record, settings)
        try ExternalRegistry.check(agent)
      } catch {
        return finish(.failure(error))
      }
      record.updatedAt = now
      record.updatedBy = principal
      record.revision += 1
      guard agent != entry.agent else { return keep(record, agent, entry.card, entry, principal, finish) }
      // What an operator asks for is no drift: the card that is there now counts.
      takeIn(key, agent, isTrusted: false) { [self] result in
        switch result {
        case .failure(let fault): finish(.failure(fault))
        case .success(.unchanged): finish(.failure(ExternalFault(.card, "the server sent no card")))
        case .success(.card(let card, let known, _)):
          record.card = known
          record.candidate = nil
          record.failure = nil
          keep(record, agent, card, entry, principal, finish)
        }
      }
    }
  }

  private func change(_ record: inout ExternalRecord, _ update: OrqExternalUpdate) throws(ExternalFault) {
    if let url = update.agentURL { record.agentURL = url }
    if let url = update.cardURL { record.cardURL = url }
    if update.protocolVersion != nil || update.preferredTransport != nil {
      record.pin = try ExternalRegistry.pin(
        update.preferredTransport ?? record.pin.binding, update.protocolVersion ?? record.pin.version)
    }
    if update.clearsHeaders { record.headers = [] }
    if let headers = update.headers {
      record.headers = try ExternalHeaderRules.merge(
        headers, over: record.headers, of: record.key, try store.seal())
    }
    if update.clearsCredentials { record.credentials = nil }
    if let asked = update.credentials {
      record.credentials = try SealedCredentials(asked, over: record.credentials, of: record.key, try store.seal())
    }
  }

  private func keep(
    _ record: ExternalRecord, _ agent: ExternalAgentConfiguration, _ card: ExternalCard?, _ entry: Entry,
    _ principal: String, _ finish: @escaping Changed
  ) {
    let before = (entry.record, entry.agent, entry.card)
    (entry.record, entry.agent, entry.card) = (record, agent, card)
    commit(entry) { [self] fault in
      if let fault {
        (entry.record, entry.agent, entry.card) = before
        return finish(.failure(fault))
      }
      audit("an external agent was changed", entry, principal)
      onChange?(.changed(record))
      finish(.success(record))
    }
  }

  // MARK: Approve, remove

  /// Takes the card that is held.
  func approve(_ key: String, by principal: String, _ done: @escaping Changed) {
    perform(key, done) { [self] entry, finish in
      guard let candidate = entry.record.candidate else {
        return finish(.failure(ExternalFault(.invalid, "there is nothing to approve: no card of this agent is held")))
      }
      let card: ExternalCard
      do throws(ExternalFault) {
        let egress = builder.registry.configuration.egress
        card = try ExternalCard(candidate.card.document.value, for: entry.agent, egress: egress)
      } catch {
        return finish(.failure(error))
      }
      var record = entry.record
      record.card = candidate.card
      record.candidate = nil
      record.updatedAt = now
      record.updatedBy = principal
      record.revision += 1
      keep(record, entry.agent, card, entry, principal, finish)
    }
  }

  func remove(_ key: String, by principal: String, _ done: @escaping Changed) {
    perform(key, done) { [self] entry, finish in
      guard !entry.isOfFile else { return finish(.failure(ExternalRegistry.fileFault(key))) }
      erase(entry) { [self] fault in
        if let fault { return finish(.failure(fault)) }
        audit("an external agent was removed", entry, principal)
        onChange?(.removed(entry.record))
        finish(.success(entry.record))
      }
    }
  }

  // MARK: Shared

  /// Runs an operation on an agent that is there, after those before it.
  func perform<Value>(
    _ key: String, _ done: @escaping (Result<Value, ExternalFault>) -> Void,
    _ body: @escaping (Entry, @escaping (Result<Value, ExternalFault>) -> Void) -> Void
  ) {
    enter(key, refused: { done(.failure($0)) }) { [self] leave in
      let finish: (Result<Value, ExternalFault>) -> Void = { result in
        leave()
        done(result)
      }
      guard let entry = entries[key] else { return finish(.failure(ExternalRegistry.unknown(key))) }
      body(entry, finish)
    }
  }

  static func unknown(_ key: String) -> ExternalFault {
    ExternalFault(.unknown, "there is no external agent \"\(key)\"")
  }

  private static func fileFault(_ key: String) -> ExternalFault {
    ExternalFault(.foreign, "the agent \"\(key)\" is of a card file; change the file")
  }

  func audit(_ message: StaticString, _ entry: Entry, _ principal: String) {
    logger.info(
      message,
      [
        "agent": .string(entry.record.key), "principal": .string(principal),
        "url": .string(URI(entry.record.agentURL ?? entry.record.cardURL ?? "")?.withoutQuery ?? ""),
        "revision": .int(entry.record.revision),
      ])
  }
}
