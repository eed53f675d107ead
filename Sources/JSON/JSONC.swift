import Bytes

/// Reads JSON with `//` and `/* */` comments and trailing commas; everything else is strict RFC 8259. A byte order mark at
/// the beginning, which some editors leave, is skipped.
public enum JSONC {
  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONCError) -> JSONCNode {
    var parser = JSONCParser(bytes: bytes, limits: limits)
    return try parser.document()
  }
}

/// Recursive descent, as deep as the limit allows; only for files of the operator.
private struct JSONCParser {
  let bytes: [UInt8]
  let limits: JSONLimits
  var position = SourcePosition.start
  var nodes = 0

  init(bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  var next: UInt8? { position.offset < bytes.count ? bytes[position.offset] : nil }

  mutating func document() throws(JSONCError) -> JSONCNode {
    guard bytes.count <= limits.bytesMax else { throw error("the file is longer than \(limits.bytesMax) bytes") }
    if bytes.span.matches("\u{FEFF}") { position.offset = 3 }
    try skipSpace()
    let node = try value(depth: 0)
    try skipSpace()
    if next != nil { throw error("nothing may follow the value") }
    return node
  }

  private mutating func value(depth: Int) throws(JSONCError) -> JSONCNode {
    nodes += 1
    if nodes > limits.nodesMax { throw error("more than \(limits.nodesMax) values") }
    let start = position
    let content: JSONCNode.Content
    switch next {
    case UInt8(ascii: "{"): content = .object(try members(depth: depth + 1))
    case UInt8(ascii: "["): content = .array(try elements(depth: depth + 1))
    case UInt8(ascii: "\""): content = .string(try string())
    case let byte? where byte == UInt8(ascii: "-") || ASCII.isDigit(byte): content = .number(try number())
    default: content = try literal()
    }
    return JSONCNode(content: content, range: SourceRange(start: start, end: position))
  }

  private mutating func elements(depth: Int) throws(JSONCError) -> [JSONCNode] {
    let start = position
    try enter(depth)
    var elements: [JSONCNode] = []
    while try !closes(with: "]", openedAt: start) {
      elements.append(try value(depth: depth))
      try separator(before: "]", openedAt: start)
    }
    return elements
  }

  private mutating func members(depth: Int) throws(JSONCError) -> [JSONCNode.Member] {
    let start = position
    try enter(depth)
    var members: [JSONCNode.Member] = []
    var names: Set<[UInt8]> = []
    while try !closes(with: "}", openedAt: start) {
      guard next == UInt8(ascii: "\"") else { throw error("a member's name in double quotes is expected here") }
      let nameStart = position
      let name = try string()
      let nameRange = SourceRange(start: nameStart, end: position)
      guard names.insert(Array(name.utf8)).inserted else {
        throw JSONCError(message: "the name \"\(name)\" is repeated in this object", range: nameRange)
      }
      try skipSpace()
      guard next == UInt8(ascii: ":") else { throw error("a colon is expected behind a member's name") }
      advance(1)
      try skipSpace()
      members.append(JSONCNode.Member(name: name, nameRange: nameRange, value: try value(depth: depth)))
      try separator(before: "}", openedAt: start)
    }
    return members
  }

  /// Behind the opening bracket.
  private mutating func enter(_ depth: Int) throws(JSONCError) {
    if depth > limits.depthMax { throw error("nested deeper than \(limits.depthMax)") }
    advance(1)
  }

  /// Skips space; at the closing bracket also that.
  private mutating func closes(with bracket: Unicode.Scalar, openedAt start: SourcePosition) throws(JSONCError) -> Bool
  {
    try skipSpace()
    guard let byte = next else { throw unclosed(start, bracket) }
    guard byte == UInt8(ascii: bracket) else { return false }
    advance(1)
    return true
  }

  /// Behind a value: a comma, or the closing bracket follows.
  private mutating func separator(before bracket: Unicode.Scalar, openedAt start: SourcePosition) throws(JSONCError) {
    try skipSpace()
    switch next {
    case UInt8(ascii: ","): advance(1)
    case UInt8(ascii: bracket): break
    case nil: throw unclosed(start, bracket)
    default: throw error("a comma or \(bracket) is expected here")
    }
  }

  private func unclosed(_ start: SourcePosition, _ bracket: Unicode.Scalar) -> JSONCError {
    let end = SourcePosition(line: start.line, column: start.column + 1, offset: start.offset + 1)
    return JSONCError(message: "this is never closed by \(bracket)", range: SourceRange(start: start, end: end))
  }

  private mutating func string() throws(JSONCError) -> String {
    let content = position.offset + 1
    var escaped = false
    let end: Int
    do {
      end = try JSONLexer.endOfString(bytes.span, from: content, escaped: &escaped)
    } catch {
      throw located(error)
    }
    let text = escaped ? JSONText.unescaped(bytes.span.extracting(content..<end)) : Array(bytes[content..<end])
    advance(end + 1 - position.offset)
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func number() throws(JSONCError) -> String {
    let start = position.offset
    do {
      advance(try JSONLexer.endOfNumber(bytes.span, from: start) - start)
    } catch {
      throw located(error)
    }
    return String(decoding: bytes[start..<position.offset], as: UTF8.self)
  }

  private mutating func literal() throws(JSONCError) -> JSONCNode.Content {
    let start = position
    while let byte = next, ASCII.isToken(byte) { advance(1) }
    switch String(decoding: bytes[start.offset..<position.offset], as: UTF8.self) {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case "" where next == nil: throw error("the file ends where a value is expected")
    case "": throw error("a value is expected here")
    case let word:
      throw JSONCError(
        message: "\(word) is no value; text needs double quotes", range: SourceRange(start: start, end: position))
    }
  }

  // MARK: Places

  private mutating func skipSpace() throws(JSONCError) {
    while let byte = next {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: advance(1)
      case UInt8(ascii: "/"): try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(JSONCError) {
    let start = position
    if bytes.span.matches("//", at: start.offset) {
      while let byte = next, byte != 0x0A { advance(1) }
    } else if bytes.span.matches("/*", at: start.offset) {
      advance(2)
      while !bytes.span.matches("*/", at: position.offset) {
        guard next != nil else {
          let end = SourcePosition(line: start.line, column: start.column + 2, offset: start.offset + 2)
          throw JSONCError(message: "this comment is never closed", range: SourceRange(start: start, end: end))
        }
        advance(1)
      }
      advance(2)
    } else {
      throw error("a value is expected here")
    }
  }

  /// Moves on by bytes, keeping line and column.
  private mutating func advance(_ count: Int) {
    for _ in 0..<count {
      let byte = bytes[position.offset]
      position.offset += 1
      if byte == 0x0A {
        position.line += 1
        position.column = 1
      } else if byte & 0xC0 != 0x80 {
        position.column += 1
      }
    }
  }

  /// An error at the next character.
  private func error(_ message: String) -> JSONCError {
    var end = position
    if next != nil {
      end.offset += 1
      end.column += 1
    }
    return JSONCError(message: message, range: SourceRange(start: position, end: end))
  }

  /// An error of the lexer, at its own place.
  private mutating func located(_ inner: JSONError) -> JSONCError {
    advance(min(inner.offset, bytes.count) - position.offset)
    return error(inner.message)
  }
}
