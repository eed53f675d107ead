import Bytes

/// Where something lies in a head, in half the room of a range.
struct HeadPlace: BitwiseCopyable, Sendable {
  private let start: Int32
  private let end: Int32

  /// - Parameter range: in a head, which is far smaller than these numbers could say.
  init(_ range: Range<Int>) {
    start = Int32(truncatingIfNeeded: range.lowerBound)
    end = Int32(truncatingIfNeeded: range.upperBound)
  }

  var range: Range<Int> { Int(start)..<Int(end) }
}

/// Header fields in their order. Names are compared without regard to case. All names and values lie in one byte array.
public struct HTTPFields: Sendable {
  struct Entry {
    var nameStart: Int32
    var nameEnd: Int32
    var valueStart: Int32
    var valueEnd: Int32

    var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }

    @inline(__always)
    func append(to output: inout OutputSpan<UInt8>) {
      precondition(output.freeCapacity >= HTTPFields.entryBytes, "there is no room for this field")
      // That it fits was checked; the pointer is used within the closure only.
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        guard let start = buffer.baseAddress else { return }
        unsafe UnsafeMutableRawPointer(start + count).storeBytes(of: self, as: Entry.self)
        count += HTTPFields.entryBytes
      }
    }
  }

  /// Lines that were written here, ready to be sent; or the head that the fields were read from, and behind it where they
  /// lie in it: all in one piece of memory.
  private(set) var bytes: [UInt8]
  /// 0 for lines.
  private let headEnd: Int32
  private var fieldCount: Int32 = 0
  public var count: Int { Int(fieldCount) }
  /// Bits of the names that are there: most names that are asked for are not, and need no search.
  @usableFromInline private(set) var filter: UInt64 = 0

  static let entryBytes = MemoryLayout<Entry>.size

  public init() {
    bytes = []
    headEnd = 0
  }

  /// The fields of a head, whose places lie behind it.
  init(_ bytes: consuming [UInt8], headEnd: Int, count: Int, filter: UInt64) {
    self.bytes = bytes
    self.headEnd = Int32(truncatingIfNeeded: headEnd)
    fieldCount = Int32(truncatingIfNeeded: count)
    self.filter = filter
  }

  /// The memory, for others; the fields are of no use afterwards.
  mutating func takeBytes() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  // MARK: Building

  /// Adds a field behind those there are. Line ends and other control characters in a value are dropped, so that no value
  /// can add a field of its own.
  public mutating func add(_ name: StaticString, _ value: String) {
    let value = HTTPFields.withoutControls(value)
    addLine(nameBytes: name.utf8CodeUnitCount, valueBytes: value.utf8.count) { line in
      line.append(name)
      line.append(": ")
      line.append(utf8: value)
    }
  }

  /// Adds a field whose value is a number, as sixteen hexadecimal digits.
  public mutating func add(_ name: StaticString, hex value: UInt64) {
    addLine(nameBytes: name.utf8CodeUnitCount, valueBytes: 16) { line in
      line.append(name)
      line.append(": ")
      line.append(hex: value)
    }
  }

  /// Adds a field whose name is not known in advance; it must be a token.
  public mutating func add(named name: String, _ value: String) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(ASCII.isToken), "a field name is a token")
    let value = HTTPFields.withoutControls(value)
    addLine(nameBytes: name.utf8.count, valueBytes: value.utf8.count) { line in
      line.append(utf8: name)
      line.append(": ")
      line.append(utf8: value)
    }
  }

  /// - Parameter body: appends name, colon, space and value.
  private mutating func addLine(nameBytes: Int, valueBytes: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    if headEnd > 0 { self = lines(without: nil) }
    // What most heads need, taken at once.
    if bytes.isEmpty { bytes.reserveCapacity(HTTPFields.usualBytes) }
    let start = bytes.count
    bytes.append(addingCapacity: nameBytes + valueBytes + 4) { line in
      body(&line)
      line.append("\r\n")
    }
    let valueStart = start + nameBytes + 2
    note(
      Entry(
        nameStart: Int32(start), nameEnd: Int32(start + nameBytes), valueStart: Int32(valueStart),
        valueEnd: Int32(valueStart + valueBytes)))
  }

  private static let usualBytes = 256

  private static func withoutControls(_ value: String) -> String {
    if value.utf8Span.span.firstControl() == nil { return value }
    return String(decoding: value.utf8.filter { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, as: UTF8.self)
  }

  /// Adds a field in place of all of its name.
  public mutating func set(_ name: StaticString, _ value: String) {
    remove(name)
    add(name, value)
  }

  public mutating func remove(_ name: StaticString) {
    if contains(name) { self = lines(without: name) }
  }

  /// The same fields as lines, to which others can be added.
  private func lines(without name: StaticString?) -> HTTPFields {
    var lines = HTTPFields()
    var place = 0
    while let entry = entry(&place) {
      if let name, matches(entry, name) { continue }
      lines.addLine(nameBytes: entry.name.count, valueBytes: entry.value.count) { line in
        line.append(bytes.span.extracting(entry.name))
        line.append(": ")
        line.append(bytes.span.extracting(entry.value))
      }
    }
    return lines
  }

  // MARK: Reading

  /// False where a name is certainly not there; asked first, where the name is known when this is compiled, so that a name
  /// that is not there costs next to nothing.
  @inlinable @inline(__always)
  func mayHold(_ name: StaticString) -> Bool {
    // A static string's bytes live as long as the program; a name has at least one.
    filter & HTTPFields.bit(unsafe name.utf8Start.pointee, count: name.utf8CodeUnitCount) != 0
  }

  /// The first value of a name.
  @inlinable @inline(__always)
  public subscript(_ name: StaticString) -> String? { mayHold(name) ? first(name) : nil }

  @usableFromInline
  func first(_ name: StaticString) -> String? {
    var place = 0
    guard let entry = next(name, &place) else { return nil }
    return text(entry)
  }

  /// All values of a name, in order.
  public func values(_ name: StaticString) -> [String] {
    var (place, values) = (0, [String]())
    while let entry = next(name, &place) { values.append(text(entry)) }
    return values
  }

  /// Whether a name stands in more than one field.
  @inlinable @inline(__always)
  public func isRepeated(_ name: StaticString) -> Bool { mayHold(name) && holdsAtLeast(2, name) }

  @inlinable @inline(__always)
  public func contains(_ name: StaticString) -> Bool { mayHold(name) && holdsAtLeast(1, name) }

  @usableFromInline
  func holdsAtLeast(_ count: Int, _ name: StaticString) -> Bool {
    var (place, found) = (0, 0)
    while found < count, next(name, &place) != nil { found += 1 }
    return found == count
  }

  /// True if the first value of a name is this text, byte by byte.
  public func has(_ name: StaticString, _ value: StaticString) -> Bool {
    var place = 0
    guard let entry = next(name, &place) else { return false }
    return ASCII.equals(bytes.span.extracting(entry.value), value)
  }

  /// True if a name stands in one field alone, whose value is this text, byte by byte.
  public func hasOnly(_ name: StaticString, _ value: StaticString) -> Bool {
    var place = 0
    guard let entry = next(name, &place) else { return false }
    return ASCII.equals(bytes.span.extracting(entry.value), value) && next(name, &place) == nil
  }

  /// Lends the first value of a name, or nothing where there is none.
  public func withValue<Result>(_ name: StaticString, _ body: (Span<UInt8>?) -> Result) -> Result {
    var place = 0
    guard let entry = next(name, &place) else { return body(nil) }
    return body(bytes.span.extracting(entry.value))
  }

  /// True if one of the comma-separated elements of the field is this token, without regard to case.
  public func lists(_ token: StaticString, in name: StaticString) -> Bool {
    var place = 0
    while let entry = next(name, &place) {
      if HTTPFields.list(bytes.span.extracting(entry.value), contains: token) { return true }
    }
    return false
  }

  /// True if one of the comma-separated elements is this token, without regard to case.
  static func list(_ value: Span<UInt8>, contains token: StaticString) -> Bool {
    var start = 0
    while start <= value.count {
      let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
      if ASCII.equalsIgnoringCase(value.extracting(trimmed(value, start..<end)), token) { return true }
      start = end + 1
    }
    return false
  }

  /// The range without spaces and tabs at its ends.
  static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return start..<end
  }

  public func forEach(_ body: (_ name: String, _ value: String) -> Void) {
    var place = 0
    while let entry = entry(&place) { body(text(entry.name), text(entry)) }
  }

  private func text(_ entry: Entry) -> String { text(entry.value) }

  /// Text of the head that the fields were read from.
  func text(_ range: Range<Int>) -> String { bytes.span.extracting(range).text }

  /// Lends bytes of the head that the fields were read from.
  func withBytes<Result>(_ range: Range<Int>, _ body: (Span<UInt8>) -> Result) -> Result {
    body(bytes.span.extracting(range))
  }

  // MARK: Searching

  /// The field at a place, which moves to the next one; nil behind the last one. The first place is 0.
  private func entry(_ place: inout Int) -> Entry? {
    if headEnd > 0 {
      guard place < count else { return nil }
      place += 1
      let start = Int(headEnd) + (place - 1) * HTTPFields.entryBytes
      // Within the bytes, and written there by `append`; four numbers are valid whatever their bits.
      return unsafe bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: Entry.self)
    }
    let start = place
    // As `add` has written it: a name has no colon, a value no line end.
    guard start < bytes.count, let nameEnd = bytes.span.firstIndex(of: UInt8(ascii: ":"), from: start),
      let end = bytes.span.firstIndex(of: 0x0D, from: nameEnd)
    else { return nil }
    place = end + 2
    return Entry(
      nameStart: Int32(start), nameEnd: Int32(nameEnd), valueStart: Int32(nameEnd + 2), valueEnd: Int32(end))
  }

  /// The next field of a name from a place on.
  private func next(_ name: StaticString, _ place: inout Int) -> Entry? {
    guard mayHold(name) else { return nil }
    while let entry = entry(&place) { if matches(entry, name) { return entry } }
    return nil
  }

  private func matches(_ entry: Entry, _ name: StaticString) -> Bool {
    guard Int(entry.nameEnd - entry.nameStart) == name.utf8CodeUnitCount else { return false }
    return ASCII.equalsIgnoringCase(bytes.span.extracting(entry.name), name)
  }

  private mutating func note(_ entry: Entry) {
    fieldCount += 1
    filter |= HTTPFields.bit(bytes[Int(entry.nameStart)], count: Int(entry.nameEnd - entry.nameStart))
  }

  /// One of 64, by the first letter of a name, in either case, and its length.
  @inlinable @inline(__always)
  static func bit(_ first: UInt8, count: Int) -> UInt64 { 1 &<< (UInt64(first & 31) &+ UInt64(count) &* 5) }

  // MARK: Writing

  /// The most bytes that `append(to:)` appends.
  var lineBytesMax: Int { headEnd == 0 ? bytes.count : Int(headEnd) + count }

  /// Appends all fields as lines of a head.
  func append(to output: inout OutputSpan<UInt8>) {
    if headEnd == 0 { return output.append(bytes.span) }
    var place = 0
    while let entry = entry(&place) {
      output.append(bytes.span.extracting(entry.name))
      output.append(": ")
      output.append(bytes.span.extracting(entry.value))
      output.append("\r\n")
    }
  }
}
