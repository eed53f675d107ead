import Bytes

/// Finds the end of a head that arrives in pieces; no byte is looked at twice. Line ends are CR LF and nothing else: a bare
/// LF, or a CR within a line, is where two servers may disagree on what a line is.
struct HeadScanner: Sendable {
  private var scanned = 0
  /// Lines that are complete.
  private(set) var lines = 0

  /// Nothing of the head was seen.
  var isFresh: Bool { scanned == 0 }

  /// The length of the head with its empty line, once it is all there.
  mutating func end(in bytes: Span<UInt8>, _ limits: HTTPLimits) throws(HTTPParseError) -> Int? {
    while let lineFeed = bytes.firstIndex(of: 0x0A, from: scanned) {
      scanned = lineFeed + 1
      try checkLength(limits)
      guard lineFeed > 0, bytes[lineFeed - 1] == 0x0D else {
        throw HTTPParseError(.badField, 400, "a line of the head ends in a bare LF")
      }
      lines += 1
      if lineFeed >= 3, bytes[lineFeed - 2] == 0x0A { return scanned }
    }
    scanned = bytes.count
    try checkLength(limits)
    return nil
  }

  private func checkLength(_ limits: HTTPLimits) throws(HTTPParseError) {
    if lines == 0, scanned > limits.requestLineBytesMax + 2, limits.requestLineBytesMax + 2 < limits.headBytesMax {
      throw HTTPParseError(
        .targetTooLong, 414, "the first line is longer than \(limits.requestLineBytesMax) bytes")
    }
    if scanned > limits.headBytesMax {
      throw HTTPParseError(.headTooLarge, 431, "the head is larger than \(limits.headBytesMax) bytes")
    }
  }
}

/// Splits the lines behind the first one into fields; what requests and responses have in common.
enum HeadReader {
  /// - Parameters:
  ///   - head: ends in an empty line, so that each search below ends before the bytes do.
  ///   - start: of the second line.
  ///   - lines: with the first and the empty one.
  static func read(
    _ head: consuming [UInt8], from start: Int, lines: Int, limits: HTTPLimits
  ) throws(HTTPParseError) -> (fields: HTTPFields, facts: HeadFacts) {
    guard lines - 2 <= limits.headersMax else {
      throw HTTPParseError(.headTooLarge, 431, "there are more than \(limits.headersMax) fields")
    }
    let end = head.count - 2
    var fields = HTTPFields(head: consume head)
    var facts = HeadFacts()
    var index = start
    while index < end {
      let entry = try field(fields.bytes.span, &index)
      try facts.note(fields.bytes.span, entry)
      fields.append(entry)
    }
    return (fields, facts)
  }

  /// What a head of so many lines needs behind it for the places of its fields.
  static func room(lines: Int, _ limits: HTTPLimits) -> Int {
    min(lines - 2, limits.headersMax) * HTTPFields.entryBytes
  }

  /// Reads one line; moves `index` to the next.
  private static func field(_ bytes: Span<UInt8>, _ index: inout Int) throws(HTTPParseError) -> HTTPFields.Entry {
    let start = index
    // A line that starts with white space continues the one before (obs-fold, RFC 9112 §5.2), which no sender may use.
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":"), from: start), colon > start,
      ASCII.areToken(bytes.extracting(start..<colon))
    else { throw HTTPParseError(.badField, 400, "a line of the head is not a field") }
    let lineEnd = try endOfValue(bytes, from: colon + 1)
    // Nearly every sender puts one space before a value.
    let valueStart = bytes[colon + 1] == 0x20 ? colon + 2 : colon + 1
    let value = HTTPFields.trimmed(bytes, valueStart..<lineEnd)
    index = lineEnd + 2
    return HTTPFields.Entry(
      nameStart: Int32(start), nameEnd: Int32(colon), valueStart: Int32(value.lowerBound),
      valueEnd: Int32(value.upperBound))
  }

  /// The index of the CR LF that ends a value; anything else below the space, but for the tab, is refused.
  private static func endOfValue(_ bytes: Span<UInt8>, from start: Int) throws(HTTPParseError) -> Int {
    var index = start
    while let control = bytes.firstControl(from: index) {
      if bytes[control] == 0x0D, bytes[control + 1] == 0x0A { return control }
      guard bytes[control] == 0x09 else { break }
      index = control + 1
    }
    throw HTTPParseError(.badField, 400, "a field value has a control character")
  }
}

/// What the fields of a head say about its message.
struct HeadFacts: Sendable {
  private(set) var hosts = 0
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var closes = false
  private(set) var keepsAlive = false
  private(set) var expectsContinue = false

  fileprivate mutating func note(_ bytes: Span<UInt8>, _ entry: HTTPFields.Entry) throws(HTTPParseError) {
    let name = bytes.extracting(entry.name)
    let value = bytes.extracting(entry.value)
    // Few names have one of these lengths.
    switch name.count {
    case 4 where ASCII.equalsIgnoringCase(name, "host"): try noteHost(value)
    case 6 where ASCII.equalsIgnoringCase(name, "expect"):
      if HTTPFields.list(value, contains: "100-continue") { expectsContinue = true }
    case 10 where ASCII.equalsIgnoringCase(name, "connection"):
      if HTTPFields.list(value, contains: "close") { closes = true }
      if HTTPFields.list(value, contains: "keep-alive") { keepsAlive = true }
    case 14 where ASCII.equalsIgnoringCase(name, "content-length"): try noteLength(value)
    case 17 where ASCII.equalsIgnoringCase(name, "transfer-encoding"):
      guard !isChunked, ASCII.equalsIgnoringCase(value, "chunked") else {
        throw HTTPParseError(.unsupportedTransferCoding, 501, "the only transfer coding is chunked")
      }
      isChunked = true
    default: break
    }
    if isChunked, contentLength != nil {
      throw HTTPParseError(.badFraming, 400, "Content-Length and Transfer-Encoding exclude each other")
    }
  }

  private mutating func noteHost(_ value: Span<UInt8>) throws(HTTPParseError) {
    hosts += 1
    for index in value.indices {
      switch value[index] {
      case UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: ","): break
      case let byte where ASCII.isVisible(byte): continue
      default: break
      }
      throw HTTPParseError(.badHost, 400, "the host is not a name or an address")
    }
  }

  /// Several lengths must agree (RFC 9112 §6.3).
  private mutating func noteLength(_ value: Span<UInt8>) throws(HTTPParseError) {
    var length = 0
    var isNumber = (1...18).contains(value.count)
    if isNumber {
      for index in value.indices {
        isNumber = isNumber && ASCII.isDigit(value[index])
        length = length &* 10 &+ Int(value[index] & 15)
      }
    }
    guard isNumber, contentLength == nil || contentLength == length else {
      throw HTTPParseError(.badFraming, 400, "Content-Length is not one number")
    }
    contentLength = length
  }

  /// Whether the connection may be used again, by what the peer says (RFC 9112 §9.3).
  func keepsConnection(minorVersion: Int) -> Bool { !closes && (minorVersion > 0 || keepsAlive) }
}
