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
    case head(scanned: Int)
    /// The head was given out; how its body is framed. The limit may still change.
    case beforeBody(HTTPBodyDecoder.Framing)
    case body(HTTPBodyDecoder)
    case failed
  }

  private let limits: HTTPLimits
  private var bodyBytesMax: Int
  private var state = State.head(scanned: 0)

  public init(limits: HTTPLimits) {
    self.limits = limits
    bodyBytesMax = limits.bodyBytesMax
  }

  /// True before the first byte of a head is read and after the end of a message.
  public var isBetweenMessages: Bool { if case .head(scanned: 0) = state { true } else { false } }

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
    case .head(let scanned): return try head(&input, scanned)
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
        state = .head(scanned: 0)
        bodyBytesMax = limits.bodyBytesMax
        return .end
      }
    case .failed: throw HTTPParseError(.badRequestLine, 400, "the connection failed before")
    }
  }

  // MARK: Heads

  private mutating func head(_ input: inout ByteBuffer, _ scannedBefore: Int) throws(HTTPParseError) -> Event? {
    var scanned = scannedBefore
    // An empty line before a request is a leftover of the one before (RFC 9112 §2.2).
    while scanned == 0, input.count >= 2, input[0] == 0x0D, input[1] == 0x0A { input.consume(2) }
    let end = try input.withBytes { bytes throws(HTTPParseError) in try HeadReader.end(in: bytes, scanned: &scanned) }
    guard (end ?? input.count) <= limits.headBytesMax else {
      throw HTTPParseError(.headTooLarge, 431, "the head is larger than \(limits.headBytesMax) bytes")
    }
    guard let end else {
      try checkLineLength(input)
      state = .head(scanned: scanned)
      return nil
    }
    let bytes = input.copy(0..<end)
    input.consume(end)
    let head = try HTTPRequestDecoder.parse(bytes, limits: limits)
    let framing: HTTPBodyDecoder.Framing = head.isChunked ? .chunked : .length(head.contentLength ?? 0)
    state = .beforeBody(framing)
    return .head(head)
  }

  private func checkLineLength(_ input: ByteBuffer) throws(HTTPParseError) {
    guard input.count > limits.requestLineBytesMax else { return }
    let limit = limits.requestLineBytesMax
    let hasLineEnd = input.withBytes { bytes in
      for index in 0..<limit where bytes[index] == 0x0A { return true }
      return false
    }
    if !hasLineEnd { throw HTTPRequestDecoder.lineTooLong(limits) }
  }

  private static func lineTooLong(_ limits: HTTPLimits) -> HTTPParseError {
    HTTPParseError(.targetTooLong, 414, "the request line is longer than \(limits.requestLineBytesMax) bytes")
  }

  private static func parse(_ bytes: [UInt8], limits: HTTPLimits) throws(HTTPParseError) -> HTTPRequestHead {
    let lineEnd = HeadReader.endOfLine(bytes.span, from: 0)
    guard lineEnd <= limits.requestLineBytesMax else { throw lineTooLong(limits) }
    let line = try RequestLine(bytes, end: lineEnd)
    let fields = try HeadReader.fields(of: bytes, from: lineEnd + 2, limits: limits)
    try checkHost(fields, line)
    let contentLength = try HeadReader.contentLength(fields)
    let isChunked = try HeadReader.isChunked(fields)
    if isChunked {
      guard contentLength == nil else {
        throw HTTPParseError(.badFraming, 400, "Content-Length and Transfer-Encoding exclude each other")
      }
      guard line.minorVersion > 0 else {
        throw HTTPParseError(.badFraming, 400, "HTTP/1.0 has no transfer codings")
      }
    }
    let keepAlive =
      line.minorVersion > 0
      ? !fields.lists("close", in: "connection")
      : fields.lists("keep-alive", in: "connection") && !fields.lists("close", in: "connection")
    return HTTPRequestHead(
      method: line.method, target: line.target, path: line.path, query: line.query, minorVersion: line.minorVersion,
      fields: fields, keepAlive: keepAlive,
      expectsContinue: line.minorVersion > 0 && fields.lists("100-continue", in: "expect"),
      contentLength: contentLength, isChunked: isChunked)
  }

  /// HTTP/1.1 wants exactly one Host (RFC 9112 §3.2); an absolute target takes its place.
  private static func checkHost(_ fields: HTTPFields, _ line: RequestLine) throws(HTTPParseError) {
    let hosts = fields.values("host")
    guard hosts.count <= 1, line.minorVersion == 0 || hosts.count == 1 else {
      throw HTTPParseError(.badHost, 400, "a request names its host exactly once")
    }
    guard let host = hosts.first else { return }
    let allowed = host.utf8.allSatisfy { byte in
      ASCII.isVisible(byte) && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "@") && byte != UInt8(ascii: "?")
        && byte != UInt8(ascii: "#") && byte != UInt8(ascii: ",")
    }
    guard allowed else { throw HTTPParseError(.badHost, 400, "the host is not a name or an address") }
  }
}

