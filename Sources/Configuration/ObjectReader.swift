import JSON

/// Reads one object of a file, strictly: every key that is read becomes known, and ``finish()`` reports all others with
/// the nearest known name. Faults are collected, and the value keeps its default. `null` is the same as leaving a key out.
struct ObjectReader {
  let node: JSONCNode
  let faults: FaultList
  /// What relative paths in the file are relative to.
  let folder: String
  private let members: [JSONCNode.Member]
  private var known: [String] = []
  private var acceptsUnknownKeys = false

  /// - Parameter what: What the object is, for the fault when it is none ("the configuration", "a listener").
  init?(_ node: JSONCNode, _ what: String, faults: FaultList, folder: String) {
    guard case .object(let members) = node.content else {
      faults.error(node.range, "\(what) must be an object, not \(Self.describe(node))")
      return nil
    }
    self.node = node
    self.faults = faults
    self.folder = folder
    self.members = members
  }

  /// Reports every key that nobody asked for.
  func finish() {
    if acceptsUnknownKeys { return }
    for member in members where !known.contains(member.name) {
      let nearest = NearestName.find(member.name, among: known)
      faults.error(
        member.nameRange,
        "unknown key \"\(member.name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""),
        hint: nearest == nil ? "known here: " + known.joined(separator: ", ") : nil)
    }
  }

  /// Where a key stands, for faults that concern the key as such; the object itself where it is not there.
  func range(of name: String) -> SourceRange {
    members.first { $0.name == name }?.nameRange ?? start
  }

  /// For an object whose kind is wrong already: what its keys should be is then unknown.
  mutating func ignoreUnknownKeys() { acceptsUnknownKeys = true }

  /// Whether a key stands there, with whatever value.
  func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  /// Whether a key was left out, or is null.
  func isMissing(_ name: String) -> Bool {
    guard let member = members.first(where: { $0.name == name }) else { return true }
    if case .null = member.value.content { return true }
    return false
  }

  /// The opening brace.
  var start: SourceRange { SourceRange(start: node.range.start, end: node.range.start) }

  /// Makes a key known and returns its value, unless it is missing or null.
  mutating func value(_ name: String) -> JSONCNode? {
    known.append(name)
    guard let value = members.first(where: { $0.name == name })?.value else { return nil }
    if case .null = value.content { return nil }
    return value
  }

  /// As ``value(_:)``; a missing one is a fault.
  mutating func required(_ name: String, hint: String? = nil) -> JSONCNode? {
    if let value = value(name) { return value }
    faults.error(start, "\"\(name)\" is missing", hint: hint)
    return nil
  }

  // MARK: Values

  mutating func string(_ name: String) -> String? { value(name).flatMap { string($0, name) } }

  mutating func requiredString(_ name: String, hint: String? = nil) -> String? {
    required(name, hint: hint).flatMap { string($0, name) }
  }

  mutating func bool(_ name: String) -> Bool? {
    guard let node = value(name) else { return nil }
    guard case .bool(let flag) = node.content else {
      wrong(node, name, "true or false")
      return nil
    }
    return flag
  }

  mutating func bool(_ name: String, _ target: inout Bool) {
    if let flag = bool(name) { target = flag }
  }

  mutating func count(_ name: String, _ target: inout Int, in range: ClosedRange<Int>) {
    guard let node = value(name) else { return }
    guard case .number(let text) = node.content, let number = Int(text) else {
      return wrong(node, name, "a whole number")
    }
    guard range.contains(number) else {
      return faults.error(node.range, "\"\(name)\" must be between \(range.lowerBound) and \(range.upperBound)")
    }
    target = number
  }

  mutating func bytes(_ name: String, _ target: inout Int, in range: ClosedRange<Int>) {
    guard let node = value(name) else { return }
    let number: Int?
    switch node.content {
    case .string(let text): number = Quantity.bytes(text)
    case .number(let text): number = Int(text)
    default: number = nil
    }
    guard let number else { return wrong(node, name, "a size such as \"64KiB\" or \"10MiB\"") }
    guard range.contains(number) else {
      return faults.error(
        node.range,
        "\"\(name)\" must be between \(Quantity.text(bytes: range.lowerBound)) and "
          + Quantity.text(bytes: range.upperBound))
    }
    target = number
  }

  mutating func duration(_ name: String, in range: ClosedRange<Duration>) -> Duration? {
    guard let node = value(name) else { return nil }
    guard case .string(let text) = node.content, let duration = Quantity.duration(text) else {
      wrong(node, name, "a duration such as \"250ms\", \"15s\", \"10m\", \"24h\" or \"7d\"")
      return nil
    }
    guard range.contains(duration) else {
      faults.error(
        node.range,
        "\"\(name)\" must be between \(Quantity.text(range.lowerBound)) and \(Quantity.text(range.upperBound))")
      return nil
    }
    return duration
  }

  mutating func duration(_ name: String, _ target: inout Duration, in range: ClosedRange<Duration>) {
    if let duration = duration(name, in: range) { target = duration }
  }

  /// One of a few words.
  mutating func choice<T>(_ name: String, _ target: inout T, _ choices: [(String, T)]) {
    guard let node = value(name) else { return }
    guard let text = string(node, name) else { return }
    guard let choice = choices.first(where: { $0.0 == text }) else {
      let names = choices.map(\.0)
      return faults.error(
        node.range, "\"\(name)\" cannot be \"\(text)\"" + Self.suggestion(text, names),
        hint: "one of: " + names.joined(separator: ", "))
    }
    target = choice.1
  }

