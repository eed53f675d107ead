import Bytes
import Foundation
import JSON
import Model
import Network
import Telemetry
import Testing

@testable import LocalRuntime

/// A loop, an engine that runs a shell script, and all that its turn has emitted.
private final class Stage {
  let loop: EventLoop
  let time: ManualTime?
  let log = MemorySink()
  var events: [TurnEvent] = []
  private var turns: [CommandTurn] = []

  /// With a manual clock, timers run only when the test says so.
  init(manualTime: Bool = false) throws {
    time = manualTime ? ManualTime() : nil
    loop = try EventLoop(time: time ?? SystemTime())
  }

  /// Waits for what was started: the exit tests of this program wait for any child, and do so for ever while one that
  /// has ended is not waited for.
  deinit {
    for turn in turns { turn.cancel() }
    let deadline = ContinuousClock.now + .seconds(20)
    while exitCount < turns.count, ContinuousClock.now < deadline {
      time?.advance(by: .seconds(6))
      loop.runOnce(maxWait: .milliseconds(50))
    }
  }

  private var exitCount: Int {
    log.lines.count { $0.contains("process ended") || $0.contains("process was ended") }
  }

  func start(
    _ command: [String], text: String = "hello", folder: String = "/", input: CommandEngine.Input = .json,
    bounds: CommandEngine.Bounds = CommandEngine.Bounds(), environment: [String: String] = [:],
    settings: JSONFragment? = nil, history: [Message] = []
  ) -> any RunningTurn {
    let program = CommandEngine.Program(
      command: command, folder: folder, environment: environment, settings: settings, input: input)
    let engine = CommandEngine(
      name: "test", program: program, bounds: bounds, logger: Logger(level: .trace, sink: log),
      inherited: ["PATH": "/usr/bin:/bin", "SECRET": "s3cret"])
    let message = Message(messageID: "m1", role: .user, parts: [.text(text)])
    let turn = Turn(
      owner: TaskOwner(principal: "partner", agentKey: "test"), taskID: "T1", contextID: "C1", message: message,
      past: TurnPast(history: history))
    let running = engine.start(turn, on: loop) { [unowned self] in events.append($0) }
    if let running = running as? CommandTurn { turns.append(running) }
    return running
  }

  /// Turns the loop until the condition holds. The bound is for a broken build only.
  func run(until condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    let deadline = ContinuousClock.now + .seconds(20)
    while !condition(), ContinuousClock.now < deadline { loop.runOnce(maxWait: .milliseconds(50)) }
    #expect(condition(), "waited in vain", sourceLocation: sourceLocation)
  }

  func runToEnd(sourceLocation: SourceLocation = #_sourceLocation) {
    run(until: { events.last?.endsTurn == true }, sourceLocation: sourceLocation)
  }

  /// Until the log says that the process is gone.
  func runToExit(sourceLocation: SourceLocation = #_sourceLocation) {
    run(until: { exitCount > 0 }, sourceLocation: sourceLocation)
  }

  /// The text of all artifacts, joined.
  var output: String {
    events.map { event in
      guard case .artifact(let artifact, _, _, _) = event else { return "" }
      return artifact.parts.map { if case .text(let text) = $0.content { text.string } else { "" } }.joined()
    }.joined()
  }

  var last: TurnEvent? { events.last }
  var logText: String { log.lines.joined(separator: "\n") }
}

private func sh(_ script: String) -> [String] { ["sh", "-c", script] }

