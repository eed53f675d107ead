import Bytes
import JSON

/// Reads members of JSON objects and notes every fault with its path, so that a caller learns all of them at once. Values
/// read after a fault are fillers: ``finish()`` throws before anybody can use them.
///
/// Required is what every release of the SDKs requires, since a server that leaves it out would serve none of them.
/// Members that came or went between releases are read by ``drifting(_:_:)``.
public struct OrqReader {
  /// Who wrote what is read.
  public enum Author: Sendable {
    /// Bounds hold, and only what the API accepts in requests is read.
    case caller
    /// A kind of part or a state that is new to us is kept as it came.
    case server
  }

  let author: Author
  /// Their fields are named from the value that is being read, whose readers around it add where it is: nobody keeps a path
  /// that no fault needs.
  private var violations: [OrqFault.Violation] = []

  init(_ author: Author) { self.author = author }

  /// What a server says is mended where it is no well-formed Unicode: a text cut at the wrong place fails no task.
  static func parse(_ bytes: [UInt8], by author: Author, limits: JSONLimits) throws(OrqFault) -> JSONNode {
    do {
      return switch author {
      case .caller: try JSONDocument.parse(bytes, limits: limits).root
      case .server: try JSONDocument.parseMending(bytes, limits: limits).root
      }
    } catch {
      throw OrqFault(error)
    }
  }

  var hasFaults: Bool { !violations.isEmpty }

  func finish() throws(OrqFault) {
    if hasFaults { throw OrqFault(violations) }
  }

  // MARK: Faults

  /// Of the value that is being read.
  mutating func fail(_ description: String) { note("", description) }

  /// Of one of its members.
  mutating func fail(at name: StaticString, _ description: String) { note("\(name)", description) }

  private mutating func note(_ field: String, _ description: String) {
    guard violations.count < OrqLimits.faultsMax else { return }
    violations.append(OrqFault.Violation(field: field, description: description))
  }

  /// Reads the value of a member.
  mutating func within<T>(_ name: StaticString, _ read: (inout OrqReader) -> T) -> T {
    let before = violations.count
    let value = read(&self)
    if violations.count > before { place("\(name)", since: before) }
    return value
  }

  /// Reads one value of a list.
  private mutating func within<T>(index: Int, _ read: (inout OrqReader) -> T) -> T {
    let before = violations.count
    let value = read(&self)
    if violations.count > before { place("[\(index)]", since: before) }
    return value
  }

  /// The faults from this one on lie in a member or an element of that name.
  @inline(never)
  private mutating func place(_ step: String, since first: Int) {
    for index in first..<violations.count {
      let field = violations[index].field
      violations[index].field = field.isEmpty || field.hasPrefix("[") ? step + field : "\(step).\(field)"
    }
  }

  // MARK: Members

  /// A member that is present and not null. Callers may write its name as the Node SDK of the release candidate does
  /// (`systemPrompt` for `system_prompt`); the name of the contract goes before.
  func member(_ object: JSONNode, _ name: StaticString) -> JSONNode? { place(in: object, name).map { object[$0] } }

  func place(in object: JSONNode, _ name: StaticString) -> JSONPlace? {
    let place =
      object.place(of: name)
      ?? (author == .caller ? OrqNameTwins.camelCase(name).flatMap { object.place(named: $0) } : nil)
    return place.flatMap { object.kind(at: $0) == .null ? nil : $0 }
  }

  /// True for a string with this text, compared where it lies.
  func says(_ text: StaticString, _ object: JSONNode, _ name: StaticString) -> Bool {
    object.place(of: name).map { object.equals(text, at: $0) } ?? false
  }

  /// Notes a fault when `read` finds nothing, unless it has noted one itself.
  private mutating func required<T>(_ name: StaticString, _ read: (inout OrqReader) -> T?) -> T? {
    let before = violations.count
    let value = read(&self)
    if value == nil, violations.count == before { fail(at: name, "Is required.") }
    return value
  }

  // MARK: Strings

  /// nil when absent or null.
  mutating func string(_ object: JSONNode, _ name: StaticString, bytesMax: Int = OrqLimits.identifierBytesMax)
    -> String?
  {
    guard let place = place(in: object, name) else { return nil }
    guard let text = object.string(at: place) else {
      fail(at: name, "Must be a string.")
      return nil
    }
    checkLength(text.utf8.count, name, bytesMax)
    return text
  }

  /// Also empty.
  mutating func requiredString(_ object: JSONNode, _ name: StaticString, bytesMax: Int = OrqLimits.identifierBytesMax)
    -> String
  {
    required(name) { $0.string(object, name, bytesMax: bytesMax) } ?? ""
  }

