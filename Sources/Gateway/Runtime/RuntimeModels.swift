internal import Configuration
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// Which engine runs a model that a call names (`runtime.models`). Keys and certificates are read once.
struct RuntimeModels: Sendable {
  private struct Rule: Sendable {
    var models: Glob
    var source: Source
  }

  /// What an engine is made of, but for what an agent adds.
  fileprivate enum Source: Sendable {
    case plain(any LocalEngine)
    case command(CommandEngine.Program)
    case chat(ChatEngine.Server)
    case service(ServiceEngine.Service)
  }

  /// A model and what runs it.
  struct Candidate: Sendable {
    let model: OrqModel
    fileprivate let source: Source
    /// As the engine's server names the model.
    fileprivate let serverModel: String

    /// Whether it is told the agent's instructions.
    var isInstructed: Bool { if case .plain = source { false } else { true } }
  }

  private let rules: [Rule]

  /// - Throws: ``StartError`` naming what cannot be read.
  init(_ configuration: RuntimeConfiguration) throws {
    rules = try configuration.models.map { rule in
      let file = CardFile(
        file: "runtime.models, \"\(rule.models.pattern)\"", key: "runtime", backend: .local(rule.engine))
      let source: Source =
        switch rule.engine {
        case .echo: .plain(EchoEngine())
        case .clock: .plain(ClockEngine())
        case .command(let command): .command(try CommandEngine.Program(command))
        case .http(let service): .service(try ServiceEngine.Service(service, of: file))
        case .openai(var server):
          .chat(
            try {
              server.model = server.model ?? ""
              return try ChatEngine.Server(server, of: file)
            }())
        }
      return Rule(models: rule.models, source: source)
    }
  }

  /// nil where no engine runs it.
  func candidate(for model: OrqModel) -> Candidate? {
    guard let rule = rules.first(where: { $0.models.matches(model.id) }) else { return nil }
    var name = model.id
    if case .chat(let server) = rule.source {
      name = server.model.isEmpty ? rule.models.text(ofStarIn: model.id) : server.model
    }
    return Candidate(model: model, source: rule.source, serverModel: name)
  }
}

extension RuntimeModels.Candidate {
  /// The engine that answers one message to an agent.
  ///
  /// - Parameter prompt: the agent's instructions, as this message has them.
  func engine(_ definition: RuntimeDefinition, prompt: String, _ limits: Limits, _ logger: Logger) -> any LocalEngine {
    let key = definition.agent.key
    switch source {
    case .plain(let engine): return engine
    case .command(var program):
      program.settings = settings(program.settings, definition, prompt)
      return CommandEngine(name: key, program: program, bounds: CommandEngine.Bounds(limits), logger: logger)
    case .service(var service):
      service.settings = settings(service.settings, definition, prompt)
      return ServiceEngine(name: key, service: service, bounds: UpstreamBounds(limits), logger: logger)
    case .chat(var server):
      server.model = serverModel
      server.system = [server.system, prompt].compactMap { $0 }.joined(separator: "\n\n")
      let tools = (server.tools?.value.array ?? []) + definition.chatTools
      server.tools = tools.isEmpty ? nil : JSONFragment(.array(tools))
      if case .object(let own)? = model.parameters?.value {
        var parameters = server.parameters?.value.object ?? [:]
        for (name, value) in own.members { parameters[name] = value }
        server.parameters = JSONFragment(.object(parameters))
      }
      return ChatEngine(name: key, server: server, bounds: UpstreamBounds(limits), logger: logger)
    }
  }

  /// What a program or a service is told of the agent, beside its own settings: `{"agent": {…}}`.
  private func settings(_ own: JSONFragment?, _ definition: RuntimeDefinition, _ prompt: String) -> JSONFragment {
    var agent: JSONObject = ["model": .string(model.id), "instructions": .string(prompt)]
    if let parameters = model.parameters { agent["parameters"] = parameters.value }
    if !definition.functions.isEmpty { agent["tools"] = .array(definition.chatTools) }
    var settings = own?.value.object ?? [:]
    settings["agent"] = .object(agent)
    return JSONFragment(.object(settings))
  }
}

extension Glob {
  /// What the one `*` of the pattern stands for in a text that matches; the whole text where there is none.
  func text(ofStarIn text: String) -> String {
    guard let star = pattern.utf8.firstIndex(of: UInt8(ascii: "*")) else { return text }
    let before = pattern.utf8.distance(from: pattern.utf8.startIndex, to: star)
    let after = pattern.utf8.count - before - 1
    return String(decoding: text.utf8.dropFirst(before).dropLast(after), as: UTF8.self)
  }
}
