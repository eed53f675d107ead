internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import LocalRuntime
internal import Network
internal import Orq
internal import Telemetry

/// What a workspace tells of its agents, as far as it concerns this gateway.
struct OrqAgents: Equatable {
  /// By Orq's key: of agents that card files name, and of those that are exposed without one.
  var descriptions: [String: EngineDescription] = [:]
  /// Keys of agents that are exposed without a card file.
  var exposed: Set<String> = []
}

/// Keeps in step with the agents of an Orq workspace: asks at the start and then again and again. Agents that card files
/// name are retrieved; where the configuration exposes agents without card files, all are listed. Until a round of
/// questions has brought all its answers, what the last one brought stands. Lives on one loop.
final class OrqDirectory {
  private let loop: EventLoop
  private let workspace: OrqWorkspace
  private let interest: Interest
  private let refresh: Duration
  private let logger: Logger
  private let publish: (OrqAgents, Reply<Void>) -> Void

  /// What was published last.
  private var known = OrqAgents()
  /// What this round has brought so far.
  private var round = OrqAgents()
  private var toRetrieve: [String] = []
  private var pages = 0
  private var call: HTTPClientCall?
  private var timer: Timer?
  private var retryDelay = OrqDirectory.retryDelayMin
  /// Keys that the log has been told of: once is enough.
  private var reported: Set<String> = []
  private var isStopped = false
  /// This round has not brought all that was asked for.
  private var isIncomplete = false
  /// Something has changed since this round began.
  private var isStale = false

  private static let retryDelayMin: Duration = .seconds(1)
  private static let pageBytesMax = 32 * 1024 * 1024
  private static let pagesMax = 100

  /// Which agents matter.
  struct Interest {
    /// Orq's keys of the agents that card files name.
    var named: Set<String>
    /// Keys that card files give to their agents: nothing else may take them.
    var taken: Set<String>
    /// What is exposed without a card file.
    var expose: [Glob]

    init(cards: [CardFile], expose: [Glob]) {
      named = Set(
        cards.compactMap { file in
          // A run call brings its agent along.
          if case .orq(let agent) = file.backend, agent.call != .run { agent.agentKey } else { nil }
        })
      taken = Set(cards.map(\.key))
      self.expose = expose
    }

    var isEmpty: Bool { named.isEmpty && expose.isEmpty }
  }

  /// - Parameter publish: called on the loop, when what is known has changed; it replies when every loop serves it.
  init(
    loop: EventLoop, workspace: OrqWorkspace, interest: Interest, refresh: Duration, logger: Logger,
    publish: @escaping (OrqAgents, Reply<Void>) -> Void
  ) {
    self.loop = loop
    self.workspace = workspace
    self.interest = interest
    self.refresh = refresh
    self.logger = logger
    self.publish = publish
  }

  func start() {
    guard !isStopped else { return }
    timer = nil
    isStale = false
    round = OrqAgents()
    pages = 0
    isIncomplete = false
    toRetrieve = interest.named.sorted()
    if interest.expose.isEmpty { retrieveNext() } else { list(after: nil) }
  }

  /// Asks anew at once, or behind the round that is under way: agents of the workspace have changed.
  func refreshNow() {
    guard let timer else {
      isStale = true
      return
    }
    loop.cancel(timer)
    start()
  }

  func stop() {
    isStopped = true
    call?.cancel()
    if let timer { loop.cancel(timer) }
    timer = nil
  }

  // MARK: Rounds

  private func list(after cursor: String?) {
    pages += 1
    // The prose of 3.x allows 50 at once.
    let query = OrqListQuery(limit: workspace.generation == .v3 ? 50 : 200, startingAfter: cursor)
    ask(.listAgents(query, for: workspace.generation)) { [self] status, body in
      guard status == 200 else { return refused(status) }
      guard let page = OrqManifestPage(body) else { return failed("the list of agents cannot be understood") }
      if page.unreadable > 0 {
        logger.warning("agents of Orq that cannot be understood are left out", ["count": .int(page.unreadable)])
      }
      for manifest in page.manifests { note(manifest) }
      guard page.hasMore else { return retrieveNext() }
      guard let last = page.lastID, last != cursor, pages < OrqDirectory.pagesMax else {
        return failed("the list of agents has no end")
      }
      list(after: last)
    }
  }

