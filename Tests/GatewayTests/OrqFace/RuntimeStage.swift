import Configuration
import JSON
import TestSupport
import Testing

@testable import Gateway

/// A gateway on which agents can be made: `local/*` is run by a model server in the hands of the test, `echo/*` by the
/// engine of that name. Alice is an operator, Bob is not.
final class RuntimeStage {
  let folder: TemporaryFolder
  let models: OrqUpstream
  private(set) var gateway: TestGateway

  init(_ agents: TestAgent..., configure: (inout GatewayConfiguration) -> Void = { _ in }) throws {
    folder = try TemporaryFolder()
    models = try OrqUpstream(answersDirectory: false)
    gateway = try RuntimeStage.gateway(agents, folder, models, configure)
  }

  private static func gateway(
    _ agents: [TestAgent], _ folder: TemporaryFolder, _ models: OrqUpstream,
    _ configure: (inout GatewayConfiguration) -> Void
  ) throws -> TestGateway {
    try TestGateway(
      agents: agents.isEmpty ? [.echo] : agents, needsKey: true, state: try StateDirectory(path: folder.path + "/state")
    ) { configuration in
      configuration.makeOperator("alice")
      configuration.runtime.models = [
        .init(
          models: Glob("local/*"),
          engine: .openai(
            ChatServerConfiguration(url: "http://127.0.0.1:\(models.listener.port)/v1", model: nil, system: "Be brief.")
          )),
        .init(models: Glob("echo/*"), engine: .echo),
      ]
      configure(&configuration)
    }
  }

  /// Stops the gateway and starts another one on the same folder.
  func restart(_ configure: (inout GatewayConfiguration) -> Void = { _ in }) throws {
    gateway.stop()
    let folder = folder
    // The folder's lock goes with the old gateway.
    gateway = try TestGateway(.echo)
    gateway = try RuntimeStage.gateway([], folder, models, configure)
  }

  var alice: OrqCaller { gateway.orq(as: "alice") }
  var bob: OrqCaller { gateway.orq(as: "bob") }

  /// A call of an operator that makes an agent.
  @discardableResult
  func create(_ key: String, _ more: JSONObject = [:]) throws -> JSONValue {
    let response = try alice.request("POST", "/v2/agents", RuntimeStage.definition(key, more))
    try #require(response.status == 201, "\(response.status): \(response.text)")
    return try JSONValue.parse(response.body)
  }

  static func definition(_ key: String, _ more: JSONObject = [:]) -> JSONValue {
    var body: JSONObject = [
      "key": .string(key), "role": "Helper", "description": "Helps.", "instructions": "Help with {{topic}}.",
      "path": "Default/agents", "model": "echo/x", "settings": [:],
    ]
    for (name, value) in more.members { body[name] = value }
    return .object(body)
  }
}

extension GatewayConfiguration {
  mutating func makeOperator(_ name: String) {
    for index in keys.indices where keys[index].name == name { keys[index].roles = [.operator] }
  }
}

extension UpstreamRequest {
  /// As a chat-completions server answers.
  func say(_ text: String) throws {
    try respond(
      200, #"{"choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}]}"#)
  }

  func ask(_ name: String, _ arguments: String, id: String = "call_1") throws {
    let call: JSONValue = [
      "id": .string(id), "type": "function",
      "function": ["name": .string(name), "arguments": .string(arguments)],
    ]
    let answer: JSONValue = [
      "choices": [
        [
          "index": 0, "message": ["role": "assistant", "content": nil, "tool_calls": [call]],
          "finish_reason": "tool_calls",
        ]
      ]
    ]
    try respond(200, String(decoding: Caller.bytes(answer), as: UTF8.self))
  }
}
