import Foundation
import Glibc
import TestSupport
import Testing

@testable import Gateway

/// The built program, run as a process of its own.
final class Program {
  let process = Process()
  private let outputFile: String

  /// Beside the test bundle, where the package manager puts it.
  static let path: String = {
    let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let candidates = [folder, Bundle.main.bundleURL.deletingLastPathComponent().path, ".build/debug"]
    return candidates.map { $0 + "/a2a-gateway" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? ""
  }()

  init(_ arguments: [String], in folder: TemporaryFolder) throws {
    outputFile = folder.path + "/output-" + UUID().uuidString
    try Data().write(to: URL(filePath: outputFile))
    let output = try #require(FileHandle(forWritingAtPath: outputFile))
    process.executableURL = URL(filePath: Program.path)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
  }

  deinit { kill() }

  /// All that it has said so far.
  var output: String { String(decoding: FileManager.default.contents(atPath: outputFile) ?? Data(), as: UTF8.self) }

  /// Ends it at once, as a machine does that stops.
  func kill() {
    guard process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Runs a command to its end.
  static func run(_ arguments: [String], in folder: TemporaryFolder) throws -> (status: Int32, output: String) {
    let program = try Program(arguments, in: folder)
    program.process.waitUntilExit()
    return (program.process.terminationStatus, program.output)
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
      guard program.process.isRunning else { throw RawClient.Failure("it has ended: \(program.output)") }
      return program.output.contains(#""message":"ready""#)
    }
    let mark = #""url":"http://127.0.0.1:"#
    let output = program.output
    let rest = try #require(output.firstRange(of: mark).map { output[$0.upperBound...] })
    port = try #require(UInt16(rest.prefix { $0.isNumber }))
  }

  func web() throws -> WebClient { try WebClient(port: port) }
}
