import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct HTTPRequestDecoderTests {
  static let simple = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// A request of each kind that must be taken.
  static let valid = [
    simple,
    "POST /agents/echo?x=1&y HTTP/1.1\r\nHost: a:8080\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;name=\"v\"\r\n world\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost:a\r\nTRANSFER-ENCODING:CHUNKED\r\n\r\n0a\r\n0123456789\r\n0\r\nX: y\r\nTrailer: z\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "PUT /a%20b;c HTTP/1.1\r\nHost: [::1]:1\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
    "GET http://b.example/x?q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Space: \t a b \t\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "PROPFIND / HTTP/1.1\r\nHost:\r\nX: caf\u{E9}\r\n\r\n",
  ]

  /// What two servers could read in two ways, or what is too much, and how it is refused.
  static let invalid: [(String, HTTPParseError.Kind, Int)] = [
    // Line ends and white space
    ("GET / HTTP/1.1\nHost: a\n\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", .badField, 400),
    ("GET / HTTP/1.1\r\nX: a\rb\r\nHost: a\r\n\r\n", .badField, 400),
    ("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX(: y\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n", .badField, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\u{E9}: y\r\n\r\n", .badField, 400),
    // The request line
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET /\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET\r\n\r\n", .badRequestLine, 400),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / HTTP/1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / HTTP/x.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion, 505),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion, 505),
    ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion, 505),
    // The target
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    ("GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine, 400),
    // The host
    ("GET / HTTP/1.1\r\n\r\n", .badHost, 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .badHost, 400),
    ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .badHost, 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost, 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost, 400),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .badHost, 400),
    ("GET http://b/ HTTP/1.1\r\n\r\n", .badHost, 400),
    // The length
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", .bodyTooLarge, 413),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badFraming, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unsupportedTransferCoding, 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", .unsupportedTransferCoding, 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", .unsupportedTransferCoding, 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n", .badField, 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", .unsupportedTransferCoding, 501),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      .unsupportedTransferCoding, 501
    ),
  ]

  /// Bodies behind a chunked head.
  static let invalidChunks = [
    "x\r\n", "\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "0x5\r\nhello\r\n", "-5\r\nhello\r\n", "+5\r\nhello\r\n",
    "5\nhello\r\n", "5\r\nhello\n", "5\r\nhellox\r\n", "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
    "5_\r\nhello\r\n",
    "5;a\rb\r\nhello\r\n", "5;\u{0}\r\nhello\r\n", "fffffffffffffffff\r\n", "00000000000000005\r\nhello\r\n",
    "5 x\r\nhello\r\n", "0\n\r\n", "0\r\n\n", "0\r\nX\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX : y\r\n\r\n",
    "0\r\nX: y\n\r\n", "0\r\nX: \u{0}\r\n\r\n", "0\r\nX: \u{7F}\r\n\r\n",
    "5;" + String(repeating: "e", count: 300) + "\r\nhello\r\n",
    "0\r\n" + String(repeating: "X: y\r\n", count: 2000) + "\r\n",
  ]

  static let chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

  @Test(arguments: valid) func validRequestsAreTakenHoweverTheyAreCut(text: String) {
    let verifier = DecoderVerifier { Requests.decode($0) }
    let transcript = verifier.whole(Array(text.utf8))
    #expect(transcript.error == nil)
    #expect(transcript.lines.count == 2)
    #expect(transcript.rest == 0)
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
  }

  @Test(arguments: invalid) func ambiguousRequestsAreRefusedHoweverTheyAreCut(
    text: String, kind: HTTPParseError.Kind, status: Int
  ) {
    let verifier = DecoderVerifier { Requests.decode($0) }
    let transcript = verifier.whole(Array(text.utf8))
    #expect(transcript.error == kind)
    #expect(transcript.status == status)
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
  }

  @Test(arguments: invalidChunks) func badChunksAreRefusedHoweverTheyAreCut(body: String) {
    let bytes = Array((HTTPRequestDecoderTests.chunkedHead + body).utf8)
    let transcript = Requests.decode([bytes])
    #expect(transcript.error == .badChunk || transcript.error == .bodyTooLarge)
    #expect(transcript.lines.count == 1)
    if body.utf8.count < 1000 { #expect(DecoderVerifier { Requests.decode($0) }.disagreement(on: bytes) == nil) }
  }

  @Test func partsAreGivenOutAsTheyWereSent() {
    #expect(
      Requests.decode(HTTPRequestDecoderTests.valid[1]).lines == [
        "POST /agents/echo x=1&y 1.1 host=a:8080 content-length=5 keep", "body hello",
      ])
    #expect(Requests.decode(HTTPRequestDecoderTests.valid[2]).lines.last == "body hello world")
    #expect(
      Requests.decode(HTTPRequestDecoderTests.valid[6]).lines.first == "GET /x q 1.1 host=a connection=close close")
    #expect(
      Requests.decode(HTTPRequestDecoderTests.valid[7]).lines.first
        == "OPTIONS * - 1.1 host=a x-empty= x-space=a b keep")
  }

  // MARK: Connections

  @Test(arguments: [
    ("HTTP/1.1\r\nHost: a", true), ("HTTP/1.1\r\nHost: a\r\nConnection: close", false),
    ("HTTP/1.1\r\nHost: a\r\nConnection: x, Close", false), ("HTTP/1.1\r\nHost: a\r\nConnection: closed", true),
    ("HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close", false), ("HTTP/1.0", false),
    ("HTTP/1.0\r\nHost: a", false),
    ("HTTP/1.0\r\nConnection: Keep-Alive", true), ("HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close", false),
    ("HTTP/1.7\r\nHost: a", true),
  ])
  func connectionIsKeptByTheRulesOfItsVersion(rest: String, keeps: Bool) throws {
    #expect(try Requests.head("GET / \(rest)\r\n\r\n").keepAlive == keeps)
  }

  @Test func continueIsExpectedOnlyByHTTP11() throws {
    #expect(try Requests.head("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").expectsContinue == true)
    #expect(try Requests.head("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expectsContinue == false)
  }

  @Test func equalLengthsAreOneLength() throws {
    let head = try Requests.head("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\n")
    #expect(head.contentLength == 3)
    #expect(head.hasBody == true)
  }

  @Test func manyRequestsInARowAreReadHoweverTheyAreCut() {
    let texts = HTTPRequestDecoderTests.valid
    let verifier = DecoderVerifier { Requests.decode($0) }
    let all = verifier.whole(Array(texts.joined().utf8))
    #expect(all.error == nil)
    #expect(all.lines == texts.flatMap { Requests.decode($0).lines })
    #expect(verifier.disagreement(on: Array(texts.joined().utf8)) == nil)
  }

  @Test func bytesOfTheNextRequestStayInTheBuffer() throws {
    var decoder = HTTPRequestDecoder(limits: HTTPLimits())
    var input = ByteBuffer()
    #expect(decoder.isBetweenMessages)
    input.append(utf8: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET ")
    guard case .head = try decoder.next(&input) else { throw RequestMissing() }
    #expect(!decoder.isBetweenMessages)
    #expect(input.count == 6)
    guard case .end(2) = try decoder.next(&input) else { throw RequestMissing() }
    #expect(input.take(2) == Array("hi".utf8))
    #expect(decoder.isBetweenMessages)
    #expect(input.copy(0..<input.count) == Array("GET ".utf8))
  }

  @Test func nothingIsReadBehindAnError() {
    var decoder = HTTPRequestDecoder(limits: HTTPLimits())
    var input = ByteBuffer()
    input.append(utf8: "bad\r\n\r\n" + HTTPRequestDecoderTests.simple)
    #expect(throws: HTTPParseError.self) { _ = try decoder.next(&input) }
    #expect(throws: HTTPParseError.self) { _ = try decoder.next(&input) }
  }

  // MARK: Limits

  private func decode(_ text: String, _ change: (inout HTTPLimits) -> Void) -> Transcript {
    var limits = HTTPLimits()
    change(&limits)
    let verifier = DecoderVerifier { Requests.decode($0, limits) }
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
    return Requests.decode(text, limits)
  }

  @Test func requestLineIsBounded() {
    let text = HTTPRequestDecoderTests.simple
    #expect(decode(text) { $0.requestLineBytesMax = 14 }.error == nil)
    #expect(decode(text) { $0.requestLineBytesMax = 13 }.status == 414)
    #expect(decode("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") { $0.requestLineBytesMax = 13 }.status == 414)
  }

  @Test func headIsBounded() {
    let text = HTTPRequestDecoderTests.simple
    #expect(decode(text) { $0.headBytesMax = text.utf8.count }.error == nil)
    #expect(decode(text) { $0.headBytesMax = text.utf8.count - 1 }.status == 431)
    #expect(decode(String(text.dropLast(1)) + "X: yyyyyyyyyyyyyyyyyyyyy") { $0.headBytesMax = 30 }.status == 431)
    #expect(decode("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n") { $0.headersMax = 2 }.error == nil)
    #expect(decode("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n") { $0.headersMax = 1 }.status == 431)
  }

  @Test func bodyIsBounded() {
    let length = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    #expect(decode(length) { $0.bodyBytesMax = 5 }.error == nil)
    #expect(decode(length) { $0.bodyBytesMax = 4 }.status == 413)
    let chunks = HTTPRequestDecoderTests.chunkedHead + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
    #expect(decode(chunks) { $0.bodyBytesMax = 5 }.error == nil)
    #expect(decode(chunks) { $0.bodyBytesMax = 4 }.status == 413)
  }

  @Test func bodyLimitIsOfOneRequest() throws {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 5
    var decoder = HTTPRequestDecoder(limits: limits)
    var input = ByteBuffer()
    let text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"
    input.append(utf8: text + "1234567" + text)
    _ = try decoder.next(&input)
    decoder.setBodyLimit(7)
    guard case .end(let count) = try decoder.next(&input) else { throw RequestMissing() }
    input.consume(count)
    guard case .head = try decoder.next(&input) else { throw RequestMissing() }
    #expect(throws: HTTPParseError.self) { _ = try decoder.next(&input) }
  }

  struct RequestMissing: Error {}
}
