import Bytes

/// Reads a text once, without recursion, and writes down where its values are.
struct JSONScanner {
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

  private(set) var nodes: [JSONTapeNode] = []
  /// A carriage return or line feed stands between two tokens.
  private(set) var hasLineBreaks = false
  private let limits: JSONLimits
  /// The innermost one, and those around it, the outermost first.
  private var current = Open()
  private var outer: [Open] = []
  /// Arrays and objects that are not closed yet.
  private var depth = 0
  private var index = 0

  init(limits: JSONLimits) { self.limits = limits }

  mutating func scan(_ bytes: Span<UInt8>) throws(JSONError) {
    guard bytes.count <= limits.bytesMax else {
      throw JSONError(.tooLarge, at: limits.bytesMax, "longer than \(limits.bytesMax) bytes")
    }
    if bytes.matches("\u{FEFF}") { throw JSONError(.syntax, at: 0, "a byte order mark is not allowed") }
    nodes.reserveCapacity(min(bytes.count / 12 + 8, 65_536))
    outer.reserveCapacity(min(limits.depthMax, 8))
    skipSpace(bytes)
    repeat {
      try scanValue(bytes)
    } while try advance(bytes)
    guard index == bytes.count else { throw unexpected(bytes, "nothing may follow the value") }
  }

  /// Reads a scalar, or opens an array or object and stands before its first value.
  private mutating func scanValue(_ bytes: Span<UInt8>) throws(JSONError) {
    guard index < bytes.count else { throw unexpected(bytes, "a value is expected") }
    switch bytes[index] {
    case JSONLexer.quote: try scanString(bytes)
    case UInt8(ascii: "{"): try openContainer(.object, bytes)
    case UInt8(ascii: "["): try openContainer(.array, bytes)
    case UInt8(ascii: "t"): try scanLiteral("true", .bool, bytes)
    case UInt8(ascii: "f"): try scanLiteral("false", .bool, bytes)
    case UInt8(ascii: "n"): try scanLiteral("null", .null, bytes)
    case UInt8(ascii: "-"), 0x30...0x39:
      let end = try JSONLexer.endOfNumber(bytes, from: index)
      try append(JSONTapeNode(.number, offset: index, length: end - index, next: nodes.count + 1))
      index = end
    default: throw unexpected(bytes, "a value is expected")
    }
  }

  /// Behind a value: closes what ends here and stands before the next value. False at the end of the outermost value.
  private mutating func advance(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    while depth > 0 {
      skipSpace(bytes)
      // A container that was opened just now has a node but no value yet.
      let isFresh = nodes.count == current.node + 1
      guard index < bytes.count else { throw unexpected(bytes, "an end is expected") }
      let byte = bytes[index]
      if byte == (current.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
        index += 1
        try close(bytes)
        continue
      }
      if !isFresh {
        guard byte == UInt8(ascii: ",") else {
          throw unexpected(bytes, current.isObject ? "a comma or } is expected" : "a comma or ] is expected")
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

  private mutating func openContainer(_ kind: JSONNode.Kind, _ bytes: Span<UInt8>) throws(JSONError) {
    guard depth < limits.depthMax else {
      throw JSONError(.tooDeep, at: index, "nested deeper than \(limits.depthMax)")
    }
    if depth > 0 { outer.append(current) }
    depth += 1
    current = Open(node: nodes.count, isObject: kind == .object)
    try append(JSONTapeNode(kind, offset: index, length: 0, next: 0))
    index += 1
  }

  private mutating func close(_ bytes: Span<UInt8>) throws(JSONError) {
    var node = nodes[current.node]
    node.length = UInt32(truncatingIfNeeded: index) - node.offset
    node.next = UInt32(truncatingIfNeeded: nodes.count)
    node.count = current.count
    nodes[current.node] = node
    if current.mayRepeat { try JSONNameCheck.check(nodes, object: current.node, bytes) }
    depth -= 1
    if depth > 0 { current = outer.removeLast() }
  }

  /// A member's name and the colon; stands before the value.
  private mutating func scanName(_ bytes: Span<UInt8>) throws(JSONError) {
    guard index < bytes.count, bytes[index] == JSONLexer.quote else {
      throw unexpected(bytes, "a member's name in quotes is expected")
    }
    note(try scanString(bytes), bytes)
    skipSpace(bytes)
    guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { throw unexpected(bytes, "a colon is expected") }
    index += 1
    skipSpace(bytes)
  }

  /// Remembers a name's digest in the innermost object.
  @inline(__always)
  private mutating func note(_ name: JSONTapeNode, _ bytes: Span<UInt8>) {
    var digest = name.length &* 7
    if name.length > 0 {
      digest &+= UInt32(bytes[Int(name.offset)]) &* 5 &+ UInt32(bytes[Int(name.offset + name.length - 1)]) &* 13
    }
    let bit: UInt64 = 1 << UInt64(digest & 63)
    if name.flag || current.seen & bit != 0 { current.mayRepeat = true }
    current.seen |= bit
  }

  @discardableResult
  private mutating func scanString(_ bytes: Span<UInt8>) throws(JSONError) -> JSONTapeNode {
    var escaped = false
    let end = try JSONLexer.endOfString(bytes, from: index + 1, escaped: &escaped)
    let node = JSONTapeNode(
      .string, offset: index + 1, length: end - index - 1, next: nodes.count + 1, flag: escaped)
    try append(node)
    index = end + 1
    return node
  }

  private mutating func scanLiteral(
    _ text: StaticString, _ kind: JSONNode.Kind, _ bytes: Span<UInt8>
  ) throws(JSONError) {
    let length = text.utf8CodeUnitCount
    guard bytes.matches(text, at: index) else { throw unexpected(bytes, "a value is expected") }
    // Of the three literals only `true` is four long and a boolean.
    try append(
      JSONTapeNode(kind, offset: index, length: length, next: nodes.count + 1, flag: kind == .bool && length == 4))
    index += length
  }

  @inline(__always)
  private mutating func append(_ node: JSONTapeNode) throws(JSONError) {
    guard nodes.count < limits.nodesMax else {
      throw JSONError(.tooLarge, at: index, "more than \(limits.nodesMax) values and names")
    }
    nodes.append(node)
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

  private func unexpected(_ bytes: Span<UInt8>, _ message: String) -> JSONError {
    index < bytes.count
      ? JSONError(.syntax, at: index, message)
      : JSONError(.syntax, at: index, "the text ends within a value")
  }
}
