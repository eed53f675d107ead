import Bytes
import HTTP
import Testing

@Suite struct HTTPEncoderTests {
  private let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)

  private func head(
    _ status: Int, _ framing: HTTPEncoder.BodyFraming, keepAlive: Bool = true, minorVersion: Int = 1
  ) -> String {
    var fields = HTTPFields()
    fields.add("X-A", "b")
    var output: [UInt8] = []
    HTTPEncoder.responseHead(
      status: status, fields: fields, framing: framing, keepAlive: keepAlive, minorVersion: minorVersion, date: date,
      into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func framingIsTold() {
    #expect(
      head(200, .length(12))
        == "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 12\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
    #expect(head(200, .chunked).contains("\r\nTransfer-Encoding: chunked\r\n"))
    #expect(!head(304, .none).lowercased().contains("length"))
  }

  @Test func connectionIsToldWhereItIsNotTheRule() {
    #expect(head(200, .length(0), keepAlive: false).contains("\r\nConnection: close\r\n"))
    #expect(head(200, .length(0), keepAlive: true, minorVersion: 0).contains("\r\nConnection: keep-alive\r\n"))
    #expect(!head(200, .length(0)).contains("Connection"))
  }

  @Test func aRequestIsNumberedBehindTheFields() {
    var fields = HTTPFields()
    fields.add("X-A", "b")
    var output: [UInt8] = []
    output.append(addingCapacity: HTTPEncoder.responseHeadBytesMax(fields: fields)) {
      HTTPEncoder.responseHead(
        status: 200, fields: fields, framing: .length(1), keepAlive: true, minorVersion: 1, date: date.span,
        number: 0x0123_4567_89AB_CDEF, into: &$0)
    }
    #expect(
      String(decoding: output, as: UTF8.self).hasPrefix(
        "HTTP/1.1 200 OK\r\nX-A: b\r\nX-Request-Id: 0123456789abcdef\r\nContent-Length: 1\r\n"))
  }

  @Test func whatIsWrittenIsReadBack() {
    var request: [UInt8] = []
    var fields = HTTPFields()
    fields.add("Host", "a")
    HTTPEncoder.requestHead(method: .post, target: "/x?y", fields: fields, contentLength: 2, into: &request)
    request += Array("hi".utf8)
    #expect(Requests.decode([request]).lines == ["POST /x y 1.1 host=a content-length=2 keep", "body hi"])

    var response = Array(head(200, .chunked).utf8)
    for chunk in [Array("hello".utf8), [], [UInt8](repeating: 0x61, count: 300)] {
      response.append(addingCapacity: chunk.count + HTTPEncoder.chunkFrameBytesMax) { output in
        HTTPEncoder.chunk(byteCount: chunk.count, into: &output) { $0.append(chunk.span) }
      }
    }
    response.append(HTTPEncoder.lastChunk)
    let body = "hello" + String(repeating: "a", count: 300)
    #expect(Responses.decode([response], to: [.get]).lines == ["200 OK keep 3", "body \(body)"])
  }
}

@Suite struct HTTPFieldsTests {
  /// Fields of a head lie where they were read, fields that were added are lines: to a reader they are the same.
  @Test func fieldsOfAHeadAreFoundAndChangedLikeAnyOthers() throws {
    let head = try Requests.head(
      "GET / HTTP/1.1\r\nHost: a\r\nX-One:1\r\nx-two: \t 2 \r\nX-ONE: 3\r\nEmpty:\r\n\r\n")
    var fields = head.fields
    #expect(fields.count == 5)
    #expect(fields.values("x-one") == ["1", "3"])
    #expect(fields.isRepeated("x-one") && !fields.isRepeated("x-two"))
    #expect(fields.hasOnly("x-two", "2") && !fields.hasOnly("x-one", "1") && !fields.hasOnly("host", "b"))
    #expect(fields.has("x-two", "2"))
    #expect(fields["empty"] == "")
    #expect(fields["x-six"] == nil, "the same length and first letter as a name that is there")
    #expect(fields.withValue("host") { $0?.count } == 1)
    fields.set("x-one", "4")
    fields.add("x-id", hex: 0xA)
    #expect(head.fields.values("x-one") == ["1", "3"])
    var lines: [String] = []
    fields.forEach { lines.append("\($0)=\($1)") }
    #expect(lines == ["Host=a", "x-two=2", "Empty=", "x-one=4", "x-id=000000000000000a"])
    var output: [UInt8] = []
    HTTPEncoder.requestHead(method: .get, target: "/", fields: head.fields, contentLength: nil, into: &output)
    #expect(
      String(decoding: output, as: UTF8.self)
        == "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-two: 2\r\nX-ONE: 3\r\nEmpty: \r\n\r\n")
  }

  @Test func namesHaveNoCase() {
    var fields = HTTPFields()
    fields.add("X-One", "1")
    fields.add("x-two", "2")
    fields.add(named: "X-ONE", "3")
    #expect(fields["x-one"] == "1")
    #expect(fields.values("X-one") == ["1", "3"])
    #expect(fields["x-three"] == nil)
    #expect(fields.contains("X-TWO"))
    fields.set("X-One", "4")
    #expect(fields.values("x-one") == ["4"])
    fields.remove("X-TWO")
    #expect(fields.count == 1)
  }

  /// Otherwise a value from outside could add a field or end the head.
  @Test func controlCharactersDoNotGetIntoAValue() {
    var fields = HTTPFields()
    fields.add("X", "a\r\nSet-Cookie: b\u{0}\u{7F}\tc")
    #expect(fields["x"] == "aSet-Cookie: b\tc")
  }

  @Test func elementsOfAListAreCompared() {
    var fields = HTTPFields()
    fields.add("Accept", "text/html, APPLICATION/json ,")
    fields.add("accept", "\ttext/event-stream")
    #expect(fields.lists("application/json", in: "accept"))
    #expect(fields.lists("text/event-stream", in: "accept"))
    #expect(!fields.lists("text", in: "accept"))
    #expect(!fields.lists("text/html", in: "accepted"))
  }
}
