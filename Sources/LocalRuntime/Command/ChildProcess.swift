import CLinux
import Glibc
import Network

/// How a process ended.
enum ProcessExit: Equatable {
  case code(Int32)
  case signal(Int32)
}

/// What to start, with everything resolved.
struct ProcessImage {
  /// The program and its arguments; not empty. A name without a slash is looked for in the gateway's `PATH`.
  var arguments: [String]
  var folder: String
  /// `NAME=value`.
  var environment: [String]
}

/// A started program in a process group of its own, with pipes to its three streams. Whoever owns it closes the
/// descriptors and calls ``end()`` once the process descriptor is readable.
struct ChildProcess {
  let pid: pid_t
  /// Readable once the process has ended.
  let exitDescriptor: Int32
  /// The gateway's ends; none of them blocks.
  let input: Int32
  let output: Int32
  let errors: Int32
  private let groups: ProcessGroups

  /// - Throws: The call that failed; `posix_spawn` where the program or the folder is not there.
  static func start(
    _ image: ProcessImage, groups: ProcessGroups = .ofThisProcess
  ) throws(SystemError) -> ChildProcess {
    let input = try Pipe()
    let output = try closing([input]) { () throws(SystemError) in try Pipe() }
    let errors = try closing([input, output]) { () throws(SystemError) in try Pipe() }
    return try closing([input, output, errors]) { () throws(SystemError) in
      try input.prepareWriter()
      try output.prepareReader()
      try errors.prepareReader()
      let pid = try spawn(image, streams: [input.reader, output.writer, errors.writer])
      let exitDescriptor = linux_open_process(pid)
      guard exitDescriptor >= 0 else {
        let error = SystemError(call: "pidfd_open", errno: errno)
        // Without a descriptor nobody would notice its end: it must not run. It is ours and not waited for, so the
        // number is still its own.
        _ = kill(-pid, SIGKILL)
        _ = waitpid(pid, nil, 0)
        throw error
      }
      for descriptor in [input.reader, output.writer, errors.writer] { _ = close(descriptor) }
      groups.add(pid)
      return ChildProcess(
        pid: pid, exitDescriptor: exitDescriptor, input: input.writer, output: output.reader, errors: errors.reader,
        groups: groups)
    }
  }

  /// Bounds the memory that the process may write to. It cannot have done much yet: it waits for its input.
  func limitMemory(bytes: Int) {
    // Fails only where the process is gone already.
    _ = linux_limit_memory(pid, UInt(bytes))
  }

  /// Sends a signal to the process and to all that it started in its group. Only before ``end()``: a process that has
  /// not been waited for keeps its number, afterwards the number may be another's.
  func signalGroup(_ signal: Int32) { _ = kill(-pid, signal) }

  /// Ends what is left of the group, and waits for the process, which has ended already or is ended by this.
  func end() -> ProcessExit {
    signalGroup(SIGKILL)
    groups.remove(pid)
    var status: Int32 = 0
    // Nothing survives KILL, so this does not block for long; `status` is a local.
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? .code(status >> 8 & 0xFF) : .signal(signal)
  }

  private static func closing<R>(_ pipes: [Pipe], _ body: () throws(SystemError) -> R) throws(SystemError) -> R {
    do throws(SystemError) {
      return try body()
    } catch {
      for pipe in pipes {
        _ = close(pipe.reader)
        _ = close(pipe.writer)
      }
      throw error
    }
  }

  private static func spawn(_ image: ProcessImage, streams: [Int32]) throws(SystemError) -> pid_t {
    var pid: pid_t = 0
    // All pointers are to locals and to strings that live until the call is over; the child works on copies.
    let result = unsafe withCStrings(image.arguments) { arguments in
      unsafe withCStrings(image.environment) { environment in
        unsafe linux_spawn(&pid, image.folder, arguments, environment, streams)
      }
    }
    guard result == 0 else { throw SystemError(call: "posix_spawn", errno: result) }
    return pid
  }

  /// Calls `body` with a null-terminated list of C strings.
  private static func withCStrings(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
  ) -> Int32 {
    // Each copy is freed below, after the only use of the list.
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return EINVAL }
      return unsafe body(base)
    }
  }
}

/// A pipe of which the gateway keeps one end.
private struct Pipe {
  let reader: Int32
  let writer: Int32

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    // Two elements, as pipe(2) fills in.
    guard unsafe pipe(&ends) == 0 else { throw SystemError(call: "pipe", errno: errno) }
    reader = ends[0]
    writer = ends[1]
  }

  func prepareReader() throws(SystemError) { try Pipe.prepare(reader) }
  func prepareWriter() throws(SystemError) { try Pipe.prepare(writer) }

  /// Only the gateway's end: whether it blocks is a matter of each end, and programs expect theirs to block.
  private static func prepare(_ descriptor: Int32) throws(SystemError) {
    guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
      throw SystemError(call: "fcntl", errno: errno)
    }
  }
}
