import JSON
import Model
import Testing

@testable import Configuration

@Suite struct CardFileTests {
  private func card(_ text: String, name: String = "agent.json") throws -> CardFile {
    let workspace = try Workspace()
    try workspace.write("cards/" + name, text)
    let result = ConfigurationLoader.loadCard(file: workspace.folder + "/cards/" + name)
    #expect(Workspace.describe(result.diagnostics) == [])
    return try #require(result.card)
  }

  @Test func theFileNameIsTheKeyUnlessTheFileStatesOne() throws {
    #expect(try card(Workspace.echoCard, name: "my-agent.json").key == "my-agent")
    let text = #"{ "gateway": { "key": "other.name_2", "backend": { "type": "local", "engine": "clock" } } }"#
    #expect(try card(text).key == "other.name_2")
    #expect(try card(text).backend == .local(.clock))
  }

  @Test func everyMemberIsRead() throws {
    let file = try card(
      """
      {
        "name": "N", "description": "D", "version": "2", "provider": { "organization": "O", "url": "https://o.example" },
        "documentationUrl": "https://d.example/x", "iconUrl": "https://i.example/i.png",
        "capabilities": { "streaming": false, "extensions": [ { "uri": "urn:x", "required": true, "params": { "a": 1 } } ] },
        "defaultInputModes": ["text/plain"], "defaultOutputModes": ["application/json; charset=utf-8"],
        "skills": [ { "id": "s", "name": "S", "description": "does", "tags": ["t"], "examples": ["e"],
                      "inputModes": ["*/*"], "outputModes": ["image/svg+xml"] } ],
        "gateway": {
          "key": "k",
          "backend": { "type": "local", "engine": "command", "command": ["python3", "a.py"], "cwd": "sub",
                       "env": { "A": "1", "B": { "file": "b.txt" } }, "settings": { "deep": [1.50] }, "stdin": "text" },
          "access": { "callers": ["partner-*"], "operations": ["Send*", "GetTask"], "skills": ["s"] },
          "limits": { "concurrent_tasks": 4, "task_time": "1m", "silence": "10s", "stream_events": 100,
                      "blocking_wait": "30s", "output": "1MiB", "memory": "512MiB", "kill_grace": "1s" }
        }
      }
      """.replacing("\"B\": { \"file\": \"b.txt\" }", with: "\"B\": { \"env\": \"HOME_OF_B\" }"))
    #expect(file.key == "k")
    #expect(file.card.name == "N")
    #expect(file.card.provider == AgentProvider(organization: "O", url: "https://o.example"))
    #expect(file.card.capabilities?.streaming == false)
    #expect(file.card.capabilities?.extensions.first?.params == JSONFragment(["a": 1]))
    #expect(file.card.skills?.first?.outputModes == ["image/svg+xml"])
    guard case .local(.command(let command)) = file.backend else {
      Issue.record("not a command")
      return
    }
    #expect(command.command == ["python3", "a.py"])
    #expect(command.folder.hasSuffix("/cards/sub"))
    #expect(command.environment == ["A": .text("1"), "B": .secret(.environment("HOME_OF_B"))])
    #expect(command.settings.map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"deep":[1.50]}"#)
    #expect(command.input == .text)
    #expect(file.access.operations == [.sendMessage, .sendStreamingMessage, .getTask])
    #expect(file.access.allows(principal: "partner-x", operation: .getTask))
    #expect(!file.access.allows(principal: "stranger", operation: .getTask))
    #expect(!file.access.allows(principal: "partner-x", operation: .cancelTask))
    let limits = file.limits.applied(to: Limits())
    #expect(limits.turns.concurrentTasksMax == 4)
    #expect(limits.turns.taskTime == .seconds(60))
    #expect(limits.turns.silence == .seconds(10))
    #expect(limits.turns.events == 100)
    #expect(limits.turns.blockingWait == .seconds(30))
    #expect(limits.commands.outputBytesMax == 1 << 20)
    #expect(limits.commands.memoryBytesMax == 512 << 20)
    #expect(limits.commands.killGrace == .seconds(1))
    #expect(limits.http == Limits().http)
  }

  @Test func statedPartsWinOverGeneratedOnes() throws {
    let file = try card(
      #"{ "name": "Mine", "capabilities": { "streaming": false }, "gateway": { "backend": { "type": "local", "engine": "echo" } } }"#
    )
    var generated = AgentCard(
      name: "Echo", description: "generated", version: "1",
      capabilities: AgentCapabilities(streaming: true, pushNotifications: false),
      defaultInputModes: ["text/plain"], defaultOutputModes: ["text/plain"], skills: [])
    file.card.apply(to: &generated)
    #expect(generated.name == "Mine")
    #expect(generated.description == "generated")
    #expect(generated.capabilities == AgentCapabilities(streaming: false, pushNotifications: false))
  }

