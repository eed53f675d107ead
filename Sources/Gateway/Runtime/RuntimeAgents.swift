internal import Configuration
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// Why a call that makes, changes or removes an agent is not done.
struct OrqRefusal: Error, Sendable, Equatable {
  var status: Int
  /// For the caller: what is wrong and what to do.
  var message: String

  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  init(_ error: AgentError) { self.init(OrqErrorMapping.status(of: error.kind), error.message) }

  static let noAgent = OrqRefusal(404, "there is no such agent")
  static let operatorsOnly = OrqRefusal(403, "only a key with the role \"operator\" may change agents")
}

/// What a call wants of the runtime's agents.
enum RuntimeChange: Sendable {
  /// Members of a `create`.
  case create(JSONObject)
  case update(key: String, OrqUpdateRequest)
  case delete(key: String)
  /// Members of a `run`: the agent is made, or gets a new version, where it is not what they say.
  case run(JSONObject)
}

/// The agents that calls made: each is written to the state folder, then live on every loop, before its maker is told.
/// Changes are made one after the other. Lives on the control loop.
final class RuntimeAgents {
  typealias Answer = Reply<Result<RuntimeAgentRecord, OrqRefusal>>

  private let loop: EventLoop
  private let catalogue: AgentCatalogue
  private let state: StateDirectory?
  private let maker: RuntimeAgentMaker
  private let services: GatewayServices
  private let mint: IdentifierMint
  private var records: [String: RuntimeAgentRecord]
  private var waiting: [(change: RuntimeChange, principal: Principal, answer: Answer)] = []
  private var isBusy = false

  static let agentsMax = 10_000
  private static let waitingMax = 256

  private var logger: Logger { maker.builder.logger }

