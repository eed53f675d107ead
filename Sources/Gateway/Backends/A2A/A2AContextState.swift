internal import Bytes
internal import JSON

/// What the gateway remembers of an external agent for a task and its context: kept with the task, shown to nobody.
struct A2AContextState: Equatable {
  /// The agent's own name of the context.
  var contextID: String?
  /// The agent's own name of the task.
  var taskID: String?
  /// What was passed on of the task's artifacts, where a later turn of the task will see them again.
  var artifacts: [String: ArtifactDigest] = [:]

  /// Artifacts beyond that are passed on again.
  private static let artifactsMax = 64

  init(contextID: String? = nil, taskID: String? = nil) {
    self.contextID = contextID
    self.taskID = taskID
  }

  init?(_ fragment: JSONFragment?) {
    guard let root = fragment?.document.root, root.kind == .object else { return nil }
    contextID = root["context"]?.string
    taskID = root["task"]?.string
    root["artifacts"]?.forEachMember { name, digest in artifacts[name.string] = ArtifactDigest(digest) }
  }

  var fragment: JSONFragment {
    JSONFragment { json in
      json.beginObject()
      if let contextID { json.member("context", contextID) }
      if let taskID { json.member("task", taskID) }
      if !artifacts.isEmpty {
        json.key("artifacts")
        json.beginObject()
        for (id, digest) in artifacts.sorted(by: { $0.key < $1.key }).prefix(A2AContextState.artifactsMax) {
          json.key(string: id)
          digest.write(to: &json)
        }
        json.endObject()
      }
      json.endObject()
    }
  }
}
