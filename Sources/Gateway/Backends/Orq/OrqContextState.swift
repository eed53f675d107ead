internal import JSON

/// What the gateway remembers of Orq for a context: kept with its tasks, shown to nobody.
struct OrqContextState: Equatable {
  /// What Orq calls the thread that groups the traces of the context.
  enum Thread: Equatable {
    /// Minted here for a context that begins with this task, and never a caller's text.
    case begun(taskID: String)
    case known(JSONString)
  }

  var thread: Thread
  /// The task that the next turn continues.
  var taskID: String?
  /// Calls of the caller's functions that wait for results.
  var pendingToolCalls: [String] = []

  init(_ thread: Thread, taskID: String? = nil, pendingToolCalls: [String] = []) {
    self.thread = thread
    self.taskID = taskID
    self.pendingToolCalls = pendingToolCalls
  }

  init(threadID: JSONString, taskID: String? = nil, pendingToolCalls: [String] = []) {
    self.init(.known(threadID), taskID: taskID, pendingToolCalls: pendingToolCalls)
  }

  init?(_ fragment: JSONFragment?) {
    guard let root = fragment?.document.root, let thread = root["thread"]?.text else { return nil }
    self.init(
      threadID: thread, taskID: root["task"]?.string,
      pendingToolCalls: root["pending"]?.elements.compactMap(\.string) ?? [])
  }

  var fragment: JSONFragment {
    JSONFragment { json in
      json.beginObject()
      writeThread("thread", into: &json)
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

  /// The state when this task of Orq's has ended, and nothing waits.
  ///
  /// - Parameter taskID: UTF-8 that needs no escapes.
  func fragment(endedBy taskID: Span<UInt8>) -> JSONFragment {
    JSONFragment { json in
      json.beginObject()
      writeThread("thread", into: &json)
      json.member("task", utf8: taskID)
      json.endObject()
    }
  }

  /// The thread's name as a member of an object.
  func writeThread(_ name: StaticString, into json: inout JSONWriter) {
    switch thread {
    case .begun(let taskID): json.member(name, "a2a_", taskID)
    case .known(let id): json.member(name, id)
    }
  }
}
