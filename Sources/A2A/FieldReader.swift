import Bytes
import JSON
import Model

/// Reads fields of JSON objects and notes every fault with its path, so that a caller learns all of them at once.
/// Values read after a fault are fillers: ``finish()`` throws before anybody can use them.
struct FieldReader {
  /// Who wrote what is read, and so who is at fault.
  enum Author {
    case caller
    case agent
  }

  private enum Step {
    case member(StaticString)
    case index(Int)
  }

  let dialect: Dialect
  let author: Author
  private var path: [Step] = []
  private(set) var violations: [AgentError.FieldViolation] = []

  init(_ dialect: Dialect, author: Author) {
    self.dialect = dialect
    self.author = author
    // As deep as most requests go.
    path.reserveCapacity(8)
  }

  /// - Throws: one error with every fault found, if there is any.
  func finish() throws(AgentError) {
    guard let first = violations.first else { return }
    let more = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
    let detail = first.field.isEmpty ? first.description : "\(first.field): \(first.description)"
    throw switch author {
    case .caller: AgentError(.invalidParams, detail + more, fieldViolations: violations)
    case .agent:
      AgentError(
        .invalidAgentResponse, "The agent's answer is not valid A2A.", fieldViolations: violations, source: .upstream)
    }
  }

  // MARK: Path

  mutating func enter(_ name: StaticString) { path.append(.member(name)) }
  mutating func enter(index: Int) { path.append(.index(index)) }
  mutating func leave() { path.removeLast() }

  mutating func fail(_ description: String) {
    guard violations.count < A2ALimits.faultsMax else { return }
    violations.append(AgentError.FieldViolation(field: pathText, description: description))
  }

  mutating func fail(at name: StaticString, _ description: String) {
    enter(name)
    fail(description)
    leave()
  }

  private var pathText: String {
    var text = ""
    for step in path {
      switch step {
      case .member(let name): text += text.isEmpty ? "\(name)" : ".\(name)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }

  // MARK: Members

  /// A member that is present and not null. ProtoJSON allows a field's original name as well as the camelCase one
  /// (A2A 1.0 §5.5); both at once are two values for one field.
  mutating func member(_ object: JSONNode, _ name: StaticString, _ original: StaticString? = nil) -> JSONNode? {
    place(in: object, name, original).map { object[$0] }
  }

  mutating func place(in object: JSONNode, _ name: StaticString, _ original: StaticString? = nil) -> JSONPlace? {
    let place = object.place(of: name).flatMap { object.kind(at: $0) == .null ? nil : $0 }
    guard let original, let other = object.place(of: original), object.kind(at: other) != .null else { return place }
    guard place == nil else {
      fail(at: name, "Is given twice, as \(name) and \(original).")
      return place
    }
    return other
  }

  mutating func object(_ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil) -> JSONNode? {
    guard let node = member(parent, name, original) else { return nil }
    guard node.kind == .object else {
      fail(at: name, "Must be an object.")
      return nil
    }
    return node
  }

  mutating func requiredObject(_ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil) -> JSONNode? {
    let before = violations.count
    let node = object(parent, name, original)
    if node == nil, violations.count == before { fail(at: name, "Is required.") }
    return node
  }

  mutating func array(_ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil, max: Int) -> JSONNode?
  {
    guard let node = member(parent, name, original) else { return nil }
    guard node.kind == .array else {
      fail(at: name, "Must be an array.")
      return nil
    }
    guard author == .agent || node.count <= max else {
      fail(at: name, "Must not have more than \(max) elements.")
      return nil
    }
    return node
  }

  // MARK: Strings

  /// nil when absent, null or empty: ProtoJSON has no difference between them.
  mutating func string(
    _ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil,
    bytesMax: Int = A2ALimits.identifierBytesMax
  ) -> String? {
    guard let place = place(in: parent, name, original) else { return nil }
    guard let text = parent.string(at: place) else {
      fail(at: name, "Must be a string.")
      return nil
    }
    guard author == .agent || text.utf8.count <= bytesMax else {
      fail(at: name, "Must not be longer than \(bytesMax) bytes.")
      return nil
    }
    return text.isEmpty ? nil : text
  }

  mutating func requiredString(
    _ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil,
    bytesMax: Int = A2ALimits.identifierBytesMax
  ) -> String {
    let before = violations.count
    if let text = string(parent, name, original, bytesMax: bytesMax) { return text }
    if violations.count == before { fail(at: name, "Is required.") }
    return ""
  }

  /// A string that is passed on with the escapes it came with; nil when absent, null or empty.
  mutating func text(
    _ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil, bytesMax: Int = .max
  ) -> JSONString? {
    guard let place = place(in: parent, name, original) else { return nil }
    guard let text = parent.text(at: place) else {
      fail(at: name, "Must be a string.")
      return nil
    }
    guard author == .agent || text.escaped.count <= bytesMax else {
      fail(at: name, "Must not be longer than \(bytesMax) bytes.")
      return nil
    }
    return text.isEmpty ? nil : text
  }

  mutating func strings(
    _ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil, max: Int,
    bytesMax: Int = A2ALimits.identifierBytesMax
  ) -> [String] {
    guard let node = array(parent, name, original, max: max) else { return [] }
    var result: [String] = []
    result.reserveCapacity(node.count)
    enter(name)
    node.forEachElement { element in
      enter(index: result.count)
      let text = element.string
      if let text {
        if author == .caller, text.utf8.count > bytesMax { fail("Must not be longer than \(bytesMax) bytes.") }
      } else {
        fail("Must be a string.")
      }
      result.append(text ?? "")
      leave()
    }
    leave()
    return result
  }

  // MARK: Scalars and JSON

  mutating func bool(_ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil) -> Bool? {
    guard let place = place(in: parent, name, original) else { return nil }
    guard let value = parent.bool(at: place) else {
      fail(at: name, "Must be true or false.")
      return nil
    }
    return value
  }

  /// An integer, also as a string (ProtoJSON) or with an empty fraction.
  mutating func integer(
    _ parent: JSONNode, _ name: StaticString, _ original: StaticString? = nil, in range: ClosedRange<Int>
  ) -> Int? {
    guard let node = member(parent, name, original) else { return nil }
    let value = node.kind == .string ? node.string.flatMap { Int64($0) } : node.int64
    return checked(value, name, range)
  }

  mutating func checked(_ value: Int64?, _ name: StaticString, _ range: ClosedRange<Int>) -> Int? {
    guard let value else {
      fail(at: name, "Must be an integer.")
      return nil
    }
    guard let value = Int(exactly: value), range.contains(value) else {
      let bound = range.upperBound == A2ALimits.historyLengthMax ? "" : " and at most \(range.upperBound)"
      fail(at: name, "Must be at least \(range.lowerBound)\(bound).")
      return nil
    }
    return value
  }

  /// A JSON object, kept as its own text.
  mutating func metadata(_ parent: JSONNode, _ name: StaticString = "metadata") -> JSONFragment? {
    guard let place = place(in: parent, name) else { return nil }
    guard parent.kind(at: place) == .object else {
      fail(at: name, "Must be an object.")
      return nil
    }
    return parent.fragment(at: place)
  }
}