  private func note(_ manifest: OrqManifest) {
    if interest.named.contains(manifest.key) {
      round.descriptions[manifest.key] = OrqDescription.description(manifest)
      toRetrieve.removeAll { $0 == manifest.key }
    }
    guard manifest.kind == .internal, manifest.status == "live", !interest.taken.contains(manifest.key),
      interest.expose.contains(where: { $0.matches(manifest.key) })
    else { return }
    if let fault = AgentKey.fault(manifest.key) {
      if reported.insert(manifest.key).inserted {
        logger.warning(
          "an agent of Orq cannot be exposed under its key; give it a card file",
          ["agent": .string(manifest.key), "reason": .string("the key " + fault)])
      }
      return
    }
    round.descriptions[manifest.key] = OrqDescription.description(manifest)
    round.exposed.insert(manifest.key)
  }

  /// What the list did not tell of an agent that a card file names.
  private func retrieveNext() {
    guard let key = toRetrieve.popLast() else { return finish() }
    ask(.retrieveAgent(key, for: workspace.generation)) { [self] status, body in
      switch status {
      case 200:
        guard let manifest = try? OrqManifest.decode(body) else {
          missed(key, "its manifest cannot be understood")
          break
        }
        round.descriptions[key] = OrqDescription.description(manifest)
        reported.remove(key)
      case 404:
        round.descriptions[key] = known.descriptions[key]
        if reported.insert(key).inserted {
          logger.error(
            "Orq has no such agent. Check agent_key in the agent's card file.", ["agent_key": .string(key)])
        }
      // Not of this agent alone.
      case 401, 403, 429, 503: return refused(status)
      default: missed(key, "the answer was \(status)")
      }
      retrieveNext()
    }
  }

  /// One agent that Orq cannot tell of hides no other.
  private func missed(_ key: String, _ reason: String) {
    isIncomplete = true
    round.descriptions[key] = known.descriptions[key]
    logger.warning(
      "Orq cannot be asked for an agent; what was known of it before stands",
      ["agent_key": .string(key), "reason": .string(reason)])
  }

  private func finish() {
    if round != known {
      known = round
      let (exposed, named) = (known.exposed.count, interest.named.count)
      // Whoever reads this finds them on any connection.
      publish(
        known,
        loop.expect { [logger] in
          logger.info(
            "the agents of the Orq workspace are known", ["exposed": .int(exposed), "named": .int(named)])
        })
    }
    if isIncomplete { return retry() }
    retryDelay = OrqDirectory.retryDelayMin
    again(after: refresh)
  }

  private func refused(_ status: Int) {
    if status == 401 || status == 403 {
      logger.error(
        "Orq does not accept the key. Put a valid API key of the workspace where orq.key points to.",
        ["status": .int(status)])
      return retry()
    }
    failed("the answer was \(status)")
  }

  private func failed(_ reason: String) {
    logger.warning(
      "Orq cannot be asked for its agents; what was known before stands", ["reason": .string(reason)])
    retry()
  }

  private func retry() {
    again(after: min(retryDelay, refresh))
    retryDelay = min(retryDelay * 2, refresh)
  }

  private func again(after delay: Duration) {
    guard !isStopped else { return }
    timer = loop.schedule(after: isStale ? .zero : delay) { [weak self] in self?.start() }
  }

  // MARK: Calls

  private func ask(_ orq: OrqCall, _ answered: @escaping (_ status: Int, _ body: [UInt8]) -> Void) {
    if isStopped { return }
    var request = workspace.request(orq)
    request.responseBytesMax = OrqDirectory.pageBytesMax
    let answer = Answer()
    call = HTTPClient.shared(on: loop).send(
      request,
      HTTPClientHandlers(
        onHead: { answer.status = $0.status }, onBody: { answer.body += $0 },
        onEnd: { answered(answer.status, answer.body) },
        onError: { [weak self] in self?.failed($0.message) }))
  }

  private final class Answer {
    var status = 0
    var body: [UInt8] = []
  }
}

/// A page of the list of agents (contract §3.2), read leniently: one manifest that cannot be understood hides no other.
struct OrqManifestPage {
  var manifests: [OrqManifest] = []
  var unreadable = 0
  /// Where the next page begins.
  var lastID: String?
  var hasMore = false

  init?(_ body: [UInt8]) {
    guard let root = try? JSONDocument.parse(body).root, let data = root["data"], data.kind == .array else {
      return nil
    }
    for node in data.elements {
      lastID = node["_id"]?.string
      if let manifest = try? OrqManifest.decode(node) { manifests.append(manifest) } else { unreadable += 1 }
    }
    hasMore = root["has_more"]?.bool ?? false
  }
}
