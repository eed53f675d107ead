internal import Bytes

/// Appends JSON text to bytes, compactly. It puts the commas by looking at the byte before.
public struct JSONWriter: Sendable {
  /// What was written so far. Text of one's own may be added where a value may stand.
  public var bytes: [UInt8]
  /// Where this writer's text begins.
  private let start: Int

  public init(reserving capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
    start = 0
  }

  /// Writes behind bytes that are there already.
  public init(appendingTo bytes: [UInt8]) {
    self.bytes = bytes
    start = bytes.count
  }

  // MARK: Structure

  public mutating func beginObject() {
    separate()
    bytes.append(UInt8(ascii: "{"))
  }

  public mutating func endObject() { bytes.append(UInt8(ascii: "}")) }

  public mutating func beginArray() {
    separate()
    bytes.append(UInt8(ascii: "["))
  }

  public mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

  /// - Parameter name: needs no escapes.
  public mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(name)
    bytes.append("\":")
  }

  public mutating func key(string name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
  }

  /// A value or a name that follows another one needs a comma between.
  private mutating func separate() {
    guard bytes.count > start, let last = bytes.last else { return }
    if last != UInt8(ascii: "{"), last != UInt8(ascii: "["), last != UInt8(ascii: ":") {
      bytes.append(UInt8(ascii: ","))
    }
  }

  // MARK: Values

  public mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    JSONEscapes.append(escaping: text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// - Parameter text: needs no escapes.
  public mutating func string(_ text: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(text)
    bytes.append(UInt8(ascii: "\""))
  }

  public mutating func string(_ text: JSONString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes += text.escaped
    bytes.append(UInt8(ascii: "\""))
  }

  public mutating func fragment(_ fragment: JSONFragment) {
    separate()
    bytes += fragment.bytes
  }

  public mutating func int(_ value: Int) {
    separate()
    bytes.append(decimal: value)
  }

  public mutating func bool(_ value: Bool) {
    separate()
    if value { bytes.append("true") } else { bytes.append("false") }
  }

  public mutating func null() {
    separate()
    bytes.append("null")
  }

  /// - Parameter text: a JSON number.
  public mutating func number(text: String) {
    separate()
    bytes.append(utf8: text)
  }

  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let bool): self.bool(bool)
    case .number(let number): self.number(text: number.text)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for (name, value) in object.members {
        key(string: name)
        self.value(value)
      }
      endObject()
    }
  }

  /// A value that `append` writes itself, such as a time in quotes.
  public mutating func raw(_ append: (inout [UInt8]) -> Void) {
    separate()
    append(&bytes)
  }

  // MARK: Members

  public mutating func member(_ name: StaticString, _ value: String) {
    key(name)
    string(value)
  }

  /// - Parameter value: needs no escapes.
  public mutating func member(_ name: StaticString, _ value: StaticString) {
    key(name)
    string(value)
  }

  public mutating func member(_ name: StaticString, _ value: JSONString) {
    key(name)
    string(value)
  }

  public mutating func member(_ name: StaticString, _ value: JSONFragment) {
    key(name)
    fragment(value)
  }

  public mutating func member(_ name: StaticString, _ value: Int) {
    key(name)
    int(value)
  }

  public mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }
}
