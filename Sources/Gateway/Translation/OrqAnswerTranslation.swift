internal import A2A
internal import JSON
internal import Model
internal import Orq

/// From the model to Orq's messages and parts (contract §2.3, §2.4), with a note of what got lost.
struct OrqAnswerTranslation {
  private(set) var losses: OrqLosses

  /// - Parameter losses: what got lost before.
  init(losses: OrqLosses = []) { self.losses = losses }

  mutating func lose(_ loss: OrqLosses) { losses.insert(loss) }

  // MARK: Parts

  mutating func part(_ part: Part) -> OrqPart {
    switch part.content {
    case .text(let text):
      if let type = part.mediaType, type != "text/plain" { lose(.partMediaType) }
      if part.filename != nil { lose(.partFilename) }
      if part.metadata != nil { lose(.partMetadata) }
      return OrqPart(.text(text))
    case .raw(let base64):
      // Bytes must not be empty in Orq.
      return file(part, base64.isEmpty ? .uri("data:,") : .bytes(base64))
    case .url(let url): return file(part, .uri(url))
    case .data(let value):
      if part.mediaType != nil { lose(.partMediaType) }
      if part.filename != nil { lose(.partFilename) }
      if value.kind == .object { return OrqPart(.data(value), metadata: part.metadata) }
      lose(.dataWrapped)
      return OrqPart(.data(.object("value", value.bytes)), metadata: part.metadata)
    }
  }

  private func file(_ part: Part, _ content: OrqFile.Content) -> OrqPart {
    OrqPart(.file(OrqFile(content, mediaType: part.mediaType, name: part.filename)), metadata: part.metadata)
  }

  mutating func noteNames(of artifact: Artifact) {
    if artifact.name != nil || artifact.description != nil || artifact.metadata != nil { lose(.artifactNames) }
  }

  // MARK: Messages

  /// A message of a conversation, with the calls that it asks for. Results of tools make it one of the role `tool`.
  mutating func message(_ message: Message) -> OrqMessage {
    var parts: [OrqPart] = []
    var results: [OrqPart] = []
    for part in message.parts {
      if message.role == .user, let more = OrqToolCalls.results(in: part) {
        results += more
      } else {
        parts += OrqToolCalls.callParts(in: part) ?? [self.part(part)]
      }
    }
    return OrqMessage(
      messageID: message.messageID, role: message.role == .agent ? .agent : results.isEmpty ? .user : .tool,
      parts: parts + results)
  }

  /// What a task says in the end, as one message of the agent: its artifacts and the words of its last status. nil when
  /// there is nothing.
  ///
  /// - Parameter withCalls: calls that the task waits for are parts too; otherwise they are told elsewhere.
  mutating func output(of task: AgentTask, withCalls: Bool) -> OrqMessage? {
    var parts: [OrqPart] = []
    for artifact in task.artifacts {
      noteNames(of: artifact)
      for part in artifact.parts { parts.append(self.part(part)) }
    }
    for part in task.status.message?.parts ?? [] {
      guard let calls = OrqToolCalls.callParts(in: part) else {
        parts.append(self.part(part))
        continue
      }
      if withCalls { parts += calls }
    }
    return parts.isEmpty ? nil : OrqMessage(messageID: "\(task.id).output", role: .agent, parts: parts)
  }

  // MARK: Facts beside the output

  /// Why a turn stopped, by the task's metadata where the agent has said it. An agent that waits for its caller is told by
  /// the one reason that Orq has for that, whether it names functions or asks in words (contract §6.2).
  static func finishReason(_ state: TaskState, stated: JSONFragment?) -> OrqFinishReason {
    if state.isInterrupted { return .functionCall }
    guard let name = stated?.document.root.string else { return .stop }
    // The SDKs refuse names that they do not know.
    if case .other = OrqFinishReason(name) { return .stop }
    return OrqFinishReason(name)
  }

  /// The task's own, with the names that Orq gives it and what was lost on the way in.
  func metadata(of task: AgentTask, agentKey: String) -> JSONFragment {
    var object: JSONObject = [:]
    if case .object(let members)? = task.metadata?.value { object = members }
    object["orq_workspace_id"] = .string(OrqNames.workspaceID)
    object["orq_agent_id"] = .string(agentKey)
    object["orq_agent_key"] = .string(agentKey)
    OrqLosses.state(losses.intersection(.agentDefinition), in: &object)
    return JSONFragment(.object(object))
  }

  /// Usage as Orq counts it; other names of the same counts are understood.
  mutating func usage(_ stated: JSONFragment?) -> OrqUsage? {
    guard let stated else { return nil }
    let root = stated.document.root
    func count(_ names: [StaticString]) -> Int? {
      names.lazy.compactMap { root[$0]?.int64 }.first.flatMap { Int(exactly: $0) }
    }
    guard let prompt = count(["prompt_tokens", "input_tokens", "inputTokens"]),
      let completion = count(["completion_tokens", "output_tokens", "outputTokens"])
    else {
      lose(.usage)
      return nil
    }
    let isOrqs = root["prompt_tokens"] != nil && root["completion_tokens"] != nil && root["total_tokens"] != nil
    if isOrqs, let usage = try? OrqUsage.decode(root) { return usage }
    return OrqUsage(promptTokens: prompt, completionTokens: completion)
  }
}

extension OrqMessage {
  /// The text parts, joined.
  var text: JSONString {
    var text: JSONString = ""
    for case .text(let more) in parts.map(\.content) { text.append(more) }
    return text
  }
}
