import JSON

/// Reads what concerns Orq: the workspace in the configuration, an agent's backend and its defaults in card files.
struct OrqReader {
  let faults: FaultList

  // MARK: The workspace

  func workspace(_ reader: inout ObjectReader) -> OrqConfiguration? {
    let key = reader.secret("key")
    if case .file(let path) = key { reader.expectFile(path, reader.range(of: "key")) }
    var result = OrqConfiguration(key: key ?? .environment(""))
    if let node = reader.value("url"), var url = reader.upstreamURL(node, "url") {
      while url.hasSuffix("/") { url.removeLast() }
      if url.contains("?") { faults.error(node.range, "\"url\" must be the base of the API, without a query") }
      result.url = url
    }
    if WebAddress.isInTheClear(result.url) {
      faults.warning(reader.range(of: "url"), "the key and all messages travel in the clear", hint: "use https://")
    }
    if let node = reader.value("generation") {
      if case .number(let text) = node.content, let generation = Int(text).flatMap(OrqConfiguration.Generation.init) {
        result.generation = generation
      } else {
        reader.wrong(node, "generation", "3 or 4")
      }
    }
    result.authorityFile = reader.file("ca_file")
    result.expose = expose(&reader)
    reader.choice("cancel", &result.cancel, OrqConfiguration.CancelPolicy.allCases.map { ($0.rawValue, $0) })
    reader.duration("refresh", &result.refresh, in: .seconds(10)...(.seconds(7 * 86_400)))
    _ = reader.object("timeouts") { timeouts(&$0, &result.timeouts) }
    reader.bool("register_external", &result.registersExternal)
    if let node = reader.value("callback_key") { result.callbackKey = reader.secret(node, "callback_key") }
    if case .file(let path) = result.callbackKey { reader.expectFile(path, reader.range(of: "callback_key")) }
    if result.callbackKey != nil, !result.registersExternal {
      faults.warning(
        reader.range(of: "callback_key"), "nobody gets this key: it is for agents that are registered in Orq",
        hint: "\"register_external\": true")
    }
    return key == nil ? nil : result
  }

  private func expose(_ reader: inout ObjectReader) -> [Glob] {
    (reader.strings("expose") ?? []).map { text, node in
      let allowed = text.utf8.allSatisfy { byte in
        "*._-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
      }
      if text.isEmpty || !allowed {
        faults.error(node.range, "\"\(text)\" matches no agent's key", hint: "such as \"*\" or \"support-*\"")
      }
      return Glob(text)
    }
  }

  private func timeouts(_ reader: inout ObjectReader, _ result: inout UpstreamTimeouts) {
    let range: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
    reader.duration("connect", &result.connect, in: range)
    reader.duration("first_byte", &result.firstByte, in: range)
    reader.duration("silence", &result.silence, in: range)
  }

  // MARK: An agent

  /// - Parameter cardKey: the agent's key here, which is its key in Orq where the file says nothing else.
  func agent(_ reader: inout ObjectReader, cardKey: String?) -> OrqAgentConfiguration? {
    var agentKey = cardKey
    if let node = reader.value("agent_key"), let text = reader.string(node, "agent_key") {
      // Words that are reserved in addresses here may be agents there, but the call would reach another operation.
      if let fault = AgentKey.fault(text) { faults.error(node.range, "\"agent_key\" \(fault)") }
      agentKey = text
    }
    var call = OrqAgentConfiguration.Call.responses
    reader.choice("call", &call, OrqAgentConfiguration.Call.allCases.map { ($0.rawValue, $0) })
    let node = call == .run ? reader.required("agent", hint: Self.agentHint) : reader.value("agent")
    guard call == .run else {
      if node != nil {
        faults.error(
          reader.range(of: "agent"), "\"agent\" defines an agent that Orq runs, so it needs \"call\": \"run\"")
      }
      return agentKey.map { OrqAgentConfiguration(agentKey: $0, call: call) }
    }
    guard let node else { return nil }
    let agent = definition(node, reader)
    return agentKey.map { OrqAgentConfiguration(agentKey: $0, call: call, agent: agent) }
  }

  private static let agentHint =
    "such as { \"model\": \"openai/gpt-4o\", \"role\": \"…\", \"instructions\": \"…\", \"path\": \"Default\" }"

  /// The members of a run call that define an agent (contracts/orq.md §3.7). Names that this build does not know are
  /// passed on: Orq may know them.
  private func definition(_ node: JSONCNode, _ reader: ObjectReader) -> JSONFragment? {
    guard case .object(let members) = node.content else {
      reader.wrong(node, "agent", "an object")
      return nil
    }
    let start = SourceRange(start: node.range.start, end: node.range.start)
    for name in ["model", "role", "instructions", "path"] where node[name] == nil {
      faults.error(start, "\"\(name)\" is missing", hint: Self.agentHint)
    }
    for member in members {
      switch member.name {
      case "role", "instructions", "path", "description", "system_prompt", "engine":
        if case .string = member.value.content { continue }
        reader.wrong(member.value, member.name, "text in quotes")
      case "model":
        switch member.value.content {
        case .string, .object: continue
        default: reader.wrong(member.value, member.name, "\"provider/model\", or an object with an \"id\"")
        }
      case "settings":
        if case .object = member.value.content { continue }
        reader.wrong(member.value, member.name, "an object")
      case "fallback_models", "memory_stores", "knowledge_bases", "team_of_agents", "skills":
        if case .array = member.value.content { continue }
        reader.wrong(member.value, member.name, "a list")
      default: unexpected(member)
      }
    }
    guard case .object(var agent) = node.jsonValue else { return nil }
    // A run call must have them, if only to say that all is as Orq has it.
    if agent["settings"] == nil { agent["settings"] = [:] }
    return JSONFragment(.object(agent))
  }

  private func unexpected(_ member: JSONCNode.Member) {
    let defaults = ["variables", "memory", "thread", "metadata"]
    let own = ["key", "message", "task_id", "identity", "contact", "stream_timeout_seconds", "configuration"]
    if defaults.contains(member.name) {
      faults.error(member.nameRange, "\"\(member.name)\" belongs into \"gateway\".\"orq\"")
    } else if own.contains(member.name) {
      faults.error(member.nameRange, "\"\(member.name)\" of a call is the gateway's to say", hint: "remove it")
    } else {
      let known = [
        "model", "role", "instructions", "path", "settings", "description", "system_prompt", "engine",
        "fallback_models", "memory_stores", "knowledge_bases", "team_of_agents", "skills",
      ]
      faults.warning(
        member.nameRange,
        "\"\(member.name)\" is not known here and is passed on" + ObjectReader.suggestion(member.name, known))
    }
  }

  // MARK: Defaults

  func defaults(_ reader: inout ObjectReader) -> OrqDefaults {
    var result = OrqDefaults()
    if let variables = reader.anyObject("variables") { result.variables = variables }
    result.memoryEntityID = reader.object("memory") { $0.requiredString("entity_id") } ?? nil
    result.threadTags = reader.strings("thread_tags")?.map(\.text) ?? []
    if let metadata = reader.anyObject("metadata") { result.metadata = metadata }
    for (text, node) in reader.strings("from_message") ?? [] {
      if let field = OrqDefaults.MessageField(text) {
        result.fromMessage.insert(field)
      } else {
        faults.error(
          node.range, "a message cannot set \"\(text)\"",
          hint: "variables.NAME, variables.*, memory.entity_id, thread_tags, metadata.NAME or metadata.*")
      }
    }
    return result
  }
}
