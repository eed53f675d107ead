import Bytes

/// Header fields in their order. Names are compared without regard to case. All names and values lie in one byte array.
public struct HTTPFields: Sendable {
  struct Entry {
    var nameStart: Int32
    var nameEnd: Int32
    var valueStart: Int32
    var valueEnd: Int32

    var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
  }

  private var bytes: [UInt8]
  private var entries: [Entry] = []
  /// The bytes are all fields as lines of a head, ready to be written.
  private var areLines = true

  public init() { bytes = [] }

  /// - Parameter head: bytes that hold the names and values of all entries that will be added.
  init(head: [UInt8]) {
    bytes = head
    areLines = false
    entries.reserveCapacity(16)
  }

  mutating func append(_ entry: Entry) { entries.append(entry) }

  public var count: Int { entries.count }

  // MARK: Building

  /// Adds a field behind those there are. Line ends and other control characters in a value are dropped, so that no value
  /// can add a field of its own.
  public mutating func add(_ name: StaticString, _ value: String) {
    reserveForFew()
    let start = Int32(bytes.count)
    bytes.append(name)
    addValue(of: start, value)
  }

  /// Adds a field whose name is not known in advance; it must be a token.
  public mutating func add(named name: String, _ value: String) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(ASCII.isToken), "a field name is a token")
    let start = Int32(bytes.count)
    bytes.append(utf8: name)
    addValue(of: start, value)
  }

  /// What most responses need, taken at once.
  private mutating func reserveForFew() {
    guard entries.isEmpty else { return }
    bytes.reserveCapacity(256)
    entries.reserveCapacity(8)
  }

  private mutating func addValue(of nameStart: Int32, _ value: String) {
    let nameEnd = Int32(bytes.count)
    bytes.append(": ")
    let valueStart = Int32(bytes.count)
    let text = value.utf8Span.span
    if text.firstControl() == nil {
      bytes.append(text)
    } else {
      for byte in value.utf8 where byte >= 0x20 && byte != 0x7F || byte == 0x09 { bytes.append(byte) }
    }
    entries.append(
      Entry(nameStart: nameStart, nameEnd: nameEnd, valueStart: valueStart, valueEnd: Int32(bytes.count)))
    bytes.append("\r\n")
  }

  /// Adds a field in place of all of its name.
  public mutating func set(_ name: StaticString, _ value: String) {
    remove(name)
    add(name, value)
  }

  public mutating func remove(_ name: StaticString) {
    guard contains(name) else { return }
    entries = entries.filter { !matches($0, name) }
    areLines = false
  }

  // MARK: Reading

  /// The first value of a name.
  public subscript(_ name: StaticString) -> String? {
    for entry in entries where matches(entry, name) { return value(entry) }
    return nil
  }

  /// All values of a name, in order.
  public func values(_ name: StaticString) -> [String] { entries.filter { matches($0, name) }.map(value) }

  /// Whether a name stands in more than one field.
  public func isRepeated(_ name: StaticString) -> Bool {
    var isThere = false
    for entry in entries where matches(entry, name) {
      if isThere { return true }
      isThere = true
    }
    return false
  }

  public func contains(_ name: StaticString) -> Bool { entries.contains { matches($0, name) } }

  /// How many fields have a name.
  public func count(of name: StaticString) -> Int { entries.reduce(0) { matches($1, name) ? $0 + 1 : $0 } }

  /// True if the first value of a name is this text, byte by byte.
  public func has(_ name: StaticString, _ value: StaticString) -> Bool {
    for entry in entries where matches(entry, name) {
      return ASCII.equals(bytes.span.extracting(entry.value), value)
    }
    return false
  }

  /// True if one of the comma-separated elements of the field is this token, without regard to case.
  public func lists(_ token: StaticString, in name: StaticString) -> Bool {
    entries.contains {
      matches($0, name) && HTTPFields.list(bytes.span.extracting($0.value), contains: token)
    }
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
    for entry in entries {
      body(String(decoding: bytes[entry.name], as: UTF8.self), value(entry))
    }
  }

  private func matches(_ entry: Entry, _ name: StaticString) -> Bool {
    guard Int(entry.nameEnd - entry.nameStart) == name.utf8CodeUnitCount else { return false }
    return ASCII.equalsIgnoringCase(bytes.span.extracting(entry.name), name)
  }

  private func value(_ entry: Entry) -> String {
    String(decoding: bytes[entry.value], as: UTF8.self)
  }

  // MARK: Writing

  /// Appends all fields as lines of a head.
  func append(to output: inout [UInt8]) {
    if areLines { return output.append(bytes.span) }
    for entry in entries {
      output.append(bytes.span.extracting(entry.name))
      output.append(": ")
      output.append(bytes.span.extracting(entry.value))
      output.append("\r\n")
    }
  }
}
