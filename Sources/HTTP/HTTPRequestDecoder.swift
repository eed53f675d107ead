public import Bytes

/// Reads the requests of one connection (RFC 9112), strictly: what two servers could read in two ways is refused, since a
/// proxy in front may have read it the other way. A state machine over a buffer; bytes of later requests stay there.
public struct HTTPRequestDecoder: Sendable {
  public enum Event: Sendable {
    case head(HTTPRequestHead)
    case body([UInt8])
    case end
  }

  private enum State: Sendable {
    case head(HeadScanner)
    /// The head was given out; how its body is framed. The limit may still change.
    case beforeBody(HTTPBodyDecoder.Framing)
    case body(HTTPBodyDecoder)
    case failed
  }

  private let limits: HTTPLimits
  private var bodyBytesMax: Int
  private var state = State.head(HeadScanner())

  public init(limits: HTTPLimits) {
    self.limits = limits
    bodyBytesMax = limits.bodyBytesMax
  }

  /// True before the first byte of a head is read and after the end of a message.
  public var isBetweenMessages: Bool { if case .head(let scanner) = state { scanner.isFresh } else { false } }

  /// Bounds the body of the request whose head was just given out.
  public mutating func setBodyLimit(_ bytes: Int) { bodyBytesMax = bytes }

  /// The next event; nil when more bytes are needed. After an error the connection is of no further use.
  public mutating func next(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    do throws(HTTPParseError) {
      return try advance(&input)
    } catch {
      state = .failed
      throw error
    }
  }

  private mutating func advance(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    switch state {
    case .head(let scanner): return try head(&input, scanner)
    case .beforeBody(let framing):
      if case .length(let length) = framing, length > bodyBytesMax {
        throw HTTPParseError(.bodyTooLarge, 413, "the body is larger than \(bodyBytesMax) bytes")
      }
      state = .body(HTTPBodyDecoder(framing, bytesMax: bodyBytesMax, limits: limits))
      return try advance(&input)
    case .body(var decoder):
      let output = try decoder.next(&input)
      state = .body(decoder)
      switch output {
      case nil: return nil
      case .bytes(let bytes): return .body(bytes)
      case .end:
        state = .head(HeadScanner())
        bodyBytesMax = limits.bodyBytesMax
        return .end
      }
    case .failed: throw HTTPParseError(.badRequestLine, 400, "the connection failed before")
    }
  }

  private mutating func head(_ input: inout ByteBuffer, _ scannerBefore: HeadScanner) throws(HTTPParseError) -> Event? {
    var scanner = scannerBefore
    // An empty line before a request is a leftover of the one before (RFC 9112 §2.2).
    while scanner.isFresh, input.count >= 2, input[0] == 0x0D, input[1] == 0x0A { input.consume(2) }
    if scanner.isFresh, input.count == 1, input[0] == 0x0D { return nil }
    let end = try input.withBytes { bytes throws(HTTPParseError) in try scanner.end(in: bytes, limits) }
    guard let end else {
      state = .head(scanner)
      return nil
    }
    let bytes = input.copy(0..<end)
    input.consume(end)
    let head = try HTTPRequestDecoder.parse(bytes, limits)
    state = .beforeBody(head.isChunked ? .chunked : .length(head.contentLength ?? 0))
    return .head(head)
  }

  private static func parse(_ bytes: [UInt8], _ limits: HTTPLimits) throws(HTTPParseError) -> HTTPRequestHead {
    let line = try RequestLine(bytes)
    let reader = try HeadReader(bytes, from: line.end, limits: limits)
    let facts = reader.facts
    // HTTP/1.1 wants exactly one Host (RFC 9112 §3.2), also beside an absolute target.
    guard facts.hosts == 1 || (facts.hosts == 0 && line.minorVersion == 0) else {
      throw HTTPParseError(.badHost, 400, "a request names its host exactly once")
    }
    guard !facts.isChunked || line.minorVersion > 0 else {
      throw HTTPParseError(.badFraming, 400, "HTTP/1.0 has no transfer codings")
    }
    return HTTPRequestHead(
      method: line.method, target: line.target, path: line.path, query: line.query, minorVersion: line.minorVersion,
      fields: reader.fields, keepAlive: facts.keepsConnection(minorVersion: line.minorVersion),
      expectsContinue: line.minorVersion > 0 && facts.expectsContinue, contentLength: facts.contentLength,
      isChunked: facts.isChunked)
  }
}

/// `METHOD target HTTP/1.x`.
private struct RequestLine {
  let method: HTTPMethod
  let target: String
  let path: String
  let query: String?
  let minorVersion: Int
  /// The offset of the next line.
  let end: Int

  init(_ bytes: [UInt8]) throws(HTTPParseError) {
    // The head ends in an empty line, so that each search ends before the bytes do.
    var methodEnd = 0
    while ASCII.isToken(bytes[methodEnd]) { methodEnd += 1 }
    guard methodEnd > 0, bytes[methodEnd] == 0x20 else { throw RequestLine.bad("a request begins with a method") }
    let targetStart = methodEnd + 1
    var targetEnd = targetStart
    while RequestLine.isTarget(bytes[targetEnd]) { targetEnd += 1 }
    guard targetEnd > targetStart, bytes[targetEnd] == 0x20 else {
      throw RequestLine.bad("the target is missing or has characters that must be encoded")
    }
    minorVersion = try RequestLine.version(bytes.span, at: targetEnd + 1)
    end = targetEnd + 11
    method = RequestLine.method(bytes.span.extracting(..<methodEnd))
    let target = String(decoding: bytes[targetStart..<targetEnd], as: UTF8.self)
    self.target = target
    (path, query) = try RequestLine.parts(of: target, method)
  }

  private static func method(_ name: Span<UInt8>) -> HTTPMethod {
    // Nearly all.
    if ASCII.equals(name, "POST") { return .post }
    if ASCII.equals(name, "GET") { return .get }
    return HTTPMethod(String(decoding: name.copied, as: UTF8.self))
  }

  private static func parts(of target: String, _ method: HTTPMethod) throws(HTTPParseError) -> (String, String?) {
    if target.utf8.first == UInt8(ascii: "/") {
      guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, nil) }
      return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
    }
    if target == "*" {
      guard method == .options else { throw bad("the target * is for OPTIONS only") }
      return (target, nil)
    }
    // The absolute form counts without its scheme and host.
    if let uri = URI(target) { return (uri.path, uri.query) }
    throw bad("the target is neither a path nor an http URL")
  }

  /// A fragment is never sent; a backslash, a quote or an angle bracket is read as something else by too many.
  private static func isTarget(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "#"), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"): false
    default: ASCII.isVisible(byte)
    }
  }

  /// The minor version; a later one of HTTP/1 is read as 1.1 (RFC 9110 §2.5).
  private static func version(_ bytes: Span<UInt8>, at start: Int) throws(HTTPParseError) -> Int {
    guard bytes.matches("HTTP/", at: start), ASCII.isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
      ASCII.isDigit(bytes[start + 7]), bytes.matches("\r\n", at: start + 8)
    else { throw bad("the request line does not end in an HTTP version") }
    guard bytes[start + 5] == UInt8(ascii: "1") else {
      throw HTTPParseError(.unsupportedVersion, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return bytes[start + 7] == UInt8(ascii: "0") ? 0 : 1
  }

  private static func bad(_ message: String) -> HTTPParseError { HTTPParseError(.badRequestLine, 400, message) }
}
