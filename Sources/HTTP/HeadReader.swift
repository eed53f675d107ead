internal import Bytes

/// Finds the end of a head and splits its fields; what requests and responses have in common.
enum HeadReader {
  /// The length of the head with its empty line, once it is all there. Line ends are CR LF and nothing else: a bare LF, or a
  /// CR within a line, is where two servers may disagree on what a line is.
  ///
  /// - Parameter scanned: bytes that were looked at before; moved forward.
  static func end(in bytes: Span<UInt8>, scanned: inout Int) throws(HTTPParseError) -> Int? {
    var index = scanned
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x0A {
        guard index > 0, bytes[index - 1] == 0x0D else {
          throw HTTPParseError(.badField, 400, "a line of the head ends in a bare LF")
        }
        if index >= 3, bytes[index - 2] == 0x0A {
          scanned = 0
          return index + 1
        }
      }
      index += 1
    }
    scanned = index
    return nil
  }

  /// Splits the lines behind the first one into fields.
  static func fields(of head: [UInt8], from start: Int, limits: HTTPLimits) throws(HTTPParseError) -> HTTPFields {
    var fields = HTTPFields(head: head)
    let bytes = head.span
    var lineStart = start
    // The head ends in an empty line.
    while lineStart < bytes.count - 2 {
      let lineEnd = endOfLine(bytes, from: lineStart)
      guard fields.count < limits.headersMax else {
        throw HTTPParseError(.headTooLarge, 431, "there are more than \(limits.headersMax) fields")
      }
      fields.append(try field(bytes, lineStart, lineEnd))
      lineStart = lineEnd + 2
    }
    return fields
  }

  /// The index of the CR that ends the line.
  static func endOfLine(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index + 1 < bytes.count, bytes[index] != 0x0D || bytes[index + 1] != 0x0A { index += 1 }
    return index
  }

  private static func field(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(HTTPParseError) -> HTTPFields.Entry {
    // A line that starts with white space continues the one before (obs-fold, RFC 9112 §5.2), which no sender may use.
    var colon = start
    while colon < end, ASCII.isToken(bytes[colon]) { colon += 1 }
    guard colon > start, colon < end, bytes[colon] == UInt8(ascii: ":") else {
      throw HTTPParseError(.badField, 400, "a line of the head is not a field")
    }
    var (valueStart, valueEnd) = (colon + 1, end)
    while valueStart < valueEnd, isSpace(bytes[valueStart]) { valueStart += 1 }
    while valueEnd > valueStart, isSpace(bytes[valueEnd - 1]) { valueEnd -= 1 }
    for index in valueStart..<valueEnd where bytes[index] < 0x20 && bytes[index] != 0x09 || bytes[index] == 0x7F {
      throw HTTPParseError(.badField, 400, "a field value has a control character")
    }
    return HTTPFields.Entry(
      nameStart: Int32(start), nameEnd: Int32(colon), valueStart: Int32(valueStart), valueEnd: Int32(valueEnd))
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// The stated length of the body; several fields must agree to the letter (RFC 9112 §6.3).
  static func contentLength(_ fields: HTTPFields) throws(HTTPParseError) -> Int? {
    let values = fields.values("content-length")
    guard let first = values.first else { return nil }
    guard values.allSatisfy({ $0 == first }), (1...18).contains(first.utf8.count),
      first.utf8.allSatisfy(ASCII.isDigit), let length = Int(first)
    else { throw HTTPParseError(.badFraming, 400, "Content-Length is not one number") }
    return length
  }

  /// True for exactly `Transfer-Encoding: chunked`; any other coding is refused.
  static func isChunked(_ fields: HTTPFields) throws(HTTPParseError) -> Bool {
    let values = fields.values("transfer-encoding")
    if values.isEmpty { return false }
    guard values.count == 1, ASCII.equalsIgnoringCase(values[0], "chunked") else {
      throw HTTPParseError(.unsupportedTransferCoding, 501, "the only transfer coding is chunked")
    }
    return true
  }
}
