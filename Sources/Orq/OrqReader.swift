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

  private enum Step {
    case member(StaticString)
    case index(Int)
  }

  let author: Author
  private var path: [Step] = []
  private var violations: [OrqFault.Violation] = []

  init(_ author: Author) {
    self.author = author
    // As deep as most values go.
    path.reserveCapacity(8)
  }

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

  func finish() throws(OrqFault) {
    if !violations.isEmpty { throw OrqFault(violations) }
  }

  // MARK: Path

  mutating func fail(_ description: String) {
    guard violations.count < OrqLimits.faultsMax else { return }
    violations.append(OrqFault.Violation(field: pathText, description: description))
  }

  mutating func fail(at name: StaticString, _ description: String) {
    within(name) { $0.fail(description) }
  }

  mutating func within<T>(_ name: StaticString, _ read: (inout OrqReader) -> T) -> T {
    path.append(.member(name))
    defer { path.removeLast() }
    return read(&self)
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

  /// A member that is present and not null. Callers may write its name as the Node SDK of the release candidate does
  /// (`systemPrompt` for `system_prompt`); the name of the contract goes before.
  func member(_ object: JSONNode, _ name: StaticString) -> JSONNode? { place(in: object, name).map { object[$0] } }

  func place(in object: JSONNode, _ name: StaticString) -> JSONPlace? {
    let place =
      object.place(of: name)
      ?? (author == .caller ? OrqNameTwins.camelCase(name).flatMap { object.place(named: $0) } : nil)
    return place.flatMap { object.kind(at: $0) == .null ? nil : $0 }
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
    guard node.kind == .object else {
      fail("Must be an object.")
      return nil
    }
    return Value(node, &self)
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
    guard let list = member(object, name) else { return nil }
    guard list.kind == .array else {
      fail(at: name, "Must be an array.")
      return nil
    }
    guard author == .server || list.count <= max else {
      fail(at: name, "Must not have more than \(max) elements.")
      return nil
    }
    var result: [Element] = []
    result.reserveCapacity(list.count)
    path.append(.member(name))
    var index = 0
    list.forEachElement { node in
      path.append(.index(index))
      if let element = read(&self, node) { result.append(element) }
      path.removeLast()
      index += 1
    }
    path.removeLast()
    return result
  }

  /// The members of an object whose names are data.
  mutating func requiredMembers<Value: OrqReadable>(_ object: JSONNode, _ name: StaticString, _ type: Value.Type)
    -> [(name: String, value: Value)]
  {
    guard let node = member(object, name), node.kind == .object else {
      fail(at: name, member(object, name) == nil ? "Is required." : "Must be an object.")
      return []
    }
    var result: [(name: String, value: Value)] = []
    path.append(.member(name))
    node.forEachMember { key, node in
      path.append(.index(result.count))
      if let value = whole(node, type) { result.append((key.string, value)) }
      path.removeLast()
    }
    path.removeLast()
    return result
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
