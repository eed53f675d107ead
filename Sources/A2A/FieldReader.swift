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

  let dialect: Dialect
  let author: Author
  /// Their fields are named from the value that is being read, whose readers around it add where it is: nobody keeps a path
  /// that no fault needs.
  private(set) var violations: [AgentError.FieldViolation] = []

  init(_ dialect: Dialect, author: Author) {
    self.dialect = dialect
    self.author = author
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

  // MARK: Faults

  /// Of the value that is being read.
  mutating func fail(_ description: String) { note("", description) }

  /// Of one of its members.
  mutating func fail(at name: StaticString, _ description: String) { note("\(name)", description) }

  private mutating func note(_ field: String, _ description: String) {
    guard violations.count < A2ALimits.faultsMax else { return }
    violations.append(AgentError.FieldViolation(field: field, description: description))
  }

  /// Reads the value of a member.
  mutating func within<T>(_ name: StaticString, _ read: (inout FieldReader) -> T) -> T {
    let before = violations.count
    let value = read(&self)
    place(name, since: before)
    return value
  }

  /// Reads one value of a list.
  mutating func within<T>(index: Int, _ read: (inout FieldReader) -> T) -> T {
    let before = violations.count
    let value = read(&self)
    if violations.count > before { place("[\(index)]", since: before) }
    return value
  }

  /// The faults from this one on, if there are any, lie in a member of that name.
  mutating func place(_ name: StaticString, since first: Int) {
    if violations.count > first { place("\(name)", since: first) }
  }

  @inline(never)
  private mutating func place(_ step: String, since first: Int) {
    for index in first..<violations.count {
      let field = violations[index].field
      violations[index].field = field.isEmpty || field.hasPrefix("[") ? step + field : "\(step).\(field)"
    }
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
    return within(name) { reader in
      var result: [String] = []
      result.reserveCapacity(node.count)
      node.forEachElement { element in
        let text = element.string
        if text == nil {
          reader.within(index: result.count) { $0.fail("Must be a string.") }
        } else if reader.author == .caller, let text, text.utf8.count > bytesMax {
          reader.within(index: result.count) { $0.fail("Must not be longer than \(bytesMax) bytes.") }
        }
        result.append(text ?? "")
      }
      return result
    }
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
