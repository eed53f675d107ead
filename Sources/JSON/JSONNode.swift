internal import Bytes

/// A value within a ``JSONDocument``.
public struct JSONNode: Sendable {
  public enum Kind: Sendable {
    case null
    case bool
    case number
    case string
    case array
    case object
  }

  private let document: JSONDocument
  private let index: Int

  init(document: JSONDocument, index: Int) {
    self.document = document
    self.index = index
  }

  private var entry: TapeEntry { document.tape[index] }

  public var kind: Kind {
    switch entry.kind {
    case .null: .null
    case .bool: .bool
    case .number: .number
    case .string, .name: .string
    case .array: .array
    case .object: .object
    }
  }

  // MARK: Containers

  /// A member of an object; nil if there is none of this name or this is no object.
  public subscript(_ name: StaticString) -> JSONNode? { member { $0 == name } }

  /// A member of an object by a name that is not known in advance.
  public func member(named name: String) -> JSONNode? { member { $0.string == name } }

  private func member(where matches: (JSONKey) -> Bool) -> JSONNode? {
    guard entry.kind == .object else { return nil }
    var cursor = index + 1
    while cursor < Int(entry.next) {
      if matches(JSONKey(document: document, index: cursor)) { return JSONNode(document: document, index: cursor + 1) }
      cursor = Int(document.tape[cursor + 1].next)
    }
    return nil
  }

  /// The members of an object in their order; nothing for other kinds.
  public func forEachMember<Failure: Error>(_ body: (JSONKey, JSONNode) throws(Failure) -> Void) throws(Failure) {
    guard entry.kind == .object else { return }
    let end = Int(entry.next)
    var cursor = index + 1
    while cursor < end {
      try body(JSONKey(document: document, index: cursor), JSONNode(document: document, index: cursor + 1))
      cursor = Int(document.tape[cursor + 1].next)
    }
  }

  /// The elements of an array in their order; nothing for other kinds.
  public func forEachElement<Failure: Error>(_ body: (JSONNode) throws(Failure) -> Void) throws(Failure) {
    guard entry.kind == .array else { return }
    let end = Int(entry.next)
    var cursor = index + 1
    while cursor < end {
      try body(JSONNode(document: document, index: cursor))
      cursor = Int(document.tape[cursor].next)
    }
  }

  /// The elements of an array; empty for other kinds.
  public var elements: [JSONNode] {
    var elements: [JSONNode] = []
    forEachElement { elements.append($0) }
    return elements
  }

  /// Members of an object or elements of an array; 0 for other kinds.
  public var count: Int {
    var count = 0
    forEachMember { _, _ in count += 1 }
    forEachElement { _ in count += 1 }
    return count
  }

  // MARK: Scalars

  public var isNull: Bool { entry.kind == .null }

  public var bool: Bool? {
    entry.kind == .bool ? document.bytes[Int(entry.start)] == UInt8(ascii: "t") : nil
  }

  /// A string, decoded.
  public var string: String? {
    guard entry.kind == .string else { return nil }
    return JSONNode.decoded(document, entry)
  }

  /// A string as it stands.
  public var text: JSONString? {
    guard entry.kind == .string else { return nil }
    return JSONString(checked: slice)
  }

  /// True for a string that is this ASCII literal.
  public func equals(_ literal: StaticString) -> Bool {
    guard entry.kind == .string else { return false }
    return JSONNode.isEqual(document, entry, literal)
  }

  /// A number's own text.
  public var numberText: String? {
    entry.kind == .number ? String(decoding: slice, as: UTF8.self) : nil
  }

  /// A number that is whole, in any notation, and fits.
  public var int64: Int64? {
    guard let text = numberText else { return nil }
    return Int64(text) ?? JSONNumber(checked: text).wholeValue
  }

  public var double: Double? { numberText.flatMap(Double.init) }

  // MARK: Copies

  /// The value's own text.
  public var fragment: JSONFragment { JSONFragment(checked: slice, kind: kind) }

  /// The value as a tree.
  public var value: JSONValue {
    switch entry.kind {
    case .null: return .null
    case .bool: return .bool(bool ?? false)
    case .number: return .number(JSONNumber(checked: numberText ?? "0"))
    case .string, .name: return .string(string ?? "")
    case .array: return .array(elements.map(\.value))
    case .object:
      var object = JSONObject()
      forEachMember { object.append($0.string, $1.value) }
      return .object(object)
    }
  }

  /// The bytes between start and end; for strings, without the quotes.
  private var slice: [UInt8] { Array(document.bytes[Int(entry.start)..<Int(entry.end)]) }

  fileprivate static func decoded(_ document: JSONDocument, _ entry: TapeEntry) -> String {
    let bytes = document.bytes
    let raw = bytes.span.extracting(Int(entry.start)..<Int(entry.end))
    if entry.hasEscapes { return String(decoding: JSONEscapes.decode(raw), as: UTF8.self) }
    return String(decoding: document.bytes[Int(entry.start)..<Int(entry.end)], as: UTF8.self)
  }

  fileprivate static func isEqual(_ document: JSONDocument, _ entry: TapeEntry, _ literal: StaticString) -> Bool {
    let bytes = document.bytes
    let raw = bytes.span.extracting(Int(entry.start)..<Int(entry.end))
    guard entry.hasEscapes else { return ASCII.equals(raw, literal) }
    return ASCII.equals(JSONEscapes.decode(raw).span, literal)
  }
}

/// The name of a member.
public struct JSONKey: Sendable {
  fileprivate let document: JSONDocument
  fileprivate let index: Int

  init(document: JSONDocument, index: Int) {
    self.document = document
    self.index = index
  }

  /// The name, decoded.
  public var string: String { JSONNode.decoded(document, document.tape[index]) }

  public static func == (key: JSONKey, literal: StaticString) -> Bool {
    JSONNode.isEqual(key.document, key.document.tape[key.index], literal)
  }

  /// Lets a `switch` over a key name its cases by literals.
  public static func ~= (literal: StaticString, key: JSONKey) -> Bool { key == literal }
}
