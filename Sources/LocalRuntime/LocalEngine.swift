public import Model
public import Network

/// An agent that runs on this machine. Engines are shared by all loops; each turn lives on the loop of its request.
public protocol LocalEngine: Sendable {
  /// What the agent card says where the card file says nothing.
  var description: EngineDescription { get }

  /// Starts to answer one message.
  ///
  /// `emit` is called on `loop`'s thread only, possibly before `start` returns. A terminal or interrupted status, a refusal
  /// or a direct reply ends the turn; nothing is emitted after it, and nothing after ``RunningTurn/cancel()``. Every turn
  /// that is not cancelled ends in this way, whatever goes wrong.
  func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
}

/// A turn that has been started. Confined to its loop.
public protocol RunningTurn: AnyObject {
  /// Ends the turn without a further event; the caller of this says what became of the task. Returns at once; what the
  /// turn still holds is freed in the background. Does nothing to a turn that has ended.
  func cancel()
}

/// What an engine knows of itself: the raw material of an agent card.
public struct EngineDescription: Sendable, Equatable {
  public var name: String
  public var description: String
  public var version: String
  /// Media types, `*/*` for anything.
  public var inputModes: [String]
  public var outputModes: [String]
  public var skills: [AgentSkill]
  /// Output comes in pieces.
  public var canStream: Bool
  /// A message may be answered without a task: by a direct message, or by a refusal.
  public var mayAnswerWithoutTask: Bool
  /// Reads the earlier turns of the context (``Turn/history``).
  public var usesHistory: Bool
  /// Reads what it left behind in an earlier turn of the context (``Turn/earlier``).
  public var remembers: Bool
  /// Every turn is over when its start returns, so that a task is written once, when it has ended.
  public var answersAtOnce: Bool

  public init(
    name: String, description: String, version: String, inputModes: [String], outputModes: [String],
    skills: [AgentSkill], canStream: Bool, mayAnswerWithoutTask: Bool, usesHistory: Bool = false,
    remembers: Bool = false, answersAtOnce: Bool = false
  ) {
    self.name = name
    self.description = description
    self.version = version
    self.inputModes = inputModes
    self.outputModes = outputModes
    self.skills = skills
    self.canStream = canStream
    self.mayAnswerWithoutTask = mayAnswerWithoutTask
    self.usesHistory = usesHistory
    self.remembers = remembers
    self.answersAtOnce = answersAtOnce
  }
}

/// A turn that was over before its start returned.
public final class EndedTurn: RunningTurn {
  public init() {}

  public func cancel() {}
}
