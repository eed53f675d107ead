import Glibc
import Model
import Network
import Telemetry

/// One process at work on one message: feeds it, reads what it says, and sees to its end. Lives on the loop of its
/// request; the loop's handlers keep it until the process has ended.
final class CommandTurn: RunningTurn {
  private static let readBytesMax = 65_536
  /// Reads per event, so that a program that floods does not keep the loop from others.
  private static let readsMax = 4
  /// What a pipe can still hold when its writer is gone (the most that an unprivileged process may ask for).
  private static let leftoverBytesMax = 1_048_576

  private let process: ChildProcess
  private let bounds: CommandEngine.Bounds
  private let loop: EventLoop
  private let logger: Logger
  /// nil once the turn has ended for its caller.
  private var emit: ((consuming TurnEvent) -> Void)?
  private var input: [UInt8]
  private var inputOffset = 0
  private var isParserFinished = false
  private var parser: AgentOutputParser
  private var errorLines = ErrorLines()
  private var isInputOpen = true
  private var isOutputOpen = true
  private var areErrorsOpen = true
  private var isTerminating = false
  /// The bound on the time, or what becomes of a process that outlives its turn.
  private var timer: Timer?

  init(
    _ process: ChildProcess, input: [UInt8], bounds: CommandEngine.Bounds, loop: EventLoop, logger: Logger,
    emit: @escaping (consuming TurnEvent) -> Void
  ) {
    self.process = process
    self.input = input
    self.bounds = bounds
    self.loop = loop
    self.logger = logger
    self.emit = emit
    parser = AgentOutputParser(lineBytesMax: bounds.lineBytesMax, outputBytesMax: bounds.outputBytesMax)
  }

  func begin() {
    do throws(SystemError) {
      try loop.add(process.exitDescriptor, .read, DescriptorHandler { [self] in processEnded() })
      try loop.add(process.output, .read, DescriptorHandler { [self] in readOutput() })
      try loop.add(process.errors, .read, DescriptorHandler { [self] in readErrors() })
      try loop.add(process.input, .write, DescriptorHandler { [self] in writeInput() })
    } catch {
      // Out of memory or of watches. The process may not even be watched for its end: end it here and now.
      logger.error("The agent's process cannot be watched.", ["error": .string(error.description)])
      _ = process.end()
      release()
      finish(.status(.failed, FailureText.failed))
      return
    }
    timer = loop.schedule(after: bounds.time) { [self] in
      logger.warning(
        "The agent's process ran into its time limit.", ["limit_s": .int(Int(bounds.time.components.seconds))])
      fail(FailureText.tookTooLong)
    }
  }

  func cancel() {
    guard emit != nil else { return }
    emit = nil
    terminate()
  }

  // MARK: The streams

