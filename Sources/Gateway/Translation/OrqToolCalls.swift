internal import JSON
internal import Model
internal import Orq

/// Calls that an agent asks its caller to make, and their results: data parts in the model (one of
/// `{"tool_calls":[{"tool_call_id","name","arguments"}]}` asks, `{"tool_results":[{"tool_call_id","result"}]}` answers),
/// members and parts of their own in Orq (contract §6.3).
enum OrqToolCalls {
  /// The calls that a part asks for; nil for any other part.
  static func pending(in part: Part) -> [OrqPendingToolCall]? {
    elements(of: part, "tool_calls") { node in
      guard let id = id(node) else { return nil }
      return OrqPendingToolCall(id: id, name: node["name"]?.text, arguments: node["arguments"].map(arguments))
    }
  }

  /// The same calls as parts of a message, for a task, which has no other place for them.
  static func callParts(in part: Part) -> [OrqPart]? {
    elements(of: part, "tool_calls") { node in
      guard let id = id(node) else { return nil }
      let arguments = node["arguments"].map { argument -> JSONFragment in
        argument.kind == .object ? argument.fragment : .object("value", argument.fragment.bytes)
      }
      return OrqPart(
        .toolCall(
          OrqToolCall(id: id, name: node["name"]?.text ?? "", arguments: arguments ?? JSONFragment(.object([:])))))
    }
  }

  /// The calls that a status waits for.
  static func pending(in status: TaskStatus) -> [OrqPendingToolCall] {
    guard status.state == .inputRequired else { return [] }
    return (status.message?.parts ?? []).flatMap { pending(in: $0) ?? [] }
  }

  /// The results that a part holds, as Orq's parts; nil for any other part.
  static func results(in part: Part) -> [OrqPart]? {
    elements(of: part, "tool_results") { node in
      id(node).map { OrqPart(.toolResult(toolCallID: $0, result: node["result"]?.fragment)) }
    }
  }

  /// One data part with all results of a message.
  static func resultsPart(_ results: [(id: String, result: JSONFragment?)]) -> Part {
    var json = JSONWriter()
    json.beginArray()
    for (id, result) in results {
      json.beginObject()
      json.member("tool_call_id", id)
      if let result { json.member("result", result) }
      json.endObject()
    }
    json.endArray()
    return Part(.data(.object("tool_results", json.finish())))
  }

  /// nil unless every element of the list has the form that is asked for.
  private static func elements<Element>(
    of part: Part, _ name: StaticString, _ read: (JSONNode) -> Element?
  ) -> [Element]? {
    guard case .data(let data) = part.content, data.kind == .object, let list = data.document.root[name],
      list.kind == .array, list.count > 0
    else { return nil }
    let elements = list.elements.compactMap(read)
    return elements.count == list.count ? elements : nil
  }

  private static func id(_ node: JSONNode) -> String? {
    node["tool_call_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Orq has arguments as a JSON text in a string.
  private static func arguments(_ node: JSONNode) -> JSONString {
    node.text ?? JSONString(String(decoding: node.fragment.bytes, as: UTF8.self))
  }
}

extension JSONFragment {
  /// An object of one member.
  ///
  /// - Parameter value: valid JSON.
  static func object(_ name: StaticString, _ value: [UInt8]) -> JSONFragment {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key(name)
    writer.raw(value.span)
    writer.endObject()
    do {
      return try JSONFragment.parse(writer.finish(), limits: JSONLimits(bytesMax: .max, depthMax: .max, nodesMax: .max))
    } catch {
      preconditionFailure("a valid value makes a valid object: \(error)")
    }
  }
}
