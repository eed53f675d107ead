import JSON
import Model

/// One message of the chat-completions API.
enum ChatMessage: Equatable {
  case user([ChatContent])
  case assistant(JSONString, calls: [ToolCall])
  case tool(id: String, result: JSONString)
}

/// What was said in a context, as a model is told it: the messages of earlier tasks, those of this task, and the new one.
///
/// Servers are strict: a tool call must be followed by its results, and many templates want user and model to take turns.
/// So tool calls that were never answered are left out, and what one side said in several messages becomes one.
struct ChatConversation {
  private(set) var messages: [ChatMessage] = []
  /// What of the new message could not be passed on as it is.
  private(set) var losses: [String] = []

  /// - Throws: What is wrong with the new message.
  init(_ turn: Turn) throws(AgentError) {
    add(turn.history.filter { $0.taskID != turn.taskID })
    let task = turn.history.filter { $0.taskID == turn.taskID }
    let (results, others) = try ToolResult.sort(turn.message.parts)
    let question = turn.isContinuation ? Self.question(of: task, turn) : nil
    if let (calls, index) = question {
      add(Array(task[..<index]))
      // What the model said before it asked is kept behind the question, as output of the task.
      let said = task[index...].filter { $0.role == .agent && Self.calls(in: $0) == nil }
      let matched = try ToolResult.match(results, to: calls)
      add(.assistant(Self.text(of: said), calls: calls))
      for result in matched { add(.tool(id: result.id, result: result.text)) }
    } else {
      if let result = results.first {
        throw .invalidField("\(result.field).tool_call_id", "no tool call is pending")
      }
      add(task)
    }
    var content: [ChatContent] = []
    for (index, part) in others {
      content.append(try ChatContent(part, field: "message.parts[\(index)]"))
      if case .data = part.content, losses.isEmpty { losses.append(ChatContent.dataLoss) }
    }
    if !content.isEmpty { add(.user(content)) }
  }

  /// The calls that the task waits for, and where in its messages they stand.
  private static func question(of task: [Message], _ turn: Turn) -> (calls: [ToolCall], index: Int)? {
    let index = task.lastIndex { calls(in: $0) != nil }
    let remembered = turn.earlier?.backendState.flatMap(PendingCalls.init)
    if let remembered, remembered.taskID == turn.taskID { return (remembered.calls, index ?? task.endIndex) }
    guard let index, let calls = calls(in: task[index]) else { return nil }
    return (calls, index)
  }

  // MARK: Earlier messages

  private mutating func add(_ earlier: [Message]) {
    var index = earlier.startIndex
    while index < earlier.endIndex {
      let message = earlier[index]
      index += 1
      switch message.role {
      case .user: addUser(message)
      case .agent:
        let text = Self.text(of: [message])
        guard let calls = Self.calls(in: message), index < earlier.endIndex, earlier[index].role == .user,
          let answer = try? ToolResult.sort(earlier[index].parts),
          let results = try? ToolResult.match(answer.results, to: calls)
        else {
          if !text.isEmpty { add(.assistant(text, calls: [])) }
          continue
        }
        add(.assistant(text, calls: calls))
        for result in results { add(.tool(id: result.id, result: result.text)) }
        addUser(earlier[index])
        index += 1
      }
    }
  }

  /// What a user said beside results of tools.
  private mutating func addUser(_ message: Message) {
    let parts = (try? ToolResult.sort(message.parts))?.others.map(\.part) ?? message.parts
    if !parts.isEmpty { add(.user(parts.map(ChatContent.init(earlier:)))) }
  }

  private mutating func add(_ message: ChatMessage) {
    switch (messages.last, message) {
    case (.user(let before)?, .user(let content)): messages[messages.count - 1] = .user(before + content)
    case (.assistant(let before, calls: [])?, .assistant(let text, let calls)):
      messages[messages.count - 1] = .assistant(Self.joined([before, text]), calls: calls)
    default: messages.append(message)
    }
  }

  /// The tool calls that a message of this agent asks for.
  private static func calls(in message: Message) -> [ToolCall]? {
    guard message.role == .agent else { return nil }
    for part in message.parts {
      guard case .data(let data) = part.content, data.kind == .object, let list = data.document.root["tool_calls"]
      else { continue }
      let calls = list.elements.compactMap(ToolCall.init(shownAs:))
      if !calls.isEmpty { return calls }
    }
    return nil
  }

  private static func text(of messages: [Message]) -> JSONString {
    joined(
      messages.flatMap(\.parts).compactMap { part in
        if case .text(let text) = part.content { text } else { nil }
      })
  }

  /// Texts below each other.
  static func joined(_ texts: [JSONString]) -> JSONString {
    var result: JSONString = ""
    for text in texts where !text.isEmpty {
      if !result.isEmpty { result.append("\n") }
      result.append(text)
    }
    return result
  }
}
