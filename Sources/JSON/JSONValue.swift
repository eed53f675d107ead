/// A JSON value as a tree, without loss: members keep their order, numbers their digits. For the control plane; what only
/// passes through stays a ``JSONFragment``.
public indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// A whole number.
  public static func int(_ number: Int) -> JSONValue { .number(JSONNumber(number)) }

  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try JSONDocument.parse(bytes, limits: limits).root.value
  }

  public var kind: JSONNode.Kind {
    switch self {
    case .null: .null
    case .bool: .bool
    case .number: .number
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
  public var int64: Int64? { number?.int64 }

  /// The member of that name; nil if there is none or this is no object.
  public subscript(_ name: String) -> JSONValue? { object?[name] }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

/// The members of an object in their order, each name once. Equal only if the order is the same.
public struct JSONObject: Sendable {
  public private(set) var members: [(name: String, value: JSONValue)]

  public init() { members = [] }

  /// A repeated name takes the later value at the earlier place.
  public init(_ members: [(String, JSONValue)]) {
    self.init()
    for (name, value) in members { self[name] = value }
  }

  /// - Parameter members: each name once.
  init(unchecked members: [(name: String, value: JSONValue)]) { self.members = members }

  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }
  public var names: [String] { members.map(\.name) }

  /// Looks through the members. A new name is appended; nil removes the member.
  public subscript(_ name: String) -> JSONValue? {
    get { members.first { $0.name.isSame(as: name) }?.value }
    set {
      let index = members.firstIndex { $0.name.isSame(as: name) }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((name, value))
      case (nil, nil): break
      }
    }
  }

  /// The members that have a value by `transform`, with that one, in their order.
  public func compactMapValues(_ transform: (JSONValue) -> JSONValue?) -> JSONObject {
    JSONObject(unchecked: members.compactMap { member in transform(member.value).map { (member.name, $0) } })
  }

  /// Removes a member; returns what it held.
  @discardableResult
  public mutating func removeValue(_ name: String) -> JSONValue? {
    guard let index = members.firstIndex(where: { $0.name.isSame(as: name) }) else { return nil }
    return members.remove(at: index).value
  }
}

extension JSONObject: Equatable {
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.elementsEqual(b.members) { $0.name.isSame(as: $1.name) && $0.value == $1.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension String {
  /// Names are the same if their characters are (RFC 8259 §8.3). Swift's own `==` also takes different ways to compose a
  /// character for the same.
  func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
