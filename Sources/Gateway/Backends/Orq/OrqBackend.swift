internal import A2A
internal import Bytes
internal import Configuration
internal import HTTPTransport
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// An agent of an Orq workspace. Each message becomes one call of the style that the card file chooses (PRODUCT §4).
final class OrqBackend: AgentBackend {
  let workspace: OrqWorkspace
  let agent: OrqAgentConfiguration
  let defaults: OrqDefaults
  let description: EngineDescription
  let taskTime: Duration
  let logger: Logger
  /// Stated in a card file; otherwise exposed because the configuration says so.
  let isOfFile: Bool
  /// How messages are sent whose turn somebody follows, and all others.
  private let following: Way
  private let waiting: Way
  /// Of messages that set nothing.
  private let settings: OrqTurnSettings

  init(
    workspace: OrqWorkspace, agent: OrqAgentConfiguration, defaults: OrqDefaults, description: EngineDescription,
    taskTime: Duration, logger: Logger, isOfFile: Bool
  ) {
    self.workspace = workspace
    self.agent = agent
    self.defaults = defaults
    self.description = description
    self.taskTime = taskTime
    self.logger = logger
    self.isOfFile = isOfFile
    following = Way(OrqBackend.sending(agent, workspace.generation, wantsEvents: true), workspace, taskTime)
    waiting = Way(OrqBackend.sending(agent, workspace.generation, wantsEvents: false), workspace, taskTime)
    settings = OrqTurnSettings(defaults)
  }

  /// A way to send messages, and what the requests of it have in common.
  private final class Way: Sendable {
    let sending: OrqSending
    let form: HTTPRequestForm

    /// - Parameter taskTime: an answer that comes whole comes when the agent is done.
    init(_ sending: OrqSending, _ workspace: OrqWorkspace, _ taskTime: Duration) {
      self.sending = sending
      form = workspace.form(of: sending, firstByte: taskTime)
    }
  }

  /// Streams wherever somebody follows the turn, and where Orq can give the answer in no other way.
  private static func sending(
    _ agent: OrqAgentConfiguration, _ generation: OrqGeneration, wantsEvents: Bool
  ) -> OrqSending {
    switch agent.call {
    case .responses where generation == .v4: return .createResponse(agent.agentKey, stream: wantsEvents)
    case .invoke where generation == .v4 && !wantsEvents: return .invoke(agent.agentKey)
    // 3.x has no responses and never waits.
    case .responses, .invoke: return .streamTask(agent.agentKey, for: generation)
    case .run:
      guard let definition = agent.definition else { preconditionFailure("a run has an agent; the loader sees to it") }
      return .streamRun(definition, others: agent.others(for: generation), for: generation)
    }
  }

  /// The agent in a version that the workspace knows; nil for one that a run call defines, or for what is no version.
  func pinned(to version: String) -> OrqBackend? {
    guard agent.call != .run, OrqBackend.isVersion(version) else { return nil }
    var agent = agent
    agent.agentKey = OrqAgentReference(key: agent.agentKey, version: version).text
    return OrqBackend(
      workspace: workspace, agent: agent, defaults: defaults, description: description, taskTime: taskTime,
      logger: logger, isOfFile: isOfFile)
  }

  private static let versionBytesMax = 64

