internal import Configuration
internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Network
internal import Synchronization

/// The folder of what must outlive the gateway: small files, each written whole or not at all, even if the machine stops in
/// between. One gateway owns it as long as it runs; nobody else may look in (mode 0700, files 0600).
///
/// All methods block; ``perform(_:then:)`` runs them on the folder's own thread, one after the other.
final class StateDirectory: Sendable {
  let path: String
  /// Holds the lock that says whose the folder is; -1 once it was given back.
  private let lock: Mutex<Int32>
  private let queue = DispatchQueue(label: "state")

  /// Bytes of one file at most.
  static let fileBytesMax = 4 * 1024 * 1024
  /// How often, and after what time each, a folder that somebody has is asked for: a quarter of a second in all.
  private static let lockAttemptsMax = 10
  private static let lockRetryMicroseconds: UInt32 = 25_000
  /// Files of one folder at most.
  static let filesMax = 100_000

  /// Makes the folder where it is missing, and takes it.
  ///
  /// - Throws: ``StartError`` saying what to do: the folder cannot be made or written, or another gateway has it.
  init(path: String) throws(StartError) {
    self.path = path
    let descriptor: Int32
    do throws(SystemError) {
      try StateDirectory.makeFolder(path)
      descriptor = try StateDirectory.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC)
    } catch {
      throw StartError("the state folder \(path) cannot be used: \(error); state.dir names another")
    }
    lock = Mutex(descriptor)
    // What was opened is closed by `deinit`.
    guard StateDirectory.lock(descriptor) else {
      throw StartError("the state folder \(path) belongs to another running gateway; state.dir names another")
    }
  }

  // Nothing is under way when nobody holds the folder any more; and it may be its own thread that was the last to.
  deinit { unlock() }

  /// Finishes what is under way and gives the folder back to whoever wants it next. Nothing is to be written afterwards.
  func release() { queue.sync { unlock() } }

  private func unlock() {
    lock.withLock { descriptor in
      if descriptor >= 0 { _ = close(descriptor) }
      descriptor = -1
    }
  }

  /// The folder that the configuration names. One that nobody has asked for by name is done without where it cannot be used:
  /// then `warn` gets the reason, and nothing is kept.
  static func open(
    _ configuration: StateConfiguration, warn: (String) -> Void
  ) throws(StartError) -> StateDirectory? {
    if let named = named(configuration) { return try StateDirectory(path: named) }
    do throws(StartError) {
      return try StateDirectory(path: defaultFolder)
    } catch {
      warn(error.description)
      return nil
    }
  }

  private static let defaultFolder = ".a2a-gateway"

  /// What somebody has asked for by name.
  private static func named(_ configuration: StateConfiguration) -> String? {
    let named = configuration.folder ?? ProcessInfo.processInfo.environment["STATE_DIRECTORY"] ?? ""
    return named.isEmpty ? nil : named
  }

  /// Where a gateway with this configuration keeps its state.
  static func folder(_ configuration: StateConfiguration) -> String { named(configuration) ?? defaultFolder }

  // MARK: Files

  /// - Parameter name: such as `agents/echo.json`, of our own making; folders above it are made.
  /// - Returns: nil where there is no such file.
  func read(_ name: String) throws(SystemError) -> [UInt8]? {
    let file = path + "/" + name
    guard unsafe access(file, F_OK) == 0 else {
      if errno == ENOENT { return nil }
      throw SystemError(call: "access", errno: errno)
    }
    do {
      return try BoundedFile.read(file, bytesMax: StateDirectory.fileBytesMax)
    } catch {
      throw SystemError(call: "read", errno: EIO)
    }
  }

  /// Puts the bytes in place of what the file held. When this returns they are on the disk; when it throws, or the machine
  /// stops before, the file is as it was.
  func write(_ bytes: [UInt8], to name: String) throws(SystemError) {
    let file = path + "/" + name
    let folder = Path.folder(of: file)
    try StateDirectory.makeFolder(folder)
    let temporary = file + ".new"
    let descriptor = try StateDirectory.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
    do throws(SystemError) {
      defer { _ = close(descriptor) }
      try StateDirectory.write(bytes, to: descriptor)
      guard fsync(descriptor) == 0 else { throw SystemError(call: "fsync", errno: errno) }
      guard unsafe rename(temporary, file) == 0 else { throw SystemError(call: "rename", errno: errno) }
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
    try StateDirectory.syncFolder(folder)
  }

  /// Removes a file, on the disk too; one that is not there is no error.
  func remove(_ name: String) throws(SystemError) {
    let file = path + "/" + name
    guard unsafe unlink(file) == 0 else {
      if errno == ENOENT { return }
      throw SystemError(call: "unlink", errno: errno)
    }
    try StateDirectory.syncFolder(Path.folder(of: file))
  }

  /// The names of the files of a folder that end so, in order; what was left half written is not among them.
  func names(in folder: String, suffix: String) -> [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []
    return all.filter { $0.hasSuffix(suffix) }.sorted().prefix(StateDirectory.filesMax).map { "\(folder)/\($0)" }
  }

  // MARK: Elsewhere

  /// Runs `body` on the folder's thread, after all that was given before, and hands its result to the loop of `reply`.
  func perform<Result: Sendable>(
    _ body: @escaping @Sendable (StateDirectory) -> Result, then reply: Reply<Result>
  ) {
    queue.async { reply.send(body(self)) }
  }

  /// Runs `body` on the folder's thread after a while, unless the process has ended by then.
  func later(_ delay: DispatchTimeInterval, _ body: @escaping @Sendable () -> Void) {
    queue.asyncAfter(deadline: .now() + delay, execute: body)
  }

  /// Opens a file for adding to its end; folders above it are made.
  func openLog(_ name: String) throws(SystemError) -> Int32 {
    let file = path + "/" + name
    try StateDirectory.makeFolder(Path.folder(of: file))
    return try StateDirectory.open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)
  }

  // MARK: System calls

  /// Whoever had the folder may be about to let go of it: a gateway that ends, or a program that one has just started and
  /// that holds a copy of its descriptors for the moment until it runs.
  private static func lock(_ descriptor: Int32) -> Bool {
    for attempt in 0..<lockAttemptsMax {
      if attempt > 0 { usleep(lockRetryMicroseconds) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    }
    return false
  }

  // Paths become C strings for the length of each call.

  private static func makeFolder(_ path: String) throws(SystemError) {
    if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT else { throw SystemError(call: "mkdir", errno: errno) }
    let above = Path.folder(of: path)
    guard above != path, above != "." else { throw SystemError(call: "mkdir", errno: ENOENT) }
    try makeFolder(above)
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError(call: "mkdir", errno: errno) }
  }

  private static func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
    let descriptor = unsafe Glibc.open(path, flags, 0o600)
    guard descriptor >= 0 else { throw SystemError(call: "open", errno: errno) }
    return descriptor
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // The buffer is the slice itself, and write reads no more than its count.
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError(call: "write", errno: errno)
      }
      rest = rest.dropFirst(count)
    }
  }

  private static func syncFolder(_ folder: String) throws(SystemError) {
    let descriptor = try open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SystemError(call: "fsync", errno: errno) }
  }
}
