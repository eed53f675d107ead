public import Bytes

/// Writes JSON into a byte array. Commas come by themselves: the last byte written tells whether one is due.
///
/// The caller keeps the grammar (a value behind each key, as many ends as beginnings); what it writes is escaped here.
public struct JSONWriter: ~Copyable {
  @usableFromInline var bytes: ByteWriter
  /// Where the text begins: what stands before is not ours and asks for no comma.
  @usableFromInline let start: Int

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

  /// Continues in memory that the caller has, and gets back by ``memory()``.
  public init(into memory: consuming ByteWriter) {
    start = memory.count
    bytes = memory
  }

  /// What was written, behind what was there before, where it was written.
  public consuming func memory() -> ByteWriter { bytes }

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
  @inlinable @inline(__always)
  public mutating func key(_ name: StaticString) { begin(name) }

  /// A key, and the beginning of its value.
  ///
  /// - Parameter name: without characters that need an escape.
  @inlinable @inline(__always)
  public mutating func beginObject(_ name: StaticString) {
    begin(name, room: 1)
    // There is room by the line above.
    unsafe bytes.put(UInt8(ascii: "{"))
  }

  /// As ``beginObject(_:)``.
  @inlinable @inline(__always)
  public mutating func beginArray(_ name: StaticString) {
    begin(name, room: 1)
    // There is room by the line above.
    unsafe bytes.put(UInt8(ascii: "["))
  }

  public mutating func key(string name: String) {
    string(utf8: name.utf8Span.span)
    bytes.append(UInt8(ascii: ":"))
  }

  // MARK: Values

  public mutating func string(_ text: String) { string(utf8: text.utf8Span.span) }

  /// - Parameter text: without characters that need an escape.
  public mutating func string(_ text: StaticString) {
    separate()
    quote(text)
  }

  public mutating func string(_ text: JSONString) {
    separate()
    quote(text.escaped.span)
  }

  /// - Parameter utf8: valid UTF-8, not escaped yet.
  public mutating func string(utf8: Span<UInt8>) {
    separate()
    escape(utf8)
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

  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, _ text: String) { member(name, utf8: text.utf8Span.span) }

  /// - Parameter utf8: valid UTF-8, not escaped yet.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, utf8: Span<UInt8>) {
    begin(name, room: utf8.count + 2)
    escape(utf8)
  }

  /// - Parameter plain: valid UTF-8 that needs no escapes.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, plain: Span<UInt8>) {
    begin(name, room: plain.count + 2)
    quote(plain)
  }

  /// - Parameter text: without characters that need an escape.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, _ text: StaticString) {
    begin(name, room: text.utf8CodeUnitCount + 2)
    quote(text)
  }

  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, _ text: JSONString) {
    let text = text.escaped.span
    begin(name, room: text.count + 2)
    quote(text)
  }

  /// Two texts behind each other; the first one is without characters that need an escape.
  public mutating func member(_ name: StaticString, _ plain: StaticString, _ text: String) {
    let text = text.utf8Span.span
    begin(name, room: plain.utf8CodeUnitCount + text.count + 2)
    // There is room by the line above.
    unsafe bytes.put(JSONLexer.quote)
    unsafe bytes.put(plain)
    if JSONLexer.isPlain(text) { unsafe bytes.put(text) } else { JSONText.appendEscaped(text, to: &bytes) }
    bytes.append(JSONLexer.quote)
  }

  public mutating func member(_ name: StaticString, _ fragment: JSONFragment) {
    let value = fragment.bytes.span
    begin(name, room: value.count)
    bytes.append(value)
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

  // Behind a name no comma is due: what follows it is written by the functions below that ask for none. Names are mostly
  // literals, and are written where they are known to be, in a few words.

  /// A name and its colon, with a comma before them where one is due.
  ///
  /// - Parameter room: bytes that the value will take.
  @inlinable @inline(__always)
  mutating func begin(_ name: StaticString, room: Int = 0) {
    bytes.reserve(name.utf8CodeUnitCount + room + 4)
    // There is room by the line above.
    if needsComma { unsafe bytes.put(UInt8(ascii: ",")) }
    unsafe bytes.put(UInt8(ascii: "\""))
    unsafe bytes.put(name)
    unsafe bytes.put("\":")
  }

  /// - Parameter text: without characters that need an escape.
  @inlinable @inline(__always)
  mutating func quote(_ text: StaticString) {
    bytes.reserve(text.utf8CodeUnitCount + 2)
    // There is room by the line above.
    unsafe bytes.put(UInt8(ascii: "\""))
    unsafe bytes.put(text)
    unsafe bytes.put(UInt8(ascii: "\""))
  }

  /// - Parameter text: without characters that need an escape.
  @usableFromInline @inline(never)
  mutating func quote(_ text: Span<UInt8>) {
    bytes.reserve(text.count + 2)
    // There is room by the line above.
    unsafe bytes.put(JSONLexer.quote)
    unsafe bytes.put(text)
    unsafe bytes.put(JSONLexer.quote)
  }

  /// - Parameter text: valid UTF-8, not escaped yet.
  @usableFromInline @inline(never)
  mutating func escape(_ text: Span<UInt8>) {
    bytes.reserve(text.count + 2)
    // There is room by the line above.
    unsafe bytes.put(JSONLexer.quote)
    if JSONLexer.isPlain(text) { unsafe bytes.put(text) } else { JSONText.appendEscaped(text, to: &bytes) }
    bytes.append(JSONLexer.quote)
  }

  /// A comma, unless this is the first thing in its place.
  @inline(__always)
  private mutating func separate() { if needsComma { bytes.append(UInt8(ascii: ",")) } }

  @inlinable @inline(__always)
  var needsComma: Bool {
    guard bytes.count > start, let last = bytes.last else { return false }
    return last != UInt8(ascii: "{") && last != UInt8(ascii: "[") && last != UInt8(ascii: ":")
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
  }
}