  @Test func allFaultsOfACardAreReportedAtOnce() throws {
    let faults = try Workspace().cardFaults(
      """
      {
        "nane": "typo",
        "description": 7,
        "url": "https://old.example",
        "supportedInterfaces": [],
        "iconUrl": "icon.png",
        "defaultInputModes": ["text"],
        "skills": [ { "id": "a", "name": "A", "description": "d" }, { "id": "a", "tag": [] } ],
        "gateway": {
          "key": "stream-run",
          "backend": { "type": "local", "engine": "command", "command": [], "cmd": 1 },
          "access": { "operations": ["SendMesage"] },
          "limits": { "rate": "20/s" }
        }
      }
      """)
    let expected = [
      "3:18 error: \"description\" must be text in quotes, not 7",
      "6:14 error: \"iconUrl\" must be an http or https URL",
      "7:25 error: \"text\" is no media type", "8:15 error: \"tags\" is missing", "8:63 error: \"name\" is missing",
      "8:63 error: \"description\" is missing", "8:63 error: \"tags\" is missing",
      "8:76 error: unknown key \"tag\"; did you mean \"tags\"?", "8:71 error: two skills have the id \"a\"",
      "5:3 warning: the gateway writes \"supportedInterfaces\" itself; it is ignored here",
      "4:3 error: \"url\" is a member of A2A 0.3 cards; card files speak 1.0",
      "10:12 error: \"key\" cannot be \"stream-run\": the gateway uses that word in its own paths",
      "11:67 error: \"command\" must name a program, then its arguments",
      "11:71 error: unknown key \"cmd\"; did you mean \"cwd\"?",
      "12:32 error: there is no operation \"SendMesage\"; did you mean \"SendMessage\"?",
      "13:17 error: unknown key \"rate\"",
      "2:3 error: unknown key \"nane\"; did you mean \"name\"?",
    ]
    #expect(Set(faults) == Set(expected))
    #expect(faults.count == expected.count)
  }

  @Test(arguments: [
    ("{}", "\"gateway\" is missing"), (#"{ "gateway": {} }"#, "\"backend\" is missing"),
    (#"{ "gateway": { "backend": {} } }"#, "\"type\" is missing"),
    (#"{ "gateway": { "backend": { "type": "locl" } } }"#, "did you mean \"local\"?"),
    (#"{ "gateway": { "backend": { "type": "local" } } }"#, "\"engine\" is missing"),
    (#"{ "gateway": { "backend": { "type": "local", "engine": "opnai", "url": "x" } } }"#, "did you mean \"openai\"?"),
    (
      #"{ "gateway": { "backend": { "type": "local", "engine": "echo", "command": ["x"] } } }"#,
      "unknown key \"command\""
    ),
    (
      #"{ "gateway": { "backend": { "type": "local", "engine": "echo" }, "limits": { "memory": "1GiB" } } }"#,
      "unknown key \"memory\""
    ),
    (
      #"{ "gateway": { "backend": { "type": "local", "engine": "command", "command": ["x"], "env": { "A": 1 } } } }"#,
      "must say where the secret is"
    ),
    (
      #"{ "gateway": { "backend": { "type": "local", "engine": "command", "command": ["x"], "settings": [] } } }"#,
      "must be an object"
    ),
  ])
  func cardsWithoutAUsableBackendAreErrors(_ text: String, _ message: String) throws {
    let faults = try Workspace().cardFaults(text)
    #expect(faults.count == 1)
    #expect(faults.contains { $0.contains(message) }, "\(faults)")
  }

  @Test func aKeyIsTakenOnce() throws {
    let workspace = try Workspace()
    try workspace.write(
      "cards/zwei.json", #"{ "gateway": { "key": "echo", "backend": { "type": "local", "engine": "clock" } } }"#)
    let loaded = try workspace.load("{}")
    #expect(loaded.usable == nil)
    #expect(
      loaded.diagnostics.map(\.message)
        == ["the key \"echo\" is taken by \(workspace.folder)/./cards/echo.json"].map { $0.replacing("/./", with: "/") }
    )
  }

  @Test func aFileNameThatIsNoKeyNeedsOne() throws {
    #expect(
      try Workspace().cardFaults(Workspace.echoCard, name: "9 lives.json").first?.contains("cannot be the agent's key")
        == true)
  }

  @Test func onlyJSONFilesOfTheFolderAreCards() throws {
    let workspace = try Workspace()
    try workspace.write("cards/readme.txt", "not a card")
    try workspace.write("cards/.hidden.json", "not a card")
    try workspace.write("cards/later.json.example", "not a card")
    #expect(try workspace.load("{}").cards.map(\.key) == ["echo"])
  }
}

@Suite struct AgentKeyTests {
  @Test(arguments: ["a", "Echo", "a-b", "a.b_c-9", "x1"]) func validKeys(_ key: String) {
    #expect(AgentKey.isValid(key))
  }

  @Test(arguments: [
    "", "1a", "-a", "a-", "a--b", "a._b", "a b", "a/b", "é", "run", "v1", "a2a", "external", "stream-run",
  ])
  func invalidKeys(_ key: String) {
    #expect(!AgentKey.isValid(key))
  }

  @Test func length() {
    #expect(AgentKey.isValid(String(repeating: "a", count: 255)))
    #expect(!AgentKey.isValid(String(repeating: "a", count: 256)))
  }
}

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", "", true), ("*", "any", true), ("a*", "abc", true), ("a*", "ba", false), ("*c", "abc", true),
    ("a*c", "ac", true),
    ("a*c", "a", false), ("aa*aa", "aaa", false), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
    ("abc", "abc", true),
    ("abc", "abcd", false), ("*a*a*", "banana", true), ("*x*", "banana", false), ("", "", true), ("", "a", false),
    ("**", "x", true),
  ])
  func matches(_ pattern: String, _ text: String, _ expected: Bool) {
    #expect(Glob(pattern).matches(text) == expected)
  }
}
