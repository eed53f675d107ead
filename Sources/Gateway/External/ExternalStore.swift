internal import A2A
internal import Configuration
internal import Crypto
internal import JSON
internal import Network
internal import Synchronization
internal import Telemetry

/// Keeps external agents in the state folder, each in a file of its own.
final class ExternalStore: Sendable {
  /// An agent as an earlier run, or a card file, has left it.
  struct Restored: Sendable {
    var record: ExternalRecord
    var configuration: ExternalAgentConfiguration
    /// nil for an agent of a card file whose card was never had.
    var card: ExternalCard?
    var file: CardFile?
  }

  /// nil where nothing is kept.
  let state: StateDirectory?
  private let opened = Mutex<HeaderSeal?>(nil)
  /// Files that cannot be read: nothing is written in their place.
  private let unreadable = Mutex<Set<String>>([])

  init(_ state: StateDirectory?) { self.state = state }

  /// What seals the values of headers.
  func seal() throws(ExternalFault) -> HeaderSeal {
    guard let state else { throw ExternalStore.noState }
    return try opened.withLock { seal throws(ExternalFault) in
      if let seal { return seal }
      do throws(StartError) {
        let new = try HeaderSeal.open(state)
        seal = new
        return new
      } catch {
        throw ExternalFault(.notKept, error.description)
      }
    }
  }

  private static let noState = ExternalFault(
    .notKept, "this gateway has no state folder, so that agents cannot be registered; state.dir names one")

  // MARK: Changes

  /// Calls `done` on the loop when the record is on the disk, or with the reason why it is not.
  func write(_ record: ExternalRecord, on loop: EventLoop, _ done: @escaping (ExternalFault?) -> Void) {
    guard let state else {
      // What a card file says needs no keeping.
      return done(record.origin == .file ? nil : ExternalStore.noState)
    }
    let name = record.fileName
    let bytes = record.encoded
    guard bytes.count <= StateDirectory.fileBytesMax else {
      return done(ExternalFault(.notKept, "the record is larger than \(StateDirectory.fileBytesMax) bytes"))
    }
    state.perform(
      { state -> ExternalFault? in
        do throws(SystemError) {
          try state.write(bytes, to: name)
          return nil
        } catch {
          return ExternalFault(.notKept, "\(state.path)/\(name) cannot be written: \(error)")
        }
      }, then: loop.expect(done))
  }

  func remove(_ record: ExternalRecord, on loop: EventLoop, _ done: @escaping (ExternalFault?) -> Void) {
    guard let state else { return done(ExternalStore.noState) }
    let name = record.fileName
    state.perform(
      { state -> ExternalFault? in
        do throws(SystemError) {
          try state.remove(name)
          return nil
        } catch {
          return ExternalFault(.notKept, "\(state.path)/\(name) cannot be removed: \(error)")
        }
      }, then: loop.expect(done))
  }

  // MARK: At the start

  /// All agents that calls have made, and those of card files with the cards that were had of them. A file that cannot be
  /// used is told of and left alone. Blocks.
  func restore(_ cards: [CardFile], _ configuration: GatewayConfiguration, _ logger: Logger) -> [Restored] {
    var result: [Restored] = cards.compactMap { file in
      guard case .a2a(let agent) = file.backend else { return nil }
      return restored(file, agent, configuration, logger)
    }
    guard let state else { return result }
    for name in state.names(in: ExternalRecord.folder, suffix: ExternalRecord.suffix) {
      do {
        guard let bytes = try state.read(name) else { continue }
        let record = try ExternalRecord(bytes)
        guard record.origin == .call, AgentKey.isValid(record.key), record.fileName == name else {
          throw RecordFault(description: "it is not the file of the agent that it names")
        }
        let agent = try self.configuration(of: record, configuration.external)
        let card = try ExternalCard(record.card.document.value, for: agent, egress: configuration.egress)
        // The files of a certificate are not the gateway's own, and may be gone.
        _ = try TLSMaterial.client(of: agent)
        result.append(Restored(record: record, configuration: agent, card: card))
      } catch {
        unreadable.withLock { _ = $0.insert(name) }
        logger.error(
          "a registered agent cannot be restored; its file is left as it is. Repair or remove the file.",
          ["file": .string("\(state.path)/\(name)"), "reason": .string("\(error)")])
      }
    }
    return result
  }