  /// Not empty.
  mutating func identifier(_ object: JSONNode, _ name: StaticString) -> String {
    let text = required(name) { $0.string(object, name) }
    if let text, text.isEmpty { fail(at: name, "Must not be empty.") }
    return text ?? ""
  }

  /// A member that some releases have and others have not; empty where it is missing.
  mutating func drifting(_ object: JSONNode, _ name: StaticString) -> String { string(object, name) ?? "" }

  /// A string that is passed on with the escapes it came with; nil when absent or null.
  mutating func text(_ object: JSONNode, _ name: StaticString, bytesMax: Int = .max) -> JSONString? {
    guard let place = place(in: object, name) else { return nil }
    guard let text = object.text(at: place) else {
      fail(at: name, "Must be a string.")
      return nil
    }
    checkLength(text.escaped.count, name, bytesMax)
    return text
  }

  mutating func requiredText(_ object: JSONNode, _ name: StaticString, bytesMax: Int = .max) -> JSONString {
    required(name) { $0.text(object, name, bytesMax: bytesMax) } ?? ""
  }

  /// Empty when absent or null.
  mutating func strings(_ object: JSONNode, _ name: StaticString, max: Int = .max) -> [String] {
    elements(object, name, max: max) { reader, node in
      guard let text = node.string else {
        reader.fail("Must be a string.")
        return nil
      }
      if reader.author == .caller, text.utf8.count > OrqLimits.identifierBytesMax {
        reader.fail("Must not be longer than \(OrqLimits.identifierBytesMax) bytes.")
      }
      return text
    } ?? []
  }

  private mutating func checkLength(_ count: Int, _ name: StaticString, _ max: Int) {
    if author == .caller, count > max { fail(at: name, "Must not be longer than \(max) bytes.") }
  }

  // MARK: Members that need only be what they should

  /// - Returns: whether it is there.
  @discardableResult
  mutating func checkString(_ object: JSONNode, _ name: StaticString) -> Bool {
    guard let place = place(in: object, name) else { return false }
    if object.kind(at: place) != .string { fail(at: name, "Must be a string.") }
    return true
  }

  mutating func requireString(_ object: JSONNode, _ name: StaticString) {
    if !checkString(object, name) { fail(at: name, "Is required.") }
  }

  mutating func checkObject(_ object: JSONNode, _ name: StaticString) {
    if let place = place(in: object, name), object.kind(at: place) != .object { fail(at: name, "Must be an object.") }
  }

  // MARK: Numbers and flags

  mutating func bool(_ object: JSONNode, _ name: StaticString) -> Bool? {
    guard let place = place(in: object, name) else { return nil }
    guard let value = object.bool(at: place) else {
      fail(at: name, "Must be true or false.")
      return nil
    }
    return value
  }

  mutating func requiredBool(_ object: JSONNode, _ name: StaticString) -> Bool {
    required(name) { $0.bool(object, name) } ?? false
  }

  /// A whole number, however written: the SDKs send `10.0`.
  mutating func int(_ object: JSONNode, _ name: StaticString) -> Int? {
    guard let place = place(in: object, name) else { return nil }
    guard let value = object.int64(at: place).flatMap({ Int(exactly: $0) }) else {
      fail(at: name, "Must be a whole number.")
      return nil
    }
    return value
  }

  mutating func requiredInt(_ object: JSONNode, _ name: StaticString) -> Int {
    required(name) { $0.int(object, name) } ?? 0
  }

  /// A number that keeps its digits.
  mutating func number(_ object: JSONNode, _ name: StaticString) -> JSONNumber? {
    guard let node = member(object, name) else { return nil }
    guard let number = node.numberText.flatMap({ JSONNumber(text: $0) }) else {
      fail(at: name, "Must be a number.")
      return nil
    }
    return number
  }

  mutating func requiredNumber(_ object: JSONNode, _ name: StaticString) -> JSONNumber {
    required(name) { $0.number(object, name) } ?? JSONNumber(0)
  }

  // MARK: JSON that passes through

  /// Any value but null.
  mutating func json(_ object: JSONNode, _ name: StaticString) -> JSONFragment? { member(object, name)?.fragment }

  mutating func object(_ object: JSONNode, _ name: StaticString) -> JSONFragment? { json(object, name, of: .object) }

  mutating func requiredObject(_ object: JSONNode, _ name: StaticString) -> JSONFragment {
    required(name) { $0.object(object, name) } ?? JSONFragment(.object([:]))
  }

  mutating func array(_ object: JSONNode, _ name: StaticString) -> JSONFragment? { json(object, name, of: .array) }

