import Bytes

/// Reads a text once, without recursion, and writes down where its values are. What is open needs no memory beside the
/// tape: an array or object that is not closed yet holds the index of the one around it where the closed one has ``next``.
struct JSONScanner: ~Copyable {
  private(set) var tape: JSONTape
  /// A carriage return or line feed stands between two tokens.
  private(set) var hasLineBreaks = false

  /// Behind the value.
  private(set) var end = 0

  /// Reads the value that begins here. One loop over all tokens, which holds little beside the tape: what is open counts
  /// its members there. Places in the text are at most 4 GiB, and what is added to them cannot overflow.
  init(_ bytes: Span<UInt8>, from start: Int = 0, limits: JSONLimits) throws(JSONError) {
    tape = JSONTape(capacity: min((bytes.count - start) / 20 + 12, 65_536), countMax: limits.nodesMax)
    guard bytes.count <= limits.bytesMax else {
      throw JSONError(.tooLarge, at: limits.bytesMax, "longer than \(limits.bytesMax) bytes")
    }
    if bytes.matches("\u{FEFF}") { throw JSONError(.syntax, at: 0, "a byte order mark is not allowed") }
    var index = start
    // The innermost array or object that is not closed yet, and how many are open.
    var innermost = 0
    var depth = 0
    values: while true {
      let byte = token(bytes, &index)
      if byte == JSONLexer.quote {
        let start = index &+ 1
        var isEscaped = false
        let end = try JSONLexer.endOfString(bytes, from: start, escaped: &isEscaped)
        try append(JSONTapeNode(.string, offset: start, end: end, next: tape.count &+ 1, flag: isEscaped))
        index = end &+ 1
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        guard depth < limits.depthMax else {
          throw JSONError(.tooDeep, at: index, "nested deeper than \(limits.depthMax)")
        }
        let kind: JSONNode.Kind = byte == UInt8(ascii: "{") ? .object : .array
        try append(JSONTapeNode(kind, offset: index, end: index, next: innermost))
        innermost = tape.count &- 1
        depth &+= 1
        index &+= 1
      } else {
        index = try scanScalar(byte, bytes, from: index)
      }

      // Behind a value: what ends here is closed, up to the next value.
      while depth > 0 {
        let byte = token(bytes, &index)
        let isObject = tape.isObject(innermost)
        if byte == UInt8(ascii: isObject ? "}" : "]") {
          index &+= 1
          let (around, mayRepeat) = tape.close(innermost, end: index)
          if mayRepeat { try JSONNameCheck.check(tape, object: innermost, bytes) }
          innermost = around
          depth &-= 1
          continue
        }
        // A container that was opened just now has no value yet.
        if tape.countOne(in: innermost) > 1 {
          guard byte == UInt8(ascii: ",") else {
            throw JSONScanner.unexpected(
              bytes, index, isObject ? "a comma or } is expected" : "a comma or ] is expected")
          }
          index &+= 1
        }
        if isObject { index = try scanName(bytes, from: index, in: innermost) }
        continue values
      }
      break
    }
    end = index
  }

  /// Sees to it that the value is all of the text.
  mutating func expectEnd(of bytes: Span<UInt8>) throws(JSONError) {
    end = endOfSpace(bytes, from: end)
    guard end == bytes.count else { throw JSONScanner.unexpected(bytes, end, "nothing may follow the value") }
  }

  /// A member's name and the colon; returns the offset behind it.
  @inline(__always)
  private mutating func scanName(
    _ bytes: Span<UInt8>, from start: Int, in object: Int
  ) throws(JSONError) -> Int {
    var index = start
    guard token(bytes, &index) == JSONLexer.quote else {
      throw JSONScanner.unexpected(bytes, index, "a member's name in quotes is expected")
    }
    let start = index &+ 1
    var isEscaped = false
    let end = try JSONLexer.endOfString(bytes, from: start, escaped: &isEscaped)
    index = end &+ 1
    let digest = JSONNameCheck.digest(of: bytes, from: start, to: end)
    if isEscaped || tape.note(digest, in: object) {
      tape.noteName(start..<end, isEscaped: isEscaped, in: object, bytes)
    }
    try append(JSONTapeNode(.string, offset: start, end: end, next: tape.count &+ 1, flag: isEscaped))
    guard token(bytes, &index) == UInt8(ascii: ":") else {
      throw JSONScanner.unexpected(bytes, index, "a colon is expected")
    }
    return index &+ 1
  }

  /// A number or a literal; returns the offset behind it.
  @inline(never)
  private mutating func scanScalar(
    _ byte: UInt8, _ bytes: Span<UInt8>, from start: Int
  ) throws(JSONError) -> Int {
    let kind: JSONNode.Kind
    let end: Int
    switch byte {
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      kind = .bool
      end = try JSONLexer.endOfLiteral(byte == UInt8(ascii: "t") ? "true" : "false", bytes, from: start)
    case UInt8(ascii: "n"):
      kind = .null
      end = try JSONLexer.endOfLiteral("null", bytes, from: start)
    case UInt8(ascii: "-"), 0x30...0x39:
      kind = .number
      end = try JSONLexer.endOfNumber(bytes, from: start)
    default: throw JSONScanner.unexpected(bytes, start, "a value is expected")
    }
    try append(
      JSONTapeNode(kind, offset: start, end: end, next: tape.count &+ 1, flag: byte == UInt8(ascii: "t")))
    return end
  }

  @inline(__always)
  private mutating func append(_ node: JSONTapeNode) throws(JSONError) {
    guard tape.append(node) else {
      throw JSONError(.tooLarge, at: Int(node.offset), "more than \(tape.count) values and names")
    }
  }

  /// The next byte that is no space, with its place; 0, which begins no token, at the end.
  @inline(__always)
  private mutating func token(_ bytes: Span<UInt8>, _ index: inout Int) -> UInt8 {
    // In bounds by the condition before, as all places are from 0 on.
    if index < bytes.count, unsafe bytes[unchecked: index] > 0x20 { return unsafe bytes[unchecked: index] }
    index = endOfSpace(bytes, from: index)
    return index < bytes.count ? bytes[index] : 0
  }

  @inline(never)
  private mutating func endOfSpace(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09: break
      case 0x0A, 0x0D: hasLineBreaks = true
      default: return index
      }
      index += 1
    }
    return index
  }

  @inline(never)
  private static func unexpected(_ bytes: Span<UInt8>, _ index: Int, _ message: String) -> JSONError {
    index < bytes.count
      ? JSONError(.syntax, at: index, message)
      : JSONError(.syntax, at: index, "the text ends within a value")
  }
}
