import Bytes

/// Writes JSON to the end of a byte array. Commas come by themselves: the last byte written tells whether one is due.
///
/// The caller keeps the grammar (a value behind each key, as many ends as beginnings); what it writes is escaped here.
public struct JSONWriter: Sendable {
  public var bytes: [UInt8]
  /// Where the text begins: what stands before is not ours and asks for no comma.
  private let start: Int

  /// - Parameter reserving: bytes that the text will probably take.
  public init(reserving: Int = 256) {
    bytes = []
    bytes.reserveCapacity(reserving)
    start = 0
  }

  /// Continues behind bytes that are there already.
  public init(appendingTo bytes: consuming [UInt8]) {
    start = bytes.count
    self.bytes = bytes
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

  /// - Parameter name: without characters that need an escape.
  public mutating func key(_ name: StaticString) { quote(name, isKey: true) }

  public mutating func key(string name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
  }

  // MARK: Values

  public mutating func string(_ text: String) {
    separate()
    bytes.append(JSONLexer.quote)
    JSONText.appendEscaped(text, to: &bytes)
    bytes.append(JSONLexer.quote)
  }

  /// - Parameter text: without characters that need an escape.
  public mutating func string(_ text: StaticString) { quote(text, isKey: false) }

  /// With its comma, its quotes and its colon at once: names are most of what is written, and each piece would ask anew
  /// whether there is room.
  private mutating func quote(_ text: StaticString, isKey: Bool) {
    let length = text.utf8CodeUnitCount
    let isSeparated = needsComma
    // The buffer is used within the closure only, and all that is taken from it was written before.
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length + 4) { buffer in
      var end = 0
      func put(_ byte: UInt8) {
        unsafe buffer[end] = byte
        end += 1
      }
      if isSeparated { put(UInt8(ascii: ",")) }
      put(JSONLexer.quote)
      for index in 0..<length { put(unsafe text.utf8Start[index]) }
      put(JSONLexer.quote)
      if isKey { put(UInt8(ascii: ":")) }
      unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[..<end]))
    }
  }

  public mutating func string(_ text: JSONString) {
    separate()
    bytes.append(JSONLexer.quote)
    bytes.append(contentsOf: text.escaped)
    bytes.append(JSONLexer.quote)
  }

  /// - Parameter utf8: valid UTF-8, not escaped yet.
  public mutating func string(utf8: Span<UInt8>) {
    separate()
    bytes.append(JSONLexer.quote)
    JSONText.appendEscaped(utf8, to: &bytes)
    bytes.append(JSONLexer.quote)
  }

  public mutating func fragment(_ fragment: JSONFragment) {
    separate()
    bytes.append(contentsOf: fragment.bytes)
  }

  public mutating func int(_ number: Int) {
    separate()
    bytes.append(decimal: number)
  }

  public mutating func number(_ number: JSONNumber) { self.number(text: number.text) }

  /// - Parameter text: a valid number of JSON.
  public mutating func number(text: String) {
    assert(JSONNumber(text: text) != nil, "not a number of JSON")
    separate()
    bytes.append(utf8: text)
  }

  public mutating func bool(_ value: Bool) {
    separate()
    bytes.append(value ? "true" : "false")
  }

  public mutating func null() {
    separate()
    bytes.append("null")
  }

  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .number(let number): self.number(number)
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

  public mutating func member(_ name: StaticString, _ text: String) {
    key(name)
    string(text)
  }

  public mutating func member(_ name: StaticString, _ text: StaticString) {
    key(name)
    string(text)
  }

  public mutating func member(_ name: StaticString, _ text: JSONString) {
    key(name)
    string(text)
  }

  public mutating func member(_ name: StaticString, _ fragment: JSONFragment) {
    key(name)
    self.fragment(fragment)
  }

  public mutating func member(_ name: StaticString, _ number: Int) {
    key(name)
    int(number)
  }

  public mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  public mutating func member(_ name: StaticString, _ value: JSONValue) {
    key(name)
    self.value(value)
  }

  /// A comma, unless this is the first thing in its place.
  @inline(__always)
  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private var needsComma: Bool {
    guard bytes.count > start, let last = bytes.last else { return false }
    return switch last {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): false
    default: true
    }
  }
}
