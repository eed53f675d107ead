import Bytes
import Glibc
import Synchronization

/// Where log lines go. `write` takes one or more whole lines, may be called from any thread, and must neither block nor
/// fail: a log is never a reason to stop serving.
public protocol LogSink: Sendable {
  func write(_ lines: [UInt8])
  /// Opens the file anew, after it was renamed by a log rotation.
  func reopen()
}

extension LogSink {
  public func reopen() {}
}

/// Takes lines and forgets them.
public struct DiscardingSink: LogSink {
  public init() {}
  public func write(_ lines: [UInt8]) {}
}

/// Keeps lines in memory, for tests.
public final class MemorySink: LogSink {
  private let stored = Mutex<[UInt8]>([])

  public init() {}

  public func write(_ lines: [UInt8]) { stored.withLock { $0 += lines } }

  /// The lines so far, without their ends.
  public var lines: [String] {
    stored.withLock { bytes in
      bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}

/// Why a log file could not be opened.
public struct LogFileError: Error, Sendable, CustomStringConvertible {
  var call: StaticString = "open"
  public let path: String
  public let errno: Int32

  public var description: String {
    // strerror returns text that lives on at least until the next call on this thread; it is copied at once.
    "cannot \(call) \(path): \(unsafe String(cString: strerror(errno))) (errno \(errno))"
  }
}

/// Writes lines to a descriptor that it never waits for: not for a full pipe, not for a stopped terminal.
///
/// What the descriptor does not take at once stays in a backlog of at most ``backlogBytesMax`` bytes and goes out with
/// the next write, so no line is torn. Beyond that whole writes are dropped and counted; a line says how many were lost
/// once there is room again. The count is in lines. A reader that went away (EPIPE) or a full disk (ENOSPC) drops too.
public final class FileDescriptorSink: LogSink {
  /// Bytes that wait for a slow reader at most.
  public static let backlogBytesMax = 1_048_576

  private struct State: ~Copyable {
    var descriptor: Int32
    /// Bytes per write: all that waits for a file, little for a pipe.
    var writeBytesMax: Int
    var backlog = ByteBuffer()
    var droppedLines = 0
    /// What went out last ends in the middle of a line.
    var isInsideLine = false
    /// The last write failed, and was told of.
    var hasFailed = false
    var clock = LogTime()

    init(descriptor: Int32) {
      self.descriptor = descriptor
      writeBytesMax = FileDescriptorSink.writeBytesMax(descriptor)
    }
  }

  private let path: String?
  private let onFailure: (@Sendable (LogFileError) -> Void)?
  private let wallMilliseconds: @Sendable () -> Int64
  private let state: Mutex<State>

  /// Takes a descriptor that stays open for the life of the process, such as 1 or 2. Ignores SIGPIPE for the process:
  /// without that, a reader that goes away would end it.
  public init(
    descriptor: Int32, wallMilliseconds: @escaping @Sendable () -> Int64 = systemWallMilliseconds
  ) {
    Self.ignoreBrokenPipes()
    path = nil
    onFailure = nil
    self.wallMilliseconds = wallMilliseconds
    state = Mutex(State(descriptor: descriptor))
  }

  /// Appends to a file, which is made with mode 0640 where it does not exist.
  ///
  /// - Parameter onFailure: hears, from any thread, when the file begins to take no more lines: this log cannot say so.
  public init(
    path: String, wallMilliseconds: @escaping @Sendable () -> Int64 = systemWallMilliseconds,
    onFailure: (@Sendable (LogFileError) -> Void)? = nil
  ) throws(LogFileError) {
    Self.ignoreBrokenPipes()
    self.path = path
    self.onFailure = onFailure
    self.wallMilliseconds = wallMilliseconds
    state = Mutex(State(descriptor: try Self.open(path)))
  }

  deinit {
    if path != nil { state.withLock { _ = close($0.descriptor) } }
  }

  public static let standardError = FileDescriptorSink(descriptor: STDERR_FILENO)
  public static let standardOutput = FileDescriptorSink(descriptor: STDOUT_FILENO)

  public func write(_ lines: [UInt8]) {
    state.withLock { state in
      drain(&state)
      reportDrops(&state)
      if state.backlog.count + lines.count > Self.backlogBytesMax {
        state.droppedLines += lines.count { $0 == 0x0A }
        return
      }
      state.backlog.append(lines)
      drain(&state)
    }
  }

  /// Writes what waits, for at most the given time: for the end of a process.
  public func flush(waitingMilliseconds: Int32 = 500) {
    state.withLock { state in
      drain(&state)
      reportDrops(&state)
      while !state.backlog.isEmpty, Self.isWritable(state.descriptor, waitMilliseconds: waitingMilliseconds) {
        let before = state.backlog.count
        drain(&state)
        if state.backlog.count == before { return }
      }
    }
  }

  /// Opens the file anew; where that fails the old one goes on, and the log says so.
  public func reopen() {
    guard let path else { return }
    do {
      let fresh = try Self.open(path)
      state.withLock { state in
        drain(&state)
        _ = close(state.descriptor)
        state.descriptor = fresh
        state.isInsideLine = false
      }
    } catch {
      Logger(sink: self, wallMilliseconds: wallMilliseconds).error(
        "The log file cannot be opened anew; the old file goes on. Check the folder and its permissions.",
        ["path": .string(path), "error": .string(error.description)])
    }
  }

  private func reportDrops(_ state: inout State) {
    guard state.droppedLines > 0, state.backlog.count < Self.backlogBytesMax / 2 else { return }
    var line = LogLine(reserving: 160)
    line.begin()
    line.time(&state.clock, milliseconds: wallMilliseconds())
    line.field("level", "warning")
    line.field("message", "Log lines were dropped: the reader of this log is too slow, or its disk is full.")
    line.field("dropped_lines", state.droppedLines)
    line.end()
    state.backlog.append(line.bytes)
    state.droppedLines = 0
  }

  private func drain(_ state: inout State) {
    while !state.backlog.isEmpty, Self.isWritable(state.descriptor, waitMilliseconds: 0) {
      let descriptor = state.descriptor
      let chunk = state.backlog.copy(0..<min(state.backlog.count, state.writeBytesMax))
      // The pointer is valid for the call, and the count is that of the array.
      let written = unsafe chunk.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        state.backlog.consume(written)
        state.hasFailed = false
        state.isInsideLine = chunk[written - 1] != 0x0A
      } else if errno == EINTR {
        continue
      } else if errno == EAGAIN {
        return
      } else {
        noteFailure(errno, &state)
        discardBacklog(&state)
        return
      }
    }
  }

  private func noteFailure(_ number: Int32, _ state: inout State) {
    guard let path, let onFailure, !state.hasFailed else { return }
    state.hasFailed = true
    onFailure(LogFileError(call: "write to", path: path, errno: number))
  }

  /// After an error that waiting does not mend. Half a line that is out already gets its end, so that the next one
  /// starts afresh.
  private func discardBacklog(_ state: inout State) {
    let lost = state.backlog.copy(0..<state.backlog.count)
    state.droppedLines += lost.count { $0 == 0x0A }
    state.backlog.clear(keepingCapacity: false)
    if state.isInsideLine { state.backlog.append([0x0A]) }
  }

  /// A pipe takes PIPE_BUF bytes (4096 on Linux) without blocking once poll calls it writable; a file takes anything.
  private static func writeBytesMax(_ descriptor: Int32) -> Int {
    var status = stat()
    // The argument is a local; a descriptor that is not open leaves it zero, which is no regular file.
    _ = unsafe fstat(descriptor, &status)
    return status.st_mode & S_IFMT == S_IFREG ? 262_144 : 4096
  }

  private static func isWritable(_ descriptor: Int32, waitMilliseconds: Int32) -> Bool {
    var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // One local element, and a count of one.
    let ready = unsafe poll(&item, 1, waitMilliseconds)
    // An error condition counts as writable: the write then reports what is wrong.
    return ready > 0
  }

  private static func open(_ path: String) throws(LogFileError) -> Int32 {
    // The string becomes a C string for the call alone.
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw LogFileError(path: path, errno: errno) }
    return descriptor
  }

  private static func ignoreBrokenPipes() {
    // SIG_IGN is a constant, not a function that would have to be safe in a signal handler.
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
