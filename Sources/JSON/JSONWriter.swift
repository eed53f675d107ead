import Bytes

/// Writes JSON into a byte array. Commas come by themselves: the last byte written tells whether one is due.
///
/// The caller keeps the grammar (a value behind each key, as many ends as beginnings); what it writes is escaped here.
public struct JSONWriter: Sendable {
  /// Text up to `end`, room behind it.
  private var storage: [UInt8]
  private var end: Int
  /// Where the text begins: what stands before is not ours and asks for no comma.
  private let start: Int

  /// - Parameter reserving: bytes that the text will probably take.
  public init(reserving: Int = 256) {
    storage = []
    storage.reserveCapacity(reserving)
    storage.append(JSONWriter.room.span.extracting(first: reserving))
    end = 0
    start = 0
  }

  /// Continues behind bytes that are there already.
  public init(appendingTo bytes: consuming [UInt8]) {
    start = bytes.count
    end = bytes.count
    storage = bytes
  }

  /// What was written, behind what was there before.
  public consuming func finish() -> [UInt8] {
    var writer = self
    var bytes: [UInt8] = []
    swap(&bytes, &writer.storage)
    bytes.removeLast(bytes.count - writer.end)
    return bytes
  }

  // MARK: Structure

  public mutating func beginObject() { open(UInt8(ascii: "{")) }

  public mutating func endObject() { put(UInt8(ascii: "}")) }

  public mutating func beginArray() { open(UInt8(ascii: "[")) }

  public mutating func endArray() { put(UInt8(ascii: "]")) }

  /// - Parameter name: without characters that need an escape.
  public mutating func key(_ name: StaticString) {
    quote(name)
    put(UInt8(ascii: ":"))
  }

  public mutating func key(string name: String) {
    string(name)
    put(UInt8(ascii: ":"))
  }

  // MARK: Values

  public mutating func string(_ text: String) { string(utf8: text.utf8Span.span) }

  /// - Parameter text: without characters that need an escape.
  public mutating func string(_ text: StaticString) { quote(text) }

  public mutating func string(_ text: JSONString) {
    separate()
    put(JSONLexer.quote)
    put(text.escaped.span)
    put(JSONLexer.quote)
  }

  /// - Parameter utf8: valid UTF-8, not escaped yet.
  public mutating func string(utf8: Span<UInt8>) {
    separate()
    put(JSONLexer.quote)
    if JSONLexer.endOfPlainContent(utf8, from: 0, beyondASCII: false) == utf8.count {
      put(utf8)
    } else {
      var escaped: [UInt8] = []
      JSONText.appendEscaped(utf8, to: &escaped)
      put(escaped.span)
    }
    put(JSONLexer.quote)
  }

  public mutating func fragment(_ fragment: JSONFragment) { raw(fragment.bytes.span) }

  public mutating func int(_ number: Int) {
    var digits: [UInt8] = []
    digits.append(decimal: number)
    raw(digits.span)
  }

  public mutating func number(_ number: JSONNumber) { self.number(text: number.text) }

  /// - Parameter text: a valid number of JSON.
  public mutating func number(text: String) {
    assert(JSONNumber(text: text) != nil, "not a number of JSON")
    raw(text.utf8Span.span)
  }

  public mutating func bool(_ value: Bool) {
    separate()
    if value { put("true") } else { put("false") }
  }

  public mutating func null() {
    separate()
    put("null")
  }

  /// A value that is JSON already.
  public mutating func raw(_ json: Span<UInt8>) {
    separate()
    put(json)
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
  mutating func unseparated(_ text: Span<UInt8>) { put(text) }

  /// A comma, unless this is the first thing in its place.
  @inline(__always)
  private mutating func separate() {
    if needsComma { put(UInt8(ascii: ",")) }
  }

  @inline(__always)
  private var needsComma: Bool {
    guard end > start else { return false }
    return switch storage[end - 1] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): false
    default: true
    }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    put(bracket)
  }

  private mutating func quote(_ text: StaticString) {
    separate()
    put(JSONLexer.quote)
    put(text)
    put(JSONLexer.quote)
  }

  @inline(__always)
  private mutating func put(_ byte: UInt8) {
    if end == storage.count { grow(by: 1) }
    storage[end] = byte
    end += 1
  }

  @inline(__always)
  private mutating func put(_ text: StaticString) {
    precondition(text.hasPointerRepresentation)
    // A static string's bytes live as long as the program.
    unsafe put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(__always)
  private mutating func put(_ text: Span<UInt8>) {
    // The pointer is used within the closure only.
    unsafe text.withUnsafeBufferPointer { unsafe put($0) }
  }

  @inline(__always)
  private mutating func put(_ text: UnsafeBufferPointer<UInt8>) {
    if storage.count - end < text.count { grow(by: text.count) }
    guard let source = text.baseAddress else { return }
    let place = end
    // There is room by the line above; the pointer is used within the closure only.
    unsafe storage.withUnsafeMutableBufferPointer { room in
      if let base = room.baseAddress { unsafe (base + place).update(from: source, count: text.count) }
    }
    end += text.count
  }

  @inline(never)
  private mutating func grow(by count: Int) {
    storage.append(contentsOf: repeatElement(0, count: max(count, storage.count, 64)))
  }

  /// Copied into new texts: the quickest way to initialise the room behind them.
  private static let room = [UInt8](repeating: 0, count: 4096)
}
