import Foundation
import Glibc
import Network

/// A program that this one has started, and ends: also when this one is killed.
final class ChildProcess {
  let name: String
  private let process = Process()
  private let log: URL

  /// - Parameters:
  ///   - command: the program, looked for in PATH, and its arguments.
  ///   - core: the one that it may use; nil for any.
  ///   - log: gets what the program prints.
  init(_ command: [String], core: Int? = nil, environment: [String: String] = [:], log: URL) throws {
    name = command[0].split(separator: "/").last.map(String.init) ?? command[0]
    self.log = log
    var words = ["setpriv", "--pdeathsig", "TERM"]
    if let core { words += ["taskset", "--cpu-list", String(core)] }
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words + command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
      throw BenchError("\(log.path) cannot be written")
    }
    let output = try FileHandle(forWritingTo: log)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
  }

  /// env, setpriv and taskset become the program: its process is the one that was started.
  var identifier: Int32 { process.processIdentifier }

  /// Returns when the program accepts connections.
  func waitUntilReady(_ port: UInt16) throws {
    for _ in 0..<1000 {
      guard process.isRunning else { throw BenchError("\(name) has ended:\n\(lastWords)") }
      if ChildProcess.accepts(port) { return }
      usleep(10_000)
    }
    throw BenchError("\(name) does not listen after 10 s:\n\(lastWords)")
  }

  /// The exit code; nil if the program has not ended in time.
  func waitForEnd(_ time: Duration) -> Int32? {
    let clock = SystemTime()
    let deadline = clock.monotonic() + time
    while process.isRunning {
      guard clock.monotonic() < deadline else { return nil }
      usleep(2000)
    }
    return process.terminationStatus
  }

  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    if waitForEnd(.seconds(3)) == nil {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  private var lastWords: String {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(12).joined(separator: "\n")
  }

  private static func accepts(_ port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard fd >= 0 else { return false }
    defer { close(fd) }
    // An IPv4 address in the form that the call takes, valid while it lasts.
    return unsafe withUnsafeBytes(of: &address) { bytes in
      guard let start = bytes.baseAddress else { return false }
      return unsafe connect(fd, start.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
    }
  }

  /// Whether PATH has such a program.
  static func isInstalled(_ name: String) -> Bool {
    if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/sbin"]
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }
}
