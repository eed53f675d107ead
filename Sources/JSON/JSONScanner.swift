internal import Bytes

/// One strict pass over a text (RFC 8259): checks everything, remembers where values are, decodes nothing.
struct JSONScanner {
  private let bytes: [UInt8]
  private let limits: JSONLimits
  private var index = 0
  private var tape: [TapeEntry] = []
  /// Tape indices of the containers that are open.
  private var open: [Int] = []

  private init(_ bytes: [UInt8], _ limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
    tape.reserveCapacity(min(bytes.count / 8 + 8, 4096))
  }

  static func scan(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> [TapeEntry] {
    guard bytes.count <= min(limits.bytesMax, Int(Int32.max)) else {
      throw JSONError(.tooLarge, at: limits.bytesMax, "the text is longer than \(limits.bytesMax) bytes")
    }
    var scanner = JSONScanner(bytes, limits)
    try scanner.scanDocument()
    return scanner.tape
  }

  private mutating func scanDocument() throws(JSONError) {
    skipSpace()
    try scanValue()
    while !open.isEmpty { try continueContainer() }
    skipSpace()
    if index < bytes.count { throw JSONError(.syntax, at: index, "there is something behind the value") }
  }

  // MARK: Values

  private mutating func scanValue() throws(JSONError) {
    guard index < bytes.count else { throw unexpectedEnd() }
    switch bytes[index] {
    case UInt8(ascii: "\""):
      try scanString(.string)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard open.count < limits.depthMax else {
        throw JSONError(.tooDeep, at: index, "values are nested deeper than \(limits.depthMax)")
      }
      open.append(tape.count)
      try append(bytes[index] == UInt8(ascii: "{") ? .object : .array, from: index, to: index)
      index += 1
      try beginContainer()
    case UInt8(ascii: "t"): try scanLiteral("true", .bool)
    case UInt8(ascii: "f"): try scanLiteral("false", .bool)
    case UInt8(ascii: "n"): try scanLiteral("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber()
    default: throw JSONError(.syntax, at: index, "a value is expected here")
    }
  }

  private mutating func scanLiteral(_ literal: StaticString, _ kind: TapeEntry.Kind) throws(JSONError) {
    let end = index + literal.utf8CodeUnitCount
    guard end <= bytes.count, ASCII.equals(bytes.span.extracting(index..<end), literal) else {
      throw JSONError(.syntax, at: index, "a value is expected here")
    }
    try append(kind, from: index, to: end)
    index = end
  }

  private mutating func scanNumber() throws(JSONError) {
    let start = index
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
      index += 1
    } else {
      try scanDigits()
    }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      try scanDigits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
      try scanDigits()
    }
    if index < bytes.count, ASCII.isDigit(bytes[index]) {
      throw JSONError(.syntax, at: index, "a number has no leading zeros")
    }
    try append(.number, from: start, to: index)
  }

  private mutating func scanDigits() throws(JSONError) {
    let start = index
    while index < bytes.count, ASCII.isDigit(bytes[index]) { index += 1 }
    if index == start { throw JSONError(.syntax, at: index, "a digit is expected here") }
  }

  // MARK: Containers

