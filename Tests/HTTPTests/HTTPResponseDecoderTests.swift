import Bytes
import HTTP
import TestSupport
import Testing

private struct UnexpectedEvent: Error {}

@Suite struct HTTPResponseDecoderTests {
  /// Responses with the lines that they give; each is the answer to a GET on a connection that then ends.
  static let valid: [(String, [String])] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ["200 OK keep 1", "body hi"]),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x\r\n!\r\n0\r\nT: t\r\n\r\n",
      ["200 OK keep 1", "body hi!"]
    ),
    ("HTTP/1.1 200 OK\r\n\r\nuntil the end", ["200 OK close 0", "body until the end"]),
    ("HTTP/1.1 200 OK\r\n\r\n", ["200 OK close 0", "body "]),
    ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", ["200 OK close 1", "body hi"]),
    ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", ["200 OK keep 2", "body hi"]),
    ("HTTP/1.1 204 No Content\r\n\r\n", ["204 No Content keep 0", "body "]),
    ("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", ["304 Not Modified keep 1", "body "]),
    ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ["200  keep 1", "body "]),
    ("HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n", ["200  close 2", "body "]),
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.",
      ["200 OK keep 1", "body ."]
    ),
    (
      String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 16) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      ["200 OK keep 1", "body "]
    ),
    (
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
      ["200 OK close 2", "body hi"]
    ),
  ]

  static let invalid: [(String, HTTPParseError.Kind)] = [
    ("", .truncated), ("HTTP/1.1 200 OK\r\n", .truncated),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", .truncated),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", .truncated),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", .truncated),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhix", .badChunk),
    ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", .badField), ("HTTP/2.0 200 OK\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 99 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 099 OK\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 2000 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1  200 OK\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 20x OK\r\n\r\n", .badStatusLine), ("<html>\r\n\r\n", .badStatusLine),
    ("\r\nHTTP/1.1 200 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 200 \u{1}\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .badStatusLine),
    (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17), .headTooLarge),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", .badFraming),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", .badFraming),
    ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", .bodyTooLarge),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unsupportedTransferCoding),
    ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", .badField),
  ]

  @Test(arguments: valid) func responsesAreReadHoweverTheyAreCut(text: String, lines: [String]) {
    let verifier = DecoderVerifier { Responses.decode($0, to: [.get]) }
    #expect(verifier.whole(Array(text.utf8)).lines == lines)
    #expect(verifier.whole(Array(text.utf8)).error == nil)
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
  }

  /// To our own caller, whatever is wrong with an answer is a bad gateway.
  @Test(arguments: invalid.filter { !$0.0.isEmpty }) func brokenResponsesAreRefusedHoweverTheyAreCut(
    text: String, kind: HTTPParseError.Kind
  ) {
    let verifier = DecoderVerifier { Responses.decode($0, to: [.get]) }
    #expect(verifier.whole(Array(text.utf8)).error == kind)
    #expect(verifier.whole(Array(text.utf8)).status == 502)
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
  }

  @Test func answersToHEADHaveNoBody() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    let verifier = DecoderVerifier { Responses.decode($0, to: [.head, .get]) }
    #expect(verifier.whole(Array(text.utf8)).lines == ["200 OK keep 1", "body ", "200 OK keep 1", "body hi"])
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
    #expect(Responses.decode("HTTP/1.1 200 OK\r\n\r\n", to: [.head]).lines == ["200 OK keep 0", "body "])
  }

  /// An upstream that says more than it was asked could give its answer to someone else's request.
  @Test func answersWithoutARequestAreRefused() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    #expect(Responses.decode(text, to: [.get]).error == .badStatusLine)
    #expect(Responses.decode(text, to: [.get, .get]).error == nil)
  }

  @Test func endBetweenMessagesIsNoError() {
    #expect(Responses.decode("", to: [.get]).error == nil)
  }

  /// A decoder in front of a body in chunks.
  private func chunks(_ body: String) throws -> (HTTPResponseDecoder, [UInt8]) {
    var decoder = HTTPResponseDecoder(limits: HTTPLimits())
    decoder.expect(requestMethod: .get)
    var input = ByteBuffer()
    input.append(utf8: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
    guard case .head = try decoder.next(&input) else { throw UnexpectedEvent() }
    return (decoder, input.copy(0..<input.count))
  }

  @Test func chunksThatComeTogetherAreOnePiece() throws {
    var (decoder, bytes) = try chunks("2\r\nab\r\n1;x=y\r\nc\r\n3\r\ndef\r\n0\r\nT: t\r\n\r\nHTTP/1.1 200")
    var input = ByteBuffer()
    input.append(bytes)
    guard case .end(6) = try decoder.next(&input) else { throw UnexpectedEvent() }
    #expect(input.copy(0..<input.count) == Array("abcdefHTTP/1.1 200".utf8))
    (decoder, bytes) = try chunks("2\r\nab\r\n5\r\ncd")
    input = ByteBuffer()
    input.append(bytes)
    guard case .body(4) = try decoder.next(&input) else { throw UnexpectedEvent() }
    #expect(input.copy(0..<input.count) == Array("abcd".utf8))
  }

  @Test(arguments: ["zz\r\n", "5\n", "3\r\ncdef"]) func whatComesBeforeABrokenChunkIsHandedOut(rest: String) throws {
    var (decoder, bytes) = try chunks("2\r\nab\r\n\(rest)")
    var input = ByteBuffer()
    input.append(bytes)
    guard case .body(let count) = try decoder.next(&input) else { throw UnexpectedEvent() }
    #expect(input.take(count).starts(with: Array("ab".utf8)))
    #expect(throws: HTTPParseError.self) { _ = try decoder.next(&input) }
  }

  @Test func nothingIsReadBehindAnError() {
    var decoder = HTTPResponseDecoder(limits: HTTPLimits())
    decoder.expect(requestMethod: .get)
    var input = ByteBuffer()
    input.append(utf8: "bad\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(throws: HTTPParseError.self) { _ = try decoder.next(&input) }
    #expect(throws: HTTPParseError.self) { _ = try decoder.next(&input) }
    #expect(throws: HTTPParseError.self) { _ = try decoder.endOfInput() }
  }
}
