import Bytes

/// One value of a document: a cheap cursor that keeps the document alive.
public struct JSONNode: Sendable {
  public enum Kind: UInt8, Sendable { case null, bool, number, string, array, object }

  let document: JSONDocument
  let index: Int

  private var node: JSONTapeNode { document.tape[index] }

  public var kind: Kind { node.kind }
  public var isNull: Bool { node.kind == .null }
  public var bool: Bool? { bool(at: place) }

  private var place: JSONPlace { JSONPlace(index: index) }

  // MARK: Arrays and objects

  /// Members of an object or elements of an array; 0 for anything else.
  public var count: Int { node.count }

  /// The member of that name; nil if there is none or this is no object.
  public subscript(_ name: StaticString) -> JSONNode? { place(of: name).map { self[$0] } }

  /// The member of that name; nil if there is none or this is no object.
  public func member(named name: String) -> JSONNode? { place(named: name).map { self[$0] } }

  /// Visits the members of an object in their order; none of anything else.
  public func forEachMember<Failure: Error>(_ body: (JSONKey, JSONNode) throws(Failure) -> Void) throws(Failure) {
    guard node.kind == .object else { return }
    let end = Int(node.next)
    var member = index + 1
    while member < end {
      try body(JSONKey(document: document, index: member), JSONNode(document: document, index: member + 1))
      member = Int(document.tape[member + 1].next)
    }
  }

  /// Visits the elements of an array in their order; none of anything else.
  public func forEachElement<Failure: Error>(_ body: (JSONNode) throws(Failure) -> Void) throws(Failure) {
    guard node.kind == .array else { return }
    let end = Int(node.next)
    var element = index + 1
    while element < end {
      try body(JSONNode(document: document, index: element))
      element = Int(document.tape[element].next)
    }
  }

  /// The first element of an array; nil of an empty one, or for anything else.
  public var first: JSONNode? {
    node.kind == .array && node.count > 0 ? JSONNode(document: document, index: index + 1) : nil
  }

  /// The elements of an array; empty for anything else.
  public var elements: [JSONNode] {
    var elements: [JSONNode] = []
    elements.reserveCapacity(count)
    forEachElement { elements.append($0) }
    return elements
  }

  // MARK: Scalars

  /// The text of a string, decoded.
  public var string: String? { string(at: place) }

  /// The text of a string as it was written, for passing on.
  public var text: JSONString? { text(at: place) }

  /// True for a string with this text.
  public func equals(_ text: StaticString) -> Bool { equals(text, at: place) }

  /// A number as it was written.
  public var numberText: String? { numberText(at: place) }

  /// A number without a fraction that fits, however written: `1`, `1.0`, `1e2`.
  public var int64: Int64? { int64(at: place) }

  /// The nearest binary number; nil beyond its range.
  public var double: Double? { numberText.flatMap(JSONNumber.double) }

  // MARK: Whole values

  /// A copy of the value's own text. If the document has line breaks between its tokens, all space between tokens is
  /// left out, so that the text fits into one line of a stream or a log.
  public var fragment: JSONFragment { fragment(at: place) }

  /// The value as a tree. As deep as the document, whose limit bounds the recursion.
  public var value: JSONValue {
    switch node.kind {
    case .null: return .null
    case .bool: return .bool(node.flag)
    case .number: return .number(JSONNumber(unchecked: String(decoding: document.bytes[node.range], as: UTF8.self)))
    case .string: return .string(document.string(at: index))
    case .array: return .array(elements.map(\.value))
    case .object:
      var members: [(name: String, value: JSONValue)] = []
      members.reserveCapacity(count)
      forEachMember { members.append(($0.string, $1.value)) }
      return .object(JSONObject(unchecked: members))
    }
  }
}

/// Where a value lies in the document of the node that was asked for it: a look-up that need not count up the document.
public struct JSONPlace: Sendable {
  let index: Int
}

// What lies elsewhere in the document of a node.
extension JSONNode {
  /// Of the value of the member of that name; nil if there is none or this is no object.
  public func place(of name: StaticString) -> JSONPlace? {
    document.value(of: name, inObjectAt: index).map { JSONPlace(index: $0) }
  }

