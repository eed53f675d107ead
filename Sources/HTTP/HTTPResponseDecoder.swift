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
    case head(HeadScanner)
    case body(HTTPBodyDecoder)
    case closed
    case failed
  }

  private let limits: HTTPLimits
  private var state = State.head(HeadScanner())
  private var expected: [HTTPMethod] = []
  /// Interim responses before the one that is awaited.
  private var interimCount = 0

  public init(limits: HTTPLimits) { self.limits = limits }

  /// Announces a request that was sent; the response to HEAD has no body, whatever it says.
  public mutating func expect(requestMethod: HTTPMethod) { expected.append(requestMethod) }

  /// True while no response is half read.
  public var isBetweenMessages: Bool { if case .head(let scanner) = state { scanner.isFresh } else { false } }

  /// The next event; nil when more bytes are needed. After an error the connection is of no further use.
  public mutating func next(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    do throws(HTTPParseError) {
      return try advance(&input)
    } catch {
      state = .failed
      // Whatever is wrong with it, to our own caller it is a bad gateway.
      throw HTTPParseError(error.kind, 502, error.message)
    }
  }

  private mutating func advance(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    switch state {
    case .head(let scanner): return try head(&input, scanner)
    case .body(var decoder):
      let output = try decoder.next(&input)
      state = .body(decoder)
      switch output {
      case nil: return nil
      case .bytes(let bytes): return .body(bytes)
      case .end:
        state = .head(HeadScanner())
        return .end
      }
    case .closed: return nil
    case .failed: throw HTTPParseError(.badStatusLine, 502, "the connection failed before")
    }
  }

  /// The upstream closed the connection: the end of a body that lasts until then, an error within any other message,
  /// nil between messages.
  public mutating func endOfInput() throws(HTTPParseError) -> Event? {
    defer { state = .closed }
    switch state {
    case .head(let scanner) where scanner.isFresh: return nil
    case .closed: return nil
    case .body(let decoder) where decoder.lastsUntilClose: return .end
    case .head, .body, .failed: throw HTTPParseError(.truncated, 502, "the connection closed within a message")
    }
  }

  private mutating func head(_ input: inout ByteBuffer, _ scannerBefore: HeadScanner) throws(HTTPParseError) -> Event? {
    var scanner = scannerBefore
    while true {
      let end = try input.withBytes { bytes throws(HTTPParseError) in try scanner.end(in: bytes, limits) }
      guard let end else {
        state = .head(scanner)
        return nil
      }
      scanner = HeadScanner()
      let bytes = input.copy(0..<end)
      input.consume(end)
      var (head, framing) = try parse(bytes)
      if (100..<200).contains(head.status) {
        guard head.status != 101 else {
          throw HTTPParseError(.badStatusLine, 502, "the upstream switched protocols unasked")
        }
        interimCount += 1
        guard interimCount <= limits.interimResponsesMax else {
          throw HTTPParseError(
            .headTooLarge, 502, "there are more than \(limits.interimResponsesMax) interim responses")
        }
        continue
      }
      guard !expected.isEmpty else { throw HTTPParseError(.badStatusLine, 502, "a response without a request") }
      interimCount = 0
      let method = expected.removeFirst()
      let hasBody = method != .head && head.status != 204 && head.status != 304
      if !hasBody { framing = .length(0) }
      if case .untilClose = framing { head.keepAlive = false }
      if case .length(let length) = framing, length > limits.bodyBytesMax {
        throw HTTPParseError(.bodyTooLarge, 502, "the body is larger than \(limits.bodyBytesMax) bytes")
      }
      state = .body(HTTPBodyDecoder(framing, bytesMax: limits.bodyBytesMax, limits: limits))
      return .head(head)
    }
  }

  private func parse(_ bytes: [UInt8]) throws(HTTPParseError) -> (HTTPResponseHead, HTTPBodyDecoder.Framing) {
    let line = try StatusLine(bytes)
    let reader = try HeadReader(bytes, from: line.end, limits: limits)
    let facts = reader.facts
    let framing: HTTPBodyDecoder.Framing =
      facts.isChunked ? .chunked : facts.contentLength.map { .length($0) } ?? .untilClose
    // HTTP/1.0 has no transfer codings: where such a message really ends is doubtful (RFC 9112 §6.1).
    let isDoubtful = facts.isChunked && line.minorVersion == 0
    let head = HTTPResponseHead(
      status: line.status, reason: line.reason, minorVersion: line.minorVersion, fields: reader.fields,
      keepAlive: facts.keepsConnection(minorVersion: line.minorVersion) && !isDoubtful,
      contentLength: facts.contentLength)
    return (head, framing)
  }
}

/// `HTTP/1.x status reason`.
private struct StatusLine {
  let minorVersion: Int
  let status: Int
  let reason: String
  /// The offset of the next line.
  let end: Int

  /// - Parameter bytes: end in an empty line, so that there is a line end to find.
  init(_ bytes: [UInt8]) throws(HTTPParseError) {
    let lineEnd = bytes.span.firstControl() ?? bytes.count
    guard bytes.span.matches("\r\n", at: lineEnd), lineEnd >= 12, bytes.span.matches("HTTP/1."),
      ASCII.isDigit(bytes[7]), bytes[8] == 0x20, (0x31...0x39).contains(bytes[9]), ASCII.isDigit(bytes[10]),
      ASCII.isDigit(bytes[11]), lineEnd == 12 || bytes[12] == 0x20
    else { throw HTTPParseError(.badStatusLine, 502, "the response does not begin with a status line") }
    minorVersion = bytes[7] == UInt8(ascii: "0") ? 0 : 1
    status = bytes[9...11].reduce(0) { $0 * 10 + Int($1 & 15) }
    reason = String(decoding: bytes[12..<lineEnd].dropFirst(), as: UTF8.self)
    end = lineEnd + 2
  }
}
