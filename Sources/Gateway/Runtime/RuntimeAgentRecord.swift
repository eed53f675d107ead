internal import JSON
internal import Model

/// What is kept of an agent that a call made: every version of it, as far as they fit.
struct RuntimeAgentRecord: AgentRecord {
  struct Version: Sendable {
    var number: RuntimeVersion
    var created: Timestamp
    /// Name of the principal.
    var author: String
    /// What its maker says of it.
    var note: String?
    /// See ``RuntimeDefinition/members``.
    var members: JSONObject
  }

  /// A ULID: the cursor of lists.
  let id: String
  let key: String
  let created: Timestamp
  /// Name of the principal.
  let author: String
  private(set) var current: Version
  /// Oldest first.
  private(set) var earlier: [Version]
  /// The agent in an earlier version: ``current`` is that one.
  private(set) var isReplaced = false

  /// Versions kept, the current one among them; the oldest go first, as they do where the file would grow beyond
  /// ``bytesMax``.
  static let versionsMax = 50
  static let bytesMax = 3 * 1024 * 1024

  init(id: String, key: String, first: Version) {
    self.init(id: id, key: key, created: first.created, author: first.author, current: first, earlier: [])
  }

  private init(
    id: String, key: String, created: Timestamp, author: String, current: Version, earlier: [Version]
  ) {
    self.id = id
    self.key = key
    self.created = created
    self.author = author
    self.current = current
    self.earlier = earlier
  }

  /// Oldest first, the one in force last.
  var versions: [Version] { earlier + [current] }

  /// The agent in one of its versions; nil for one that is not kept.
  func pinned(to number: String) -> RuntimeAgentRecord? {
    if current.number.text == number { return self }
    guard let index = earlier.lastIndex(where: { $0.number.text == number }) else { return nil }
    var record = self
    record.current = earlier[index]
    record.earlier = Array(earlier[..<index])
    record.isReplaced = true
    return record
  }

  mutating func add(_ version: Version) {
    earlier.append(current)
    current = version
    if earlier.count >= RuntimeAgentRecord.versionsMax {
      earlier.removeFirst(earlier.count - RuntimeAgentRecord.versionsMax + 1)
    }
  }
}

/// A semantic version of an agent.
struct RuntimeVersion: Sendable, Equatable {
  var major: Int
  var minor: Int
  var patch: Int

  static let first = RuntimeVersion(major: 1, minor: 0, patch: 0)

  var text: String { "\(major).\(minor).\(patch)" }

  init(major: Int, minor: Int, patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  init?(_ text: String) {
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2],
      major >= 0, minor >= 0, patch >= 0
    else { return nil }
    self.init(major: major, minor: minor, patch: patch)
  }

  var nextMajor: RuntimeVersion { RuntimeVersion(major: major + 1, minor: 0, patch: 0) }
  var nextMinor: RuntimeVersion { RuntimeVersion(major: major, minor: minor + 1, patch: 0) }
  var nextPatch: RuntimeVersion { RuntimeVersion(major: major, minor: minor, patch: patch + 1) }
}

// MARK: The file

extension RuntimeAgentRecord {
  private static let format = 1

  static let folder = "agents/runtime"

  static func fileName(_ key: String) -> String { "\(folder)/\(key).json" }

  /// The file's bytes; leaves out the oldest versions where it would be too long.
  func encoded() -> [UInt8] {
    let texts = versions.map { $0.text }
    var bytes = 0
    let kept = texts.reversed().prefix { text in
      bytes += text.bytes.count
      return bytes <= RuntimeAgentRecord.bytesMax
    }
    var json = JSONWriter(reserving: bytes + 256)
    json.beginObject()
    json.member("format", RuntimeAgentRecord.format)
    json.member("id", id)
    json.member("key", key)
    json.member("created", created.text)
    json.member("created_by", author)
    json.key("versions")
    json.beginArray()
    for text in kept.reversed() { json.fragment(text) }
    json.endArray()
    json.endObject()
    return json.finish() + [0x0A]
  }

  /// - Throws: what is wrong with the file, for the log.
  init(_ bytes: [UInt8]) throws(RecordFault) {
    guard let root = try? JSONDocument.parse(bytes, limits: .init(bytesMax: .max, depthMax: 128, nodesMax: .max)).root
    else { throw RecordFault("it is not JSON") }
    guard root["format"]?.int64 == Int64(RuntimeAgentRecord.format) else {
      throw RecordFault("its format is not known to this build")
    }
    let versions = (root["versions"]?.elements ?? []).compactMap(Version.init)
    guard let id = root["id"]?.string, let key = root["key"]?.string,
      let created = root["created"]?.string.flatMap({ Timestamp($0) }), let author = root["created_by"]?.string,
      let current = versions.last
    else { throw RecordFault("members are missing") }
    self.init(
      id: id, key: key, created: created, author: author, current: current, earlier: Array(versions.dropLast()))
  }

  struct RecordFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
  }
}

extension RuntimeAgentRecord.Version {
  /// As it is kept: its number, who made it when and why, and the definition.
  var text: JSONFragment {
    var object: JSONObject = [
      "version": .string(number.text), "created": .string(created.text), "created_by": .string(author),
    ]
    if let note { object["description"] = .string(note) }
    object["definition"] = .object(members)
    return JSONFragment(.object(object))
  }

  fileprivate init?(_ node: JSONNode) {
    guard let number = node["version"]?.string.flatMap({ RuntimeVersion($0) }),
      let created = node["created"]?.string.flatMap({ Timestamp($0) }), let author = node["created_by"]?.string,
      case .object(let members)? = node["definition"]?.value
    else { return nil }
    self.init(number: number, created: created, author: author, note: node["description"]?.string, members: members)
  }
}