  /// As ``place(of:)``, for a name that is not known in advance.
  public func place(named name: String) -> JSONPlace? {
    guard node.kind == .object else { return nil }
    let end = Int(node.next)
    var member = index + 1
    while member < end {
      if document.string(at: member).isSame(as: name) { return JSONPlace(index: member + 1) }
      member = Int(document.tape[member + 1].next)
    }
    return nil
  }

  public subscript(_ place: JSONPlace) -> JSONNode { JSONNode(document: document, index: place.index) }

  public func kind(at place: JSONPlace) -> Kind { document.tape[place.index].kind }

  public func bool(at place: JSONPlace) -> Bool? {
    let node = document.tape[place.index]
    return node.kind == .bool ? node.flag : nil
  }

  public func string(at place: JSONPlace) -> String? {
    kind(at: place) == .string ? document.string(at: place.index) : nil
  }

  public func text(at place: JSONPlace) -> JSONString? {
    let node = document.tape[place.index]
    guard node.kind == .string else { return nil }
    let bytes = document.bytes
    return JSONString(unchecked: bytes.span.extracting(node.range).copied, hasEscapes: node.flag)
  }

  public func equals(_ text: StaticString, at place: JSONPlace) -> Bool {
    kind(at: place) == .string && document.string(at: place.index, equals: text)
  }

  public func numberText(at place: JSONPlace) -> String? {
    let node = document.tape[place.index]
    return node.kind == .number ? String(decoding: document.bytes[node.range], as: UTF8.self) : nil
  }

  public func int64(at place: JSONPlace) -> Int64? {
    let node = document.tape[place.index]
    guard node.kind == .number else { return nil }
    let bytes = document.bytes
    return JSONNumber.int64(bytes.span.extracting(node.range))
  }

  public func fragment(at place: JSONPlace) -> JSONFragment {
    let node = document.tape[place.index]
    let range = node.kind == .string ? node.range.lowerBound - 1..<node.range.upperBound + 1 : node.range
    let bytes = document.bytes
    guard document.hasLineBreaks, node.kind == .array || node.kind == .object else {
      return JSONFragment(unchecked: bytes.span.extracting(range).copied)
    }
    return JSONFragment(unchecked: JSONFragment.compacted(bytes.span.extracting(range)))
  }
}

/// The name of a member, compared in place.
public struct JSONKey: Sendable {
  let document: JSONDocument
  let index: Int

  /// The name, decoded.
  public var string: String { document.string(at: index) }

  public static func == (key: JSONKey, name: StaticString) -> Bool {
    key.document.string(at: key.index, equals: name)
  }
}

/// Lets a `switch` over a key name its cases by literals.
public func ~= (name: StaticString, key: JSONKey) -> Bool { key == name }

extension JSONDocument {
  /// The index of a member's value; nil if there is none or the node is no object.
  func value(of name: StaticString, inObjectAt index: Int) -> Int? {
    // A span can only be taken from a local copy (which shares the storage).
    let bytes = self.bytes
    let object = tape[index]
    guard object.kind == .object else { return nil }
    let end = Int(object.next)
    let length = name.utf8CodeUnitCount
    var start = index &+ 1
    while let member = tape.name(ofLength: length, from: start, before: end) {
      let node = tape[member]
      let isName =
        node.flag ? string(at: member, equals: name) : bytes.span.matches(name, at: Int(node.offset))
      if isName { return member &+ 1 }
      start = Int(tape[member &+ 1].next)
    }
    return nil
  }

  /// The decoded text of the string or name at an index of the tape.
  func string(at index: Int) -> String {
    let node = tape[index]
    // A span can only be taken from a local copy (which shares the storage).
    let bytes = self.bytes
    let content = bytes.span.extracting(node.range)
    // The scanner has taken only valid UTF-8.
    if !node.flag { return unsafe String(copying: UTF8Span(unchecked: content)) }
    return String(decoding: JSONText.unescaped(content), as: UTF8.self)
  }

  /// Compares without decoding, unless there are escapes.
  func string(at index: Int, equals text: StaticString) -> Bool {
    let node = tape[index]
    let length = text.utf8CodeUnitCount
    let bytes = self.bytes
    if !node.flag { return Int(node.length) == length && bytes.span.matches(text, at: Int(node.offset)) }
    guard Int(node.length) > length else { return false }
    let decoded = JSONText.unescaped(bytes.span.extracting(node.range))
    return decoded.count == length && decoded.span.matches(text)
  }
}
