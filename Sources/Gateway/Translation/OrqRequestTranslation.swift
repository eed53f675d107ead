internal import A2A
internal import JSON
internal import Model
internal import Orq

extension Message {
  /// What a caller of the Orq face says. Results of tools become one data part. What else belongs to the turn (variables,
  /// memory, thread, person, metadata) travels as metadata under this gateway's URI, where a backend finds it.
  ///
  /// - Parameter id: for a message that has none of its own.
  init(_ turn: OrqTurn, id: String) throws(AgentError) {
    var parts: [Part] = []
    var results: [(id: String, result: JSONFragment?)] = []
    for part in turn.message.parts {
      if case .toolResult(let id, let result) = part.content {
        results.append((id, result))
      } else if let part = OrqParts.part(part) {
        parts.append(part)
      }
    }
    if !results.isEmpty { parts.append(OrqToolCalls.resultsPart(results)) }
    if parts.isEmpty { throw .invalidField("message.parts", "Must have at least one part.") }
    self.init(
      messageID: turn.message.messageID.flatMap { $0.isEmpty ? nil : $0 } ?? id, role: .user, parts: parts,
      metadata: Message.metadata(of: turn))
  }

  private static func metadata(of turn: OrqTurn) -> JSONFragment? {
    let circumstances = turn.circumstances
    if circumstances.isEmpty { return turn.message.metadata }
    var metadata: JSONObject = [:]
    if case .object(let members)? = turn.message.metadata?.value { metadata = members }
    metadata[GatewayExtension.uri.description] = .object(circumstances)
    return JSONFragment(.object(metadata))
  }
}

extension OrqTurn {
  /// The names are those that a card file's `from_message` knows, where it knows them.
  fileprivate var circumstances: JSONObject {
    var result: JSONObject = [:]
    if let variables { result["variables"] = variables.value }
    if let memoryEntityID { result["memory"] = ["entity_id": .string(memoryEntityID)] }
    if let thread {
      result["thread_id"] = .string(thread.id)
      if !thread.tags.isEmpty { result["thread_tags"] = .array(thread.tags.map { .string($0) }) }
    }
    if let metadata { result["metadata"] = metadata.value }
    if let identity { result["identity"] = JSONFragment(identity).value }
    return result
  }
}

extension JSONFragment {
  fileprivate init(_ value: some OrqWritable) {
    do {
      self = try JSONFragment.parse(value.encoded())
    } catch {
      preconditionFailure("what the API writes is JSON: \(error)")
    }
  }
}
