import JSON
import Testing

@testable import Configuration

/// The engines `openai` and `http`, in card files and under `runtime.models`.
@Suite struct EngineReaderTests {
  private func engine(_ backend: String) throws -> LocalEngineConfiguration? {
    let workspace = try Workspace()
    try workspace.write("ca.pem", "authorities")
    try workspace.write("cards/agent.json", #"{ "gateway": { "backend": \#(backend) } }"#)
    let result = ConfigurationLoader.loadCard(file: workspace.folder + "/cards/agent.json")
    #expect(Workspace.describe(result.diagnostics) == [])
    guard case .local(let engine)? = result.card?.backend else { return nil }
    return engine
  }

  private func faults(_ backend: String) throws -> [String] {
    try Workspace().cardFaults("{ \"gateway\": { \"backend\":\n\(backend)\n} }")
  }

  @Test func aModelServerIsRead() throws {
    let engine = try engine(
      """
      { "type": "local", "engine": "openai", "url": "https://models.example/v1/", "model": "m-1",
        "key": { "env": "MODEL_KEY" }, "system": "Be brief.",
        "parameters": { "temperature": 0.20, "max_tokens": 100, "stop": ["x"] },
        "tools": [ { "type": "function", "function": { "name": "look_up", "parameters": { "type": "object" } } } ],
        "ca_file": "../ca.pem" }
      """)
    guard case .openai(let server)? = engine else {
      Issue.record("not a model server")
      return
    }
    #expect(server.url == "https://models.example/v1")
    #expect(server.model == "m-1")
    #expect(server.key == .environment("MODEL_KEY"))
    #expect(server.system == "Be brief.")
    #expect(
      server.parameters.map { String(decoding: $0.bytes, as: UTF8.self) }
        == #"{"temperature":0.20,"max_tokens":100,"stop":["x"]}"#)
    #expect(server.tools?.value.array?.first?["function"]?["name"]?.string == "look_up")
    #expect(server.authorityFile?.hasSuffix("/cards/../ca.pem") == true)
  }

  @Test func aModelServerNeedsLittle() throws {
    let engine = try engine(
      #"{ "type": "local", "engine": "openai", "url": "http://127.0.0.1:11434/v1", "model": "llama3.2" }"#)
    #expect(engine == .openai(ChatServerConfiguration(url: "http://127.0.0.1:11434/v1", model: "llama3.2")))
  }

  @Test(arguments: [
    (#"{ "type": "local", "engine": "openai", "model": "m" }"#, ["2:1 error: \"url\" is missing"]),
    (
      #"{ "type": "local", "engine": "openai", "url": "http://x/v1" }"#,
      ["2:1 error: \"model\" is missing"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "ftp://x", "model": "" }"#,
      ["2:47 error: \"url\" must begin with https:// or http://", "2:67 error: \"model\" is empty"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "http://x/v1/chat/completions", "model": "m" }"#,
      ["2:47 error: \"url\" must be the base of the API"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "http://u:p@x/v1", "model": "m" }"#,
      ["2:47 error: \"url\" must not hold a user or a password"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "https://x", "model": "m", "key": "sk-secret" }"#,
      ["2:81 error: \"key\" must say where the secret is; it must not be the secret"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "http://x", "model": "m", "key": { "env": "K" } }"#,
      ["2:40 warning: the key and all messages travel in the clear"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "https://x", "model": "m", "parameters": { "stream": false } }"#,
      ["2:90 error: \"stream\" of a request is the gateway's to say"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "https://x", "model": "m", "tools": [ { "type": "x" } ] }"#,
      ["2:85 error: a tool must be a function with a name"]
    ),
    (
      #"{ "type": "local", "engine": "openai", "url": "https://x", "model": "m", "temperature": 1 }"#,
      ["2:74 error: unknown key \"temperature\""]
    ),
  ])
  func faultsOfAModelServerHaveTheirPlaces(_ backend: String, _ expected: [String]) throws {
    #expect(try faults(backend) == expected)
  }

  @Test func aServiceIsRead() throws {
    let engine = try engine(
      """
      { "type": "local", "engine": "http", "url": "http://127.0.0.1:9000/answer?x=1",
        "headers": { "X-Team": "a b", "Authorization": { "env": "SERVICE_AUTHORIZATION" } },
        "settings": { "big": 12345678901234567890 }, "ca_file": "../ca.pem" }
      """)
    guard case .http(let service)? = engine else {
      Issue.record("not a service")
      return
    }
    #expect(service.url == "http://127.0.0.1:9000/answer?x=1")
    #expect(
      service.headers == [
        .init(name: "X-Team", value: .text("a b")),
        .init(name: "Authorization", value: .secret(.environment("SERVICE_AUTHORIZATION"))),
      ])
    #expect(
      service.settings.map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"big":12345678901234567890}"#)
    #expect(service.authorityFile?.hasSuffix("/ca.pem") == true)
  }

  @Test(arguments: [
    (#"{ "type": "local", "engine": "http" }"#, ["2:1 error: \"url\" is missing"]),
    (
      #"{ "type": "local", "engine": "http", "url": "http://x/#y" }"#,
      ["2:45 error: \"url\" must not hold a fragment"]
    ),
    (
      #"{ "type": "local", "engine": "http", "url": "http://a b/" }"#,
      ["2:45 error: \"url\" must be a URL such as \"https://models.example.com/v1\""]
    ),
    (
      #"{ "type": "local", "engine": "http", "url": "https://x", "headers": { "a b": "x", "Host": "y" } }"#,
      [
        "2:71 error: \"a b\" cannot be the name of a header field", "2:83 error: \"Host\" is the gateway's to say",
      ]
    ),
    (
      #"{ "type": "local", "engine": "http", "url": "https://x", "headers": { "a": "x\r\ny: z" } }"#,
      ["2:76 error: a header field holds visible ASCII characters and spaces"]
    ),
    (
      #"{ "type": "local", "engine": "http", "url": "http://x", "headers": { "a": { "env": "A" } } }"#,
      ["2:38 warning: secrets and all messages travel in the clear"]
    ),
  ])
  func faultsOfAServiceHaveTheirPlaces(_ backend: String, _ expected: [String]) throws {
    #expect(try faults(backend) == expected)
  }

  @Test func secretsAndFilesMustBeThere() throws {
    let workspace = try Workspace()
    try workspace.write(
      "cards/model.json",
      #"{ "gateway": { "backend": { "type": "local", "engine": "openai", "url": "https://x", "model": "m", "key": { "env": "MODEL_KEY" } } } }"#
    )
    try workspace.write(
      "cards/service.json",
      #"{ "gateway": { "backend": { "type": "local", "engine": "http", "url": "https://x", "headers": { "a": { "env": "A_VALUE" } } } } }"#
    )
    #expect(
      try workspace.faults("{}") == [
        "error: the environment variable MODEL_KEY is not set", "error: the environment variable A_VALUE is not set",
      ])
    #expect(try workspace.faults("{}", environment: ["MODEL_KEY": "k", "A_VALUE": "v"]) == [])
    let faults = try Workspace().cardFaults(
      #"{ "gateway": { "backend": { "type": "local", "engine": "http", "url": "https://x", "ca_file": "no.pem" } } }"#)
    #expect(faults.count == 1)
    #expect(faults.first?.hasPrefix("1:84 error: ") == true && faults.first?.hasSuffix("no.pem: no such file") == true)
  }

  @Test func modelsOfTheRuntimeHaveEngines() throws {
    let loaded = try Workspace().load(
      """
      { "runtime": { "models": {
          "local/*": { "engine": "openai", "url": "http://127.0.0.1:11434/v1" },
          "test/echo": { "engine": "echo" } } } }
      """)
    #expect(Workspace.describe(loaded.diagnostics) == [])
    #expect(
      loaded.configuration?.runtime.models == [
        .init(
          models: Glob("local/*"),
          engine: .openai(ChatServerConfiguration(url: "http://127.0.0.1:11434/v1", model: nil))),
        .init(models: Glob("test/echo"), engine: .echo),
      ])
  }

  @Test func faultsOfModelsHaveTheirPlaces() throws {
    let faults = try Workspace().faults(
      """
      { "runtime": { "models": {
          "*/*": { "engine": "echo" },
          "one": { "engine": "openai", "url": "http://127.0.0.1/v1" },
          "two": { "engine": "ecko" },
          "three": 3 }, "modles": {} } }
      """)
    #expect(
      faults == [
        "2:5 error: \"*/*\" must name models, with at most one \"*\"",
        "3:12 error: \"model\" is missing",
        "4:24 error: this build has no engine \"ecko\"; did you mean \"echo\"?",
        "5:14 error: the engine of \"three\" must be an object, not 3",
        "5:19 error: unknown key \"modles\"; did you mean \"models\"?",
      ])
  }
}
