import JSON
import Testing

@testable import Configuration

@Suite struct OrqReaderTests {
  private static let workspaceKey = ["ORQ_API_KEY": "k"]

  @Test func aWorkspaceNeedsAKeyOnly() throws {
    let loaded = try Workspace().load(
      #"{ "orq": { "key": { "env": "ORQ_API_KEY" } } }"#, environment: Self.workspaceKey)
    #expect(Workspace.describe(loaded.diagnostics) == [])
    let orq = try #require(loaded.configuration?.orq)
    #expect(orq == OrqConfiguration(key: .environment("ORQ_API_KEY")))
    #expect(orq.url == "https://my.orq.ai")
    #expect(orq.generation == .v4)
    #expect(orq.cancel == .local)
    #expect(orq.refresh == .seconds(300))
    #expect(orq.expose == [])
  }

  @Test func everyKeyOfAWorkspaceIsRead() throws {
    let workspace = try Workspace()
    try workspace.write("ca.pem", "authorities")
    try workspace.write("orq.key", "k")
    let loaded = try workspace.load(
      """
      { "orq": { "url": "http://127.0.0.1:8080/", "key": { "file": "orq.key" }, "generation": 3, "ca_file": "ca.pem",
                 "expose": ["support-*", "x"], "cancel": "refuse", "refresh": "1h",
                 "timeouts": { "connect": "1s", "first_byte": "2s", "silence": "3s" } } }
      """)
    #expect(Workspace.describe(loaded.diagnostics) == [])
    let orq = try #require(loaded.configuration?.orq)
    #expect(orq.url == "http://127.0.0.1:8080")
    #expect(orq.key == .file(workspace.folder + "/orq.key"))
    #expect(orq.generation == .v3)
    #expect(orq.authorityFile == workspace.folder + "/ca.pem")
    #expect(orq.expose.map(\.pattern) == ["support-*", "x"])
    #expect(orq.cancel == .refuse)
    #expect(orq.refresh == .seconds(3600))
    #expect(orq.timeouts.connect == .seconds(1))
    #expect(orq.timeouts.firstByte == .seconds(2))
    #expect(orq.timeouts.silence == .seconds(3))
  }

  @Test func faultsOfAWorkspaceHaveTheirPlaces() throws {
    let faults = try Workspace().faults(
      """
      { "orq": { "ulr": "https://x", "key": "orq-secret", "generation": 5, "ca_file": "no.pem",
                 "expose": ["a b"], "cancel": "never", "refresh": "1s", "timeouts": { "total": "1s" } } }
      """)
    let first = [
      "1:12 error: unknown key \"ulr\"; did you mean \"url\"?",
      "1:39 error: \"key\" must say where the secret is; it must not be the secret",
      "1:67 error: \"generation\" must be 3 or 4, not 5",
    ]
    #expect(Array(faults.prefix(3)) == first)
    #expect(faults.contains { $0.hasPrefix("1:70 error: ") && $0.hasSuffix("no.pem: no such file") })
    #expect(faults.contains("2:23 error: \"a b\" matches no agent's key"))
    #expect(faults.contains("2:41 error: \"cancel\" cannot be \"never\""))
    #expect(faults.contains("2:61 error: \"refresh\" must be between 10s and 7d"))
    #expect(faults.contains("2:81 error: unknown key \"total\""))
    #expect(faults.count == 8)
  }

  @Test func aWorkspaceWithoutAKeyIsAnError() throws {
    #expect(try Workspace().faults(#"{ "orq": {} }"#) == ["1:10 error: \"key\" is missing"])
    #expect(
      try Workspace().faults(#"{ "orq": { "key": { "env": "ORQ_API_KEY" } } }"#)
        == ["error: the environment variable ORQ_API_KEY is not set"])
  }

  // MARK: Agents

  private func card(_ gateway: String, name: String = "notes.json") throws -> CardFile {
    let workspace = try Workspace()
    try workspace.write("cards/" + name, #"{ "gateway": \#(gateway) }"#)
    let result = ConfigurationLoader.loadCard(file: workspace.folder + "/cards/" + name)
    #expect(Workspace.describe(result.diagnostics) == [])
    return try #require(result.card)
  }

  @Test func anAgentIsNamedAsItsCardUnlessTheFileSaysOtherwise() throws {
    #expect(try card(#"{ "backend": { "type": "orq" } }"#).backend == .orq(OrqAgentConfiguration(agentKey: "notes")))
    #expect(
      try card(#"{ "key": "here", "backend": { "type": "orq", "agent_key": "there", "call": "invoke" } }"#).backend
        == .orq(OrqAgentConfiguration(agentKey: "there", call: .invoke)))
  }

  @Test func anAgentThatOrqRunsIsDefinedByTheFile() throws {
    let file = try card(
      """
      { "backend": { "type": "orq", "call": "run", "agent": {
          "model": { "id": "openai/gpt-4o", "retry": { "count": 2 } }, "role": "Translator", "instructions": "Translate.",
          "path": "Default", "settings": { "max_iterations": 5.0 } } } }
      """)
    guard case .orq(let agent) = file.backend else {
      Issue.record("not an agent of Orq")
      return
    }
    #expect(agent.call == .run)
    #expect(agent.agent?.value["settings"]?["max_iterations"]?.number?.text == "5.0")
    #expect(agent.agent?.value.object?.names == ["model", "role", "instructions", "path", "settings"])
  }

  @Test func aRunCallHasSettings() throws {
    let file = try card(
      #"{ "backend": { "type": "orq", "call": "run", "agent": { "model": "m", "role": "r", "instructions": "i", "path": "p" } } }"#
    )
    guard case .orq(let agent) = file.backend else {
      Issue.record("not an agent of Orq")
      return
    }
    #expect(agent.agent?.value["settings"] == [:])
  }

  @Test func defaultsAreRead() throws {
    let file = try card(
      """
      { "backend": { "type": "orq" }, "orq": {
          "variables": { "tone": "calm", "n": 1.10 }, "memory": { "entity_id": "e" }, "thread_tags": ["a", "b"],
          "metadata": { "team": "x" },
          "from_message": ["variables.locale", "metadata.*", "memory.entity_id", "thread_tags", "variables.a.b"] } }
      """)
    #expect(file.orq.variables == ["tone": "calm", "n": .number(try #require(JSONNumber(text: "1.10")))])
    #expect(file.orq.memoryEntityID == "e")
    #expect(file.orq.threadTags == ["a", "b"])
    #expect(file.orq.metadata == ["team": "x"])
    #expect(
      file.orq.fromMessage == [
        .variable("locale"), .allMetadata, .memoryEntity, .threadTags, .variable("a.b"),
      ])
  }

  @Test(arguments: [
    (#"{ "type": "orq", "agent_key": "a/b" }"#, ["2:31 error: \"agent_key\" must be letters and digits"]),
    (#"{ "type": "orq", "call": "stream" }"#, ["2:26 error: \"call\" cannot be \"stream\""]),
    (#"{ "type": "orq", "call": "run" }"#, ["2:1 error: \"agent\" is missing"]),
    (
      #"{ "type": "orq", "agent": {} }"#,
      ["2:18 error: \"agent\" defines an agent that Orq runs, so it needs \"call\": \"run\""]
    ),
    (
      #"{ "type": "orq", "call": "run", "agent": { "model": 1, "role": "r", "instructions": "i" } }"#,
      ["2:42 error: \"path\" is missing", "2:53 error: \"model\" must be \"provider/model\""]
    ),
    (
      #"{ "type": "orq", "call": "run", "agent": { "model": "m", "role": "r", "instructions": "i", "path": "p", "key": "k", "variables": {}, "instuctions": "" } }"#,
      [
        "2:105 error: \"key\" of a call is the gateway's to say",
        "2:117 error: \"variables\" belongs into \"gateway\".\"orq\"",
        "2:134 warning: \"instuctions\" is not known here and is passed on; did you mean \"instructions\"?",
      ]
    ),
  ])
  func faultsOfAnAgentHaveTheirPlaces(_ backend: String, _ expected: [String]) throws {
    let faults = try Workspace().cardFaults("{ \"gateway\": { \"backend\":\n\(backend)\n} }")
    #expect(faults.count == expected.count)
    for (fault, start) in zip(faults, expected) { #expect(fault.hasPrefix(start)) }
  }

  @Test func faultsOfDefaultsHaveTheirPlaces() throws {
    let faults = try Workspace().cardFaults(
      """
      { "gateway": { "backend": { "type": "orq" }, "orq": {
          "variables": [], "memory": {}, "tags": [],
          "from_message": ["variables", "memory.x", "variables.", "instructions.a"] } } }
      """)
    #expect(
      faults == [
        "2:18 error: \"variables\" must be an object, not a list", "2:32 error: \"entity_id\" is missing",
        "2:36 error: unknown key \"tags\"",
        "3:22 error: a message cannot set \"variables\"", "3:35 error: a message cannot set \"memory.x\"",
        "3:47 error: a message cannot set \"variables.\"", "3:61 error: a message cannot set \"instructions.a\"",
      ])
  }

  @Test func defaultsAreForAgentsOfOrqOnly() throws {
    #expect(
      try Workspace().cardFaults(#"{ "gateway": { "backend": { "type": "local", "engine": "echo" }, "orq": {} } }"#)
        == ["1:66 error: \"orq\" is for agents whose backend is of the type \"orq\""])
  }

  @Test func anAgentOfOrqNeedsAWorkspace() throws {
    let workspace = try Workspace()
    try workspace.write("cards/notes.json", #"{ "gateway": { "backend": { "type": "orq" } } }"#)
    let loaded = try workspace.load("{}")
    #expect(loaded.usable == nil)
    #expect(
      loaded.diagnostics.map(\.message) == ["the agent is one of Orq, but the configuration has no \"orq\""])
    #expect(loaded.diagnostics.first?.file.hasSuffix("/notes.json") == true)
    #expect(loaded.diagnostics.first?.hint?.contains("gateway.json") == true)
    #expect(
      try workspace.faults(#"{ "orq": { "key": { "env": "ORQ_API_KEY" } } }"#, environment: Self.workspaceKey) == [])
  }
}
