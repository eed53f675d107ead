import Foundation
import Testing

@testable import Configuration

/// A folder of its own for one test, with the files that it needs.
final class Workspace {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("cfg-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder + "/cards", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
  }

  /// Loads a configuration beside one card for `echo`.
  func load(_ configuration: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
    try write("cards/echo.json", Workspace.echoCard)
    try write("gateway.json", configuration)
    return ConfigurationLoader.load(file: folder + "/gateway.json", environment: environment)
  }

  /// The messages about a configuration, with places: `3:5 error: …`.
  func faults(_ configuration: String, environment: [String: String] = [:]) throws -> [String] {
    Workspace.describe(try load(configuration, environment: environment).diagnostics)
  }

  /// The messages about a card file.
  func cardFaults(_ card: String, name: String = "agent.json") throws -> [String] {
    try write("cards/" + name, card)
    return Workspace.describe(ConfigurationLoader.loadCard(file: folder + "/cards/" + name).diagnostics)
  }

  static func describe(_ diagnostics: [Diagnostic]) -> [String] {
    diagnostics.map { diagnostic in
      let place = diagnostic.line.map { "\($0):\(diagnostic.column ?? 0) " } ?? ""
      return "\(place)\(diagnostic.severity.rawValue): \(diagnostic.message)"
    }
  }

  static let echoCard = #"{ "gateway": { "backend": { "type": "local", "engine": "echo" } } }"#
}

/// The root of this repository.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
