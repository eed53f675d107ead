internal import Configuration
internal import JSON
internal import Model

extension TaskStore {
  /// What was said in a context before a turn, oldest first: each earlier task's messages and its output as one message
  /// of the agent, bounded in number of tasks and bytes (the newest are kept).
  func conversation(before turn: Turn, owner: TaskOwner, limits: ContextLimits) -> [Message] {
    var messages: [Message] = []
    // The turn's own message may be among them, and is not counted below.
    let bytesMax = limits.historyBytesMax + turn.message.byteCount
    let tasks = tasks(
      inContext: turn.contextID, owner: owner, max: limits.historyTasksMax, bytesMax: bytesMax)
    for task in tasks {
      messages += task.history.filter { $0.messageID != turn.message.messageID }
      if let message = task.status.message { messages.append(message) }
      let output = task.artifacts.flatMap(\.parts)
      if !output.isEmpty {
        messages.append(
          Message(
            messageID: "\(task.id).output", role: .agent, parts: output, contextID: task.contextID, taskID: task.id))
      }
    }
    var bytes = 0
    let kept = messages.reversed().prefix { message in
      bytes += message.parts.reduce(0) { $0 + $1.byteCount }
      return bytes <= limits.historyBytesMax
    }
    return kept.reversed()
  }
}

extension AgentTask {
  /// All that was said in it.
  var parts: [Part] { history.flatMap(\.parts) + artifacts.flatMap(\.parts) + (status.message?.parts ?? []) }
}
