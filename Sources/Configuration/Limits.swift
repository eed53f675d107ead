/// Every bound of the gateway, with its default. Units stand in the names (`…Max` of bytes in `bytes…`, counts otherwise);
/// times are `Duration`s. All of them can be set in the config under `limits`, by these names.
public struct Limits: Sendable, Equatable {
  public var http = HTTPServerLimits()
  public var json = JSONBodyLimits()
  public var tasks = TaskLimits()
  public var contexts = ContextLimits()
  public var turns = TurnLimits()
  public var streams = StreamLimits()
  public var commands = CommandLimits()

  public init() {}
}

/// What one connection may ask for.
public struct HTTPServerLimits: Sendable, Equatable {
  public var requestLineBytesMax = 8 * 1024
  public var headBytesMax = 32 * 1024
  public var headersMax = 100
  public var bodyBytesMax = 10 * 1024 * 1024
  /// Per listener and loop.
  public var connectionsMax = 10_000
  /// Per loop: bodies that are being received, and answers that wait for slow clients. Beyond it large ones are refused.
  public var heldBytesMax = 256 * 1024 * 1024
  /// From the first byte of a head to its last.
  public var headTime: Duration = .seconds(10)
  public var bodyTime: Duration = .seconds(30)
  public var idleTime: Duration = .seconds(75)
  /// A client that takes no byte for so long is cut.
  public var writeStallTime: Duration = .seconds(30)
  /// How long a drain waits for open requests and streams.
  public var drainTime: Duration = .seconds(30)

  public init() {}
}

/// What one JSON body may hold.
public struct JSONBodyLimits: Sendable, Equatable {
  public var depthMax = 64
  public var nodesMax = 200_000

  public init() {}
}

/// What the task store keeps, and for how long.
public struct TaskLimits: Sendable, Equatable {
  public var tasksMax = 200_000
  public var bytesMax = 1024 * 1024 * 1024
  public var terminalRetention: Duration = .seconds(24 * 3600)
  public var interruptedRetention: Duration = .seconds(7 * 24 * 3600)
  /// Entries of one task's journal that are kept for replay; older ones remain only in the snapshot.
  public var journalEventsMax = 10_000
  /// All that an agent says in one turn: output, messages, metadata.
  public var outputBytesMax = 64 * 1024 * 1024

  public init() {}
}

/// What one conversation may hold.
public struct ContextLimits: Sendable, Equatable {
  /// Turns that wait while one runs.
  public var waitingTurnsMax = 16
  /// Earlier tasks that an agent is told of.
  public var historyTasksMax = 16
  public var historyBytesMax = 256 * 1024

  public init() {}
}

/// How long one turn may take, and how much it may say.
public struct TurnLimits: Sendable, Equatable {
  public var taskTime: Duration = .seconds(15 * 60)
  public var silence: Duration = .seconds(10 * 60)
  public var events = 10_000
  /// How long an agent may think before its caller is given a task. An agent that answers within this time may answer
  /// with a message and no task.
  public var directReplyWait: Duration = .seconds(1)
  /// A blocking send is answered with the task as it stands after this time; nil waits as long as the task may run.
  public var blockingWait: Duration?
  /// Turns that run at once, per agent.
  public var concurrentTasksMax = 256

  public init() {}
}

/// What one open stream may hold.
public struct StreamLimits: Sendable, Equatable {
  /// Bytes that wait for a slow reader before its stream stops reading the journal.
  public var bufferBytesMax = 256 * 1024
  /// A comment is sent after so much silence, so that proxies and clients see life.
  public var keepAlive: Duration = .seconds(15)

  public init() {}
}

/// What one process of a `command` agent may use.
public struct CommandLimits: Sendable, Equatable {
  public var outputBytesMax = 64 * 1024 * 1024
  public var lineBytesMax = 4 * 1024 * 1024
  public var memoryBytesMax = 2 * 1024 * 1024 * 1024
  /// Between TERM and KILL.
  public var killGrace: Duration = .seconds(5)

  public init() {}
}

extension Duration {
  /// Whole milliseconds, rounded towards zero.
  public var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
