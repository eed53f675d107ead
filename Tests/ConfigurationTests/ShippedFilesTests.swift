import Foundation
import JSON
import Testing

@testable import Configuration

/// What is shipped goes through the same door as an operator's own files.
@Suite struct ShippedFilesTests {
  @Test func theShippedConfigurationAndItsCardsAreWithoutFaults() throws {
    let loaded = ConfigurationLoader.load(file: repository + "/config/gateway.json", environment: [:])
    #expect(Workspace.describe(loaded.diagnostics) == [])
    #expect(Set(loaded.cards.map(\.key)).isSuperset(of: ["echo", "clock", "word-count", "packing-list"]))
  }

  @Test func theShippedConfigurationStatesTheDefaults() throws {
    let loaded = ConfigurationLoader.load(file: repository + "/config/gateway.json", environment: [:])
    let configuration = try #require(loaded.configuration)
    var expected = GatewayConfiguration(workers: configuration.workers)
    expected.file = configuration.file
    expected.cards = configuration.cards
    expected.defaultAgent = "echo"
    #expect(configuration == expected)
  }

  /// A new limit without a line in the shipped file would never be found by an operator.
  @Test func theShippedConfigurationNamesEveryLimit() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: repository + "/config/gateway.json")))
    let limits = try #require(try JSONC.parse(bytes)["limits"])
    for group in Mirror(reflecting: Limits()).children {
      let shipped = try #require(limits[snakeCase(group.label)], "\(group.label ?? "")")
      for limit in Mirror(reflecting: group.value).children {
        #expect(shipped[snakeCase(limit.label)] != nil, "\(group.label ?? "").\(limit.label ?? "")")
      }
    }
  }

  private func snakeCase(_ name: String?) -> String {
    (name ?? "").map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
  }

  @Test func programsOfTheShippedCardsAreThere() throws {
    for card in ConfigurationLoader.load(file: repository + "/config/gateway.json", environment: [:]).cards {
      guard case .local(.command(let command)) = card.backend else { continue }
      for argument in command.command where argument.contains("/") {
        #expect(FileManager.default.fileExists(atPath: command.folder + "/" + argument), "\(card.file)")
      }
    }
  }

  @Test func theExamplesAreWithoutFaults() throws {
    let folder = repository + "/cards/examples"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
    #expect(
      Set(names) == [
        "local-model.json", "service.json", "orq-agent.json", "orq-inline-agent.json", "external-agent.json",
      ])
    for name in names {
      let (card, diagnostics) = ConfigurationLoader.loadCard(file: folder + "/" + name)
      #expect(Workspace.describe(diagnostics) == [])
      #expect(card != nil)
    }
  }

  @Test func withoutAFileTheDefaultsAreServed() throws {
    let configuration = try #require(ConfigurationLoader.load(file: nil, environment: [:]).configuration)
    #expect(configuration.listeners.map(\.bind.text) == ["127.0.0.1:8080"])
    #expect(configuration.cards == "cards")
  }
}
