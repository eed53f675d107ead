import Configuration
import JSON
import Orq
import TestSupport
import Testing

@testable import Gateway

/// What becomes of bodies on their way to the workspace, for bodies of any form.
struct OrqForwardedBodyTests {
  private static let names = [
    "message", "task_id", "variables", "identity", "contact", "thread", "memory", "metadata", "engine", "key", "model",
    "role", "instructions", "path", "settings", "systemPrompt", "memory_stores", "teamOfAgents", "icon_url", "future",
    "\u{1F30D}", "", "a\"b\\", "configuration", "stream_timeout_seconds", "contextId",
  ]
  private static let values: [JSONValue] = [
    nil, true, "", "x\"\\\n", [], [:], ["id": "t"], ["id": "t", "tags": ["a", 1]], [[1, nil]], ["entity_id": "e"],
    ["a": ["b": ["c": "d"]]],
  ]

  private static func body(_ random: inout SeededGenerator) -> JSONObject {
    var body: JSONObject = [:]
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      body[names[Int.random(in: names.indices, using: &random)]] =
        values[Int.random(in: values.indices, using: &random)]
    }
    return body
  }

  @Test(arguments: [OrqGeneration.v3, .v4])
  func whatNobodyHasASayInGoesAsItCame(_ generation: OrqGeneration) throws {
    var random = SeededGenerator(seed: 20_261_126)
    let definition = OrqAgentConfiguration(
      agentKey: "helper", call: .run,
      agent: JSONFragment(
        ["model": "m/x", "role": "R", "instructions": "I", "path": "P", "settings": ["a": 1], "engine": "text"]))
    var defaults = OrqDefaults()
    defaults.variables = ["v": 1]
    for _ in 0..<400 {
      let body = OrqForwardedBodyTests.body(&random)
      let bytes = Caller.bytes(.object(body))
      let root = try JSONDocument.parse(bytes).root
      let agents: [OrqForwardedBody.Agent] = [.asItCame, .known, .defined(definition)]
      for (number, agent) in agents.enumerated() {
        for defaults in [OrqDefaults(), defaults] {
          let forwarded = OrqForwardedBody(agent: agent, defaults: defaults)
          let text = forwarded.encoded(bytes, root, caller: OrqIdentity(id: "p"), threadID: "t", for: generation)
          let sent = try #require(try JSONValue.parse(text).object, "\(String(decoding: text, as: UTF8.self))")
          // Who calls is added where the body names nobody.
          let person = generation == .v3 ? "contact" : "identity"
          let isSaid = body["identity"] != nil || body["contact"] != nil
          #expect((sent[person] != nil) == (!isSaid || body[person] != nil))
          for (name, value) in sent.members where body[name] != nil && !["identity", "contact"].contains(name) {
            let isReplaced =
              number == 2 && OrqAgentMembers.ofRun.contains(name)
              || defaults != OrqDefaults() && ["variables", "metadata", "memory", "thread"].contains(name)
            #expect(isReplaced || value == body[name], "\(name)")
          }
          #expect(sent["message"] == body["message"])
          #expect(sent["task_id"] == body["task_id"])
          switch number {
          case 0: #expect(sent["future"] == body["future"] && sent["model"] == body["model"])
          case 1: #expect(sent["future"] == body["future"] && OrqAgentMembers.ofRun.allSatisfy { sent[$0] == nil })
          default:
            #expect(sent["future"] == nil && sent["systemPrompt"] == nil)
            #expect(sent["role"] == "R" && sent["key"] == "helper")
          }
          if defaults != OrqDefaults() { #expect(sent["variables"] == ["v": 1]) }
        }
      }
    }
  }
}
