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
      if lines == 0 || scanned > limits.headBytesMax { try checkLength(limits) }
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
  ///   - bytes: memory for the fields; empty.
  static func read(
    _ head: Span<UInt8>, from start: Int, lines: Int, limits: HTTPLimits, into bytes: consuming [UInt8]
  ) throws(HTTPParseError) -> (fields: HTTPFields, facts: HeadFacts) {
    guard lines - 2 <= limits.headersMax else {
      throw HTTPParseError(.headTooLarge, 431, "there are more than \(limits.headersMax) fields")
    }
    var facts = HeadFacts()
    var (count, filter) = (0, UInt64(0))
    // The head, and behind it where its fields lie.
    let capacity = head.count + max(0, lines - 2) * HTTPFields.entryBytes
    var failure: HTTPParseError?
    bytes.append(addingCapacity: capacity) { output in
      output.append(head)
      var index = start
      do throws(HTTPParseError) {
        while index < head.count - 2 {
          let entry = try field(head, &index)
          try facts.note(head, entry)
          entry.append(to: &output)
          filter |= HTTPFields.bit(head[Int(entry.nameStart)], count: Int(entry.nameEnd - entry.nameStart))
          count += 1
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return (HTTPFields(bytes, headEnd: head.count, count: count, filter: filter), facts)
  }

  /// Reads one line; moves `index` to the next.
  @inline(__always)
  private static func field(_ bytes: Span<UInt8>, _ index: inout Int) throws(HTTPParseError) -> HTTPFields.Entry {
    let start = index
    let colon = ASCII.endOfToken(bytes, from: start)
    // A line that starts with white space continues the one before (obs-fold, RFC 9112 §5.2), which no sender may use.
    guard colon > start, bytes[colon] == UInt8(ascii: ":") else {
      throw HTTPParseError(.badField, 400, "a line of the head is not a field")
    }
    let lineEnd = try endOfValue(bytes, from: colon + 1)
    // Nearly every sender puts one space before a value, and none behind it.
    var value = (bytes[colon + 1] == 0x20 ? colon + 2 : colon + 1)..<lineEnd
    if value.isEmpty || bytes[value.lowerBound] <= 0x20 || bytes[lineEnd - 1] <= 0x20 {
      value = HTTPFields.trimmed(bytes, colon + 1..<lineEnd)
    }
    index = lineEnd + 2
    return HTTPFields.Entry(
      nameStart: Int32(truncatingIfNeeded: start), nameEnd: Int32(truncatingIfNeeded: colon),
      valueStart: Int32(truncatingIfNeeded: value.lowerBound), valueEnd: Int32(truncatingIfNeeded: value.upperBound))
  }

  /// The index of the CR LF that ends a value; anything else below the space, but for the tab, is refused.
  @inline(__always)
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
  /// Where the value of the last one lies.
  private(set) var host = HeadPlace(0..<0)
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var closes = false
  private(set) var keepsAlive = false
  private(set) var expectsContinue = false

  @inline(__always)
  fileprivate mutating func note(_ bytes: Span<UInt8>, _ entry: HTTPFields.Entry) throws(HTTPParseError) {
    // Few names have one of these lengths.
    switch entry.nameEnd &- entry.nameStart {
    case 4, 6, 10, 14, 17: try note(bytes.extracting(entry.name), bytes.extracting(entry.value), entry)
    default: break
    }
  }

  private mutating func note(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ entry: HTTPFields.Entry
  ) throws(HTTPParseError) {
    switch name.count {
    case 4 where ASCII.equalsIgnoringCase(name, "host"):
      try noteHost(value)
      host = HeadPlace(entry.value)
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
    for index in value.indices where !HeadFacts.isHost(value[index]) {
      throw HTTPParseError(.badHost, 400, "the host is not a name or an address")
    }
  }

  private static func isHost(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? hosts.low : hosts.high) &>> UInt64(byte) & 1 != 0
  }

  /// One bit for each visible character but `/ @ ? # ,`: 0–63 and 64–127.
  private static var hosts: (low: UInt64, high: UInt64) { (0x7FFF_6FF6_0000_0000, 0x7FFF_FFFF_FFFF_FFFE) }

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