  /// Numbers, or a tag of the workspace's.
  private static func isVersion(_ text: String) -> Bool {
    (1...versionBytesMax).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        ASCII.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(ASCII.lowercased(byte))
          || "._-+".utf8.contains(byte)
      }
  }

  var mindsSilence: Bool { true }
  var remembers: Bool { true }

  var cancellation: BackendCancellation {
    switch workspace.cancel {
    case .refuse: .refused
    case .local: .local(note: "Canceled here. The agent's service cannot be told to stop and may run on.")
    }
  }

  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn {
    turn.wantsEvents ? start(turn, following, loop, emit) : start(turn, waiting, loop, emit)
  }

  private func start(
    _ turn: Turn, _ way: Way, _ loop: EventLoop, _ emit: @escaping (consuming TurnEvent) -> Void
  ) -> any RunningTurn {
    var losses: OrqSendLosses = []
    let context = context(of: turn, &losses)
    let body: HTTPRequestBody
    do throws(AgentError) {
      body = .written(try self.body(turn, context, way.sending, &losses))
    } catch {
      emit(.refused(error))
      return EndedTurn()
    }
    let form =
      turn.gateways.isEmpty
      ? way.form : workspace.form(of: way.sending, firstByte: taskTime, gateways: turn.gateways)
    let exchange = OrqExchange(
      backend: self, context: context, loop: loop, operation: way.sending.operation, form: consume form, body: body,
      losses: losses, gateways: turn.gateways, emit: emit)
    exchange.begin()
    return exchange
  }

  // MARK: Contexts

  /// What the turn builds on: the Orq task of the turn before, where Orq can continue it, on the context's own thread.
  private func context(of turn: Turn, _ losses: inout OrqSendLosses) -> OrqContextState {
    guard let earlier = turn.earlier, var state = OrqContextState(earlier.backendState) else {
      // Of our own making: the caller's own name of the context stays here.
      return OrqContextState(.begun(taskID: turn.taskID))
    }
    // A failed or abandoned Orq task cannot be continued, nor one that waits for results of tools by anything else.
    let isContinuable = turn.isContinuation || (earlier.state == .completed && state.pendingToolCalls.isEmpty)
    if !isContinuable, state.taskID != nil {
      losses.insert(.contextReset)
      state = OrqContextState(state.thread)
    }
    return state
  }

  // MARK: The call

  /// The message goes from the turn into the body without anything in between.
  private func body(
    _ turn: Turn, _ context: OrqContextState, _ sending: OrqSending, _ losses: inout OrqSendLosses
  ) throws(AgentError) -> ByteWriter {
    let parts = turn.message.parts
    let isResults = turn.isContinuation && !context.pendingToolCalls.isEmpty
    var json = sending.begin(reserving: parts.reduce(OrqBackend.bodyBytesUsual) { $0 + $1.byteCount })
    OrqTurn.beginMessage(id: turn.message.messageID, role: isResults ? .tool : .user, into: &json)
    if isResults {
      let results = try OrqParts.results(in: turn.message, pending: context.pendingToolCalls, &losses)
      for result in results { result.write(into: &json) }
    } else {
      // Looked at where they lie.
      let parts = parts.span
      for index in parts.indices { OrqParts.write(parts[index], into: &json, &losses) }
    }
    OrqTurn.endMessage(into: &json)
    let identity = workspace.identities.identity(of: turn.principal)
    if defaults.fromMessage.isEmpty {
      settings.writeCircumstances(into: &json, for: sending.generation, context, identity: identity)
    } else {
      OrqTurnSettings(defaults, message: turn.message.metadata, call: turn.metadata)
        .writeCircumstances(into: &json, for: sending.generation, context, identity: identity)
    }
    sending.end(&json)
    return json.memory()
  }

  /// What the body takes beside the message's content.
  private static let bodyBytesUsual = 384

  /// Looks up how a task stands: in the ways to ask, the likeliest first. 4.x has `responses.get` for tasks of every call,
  /// by all that is known (contract §10.3); servers before 4.5 know `retrieve_task` alone.
  func lookUps(of taskID: String) -> [OrqCall] {
    let task = OrqCall.retrieveTask(agent.agentKey, taskID: taskID)
    return workspace.generation == .v3 ? [task] : [.getResponse(agent.agentKey, taskID: taskID), task]
  }
}

extension OrqAgentConfiguration {
  /// The agent that a run call defines.
  var definition: OrqAgentDefinition? {
    guard let agent, case .object(var object) = agent.value else { return nil }
    if object["key"] == nil { object["key"] = .string(agentKey) }
    return try? OrqAgentDefinition.decode(JSONFragment(.object(object)).document.root)
  }

  /// What the card file says of the agent beyond ``definition``: passed on, as Orq may know it.
  func others(for generation: OrqGeneration) -> JSONObject {
    guard let agent, case .object(let object) = agent.value else { return [:] }
    return JSONObject(
      object.members.filter { member in
        member.name == "engine" ? generation == .v4 : !OrqAgentMembers.ofRun.contains(member.name)
      }.map { ($0.name, $0.value) })
  }
}
