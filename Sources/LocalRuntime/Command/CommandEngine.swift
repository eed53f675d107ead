import Glibc
public import JSON
public import Model
public import Network
public import Telemetry

/// A program that answers messages, one process per turn, in any language. The protocol is described in
/// `LocalRuntime.docc/CommandAgents.md`.
public struct CommandEngine: LocalEngine {
  /// What the program reads from its standard input.
  public enum Input: Sendable, Equatable {
    /// One JSON line with the message and all that belongs to it.
    case json
    /// The text of the message and nothing else: any filter becomes an agent.
    case text
  }

  /// The program and how it is started.
  public struct Program: Sendable, Equatable {
    /// The program and its arguments; not empty. A name without a slash is looked for in the gateway's `PATH`; a
    /// relative path is relative to ``folder``.
    public var command: [String]
    /// Where it runs.
    public var folder: String
    /// Variables beyond those that every program gets (see ``CommandEngine/inheritedVariables``).
    public var environment: [String: String]
    /// Handed to the program with every message; an object.
    public var settings: JSONFragment?
    public var input: Input

    public init(
      command: [String], folder: String = ".", environment: [String: String] = [:], settings: JSONFragment? = nil,
      input: Input = .json
    ) {
      self.command = command
      self.folder = folder
      self.environment = environment
      self.settings = settings
      self.input = input
    }
  }

  /// What one process may use.
  public struct Bounds: Sendable, Equatable {
    /// All that it prints.
    public var outputBytesMax = 64 * 1024 * 1024
    /// One JSON event.
    public var lineBytesMax = 4 * 1024 * 1024
    /// Memory that it may write to (RLIMIT_DATA); each process that it starts may use as much again.
    public var memoryBytesMax = 2 * 1024 * 1024 * 1024
    /// Between TERM and KILL, and how long it may live on when all is said.
    public var killGrace: Duration = .seconds(5)
    /// From its start to its end.
    public var time: Duration = .seconds(15 * 60)

    public init() {}
  }

  /// The variables of the gateway that a program sees; nothing else of the gateway's environment, where secrets are.
  public static let inheritedVariables = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"]

  /// Exit code of a program that refuses the message (EX_DATAERR): the task is rejected.
  public static let rejectedExitCode: Int32 = 65

  public let name: String
  public let program: Program
  public let bounds: Bounds
  private let logger: Logger
  private let inherited: [String: String]

  /// - Parameters:
  ///   - name: The agent's key, for the log and for the generated card.
  ///   - inherited: The gateway's environment, of which only ``inheritedVariables`` are handed on.
  public init(
    name: String, program: Program, bounds: Bounds = Bounds(), logger: Logger,
    inherited: [String: String] = CommandEngine.gatewayEnvironment()
  ) {
    self.name = name
    self.program = program
    self.bounds = bounds
    self.logger = logger.with(["agent": .string(name)])
    self.inherited = inherited
  }

  public var description: EngineDescription {
    EngineDescription(
      name: name, description: "The agent \(name).", version: "1.0.0",
      inputModes: program.input == .text ? ["text/plain"] : ["text/plain", "application/json", "*/*"],
      outputModes: ["text/plain", "application/json", "*/*"],
      skills: [
        AgentSkill(
          id: name, name: name, description: "Answers messages to the agent \(name).", tags: ["agent"])
      ], canStream: true, mayAnswerWithoutTask: true, usesHistory: program.input == .json)
  }

  public func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
  {
    let logger = logger.with(["task": .string(turn.taskID)])
    let input: [UInt8] =
      switch program.input {
      case .json: AgentInput.line(turn, settings: program.settings)
      case .text: Array(AgentInput.text(turn.message).utf8) + [0x0A]
      }
    let image = ProcessImage(
      arguments: program.command, folder: program.folder, environment: environment(of: turn))
    do throws(SystemError) {
      let process = try ChildProcess.start(image)
      process.limitMemory(bytes: bounds.memoryBytesMax)
      let running = CommandTurn(process, input: input, bounds: bounds, loop: loop, logger: logger, emit: emit)
      running.begin()
      return running
    } catch {
      logger.error(
        "The agent's program cannot be started. Check \"command\" and \"cwd\" in its card file, and that it may be run.",
        [
          "program": .string(program.command.first ?? ""), "folder": .string(program.folder),
          "error": .string(error.description),
        ])
      emit(.status(.failed, FailureText.notStarted))
      return EndedTurn()
    }
  }

  private func environment(of turn: Turn) -> [String] {
    var variables = inherited.filter { Self.inheritedVariables.contains($0.key) }
    variables.merge(program.environment) { $1 }
    variables["A2A_AGENT"] = turn.agentKey
    variables["A2A_TASK_ID"] = turn.taskID
    variables["A2A_CONTEXT_ID"] = turn.contextID
    variables["A2A_PRINCIPAL"] = turn.principal
    variables["A2A_CONTINUATION"] = turn.isContinuation ? "1" : "0"
    // A zero byte would end the variable early; none of these may hold one, and what does is left out.
    return variables.filter { !$0.value.utf8.contains(0) && !$0.key.utf8.contains(0) }.map { "\($0.key)=\($0.value)" }
      .sorted()
  }

  /// The variables of this process that programs may see.
  public static func gatewayEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    for name in inheritedVariables {
      // The text is copied at once; nothing in the gateway changes its environment.
      if let value = unsafe getenv(name) { result[name] = unsafe String(cString: value) }
    }
    return result
  }
}
