internal import A2A
internal import Bytes
internal import Configuration
internal import Crypto
internal import HTTPTransport
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network
internal import Telemetry

/// An A2A agent elsewhere. Each message becomes one send at one of the agent's interfaces, streamed where the agent streams:
/// so its task is known from the first event on, and can be found again or canceled whatever becomes of the connection.
final class A2ABackend: AgentBackend {
  let agent: ExternalAgent
  let description: EngineDescription
  let taskTime: Duration
  let silence: Duration
  let logger: Logger

  init(agent: ExternalAgent, taskTime: Duration, silence: Duration, logger: Logger) {
    self.agent = agent
    description = A2ADescription.description(agent)
    self.taskTime = taskTime
    self.silence = silence
    self.logger = logger
  }

  var mindsSilence: Bool { true }
  var remembers: Bool { true }
  var takesMessagesWhileAwaiting: Bool { true }
  var cancellation: BackendCancellation { .asks(A2ACancellation(agent: agent, logger: logger)) }
  var origin: AgentCard? { agent.card }

  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn {
    guard agent.card != nil else { return refuse(ExternalRefusal.cardNotRead, emit) }
    let order = agent.memory.order(agent.interfaces, at: loop.now)
    guard let first = order.first else {
      logger.error(
        "The agent's card names no interface that may be called.",
        ["refused": .string(agent.interfaces.refusals.joined(separator: "; "))])
      return refuse(ExternalRefusal.noInterface, emit)
    }
    let exchange = A2AExchange(
      backend: self, turn: turn, state: state(of: turn), first: first, others: Array(order.dropFirst()), loop: loop,
      emit: emit)
    exchange.begin()
    return exchange
  }

  private func refuse(_ error: AgentError, _ emit: (consuming TurnEvent) -> Void) -> EndedTurn {
    emit(.refused(error))
    return EndedTurn()
  }

  // MARK: Messages

  /// What the turn builds on: the agent's name of the context, and of the task that it continues.
  private func state(of turn: Turn) -> A2AContextState {
    let earlier = A2AContextState(turn.earlier?.backendState)
    if turn.isContinuation, let earlier { return earlier }
    let contextID = earlier?.contextID ?? agent.memory.contextID(turn.contextID, of: turn.principal)
    return A2AContextState(contextID: contextID)
  }

  /// The agent's name of a turn's message: the caller's, so that whoever looks for it there finds it, and a digest, so that
  /// an agent which knows messages by their ids cannot mix up those of two callers. At most 145 bytes.
  static func messageID(of turn: Turn) -> String {
    let id = turn.message.messageID
    let digest = Hex.encode(Array(SHA256.hash(Array("\(turn.taskID)\n\(id)".utf8)).prefix(8)))
    return id.utf8.count <= 128 ? "\(id)-\(digest)" : digest
  }

  /// - Parameter losses: gains what does not go along.
  func request(for turn: Turn, _ state: A2AContextState, losses: inout Set<String>) -> SendRequest {
    var message = turn.message
    message.messageID = A2ABackend.messageID(of: turn)
    message.contextID = state.contextID
    message.taskID = turn.isContinuation ? state.taskID : nil
    message.referenceTaskIDs = turn.message.referenceTaskIDs.compactMap { id in
      A2AContextState(turn.references[id])?.taskID
    }
    if message.referenceTaskIDs.count < turn.message.referenceTaskIDs.count { losses.insert("reference_task_ids") }
    return SendRequest(
      message: message, acceptedOutputModes: turn.options.acceptedOutputModes, metadata: turn.metadata)
  }

  /// Extensions that are asked for: what the caller asks for or uses, where the agent's card has it.
  func extensions(of turn: Turn) -> [String] {
    let offered = Set(agent.card?.capabilities.extensions.map(\.uri) ?? [])
    var asked: [String] = []
    for uri in turn.options.extensions + turn.message.extensions where offered.contains(uri) && !asked.contains(uri) {
      asked.append(uri)
    }
    return asked
  }

  // MARK: Calls

  /// How long the steps of a call may take.
  func timeouts(isStream: Bool, waits: Bool) -> HTTPClientTimeouts {
    var timeouts = HTTPClientTimeouts()
    // An answer that comes whole comes when the agent is done.
    timeouts.firstByte = waits ? taskTime : .seconds(60)
    timeouts.silence = isStream ? silence : .seconds(60)
    return timeouts
  }
}

/// What an external agent's card tells the gateway.
enum A2ADescription {
  static func description(_ agent: ExternalAgent) -> EngineDescription {
    let card = agent.card
    return EngineDescription(
      name: card?.name ?? agent.key, description: card?.description ?? "The agent \(agent.key).",
      version: card?.version ?? "0", inputModes: card?.defaultInputModes ?? ["*/*"],
      outputModes: card?.defaultOutputModes ?? ["*/*"], skills: (card?.skills ?? []).map(plain),
      canStream: agent.canStream, mayAnswerWithoutTask: true)
  }

  /// Without what refers to the agent's own security schemes.
  private static func plain(_ skill: AgentSkill) -> AgentSkill {
    var skill = skill
    skill.securityRequirements = []
    return skill
  }
}
