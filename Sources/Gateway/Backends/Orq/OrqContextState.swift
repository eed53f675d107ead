internal import JSON

/// What the gateway remembers of Orq for a context: kept with its tasks, shown to nobody.
struct OrqContextState: Equatable {
  /// Groups the traces of the context; minted here, never a caller's text.
  var threadID: JSONString
  /// The task that the next turn continues.
  var taskID: String?
  /// Calls of the caller's functions that wait for results.
  var pendingToolCalls: [String] = []

  init(threadID: JSONString, taskID: String? = nil, pendingToolCalls: [String] = []) {
    self.threadID = threadID
    self.taskID = taskID
    self.pendingToolCalls = pendingToolCalls
  }

  init?(_ fragment: JSONFragment?) {
    guard let root = fragment?.document.root, let thread = root["thread"]?.text else { return nil }
    threadID = thread
    taskID = root["task"]?.string
    pendingToolCalls = root["pending"]?.elements.compactMap(\.string) ?? []
  }

  var fragment: JSONFragment {
    JSONFragment { json in
      json.beginObject()
      json.member("thread", threadID)
      if let taskID { json.member("task", taskID) }
      if !pendingToolCalls.isEmpty {
        json.key("pending")
        json.beginArray()
        for call in pendingToolCalls { json.string(call) }
        json.endArray()
      }
      json.endObject()
    }
  }
}
