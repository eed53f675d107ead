import Bytes
import JSON

/// What a model asks its caller to do, as it said it: a later request must repeat it to the letter.
struct ToolCall: Equatable {
  var id: String
  var name: String
  /// JSON, if the model made no mistake.
  var arguments: String
  /// Members that only this server knows, such as a signature of the model's reasoning.
  var others: [String: JSONFragment] = [:]

  /// The arguments as a value; text that is no JSON is itself the value.
  var argumentsValue: JSONFragment {
    if arguments.isEmpty { return JSONFragment([:]) }
    return (try? JSONFragment.parse(Array(arguments.utf8))) ?? JSONFragment(.string(arguments))
  }

  /// Reads `{"tool_call_id", "name", "arguments"}`, the form in which callers see it.
  init?(shownAs node: JSONNode) {
    guard let id = node["tool_call_id"]?.string, let name = node["name"]?.string, let arguments = node["arguments"]
    else {
      return nil
    }
    self.id = id
    self.name = name
    self.arguments = arguments.string ?? String(decoding: arguments.fragment.bytes, as: UTF8.self)
  }

  init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }

  /// The form in which callers see it.
  var shown: JSONValue {
    ["tool_call_id": .string(id), "name": .string(name), "arguments": argumentsValue.value]
  }

  /// The form of the chat-completions API.
  var spoken: JSONValue {
    var object: JSONObject = [
      "id": .string(id), "type": "function",
      "function": ["name": .string(name), "arguments": .string(arguments)],
    ]
    for (name, value) in others.sorted(by: { $0.key < $1.key }) { object[name] = value.value }
    return .object(object)
  }
}

/// The tool calls that a task waits for, as the engine has them remembered: `{"task": "…", "tool_calls": […]}`. What callers
/// see of them leaves out what only the server knows.
struct PendingCalls: Equatable {
  let taskID: String
  let calls: [ToolCall]

  init(taskID: String, calls: [ToolCall]) {
    self.taskID = taskID
    self.calls = calls
  }

  /// nil for what this engine did not write.
  init?(_ fragment: JSONFragment) {
    let root = fragment.document.root
    guard let taskID = root["task"]?.string, let list = root["tool_calls"] else { return nil }
    var collector = ToolCallCollector(bytesMax: .max)
    for element in list.elements {
      do { try collector.take(element) } catch { return nil }
    }
    guard let calls = try? collector.finish(), !calls.isEmpty else { return nil }
    self.taskID = taskID
    self.calls = calls
  }

  var fragment: JSONFragment {
    JSONFragment(["task": .string(taskID), "tool_calls": .array(calls.map(\.spoken))])
  }
}

/// Puts tool calls together from the pieces in which servers send them. Servers differ: some send a call whole, some
/// number all calls 0, some leave out the number or the id.
struct ToolCallCollector {
  static let callsMax = 128
  static let nameBytesMax = 256

  private var calls: [(index: Int64?, call: ToolCall)] = []
  private var bytes = 0
  private let bytesMax: Int

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var isEmpty: Bool { calls.isEmpty }

  /// Takes one element of `tool_calls`, of a message or of a piece of one.
  mutating func take(_ node: JSONNode) throws(UpstreamFault) {
    let function = node["function"]
    let id = node["id"]?.string ?? ""
    let name = function?["name"]?.string ?? ""
    let position = position(index: node["index"]?.int64, id: id, name: name)
    guard position < Self.callsMax, id.utf8.count <= Self.nameBytesMax, name.utf8.count <= Self.nameBytesMax else {
      throw UpstreamFault(.tooLong, "more or longer tool calls than are allowed")
    }
    if calls[position].call.id.isEmpty { calls[position].call.id = id }
    if calls[position].call.name.isEmpty { calls[position].call.name = name }
    if let arguments = function?["arguments"], !arguments.isNull {
      let text = arguments.string ?? String(decoding: arguments.fragment.bytes, as: UTF8.self)
      try count(text.utf8.count)
      calls[position].call.arguments += text
    }
    try node.forEachMember { (key, value) throws(UpstreamFault) in
      switch key {
      case "index", "id", "type", "function": break
      default:
        let fragment = value.fragment
        try count(fragment.bytes.count)
        calls[position].call.others[key.string] = fragment
      }
    }
  }

  private mutating func count(_ more: Int) throws(UpstreamFault) {
    bytes += more
    if bytes > bytesMax { throw UpstreamFault(.tooLong, "longer tool calls than are allowed") }
  }

  /// Which call a piece belongs to; a new one is made where it begins one.
  private mutating func position(index: Int64?, id: String, name: String) -> Int {
    let found: Int? =
      if let index {
        calls.lastIndex { $0.index == index && (id.isEmpty || $0.call.id.isEmpty || $0.call.id == id) }
      } else if !id.isEmpty {
        calls.lastIndex { $0.call.id == id }
      } else {
        name.isEmpty ? calls.indices.last : nil
      }
    if let found { return found }
    calls.append((index, ToolCall(id: "", name: "", arguments: "")))
    return calls.count - 1
  }

  /// The calls, each with an id of its own.
  func finish() throws(UpstreamFault) -> [ToolCall] {
    var seen: Set<String> = []
    var result: [ToolCall] = []
    for (number, (_, call)) in calls.enumerated() {
      guard !call.name.isEmpty else { throw UpstreamFault(.notUnderstood, "a tool call without a name") }
      var call = call
      if call.id.isEmpty || !seen.insert(call.id).inserted {
        call.id = "call_\(number + 1)"
        seen.insert(call.id)
      }
      result.append(call)
    }
    return result
  }
}
