public import JSON

/// The settings of an agent as its maker writes them (contract §3.1, §3.7): unlike ``OrqSettings``, with tools that are
/// references or whole definitions.
public struct OrqDefinedSettings: OrqReadable {
  public static var author: OrqReader.Author { .caller }

  /// Within ``OrqLimits/iterations``.
  public var iterationsMax: Int?
  /// Within ``OrqLimits/executionSeconds``.
  public var executionSecondsMax: Int?
  /// 0 for no bound.
  public var costMax: JSONNumber?
  public var toolApproval: OrqSettings.ToolApproval?
  public var tools: [OrqToolDefinition]
  /// Arrays of objects.
  public var evaluators: JSONFragment?
  public var guardrails: JSONFragment?

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    iterationsMax = reader.int(node, "max_iterations", within: OrqLimits.iterations)
    executionSecondsMax = reader.int(node, "max_execution_time", within: OrqLimits.executionSeconds)
    costMax = reader.number(node, "max_cost")
    toolApproval = reader.name(node, "tool_approval_required", OrqSettings.ToolApproval.self)
    tools = reader.values(node, "tools", OrqToolDefinition.self, max: OrqLimits.toolsMax) ?? []
    evaluators = reader.array(node, "evaluators")
    guardrails = reader.array(node, "guardrails")
  }
}

/// A tool as an agent's maker names or defines it.
public struct OrqToolDefinition: OrqReadable {
  public static var author: OrqReader.Author { .caller }

  /// `function`, `http`, `code`, `json_schema`, `mcp`, the name of a built-in tool, or `<provider>:<name>`.
  public var type: String
  public var key: String?
  public var displayName: JSONString?
  public var description: JSONString?
  public var requiresApproval: Bool
  /// What the caller is asked to do; only of a `function` that is defined in place.
  public var function: OrqFunction?

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    type = reader.identifier(node, "type")
    key = reader.string(node, "key")
    displayName = reader.text(node, "display_name")
    description = reader.text(node, "description")
    requiresApproval = reader.bool(node, "requires_approval") ?? false
    function = reader.value(node, "function", OrqFunction.self)
  }
}

/// A function that a model may ask its caller for.
public struct OrqFunction: OrqReadable {
  public static var author: OrqReader.Author { .caller }

  public var name: String
  public var description: JSONString?
  public var strict: Bool?
  /// A JSON Schema.
  public var parameters: JSONFragment?

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    name = reader.identifier(node, "name")
    description = reader.text(node, "description")
    strict = reader.bool(node, "strict")
    parameters = reader.object(node, "parameters")
  }

  /// The form of chat completions, which is also the API's own of a tool defined in place.
  public func writeTool(into json: inout JSONWriter) {
    json.beginObject()
    json.member("type", "function" as StaticString)
    json.key("function")
    json.beginObject()
    json.member("name", name)
    json.optional("description", description)
    json.optional("strict", strict)
    json.optional("parameters", parameters)
    json.endObject()
    json.endObject()
  }
}

extension OrqReader {
  fileprivate mutating func int(_ object: JSONNode, _ name: StaticString, within range: ClosedRange<Int>) -> Int? {
    guard let value = int(object, name) else { return nil }
    guard range.contains(value) else {
      fail(at: name, "Must be \(range.lowerBound) to \(range.upperBound).")
      return nil
    }
    return value
  }
}
