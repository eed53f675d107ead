import Configuration
import JSON
import TestSupport
import Testing

/// Words that would tell of the gateway's inside.
let innerWords = [".swift", "Swift.", "Optional(", "errno", "Gateway.", "Fatal", "/root", "/tmp", "/work", "nil"]

/// A request that is not valid HTTP, and the status that it gets.
private struct Fault: CustomTestStringConvertible, Sendable {
  let name: String
  let status: Int
  let bytes: String

  init(_ name: String, _ status: Int, _ bytes: String) {
    self.name = name
    self.status = status
    self.bytes = bytes
  }

  var testDescription: String { name }
}

private let post = "POST /agents/echo HTTP/1.1\r\nHost: localhost\r\n"

private let faults: [Fault] = [
  Fault("both lengths", 400, post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  Fault("both lengths, the other way round", 400, post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
  Fault("two lengths that differ", 400, post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
  Fault("a list of lengths", 400, post + "Content-Length: 5, 6\r\n\r\nhello"),
  Fault("a signed length", 400, post + "Content-Length: +5\r\n\r\nhello"),
  Fault("a hexadecimal length", 400, post + "Content-Length: 0x5\r\n\r\nhello"),
  Fault("a length beyond all numbers", 400, post + "Content-Length: 99999999999999999999\r\n\r\n"),
  Fault("another transfer coding", 501, post + "Transfer-Encoding: gzip, chunked\r\n\r\n"),
  Fault("chunked twice", 501, post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
  Fault("a chunk that is no number", 400, post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
  Fault("a chunk longer than it says", 400, post + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"),
  Fault("a chunk head with a bare LF", 400, post + "Transfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n"),
  Fault("a bare LF in the head", 400, "POST /agents/echo HTTP/1.1\nHost: a\r\n\r\n"),
  Fault("a bare CR in a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
  Fault("a folded line", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
  Fault("a space before the colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
  Fault("a zero in a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
  Fault("no host", 400, "GET /agents HTTP/1.1\r\n\r\n"),
  Fault("two hosts", 400, "GET /agents HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
  Fault("a target without a slash", 400, "GET agents HTTP/1.1\r\nHost: a\r\n\r\n"),
  Fault("a target with a space", 400, "GET /agents /x HTTP/1.1\r\nHost: a\r\n\r\n"),
  Fault("a target with a control character", 400, "GET /age\u{1}nts HTTP/1.1\r\nHost: a\r\n\r\n"),
  Fault("a target beyond ASCII", 400, "GET /agénts HTTP/1.1\r\nHost: a\r\n\r\n"),
  Fault("a tunnel", 400, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
  Fault("no version", 400, "GET /agents\r\n\r\n"),
  Fault("version 2", 505, "GET /agents HTTP/2.0\r\nHost: a\r\n\r\n"),
  Fault("the preface of version 2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Fault("a TLS greeting", 400, "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n"),
  Fault("a long request line", 414, "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n"),
  Fault("a large field", 431, "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n"),
  Fault("many fields", 431, "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n"),
]

@Test(arguments: faults)
private func aRequestThatIsNotHTTPIsRefusedAndTheConnectionEnds(_ fault: Fault) throws {
  let gateway = try TestGateway(.echo)
  let client = try gateway.web()
  try client.raw.send(fault.bytes)
  let response = try client.response(to: "GET")
  #expect(response.status == fault.status)
  #expect(response.field("connection") == "close")
  let message = try JSONValue.parse(response.body)["error"]?["message"]?.string ?? ""
  #expect(!message.isEmpty)
  for word in innerWords { #expect(!message.contains(word)) }
  #expect(try client.raw.isAtEnd())
  // Others are served as before.
  #expect(try gateway.caller("echo").call(.rpc10, .send()).task.state == "completed")
}

@Test func aSmuggledRequestIsNeverServed() throws {
  let gateway = try TestGateway(.echo)
  let client = try gateway.web()
  let hidden = "GET /agents HTTP/1.1\r\nHost: a\r\n\r\n"
  try client.raw.send(
    post + "Content-Length: \(hidden.utf8.count)\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden)
  #expect(try client.response().status == 400)
  #expect(try client.raw.isAtEnd())
}

@Test func aBodyThatIsTooLargeIsRefusedByItsLengthAndByItsBytes() throws {
  let gateway = try TestGateway(.echo) { $0.limits.http.bodyBytesMax = 1000 }
  let byLength = try gateway.caller("echo").request("POST", "", body: [UInt8](repeating: 0x20, count: 1001))
  #expect(byLength.status == 413)
  let client = try gateway.web()
  let chunk = "190\r\n" + String(repeating: " ", count: 400) + "\r\n"
  try client.raw.send(post + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk)
  #expect(try client.response().status == 413)
  let fits = try gateway.caller("echo").request("POST", "", body: [UInt8](repeating: 0x20, count: 1000))
  #expect(fits.status == 200)
}

@Test func aBodyWhereNoneBelongsIsRefused() throws {
  let gateway = try TestGateway(.echo)
  let response = try gateway.caller("echo").request("GET", "/card", body: Array("body".utf8))
  #expect(response.status == 413)
}

@Test func aClientThatAsksFirstIsToldToContinueOrRefused() throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let refused = try gateway.web()
  try refused.raw.send(post + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
  // The answer comes without the body.
  #expect(try refused.response().status == 401)
  let welcome = try gateway.web()
  let key = try #require(TestGateway.keys["alice"])
  try welcome.raw.send(post + "Authorization: Bearer \(key)\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
  #expect(try welcome.raw.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
  try welcome.raw.send("nonse")
  #expect(try welcome.response().status == 200)
}