  /// Just behind `{` or `[`.
  private mutating func beginContainer() throws(JSONError) {
    skipSpace()
    guard index < bytes.count else { throw unexpectedEnd() }
    let container = open[open.count - 1]
    let isObject = tape[container].kind == .object
    if bytes[index] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
      closeContainer()
      return
    }
    if isObject { try scanName() }
    try scanValue()
  }

  /// Behind a value within the innermost container.
  private mutating func continueContainer() throws(JSONError) {
    skipSpace()
    guard index < bytes.count else { throw unexpectedEnd() }
    let container = open[open.count - 1]
    let isObject = tape[container].kind == .object
    switch bytes[index] {
    case UInt8(ascii: ","):
      index += 1
      skipSpace()
      guard index < bytes.count else { throw unexpectedEnd() }
      if isObject { try scanName() }
      try scanValue()
    case UInt8(ascii: "}") where isObject:
      try checkNames(of: container)
      closeContainer()
    case UInt8(ascii: "]") where !isObject: closeContainer()
    default:
      throw JSONError(.syntax, at: index, isObject ? "a comma or } is expected here" : "a comma or ] is expected here")
    }
  }

  private mutating func closeContainer() {
    let container = open.removeLast()
    index += 1
    tape[container].end = UInt32(index)
    tape[container].next = UInt32(tape.count)
  }

  private mutating func scanName() throws(JSONError) {
    guard bytes[index] == UInt8(ascii: "\"") else {
      throw JSONError(.syntax, at: index, "a member name in quotes is expected here")
    }
    try scanString(.name)
    skipSpace()
    guard index < bytes.count else { throw unexpectedEnd() }
    guard bytes[index] == UInt8(ascii: ":") else { throw JSONError(.syntax, at: index, "a colon is expected here") }
    index += 1
    skipSpace()
  }

  // MARK: Names

  private static let pairwiseNamesMax = 12

  /// Few names are compared with each other, many by a set.
  private func checkNames(of container: Int) throws(JSONError) {
    var names: [Int] = []
    var entry = container + 1
    while entry < tape.count {
      names.append(entry)
      entry = Int(tape[entry + 1].next)
    }
    if names.count < 2 { return }
    guard names.count <= JSONScanner.pairwiseNamesMax else {
      var seen = Set<[UInt8]>(minimumCapacity: names.count)
      for name in names where !seen.insert(decodedName(name)).inserted { throw duplicate(name) }
      return
    }
    for (position, name) in names.enumerated() {
      for earlier in names[..<position] where isSame(earlier, name) { throw duplicate(name) }
    }
  }

  private func isSame(_ a: Int, _ b: Int) -> Bool {
    if tape[a].hasEscapes || tape[b].hasEscapes { return decodedName(a) == decodedName(b) }
    let (first, second) = (tape[a], tape[b])
    let count = Int(first.end - first.start)
    guard count == Int(second.end - second.start) else { return false }
    for offset in 0..<count where bytes[Int(first.start) + offset] != bytes[Int(second.start) + offset] { return false }
    return true
  }

  private func decodedName(_ entry: Int) -> [UInt8] {
    let raw = bytes.span.extracting(Int(tape[entry].start)..<Int(tape[entry].end))
    return tape[entry].hasEscapes ? JSONEscapes.decode(raw) : raw.copied
  }

  private func duplicate(_ entry: Int) -> JSONError {
    JSONError(.duplicateName, at: Int(tape[entry].start), "the object has two members of this name")
  }

  // MARK: Strings

  private mutating func scanString(_ kind: TapeEntry.Kind) throws(JSONError) {
    index += 1
    let start = index
    var hasEscapes = false
    while true {
      index = JSONEscapes.endOfPlainRun(in: bytes.span, from: index)
      guard index < bytes.count else { throw unexpectedEnd() }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        try append(kind, from: start, to: index, hasEscapes: hasEscapes)
        index += 1
        return
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try scanEscape()
      case 0..<0x20: throw JSONError(.syntax, at: index, "a control character in a string must be escaped")
      default:
        let length = UTF8Scan.sequenceLength(bytes.span, at: index)
        if length == 0 { throw JSONError(.invalidUTF8, at: index, "these bytes are not UTF-8") }
        index += length
      }
    }
  }

  private mutating func scanEscape() throws(JSONError) {
    guard index + 1 < bytes.count else { throw unexpectedEnd() }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index += 2
    case UInt8(ascii: "u"):
      guard index + 6 <= bytes.count else { throw unexpectedEnd() }
      for offset in 2..<6 where Hex.value(bytes[index + offset]) == nil {
        throw JSONError(.syntax, at: index, "four hexadecimal digits belong behind \\u")
      }
      index += 6
    default: throw JSONError(.syntax, at: index, "there is no such escape")
    }
  }

  // MARK: Small things

  private mutating func append(_ kind: TapeEntry.Kind, from start: Int, to end: Int, hasEscapes: Bool = false)
    throws(JSONError)
  {
    guard tape.count < limits.nodesMax else {
      throw JSONError(.tooLarge, at: start, "there are more than \(limits.nodesMax) values and names")
    }
    tape.append(
      TapeEntry(
        start: UInt32(start), end: UInt32(end), next: UInt32(tape.count + 1), kind: kind, hasEscapes: hasEscapes))
  }

  private mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  private func unexpectedEnd() -> JSONError { JSONError(.syntax, at: bytes.count, "the text ends too early") }
}