@Suite(.timeLimit(.minutes(2))) struct CommandEngineTests {
  @Test func plainOutputBecomesAnArtifactAndACompletedTask() throws {
    let stage = try Stage()
    _ = stage.start(sh("cat >/dev/null; echo Hello; echo World"))
    stage.runToEnd()
    #expect(stage.output == "Hello\nWorld")
    #expect(stage.last == .status(.completed))
  }

  @Test func textModeMakesAnyFilterAnAgent() throws {
    let stage = try Stage()
    _ = stage.start(["tr", "a-z", "A-Z"], text: "grüße\nyou", input: .text)
    stage.runToEnd()
    #expect(stage.output == "GRüßE\nYOU")
    #expect(stage.last == .status(.completed))
  }

  @Test func theProgramReadsOneLineWithEverything() throws {
    let stage = try Stage()
    let history = [Message(messageID: "m0", role: .agent, parts: [.text("before")])]
    _ = stage.start(
      ["cat"], text: "say \"é\"\n", settings: JSONFragment(["model": "small"]), history: history)
    stage.runToEnd()
    let input = try JSONDocument.parse(Array(stage.output.utf8)).root
    #expect(!stage.output.contains("\n"))
    #expect(input["protocol"]?.int64 == 1)
    #expect(input["agent"]?.string == "test")
    #expect(input["taskId"]?.string == "T1")
    #expect(input["contextId"]?.string == "C1")
    #expect(input["messageId"]?.string == "m1")
    #expect(input["principal"]?.string == "partner")
    #expect(input["continuation"]?.bool == false)
    #expect(input["text"]?.string == "say \"é\"\n")
    #expect(input["settings"]?["model"]?.string == "small")
    #expect(input["message"]?["role"]?.string == "user")
    var roles: [String?] = []
    input["history"]?.forEachElement { roles.append($0["role"]?.string) }
    #expect(roles == ["agent"])
  }

  @Test func aLargeMessageIsFedInPieces() throws {
    let stage = try Stage()
    let text = String(repeating: "0123456789abcdef", count: 200_000)
    _ = stage.start(["wc", "-c"], text: text, input: .text)
    stage.runToEnd()
    #expect(stage.output.trimmingCharacters(in: .whitespaces) == "3200001")
  }

  @Test func theEnvironmentHoldsWhatIsAllowedAndNothingElse() throws {
    let stage = try Stage()
    _ = stage.start(["env"], environment: ["COLOR": "blue"])
    stage.runToEnd()
    let names = Set(stage.output.split(separator: "\n").map { $0.prefix { $0 != "=" } })
    #expect(
      names == ["A2A_AGENT", "A2A_CONTEXT_ID", "A2A_CONTINUATION", "A2A_PRINCIPAL", "A2A_TASK_ID", "COLOR", "PATH"])
  }

  @Test func theProgramHasThreeDescriptorsAndNoSignalIsIgnored() throws {
    let stage = try Stage()
    _ = stage.start(sh("ls /proc/$$/fd | tr '\\n' ' '; grep -E 'SigIgn|SigBlk' /proc/$$/status | tr -s '\\t\\n' ' '"))
    stage.runToEnd()
    #expect(stage.output.hasPrefix("0 1 2 "))
    #expect(stage.output.contains("SigBlk: 0000000000000000"))
    // Bits 31 and 32 are two signals of the C library itself, which cannot be set back.
    let ignored = try #require(stage.output.split(separator: " ").last.flatMap { UInt64($0, radix: 16) })
    #expect(ignored & 0x7FFF_FFFF == 0)
  }

  @Test func eventsArriveWhileTheProgramRuns() throws {
    let stage = try Stage(manualTime: true)
    _ = stage.start(
      sh(#"echo '{"type":"status","state":"working","text":"one"}'; cat /proc/self/stat >/dev/null; exec sleep 600"#))
    stage.run(until: { !stage.events.isEmpty })
    #expect(stage.events == [.status(.working, "one")])
    #expect(!stage.logText.contains("The agent's process"))
  }

  @Test(arguments: [
    ("exit 1", TaskState.failed), ("exit 65", .rejected), ("exit 0", .completed), ("kill -9 $$", .failed),
    ("echo '{\"type\":\"status\",\"state\":\"working\"}'; exit 3", .failed),
    ("echo '{\"type\":\"status\",\"state\":\"completed\"}'; exit 3", .completed),
  ])
  func exitCodesAreMapped(_ script: String, _ state: TaskState) throws {
    let stage = try Stage()
    _ = stage.start(sh(script))
    stage.runToEnd()
    guard case .status(let last, _, _) = stage.last else {
      Issue.record("no status")
      return
    }
    #expect(last == state)
    stage.runToExit()
    #expect(stage.events.filter(\.endsTurn).count == 1)
  }

  @Test func nothingInternalReachesTheCaller() throws {
    let stage = try Stage()
    _ = stage.start(sh("echo /etc/private/path >&2; echo partial; exit 9"))
    stage.runToEnd()
    #expect(stage.last == .status(.failed, "The agent failed."))
    #expect(stage.output == "partial")
    stage.runToExit()
    #expect(stage.logText.contains("/etc/private/path"))
    #expect(stage.logText.contains("\"exit_code\":9"))
    #expect(stage.logText.contains("\"task\":\"T1\""))
  }

  @Test(arguments: [["/nowhere/agent"], ["no-such-program-here"], ["./agent.sh"]])
  func aProgramThatIsNotThereFailsTheTaskAndTellsTheOperator(_ command: [String]) throws {
    let stage = try Stage()
    _ = stage.start(command)
    #expect(stage.events == [.status(.failed, "The agent could not be started.")])
    #expect(stage.logText.contains("No such file or directory"))
    #expect(stage.logText.contains(command[0].split(separator: "/").last ?? "?"))
  }

  @Test func aFolderThatIsNotThereFailsTheTask() throws {
    let stage = try Stage()
    _ = stage.start(sh("echo hi"), folder: "/nowhere")
    #expect(stage.events == [.status(.failed, "The agent could not be started.")])
  }

  @Test func aProgramThatHangsRunsIntoItsTime() throws {
    let stage = try Stage(manualTime: true)
    _ = stage.start(sh("echo begun; exec sleep 600"))
    stage.run(until: { !stage.events.isEmpty })
    stage.time?.advance(by: .seconds(16 * 60))
    stage.runToEnd()
    #expect(stage.last == .status(.failed, "The agent took too long."))
    stage.runToExit()
    #expect(stage.logText.contains("\"signal\":15"))
  }

  @Test func cancelSendsTermToTheWholeGroupAndEmitsNothing() throws {
    let stage = try Stage(manualTime: true)
    let turn = stage.start(sh("sleep 600 & echo $!; wait"))
    stage.run(until: { stage.output.contains { $0.isNumber } })
    let child = try #require(pid_t(stage.output))
    let before = stage.events
    turn.cancel()
    turn.cancel()
    stage.runToExit()
    #expect(stage.events == before)
    #expect(stage.logText.contains("\"signal\":15"))
    // The grandchild is gone too: at most its entry waits to be collected by init.
    stage.run(until: { isGone(child) })
  }

  @Test func aProgramThatIgnoresTermIsKilled() throws {
    let stage = try Stage(manualTime: true)
    let turn = stage.start(sh("trap '' TERM; echo ready; while :; do sleep 600; done"))
    stage.run(until: { stage.output == "ready" })
    turn.cancel()
    stage.time?.advance(by: .seconds(6))
    stage.runToExit()
    #expect(stage.logText.contains("\"signal\":9"))
  }

  @Test func aFloodIsCut() throws {
    let stage = try Stage()
    var bounds = CommandEngine.Bounds()
    bounds.outputBytesMax = 1_000_000
    _ = stage.start(["yes"], bounds: bounds)
    stage.runToEnd()
    #expect(stage.last == .status(.failed, "The agent's answer is too long."))
    #expect(stage.output.utf8.count <= 1_000_000)
    stage.runToExit()
  }

  @Test func garbageAmongEventsFailsTheTask() throws {
    let stage = try Stage()
    _ = stage.start(
      sh("echo '{\"type\":\"status\",\"state\":\"working\"}'; echo 'Traceback (most recent call last)'; exec sleep 600")
    )
    stage.runToEnd()
    #expect(stage.last == .status(.failed, "The agent's answer could not be understood."))
    stage.runToExit()
    #expect(stage.logText.contains("\"line\":2"))
  }

  @Test func aFloodOnStandardErrorIsBoundedInTheLog() throws {
    let stage = try Stage()
    _ = stage.start(sh("yes noise | head -5000 >&2; echo fine"))
    stage.runToEnd()
    #expect(stage.output == "fine")
    stage.runToExit()
    #expect(stage.log.lines.count { $0.contains("noise") } <= ErrorLines.linesMax)
    #expect(stage.logText.contains("\"lines\":\(5000 - ErrorLines.linesMax)"))
  }

  @Test func aProgramThatClosesItsOutputAndLivesOnIsEnded() throws {
    let stage = try Stage(manualTime: true)
    _ = stage.start(sh("echo answer; exec sleep 600 >&- 2>&-"))
    stage.run(until: { stage.events.contains { if case .artifact(_, _, true, _) = $0 { true } else { false } } })
    #expect(stage.last?.endsTurn == false)
    stage.time?.advance(by: .seconds(6))
    stage.runToEnd()
    #expect(stage.last == .status(.failed, "The agent failed."))
    stage.runToExit()
  }

  @Test func theArtifactIsClosedOnceWhenTheOutputEndsBeforeTheProcess() throws {
    let stage = try Stage()
    _ = stage.start(sh("echo answer; exec >&-; sleep 0.05"))
    stage.runToEnd()
    #expect(stage.events.count { if case .artifact(_, _, true, _) = $0 { true } else { false } } == 1)
    #expect(stage.last == .status(.completed))
  }

  @Test func whatIsLeftOfAgentsWhenTheGatewayExitsIsKilled() throws {
    let groups = ProcessGroups()
    let image = ProcessImage(
      arguments: sh("trap '' TERM; echo ready; sleep 600"), folder: "/", environment: ["PATH=/usr/bin:/bin"])
    let process = try ChildProcess.start(image, groups: groups)
    defer {
      for descriptor in [process.input, process.output, process.errors, process.exitDescriptor] { close(descriptor) }
    }
    groups.endAll()
    var item = pollfd(fd: process.exitDescriptor, events: Int16(POLLIN), revents: 0)
    // One local element, and a count of one.
    #expect(unsafe poll(&item, 1, 20_000) == 1)
    #expect(process.end() == .signal(SIGKILL))
  }

  @Test func aChildThatKeepsTheOutputOpenDoesNotHoldTheTurn() throws {
    let stage = try Stage(manualTime: true)
    _ = stage.start(sh("sleep 600 & echo $!"))
    stage.runToEnd()
    #expect(stage.last == .status(.completed))
    let child = try #require(pid_t(stage.output))
    stage.run(until: { isGone(child) })
  }

  @Test func aProgramThatLivesOnAfterItsLastEventIsEnded() throws {
    let stage = try Stage(manualTime: true)
    _ = stage.start(sh("echo '{\"type\":\"status\",\"state\":\"completed\"}'; exec sleep 600"))
    stage.runToEnd()
    #expect(stage.last == .status(.completed))
    stage.time?.advance(by: .seconds(6))
    stage.runToExit()
    #expect(stage.logText.contains("\"signal\":15"))
  }

  @Test func memoryIsBounded() throws {
    let stage = try Stage()
    var bounds = CommandEngine.Bounds()
    bounds.memoryBytesMax = 64 << 20
    _ = stage.start(
      ["python3", "-c", "import sys; sys.stdin.read(); b = bytearray(200 << 20); print('got it')"], bounds: bounds)
    stage.runToEnd()
    #expect(stage.last == .status(.failed, "The agent failed."))
    #expect(stage.output == "")
    stage.runToExit()
    #expect(stage.logText.contains("MemoryError"))
  }

  @Test func noDescriptorStaysOpen() throws {
    let stage = try Stage()
    func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    // Other tests of this process open descriptors too; those of this loop are what is measured, so many turns are run.
    let before = try count()
    for _ in 0..<100 {
      stage.events = []
      _ = stage.start(sh("echo x"))
      stage.runToEnd()
    }
    #expect(try count() < before + 100)
  }
}

private func isGone(_ pid: pid_t) -> Bool {
  guard kill(pid, 0) == 0 else { return true }
  let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
  return status.isEmpty || status.contains(") Z ")
}

@Suite struct EchoAndClockTests {
  private func run(_ engine: any LocalEngine, _ parts: [Part], at milliseconds: Int64 = 0) throws -> [TurnEvent] {
    let loop = try EventLoop(time: ManualTime(wallMilliseconds: milliseconds))
    var events: [TurnEvent] = []
    let message = Message(messageID: "m", role: .user, parts: parts)
    let turn = Turn(
      owner: TaskOwner(principal: "p", agentKey: "a"), taskID: "t", contextID: "c", message: message)
    engine.start(turn, on: loop) { events.append($0) }.cancel()
    return events
  }

  @Test func echoReturnsEveryPartAsItCame() throws {
    let parts = [
      Part.text("hi"), Part(.raw("aGk="), mediaType: "image/png", filename: "a.png"), Part(.url("https://e.example/")),
      Part(.data(JSONFragment(["a": 1])), metadata: JSONFragment(["b": 2])),
    ]
    #expect(
      try run(EchoEngine(), parts) == [
        .artifact(
          Artifact(artifactID: "echo", name: "echo", parts: parts), append: false, lastChunk: true, metadata: nil),
        .status(.completed),
      ])
  }

  @Test(arguments: [
    (1_795_228_945_596, "It is Saturday, 2026-11-21, 02:42:25 UTC."), (0, "It is Thursday, 1970-01-01, 00:00:00 UTC."),
    (-1, "It is Wednesday, 1969-12-31, 23:59:59 UTC."),
  ])
  func clockTellsTheTimeOfTheLoop(_ milliseconds: Int64, _ text: String) throws {
    let events = try run(ClockEngine(), [.text("What time is it?")], at: milliseconds)
    guard case .artifact(let artifact, false, true, _) = events.first else {
      Issue.record("no artifact")
      return
    }
    #expect(artifact.parts == [.text(text)])
    #expect(events.last == .status(.completed))
  }
}
