public import Bytes

/// Reads the requests of one connection (RFC 9112), strictly: what two servers could read in two ways is refused, since a
/// proxy in front may have read it the other way. A state machine over a buffer; bytes of later requests stay there.
public struct HTTPRequestDecoder {
  public enum Event: ~Copyable, Sendable {
    case head(HTTPRequestHead)
    /// So many bytes of the body stand at the front of the input, to be taken from there before anything else; more will
    /// come.
    case body(Int)
    /// The same of the last bytes, if any, and the end of the message.
    case end(Int)
  }

  private enum Phase: Sendable {
    case head
    /// The head was given out; the body's limit may still change.
    case beforeBody(HTTPBodyDecoder.Framing)
    case body
    case failed
  }

  private let limits: HTTPLimits
  private let memory: HeadMemory
  private var bodyBytesMax: Int
  private var phase = Phase.head
  private var scanner = HeadScanner()
  private var body: HTTPBodyDecoder

  /// - Parameter memory: for heads.
  public init(limits: HTTPLimits, memory: HeadMemory = HeadMemory()) {
    self.limits = limits
    self.memory = memory
    bodyBytesMax = limits.bodyBytesMax
    body = HTTPBodyDecoder(limits: limits)
  }

  /// True before the first byte of a head is read and after the end of a message.
  public var isBetweenMessages: Bool { if case .head = phase { scanner.isFresh } else { false } }

  /// Bounds the body of the request whose head was just given out.
  public mutating func setBodyLimit(_ bytes: Int) { bodyBytesMax = bytes }

  /// The next event; nil when more bytes are needed. After an error the connection is of no further use.
  public mutating func next(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    do throws(HTTPParseError) {
      switch phase {
      case .head: return try head(&input)
      case .beforeBody(let framing):
        if case .length(let length) = framing, length > bodyBytesMax {
          throw HTTPParseError(.bodyTooLarge, 413, "the body is larger than \(bodyBytesMax) bytes")
        }
        body.begin(framing, bytesMax: bodyBytesMax)
        phase = .body
      case .body: break
      case .failed: throw HTTPParseError(.badRequestLine, 400, "the connection failed before")
      }
      switch try body.next(&input) {
      case nil: return nil
      case .bytes(let count): return .body(count)
      case .end(let count):
        phase = .head
        bodyBytesMax = limits.bodyBytesMax
        return .end(count)
      }
    } catch {
      phase = .failed
      throw error
    }
  }

  private mutating func head(_ input: inout ByteBuffer) throws(HTTPParseError) -> Event? {
    if scanner.isFresh {
      // An empty line before a request is a leftover of the one before (RFC 9112 §2.2).
      while input.count >= 2, input[0] == 0x0D, input[1] == 0x0A { input.consume(2) }
      if input.count == 1, input[0] == 0x0D { return nil }
    }
    let end = try input.withBytes { bytes throws(HTTPParseError) in try scanner.end(in: bytes, limits) }
    guard let end else { return nil }
    let lines = scanner.lines
    scanner = HeadScanner()
    let head = try input.withBytes { bytes throws(HTTPParseError) in
      try HTTPRequestDecoder.parse(bytes.extracting(..<end), lines: lines, limits, memory)
    }
    input.consume(end)
    phase = .beforeBody(head.isChunked ? .chunked : .length(head.contentLength ?? 0))
    return .head(head)
  }

  private static func parse(
    _ bytes: Span<UInt8>, lines: Int, _ limits: HTTPLimits, _ memory: HeadMemory
  ) throws(HTTPParseError) -> HTTPRequestHead {
    let line = try RequestLine(bytes)
    let (fields, facts) = try HeadReader.read(
      bytes, from: Int(line.end), lines: lines, limits: limits, into: memory.take())
    // HTTP/1.1 wants exactly one Host (RFC 9112 §3.2), also beside an absolute target.
    guard facts.hosts == 1 || (facts.hosts == 0 && line.minorVersion == 0) else {
      throw HTTPParseError(.badHost, 400, "a request names its host exactly once")
    }
    guard !facts.isChunked || line.minorVersion > 0 else {
      throw HTTPParseError(.badFraming, 400, "HTTP/1.0 has no transfer codings")
    }
    return HTTPRequestHead(line, fields, facts)
  }
}