  mutating func strings(_ name: String) -> [(text: String, node: JSONCNode)]? {
    guard let elements = elements(name) else { return nil }
    return elements.compactMap { node in string(node, "each of \"\(name)\"").map { ($0, node) } }
  }

  mutating func elements(_ name: String) -> [JSONCNode]? {
    guard let node = value(name) else { return nil }
    guard case .array(let elements) = node.content else {
      wrong(node, name, "a list")
      return nil
    }
    return elements
  }

  /// Reads a nested object and reports its unknown keys.
  mutating func object<R>(_ name: String, _ body: (inout ObjectReader) -> R) -> R? {
    guard let node = value(name) else { return nil }
    return Self.read(node, "\"\(name)\"", faults: faults, folder: folder, body)
  }

  /// Reads an object that is an element of a list.
  func object<R>(_ node: JSONCNode, _ what: String, _ body: (inout ObjectReader) -> R) -> R? {
    Self.read(node, what, faults: faults, folder: folder, body)
  }

  static func read<R>(
    _ node: JSONCNode, _ what: String, faults: FaultList, folder: String, _ body: (inout ObjectReader) -> R
  ) -> R? {
    guard var reader = ObjectReader(node, what, faults: faults, folder: folder) else { return nil }
    let result = body(&reader)
    reader.finish()
    return result
  }

  /// An object of any members.
  mutating func anyObject(_ name: String) -> JSONObject? {
    guard let node = value(name) else { return nil }
    guard case .object(let object) = node.jsonValue else {
      wrong(node, name, "an object")
      return nil
    }
    return object
  }

  /// Values by name, each of them text or a secret; in written order.
  mutating func textsOrSecrets(_ name: String, _ what: String) -> [(member: JSONCNode.Member, value: TextOrSecret)] {
    guard let node = value(name) else { return [] }
    guard case .object(let members) = node.content else {
      wrong(node, name, "an object of \(what)")
      return []
    }
    return members.compactMap { member in
      if case .string(let text) = member.value.content { return (member, .text(text)) }
      return secret(member.value, member.name).map { (member, .secret($0)) }
    }
  }

  /// A path, made absolute or at least relative to where the gateway runs.
  mutating func path(_ name: String) -> String? { string(name).map { Path.resolve($0, in: folder) } }

  /// A file that must be there.
  mutating func file(_ name: String) -> String? {
    guard let path = path(name) else { return nil }
    expectFile(path, range(of: name))
    return path
  }

  func expectFile(_ path: String, _ range: SourceRange) {
    do {
      _ = try BoundedFile.read(path, bytesMax: Secret.bytesMax)
    } catch {
      faults.error(range, "\(path): \(error.message)", hint: "paths are relative to the folder of this file")
    }
  }

  /// An http or https URL to call.
  mutating func upstreamURL(_ node: JSONCNode, _ name: String) -> String? {
    guard let text = string(node, name) else { return nil }
    if let fault = WebAddress.faultInUpstream(text) {
      faults.error(node.range, "\"\(name)\" \(fault)")
      return nil
    }
    return text
  }

  /// `{"env": "NAME"}` or `{"file": "path"}`. Anything else may be the secret itself and is not shown.
  mutating func secret(_ name: String) -> Secret? {
    guard let node = required(name, hint: Self.secretHint) else { return nil }
    return secret(node, name)
  }

  func secret(_ node: JSONCNode, _ name: String) -> Secret? {
    guard case .object(let members) = node.content, members.count == 1, let member = members.first,
      case .string(let text) = member.value.content, !text.isEmpty
    else {
      faults.error(
        node.range, "\"\(name)\" must say where the secret is; it must not be the secret", hint: Self.secretHint,
        isSecret: true)
      return nil
    }
    switch member.name {
    case "env": return .environment(text)
    case "file": return .file(Path.resolve(text, in: folder))
    default:
      faults.error(member.nameRange, "unknown key \"\(member.name)\"", hint: Self.secretHint, isSecret: true)
      return nil
    }
  }

  private static let secretHint = "write {\"env\": \"NAME\"} or {\"file\": \"path\"}"

  // MARK: Faults

  func string(_ node: JSONCNode, _ name: String) -> String? {
    guard case .string(let text) = node.content else {
      wrong(node, name, "text in quotes")
      return nil
    }
    return text
  }

  func wrong(_ node: JSONCNode, _ name: String, _ wanted: String) {
    let subject = name.contains("\"") ? name : "\"\(name)\""
    faults.error(node.range, "\(subject) must be \(wanted), not \(Self.describe(node))")
  }

  /// `; did you mean "x"?`, or nothing.
  static func suggestion(_ name: String, _ candidates: some Sequence<String>) -> String {
    NearestName.find(name, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  private static func describe(_ node: JSONCNode) -> String {
    switch node.content {
    case .null: "null"
    case .bool: "true or false"
    case .number(let text): text.count <= 20 ? text : "a number"
    case .string(let text): text.count <= 20 ? "\"\(text)\"" : "text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// Paths as operators write them.
public enum Path {
  /// The path itself where it is absolute, else below the folder.
  static func resolve(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") || folder.isEmpty || folder == "." ? path : folder + "/" + path
  }

  /// The folder of a file; `.` for a bare name.
  public static func folder(of file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return "." }
    return slash == file.startIndex ? "/" : String(file[..<slash])
  }
}