  private func writeInput() {
    while inputOffset < input.count {
      let count = min(input.count - inputOffset, Self.readBytesMax)
      let (descriptor, offset) = (process.input, inputOffset)
      // The slice lies within the array, which does not change during the call.
      let written = unsafe input.withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress.map { unsafe $0 + offset }, count)
      }
      if written > 0 {
        inputOffset += written
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        // A program need not read what it is told (EPIPE).
        break
      }
    }
    closeInput()
  }

  private func readOutput() {
    for _ in 0..<Self.readsMax where isOutputOpen {
      guard let bytes = read(process.output) else { return }
      if bytes.isEmpty {
        closeOutput()
        outputEnded()
      } else {
        take(bytes)
      }
    }
  }

  private func readErrors() {
    for _ in 0..<Self.readsMax where areErrorsOpen {
      guard let bytes = read(process.errors) else { return }
      if bytes.isEmpty {
        closeErrors()
      } else {
        errorLines.receive(bytes, logError)
      }
    }
  }

  /// nil where there is nothing now; empty at the end.
  private func read(_ descriptor: Int32) -> [UInt8]? {
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.readBytesMax) { buffer, count in
      // The buffer is as large as its count says, and read initialises as many bytes as it returns.
      let result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      failure = result < 0 ? errno : 0
      count = max(0, result)
    }
    return failure == EAGAIN || failure == EINTR ? nil : bytes
  }

  private func logError(_ line: String) {
    logger.info("The agent wrote to standard error.", ["line": .string(line)])
  }

  // MARK: What the program says

  private func take(_ bytes: [UInt8]) {
    do throws(AgentOutputFault) {
      try parser.receive(bytes) { deliver($0) }
    } catch {
      refuse(error)
    }
  }

  private func deliver(_ event: TurnEvent) {
    if event.endsTurn { finish(event) } else { emit?(event) }
  }

  private func refuse(_ fault: AgentOutputFault) {
    switch fault {
    case .outputTooLong:
      logger.warning("The agent printed more than it may.", ["limit_bytes": .int(bounds.outputBytesMax)])
      fail(FailureText.saidTooMuch)
    case .lineTooLong(let line):
      logger.warning(
        "The agent printed a longer line than it may.", ["limit_bytes": .int(bounds.lineBytesMax), "line": .int(line)])
      fail(FailureText.saidTooMuch)
    case .protocolBroken(let line, let reason):
      logger.warning(
        "The agent printed something that is no event. Anything but events belongs on standard error.",
        ["line": .int(line), "reason": .string(reason)])
      fail(FailureText.notUnderstood)
    }
  }

  /// The output is complete, the process may still run. Its exit code decides; it must come soon.
  private func outputEnded() {
    finishParser()
    guard emit != nil else { return }
    restartTimer(bounds.killGrace) { [self] in
      logger.warning("The agent closed its output and did not end.")
      fail(FailureText.failed)
    }
  }

  /// Once: at the end of the output, or of the process where others hold the output open.
  private func finishParser() {
    guard !isParserFinished else { return }
    isParserFinished = true
    do throws(AgentOutputFault) {
      try parser.finish { deliver($0) }
    } catch {
      refuse(error)
    }
  }

  // MARK: The end

  /// The process has ended. What it said before is still in the pipe; processes that it left behind may hold the other
  /// end open, so the end of the pipe is not waited for.
  private func processEnded() {
    let exit = process.end()
    var leftover = Self.leftoverBytesMax
    while isOutputOpen, emit != nil, leftover > 0, let bytes = read(process.output), !bytes.isEmpty {
      leftover -= bytes.count
      take(bytes)
    }
    leftover = Self.leftoverBytesMax
    while areErrorsOpen, leftover > 0, let bytes = read(process.errors), !bytes.isEmpty {
      leftover -= bytes.count
      errorLines.receive(bytes, logError)
    }
    if emit != nil { finishParser() }
    release()
    report(exit)
    conclude(exit)
  }

  private func report(_ exit: ProcessExit) {
    errorLines.finish(logError)
    if errorLines.droppedLines > 0 {
      logger.warning("The agent wrote more to standard error than is logged.", ["lines": .int(errorLines.droppedLines)])
    }
    switch exit {
    case .code(0): logger.debug("The agent's process ended.")
    case .code(let code):
      logger.warning("The agent's process ended with an exit code.", ["exit_code": .int(Int(code))])
    case .signal(let signal):
      logger.warning(
        "The agent's process was ended by a signal.",
        ["signal": .int(Int(signal)), "by_gateway": .bool(isTerminating)])
    }
  }

  /// What the exit code means for a turn that the program has not ended itself.
  private func conclude(_ exit: ProcessExit) {
    switch exit {
    case .code(0): finish(.status(.completed))
    case .code(CommandEngine.rejectedExitCode): finish(.status(.rejected, FailureText.refused))
    case .code, .signal: finish(.status(.failed, FailureText.failed))
    }
  }

  /// Ends the turn with its last event. The process, if it still runs, may tidy up for a while.
  private func finish(_ event: TurnEvent) {
    guard let emit else { return }
    self.emit = nil
    if isWatched { restartTimer(bounds.killGrace) { [self] in terminate() } }
    emit(event)
  }

  private func fail(_ answer: String) {
    finish(.status(.failed, answer))
    terminate()
  }

  /// TERM now, KILL after the grace.
  private func terminate() {
    guard isWatched, !isTerminating else { return }
    isTerminating = true
    closeInput()
    closeOutput()
    process.signalGroup(SIGTERM)
    restartTimer(bounds.killGrace) { [process] in process.signalGroup(SIGKILL) }
  }

  // MARK: Descriptors and timer

  /// Until the process has been waited for.
  private var isWatched = true

  private func release() {
    isWatched = false
    if let timer { loop.cancel(timer) }
    timer = nil
    closeInput()
    closeOutput()
    closeErrors()
    close(process.exitDescriptor)
  }

  private func closeInput() {
    guard isInputOpen else { return }
    isInputOpen = false
    input = []
    close(process.input)
  }

  private func closeOutput() {
    guard isOutputOpen else { return }
    isOutputOpen = false
    close(process.output)
  }

  private func closeErrors() {
    guard areErrorsOpen else { return }
    areErrorsOpen = false
    close(process.errors)
  }

  private func close(_ descriptor: Int32) {
    loop.remove(descriptor)
    _ = Glibc.close(descriptor)
  }

  private func restartTimer(_ duration: Duration, _ body: @escaping () -> Void) {
    if let timer { loop.cancel(timer) }
    timer = loop.schedule(after: duration, body)
  }
}

/// Passes the events of one descriptor on.
private final class DescriptorHandler: EventHandler {
  private let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }

  func ready(_ events: ReadyEvents, on loop: EventLoop) { body() }
}
