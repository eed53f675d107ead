import Configuration
import Foundation
import JSON
import Network
import TestSupport
import Testing

@testable import Gateway

/// A gateway with a state folder, whose operator is alice, and an external agent that she can register.
final class ExternalStage {
  let server: CardServer
  let folder: TemporaryFolder
  let time: ManualTime?
  private(set) var gateway: TestGateway
  private let configure: (inout GatewayConfiguration) -> Void
  private let agents: [TestAgent]

  init(
    agents: [TestAgent] = [.echo], time: ManualTime? = nil,
    _ configure: @escaping (inout GatewayConfiguration) -> Void = { _ in }
  ) throws {
    server = try CardServer()
    server.serve(server.card())
    folder = try TemporaryFolder()
    self.time = time
    self.agents = agents
    self.configure = configure
    gateway = try ExternalStage.gateway(agents, folder, time, configure)
  }

  private static func gateway(
    _ agents: [TestAgent], _ folder: TemporaryFolder, _ time: ManualTime?,
    _ configure: (inout GatewayConfiguration) -> Void
  ) throws -> TestGateway {
    try TestGateway(agents: agents, state: StateDirectory(path: folder.path + "/state"), time: time) {
      $0.keys = $0.keys.map { key in
        APIKeyConfiguration(name: key.name, sha256: key.sha256, roles: key.name == "alice" ? [.operator] : [])
      }
      $0.egress.networks = [AddressRange("127.0.0.1")].compactMap { $0 }
      configure(&$0)
    }
  }

  /// Ends the gateway and starts another one with the same state.
  func restart() throws {
    gateway.stop()
    gateway = try ExternalStage.gateway(agents, folder, time, configure)
  }

  var alice: OrqCaller { gateway.orq(as: "alice") }

  /// The body of a registration.
  func registration(_ key: String = "weather", _ change: (inout JSONObject) -> Void = { _ in }) -> JSONValue {
    var body: JSONObject = [
      "key": .string(key), "display_name": "Weather", "description": "The weather.", "path": "Default",
      "agent_url": .string(server.url),
    ]
    change(&body)
    return .object(body)
  }

  /// Registers an agent; fails the test where that is refused.
  @discardableResult
  func register(_ key: String = "weather", _ change: (inout JSONObject) -> Void = { _ in }) throws -> JSONValue {
    let response = try alice.request("POST", "/v2/agents/a2a", registration(key, change))
    try #require(response.status == 201, "\(response.status): \(response.text)")
    return try JSONValue.parse(response.body)
  }

  /// The names of the files that are kept of registered agents.
  var files: [String] {
    let path = folder.path + "/state/agents/external"
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// Every byte in the state folder.
  var state: [UInt8] {
    let path = folder.path + "/state"
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return names.flatMap { name in Array(FileManager.default.contents(atPath: path + "/" + name) ?? Data()) }
  }

  /// The name that the agent's published card has; nil where there is no such agent.
  func publishedName(_ key: String = "weather") throws -> String? {
    let response = try gateway.web().request("GET", "/agents/\(key)/.well-known/agent-card.json")
    return response.status == 200 ? try JSONValue.parse(response.body)["name"]?.string : nil
  }
}
