/// A place in a text file.
public struct SourcePosition: Sendable, Hashable {
  /// From 1.
  public var line: Int
  /// From 1, in Unicode scalars.
  public var column: Int
  /// Bytes before the place.
  public var offset: Int

  public init(line: Int, column: Int, offset: Int) {
    self.line = line
    self.column = column
    self.offset = offset
  }

  /// The beginning of a text.
  public static let start = SourcePosition(line: 1, column: 1, offset: 0)
}

/// From a place up to before another.
public struct SourceRange: Sendable, Hashable {
  public var start: SourcePosition
  public var end: SourcePosition

  public init(start: SourcePosition, end: SourcePosition) {
    self.start = start
    self.end = end
  }
}

/// A value of a file that people write: JSON with comments and trailing commas, each value with its place.
public struct JSONCNode: Sendable {
  public enum Content: Sendable {
    case null
    case bool(Bool)
    /// As it was written.
    case number(String)
    /// Decoded.
    case string(String)
    case array([JSONCNode])
    /// In written order, each name once.
    case object([Member])
  }

  public struct Member: Sendable {
    public var name: String
    /// With the quotes.
    public var nameRange: SourceRange
    public var value: JSONCNode

    public init(name: String, nameRange: SourceRange, value: JSONCNode) {
      self.name = name
      self.nameRange = nameRange
      self.value = value
    }
  }

  public var content: Content
  public var range: SourceRange

  public init(content: Content, range: SourceRange) {
    self.content = content
    self.range = range
  }

  /// The value without comments and places.
  public var jsonValue: JSONValue {
    switch content {
    case .null: .null
    case .bool(let value): .bool(value)
    case .number(let text): .number(JSONNumber(unchecked: text))
    case .string(let text): .string(text)
    case .array(let elements): .array(elements.map(\.jsonValue))
    case .object(let members): .object(JSONObject(unchecked: members.map { ($0.name, $0.value.jsonValue) }))
    }
  }

  /// The member of that name; nil if there is none or this is no object.
  public subscript(_ name: String) -> JSONCNode? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.name.isSame(as: name) }?.value
  }
}

/// Why a file is not JSON with comments, and where.
public struct JSONCError: Error, Sendable, Equatable {
  /// For people: what is wrong and what was expected.
  public var message: String
  public var range: SourceRange

  public init(message: String, range: SourceRange) {
    self.message = message
    self.range = range
  }
}
