import JSON

/// The metadata of a task: whole, as somebody sent it, or member by member, as an agent sets it while the task runs. Members
/// become one object only where they are asked for or written.
struct TaskMetadata: Sendable {
  enum Content {
    case whole(JSONFragment)
    /// Each name once.
    case members([(name: String, value: JSONFragment)])
  }

  private(set) var content: Content

  init(_ whole: JSONFragment?) { content = whole.map { .whole($0) } ?? .members([]) }

  /// - Parameter members: each name once.
  init(members: [(name: String, value: JSONFragment)]) { content = .members(members) }

  var fragment: JSONFragment? {
    switch content {
    case .whole(let whole): whole
    case .members(let members): members.isEmpty ? nil : JSONFragment { TaskMetadata.write(members, into: &$0) }
    }
  }

  /// Sets a member: it stands last, in place of any other of its name.
  mutating func set(_ name: consuming String, to value: consuming JSONFragment) {
    switch content {
    case .whole(let whole): content = .whole(whole.setting(name, to: value))
    case .members(var members):
      // Empty in the meantime, so that the list has one owner and grows in place.
      content = .members([])
      if members.isEmpty { members.reserveCapacity(TaskMetadata.membersUsual) }
      if let index = members.firstIndex(where: { $0.name == name }) { members.remove(at: index) }
      members.append((name, value))
      content = .members(members)
    }
  }

  /// What most agents tell.
  private static let membersUsual = 3

  /// What it takes on the wire, roughly.
  var byteCount: Int {
    switch content {
    case .whole(let whole): whole.bytes.count
    case .members(let members): members.reduce(0) { $0 + $1.name.utf8.count + $1.value.bytes.count }
    }
  }

  /// Writes a member of this name, if there is anything to tell.
  func writeMember(_ name: StaticString, into json: inout JSONWriter) {
    switch content {
    case .whole(let whole): json.member(name, whole)
    case .members(let members):
      guard !members.isEmpty else { return }
      json.key(name)
      TaskMetadata.write(members, into: &json)
    }
  }

  private static func write(_ members: [(name: String, value: JSONFragment)], into json: inout JSONWriter) {
    json.beginObject()
    // By index: a loop over the members themselves copies each.
    for index in members.indices {
      json.key(string: members[index].name)
      json.fragment(members[index].value)
    }
    json.endObject()
  }
}
