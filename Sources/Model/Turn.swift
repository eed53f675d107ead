public import JSON

/// One message of a caller, handed to a backend: everything an agent needs to answer it.
public struct Turn: Sendable {
  public let owner: TaskOwner
  public let taskID: String
  public let contextID: String
  public let message: Message
  /// True when this message answers an interrupted task.
  public let isContinuation: Bool
  /// Somebody follows the turn as it goes; otherwise only its end is waited for.
  public let wantsEvents: Bool
  /// nil where there is nothing to say, as in most turns that begin a conversation.
  private let circumstances: Circumstances?

  public init(
    owner: TaskOwner, taskID: String, contextID: String, message: Message, isContinuation: Bool = false,
    wantsEvents: Bool = true, metadata: JSONFragment? = nil, options: TurnOptions? = nil, past: TurnPast? = nil
  ) {
    self.owner = owner
    self.taskID = taskID
    self.contextID = contextID
    self.message = message
    self.isContinuation = isContinuation
    self.wantsEvents = wantsEvents
    circumstances =
      metadata == nil && options == nil && past == nil
      ? nil : Circumstances(metadata: metadata, options: options ?? TurnOptions(), past: past ?? TurnPast())
  }

  /// The same turn, once it is known what it builds on.
  public func building(on past: TurnPast) -> Turn {
    Turn(
      owner: owner, taskID: taskID, contextID: contextID, message: message, isContinuation: isContinuation,
      wantsEvents: wantsEvents, metadata: metadata, options: options, past: past)
  }

  public var agentKey: String { owner.agentKey }
  /// Opaque, stable name of the caller.
  public var principal: String { owner.principal }
  public var metadata: JSONFragment? { circumstances?.metadata }
  public var options: TurnOptions { circumstances?.options ?? TurnOptions() }
  /// Names of the gateways that the call has come through, oldest first.
  public var gateways: [String] { circumstances?.options.gateways ?? [] }
  public var history: [Message] { circumstances?.past.history ?? [] }
  public var earlier: EarlierTurn? { circumstances?.past.earlier }
  public var references: [String: JSONFragment] { circumstances?.past.references ?? [:] }
}

extension Turn {
  /// What a turn is told beside its message. Out of line: it is large, and many turns have none.
  private final class Circumstances: Sendable {
    let metadata: JSONFragment?
    let options: TurnOptions
    let past: TurnPast

    init(metadata: JSONFragment?, options: TurnOptions, past: TurnPast) {
      self.metadata = metadata
      self.options = options
      self.past = past
    }
  }
}

/// What a turn builds on.
public struct TurnPast: Sendable {
  /// Earlier messages of the context, oldest first, bounded by the gateway.
  public var history: [Message] = []
  /// What the turn before this one, in the same context, left for the backend; nil in a new context.
  public var earlier: EarlierTurn?
  /// What the message's references (``Message/referenceTaskIDs``) left for the backend, by the id of the task.
  public var references: [String: JSONFragment] = [:]

  public init(history: [Message] = [], earlier: EarlierTurn? = nil) {
    self.history = history
    self.earlier = earlier
  }
}

/// What a call says beyond its message, for agents that are A2A agents themselves.
public struct TurnOptions: Sendable, Equatable {
  public var acceptedOutputModes: [String]
  /// URIs of the extensions that the caller asks for.
  public var extensions: [String]
  /// Names of the gateways that the call has come through, oldest first.
  public var gateways: [String]

  public init(acceptedOutputModes: [String] = [], extensions: [String] = [], gateways: [String] = []) {
    self.acceptedOutputModes = acceptedOutputModes
    self.extensions = extensions
    self.gateways = gateways
  }
}

/// A message of an agent, without its ids and its place, which are the gateway's to give.
public struct AgentMessage: Sendable, Equatable {
  public var parts: [Part]
  public var metadata: JSONFragment?
  public var extensions: [String]

  public init(_ parts: [Part], metadata: JSONFragment? = nil, extensions: [String] = []) {
    self.parts = parts
    self.metadata = metadata
    self.extensions = extensions
  }
}

extension AgentMessage {
  /// What it takes on the wire, roughly.
  public var byteCount: Int {
    parts.reduce(metadata?.bytes.count ?? 0) { $0 + $1.byteCount } + extensions.reduce(0) { $0 + $1.utf8.count }
  }
}

