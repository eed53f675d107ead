import Foundation
import JSON
import TestSupport
import Testing

@testable import Gateway

/// A gateway that is killed while it registers an agent.
@Suite(.serialized) struct KillTests {
  @Test func anAgentIsThereAsAWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let server = try CardServer()
    server.serve(server.card())
    var random = SeededGenerator(seed: 20_261_125)
    var gateway = try GatewayProgram(folder)
    var acknowledged: Set<String> = []
    for round in 0..<8 {
      let key = "agent\(round)"
      let body: JSONValue = [
        "key": .string(key), "display_name": "Weather", "description": "The weather.", "path": "Default",
        "agent_url": .string(server.url), "headers": ["Authorization": ["value": "secret-0123456789"]],
      ]
      let client = try gateway.web()
      try client.send(
        "POST", "/v2/agents/a2a",
        [("Authorization", "Bearer \(GatewayProgram.operatorKey)"), ("Content-Type", "application/json")],
        body: Caller.bytes(body))
      // Somewhere between the request and a little after its usual answer; every fourth one is answered.
      if round % 4 == 3 {
        #expect(try client.response().status == 201)
        acknowledged.insert(key)
      } else {
        let moment = ContinuousClock.now + .microseconds(Int.random(in: 0...20_000, using: &random))
        while ContinuousClock.now < moment {}
      }
      gateway.program.kill()
      gateway = try GatewayProgram(folder)
      for known in (0...round).map({ "agent\($0)" }) {
        let path = "/agents/\(known)/.well-known/agent-card.json"
        let isServed = try gateway.web().request("GET", path).status == 200
        let isKept = FileManager.default.fileExists(atPath: folder.path + "/state/agents/external/\(known).json")
        #expect(isServed == isKept)
        #expect(isServed || !acknowledged.contains(known))
      }
      #expect(!gateway.program.errors.contains("cannot be restored"), "\(gateway.program.errors)")
    }
    #expect(acknowledged.count == 2)
  }
}
