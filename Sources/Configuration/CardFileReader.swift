import JSON
import Model

/// Reads a card file: the members of an A2A 1.0 agent card (§4.4) that an operator may state, and the `gateway` object.
struct CardFileReader {
  let file: String
  let faults: FaultList
  let folder: String
  /// The key where the file states none.
  let defaultKey: String

  /// nil when the file cannot name an agent and its backend; the faults then say why.
  func read(_ root: JSONCNode) -> CardFile? {
    let result = ObjectReader.read(root, "a card file", faults: faults, folder: folder) { reader -> CardFile? in
      let card = card(&reader)
      guard let node = reader.required("gateway", hint: Self.gatewayHint) else { return nil }
      return reader.object(node, "\"gateway\"") { reader -> CardFile? in
        let key = key(&reader)
        let backend = reader.required("backend", hint: Self.backendHint).flatMap { node in
          reader.object(node, "\"backend\"") { self.backend(&$0) } ?? nil
        }
        let access = reader.object("access") { self.access(&$0) } ?? AccessRules()
        let isCommand = if case .local(.command) = backend { true } else { false }
        let limits = reader.object("limits") { self.limits(&$0, isCommand: isCommand) } ?? AgentLimits()
        guard let key, let backend else { return nil }
        return CardFile(file: file, key: key, card: card, backend: backend, access: access, limits: limits)
      } ?? nil
    }
    return result ?? nil
  }

  private static let gatewayHint = "add \"gateway\": { \"backend\": { \"type\": \"local\", \"engine\": \"echo\" } }"
  private static let backendHint = "such as { \"type\": \"local\", \"engine\": \"echo\" }"

  // MARK: The gateway object

  private func key(_ reader: inout ObjectReader) -> String? {
    guard let node = reader.value("key") else {
      guard let fault = AgentKey.fault(defaultKey) else { return defaultKey }
      faults.error(
        reader.start, "the file's name cannot be the agent's key: a key \(fault)",
        hint: "rename the file, or add \"key\"")
      return nil
    }
    guard let key = reader.string(node, "key") else { return nil }
    guard let fault = AgentKey.fault(key) else { return key }
    faults.error(node.range, "\"key\" \(fault)")
    return nil
  }

  private func backend(_ reader: inout ObjectReader) -> Backend? {
    guard let node = reader.required("type", hint: "this build has: local"), let type = reader.string(node, "type")
    else { return nil }
    guard type == "local" else {
      let later = type == "orq" || type == "a2a"
      faults.error(
        node.range,
        later
          ? "this build has no backend \"\(type)\" yet"
          : "there is no backend \"\(type)\"" + ObjectReader.suggestion(type, ["local"]), hint: "this build has: local")
      // Its other keys are not wrong, they only mean nothing here.
      reader.ignoreUnknownKeys()
      return nil
    }
    return engine(&reader).map(Backend.local)
  }

  private func engine(_ reader: inout ObjectReader) -> LocalEngineConfiguration? {
    let names = ["echo", "clock", "command"]
    let hint = "one of: " + names.joined(separator: ", ")
    guard let node = reader.required("engine", hint: hint), let name = reader.string(node, "engine") else { return nil }
    switch name {
    case "echo": return .echo
    case "clock": return .clock
    case "command": return command(&reader).map(LocalEngineConfiguration.command)
    default:
      faults.error(
        node.range, "this build has no engine \"\(name)\"" + ObjectReader.suggestion(name, names), hint: hint)
      reader.ignoreUnknownKeys()
      return nil
    }
  }

  private func command(_ reader: inout ObjectReader) -> CommandConfiguration? {
    var command: [String]?
    if let node = reader.required("command", hint: "such as [\"python3\", \"agent.py\"]") {
      command = reader.strings("command")?.map(\.text)
      if let words = command, words.isEmpty || words[0].isEmpty || words.contains(where: { $0.utf8.contains(0) }) {
        faults.error(node.range, "\"command\" must name a program, then its arguments")
        command = nil
      }
    }
    let folder = reader.path("cwd") ?? (self.folder.isEmpty ? "." : self.folder)
    let environment = environment(&reader)
    var settings: JSONFragment?
    if let node = reader.value("settings") {
      if case .object = node.content {
        settings = JSONFragment(node.jsonValue)
      } else {
        reader.wrong(node, "settings", "an object")
      }
    }
    var input = CommandConfiguration.Input.json
    reader.choice("stdin", &input, CommandConfiguration.Input.allCases.map { ($0.rawValue, $0) })
    return command.map {
      CommandConfiguration(
        command: $0, folder: folder, environment: environment, settings: settings, input: input)
    }
  }

  private func environment(_ reader: inout ObjectReader) -> [String: CommandConfiguration.Variable] {
    guard let node = reader.value("env") else { return [:] }
    guard case .object(let members) = node.content else {
      reader.wrong(node, "env", "an object of variables")
      return [:]
    }
    var result: [String: CommandConfiguration.Variable] = [:]
    for member in members {
      if member.name.isEmpty || member.name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) {
        faults.error(member.nameRange, "\"\(member.name)\" cannot be the name of a variable")
      }
      if case .string(let text) = member.value.content {
        if text.utf8.contains(0) { faults.error(member.nameRange, "\"\(member.name)\" holds a zero character") }
        result[member.name] = .text(text)
      } else if let secret = reader.secret(member.value, member.name) {
        result[member.name] = .secret(secret)
      }
    }
    return result
  }

  private func access(_ reader: inout ObjectReader) -> AccessRules {
    var result = AccessRules()
    if let callers = reader.strings("callers") { result.callers = callers.map { Glob($0.text) } }
    if let skills = reader.strings("skills") { result.skills = skills.map { Glob($0.text) } }
    if let operations = reader.strings("operations") {
      let names = AgentOperation.allCases.map(\.rawValue)
      result.operations = []
      for (text, node) in operations {
        let glob = Glob(text)
        let matching = AgentOperation.allCases.filter { glob.matches($0.rawValue) }
        result.operations.formUnion(matching)
        if matching.isEmpty {
          faults.error(
            node.range, "there is no operation \"\(text)\"" + ObjectReader.suggestion(text, names),
            hint: "one of: " + names.joined(separator: ", "))
        }
      }
    }
    return result
  }

  private func limits(_ reader: inout ObjectReader, isCommand: Bool) -> AgentLimits {
    var result = AgentLimits()
    let times: ClosedRange<Duration> = .seconds(1)...(.seconds(7 * 86_400))
    var concurrent = 0
    reader.count("concurrent_tasks", &concurrent, in: 1...100_000)
    if concurrent > 0 { result.concurrentTasksMax = concurrent }
    result.taskTime = reader.duration("task_time", in: times)
    result.silence = reader.duration("silence", in: times)
    result.blockingWait = reader.duration("blocking_wait", in: times)
    var events = 0
    reader.count("stream_events", &events, in: 16...10_000_000)
    if events > 0 { result.events = events }
    if let wait = result.blockingWait, let time = result.taskTime, wait > time {
      faults.error(reader.range(of: "blocking_wait"), "\"blocking_wait\" is more than \"task_time\"")
    }
    guard isCommand else { return result }
    var output = 0
    reader.bytes("output", &output, in: 4096...4 << 30)
    if output > 0 { result.outputBytesMax = output }
    var memory = 0
    reader.bytes("memory", &memory, in: 16 << 20...1 << 40)
    if memory > 0 { result.memoryBytesMax = memory }
    result.killGrace = reader.duration("kill_grace", in: .milliseconds(0)...(.seconds(300)))
    return result
  }
}