/// `METHOD target HTTP/1.x`.
struct RequestLine: Sendable {
  let method: HTTPMethod
  /// Where the target lies in the head.
  let target: HeadPlace
  /// Where its query begins with the question mark; the target's end where it has none.
  let queryMark: Int32
  /// A target in absolute form, which counts without its scheme and host.
  let url: URI?
  let minorVersion: UInt8
  /// The offset of the next line.
  let end: Int32

  /// - Parameter bytes: end in an empty line, so that each search ends before they do.
  fileprivate init(_ bytes: Span<UInt8>) throws(HTTPParseError) {
    var methodEnd = bytes.matches("POST ") ? 4 : 0
    while ASCII.isToken(bytes[methodEnd]) { methodEnd += 1 }
    guard methodEnd > 0, bytes[methodEnd] == 0x20 else { throw RequestLine.bad("a request begins with a method") }
    let targetStart = methodEnd + 1
    let pathEnd = RequestLine.endOfTarget(bytes, from: targetStart, or: UInt8(ascii: "?"))
    let hasQuery = bytes[pathEnd] == UInt8(ascii: "?")
    let targetEnd = hasQuery ? RequestLine.endOfTarget(bytes, from: pathEnd + 1, or: 0x20) : pathEnd
    guard targetEnd > targetStart, bytes[targetEnd] == 0x20 else {
      throw RequestLine.bad("the target is missing or has characters that must be encoded")
    }
    minorVersion = try RequestLine.version(bytes, at: targetEnd + 1)
    let method = RequestLine.method(bytes.extracting(..<methodEnd))
    let target = targetStart..<targetEnd
    self.target = HeadPlace(target)
    if bytes[targetStart] == UInt8(ascii: "/") {
      url = nil
    } else {
      url = try RequestLine.url(bytes.extracting(target), method)
    }
    self.method = method
    queryMark = Int32(truncatingIfNeeded: pathEnd)
    end = Int32(truncatingIfNeeded: targetEnd + 11)
  }

  private static func method(_ name: Span<UInt8>) -> HTTPMethod {
    // Nearly all.
    if ASCII.equals(name, "POST") { return .post }
    if ASCII.equals(name, "GET") { return .get }
    return HTTPMethod(name.text)
  }

  /// Of a target that does not begin with a slash; nil for the one that is no URL.
  private static func url(_ target: Span<UInt8>, _ method: HTTPMethod) throws(HTTPParseError) -> URI? {
    if ASCII.equals(target, "*") {
      guard method == .options else { throw bad("the target * is for OPTIONS only") }
      return nil
    }
    guard let url = URI(target.text) else { throw bad("the target is neither a path nor an http URL") }
    return url
  }

  /// The first place from `start` on of a byte that no target has, or of `mark`; the bytes end in a line's end.
  private static func endOfTarget(_ bytes: Span<UInt8>, from start: Int, or mark: UInt8) -> Int {
    let (first, last) = (SIMD16<UInt8>(repeating: 0x21), SIMD16<UInt8>(repeating: 0x7E))
    let (quotes, hashes) = (SIMD16(repeating: UInt8(ascii: "\"")), SIMD16(repeating: UInt8(ascii: "#")))
    let (lesses, greaters) = (SIMD16(repeating: UInt8(ascii: "<")), SIMD16(repeating: UInt8(ascii: ">")))
    let (backslashes, marks) = (SIMD16(repeating: UInt8(ascii: "\\")), SIMD16(repeating: mark))
    let end = bytes.first(
      from: start,
      block: { block in
        (block .< first) .| (block .> last) .| (block .== quotes) .| (block .== hashes) .| (block .== lesses)
          .| (block .== greaters) .| (block .== backslashes) .| (block .== marks)
      }, byte: { !isTarget($0) || $0 == mark })
    return end ?? bytes.count - 1
  }

  /// A fragment is never sent; a backslash, a quote or an angle bracket is read as something else by too many.
  private static func isTarget(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? targets.low : targets.high) &>> UInt64(byte) & 1 != 0
  }

  /// One bit for each visible character but these: 0–63 and 64–127.
  private static var targets: (low: UInt64, high: UInt64) { (0xAFFF_FFF2_0000_0000, 0x7FFF_FFFF_EFFF_FFFF) }

  /// The minor version; a later one of HTTP/1 is read as 1.1 (RFC 9110 §2.5).
  private static func version(_ bytes: Span<UInt8>, at start: Int) throws(HTTPParseError) -> UInt8 {
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