  /// The file that stands in the way of a key, where there is one.
  func obstacle(to key: String) -> String? {
    let name = ExternalRecord.fileName(of: key, .call)
    guard let state, unreadable.withLock({ $0.contains(name) }) else { return nil }
    return "\(state.path)/\(name)"
  }

  private func restored(
    _ file: CardFile, _ agent: ExternalAgentConfiguration, _ configuration: GatewayConfiguration, _ logger: Logger
  ) -> Restored {
    let name = ExternalRecord.fileName(of: file.key, .file)
    let place = ExternalRecord.Card(
      document: JSONFragment(.null), url: "", validators: FetchValidators(), fetchedAt: 0)
    let new = Restored(
      record: ExternalRecord(
        key: file.key, origin: .file, displayName: file.card.name ?? "", details: file.card.description ?? "",
        path: OrqNames.path, agentURL: agent.agentURL, cardURL: agent.cardURL, headers: [], pin: agent.pin,
        card: place, createdAt: 0, updatedAt: 0, createdBy: file.file, updatedBy: file.file, revision: 1),
      configuration: agent, file: file)
    guard let state else { return new }
    do {
      guard let bytes = try state.read(name) else { return new }
      let record = try ExternalRecord(bytes)
      // The file may name another agent by now, or insist on something else.
      guard record.key == file.key, record.agentURL == agent.agentURL, record.cardURL == agent.cardURL else {
        return new
      }
      var old = new
      let egress = configuration.egress.allowing([agent.agentURL, agent.cardURL])
      old.card = try ExternalCard(record.card.document.value, for: agent, egress: egress)
      old.record.card = record.card
      old.record.candidate = record.candidate
      (old.record.createdAt, old.record.updatedAt) = (record.createdAt, record.updatedAt)
      return old
    } catch {
      logger.warning(
        "the card that was kept of an external agent cannot be used; it is fetched anew",
        ["agent": .string(file.key), "reason": .string("\(error)")])
      return new
    }
  }

  /// What calls to an agent need, with the values of its headers.
  func configuration(of record: ExternalRecord, _ settings: ExternalConfiguration) throws(ExternalFault)
    -> ExternalAgentConfiguration
  {
    var headers: [(String, String)] = []
    for header in record.headers {
      let seal = try seal()
      do throws(CryptoError) {
        headers.append((header.name, try seal.open(header, of: record.key)))
      } catch {
        throw ExternalFault(.notKept, "the value of the header \(header.name) cannot be decrypted: \(error)")
      }
    }
    var credentials: ExternalCredentials?
    if let sealed = record.credentials {
      let seal = try seal()
      do throws(CryptoError) {
        credentials = try sealed.credentials(of: record.key, seal)
      } catch {
        throw ExternalFault(.notKept, "the credentials cannot be decrypted: \(error)")
      }
    }
    return settings.agent(
      agentURL: record.agentURL, cardURL: record.cardURL, headers: headers, credentials: credentials,
      authorityFile: record.authorityFile, pin: record.pin)
  }
}

extension ExternalConfiguration {
  /// An agent that a call has made, by the rules that hold for all of them.
  func agent(
    agentURL: String?, cardURL: String?, headers: [(String, String)], credentials: ExternalCredentials?,
    authorityFile: String?, pin: ExternalAgentConfiguration.Pin
  ) -> ExternalAgentConfiguration {
    ExternalAgentConfiguration(
      agentURL: agentURL, cardURL: cardURL,
      headers: headers.map { UpstreamHeader(name: $0.0, value: .text($0.1)) }, credentials: credentials, pin: pin,
      authorityFile: authorityFile,
      refresh: refresh, drift: drift, signatures: signatures, trustedKeyFiles: trustedKeyFiles)
  }
}
