internal import A2A
internal import Bytes
internal import Configuration
internal import LocalRuntime
internal import Model
internal import Synchronization

/// An agent that callers can reach, with everything a request needs to know of it. Immutable but for a count: a change of
/// cards or configuration makes a new one, and requests that are under way keep the one that they began with.
final class ExposedAgent: Sendable {
  /// The key, as tasks of the agent are owned by.
  let ownerName: OwnerName
  let backend: any AgentBackend
  /// See ``EngineDescription``.
  let mayAnswerWithoutTask: Bool
  let usesHistory: Bool
  let answersAtOnce: Bool
  /// See ``AgentBackend``.
  let mindsSilence: Bool
  let access: AccessRules
  /// The gateway's bounds, with the card file's own in place of them.
  let limits: Limits
  /// The card without interfaces, which depend on the listener.
  let card: AgentCard
  let inputModes: InputModes
  /// By listener.
  let documents: [CardDocuments]
  /// What is kept of it; nil where nothing is.
  let record: (any AgentRecord)?

  /// Anyone may read the card: callers are not restricted.
  let isPublic: Bool

  /// Everybody may do everything, as in most card files.
  private let isUnrestricted: Bool
  private let places: TaskPlaces

  /// - Parameter earlier: what this agent takes the place of; tasks that are under way count for both.
  init(
    key: String, backend: any AgentBackend, access: AccessRules, limits: Limits, card: AgentCard,
    documents: [CardDocuments], record: (any AgentRecord)? = nil, replacing earlier: ExposedAgent? = nil
  ) {
    places = earlier?.places ?? TaskPlaces()
    ownerName = OwnerName(key)
    self.backend = backend
    mayAnswerWithoutTask = backend.description.mayAnswerWithoutTask
    usesHistory = backend.description.usesHistory
    answersAtOnce = backend.description.answersAtOnce
    mindsSilence = backend.mindsSilence
    self.access = access
    isPublic = access.callers.contains(.any)
    isUnrestricted = isPublic && access.operations.count == AgentOperation.allCases.count
    self.limits = limits
    self.card = card
    inputModes = InputModes(card, origin: backend.origin)
    self.documents = documents
    self.record = record
  }

  var key: String { ownerName.text }

  /// The same agent, its cards signed by the current keys.
  ///
  /// - Parameter publicURLs: by listener.
  func signed(by keys: SigningKeys, publicURLs: [String]) -> ExposedAgent {
    ExposedAgent(
      key: key, backend: backend, access: access, limits: limits, card: card,
      documents: zip(documents, publicURLs).map { $0.signed(by: keys.signer(publicURL: $1)) }, record: record,
      replacing: self)
  }

  /// Takes a place among the tasks that run or wait at once; false when all are taken.
  func takePlace() -> Bool {
    if places.taken.add(1, ordering: .relaxed).newValue <= limits.turns.concurrentTasksMax { return true }
    leavePlace()
    return false
  }

  func leavePlace() { places.taken.subtract(1, ordering: .relaxed) }

  /// The agent is being removed: turns of it that begin from now on, in whatever form of it, end at once.
  func retire() { places.isRetired.store(true, ordering: .releasing) }

  var isRetired: Bool { places.isRetired.load(ordering: .acquiring) }

  /// Whether a principal may use an operation of the agent.
  func allows(principal: String, operation: AgentOperation) -> Bool {
    isUnrestricted || access.allows(principal: principal, operation: operation)
  }

  var canStream: Bool { card.capabilities.streaming == true }

  /// URIs of the extensions that a caller must ask for.
  var requiredExtensions: [String] { card.capabilities.extensions.filter(\.required).map(\.uri) }
}

/// Counts the tasks of an agent that are under way, over all the forms that the agent takes.
private final class TaskPlaces: Sendable {
  let taken = Atomic<Int>(0)
  let isRetired = Atomic(false)
}

/// The agents of this gateway. Immutable: a change of one agent makes a new registry.
final class Registry: Sendable {
  private let agents: [String: ExposedAgent]
  /// By length and bytes of their keys, for those who have a key as a piece of what was received.
  private let sorted: [(key: [UInt8], agent: ExposedAgent)]
  /// Of agents that calls made: their ids, which no key can be, since keys begin with a letter.
  private let byID: [String: ExposedAgent]
  let defaultAgent: ExposedAgent?

  init(_ agents: [ExposedAgent], defaultAgent: String?) {
    let byKey = Dictionary(agents.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    self.agents = byKey
    sorted = byKey.values.map { (Array($0.key.utf8), $0) }.sorted { Registry.isBefore($0.key.span, $1.key.span) }
    byID = Dictionary(
      byKey.values.compactMap { agent in (agent.record as? RuntimeAgentRecord).map { ($0.id, agent) } },
      uniquingKeysWith: { first, _ in first })
    self.defaultAgent = defaultAgent.flatMap { byKey[$0] }
  }

  subscript(_ key: String) -> ExposedAgent? { agents[key] }

  func agent(_ key: Span<UInt8>) -> ExposedAgent? {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      let own = sorted[middle].key
      if own.span.isSame(as: key) { return sorted[middle].agent }
      if Registry.isBefore(own.span, key) { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private static func isBefore(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    if a.count != b.count { return a.count < b.count }
    for index in a.indices where a[index] != b[index] { return a[index] < b[index] }
    return false
  }

  /// By its key, or by its id, as Orq takes either (contract §2.1).
  subscript(keyOrID name: String) -> ExposedAgent? { agents[name] ?? byID[name] }

  /// In order of their keys.
  var all: [ExposedAgent] { agents.values.sorted { $0.key < $1.key } }
}