/// `METHOD target HTTP/1.x`.
private struct RequestLine {
  let method: HTTPMethod
  let target: String
  let path: String
  let query: String?
  let minorVersion: Int

  init(_ bytes: [UInt8], end: Int) throws(HTTPParseError) {
    guard let methodEnd = bytes[..<end].firstIndex(of: 0x20), methodEnd > 0,
      bytes[..<methodEnd].allSatisfy(ASCII.isToken)
    else { throw RequestLine.bad("a request begins with a method") }
    let targetStart = methodEnd + 1
    guard let targetEnd = bytes[targetStart..<end].firstIndex(of: 0x20), targetEnd > targetStart else {
      throw RequestLine.bad("the request line has no target or no version")
    }
    minorVersion = try RequestLine.version(bytes[(targetEnd + 1)..<end])
    method = HTTPMethod(String(decoding: bytes[..<methodEnd], as: UTF8.self))
    // A fragment is never sent; a backslash or a quote is read as something else by too many.
    guard
      bytes[targetStart..<targetEnd].allSatisfy({
        ASCII.isVisible($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"")
          && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">")
      })
    else { throw RequestLine.bad("the target has characters that must be encoded") }
    target = String(decoding: bytes[targetStart..<targetEnd], as: UTF8.self)
    let origin = try RequestLine.originForm(target, method)
    if let mark = origin.firstIndex(of: "?") {
      path = String(origin[..<mark])
      query = String(origin[origin.index(after: mark)...])
    } else {
      path = origin
      query = nil
    }
  }

  /// The path and query of a target: of the origin form as it is, of the absolute form without scheme and host.
  private static func originForm(_ target: String, _ method: HTTPMethod) throws(HTTPParseError) -> String {
    if target.hasPrefix("/") { return target }
    if target == "*" {
      guard method == .options else { throw bad("the target * is for OPTIONS only") }
      return target
    }
    guard let uri = URI(target) else { throw bad("the target is neither a path nor an http URL") }
    return uri.path + (uri.query.map { "?" + $0 } ?? "")
  }

  private static func version(_ bytes: ArraySlice<UInt8>) throws(HTTPParseError) -> Int {
    let text = Array(bytes)
    guard text.count == 8, text.starts(with: Array("HTTP/".utf8)), ASCII.isDigit(text[5]),
      text[6] == UInt8(ascii: "."), ASCII.isDigit(text[7])
    else { throw bad("the request line does not end in an HTTP version") }
    guard text[5] == UInt8(ascii: "1"), text[7] <= UInt8(ascii: "1") else {
      throw HTTPParseError(.unsupportedVersion, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return Int(text[7] - UInt8(ascii: "0"))
  }

  private static func bad(_ message: String) -> HTTPParseError { HTTPParseError(.badRequestLine, 400, message) }
}
