import Configuration
import JSON
import TestSupport
import Testing

/// A send over a wire with this as the message's metadata, written by hand.
private func body(_ wire: Wire, metadata: String) -> String {
  let mark = "\"@@@\""
  var sending = Sending()
  sending.change = { $0["metadata"] = "@@@" }
  let json = Call.sending(sending).outgoing(wire).body.map { Caller.bytes($0) } ?? []
  return String(decoding: json, as: UTF8.self).replacing(mark, with: metadata)
}

private func send(_ gateway: TestGateway, _ wire: Wire, _ body: [UInt8], type: String = "application/json") throws
  -> Reply
{
  let out = Call.send().outgoing(wire)
  let fields = out.fields.filter { $0.0 != "Content-Type" } + [("Content-Type", type)]
  return try Reply(wire, gateway.caller("echo").request("POST", out.path, fields, body: body))
}

private func nested(_ depth: Int) -> String {
  String(repeating: "{\"a\":", count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
}

private let broken: [(name: String, metadata: String)] = [
  ("an open object", "{"), ("a trailing comma", #"{"a":1,}"#), ("a bare word", "{a:1}"), ("single quotes", "{'a':1}"),
  ("a comment", "{/* */}"), ("a leading zero", #"{"a":01}"#), ("a lone minus", #"{"a":-}"#),
  ("infinity", #"{"a":Infinity}"#),
  ("a bad escape", #"{"a":"\x"}"#), ("half a surrogate", #"{"a":"\ud800"}"#), ("a raw line end", "{\"a\":\"\n\"}"),
  ("a name given twice", #"{"a":1,"a":2}"#), ("a name given twice in other words", #"{"a":1,"\u0061":2}"#),
  ("two values", "{} {}"), ("nesting", nested(80)),
]

@Test(arguments: Wire.allCases, broken)
func jsonThatIsNoneIsAParseErrorWithoutACrash(_ wire: Wire, _ fault: (name: String, metadata: String)) throws {
  let gateway = try TestGateway(.echo)
  let reply = try send(gateway, wire, Array(body(wire, metadata: fault.metadata).utf8))
  #expect(reply.response.status == (wire.isREST ? 400 : 200))
  switch wire {
  case .rpc10, .rpc03:
    #expect(reply.error?.code == -32700)
    #expect(reply.json["id"] == .null)
  case .rest10: #expect(reply.error?.reason == "INVALID_REQUEST")
  case .rest03: #expect(reply.error?.code == -32700)
  }
  let message = try #require(reply.error?.message)
  for word in innerWords { #expect(!message.contains(word)) }
}

@Test(arguments: Wire.allCases)
func bytesThatAreNoUTF8AreAParseError(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80]] {
    let text = body(wire, metadata: #"{"a":"?"}"#)
    let place = try #require(text.firstRange(of: "?"))
    let reply = try send(
      gateway, wire, Array(text[..<place.lowerBound].utf8) + bytes + Array(text[place.upperBound...].utf8))
    #expect(reply.response.status == (wire.isREST ? 400 : 200))
    #expect(reply.error != nil)
  }
  let mark = try send(gateway, wire, [0xEF, 0xBB, 0xBF] + Array(body(wire, metadata: "{}").utf8))
  #expect(mark.error != nil)
}

@Test(arguments: Wire.allCases)
func nestingIsTakenUpToItsBound(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo) { $0.limits.json.depthMax = 10 }
  // Around the metadata stand the message, the parameters and, over JSON-RPC, the envelope.
  let around = wire.isREST ? 2 : 3
  #expect(try send(gateway, wire, Array(body(wire, metadata: nested(10 - around)).utf8)).task.state == "completed")
  #expect(try send(gateway, wire, Array(body(wire, metadata: nested(11 - around)).utf8)).error != nil)
}

@Test(arguments: Wire.allCases)
func valuesAreTakenUpToTheirNumber(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo) { $0.limits.json.nodesMax = 1000 }
  func list(_ count: Int) -> [UInt8] {
    Array(body(wire, metadata: "{\"a\":[\(Array(repeating: "0", count: count).joined(separator: ","))]}").utf8)
  }
  #expect(try send(gateway, wire, list(900)).task.state == "completed")
  #expect(try send(gateway, wire, list(1100)).error != nil)
}

@Test(arguments: Wire.allCases)
func aBodyThatIsNoObjectOrIsMissingIsAnInvalidRequest(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  for text in ["[]", "null", "\"text\"", "17"] {
    #expect(try send(gateway, wire, Array(text.utf8)).error?.code == -32600)
  }
  if wire.isREST { #expect(try send(gateway, wire, []).error?.code == -32600) }
}

@Test(arguments: Wire.allCases)
func anotherMediaTypeIsRefused(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let json = Array(body(wire, metadata: "{}").utf8)
  for type in ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json", "application/jsonp", ""] {
    let reply = try send(gateway, wire, json, type: type)
    #expect(reply.response.status == (wire == .rest10 ? 400 : 415), "\(type)")
    #expect(reply.error?.code == -32005)
  }
  let good = [
    "application/json", "Application/JSON", "application/json; charset=utf-8", "application/a2a+json",
    "application/json;charset=\"utf-8\"",
  ]
  for type in good { #expect(try send(gateway, wire, json, type: type).task.state == "completed", "\(type)") }
}

@Test(arguments: Wire.allCases)
func anEncodedBodyIsRefused(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  var out = Call.send().outgoing(wire)
  let plain = out.fields
  for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
    out.fields = plain + [("Content-Encoding", encoding)]
    let client = try gateway.web()
    try gateway.caller("echo").send(out, on: client)
    #expect(try client.response().status == 415)
  }
  out.fields = plain + [("Content-Encoding", "identity")]
  let client = try gateway.web()
  try gateway.caller("echo").send(out, on: client)
  #expect(try client.response().status == 200)
}
