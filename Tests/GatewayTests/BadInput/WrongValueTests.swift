import JSON
import TestSupport
import Testing

/// A message with one thing wrong, and the field that is named.
private struct Wrong: CustomTestStringConvertible, Sendable {
  let name: String
  let field: String
  let change: @Sendable (inout JSONObject) -> Void

  init(_ name: String, _ field: String, _ change: @escaping @Sendable (inout JSONObject) -> Void) {
    self.name = name
    self.field = field
    self.change = change
  }

  var testDescription: String { name }
}

private let long = JSONValue.string(String(repeating: "x", count: 257))

private let wrongOnAllWires: [Wrong] = [
  Wrong("a message id that is a number", "message.messageId") { $0["messageId"] = 5 },
  Wrong("a long message id", "message.messageId") { $0["messageId"] = long },
  Wrong("a long task id", "message.taskId") { $0["taskId"] = long },
  Wrong("a context id of 129 characters", "message.contextId") {
    $0["contextId"] = .string(String(repeating: "c", count: 129))
  },
  Wrong("a context id with a space", "message.contextId") { $0["contextId"] = "a b" },
  Wrong("a context id beyond ASCII", "message.contextId") { $0["contextId"] = "é" },
  Wrong("a context id with a line end", "message.contextId") { $0["contextId"] = "a\r\nb" },
  Wrong("a role that does not exist", "message.role") { $0["role"] = "ROLE_ADMIN" },
  Wrong("metadata that is a list", "message.metadata") { $0["metadata"] = [] },
  Wrong("extensions that are no list", "message.extensions") { $0["extensions"] = "urn:a" },
  Wrong("many extensions", "message.extensions") {
    $0["extensions"] = .array(Array(repeating: "urn:a", count: 65))
  },
]

private let wrongIn10: [Wrong] = [
  Wrong("a role of 0.3", "message.role") { $0["role"] = "user" },
  Wrong("a part without content", "message.parts[0]") { $0["parts"] = [[:]] },
  Wrong("a part with two contents", "message.parts[0]") { $0["parts"] = [["text": "a", "url": "https://a"]] },
  Wrong("a part that is text", "message.parts[0]") { $0["parts"] = ["hello"] },
  Wrong("bytes that are no base64", "message.parts[1].raw") { $0["parts"] = [["text": "a"], ["raw": "§§"]] },
  Wrong("257 parts", "message.parts") { $0["parts"] = .array(Array(repeating: ["text": "a"], count: 257)) },
  Wrong("a text that is a number", "message.parts[0].text") { $0["parts"] = [["text": 5]] },
  Wrong("a part of 0.3", "message.parts[0]") { $0["parts"] = [["kind": "file", "file": ["uri": "https://a"]]] },
  Wrong("a name given in both spellings", "message.taskId") {
    $0["taskId"] = "a"
    $0["task_id"] = "b"
  },
]

private let wrongIn03: [Wrong] = [
  Wrong("a role of 1.0", "") { $0["role"] = "ROLE_USER" },
  Wrong("a kind that is no message", "") { $0["kind"] = "task" },
  Wrong("a part of an unknown kind", "") { $0["parts"] = [["kind": "video", "text": "a"]] },
  Wrong("a part without content", "") { $0["parts"] = [["kind": "text"]] },
  Wrong("a file with bytes and uri", "") {
    $0["parts"] = [["kind": "file", "file": ["bytes": "YQ==", "uri": "https://a"]]]
  },
  Wrong("data that is no object", "") { $0["parts"] = [["kind": "data", "data": 5]] },
]

private func reply(_ wire: Wire, _ wrong: Wrong) throws -> Reply {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(wire, .sending(Sending(change: wrong.change)))
  // Nothing was begun.
  #expect(try gateway.caller("echo").call(.rpc10, .list([])).result["totalSize"] == 0)
  return reply
}

@Test(arguments: Wire.allCases, wrongOnAllWires)
private func aWrongMessageIsInvalidAndTheFieldIsNamed(_ wire: Wire, _ wrong: Wrong) throws {
  let reply = try reply(wire, wrong)
  #expect(reply.error?.code == -32602)
  #expect(reply.error?.message.contains(wrong.field) == true)
  if wire.isV1 { #expect(reply.error?.fields == [wrong.field]) }
}

@Test(arguments: Wire.v1, wrongIn10)
private func aWrongPartOf10IsInvalidAndTheFieldIsNamed(_ wire: Wire, _ wrong: Wrong) throws {
  let reply = try reply(wire, wrong)
  #expect(reply.error?.code == -32602)
  #expect(reply.error?.fields == [wrong.field])
}

@Test(arguments: wrongIn03)
private func aWrongPartOf03IsInvalid(_ wrong: Wrong) throws {
  #expect(try reply(.rpc03, wrong).error?.code == -32602)
}

@Test(arguments: Wire.allCases)
func aWrongConfigurationIsInvalid(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let wait = wire.isV1 ? "returnImmediately" : "blocking"
  let configurations: [JSONValue] = [
    [], "now", ["historyLength": "many"], ["historyLength": "1.5"], ["historyLength": -1],
    ["historyLength": 3_000_000_000],
    [wait: "yes"], [wait: 1], ["acceptedOutputModes": "text/plain"], ["acceptedOutputModes": [1]],
    ["acceptedOutputModes": .array(Array(repeating: "a/b", count: 65))],
  ]
  for configuration in configurations {
    let reply = try gateway.caller("echo").call(wire, .send()) { $0["configuration"] = configuration }
    #expect(reply.error?.code == -32602, "\(configuration)")
  }
}

@Test(arguments: Wire.allCases)
func anIdOfATaskThatIsTooLongOrStrangeIsRefused(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let long = String(repeating: "x", count: 257)
  for call in [Call.get(long), .cancel(long), .subscribe(long), .pushList(long)] {
    #expect(try gateway.caller("echo").call(wire, call).error?.code == -32602)
  }
  let strange = wire.isREST ? ["%00", "%F0%9F%90%A2", "..%2f..%2fetc"] : ["\u{0}", "🐢", "../../etc", " "]
  for id in strange {
    let reply = try gateway.caller("echo").call(wire, .get(id))
    if wire.isREST { #expect(reply.response.status == 404) } else { #expect(reply.error?.code == -32001) }
  }
}

@Test func manyFaultsAreListedUpToABound() throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(.rpc10, .send()) { params in
    params["message"] = ["parts": .array(Array(repeating: [:], count: 200))]
  }
  #expect(reply.error?.fields.count == 32)
}

@Test func whatACallerSentDoesNotComeBackInAnError() throws {
  let gateway = try TestGateway(.echo)
  let secret = "s3cr3t-value"
  let bad: [@Sendable (inout JSONObject) -> Void] = [
    { $0["role"] = .string(secret) }, { $0["contextId"] = .string(secret + " ") },
    { $0["parts"] = [["raw": .string("§" + secret)]] }, { $0["metadata"] = .string(secret) },
  ]
  for change in bad {
    for wire in Wire.v1 {
      let reply = try gateway.caller("echo").call(wire, .sending(Sending(change: change)))
      #expect(reply.error?.code == -32602)
      #expect(!reply.response.text.contains(secret))
    }
  }
}
