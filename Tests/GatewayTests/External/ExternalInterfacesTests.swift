import A2A
import Configuration
import HTTP
import Model
import Network
import Testing

@testable import Gateway

struct ExternalInterfacesTests {
  @Test(
    arguments: [
      ("1.0", .v1_0), ("1.0.1", .v1_0), ("1", .v1_0), ("1.7", .v1_0), ("0.3", .v0_3), ("0.3.0", .v0_3),
      ("0.2.5", .v0_3), ("0.2.9", .v0_3), ("0.9", .v0_3), ("0.2.4", nil), ("0.2", nil), ("0.1", nil), ("2.0", nil),
      ("", nil), ("v1", nil), ("1.0.0.0", nil), ("1..0", nil), ("-1", nil), ("99999.0", nil),
    ] as [(String, ProtocolVersion?)])
  func versionsBelongToGenerations(_ text: String, _ version: ProtocolVersion?) {
    #expect(ProtocolVersion(family: text) == version)
  }

  private func interfaces(
    _ stated: [(String, String, String)], pin: ExternalAgentConfiguration.Pin = .init(),
    agentURL: String = "https://a.example/agent", allowing hosts: Set<String> = []
  ) -> ExternalInterfaces {
    var egress = EgressConfiguration()
    egress.hosts = hosts
    let card = AgentCard(
      name: "n", description: "d", version: "1",
      supportedInterfaces: stated.map { AgentInterface(url: $0, protocolBinding: $1, protocolVersion: $2) },
      defaultInputModes: [], defaultOutputModes: [], skills: [])
    return ExternalInterfaces(
      card, pin: pin, hosts: ExternalHosts(ExternalAgentConfiguration(agentURL: agentURL), egress: egress))
  }

  @Test func theCardsOrderIsKeptAndWhatWeDoNotSpeakIsSkipped() {
    let all = interfaces([
      ("https://a.example/g", "GRPC", "1.0"), ("https://a.example/r", "HTTP+JSON", "0.3.0"),
      ("https://a.example/j", "JSONRPC", "1.0"), ("https://a.example/j", "JSONRPC", "1.0"),
      ("https://a.example/2", "JSONRPC", "2.0"), ("not a url", "JSONRPC", "1.0"),
    ])
    #expect(all.stated.map(\.text) == ["HTTP+JSON 0.3 at https://a.example/r", "JSONRPC 1.0 at https://a.example/j"])
    #expect(all.refusals.count == 3)
  }

  @Test func anInsistedInterfaceIsTheOnlyOne() {
    let stated = [
      ("https://a.example/r", "HTTP+JSON", "1.0"), ("https://a.example/j", "JSONRPC", "1.0"),
      ("https://a.example/j", "JSONRPC", "0.3"),
    ]
    let binding = interfaces(stated, pin: .init(binding: "JSONRPC"))
    #expect(binding.stated.map(\.version) == [.v1_0, .v0_3])
    #expect(binding.stated.first.map { binding.alternative(to: $0) != nil } == true)
    let version = interfaces(stated, pin: .init(version: "0.3"))
    #expect(version.stated.map(\.binding) == [.jsonRPC])
    #expect(version.stated.first.map { version.alternative(to: $0) == nil } == true)
  }

  @Test func hostsThatNobodyNamedAreNotCalled() {
    let stated = [("https://b.example/j", "JSONRPC", "1.0"), ("http://a.example/j", "JSONRPC", "1.0")]
    #expect(interfaces(stated).stated.isEmpty)
    #expect(interfaces(stated).refusals.count == 2)
    #expect(interfaces(stated, allowing: ["b.example"]).stated.map(\.url.host) == ["b.example"])
    #expect(interfaces(stated, agentURL: "http://a.example").stated.map(\.url.host) == ["a.example"])
  }

  // MARK: What calls teach

  @Test func whatAnswersComesFirstAndWhatDoesNotComesLast() throws {
    let all = interfaces([("https://a.example/j", "JSONRPC", "1.0"), ("https://a.example/r", "HTTP+JSON", "1.0")])
    let memory = ExternalAgentMemory()
    let start = MonotonicTime(nanoseconds: 1_000_000_000)
    #expect(memory.order(all, at: start) == all.stated)
    let guess = try #require(all.alternative(to: all.stated[0]))
    memory.prefer(guess)
    #expect(memory.order(all, at: start) == [guess] + all.stated)
    memory.noteUnreachable(guess, at: start)
    #expect(memory.order(all, at: start) == all.stated + [guess])
    #expect(memory.order(all, at: start + .seconds(31)) == [guess] + all.stated)
    // Of another card, which does not have it.
    #expect(memory.order(interfaces([("https://a.example/x", "JSONRPC", "1.0")]), at: start).count == 1)
  }

  @Test func theOldestContextIsForgottenFirst() {
    let memory = ExternalAgentMemory()
    for number in 0..<5000 { memory.noteContextID("u\(number)", for: "c\(number)", of: "p") }
    #expect(memory.contextID("c0", of: "p") == nil)
    #expect(memory.contextID("c904", of: "p") == "u904")
    #expect(memory.contextID("c4999", of: "p") == "u4999")
    #expect(memory.contextID("c4999", of: "q") == nil)
  }

  @Test func gatewaysOnTheWayAreReadFromVia() {
    var fields = HTTPFields()
    fields.add("Via", "1.1 nginx, HTTP/1.1 a2a-gateway-one (comment)")
    fields.add("Via", "1.0 fred,1.1 a2a-gateway-two,a2a-gateway-three")
    #expect(GatewayHops.names(fields) == ["a2a-gateway-one", "a2a-gateway-two"])
    #expect(GatewayHops.refusal(of: ["a2a-gateway-one"], at: "a2a-gateway-two") == nil)
    #expect(GatewayHops.refusal(of: ["a2a-gateway-one"], at: "a2a-gateway-one") != nil)
  }
}
