internal import A2A
internal import Configuration
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// An agent that a call made: each message goes to the engine of its model, with the agent's instructions and functions;
/// where a model fails before it has said anything, the next one takes its place.
final class RuntimeBackend: AgentBackend {
  let definition: RuntimeDefinition
  /// Empty where the configuration no longer runs any of the agent's models.
  let candidates: [RuntimeModels.Candidate]
  let limits: Limits
  let description: EngineDescription
  let remembers: Bool
  private let models: RuntimeModels
  private let gatewayLimits: Limits
  private let logger: Logger

  var mindsSilence: Bool { false }
  var cancellation: BackendCancellation { .stops }

  /// - Parameter gatewayLimits: of the gateway as a whole; the definition may narrow them.
  init(
    _ definition: RuntimeDefinition, version: String, models: RuntimeModels, _ gatewayLimits: Limits, _ logger: Logger
  ) {
    self.definition = definition
    self.models = models
    self.gatewayLimits = gatewayLimits
    let limits = definition.limits(within: gatewayLimits)
    self.limits = limits
    self.logger = logger.with(["agent": .string(definition.agent.key)])
    candidates = definition.models.compactMap { models.candidate(for: $0) }
    let engines = candidates.map { $0.engine(definition, prompt: "", limits, logger).description }
    remembers = engines.contains(where: \.remembers)
    description = RuntimeBackend.description(definition, version, engines)
  }

  /// The agent as an earlier version defines it.
  func pinned(to version: RuntimeAgentRecord.Version) throws(AgentError) -> RuntimeBackend {
    RuntimeBackend(
      try RuntimeDefinition(version.members), version: version.number.text, models: models, gatewayLimits, logger)
  }

  private static func description(
    _ definition: RuntimeDefinition, _ version: String, _ engines: [EngineDescription]
  ) -> EngineDescription {
    let (profile, agent) = (definition.profile, definition.agent)
    let name = profile.displayName.flatMap { $0.isEmpty ? nil : $0.string } ?? agent.key
    let text = (agent.description.flatMap { $0.isEmpty ? nil : $0 } ?? agent.role).string
    let skill = AgentSkill(id: agent.key, name: agent.role.string, description: text, tags: ["agent"])
    return EngineDescription(
      name: name, description: text, version: version, inputModes: engines.first?.inputModes ?? ["text/plain"],
      outputModes: engines.first?.outputModes ?? ["text/plain"], skills: [skill],
      canStream: engines.allSatisfy(\.canStream),
      mayAnswerWithoutTask: engines.isEmpty || engines.contains(where: \.mayAnswerWithoutTask),
      usesHistory: engines.contains(where: \.usesHistory), remembers: engines.contains(where: \.remembers))
  }

  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn {
    do throws(AgentError) {
      guard !candidates.isEmpty else {
        throw AgentError(.unavailable, "no engine runs the agent's model at the moment", source: .gateway)
      }
      if let bound = definition.settings.iterationsMax, iteration(of: turn) > bound {
        emit(.taskMetadata(name: "finish_reason", JSONFragment(.string("max_iterations"))))
        emit(.status(.failed, "The agent has taken the \(bound) steps that it may take for one task."))
        return EndedTurn()
      }
      let values = turn.message.metadata?.document.root[GatewayExtension.uri]?["variables"]
      let prompt = try definition.prompt(
        variables: values, at: Timestamp(milliseconds: loop.wallMilliseconds))
      let engines = candidates.map { $0.engine(definition, prompt: prompt, limits, logger) }
      let losses = candidates[0].isInstructed ? definition.losses : definition.losses + ["instructions"]
      let running = FailoverTurn(turn, engines: engines, losses: losses, loop: loop, logger: logger, emit: emit)
      running.begin()
      return running
    } catch {
      emit(.refused(error))
      return EndedTurn()
    }
  }

  /// Which message of its task this is, from 1 on: each is one step of the model.
  private func iteration(of turn: Turn) -> Int {
    1 + turn.history.count { $0.role == .user && $0.taskID == turn.taskID }
  }
}

/// One message, tried with one engine after the other until one has said something.
final class FailoverTurn: RunningTurn {
  private let turn: Turn
  /// The next one last.
  private var rest: [any LocalEngine]
  private var losses: [String]
  private let loop: EventLoop
  private let logger: Logger
  /// nil once the turn is over for its caller.
  private var emit: ((consuming TurnEvent) -> Void)?
  private var running: (any RunningTurn)?
  private var attempt = 0
  private var isWorking = false
  /// Something was said that cannot be taken back.
  private var isSettled = false

  init(
    _ turn: Turn, engines: [any LocalEngine], losses: [String], loop: EventLoop, logger: Logger,
    emit: @escaping (consuming TurnEvent) -> Void
  ) {
    self.turn = turn
    rest = engines.reversed()
    self.losses = losses
    self.loop = loop
    self.logger = logger
    self.emit = emit
  }

  func begin() {
    guard emit != nil, let engine = rest.popLast() else { return }
    let number = attempt
    let started = engine.start(turn, on: loop) { [self] event in receive(event, of: number) }
    // What ended within its start has begun the next one already, or is over.
    if number == attempt, emit != nil { running = started }
  }

  func cancel() {
    emit = nil
    running?.cancel()
    running = nil
  }

  private func receive(_ event: TurnEvent, of number: Int) {
    guard number == attempt, let emit else { return }
    if !isSettled, !rest.isEmpty, FailoverTurn.isFailure(event) {
      logger.warning(
        "a model failed before it said anything; the next one takes its place", ["attempt": .int(number + 1)])
      // What this one still says is nobody's.
      attempt += 1
      running = nil
      return loop.later { [self] in begin() }
    }
    switch event {
    case .status(.working, nil, nil):
      // Each attempt says so.
      if !isWorking { emit(event) }
      isWorking = true
      return tellLosses(emit)
    case .loss, .taskMetadata, .backendState: break
    case .reply, .refused: isSettled = true
    default:
      isSettled = true
      tellLosses(emit)
    }
    if event.endsTurn {
      self.emit = nil
      running = nil
    }
    emit(event)
  }

  /// Once, as soon as there is a task.
  private func tellLosses(_ emit: (consuming TurnEvent) -> Void) {
    for loss in losses { emit(.loss(loss)) }
    losses = []
  }

  /// What another model may do better.
  private static func isFailure(_ event: TurnEvent) -> Bool {
    switch event {
    case .refused(let error): error.source != .client
    case .status(.failed, _, _): true
    default: false
    }
  }
}
