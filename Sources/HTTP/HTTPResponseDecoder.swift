public import Bytes

/// Reads the responses of one connection, in the order of the requests that were announced. As strict as
/// ``HTTPRequestDecoder``: an upstream is not trusted with framing either.
public struct HTTPResponseDecoder {
  public enum Event: ~Copyable, Sendable {
    /// Interim responses (1xx) are skipped.
    case head(HTTPResponseHead)
    /// So many bytes of the body stand at the front of the input, to be taken from there before anything else; more will
    /// come.
    case body(Int)
    /// The same of the last bytes, if any, and the end of the message.
    case end(Int)
  }

  private enum Phase: Sendable {
    case head, body, closed, failed
  }

  private let limits: HTTPLimits
  private let memory: HeadMemory
  private var bodyBytesMax: Int
  private var phase = Phase.head
  private var scanner = HeadScanner()
  private var body: HTTPBodyDecoder
  /// Responses that are awaited, and in the lowest bits, the next one's first, which of them are to HEAD.
  private var awaited = 0
  private var bodiless: UInt64 = 0
  /// Interim responses before the one that is awaited.
  private var interimCount = 0

  private static let awaitedMax = 64

  /// - Parameter memory: for heads.
  public init(limits: HTTPLimits, memory: HeadMemory = HeadMemory()) {
    self.limits = limits
    self.memory = memory
    bodyBytesMax = limits.bodyBytesMax
    body = HTTPBodyDecoder(limits: limits)
  }

  /// Announces a request that was sent; the response to HEAD has no body, whatever it says. At most 64 responses are
  /// awaited at a time.
  ///
  /// - Parameter bodyBytesMax: of responses from here on; nil for that of the limits.
  public mutating func expect(requestMethod: HTTPMethod, bodyBytesMax: Int? = nil) {
    precondition(awaited < HTTPResponseDecoder.awaitedMax, "too many responses are awaited at a time")
    if requestMethod == .head { bodiless |= 1 << UInt64(awaited) }
    awaited += 1
    self.bodyBytesMax = bodyBytesMax ?? limits.bodyBytesMax
  }

  /// True while no response is half read.
  public var isBetweenMessages: Bool { phase == .head && scanner.isFresh }

  /// The next event; nil when more bytes are needed. After an error the connection is of no further use.
  public mutating func next(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    do throws(HTTPParseError) {
      switch phase {
      case .head: return try head(&input)
      case .body: break
      case .closed: return nil
      case .failed: throw HTTPParseError(.badStatusLine, 502, "the connection failed before")
      }
      switch try body.next(&input) {
      case nil: return nil
      case .bytes(let count): return .body(count)
      case .end(let count):
        phase = .head
        return .end(count)
      }
    } catch {
      phase = .failed
      // Whatever is wrong with it, to our own caller it is a bad gateway.
      throw HTTPParseError(error.kind, 502, error.message)
    }
  }

  /// The upstream closed the connection: the end of a body that lasts until then, an error within any other message,
  /// nil between messages.
  public mutating func endOfInput() throws(HTTPParseError) -> Event? {
    defer { phase = .closed }
    switch phase {
    case .head where scanner.isFresh: return nil
    case .closed: return nil
    case .body where body.lastsUntilClose: return .end(0)
    case .head, .body, .failed: throw HTTPParseError(.truncated, 502, "the connection closed within a message")
    }
  }

  private mutating func head(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    while true {
      let end = try input.withBytes { bytes throws(HTTPParseError) in try scanner.end(in: bytes, limits) }
      guard let end else { return nil }
      let lines = scanner.lines
      scanner = HeadScanner()
      let (line, fields, facts) = try input.withBytes { bytes throws(HTTPParseError) in
        let head = bytes.extracting(..<end)
        let line = try StatusLine(head)
        let (fields, facts) = try HeadReader.read(
          head, from: line.end, lines: lines, limits: limits, into: memory.take())
        return (line, fields, facts)
      }
      input.consume(end)
      guard (100..<200).contains(line.status) else { return .head(try begin(line, fields, facts)) }
      try skipInterim(line.status)
    }
  }

  private mutating func skipInterim(_ status: Int) throws(HTTPParseError) {
    guard status != 101 else {
      throw HTTPParseError(.badStatusLine, 502, "the upstream switched protocols unasked")
    }
    interimCount += 1
    guard interimCount <= limits.interimResponsesMax else {
      throw HTTPParseError(.headTooLarge, 502, "there are more than \(limits.interimResponsesMax) interim responses")
    }
  }

  /// What comes next is the body.
  private mutating func begin(
    _ line: StatusLine, _ fields: consuming HTTPFields, _ facts: HeadFacts
  ) throws(HTTPParseError) -> HTTPResponseHead {
    guard awaited > 0 else { throw HTTPParseError(.badStatusLine, 502, "a response without a request") }
    let hasBody = bodiless & 1 == 0 && line.status != 204 && line.status != 304
    awaited -= 1
    bodiless >>= 1
    interimCount = 0
    // HTTP/1.0 has no transfer codings: where such a message really ends is doubtful (RFC 9112 §6.1).
    var keepAlive =
      facts.keepsConnection(minorVersion: line.minorVersion) && !(facts.isChunked && line.minorVersion == 0)
    let framing: HTTPBodyDecoder.Framing
    if !hasBody {
      framing = .length(0)
    } else if facts.isChunked {
      framing = .chunked
    } else if let length = facts.contentLength {
      guard length <= bodyBytesMax else {
        throw HTTPParseError(.bodyTooLarge, 502, "the body is larger than \(bodyBytesMax) bytes")
      }
      framing = .length(length)
    } else {
      framing = .untilClose
      keepAlive = false
    }
    body.begin(framing, bytesMax: bodyBytesMax)
    phase = .body
    return HTTPResponseHead(
      status: line.status, reason: line.reason, minorVersion: line.minorVersion, fields: fields,
      keepAlive: keepAlive, contentLength: facts.contentLength)
  }
}

/// `HTTP/1.x status reason`.
private struct StatusLine {
  let minorVersion: Int
  let status: Int
  /// Where the reason phrase lies.
  let reason: Range<Int>
  /// The offset of the next line.
  let end: Int

  /// - Parameter bytes: end in an empty line, so that there is a line end to find.
  init(_ bytes: Span<UInt8>) throws(HTTPParseError) {
    let lineEnd = bytes.firstControl() ?? bytes.count
    guard bytes.matches("\r\n", at: lineEnd), lineEnd >= 12, bytes.matches("HTTP/1."), ASCII.isDigit(bytes[7]),
      bytes[8] == 0x20, (0x31...0x39).contains(bytes[9]), ASCII.isDigit(bytes[10]), ASCII.isDigit(bytes[11]),
      lineEnd == 12 || bytes[12] == 0x20
    else { throw HTTPParseError(.badStatusLine, 502, "the response does not begin with a status line") }
    minorVersion = bytes[7] == UInt8(ascii: "0") ? 0 : 1
    status = Int(bytes[9] & 15) * 100 + Int(bytes[10] & 15) * 10 + Int(bytes[11] & 15)
    reason = min(13, lineEnd)..<lineEnd
    end = lineEnd + 2
  }
}