  private mutating func json(_ object: JSONNode, _ name: StaticString, of kind: JSONNode.Kind) -> JSONFragment? {
    guard let place = place(in: object, name) else { return nil }
    guard object.kind(at: place) == kind else {
      fail(at: name, kind == .object ? "Must be an object." : "Must be an array.")
      return nil
    }
    return object.fragment(at: place)
  }

  // MARK: Values

  /// nil, with a fault noted, when the node is no object.
  mutating func whole<Value: OrqReadable>(_ node: JSONNode, _ type: Value.Type) -> Value? {
    isObject(node) ? Value(node, &self) : nil
  }

  mutating func isObject(_ node: JSONNode) -> Bool {
    if node.kind != .object { fail("Must be an object.") }
    return node.kind == .object
  }

  mutating func value<Value: OrqReadable>(_ object: JSONNode, _ name: StaticString, _ type: Value.Type) -> Value? {
    guard let node = member(object, name) else { return nil }
    return within(name) { $0.whole(node, type) }
  }

  /// - Parameter filler: stands in beside a fault; never seen by anybody.
  mutating func value<Value: OrqReadable>(
    _ object: JSONNode, _ name: StaticString, filler: @autoclosure () -> Value
  ) -> Value {
    required(name) { $0.value(object, name, Value.self) } ?? filler()
  }

  mutating func values<Value: OrqReadable>(
    _ object: JSONNode, _ name: StaticString, _ type: Value.Type, max: Int = .max
  ) -> [Value]? {
    elements(object, name, max: max) { reader, node in reader.whole(node, type) }
  }

  mutating func requiredValues<Value: OrqReadable>(
    _ object: JSONNode, _ name: StaticString, _ type: Value.Type, max: Int = .max
  ) -> [Value] {
    required(name) { $0.values(object, name, type, max: max) } ?? []
  }

  /// nil when absent or null.
  ///
  /// - Parameters:
  ///   - max: elements that a caller may send.
  ///   - read: returns nil beside a fault.
  mutating func elements<Element>(
    _ object: JSONNode, _ name: StaticString, max: Int, _ read: (inout OrqReader, JSONNode) -> Element?
  ) -> [Element]? {
    guard let list = list(object, name, max: max) else { return nil }
    var result: [Element] = []
    result.reserveCapacity(list.count)
    forEach(of: list, name) { reader, node in
      if let element = read(&reader, node) { result.append(consume element) }
    }
    return result
  }

  /// Reads what somebody else keeps.
  mutating func requireObjects(
    _ object: JSONNode, _ name: StaticString, _ read: (inout OrqReader, JSONNode) -> Void
  ) {
    guard let list = required(name, { $0.list(object, name, max: .max) }) else { return }
    forEach(of: list, name) { reader, node in
      if reader.isObject(node) { read(&reader, node) }
    }
  }

  private mutating func list(_ object: JSONNode, _ name: StaticString, max: Int) -> JSONNode? {
    guard let list = member(object, name) else { return nil }
    guard list.kind == .array else {
      fail(at: name, "Must be an array.")
      return nil
    }
    guard author == .server || list.count <= max else {
      fail(at: name, "Must not have more than \(max) elements.")
      return nil
    }
    return list
  }

  private mutating func forEach(
    of list: JSONNode, _ name: StaticString, _ read: (inout OrqReader, JSONNode) -> Void
  ) {
    within(name) { reader in
      var index = 0
      list.forEachElement { node in
        reader.within(index: index) { read(&$0, node) }
        index += 1
      }
    }
  }

  /// The members of an object whose names are data.
  mutating func requiredMembers<Value: OrqReadable>(_ object: JSONNode, _ name: StaticString, _ type: Value.Type)
    -> [(name: String, value: Value)]
  {
    guard let node = member(object, name), node.kind == .object else {
      fail(at: name, member(object, name) == nil ? "Is required." : "Must be an object.")
      return []
    }
    return within(name) { reader in
      var result: [(name: String, value: Value)] = []
      node.forEachMember { key, node in
        if let value = reader.within(index: result.count, { $0.whole(node, type) }) {
          result.append((key.string, value))
        }
      }
      return result
    }
  }

  // MARK: Names

  /// One of a closed set of names.
  mutating func name<Value: RawRepresentable & CaseIterable>(
    _ object: JSONNode, _ name: StaticString, _ type: Value.Type
  ) -> Value? where Value.RawValue == String {
    guard let place = place(in: object, name) else { return nil }
    guard let value = object.string(at: place).flatMap({ Value(rawValue: $0) }) else {
      fail(at: name, "Must be \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
      return nil
    }
    return value
  }

  mutating func requiredName<Value: RawRepresentable & CaseIterable>(
    _ object: JSONNode, _ name: StaticString, filler: Value
  ) -> Value where Value.RawValue == String {
    required(name) { $0.name(object, name, Value.self) } ?? filler
  }
}
