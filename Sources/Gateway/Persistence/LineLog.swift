internal import Bytes
internal import Configuration
internal import Dispatch
internal import Glibc
internal import Network
internal import Synchronization

/// A log in the state folder that grows line by line and remembers the newest lines. When ``append(_:)`` returns, the line is
/// with the system, so that a killed process loses none; the folder's thread brings it to the disk within a second. A line
/// that was cut off by a crash is passed over.
///
/// Two files take turns: when one is full it takes the place of the one before it. So between one and two files' worth of
/// lines is there.
final class LineLog: Sendable {
  private struct File {
    /// -1 while there is none.
    var descriptor: Int32 = -1
    var lines = 0
    var bytes = 0
    var isSyncDue = false
  }

  private let state: StateDirectory
  private let name: String
  private let linesMax: Int
  private let file = Mutex(File())

  /// Of one file.
  static let bytesMax = 16 * 1024 * 1024
  /// The longest line that is taken.
  static let lineBytesMax = 4096
  private static let syncDelay = DispatchTimeInterval.seconds(1)

  /// - Parameters:
  ///   - name: of the newer file, such as `tasks/forwarded.log`; the older one is called so with `.old` behind it.
  ///   - linesMax: of one file.
  init(_ name: String, in state: StateDirectory, linesMax: Int) {
    self.name = name
    self.state = state
    self.linesMax = linesMax
  }

  // What was opened is closed once.
  deinit { file.withLock { if $0.descriptor >= 0 { _ = close($0.descriptor) } } }

  private var path: String { state.path + "/" + name }
  private var oldPath: String { path + ".old" }

  /// All lines that are there, oldest first, without their ends. Blocks.
  ///
  /// - Throws: what cannot be read, in words.
  func lines() throws(BoundedFile.Failure) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    for path in [oldPath, path] where unsafe access(path, F_OK) == 0 {
      // A file may have grown over the bound by its last line.
      let bytes = try BoundedFile.read(path, bytesMax: LineLog.bytesMax + LineLog.lineBytesMax + 1)
      lines += bytes.split(separator: 0x0A)
    }
    return lines
  }

  /// - Parameter line: without line ends.
  func append(_ line: [UInt8]) throws(SystemError) {
    precondition(line.count < LineLog.lineBytesMax, "lines are bounded by who makes them")
    try file.withLock { file throws(SystemError) in
      if file.descriptor < 0 { try open(&file) }
      if file.lines >= linesMax || file.bytes >= LineLog.bytesMax { try turn(&file) }
      // In one piece, so that a crash cuts off nothing but the end.
      let bytes = line + [0x0A]
      // The buffer is the array itself, and write reads no more than its count.
      let count = unsafe bytes.withUnsafeBytes { unsafe write(file.descriptor, $0.baseAddress, $0.count) }
      file.bytes += max(0, count)
      guard count == bytes.count else {
        let error = SystemError(call: "write", errno: count < 0 ? errno : ENOSPC)
        // What is half written ends here; whatever comes next stands on a line of its own.
        if count > 0 { _ = unsafe write(file.descriptor, [0x0A], 1) }
        throw error
      }
      file.lines += 1
      if file.isSyncDue { return }
      file.isSyncDue = true
      state.later(LineLog.syncDelay) { [weak self] in self?.sync() }
    }
  }

  private func sync() {
    // A copy: the file may take its turn meanwhile.
    let descriptor = file.withLock { file in
      file.isSyncDue = false
      return file.descriptor < 0 ? -1 : dup(file.descriptor)
    }
    guard descriptor >= 0 else { return }
    _ = fdatasync(descriptor)
    _ = close(descriptor)
  }

  private func open(_ file: inout File) throws(SystemError) {
    file.descriptor = try state.openLog(name)
    let end = lseek(file.descriptor, 0, SEEK_END)
    file.bytes = max(0, Int(end))
    // How many lines an earlier run has written does not matter: the bytes are bounded too.
    file.lines = 0
    // What an earlier run was killed in the middle of ends here.
    if file.bytes > 0 { _ = unsafe write(file.descriptor, [0x0A], 1) }
  }

  private func turn(_ file: inout File) throws(SystemError) {
    guard unsafe rename(path, oldPath) == 0 else { throw SystemError(call: "rename", errno: errno) }
    _ = close(file.descriptor)
    file = File(isSyncDue: file.isSyncDue)
    try open(&file)
  }
}
