import Bytes

/// Reads a text once, without recursion, and writes down where its values are.
struct JSONScanner: ~Copyable {
  /// An array or object that is not closed yet.
  private struct Open {
    var node = 0
    var count = 0
    var isObject = false
    /// One bit for a cheap digest of each name so far: a name whose bit is free cannot be a duplicate.
    var seen: UInt64 = 0
    /// Two names share a bit, or a name is escaped.
    var mayRepeat = false
  }

  private(set) var tape: JSONTape
  /// A carriage return or line feed stands between two tokens.
  private(set) var hasLineBreaks = false
  private let limits: JSONLimits
  /// The innermost one, and those around it, the outermost first.
  private var current = Open()
  private var outer: [Open] = []
  /// Arrays and objects that are not closed yet.
  private var depth = 0
  private var index = 0

  init(_ bytes: Span<UInt8>, limits: JSONLimits) throws(JSONError) {
    self.limits = limits
    tape = JSONTape(capacity: min(bytes.count / 16 + 8, 65_536))
    guard bytes.count <= limits.bytesMax else {
      throw JSONError(.tooLarge, at: limits.bytesMax, "longer than \(limits.bytesMax) bytes")
    }
    if bytes.matches("\u{FEFF}") { throw JSONError(.syntax, at: 0, "a byte order mark is not allowed") }
    outer.reserveCapacity(min(limits.depthMax, 8))
    skipSpace(bytes)
    repeat {
      try scanValue(bytes)
    } while try advance(bytes)
    guard index == bytes.count else { throw JSONScanner.unexpected(bytes, index, "nothing may follow the value") }
  }

  /// Reads a scalar, or opens an array or object and stands before its first value.
  @inline(__always)
  private mutating func scanValue(_ bytes: Span<UInt8>) throws(JSONError) {
    guard index < bytes.count else { throw JSONScanner.unexpected(bytes, index, "a value is expected") }
    let start = index
    switch bytes[start] {
    case JSONLexer.quote: _ = try scanString(bytes)
    case UInt8(ascii: "{"): try openContainer(.object)
    case UInt8(ascii: "["): try openContainer(.array)
    case UInt8(ascii: "t"):
      index = try JSONLexer.endOfLiteral("true", bytes, from: start)
      try append(.bool, from: start, flag: true)
    case UInt8(ascii: "f"):
      index = try JSONLexer.endOfLiteral("false", bytes, from: start)
      try append(.bool, from: start)
    case UInt8(ascii: "n"):
      index = try JSONLexer.endOfLiteral("null", bytes, from: start)
      try append(.null, from: start)
    case UInt8(ascii: "-"), 0x30...0x39:
      index = try JSONLexer.endOfNumber(bytes, from: start)
      try append(.number, from: start)
    default: throw JSONScanner.unexpected(bytes, start, "a value is expected")
    }
  }

  /// Behind a value: closes what ends here and stands before the next value. False at the end of the outermost value.
  @inline(__always)
  private mutating func advance(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    while depth > 0 {
      skipSpace(bytes)
      guard index < bytes.count else { throw JSONScanner.unexpected(bytes, index, "an end is expected") }
      let byte = bytes[index]
      if byte == (current.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
        index += 1
        try close(bytes)
        continue
      }
      // A container that was opened just now has no value yet.
      if current.count > 0 {
        guard byte == UInt8(ascii: ",") else {
          throw JSONScanner.unexpected(
            bytes, index, current.isObject ? "a comma or } is expected" : "a comma or ] is expected")
        }
        index += 1
        skipSpace(bytes)
      }
      current.count += 1
      if current.isObject { try scanName(bytes) }
      return true
    }
    skipSpace(bytes)
    return false
  }

  @inline(__always)
  private mutating func openContainer(_ kind: JSONNode.Kind) throws(JSONError) {
    guard depth < limits.depthMax else {
      throw JSONError(.tooDeep, at: index, "nested deeper than \(limits.depthMax)")
    }
    if depth > 0 { outer.append(current) }
    depth += 1
    current = Open(node: tape.count, isObject: kind == .object)
    index += 1
    try append(kind, from: index - 1)
  }

  @inline(__always)
  private mutating func close(_ bytes: Span<UInt8>) throws(JSONError) {
    var node = tape[current.node]
    node.length = UInt32(truncatingIfNeeded: index) - node.offset
    node.next = UInt32(truncatingIfNeeded: tape.count)
    node.count = current.count
    tape[current.node] = node
    if current.mayRepeat { try JSONNameCheck.check(tape, object: current.node, bytes) }
    depth -= 1
    if depth > 0 { current = outer.removeLast() }
  }

  /// A member's name and the colon; stands before the value.
  @inline(__always)
  private mutating func scanName(_ bytes: Span<UInt8>) throws(JSONError) {
    guard index < bytes.count, bytes[index] == JSONLexer.quote else {
      throw JSONScanner.unexpected(bytes, index, "a member's name in quotes is expected")
    }
    let name = index + 1
    let isEscaped = try scanString(bytes)
    note(bytes, name..<index - 1, isEscaped)
    skipSpace(bytes)
    guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else {
      throw JSONScanner.unexpected(bytes, index, "a colon is expected")
    }
    index += 1
    skipSpace(bytes)
  }

  /// Remembers a name's digest in the innermost object.
  @inline(__always)
  private mutating func note(_ bytes: Span<UInt8>, _ name: Range<Int>, _ isEscaped: Bool) {
    var digest = UInt32(truncatingIfNeeded: name.count) &* 7
    if !name.isEmpty {
      digest &+= UInt32(bytes[name.lowerBound]) &* 5 &+ UInt32(bytes[name.upperBound - 1]) &* 13
    }
    let bit: UInt64 = 1 << UInt64(digest & 63)
    if isEscaped || current.seen & bit != 0 { current.mayRepeat = true }
    current.seen |= bit
  }

  /// A value or a name; true where it holds escapes.
  @inline(__always)
  private mutating func scanString(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    let start = index + 1
    // Most strings are plain to their end.
    var end = JSONLexer.endOfPlainContent(bytes, from: start, beyondASCII: true)
    var isEscaped = false
    if end == bytes.count || bytes[end] != JSONLexer.quote {
      end = try JSONLexer.endOfString(bytes, from: end, escaped: &isEscaped)
    }
    index = end + 1
    try append(
      JSONTapeNode(.string, offset: start, length: end - start, next: tape.count + 1, flag: isEscaped))
    return isEscaped
  }

  /// A value that ends here.
  @inline(__always)
  private mutating func append(_ kind: JSONNode.Kind, from start: Int, flag: Bool = false) throws(JSONError) {
    try append(JSONTapeNode(kind, offset: start, length: index - start, next: tape.count + 1, flag: flag))
  }

  @inline(__always)
  private mutating func append(_ node: JSONTapeNode) throws(JSONError) {
    guard tape.count < limits.nodesMax else {
      throw JSONError(.tooLarge, at: Int(node.offset), "more than \(limits.nodesMax) values and names")
    }
    tape.append(node)
  }

  @inline(__always)
  private mutating func skipSpace(_ bytes: Span<UInt8>) {
    while index < bytes.count, bytes[index] <= 0x20 {
      switch bytes[index] {
      case 0x20, 0x09: break
      case 0x0A, 0x0D: hasLineBreaks = true
      default: return
      }
      index += 1
    }
  }

  private static func unexpected(_ bytes: Span<UInt8>, _ index: Int, _ message: String) -> JSONError {
    index < bytes.count
      ? JSONError(.syntax, at: index, message)
      : JSONError(.syntax, at: index, "the text ends within a value")
  }
}