  /// - Parameters:
  ///   - records: what is served already, see ``RuntimeAgentMaker/restored(from:)``.
  ///   - state: nil where nothing is kept, and so nothing is made.
  init(
    loop: EventLoop, catalogue: AgentCatalogue, records: [RuntimeAgentRecord], state: StateDirectory?,
    maker: RuntimeAgentMaker, services: GatewayServices
  ) {
    self.loop = loop
    self.catalogue = catalogue
    self.records = Dictionary(records.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    self.state = state
    self.maker = maker
    self.services = services
    mint = IdentifierMint(on: loop)
  }

  /// In order of their keys.
  var all: [RuntimeAgentRecord] { records.values.sorted { $0.key < $1.key } }

  subscript(_ key: String) -> RuntimeAgentRecord? { records[key] }

  // MARK: Changes

  func perform(_ change: RuntimeChange, by principal: Principal, _ answer: Answer) {
    guard waiting.count < RuntimeAgents.waitingMax else {
      return answer.send(.failure(OrqRefusal(503, "too many changes of agents are under way; retry later")))
    }
    waiting.append((change, principal, answer))
    if !isBusy { next() }
  }

  private func next() {
    isBusy = !waiting.isEmpty
    guard isBusy else { return }
    let (change, principal, answer) = waiting.removeFirst()
    do throws(OrqRefusal) {
      switch change {
      case .create(let members): try create(members, principal, answer)
      case .update(let key, let update): try self.update(key, update, principal, answer)
      case .delete(let key): try delete(key, principal, answer)
      case .run(let members): try run(members, principal, answer)
      }
    } catch {
      finish(answer, .failure(error))
    }
  }

  private func finish(_ answer: Answer, _ result: Result<RuntimeAgentRecord, OrqRefusal>) {
    answer.send(result)
    loop.later { [self] in next() }
  }

  private func create(_ members: JSONObject, _ principal: Principal, _ answer: Answer) throws(OrqRefusal) {
    try checkOperator(principal)
    let key = try checked(members).agent.key
    guard catalogue.source(of: key) == nil else { throw OrqRefusal(409, "an agent with the key \(key) exists") }
    try make(members, key, principal, answer)
  }

  private func make(_ members: JSONObject, _ key: String, _ principal: Principal, _ answer: Answer) throws(OrqRefusal) {
    guard records.count < RuntimeAgents.agentsMax else {
      throw OrqRefusal(503, "there are as many agents as this gateway keeps; delete some")
    }
    guard catalogue.reserve(key) else { throw OrqRefusal(409, "an agent with the key \(key) exists") }
    let now = Timestamp(milliseconds: loop.wallMilliseconds)
    let first = RuntimeAgentRecord.Version(
      number: .first, created: now, author: principal.name, note: nil, members: members)
    keep(RuntimeAgentRecord(id: mint.ulid(), key: key, first: first), answer)
  }

  private func update(
    _ key: String, _ update: OrqUpdateRequest, _ principal: Principal, _ answer: Answer
  ) throws(OrqRefusal) {
    try checkOperator(principal)
    guard var record = records[key] else { throw OrqRefusal.noAgent }
    var members = record.current.members
    for (name, value) in update.changes.members {
      if name == "settings", case .object(let changes) = value, case .object(var settings)? = members["settings"] {
        for (name, value) in changes.members { settings[name] = value == .null ? nil : value }
        members["settings"] = .object(settings)
      } else {
        members[name] = value == .null ? nil : value
      }
    }
    let definition = try checked(members)
    guard definition.agent.key == key else {
      throw OrqRefusal(400, "key: An agent keeps its key; create another one under the new key.")
    }
    let number = record.current.number
    let next =
      switch update.increment {
      case .major: number.nextMajor
      case .minor: number.nextMinor
      case .patch, nil: number.nextPatch
      }
    record.add(version(next, update.description, members, principal))
    keep(record, answer)
  }

  private func run(_ members: JSONObject, _ principal: Principal, _ answer: Answer) throws(OrqRefusal) {
    guard let key = members["key"]?.string, var record = records[key] else {
      let members = RuntimeAgents.completed(members, with: nil)
      let definition = try checked(members)
      try checkOperator(principal)
      guard catalogue.source(of: definition.agent.key) == nil else {
        throw OrqRefusal(409, "an agent with the key \(definition.agent.key) exists")
      }
      return try make(members, definition.agent.key, principal, answer)
    }
    let wanted = RuntimeAgents.completed(members, with: record.current.members)
    if RuntimeAgents.isSame(wanted, record.current.members) { return finish(answer, .success(record)) }
    _ = try checked(wanted)
    try checkOperator(principal)
    record.add(version(record.current.number.nextPatch, nil, wanted, principal))
    keep(record, answer)
  }

  /// What `run` states is the whole of what it can state; what only `create` can, stays.
  private static func completed(_ members: JSONObject, with existing: JSONObject?) -> JSONObject {
    var result = members
    for (name, value) in existing?.members ?? []
    where !OrqAgentMembers.ofRun.contains(name) || name == "description" {
      if result[name] == nil { result[name] = value }
    }
    // `create` asks for one.
    if result["description"] == nil { result["description"] = result["role"] }
    return result
  }

  private static func isSame(_ a: JSONObject, _ b: JSONObject) -> Bool {
    guard let a = try? CanonicalJSON.encode(.object(a)), let b = try? CanonicalJSON.encode(.object(b)) else {
      return false
    }
    return a == b
  }

  private func delete(_ key: String, _ principal: Principal, _ answer: Answer) throws(OrqRefusal) {
    try checkOperator(principal)
    guard let record = records[key] else { throw OrqRefusal.noAgent }
    let state = try folder()
    let removed = loop.expect { [self] (isRemoved: Bool) in
      guard isRemoved else { return finish(answer, .failure(RuntimeAgents.notKept)) }
      records[key] = nil
      catalogue[key]?.retire()
      let gone = loop.expect { [self] (_: Void) in
        cancelTasks(of: key)
        finish(answer, .success(record))
      }
      catalogue.remove(key, published: gone)
    }
    let name = RuntimeAgentRecord.fileName(key)
    let logger = logger
    state.perform(
      { folder in
        RuntimeAgents.succeeds(logger, name) { () throws(SystemError) in try folder.remove(name) }
      }, then: removed)
  }

  private func cancelTasks(of key: String) {
    let now = Timestamp(milliseconds: loop.wallMilliseconds)
    for (context, turn) in services.turns.turns(ofAgent: key) {
      _ = services.store.append(
        [.status(TaskStatus(.canceled), metadata: nil)], to: turn.taskID, owner: context.owner, at: now,
        onlyIf: .notTerminal)
      turn.perform { $0.cancel() }
    }
  }

  // MARK: Steps

  private func checkOperator(_ principal: Principal) throws(OrqRefusal) {
    guard principal.roles.contains(.operator) else { throw OrqRefusal.operatorsOnly }
  }

  /// The definition, where an engine runs its model.
  private func checked(_ members: JSONObject) throws(OrqRefusal) -> RuntimeDefinition {
    let definition: RuntimeDefinition
    do throws(AgentError) {
      definition = try RuntimeDefinition(members)
    } catch {
      throw OrqRefusal(error)
    }
    guard definition.models.contains(where: { maker.models.candidate(for: $0) != nil }) else {
      let model = definition.agent.model.id.prefix(100)
      throw OrqRefusal(
        404,
        "model not found: no engine runs \"\(model)\" here; \"runtime\".\"models\" in the gateway's configuration names "
          + "the models that can be used")
    }
    return definition
  }

  private func version(
    _ number: RuntimeVersion, _ note: String?, _ members: JSONObject, _ principal: Principal
  ) -> RuntimeAgentRecord.Version {
    RuntimeAgentRecord.Version(
      number: number, created: Timestamp(milliseconds: loop.wallMilliseconds), author: principal.name, note: note,
      members: members)
  }

  private func folder() throws(OrqRefusal) -> StateDirectory {
    guard let state else {
      throw OrqRefusal(503, "this gateway has no state folder to keep agents in; \"state\".\"dir\" names one")
    }
    return state
  }

  private static let notKept = OrqRefusal(500, "the state folder cannot be written; nothing has changed")

  /// Writes the record, then serves it, then answers.
  private func keep(_ record: RuntimeAgentRecord, _ answer: Answer) {
    do throws(OrqRefusal) {
      let state = try folder()
      let agent: ExposedAgent
      do throws(AgentError) {
        agent = try maker.agent(record, replacing: catalogue[record.key])
      } catch {
        throw OrqRefusal(error)
      }
      let written = loop.expect { [self] (isWritten: Bool) in
        guard isWritten else { return drop(record.key, answer, RuntimeAgents.notKept) }
        records[record.key] = record
        let live = loop.expect { [self] (_: Void) in finish(answer, .success(record)) }
        catalogue.put([agent], published: live)
        catalogue.release(record.key)
      }
      let (name, bytes, logger) = (RuntimeAgentRecord.fileName(record.key), record.encoded(), logger)
      state.perform(
        { folder in
          RuntimeAgents.succeeds(logger, name) { () throws(SystemError) in try folder.write(bytes, to: name) }
        }, then: written)
    } catch {
      drop(record.key, answer, error)
    }
  }

  private func drop(_ key: String, _ answer: Answer, _ refusal: OrqRefusal) {
    catalogue.release(key)
    finish(answer, .failure(refusal))
  }

  /// On the folder's thread.
  private static func succeeds(_ logger: Logger, _ name: String, _ body: () throws(SystemError) -> Void) -> Bool {
    do throws(SystemError) {
      try body()
      return true
    } catch {
      logger.error(
        "what is kept of an agent cannot be changed; check the state folder and its disk",
        ["file": .string(name), "error": .string(error.description)])
      return false
    }
  }
}
