import JSON
import TestSupport
import Testing

// Random changes of valid requests against a whole gateway. Whatever they become, the answer is well-formed HTTP (the
// client reads strictly), and never an internal error. `FUZZ_SEED` repeats a failure, `FUZZ_SEEDS` digs deeper.

private let calls: [Call] = [
  .send(), .send("more", context: "talk", immediately: true, historyLength: 3), .stream(), .get("t", historyLength: 1),
  .list([("pageSize", 10), ("status", "TASK_STATE_WORKING"), ("includeArtifacts", true)]), .cancel("t"),
  .subscribe("t"), .pushCreate("t"), .pushDelete("t"), .extendedCard,
]

/// A request as bytes, after which the connection ends.
private func bytes(_ out: Outgoing) -> [UInt8] {
  let body = out.body.map { Caller.bytes($0) } ?? []
  var head = "\(out.method) /agents/echo\(out.path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
  for (name, value) in out.fields { head += "\(name): \(value)\r\n" }
  if out.body != nil { head += "Content-Length: \(body.count)\r\n" }
  return Array((head + "\r\n").utf8) + body
}

/// An answer of the gateway's making, whatever was asked.
private func check(_ response: WebResponse, _ request: [UInt8]) {
  let asked = Comment(rawValue: String(decoding: request, as: UTF8.self))
  #expect(response.status < 500 || [501, 505].contains(response.status), asked)
  #expect(!response.text.contains("-32603"), asked)
  for word in innerWords where word != "nil" && word != "Gateway." { #expect(!response.text.contains(word), asked) }
}

@Test(arguments: Seeds.take(4))
func changedRequestsAreAnsweredAsHTTPAndNeverWithAnInternalError(_ seed: UInt64) throws {
  let gateway = try TestGateway(.echo)
  var generator = SeededGenerator(seed: seed)
  let telling = Array("\r\n :,;/?%&=\"{}[]\\0189azAZ\t\0".utf8) + [0x7F, 0x80, 0xC3, 0xFF]
  for _ in 0..<150 {
    let wire = Wire.allCases[Int.random(in: 0..<4, using: &generator)]
    let call = calls[Int.random(in: 0..<calls.count, using: &generator)]
    let request = bytes(call.outgoing(wire)).mutated(using: &generator, favouring: telling)
    let client = try gateway.web()
    try client.raw.send(request)
    client.raw.finishSending()
    // No answer at all is right where the request did not come to its end, and several where it fell apart.
    while try !client.raw.isAtEnd() { check(try client.response(), request) }
  }
  // And it serves on.
  #expect(try gateway.caller("echo").call(.rpc10, .send()).task.state == "completed")
}

@Test(arguments: Seeds.take(4))
func changedBodiesAreAnsweredAndNeverWithAnInternalError(_ seed: UInt64) throws {
  let gateway = try TestGateway(.echo)
  var generator = SeededGenerator(seed: seed)
  let telling = Array("\"{}[]:,\\u0123456789-+.eEtrufalsn \n".utf8) + [0x00, 0x80, 0xC3, 0xED, 0xFF]
  var client = try gateway.web()
  for _ in 0..<200 {
    let wire = Wire.allCases[Int.random(in: 0..<4, using: &generator)]
    let sending = Sending(text: "hé\u{1F422}\n\"", taskID: generator.oneIn(4) ? "t" : nil, historyLength: 2)
    let out = Call.sending(sending).outgoing(wire)
    guard let valid = out.body else { continue }
    let body = Caller.bytes(valid).mutated(using: &generator, favouring: telling)
    let response = try client.request("POST", "/agents/echo\(out.path)", out.fields, body: body)
    check(response, body)
    let answer = try JSONValue.parse(response.body)
    #expect(answer.object != nil)
    if !wire.isREST { #expect((answer["result"] == nil) != (answer["error"] == nil)) }
    if response.field("connection") == "close" { client = try gateway.web() }
  }
}

/// A value of another kind in the place of each value of a request, one at a time.
@Test(arguments: Wire.allCases)
func anyValueInAnyPlaceIsAnswered(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let sending = Sending(
    taskID: nil, contextID: "talk", immediately: false, historyLength: 2, pushURL: "https://a.example")
  let substitutes: [JSONValue] = [
    nil, true, 0, -1, "", "x", [], [[]], [:], ["a": 1], .string(String(repeating: "x", count: 5000)),
    .number(JSONNumber(text: "1e400") ?? JSONNumber(0)), .number(JSONNumber(text: "-0.5") ?? JSONNumber(0)),
  ]
  let client = try gateway.web()
  for call in [Call.sending(sending), .streaming(sending), .get("t", historyLength: 1), .pushCreate("t")] {
    let out = call.outgoing(wire)
    guard let body = out.body else { continue }
    for count in 0..<places(body) {
      for substitute in substitutes {
        var left = count
        let changed = Caller.bytes(replacing(body, &left, substitute))
        let response = try client.request("POST", "/agents/echo\(out.path)", out.fields, body: changed)
        check(response, changed)
      }
    }
  }
}

private func places(_ value: JSONValue) -> Int {
  switch value {
  case .object(let object): 1 + object.members.reduce(0) { $0 + places($1.value) }
  case .array(let elements): 1 + elements.reduce(0) { $0 + places($1) }
  default: 1
  }
}

/// The value with another one in the place with this number.
private func replacing(_ value: JSONValue, _ place: inout Int, _ substitute: JSONValue) -> JSONValue {
  place -= 1
  if place == -1 { return substitute }
  switch value {
  case .object(let object):
    return .object(JSONObject(object.members.map { ($0.name, replacing($0.value, &place, substitute)) }))
  case .array(let elements): return .array(elements.map { replacing($0, &place, substitute) })
  default: return value
  }
}
