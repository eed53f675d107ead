import JSON
import Model

/// What a caller found out for a tool call: a data part `{"tool_results": [{"tool_call_id", "result"}]}`, or
/// `{"tool_call_id", "result"}` for one.
struct ToolResult: Equatable {
  var id: String
  /// What the model is told: text as it is, any other value as JSON.
  var text: JSONString
  /// Where in the message it stands, for errors.
  var field: String

  /// The results among the parts of a message, and the other parts, each with its place.
  static func sort(
    _ parts: [Part]
  ) throws(AgentError) -> (results: [ToolResult], others: [(index: Int, part: Part)]) {
    var results: [ToolResult] = []
    var others: [(index: Int, part: Part)] = []
    for (index, part) in parts.enumerated() {
      guard let found = try read(part, field: "message.parts[\(index)].data") else {
        others.append((index, part))
        continue
      }
      results += found
    }
    return (results, others)
  }

  /// nil for a part that is something else.
  private static func read(_ part: Part, field: String) throws(AgentError) -> [ToolResult]? {
    guard case .data(let data) = part.content, data.kind == .object else { return nil }
    let root = data.document.root
    guard let list = root["tool_results"] else {
      return root["tool_call_id"] == nil ? nil : [try ToolResult(root, field: field)]
    }
    guard list.kind == .array, list.count > 0 else {
      throw .invalidField("\(field).tool_results", "must be a list of at least one result")
    }
    var results: [ToolResult] = []
    for (index, element) in list.elements.enumerated() {
      results.append(try ToolResult(element, field: "\(field).tool_results[\(index)]"))
    }
    return results
  }

  private init(_ node: JSONNode, field: String) throws(AgentError) {
    guard let id = node["tool_call_id"]?.string, !id.isEmpty else {
      throw .invalidField("\(field).tool_call_id", "must be the id of a tool call")
    }
    guard let result = node["result"] else { throw .invalidField("\(field).result", "is missing") }
    self.id = id
    self.field = field
    text = result.text ?? JSONString(String(decoding: result.fragment.bytes, as: UTF8.self))
  }

  /// The results in the order of the calls. Each call needs one result, and each result a call.
  static func match(_ results: [ToolResult], to calls: [ToolCall]) throws(AgentError) -> [ToolResult] {
    var violations: [AgentError.FieldViolation] = []
    var byID: [String: ToolResult] = [:]
    for result in results {
      let field = "\(result.field).tool_call_id"
      if !calls.contains(where: { $0.id == result.id }) {
        violations.append(.init(field: field, description: "no tool call \"\(result.id.prefix(80))\" is pending"))
      } else if byID.updateValue(result, forKey: result.id) != nil {
        violations.append(.init(field: field, description: "\"\(result.id.prefix(80))\" has a result already"))
      }
    }
    let ordered = calls.compactMap { byID[$0.id] }
    for call in calls where byID[call.id] == nil {
      violations.append(
        .init(field: "message.parts", description: "the result of the tool call \"\(call.id.prefix(80))\" is missing"))
    }
    guard violations.isEmpty else {
      let text = violations.prefix(5).map { "\($0.field): \($0.description)" }.joined(separator: "; ")
      throw AgentError(.invalidParams, text, fieldViolations: violations)
    }
    return ordered
  }
}
