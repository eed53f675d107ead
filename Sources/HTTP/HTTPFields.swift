internal import Bytes

/// Header fields in their order. Names are compared without regard to case. All names and values lie in one byte array.
public struct HTTPFields: Sendable {
  struct Entry {
    var nameStart: Int32
    var nameEnd: Int32
    var valueStart: Int32
    var valueEnd: Int32
  }

  private var bytes: [UInt8]
  private var entries: [Entry] = []

  public init() { bytes = [] }

  /// - Parameter head: bytes that hold the names and values of all entries that will be added.
  init(head: [UInt8]) {
    bytes = head
    entries.reserveCapacity(16)
  }

  mutating func append(_ entry: Entry) { entries.append(entry) }

  public var count: Int { entries.count }

  // MARK: Building

  /// Adds a field behind those there are. Line ends and other control characters in a value are dropped, so that no value
  /// can add a field of its own.
  public mutating func add(_ name: StaticString, _ value: String) {
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

  private mutating func addValue(of nameStart: Int32, _ value: String) {
    let nameEnd = Int32(bytes.count)
    for byte in value.utf8 where byte >= 0x20 && byte != 0x7F || byte == 0x09 { bytes.append(byte) }
    entries.append(
      Entry(nameStart: nameStart, nameEnd: nameEnd, valueStart: nameEnd, valueEnd: Int32(bytes.count)))
  }

  /// Adds a field in place of all of its name.
  public mutating func set(_ name: StaticString, _ value: String) {
    remove(name)
    add(name, value)
  }

  public mutating func remove(_ name: StaticString) { entries = entries.filter { !matches($0, name) } }

  // MARK: Reading

  /// The first value of a name.
  public subscript(_ name: StaticString) -> String? {
    for entry in entries where matches(entry, name) { return value(entry) }
    return nil
  }

  /// All values of a name, in order.
  public func values(_ name: StaticString) -> [String] { entries.filter { matches($0, name) }.map(value) }

  public func contains(_ name: StaticString) -> Bool { entries.contains { matches($0, name) } }

  /// True if one of the comma-separated elements of the field is this token, without regard to case.
  public func lists(_ token: StaticString, in name: StaticString) -> Bool {
    for entry in entries where matches(entry, name) {
      let value = bytes.span.extracting(Int(entry.valueStart)..<Int(entry.valueEnd))
      var start = 0
      while start <= value.count {
        var end = start
        while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
        var (first, last) = (start, end)
        while first < last, value[first] == 0x20 || value[first] == 0x09 { first += 1 }
        while last > first, value[last - 1] == 0x20 || value[last - 1] == 0x09 { last -= 1 }
        if ASCII.equalsIgnoringCase(value.extracting(first..<last), token) { return true }
        start = end + 1
      }
    }
    return false
  }

  public func forEach(_ body: (_ name: String, _ value: String) -> Void) {
    for entry in entries {
      body(String(decoding: bytes[Int(entry.nameStart)..<Int(entry.nameEnd)], as: UTF8.self), value(entry))
    }
  }

  private func matches(_ entry: Entry, _ name: StaticString) -> Bool {
    guard Int(entry.nameEnd - entry.nameStart) == name.utf8CodeUnitCount else { return false }
    return ASCII.equalsIgnoringCase(bytes.span.extracting(Int(entry.nameStart)..<Int(entry.nameEnd)), name)
  }

  private func value(_ entry: Entry) -> String {
    String(decoding: bytes[Int(entry.valueStart)..<Int(entry.valueEnd)], as: UTF8.self)
  }

  // MARK: Writing

  /// Appends all fields as lines of a head.
  func append(to output: inout [UInt8]) {
    for entry in entries {
      output += bytes[Int(entry.nameStart)..<Int(entry.nameEnd)]
      output.append(": ")
      output += bytes[Int(entry.valueStart)..<Int(entry.valueEnd)]
      output.append("\r\n")
    }
  }
}
