public import Bytes

/// Reads the responses of one connection, in the order of the requests that were announced. As strict as
/// ``HTTPRequestDecoder``: an upstream is not trusted with framing either.
public struct HTTPResponseDecoder: Sendable {
  public enum Event: Sendable {
    /// Interim responses (1xx) are skipped.
    case head(HTTPResponseHead)
    case body([UInt8])
    case end
  }

  private enum State: Sendable {
    case head(scanned: Int)
    case body(HTTPBodyDecoder)
    case closed
  }

  private let limits: HTTPLimits
  private var state = State.head(scanned: 0)
  private var expected: [HTTPMethod] = []

  public init(limits: HTTPLimits) { self.limits = limits }

  /// Announces a request that was sent; the response to HEAD has no body, whatever it says.
  public mutating func expect(requestMethod: HTTPMethod) { expected.append(requestMethod) }

  /// True while no response is half read.
  public var isBetweenMessages: Bool { if case .head(scanned: 0) = state { true } else { false } }

  public mutating func next(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    switch state {
    case .head(let scanned): return try head(&input, scanned)
    case .body(var decoder):
      let output = try decoder.next(&input)
      state = .body(decoder)
      switch output {
      case nil: return nil
      case .bytes(let bytes): return .body(bytes)
      case .end:
        state = .head(scanned: 0)
        return .end
      }
    case .closed: return nil
    }
  }

  /// The upstream closed the connection: the end of a body that lasts until then, an error within any other message,
  /// nil between messages.
  public mutating func endOfInput() throws(HTTPParseError) -> Event? {
    defer { state = .closed }
    switch state {
    case .head(scanned: 0), .closed: return nil
    case .body(let decoder) where decoder.lastsUntilClose: return .end
    case .head, .body: throw HTTPParseError(.truncated, 502, "the connection closed within a message")
    }
  }

  private mutating func head(_ input: inout ByteBuffer, _ scannedBefore: Int) throws(HTTPParseError) -> Event? {
    var scanned = scannedBefore
    while true {
      let end = try input.withBytes { bytes throws(HTTPParseError) in try HeadReader.end(in: bytes, scanned: &scanned) }
      guard (end ?? input.count) <= limits.headBytesMax else {
        throw HTTPParseError(.headTooLarge, 502, "the head is larger than \(limits.headBytesMax) bytes")
      }
      guard let end else {
        state = .head(scanned: scanned)
        return nil
      }
      let bytes = input.copy(0..<end)
      input.consume(end)
      let (head, framing) = try parse(bytes)
      if (100..<200).contains(head.status) {
        guard head.status != 101 else {
          throw HTTPParseError(.badStatusLine, 502, "the upstream switched protocols unasked")
        }
        continue
      }
      guard !expected.isEmpty else { throw HTTPParseError(.badStatusLine, 502, "a response without a request") }
      let method = expected.removeFirst()
      let hasBody = method != .head && head.status != 204 && head.status != 304
      state = .body(HTTPBodyDecoder(hasBody ? framing : .length(0), bytesMax: limits.bodyBytesMax, limits: limits))
      return .head(head)
    }
  }

  private func parse(_ bytes: [UInt8]) throws(HTTPParseError) -> (HTTPResponseHead, HTTPBodyDecoder.Framing) {
    let lineEnd = HeadReader.endOfLine(bytes.span, from: 0)
    let line = Array(bytes[..<lineEnd])
    guard line.count >= 12, line.starts(with: Array("HTTP/1.".utf8)), line[7] == 0x30 || line[7] == 0x31,
      line[8] == 0x20, line[9...11].allSatisfy(ASCII.isDigit), line[9] != 0x30, line.count == 12 || line[12] == 0x20
    else { throw HTTPParseError(.badStatusLine, 502, "the response does not begin with a status line") }
    let status = line[9...11].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    let minorVersion = Int(line[7] - 0x30)
    let fields = try HeadReader.fields(of: bytes, from: lineEnd + 2, limits: limits)
    let contentLength = try HeadReader.contentLength(fields)
    let isChunked = try HeadReader.isChunked(fields)
    guard !isChunked || contentLength == nil else {
      throw HTTPParseError(.badFraming, 502, "Content-Length and Transfer-Encoding exclude each other")
    }
    let framing: HTTPBodyDecoder.Framing = isChunked ? .chunked : contentLength.map { .length($0) } ?? .untilClose
    var keepAlive =
      minorVersion > 0 ? !fields.lists("close", in: "connection") : fields.lists("keep-alive", in: "connection")
    if case .untilClose = framing, status >= 200, status != 204, status != 304 { keepAlive = false }
    let head = HTTPResponseHead(
      status: status, reason: String(decoding: line.dropFirst(13), as: UTF8.self), minorVersion: minorVersion,
      fields: fields, keepAlive: keepAlive, contentLength: contentLength)
    return (head, framing)
  }
}
