internal import LocalRuntime
internal import Model
internal import Network

/// Where an agent lives, seen from the tasks: takes a message, says what comes of it. A backend knows its upstream and the
/// model, and no dialect of any caller. Many hold one, nobody changes it.
protocol AgentBackend: AnyObject, Sendable {
  /// What the agent's card says where the card file says nothing.
  var description: EngineDescription { get }

  /// True if the backend looks after its own silence: a turn that is quiet for long is followed up, not failed.
  var mindsSilence: Bool { get }

  /// True if a turn builds on what earlier turns of its context left (``Turn/earlier``).
  var remembers: Bool { get }

  /// True if a task that waits for an approval elsewhere takes a message of its caller instead.
  var takesMessagesWhileAwaiting: Bool { get }

  /// What canceling a task of this agent does.
  var cancellation: BackendCancellation { get }

  /// The agent's own card, where it has one: what the published card takes over beyond ``description``.
  var origin: AgentCard? { get }

  /// Starts to answer one message, on the loop of its request; see ``LocalEngine/start(_:on:emit:)``, whose contract this
  /// is. Called on that loop only, as is `emit`.
  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
}

extension AgentBackend {
  var origin: AgentCard? { nil }
  var takesMessagesWhileAwaiting: Bool { false }
}

/// What canceling can do at a backend.
enum BackendCancellation {
  /// The agent is stopped.
  case stops
  /// The task is canceled here; the note tells its caller what may go on elsewhere.
  case local(note: String)
  case refused
  /// The agent is asked, and decides.
  case asks(A2ACancellation)
}

/// What an agent said to a request to cancel a task.
enum CancelVerdict: Sendable, Equatable {
  case canceled(AgentMessage?)
  case refused
  /// The agent has heard it, and the task is not canceled yet: its turn tells how it ends.
  case goesOn
  /// Nobody knows: the agent does not answer, or does not know the task.
  case unknown
}

/// An agent of the embedded runtime.
final class LocalBackend: AgentBackend {
  let engine: any LocalEngine
  let remembers: Bool

  init(engine: any LocalEngine) {
    self.engine = engine
    remembers = engine.description.remembers
  }

  var description: EngineDescription { engine.description }
  var mindsSilence: Bool { false }
  var cancellation: BackendCancellation { .stops }

  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn {
    engine.start(turn, on: loop, emit: emit)
  }
}
