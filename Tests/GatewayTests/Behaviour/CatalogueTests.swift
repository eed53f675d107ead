import Configuration
import LocalRuntime
import Model
import Network
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Agents that come and go while the gateway runs.
@Suite struct CatalogueTests {
  private struct Record: AgentRecord {
    var key: String
  }

  private final class Flag: Sendable {
    let isRaised = Atomic(false)
  }

  /// Runs on the control loop and waits until all loops have what it changed.
  private func change(
    _ gateway: TestGateway, _ body: @escaping @Sendable (AgentCatalogue, Network.Reply<Void>) -> Void
  ) throws {
    let done = Flag()
    #expect(
      gateway.server.services.control.perform { control in
        body(control.catalogue, control.loop.expect { done.isRaised.store(true, ordering: .relaxed) })
      })
    try eventually("every loop has the change") { done.isRaised.load(ordering: .relaxed) }
  }

  private static func agent(_ key: String, name: String) -> ExposedAgent {
    var file = CardFile(file: "test", key: key, backend: .local(.echo))
    file.card.name = name
    let builder = RegistryBuilder(
      configuration: GatewayConfiguration(workers: 1), publicURLs: ["http://127.0.0.1"], logger: .silent)
    return builder.agent(file, backend: LocalBackend(engine: EchoEngine()), Limits(), record: Record(key: key))
  }

  @Test func anAgentIsServedByEveryLoopBeforeItsMakerIsTold() throws {
    let gateway = try TestGateway(.echo)
    try change(gateway) { $0.put([CatalogueTests.agent("new", name: "New")], published: $1) }
    for _ in 0..<20 {
      #expect(try gateway.web().request("GET", "/agents/new/.well-known/agent-card.json").status == 200)
    }
    try change(gateway) { $0.remove("new", published: $1) }
    for _ in 0..<20 {
      #expect(try gateway.web().request("GET", "/agents/new/.well-known/agent-card.json").status == 404)
    }
  }

  @Test func aCardFileKeepsItsKey() throws {
    let gateway = try TestGateway(.echo)
    try change(gateway) { $0.put([CatalogueTests.agent("echo", name: "Impostor")], published: $1) }
    let registry = gateway.server.services.publisher.current
    #expect(registry["echo"]?.card.name == "Echo")
    #expect(registry["echo"]?.record == nil)
  }
}
