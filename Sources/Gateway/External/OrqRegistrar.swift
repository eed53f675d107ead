internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import Network
internal import Orq
internal import Telemetry

/// Keeps the external agents of this gateway in the Orq workspace too, under the gateway's own URLs for them, so that agents
/// of Orq reach them through the gateway. What fails is tried again and keeps nobody waiting. On the control loop.
final class OrqRegistrar {
  /// What the workspace is to be told of one agent.
  private enum Work {
    case register(ExternalRecord)
    case refresh(ExternalRecord)
    case remove
  }

  private let loop: EventLoop
  private let workspace: OrqWorkspace
  private let publicURL: String
  /// What the workspace sends along when it calls one of the agents.
  private let headers: [OrqExternalHeader]
  private let logger: Logger
  /// By key: of what is to be said of one agent, only the last counts.
  private var pending: [String: Work] = [:]
  private var order: [String] = []
  private var call: HTTPClientCall?
  private var timer: Timer?
  private var delay = OrqRegistrar.delayMin
  /// Which operations the workspace knows: the older ones until it says that it has them no more.
  private var family = OrqCall.ExternalFamily.amongOthers
  private var isStopped = false

  private static let delayMin: Duration = .seconds(1)
  private static let delayMax: Duration = .seconds(300)

  /// - Parameters:
  ///   - publicURL: where the workspace reaches this gateway.
  ///   - key: an API key of this gateway; nil where the workspace needs none.
  init(loop: EventLoop, workspace: OrqWorkspace, publicURL: String, key: String?, logger: Logger) {
    self.loop = loop
    self.workspace = workspace
    self.publicURL = publicURL
    headers = key.map { [OrqExternalHeader(name: "Authorization", value: "Bearer \($0)", isEncrypted: true)] } ?? []
    self.logger = logger
  }

  func stop() {
    isStopped = true
    call?.cancel()
    if let timer { loop.cancel(timer) }
  }

  func note(_ change: ExternalChange) {
    switch change {
    case .registered(let record): add(record.key, .register(record))
    case .changed(let record):
      // Who does not know the agent yet will read its card with it.
      if case .register? = pending[record.key] { return add(record.key, .register(record)) }
      add(record.key, .refresh(record))
    case .removed(let record): add(record.key, .remove)
    }
  }

  private func add(_ key: String, _ work: Work) {
    guard !isStopped else { return }
    if pending.updateValue(work, forKey: key) == nil { order.append(key) }
    if call == nil, timer == nil { next() }
  }

  // MARK: Telling

  private func next() {
    guard !isStopped, let key = order.first, let work = pending[key] else { return }
    // Taken out: what comes meanwhile is work of its own.
    pending[key] = nil
    order.removeFirst()
    switch work {
    case .register(let record): register(key, record, work)
    case .refresh(let record):
      ask(.refreshCard(key, family), key, work) { [self] status in
        // The workspace does not know it (any more).
        if status == 404 { register(key, record, work) } else { done(key, work, status) }
      }
    case .remove:
      ask(.removeExternal(key, family), key, work) { [self] status in done(key, work, status == 404 ? 204 : status) }
    }
  }

  private func register(_ key: String, _ record: ExternalRecord, _ work: Work) {
    let url = "\(publicURL)/agents/\(key)"
    let card = url + "/.well-known/agent-card.json"
    let registration = OrqExternalRegistration(
      key: key, displayName: record.displayName.isEmpty ? key : record.displayName, description: record.details,
      path: record.path, agentURL: url, cardURL: card, headers: headers)
    ask(.registerExternal(registration, family), key, work) { [self] status in
      if family == .amongOthers, [404, 405, 410].contains(status) {
        family = .ownPaths
        return register(key, record, work)
      }
      guard status == 409 else { return done(key, work, status) }
      let update = OrqExternalUpdate(
        displayName: registration.displayName, description: record.details, agentURL: url, cardURL: card,
        headers: headers.isEmpty ? nil : headers)
      ask(.updateExternal(key, update, family), key, work) { [self] in done(key, work, $0) }
    }
  }

  private func done(_ key: String, _ work: Work, _ status: Int) {
    switch status {
    case 200...299:
      delay = OrqRegistrar.delayMin
      logger.info("the Orq workspace knows of a change of an external agent", ["agent": .string(key)])
      next()
    case 408, 425, 429, 500...599: failed(key, work, "the answer was \(status)")
    default:
      // Asking again would bring the same.
      logger.error(
        "Orq does not take an external agent. Check orq.key, and that the workspace can reach the gateway's public_url.",
        ["agent": .string(key), "status": .int(status), "url": .string(publicURL)])
      next()
    }
  }

  private func failed(_ key: String, _ work: Work, _ reason: String) {
    guard !isStopped else { return }
    logger.warning(
      "Orq cannot be told of an external agent; it is tried again",
      ["agent": .string(key), "reason": .string(reason)])
    // Unless something newer is to be said of it by now.
    if pending[key] == nil {
      pending[key] = work
      order.append(key)
    }
    timer = loop.schedule(after: delay) { [weak self] in
      self?.timer = nil
      self?.next()
    }
    delay = min(delay * 2, OrqRegistrar.delayMax)
  }

  private func ask(_ orq: OrqCall, _ key: String, _ work: Work, _ answered: @escaping (Int) -> Void) {
    var status = 0
    call = HTTPClient.shared(on: loop).send(
      workspace.request(orq),
      HTTPClientHandlers(
        onHead: { status = $0.status }, onBody: { _ in },
        onEnd: { [weak self] in
          self?.call = nil
          answered(status)
        },
        onError: { [weak self] error in
          self?.call = nil
          self?.failed(key, work, error.message)
        }))
  }
}
