import Bytes

/// Writes JSON into a byte array. Commas come by themselves: the last byte written tells whether one is due.
///
/// The caller keeps the grammar (a value behind each key, as many ends as beginnings); what it writes is escaped here.
public struct JSONWriter: ~Copyable {
  private var bytes: ByteWriter
  /// Where the text begins: what stands before is not ours and asks for no comma.
  private let start: Int

  /// - Parameter reserving: bytes that the text will probably take.
  public init(reserving: Int = 256) {
    bytes = ByteWriter(capacity: reserving)
    start = 0
  }

  /// Continues behind bytes that are there already.
  public init(appendingTo before: [UInt8]) {
    bytes = ByteWriter(capacity: before.count + 512)
    bytes.append(before.span)
    start = before.count
  }

  /// What was written, behind what was there before.
  ///
  /// - Parameter room: bytes that the caller will append to it.
  public consuming func finish(room: Int = 0) -> [UInt8] { bytes.finish(room: room) }

  // MARK: Structure

  public mutating func beginObject() { open(UInt8(ascii: "{")) }

  public mutating func endObject() { bytes.append(UInt8(ascii: "}")) }

  public mutating func beginArray() { open(UInt8(ascii: "[")) }

  public mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

  /// - Parameter name: without characters that need an escape.
  public mutating func key(_ name: StaticString) {
    quote(name)
    bytes.append(UInt8(ascii: ":"))
  }

  public mutating func key(string name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
  }

  // MARK: Values

  public mutating func string(_ text: String) { string(utf8: text.utf8Span.span) }

  /// - Parameter text: without characters that need an escape.
  public mutating func string(_ text: StaticString) { quote(text) }

  public mutating func string(_ text: JSONString) {
    separate()
    bytes.append(JSONLexer.quote)
    bytes.append(text.escaped.span)
    bytes.append(JSONLexer.quote)
  }

  /// - Parameter utf8: valid UTF-8, not escaped yet.
  public mutating func string(utf8: Span<UInt8>) {
    separate()
    bytes.append(JSONLexer.quote)
    JSONText.appendEscaped(utf8, to: &bytes)
    bytes.append(JSONLexer.quote)
  }

  public mutating func fragment(_ fragment: JSONFragment) { raw(fragment.bytes.span) }

  public mutating func int(_ number: Int) {
    separate()
    bytes.append(decimal: number)
  }

  public mutating func number(_ number: JSONNumber) { self.number(text: number.text) }

  /// - Parameter text: a valid number of JSON.
  public mutating func number(text: String) {
    assert(JSONNumber(text: text) != nil, "not a number of JSON")
    raw(text.utf8Span.span)
  }

  public mutating func bool(_ value: Bool) {
    separate()
    if value { bytes.append("true") } else { bytes.append("false") }
  }

  public mutating func null() {
    separate()
    bytes.append("null")
  }

  /// A value that is JSON already.
  public mutating func raw(_ json: Span<UInt8>) {
    separate()
    bytes.append(json)
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

  // MARK: Bytes

  /// The beginning of a text that goes on.
  mutating func unseparated(_ text: Span<UInt8>) { bytes.append(text) }

  /// A comma, unless this is the first thing in its place.
  @inline(__always)
  private mutating func separate() {
    guard bytes.count > start else { return }
    switch bytes.last {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): return
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
  }

  @inline(__always)
  private mutating func quote(_ text: StaticString) {
    separate()
    bytes.append(JSONLexer.quote)
    bytes.append(text)
    bytes.append(JSONLexer.quote)
  }
}
