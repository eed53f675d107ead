internal import Configuration
internal import Crypto
internal import HTTP
internal import JSON
internal import Network
internal import Orq
internal import Telemetry

/// What has become of an agent that a call has made.
enum ExternalChange: Sendable {
  case registered(ExternalRecord)
  /// Its card, or what a call has stated of it, is another one.
  case changed(ExternalRecord)
  case removed(ExternalRecord)
}

/// The external A2A agents of this gateway: registers them, keeps them over restarts, and keeps their cards fresh. What it
/// does to one agent it does one after the other; what it answers holds for every loop by then, and is on the disk.
/// Lives on the control loop.
final class ExternalRegistry {
  /// One agent.
  final class Entry {
    var record: ExternalRecord
    /// With the values of its headers.
    var agent: ExternalAgentConfiguration
    /// nil for an agent of a card file whose card was not had yet.
    var card: ExternalCard?
    /// Of an agent of a card file.
    let file: CardFile?
    var schedule: RefreshSchedule
    var timer: Timer?

    init(record: ExternalRecord, agent: ExternalAgentConfiguration, card: ExternalCard?, file: CardFile? = nil) {
      self.record = record
      self.agent = agent
      self.card = card
      self.file = file
      schedule = RefreshSchedule(interval: agent.refresh)
    }

    var isOfFile: Bool { file != nil }
  }

  /// Owns this.
  unowned let control: ControlPlane
  let store: ExternalStore
  let builder: ExternalAgentBuilder
  let settings: ExternalConfiguration
  let logger: Logger
  private let tools: CardIntake.Tools
  private(set) var entries: [String: Entry] = [:]
  /// What waits for its turn, by key; a key with an empty list is being worked on.
  private var lanes: [String: [() -> Void]] = [:]
  /// Under way, to be canceled at the end.
  private var intakes: [ObjectIdentifier: CardIntake] = [:]
  private var isStopped = false
  /// Hears of what callers can see of agents that calls have made.
  var onChange: ((ExternalChange) -> Void)?

  /// Operations that may wait for one agent.
  private static let laneMax = 16

  /// - Parameter restored: the agents that earlier runs and card files have made, all served already.
  init(
    control: ControlPlane, store: ExternalStore, builder: ExternalAgentBuilder, restored: [ExternalStore.Restored],
    logger: Logger
  ) {
    self.control = control
    self.store = store
    self.builder = builder
    self.logger = logger
    let configuration = builder.registry.configuration
    settings = configuration.external
    tools = CardIntake.Tools(
      loop: control.loop, egress: configuration.egress,
      judge: SignatureJudge(signatures: configuration.signatures, egress: configuration.egress, logger: logger))
    for agent in restored {
      entries[agent.record.key] = Entry(
        record: agent.record, agent: agent.configuration, card: agent.card, file: agent.file)
    }
  }

  /// Begins to look after the cards. Those of earlier runs are asked for in the course of the first interval; an agent
  /// without a card is asked at once.
  func start() {
    for entry in entries.values {
      schedule(entry, after: entry.card == nil ? .zero : entry.agent.refresh * jitter())
    }
  }

  func stop() {
    isStopped = true
    for entry in entries.values { cancelTimer(entry) }
    for intake in intakes.values { intake.cancel() }
    intakes = [:]
    lanes = [:]
  }

  subscript(_ key: String) -> ExternalRecord? { entries[key]?.record }

  /// In the order of their keys.
  var records: [ExternalRecord] { entries.values.map(\.record).sorted { $0.key < $1.key } }

  // MARK: One after the other

  /// Runs `body` when no other operation on the agent is under way; it calls `leave` when it is done, whatever happened.
  func enter(
    _ key: String, refused: (ExternalFault) -> Void, _ body: @escaping (_ leave: @escaping () -> Void) -> Void
  ) {
    let run = { [self] in
      body { [self] in
        guard var waiting = lanes.removeValue(forKey: key), !waiting.isEmpty else { return }
        let next = waiting.removeFirst()
        lanes[key] = waiting
        // In another turn: however many wait, no call lies within another.
        control.loop.later(next)
      }
    }
    guard let waiting = lanes[key] else {
      lanes[key] = []
      return run()
    }
    guard waiting.count < ExternalRegistry.laneMax else {
      return refused(ExternalFault(.full, "too many changes of this agent wait already; try again later"))
    }
    lanes[key] = waiting + [run]
  }

  // MARK: Cards

  /// - Parameters:
  ///   - key: of the agent that it is, or is to be.
  ///   - isTrusted: it is stated in a card file.
  ///   - known: the card that is in force.
  ///   - isRoutine: nobody has asked for it.
  func takeIn(
    _ key: String, _ agent: ExternalAgentConfiguration, isTrusted: Bool, known: ExternalRecord.Card? = nil,
    isRoutine: Bool = false, _ done: @escaping CardIntake.Done
  ) {
    let caller: ExternalAgent
    do {
      caller = try builder.caller(key, agent, isTrusted: isTrusted, exposed: control.catalogue[key])
    } catch {
      return control.loop.later { done(.failure(ExternalFault(.invalid, "the agent cannot be called: \(error)"))) }
    }
    var intake: CardIntake?
    let new = CardIntake(caller, isTrusted: isTrusted, tools: tools) { [weak self] result in
      if let intake { self?.intakes[ObjectIdentifier(intake)] = nil }
      intake = nil
      done(result)
    }
    intake = new
    intakes[ObjectIdentifier(new)] = new
    new.start(known: known, isRoutine: isRoutine)
  }

  // MARK: Time

  var now: Int64 { control.loop.wallMilliseconds }

  func jitter() -> Double { Double(Random.bytes(1)[0]) / 255 }

  func cancelTimer(_ entry: Entry) {
    if let timer = entry.timer { control.loop.cancel(timer) }
    entry.timer = nil
  }

  func schedule(_ entry: Entry, after delay: Duration) {
    cancelTimer(entry)
    guard !isStopped else { return }
    let key = entry.record.key
    entry.timer = control.loop.schedule(after: delay) { [weak self] in
      guard let self, let entry = entries[key] else { return }
      entry.timer = nil
      refresh(key, by: nil) { _ in }
    }
  }

  // MARK: Keeping and serving

  /// Writes the record down, then has every loop serve the agent as it says, then calls `done`.
  func commit(_ entry: Entry, isNew: Bool = false, _ done: @escaping (ExternalFault?) -> Void) {
    let (record, key) = (entry.record, entry.record.key)
    let agent: ExposedAgent
    do {
      agent = try builder.agent(
        record, entry.agent, entry.card, file: entry.file, replacing: control.catalogue[key])
    } catch {
      return done(ExternalFault(.card, "the agent cannot be called: \(error)"))
    }
    store.write(record, on: control.loop) { [self] fault in
      if let fault { return done(fault) }
      if isNew { entries[key] = entry }
      let published = control.loop.expect { done(nil) }
      if entry.isOfFile {
        control.catalogue.put(file: agent, published: published)
      } else {
        control.catalogue.put([agent], published: published)
      }
    }
  }

  /// Takes the agent's file away, then has every loop forget the agent, then calls `done`.
  func erase(_ entry: Entry, _ done: @escaping (ExternalFault?) -> Void) {
    let key = entry.record.key
    store.remove(entry.record, on: control.loop) { [self] fault in
      if let fault { return done(fault) }
      cancelTimer(entry)
      entries[key] = nil
      control.catalogue.remove(key, published: control.loop.expect { done(nil) })
    }
  }
}
