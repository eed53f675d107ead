import Foundation
import Glibc
import TestSupport
import Testing

@testable import Gateway
@testable import LocalRuntime

/// The built program, run as a process of its own.
final class Program {
  private let child: ChildProcess
  private var exit: ProcessExit?
  private var outputBytes: [UInt8] = []
  private var errorBytes: [UInt8] = []

  /// Beside the test bundle, where the package manager puts it.
  static let path: String = {
    let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let candidates = [folder, Bundle.main.bundleURL.deletingLastPathComponent().path, ".build/debug"]
    return candidates.map { $0 + "/a2a-gateway" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? ""
  }()

  init(_ arguments: [String], in folder: TemporaryFolder) throws {
    child = try ChildProcess.start(
      ProcessImage(arguments: [Program.path] + arguments, folder: folder.path, environment: ["PATH=/usr/bin:/bin"]))
    _ = close(child.input)
  }

  deinit {
    kill()
    for descriptor in [child.output, child.errors, child.exitDescriptor] { _ = close(descriptor) }
  }

  /// What it has said so far.
  var output: String {
    Program.read(child.output, &outputBytes)
    return String(decoding: outputBytes, as: UTF8.self)
  }

  var errors: String {
    Program.read(child.errors, &errorBytes)
    return String(decoding: errorBytes, as: UTF8.self)
  }

  private static func read(_ descriptor: Int32, _ bytes: inout [UInt8]) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      // At most `buffer.count` bytes are written.
      let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return }
      bytes += buffer[..<count]
    }
  }

  var isRunning: Bool {
    var watched = pollfd(fd: child.exitDescriptor, events: Int16(POLLIN), revents: 0)
    // One entry, written during the call; it does not wait.
    return unsafe exit == nil && poll(&watched, 1, 0) == 0
  }

  /// The exit code, once it has ended; a signal's number is below zero.
  func status() throws -> Int32 {
    try eventually("the program ends") {
      // Whoever waits must read, or the program waits for its reader.
      _ = (output, errors)
      return !isRunning
    }
    let exit = self.exit ?? child.end()
    self.exit = exit
    return switch exit {
    case .code(let code): code
    case .signal(let number): -number
    }
  }

  /// Ends it at once, as a machine does that stops.
  func kill() {
    guard exit == nil else { return }
    exit = child.end()
  }

  /// Runs a command to its end.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder
  ) throws -> (status: Int32, output: String, errors: String) {
    let program = try Program(arguments, in: folder)
    return (try program.status(), program.output, program.errors)
  }
}

/// A gateway as a process of its own, with a state folder and an operator.
final class GatewayProgram {
  static let operatorKey = "operator-key-0123456789abcdef"

  let program: Program
  let port: UInt16

  /// Writes a configuration into the folder, where there is none yet.
  static func configure(_ folder: TemporaryFolder) throws -> String {
    let file = folder.path + "/gateway.json"
    if FileManager.default.fileExists(atPath: file) { return file }
    let cards = folder.path + "/cards"
    try FileManager.default.createDirectory(atPath: cards, withIntermediateDirectories: true)
    try Data(#"{"gateway":{"backend":{"type":"local","engine":"echo"}}}"#.utf8).write(
      to: URL(filePath: cards + "/echo.json"))
    let configuration = """
      { "listeners": [{ "bind": "127.0.0.1:0" }], "admin": { "bind": "127.0.0.1:0" }, "workers": 2,
        "keys": [{ "name": "olga", "sha256": "\(SealedHeader.digest(operatorKey))", "roles": ["operator"] }],
        "egress": { "allow": ["127.0.0.1"] }, "state": { "dir": "state" }, "log": { "access": "off" } }
      """
    try Data(configuration.utf8).write(to: URL(filePath: file))
    return file
  }

  init(_ folder: TemporaryFolder) throws {
    let program = try Program(["serve", "--config", try GatewayProgram.configure(folder)], in: folder)
    self.program = program
    try eventually("the gateway is ready") {
      guard program.isRunning else { throw RawClient.Failure("it has ended: \(program.errors)") }
      return program.errors.contains(#""message":"ready""#)
    }
    let mark = #""url":"http://127.0.0.1:"#
    let log = program.errors
    let rest = try #require(log.firstRange(of: mark).map { log[$0.upperBound...] })
    port = try #require(UInt16(rest.prefix { $0.isNumber }))
  }

  func web() throws -> WebClient { try WebClient(port: port) }
}
