internal import A2A
internal import JSON
internal import Model
internal import Orq

/// Content between A2A and Orq (orq.md §2.3, §6.2). Orq takes text, files and results of tools; a data part reaches it as
/// text.
enum OrqParts {
  // MARK: To Orq

  /// Writes a part of a message as Orq takes it.
  ///
  /// - Parameter losses: gains what Orq has no form for.
  static func write(_ part: Part, into json: inout JSONWriter, _ losses: inout OrqSendLosses) {
    if part.metadata != nil { losses.insert(.partMetadata) }
    switch part.content {
    case .text(let text):
      if part.mediaType != nil || part.filename != nil { losses.insert(.textMediaType) }
      OrqPart.write(text: text, into: &json)
    case .raw(let base64): file(.bytes(base64), part).write(into: &json)
    case .url(let url): file(.uri(url), part).write(into: &json)
    case .data(let value):
      losses.insert(.dataAsText)
      OrqPart.write(text: value.bytes.span, into: &json)
    }
  }

  private static func file(_ content: OrqFile.Content, _ part: Part) -> OrqPart {
    OrqPart(.file(OrqFile(content, mediaType: part.mediaType, name: part.filename)))
  }

  // MARK: From Orq

  /// nil for what is no output: reasoning, calls and results of tools.
  static func part(_ part: OrqPart) -> Part? {
    switch part.content {
    case .text(let text): return Part(.text(text), metadata: part.metadata)
    case .file(let file):
      let content: Part.Content =
        switch file.content {
        case .bytes(let base64): .raw(base64)
        case .uri(let uri): .url(uri)
        }
      return Part(content, mediaType: file.mediaType, filename: file.name, metadata: part.metadata)
    case .data(let object): return Part(.data(object), metadata: part.metadata)
    // Orq's own words on what failed are for operators.
    case .error: return Part(.text("The agent met an error."), metadata: kind("error"))
    case .toolCall, .toolResult, .reasoning: return nil
    case .other(let whole): return Part(.data(whole), metadata: kind("other"))
    }
  }

  /// Says which kind of Orq's a part was.
  private static func kind(_ name: String) -> JSONFragment {
    JSONFragment(.object([GatewayExtension.uri.description: ["orq_part": .string(name)]]))
  }

  /// The question that pending calls of the caller's functions are: `{"tool_calls":[{"tool_call_id","name","arguments"}]}`.
  static func question(_ calls: [OrqPendingToolCall]) -> Part {
    let entries = calls.map { call -> JSONValue in
      // Orq writes arguments as JSON within a string; what is no JSON stays text.
      let text = call.arguments?.string ?? "{}"
      let arguments = (try? JSONValue.parse(Array(text.utf8))) ?? .string(text)
      return ["tool_call_id": .string(call.id), "name": .string(call.name?.string ?? ""), "arguments": arguments]
    }
    return Part(.data(JSONFragment(["tool_calls": .array(entries)])))
  }

  // MARK: Results of tools

  /// The results that a message gives for pending calls: data parts `{"tool_results":[{"tool_call_id","result"}]}` or, for
  /// short, `{"tool_call_id","result"}`. Every pending call must be answered, once, and nothing else.
  static func results(
    in message: Message, pending: [String], _ losses: inout OrqSendLosses
  ) throws(AgentError) -> [OrqPart] {
    var results: [OrqPart] = []
    var open = Set(pending)
    for (index, part) in message.parts.enumerated() {
      guard case .data(let value) = part.content else {
        losses.insert(.textBesideToolResults)
        continue
      }
      let root = value.document.root
      let entries = root["tool_results"]?.elements ?? [root]
      for entry in entries {
        guard let id = entry["tool_call_id"]?.string else {
          throw .invalidField("message.parts[\(index)].data", "a result names its tool_call_id")
        }
        guard open.remove(id) != nil else {
          throw .invalidField(
            "message.parts[\(index)].data.tool_call_id", "\(id) is not pending; pending: \(list(pending))")
        }
        results.append(OrqPart(.toolResult(toolCallID: id, result: entry["result"]?.fragment)))
      }
    }
    guard open.isEmpty else {
      throw .invalidField(
        "message.parts",
        "results are missing for \(list(open.sorted())); send data parts {\"tool_call_id\", \"result\"}")
    }
    return results
  }

  private static func list(_ ids: [String]) -> String { ids.joined(separator: ", ") }
}
