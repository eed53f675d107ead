/// A JSON value as a tree, for what is built or edited. Numbers keep their text, objects their order.
public indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

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

  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try JSONDocument.parse(bytes, limits: limits).root.value
  }

  /// A member of an object.
  public subscript(_ name: String) -> JSONValue? {
    if case .object(let object) = self { object[name] } else { nil }
  }

  public var string: String? { if case .string(let string) = self { string } else { nil } }
  public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  public var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  public var int64: Int64? { if case .number(let number) = self { number.wholeValue } else { nil } }
}

/// A number by its text.
public struct JSONNumber: Sendable, Equatable {
  public let text: String

  public init(_ value: Int) { text = String(value) }

  /// nil for infinities and NaN, which JSON has no form for.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = value.description
  }

  /// - Parameter checked: text that a scan has found to be a number.
  init(checked: String) { text = checked }

  public var double: Double { Double(text) ?? 0 }

  /// The value if it is whole and fits, in any notation (`10`, `1e1`, `10.0`).
  public var wholeValue: Int64? {
    if let whole = Int64(text) { return whole }
    // Beyond 2⁵³ a Double no longer tells neighbours apart, and a plain whole number was read exactly above.
    guard let double = Double(text), double.magnitude <= 9_007_199_254_740_992 else { return nil }
    return Int64(exactly: double)
  }
}

/// Members in their order; names are unique.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  public private(set) var members: [(name: String, value: JSONValue)] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (name, value) in elements { self[name] = value }
  }

  /// Setting an existing member keeps its place; nil removes it.
  public subscript(_ name: String) -> JSONValue? {
    get { members.first { $0.name == name }?.value }
    set {
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((name, value))
      case (nil, nil): break
      }
    }
  }

  @discardableResult
  public mutating func removeValue(_ name: String) -> JSONValue? {
    defer { self[name] = nil }
    return self[name]
  }

  public var isEmpty: Bool { members.isEmpty }
  public var names: [String] { members.map(\.name) }

  /// - Parameter name: one that the object does not have; a scan guarantees that.
  mutating func append(_ name: String, _ value: JSONValue) { members.append((name, value)) }

  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.count == b.members.count
      && zip(a.members, b.members).allSatisfy { $0.name == $1.name && $0.value == $1.value }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (name, value) in elements { object[name] = value }
    self = .object(object)
  }
}
