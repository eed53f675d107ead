import JSON
import TestSupport
import Testing

@testable import Gateway

/// `/v2/agents/external…`, as the SDKs of 4.17 call it (contracts/orq.md §5.6): every answer is 200.
@Suite struct ExternalFamilyTests {
  private static let members = [
    "agent_id", "key", "display_name", "description", "path", "project_id", "agent_url", "headers", "protocol_version",
    "preferred_transport", "cached_card", "created_at", "updated_at", "created_by_id", "updated_by_id", "version",
  ]

  @Test func anAgentIsCreatedReadChangedAndRemoved() throws {
    let stage = try ExternalStage()
    let alice = stage.alice
    let body = stage.registration {
      $0["description"] = nil
      $0["protocol_version"] = "1.0"
      $0["preferred_transport"] = "JSONRPC"
    }
    let created = try alice.call("POST", "/v2/agents/external", body)["agent"]
    for name in ExternalFamilyTests.members { #expect(created?[name] != nil, "\(name) is missing") }
    #expect(created?["protocol_version"] == "1.0")
    #expect(created?["created_by_id"] == "alice")
    #expect(created?["version"] == "1")
    #expect(try alice.call("GET", "/v2/agents/external/weather")["agent"] == created)
    let changed = try alice.call("PATCH", "/v2/agents/external/weather", ["description": "All weather."])["agent"]
    #expect(changed?["description"] == "All weather.")
    #expect(changed?["version"] == "2")
    let refreshed = try alice.call("POST", "/v2/agents/external/weather:refreshCard", [:])["agent"]
    #expect(refreshed?["cached_card"] == .object(stage.server.card()))
    let tested = try alice.call("POST", "/v2/agents/external/weather:testConnection", [:])
    #expect(tested["reachable"] == true)
    #expect(tested["card"]?["name"] == "Weather Teller")
    #expect(try alice.call("DELETE", "/v2/agents/external/weather") == [:])
    #expect(try alice.refusal("GET", "/v2/agents/external/weather").status == 404)
  }

  @Test func aConnectionThatFailsIsNoError() throws {
    let stage = try ExternalStage()
    try stage.register()
    stage.server.stop()
    let tested = try stage.alice.call("POST", "/v2/agents/external/weather:testConnection")
    #expect(tested["reachable"] == false)
    #expect(tested["card"] == nil)
  }

  @Test func listsHavePages() throws {
    let stage = try ExternalStage()
    for key in ["c", "a", "b"] { try stage.register(key) }
    /// The keys, and a plus where there are more.
    func page(_ query: String) throws -> String {
      let list = try stage.alice.call("GET", "/v2/agents/external" + query)
      #expect(list["object"] == "list")
      let keys = list["data"]?.array?.compactMap { $0["key"]?.string } ?? []
      return keys.joined() + (list["has_more"] == true ? "+" : "")
    }
    #expect(try page("") == "abc")
    #expect(try page("?limit=2") == "ab+")
    #expect(try page("?limit=2&starting_after=b") == "c")
    #expect(try page("?limit=1&ending_before=c") == "b+")
  }

  @Test func pinsMustBeWords() throws {
    let stage = try ExternalStage()
    for (name, value) in [("protocol_version", "7.0"), ("preferred_transport", "GRPC")] {
      let body = stage.registration { $0[name] = .string(value) }
      #expect(try stage.alice.refusal("POST", "/v2/agents/external", body).message.contains(name))
    }
    // The card has no such interface.
    let body = stage.registration { $0["preferred_transport"] = "HTTP+JSON" }
    #expect(try stage.alice.refusal("POST", "/v2/agents/external", body).message.contains("insisted on"))
  }
}
