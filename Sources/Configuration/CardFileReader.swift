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
          reader.object(node, "\"backend\"") { self.backend(&$0, cardKey: key) } ?? nil
        }
        let access = reader.object("access") { self.access(&$0) } ?? AccessRules()
        let limits = reader.object("limits") { self.limits(&$0, backend) } ?? AgentLimits()
        let orq = orq(&reader, backend)
        guard let key, let backend else { return nil }
        return CardFile(
          file: file, key: key, card: card, backend: backend, access: access, limits: limits, orq: orq)
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

  private func backend(_ reader: inout ObjectReader, cardKey key: String?) -> Backend? {
    let names = ["local", "orq", "a2a"]
    let hint = "this build has: " + names.joined(separator: ", ")
    guard let node = reader.required("type", hint: hint), let type = reader.string(node, "type") else { return nil }
    switch type {
    case "local": return EngineReader(faults: faults, folder: folder).engine(&reader).map(Backend.local)
    case "orq": return OrqReader(faults: faults).agent(&reader, cardKey: key).map(Backend.orq)
    case "a2a": return ExternalAgentReader(faults: faults).agent(&reader).map(Backend.a2a)
    default:
      faults.error(
        node.range, "there is no backend \"\(type)\"" + ObjectReader.suggestion(type, names), hint: hint)
      // Its other keys are not wrong, they only mean nothing here.
      reader.ignoreUnknownKeys()
      return nil
    }
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

  private func orq(_ reader: inout ObjectReader, _ backend: Backend?) -> OrqDefaults {
    guard let backend else {
      // What should stand there is unknown as long as the backend is.
      _ = reader.value("orq")
      return OrqDefaults()
    }
    guard case .orq = backend else {
      if reader.value("orq") != nil {
        faults.error(reader.range(of: "orq"), "\"orq\" is for agents whose backend is of the type \"orq\"")
      }
      return OrqDefaults()
    }
    return reader.object("orq") { OrqReader(faults: faults).defaults(&$0) } ?? OrqDefaults()
  }

  private func limits(_ reader: inout ObjectReader, _ backend: Backend?) -> AgentLimits {
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
    guard case .local(let engine) = backend, engine.boundsOutput else { return result }
    var output = 0
    reader.bytes("output", &output, in: 4096...4 << 30)
    if output > 0 { result.outputBytesMax = output }
    guard case .command = engine else { return result }
    var memory = 0
    reader.bytes("memory", &memory, in: 16 << 20...1 << 40)
    if memory > 0 { result.memoryBytesMax = memory }
    result.killGrace = reader.duration("kill_grace", in: .milliseconds(0)...(.seconds(300)))
    return result
  }
}

extension LocalEngineConfiguration {
  /// What the engine passes on is somebody else's, and bounded as a whole.
  fileprivate var boundsOutput: Bool {
    switch self {
    case .command, .http: true
    case .echo, .clock, .openai: false
    }
  }
}
