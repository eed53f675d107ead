import Bytes

/// Reads a text once, without recursion, and writes down where its values are. What is open needs no memory beside the
/// tape: an array or object that is not closed yet holds the index of the one around it where the closed one has ``next``.
struct JSONScanner: ~Copyable {
  private(set) var tape: JSONTape
  /// A carriage return or line feed stands between two tokens.
  private(set) var hasLineBreaks = false
  private let limits: JSONLimits
  /// The innermost array or object that is not closed yet, and its elements or members so far.
  private var innermost = 0
  private var count = 0
  private var isObject = false
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
    repeat {
      try scanValue(bytes)
    } while try advance(bytes)
    guard index == bytes.count else { throw JSONScanner.unexpected(bytes, index, "nothing may follow the value") }
  }

  /// Reads a scalar, or opens an array or object and stands before its first value.
  @inline(__always)
  private mutating func scanValue(_ bytes: Span<UInt8>) throws(JSONError) {
    let byte = token(bytes)
    let start = index
    switch byte {
    case JSONLexer.quote: try scanString(bytes)
    case UInt8(ascii: "{"): try open(.object)
    case UInt8(ascii: "["): try open(.array)
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
      let byte = token(bytes)
      if byte == UInt8(ascii: isObject ? "}" : "]") {
        index += 1
        try close(bytes)
        continue
      }
      // A container that was opened just now has no value yet.
      if count > 0 {
        guard byte == UInt8(ascii: ",") else {
          throw JSONScanner.unexpected(bytes, index, isObject ? "a comma or } is expected" : "a comma or ] is expected")
        }
        index += 1
      }
      count += 1
      if isObject { try scanName(bytes) }
      return true
    }
    _ = token(bytes)
    return false
  }

  @inline(__always)
  private mutating func open(_ kind: JSONNode.Kind) throws(JSONError) {
    guard depth < limits.depthMax else {
      throw JSONError(.tooDeep, at: index, "nested deeper than \(limits.depthMax)")
    }
    if depth > 0 { tape[innermost].count = count }
    depth += 1
    let node = tape.count
    try append(JSONTapeNode(kind, offset: index, length: 0, next: innermost))
    innermost = node
    count = 0
    isObject = kind == .object
    index += 1
  }

  @inline(__always)
  private mutating func close(_ bytes: Span<UInt8>) throws(JSONError) {
    let node = tape[innermost]
    let kind: JSONNode.Kind = isObject ? .object : .array
    tape[innermost] = JSONTapeNode(
      kind, offset: Int(node.offset), length: index - Int(node.offset), next: tape.count, count: count)
    if node.flag { try JSONNameCheck.check(tape, object: innermost, bytes) }
    depth -= 1
    innermost = Int(node.next)
    let around = tape[innermost]
    count = around.count
    isObject = around.kind == .object
  }

  /// A member's name and the colon.
  @inline(__always)
  private mutating func scanName(_ bytes: Span<UInt8>) throws(JSONError) {
    guard token(bytes) == JSONLexer.quote else {
      throw JSONScanner.unexpected(bytes, index, "a member's name in quotes is expected")
    }
    let name = tape.count
    try scanString(bytes)
    // The flag of an open object: two of its names may be the same.
    if JSONNameCheck.mayRepeat(&tape, name: name, number: count, object: innermost, bytes) {
      tape[innermost].flag = true
    }
    guard token(bytes) == UInt8(ascii: ":") else {
      throw JSONScanner.unexpected(bytes, index, "a colon is expected")
    }
    index += 1
  }

  /// A value or a name.
  @inline(never)
  private mutating func scanString(_ bytes: Span<UInt8>) throws(JSONError) {
    let start = index + 1
    // Most strings are plain to their end.
    var end = JSONLexer.endOfPlainContent(bytes, from: start, beyondASCII: true)
    var isEscaped = false
    if end == bytes.count || bytes[end] != JSONLexer.quote {
      end = try JSONLexer.endOfString(bytes, from: end, escaped: &isEscaped)
    }
    index = end + 1
    try append(JSONTapeNode(.string, offset: start, length: end - start, next: tape.count + 1, flag: isEscaped))
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

  /// The next byte that is no space, and stands there; 0, which begins no token, at the end.
  @inline(__always)
  private mutating func token(_ bytes: Span<UInt8>) -> UInt8 {
    if index < bytes.count, bytes[index] > 0x20 { return bytes[index] }
    return tokenBehindSpace(bytes)
  }

  @inline(never)
  private mutating func tokenBehindSpace(_ bytes: Span<UInt8>) -> UInt8 {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09: break
      case 0x0A, 0x0D: hasLineBreaks = true
      case let byte: return byte
      }
      index += 1
    }
    return 0
  }

  private static func unexpected(_ bytes: Span<UInt8>, _ index: Int, _ message: String) -> JSONError {
    index < bytes.count
      ? JSONError(.syntax, at: index, message)
      : JSONError(.syntax, at: index, "the text ends within a value")
  }
}