/// How the last turn of a context ended, and what its backend wanted to be remembered.
public struct EarlierTurn: Sendable, Equatable {
  public var state: TaskState
  /// As the backend gave it with ``TurnEvent/backendState(_:)``.
  public var backendState: JSONFragment?

  public init(state: TaskState, backendState: JSONFragment? = nil) {
    self.state = state
    self.backendState = backendState
  }
}

/// What a backend says during a turn. A terminal or interrupted status, a refusal or a direct message ends the turn; a
/// backend sends nothing after that.
public enum TurnEvent: Sendable, Equatable {
  /// The message is not accepted: an error for the caller, and no task. Only as the first event of a turn; once a task
  /// exists, it fails instead.
  case refused(AgentError)
  /// A change of state, with the agent's message about it.
  case status(TaskState, AgentMessage?, metadata: JSONFragment?)
  case artifact(Artifact, append: Bool, lastChunk: Bool, metadata: JSONFragment?)
  /// Plain text is added to an artifact, and not for the last time: the same as an `artifact` for each of the texts that
  /// says so, at less cost.
  case text(artifactID: String, JSONStrings)
  /// AUTH_REQUIRED, while the turn goes on: somebody must approve elsewhere, and the backend keeps watching.
  case awaitingApproval(AgentMessage?, metadata: JSONFragment?)
  /// A reply without a task; only as the first event of a turn.
  case reply(AgentMessage)
  /// A message that belongs to the conversation and to no status.
  case said(AgentMessage)
  /// One member of the task's metadata (usage, cost, finish reason); a later value of the same name replaces it.
  case taskMetadata(name: String, JSONFragment)
  /// What the backend needs to go on with this task or context; never shown to callers. A later value replaces it.
  case backendState(JSONFragment)
  /// The translation lost or invented something; a name for the log, the metrics and the response's metadata.
  case loss(String)
  /// All of a turn at once: the same as its ``TurnAnswer/events``, at less cost.
  case answered(TurnAnswer)

  /// A status without message or metadata.
  public static func status(_ state: TaskState) -> TurnEvent { .status(state, nil, metadata: nil) }

  /// A status with one text part.
  public static func status(_ state: TaskState, _ text: String) -> TurnEvent {
    .status(state, AgentMessage([.text(text)]), metadata: nil)
  }

  /// A status with a message of these parts, if there are any.
  public static func status(_ state: TaskState, parts: [Part], metadata: JSONFragment?) -> TurnEvent {
    .status(state, parts.isEmpty ? nil : AgentMessage(parts), metadata: metadata)
  }

  public static func awaitingApproval(parts: [Part]) -> TurnEvent {
    .awaitingApproval(AgentMessage(parts), metadata: nil)
  }

  public static func reply(parts: [Part], metadata: JSONFragment?) -> TurnEvent {
    .reply(AgentMessage(parts, metadata: metadata))
  }

  /// Whether the message is not accepted.
  public var isRefusal: Bool { if case .refused = self { true } else { false } }

  /// How many things are said.
  public var count: Int {
    switch self {
    case .text(_, let texts): texts.count
    case .answered(let answer): answer.eventCount
    default: 1
    }
  }

  /// What is said, in bytes on the wire, roughly.
  public var byteCount: Int {
    switch self {
    case .text(_, let texts): texts.byteCount
    case .artifact(let artifact, _, _, let metadata): artifact.byteCount + (metadata?.bytes.count ?? 0)
    case .status(_, let message, let metadata), .awaitingApproval(let message, let metadata):
      (message?.byteCount ?? 0) + (metadata?.bytes.count ?? 0)
    case .reply(let message), .said(let message): message.byteCount
    case .taskMetadata(let name, let value): name.utf8.count + value.bytes.count
    case .backendState(let state): state.bytes.count
    case .answered(let answer): answer.byteCount
    case .refused, .loss: 0
    }
  }

  /// Whether nothing may follow in this turn.
  public var endsTurn: Bool {
    switch self {
    case .status(let state, _, _): state.isTerminal || state.isInterrupted
    case .reply, .refused, .answered: true
    case .artifact, .text, .said, .taskMetadata, .awaitingApproval, .backendState, .loss: false
    }
  }
}
