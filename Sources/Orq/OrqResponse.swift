public import JSON

/// Why an agent stopped (contract §6.1).
public enum OrqFinishReason: Sendable, Equatable {
  case stop
  case length
  case toolCalls
  case contentFilter
  /// Calls of the caller's own functions are pending.
  case functionCall
  case maxIterations
  case maxTime
  /// New to us. The SDKs refuse it.
  case other(String)

  public init(_ name: String) {
    self = OrqFinishReason.known.first { $0.name == name } ?? .other(name)
  }

  /// nil when absent or null.
  static func read(_ object: JSONNode, _ name: StaticString, _ reader: inout OrqReader) -> OrqFinishReason? {
    // As nearly every turn ends.
    reader.says("stop", object, name) ? .stop : reader.string(object, name).map { OrqFinishReason($0) }
  }

  public var name: String {
    switch self {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .contentFilter: "content_filter"
    case .functionCall: "function_call"
    case .maxIterations: "max_iterations"
    case .maxTime: "max_time"
    case .other(let name): name
    }
  }

  private static let known: [OrqFinishReason] = [
    .stop, .length, .toolCalls, .contentFilter, .functionCall, .maxIterations, .maxTime,
  ]
}

/// A call of a function that the caller of the agent has to make (contract §6.3).
public struct OrqPendingToolCall: OrqValue {
  public var id: String
  public var name: JSONString?
  /// A JSON text within a string.
  public var arguments: JSONString?

  public init(id: String, name: JSONString?, arguments: JSONString?) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    id = reader.identifier(node, "id")
    guard let function = reader.member(node, "function"), function.kind == .object else {
      reader.fail(at: "function", "Is required and must be an object.")
      return
    }
    (name, arguments) = reader.within("function") { ($0.text(function, "name"), $0.text(function, "arguments")) }
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("type", "function")
    json.key("function")
    json.beginObject()
    json.optional("name", name)
    json.optional("arguments", arguments)
    json.endObject()
    json.endObject()
  }
}

/// Counts of tokens, kept with all that the server says about them.
public struct OrqUsage: OrqValue {
  /// An object.
  public let fragment: JSONFragment

  public init(promptTokens: Int, completionTokens: Int) {
    fragment = JSONFragment(
      .object([
        "prompt_tokens": .int(promptTokens), "completion_tokens": .int(completionTokens),
        "total_tokens": .int(promptTokens + completionTokens),
      ]))
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) { fragment = node.fragment }

  /// - Parameter object: as it came.
  init(_ object: JSONFragment) { fragment = object }

  public var promptTokens: Int? { count("prompt_tokens") }
  public var completionTokens: Int? { count("completion_tokens") }
  public var totalTokens: Int? { count("total_tokens") }

  private func count(_ name: StaticString) -> Int? {
    fragment.document.root[name]?.int64.flatMap { Int(exactly: $0) }
  }

  public func write(into json: inout JSONWriter) { json.fragment(fragment) }
}

/// Where to find a run in Orq's traces.
public struct OrqTelemetry: OrqValue {
  public var traceID: String
  public var spanID: String

  public init(traceID: String, spanID: String) {
    self.traceID = traceID
    self.spanID = spanID
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    traceID = reader.requiredString(node, "trace_id")
    spanID = reader.requiredString(node, "span_id")
  }

  /// As it must be where it is there.
  static func check(in object: JSONNode, _ reader: inout OrqReader) {
    guard let node = reader.member(object, "telemetry") else { return }
    reader.within("telemetry") { reader in
      guard reader.isObject(node) else { return }
      reader.requireString(node, "trace_id")
      reader.requireString(node, "span_id")
    }
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("trace_id", traceID)
    json.member("span_id", spanID)
    json.endObject()
  }
}

/// The answer of `responses.create` and `responses.get` (contract §3.14, §3.15).
public struct OrqResponse: OrqWritable, Sendable, Equatable {
  public enum Status: String, Sendable, CaseIterable {
    case inProgress = "in_progress"
    case completed
    case failed
  }

  /// The response's own id; it is the task's by which it is looked up.
  public var id: String
  public var taskID: String
  /// Empty while the agent runs.
  public var output: [OrqMessage]
  /// ISO 8601.
  public var createdAt: String
  /// `provider/model`.
  public var model: String
  public var usage: OrqUsage?
  public var finishReason: OrqFinishReason?
  public var pendingToolCalls: [OrqPendingToolCall]
  public var telemetry: OrqTelemetry?
  /// Required of `get`; `create` has none.
  public var status: Status?
  /// Of a failed response that is got.
  public var error: JSONString?

  public init(
    id: String, taskID: String, output: [OrqMessage], createdAt: String, model: String, usage: OrqUsage? = nil,
    finishReason: OrqFinishReason? = nil, pendingToolCalls: [OrqPendingToolCall] = [],
    telemetry: OrqTelemetry? = nil, status: Status? = nil, error: JSONString? = nil
  ) {
    self.id = id
    self.taskID = taskID
    self.output = output
    self.createdAt = createdAt
    self.model = model
    self.usage = usage
    self.finishReason = finishReason
    self.pendingToolCalls = pendingToolCalls
    self.telemetry = telemetry
    self.status = status
    self.error = error
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("_id", id)
    json.member("task_id", taskID)
    json.member("output", output)
    json.member("created_at", createdAt)
    json.member("model", model)
    json.optional("usage", usage)
    json.optional("finish_reason", finishReason?.name)
    if !pendingToolCalls.isEmpty { json.member("pending_tool_calls", pendingToolCalls) }
    json.optional("telemetry", telemetry)
    json.optional("status", status?.rawValue)
    json.optional("error", error)
    json.endObject()
  }
}
