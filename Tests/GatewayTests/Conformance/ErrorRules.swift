import Configuration
import JSON
import Model
import TestSupport
import Testing

// The server rules of the A2A contract that concern errors and forms. A name carries the number of its rule.

private func post(_ gateway: TestGateway, _ body: String, version: String?) throws -> WebResponse {
  let fields = [("Content-Type", "application/json")] + (version.map { [("A2A-Version", $0)] } ?? [])
  return try gateway.caller("echo").request("POST", "", fields, body: Array(body.utf8))
}

@Test(
  arguments: [
    (#"{"jsonrpc":"2.0","id":1,"method""#, -32700, JSONValue.null), ("", -32700, nil), ("nonsense", -32700, nil),
    (#"[{"jsonrpc":"2.0","id":1,"method":"GetTask"}]"#, -32600, nil), (#""text""#, -32600, nil),
    (#"{"jsonrpc":"1.0","id":7,"method":"GetTask"}"#, -32600, 7), (#"{"id":7,"method":"GetTask"}"#, -32600, 7),
    (#"{"jsonrpc":"2.0","id":7}"#, -32600, 7), (#"{"jsonrpc":"2.0","id":7,"method":5}"#, -32600, 7),
    (#"{"jsonrpc":"2.0","id":{},"method":"GetTask"}"#, -32600, nil),
    (#"{"jsonrpc":"2.0","id":true,"method":"GetTask"}"#, -32600, nil),
    (#"{"jsonrpc":"2.0","id":"a","method":"GetTask","params":"p"}"#, -32600, "a"),
    (#"{"jsonrpc":"2.0","id":"a","method":"GetTask","params":[1]}"#, -32602, "a"),
    (#"{"jsonrpc":"2.0","id":"a","method":"Frobnicate"}"#, -32601, "a"),
    (#"{"jsonrpc":"2.0","id":"a","method":"message/frobnicate"}"#, -32601, "a"),
  ] as [(String, Int, JSONValue)], ["1.0", "0.3", nil])
func rule35_brokenEnvelopesGetTheirCodeAndId(_ fault: (body: String, code: Int, id: JSONValue), _ version: String?)
  throws
{
  let gateway = try TestGateway(.echo)
  let response = try post(gateway, fault.body, version: version)
  #expect(response.status == 200)
  let json = try JSONValue.parse(response.body)
  #expect(json["jsonrpc"] == "2.0")
  #expect(json["id"] == fault.id)
  #expect(json["error"]?["code"]?.int64 == Int64(fault.code), "\(response.text)")
  #expect(json["result"] == nil)
}

@Test(arguments: [#""a""#, "17", "-1.5", "null", #""\u00e9\n""#])
func rule35_theIdOfARequestIsEchoedAsItIs(_ id: String) throws {
  let gateway = try TestGateway(.echo)
  let response = try post(gateway, #"{"jsonrpc":"2.0","id":\#(id),"method":"NoSuch","params":{}}"#, version: "1.0")
  #expect(response.text.contains(#""id":\#(id),"#))
}

@Test func rule35_aNotificationIsAnsweredWithANullId() throws {
  let gateway = try TestGateway(.echo)
  let response = try post(gateway, #"{"jsonrpc":"2.0","method":"GetTask","params":{"id":"x"}}"#, version: "1.0")
  let json = try JSONValue.parse(response.body)
  #expect(json["id"] == .null)
  #expect(json["error"]?["code"] == -32001)
}

/// Calls that fail, with the code, the REST statuses of 1.0 and 0.3, the `google.rpc` name and the reason.
private let failures: [(Call, Int, Int, Int, String, String)] = [
  (.get("nope"), -32001, 404, 404, "NOT_FOUND", "TASK_NOT_FOUND"),
  (.cancel("nope"), -32001, 404, 404, "NOT_FOUND", "TASK_NOT_FOUND"),
  (.subscribe("nope"), -32001, 404, 404, "NOT_FOUND", "TASK_NOT_FOUND"),
  (.pushList("nope"), -32003, 400, 501, "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED"),
  (.extendedCard, -32004, 400, 501, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION"),
  (.send(context: "has space"), -32602, 400, 422, "INVALID_ARGUMENT", "INVALID_PARAMS"),
]

@Test func rule36_errorDataIsAListOfTypedObjectsWithTheDomain() throws {
  let gateway = try TestGateway(.echo)
  for (call, code, _, _, _, reason) in failures {
    let reply = try gateway.caller("echo").call(.rpc10, call)
    let error = try #require(reply.json["error"])
    #expect(error["code"]?.int64 == Int64(code))
    let data = try #require(error["data"]?.array)
    #expect(data.allSatisfy { $0["@type"]?.string?.hasPrefix("type.googleapis.com/google.rpc.") == true })
    let info = try #require(data.first { $0["@type"] == "type.googleapis.com/google.rpc.ErrorInfo" })
    #expect(info["reason"]?.string == reason)
    #expect(info["domain"] == "a2a-protocol.org")
    #expect(info["metadata"]?.object?.members.allSatisfy { $0.value.string != nil } == true)
  }
}

@Test func rule37_restErrorsAreStatusObjectsUnderTheirHTTPStatus() throws {
  let gateway = try TestGateway(.echo)
  for (call, _, status, _, name, reason) in failures {
    let reply = try gateway.caller("echo").call(.rest10, call)
    #expect(reply.response.status == status)
    #expect(reply.response.field("content-type") == "application/json")
    #expect(reply.json.object?.names == ["error"])
    let error = try #require(reply.json["error"])
    #expect(error["code"]?.int64 == Int64(status))
    #expect(error["status"]?.string == name)
    #expect(error["message"]?.string?.isEmpty == false)
    #expect(error["details"]?.array?.first?["reason"]?.string == reason)
    #expect(error["details"]?.array?.first?["domain"] == "a2a-protocol.org")
  }
}

@Test func rule37_restOf03HasMessageAndCodeUnderItsOwnStatus() throws {
  let gateway = try TestGateway(.echo)
  for (call, code, _, status, _, _) in failures {
    let reply = try gateway.caller("echo").call(.rest03, call)
    #expect(reply.response.status == status)
    #expect(reply.json.object?.names == ["message", "code"])
    #expect(reply.json["code"]?.int64 == Int64(code))
  }
}

@Test func rule37_aDetailNamesEveryFieldThatIsWrong() throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(.rest10, .send()) { $0["message"] = ["role": "x", "parts": [[:]]] }
  #expect(reply.error?.fields == ["message.messageId", "message.role", "message.parts[0]"])
}

/// Every member name and every timestamp of a document.
private func walk(_ value: JSONValue, _ visit: (String, JSONValue) -> Void) {
  switch value {
  case .object(let object):
    for (name, value) in object.members {
      visit(name, value)
      walk(value, visit)
    }
  case .array(let elements): for element in elements { walk(element, visit) }
  default: break
  }
}

@Test(arguments: Wire.allCases)
func rule38_namesAreCamelCaseAndTimesAreUTC(_ wire: Wire) throws {
  let engine = ScriptedEngine { _, _ in
    [.status(.working, "on it"), .text("out", last: true), .status(.completed, "done")]
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  var documents = [try gateway.caller().call(wire, .send()).json]
  documents += try gateway.caller().open(wire, .stream()).rest().map(\.json)
  var stamps = 0
  for document in documents {
    walk(document) { name, value in
      #expect(!name.contains("_") && name.first?.isLowercase == true, "\(name)")
      guard name == "timestamp" else { return }
      stamps += 1
      let isUTC = value.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
      #expect(isUTC, "\(value)")
    }
  }
  #expect(stamps >= 4)
}

@Test(arguments: Wire.allCases)
func rule38_unknownFieldsAreIgnored(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  var sending = Sending(text: "hi", immediately: false)
  sending.change = { message in
    message["colour"] = "blue"
    message["nested"] = ["deep": [1, 2, nil]]
  }
  let reply = try gateway.caller("echo").call(wire, .sending(sending)) { params in
    params["extra"] = ["x": 1]
    guard case .object(var configuration)? = params["configuration"] else { return }
    configuration["new_in_2_0"] = true
    params["configuration"] = .object(configuration)
  }
  #expect(try reply.task.texts == ["hi"])
}

@Test(arguments: Wire.v1)
func rule38_originalNamesAndNumbersOfEnumsAreRead(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  let reply = try gateway.caller("echo").call(wire, .send()) { params in
    params["message"] = [
      "message_id": "m", "role": 1, "context_id": "ctx", "parts": [["text": "hi", "media_type": "text/plain"]],
    ]
    params["configuration"] = ["history_length": "1", "return_immediately": nil]
  }
  #expect(try reply.task.contextID == "ctx")
  #expect(try reply.task.texts == ["hi"])
}

@Test(arguments: [(Wire.rpc10, Wire.rest10), (.rpc03, .rest03)])
func rule39_bothBindingsGiveTheSameResultsAndErrors(_ rpc: Wire, _ rest: Wire) throws {
  let engine = ScriptedEngine { turn, _ in
    turn.message.parts == [.text("ask")] ? [.status(.inputRequired, "?")] : [.text("ok"), .status(.completed)]
  }
  let gateway = try TestGateway(TestAgent("agent", engine))
  func outcome(_ wire: Wire, _ call: Call) throws -> String {
    let reply = try gateway.caller().call(wire, call)
    if let error = reply.error { return "\(error.code) \(error.message) \(error.fields)" }
    return try "\(reply.task.state) \(reply.task.texts) \(reply.task.history.count)"
  }
  let done = try gateway.caller().call(rpc, .send()).task.id
  func asking() throws -> String { try gateway.caller().call(rpc, .send("ask")).task.id }
  let calls: [(String) -> Call] = [
    { _ in .send() }, { _ in .send("ask") }, { .send(task: $0) }, { _ in .send(task: done) },
    { _ in .get(done) }, { _ in .get(done, historyLength: 1) }, { _ in .get(done, historyLength: -5) },
    { _ in .get("nope") }, { .cancel($0) }, { _ in .cancel(done) }, { _ in .cancel("nope") },
    { _ in .subscribe(done) }, { _ in .subscribe("nope") }, { _ in .pushList(done) }, { _ in .extendedCard },
    { _ in .send(context: "not valid") }, { .send(task: $0, context: "other") },
  ]
  for call in calls {
    let (first, second) = (try outcome(rpc, call(asking())), try outcome(rest, call(asking())))
    #expect(first.replacing(".parts", with: ".content") == second.replacing(".parts", with: ".content"))
  }
}

@Test(arguments: [(Wire.rpc10, Wire.rest10), (.rpc03, .rest03)])
func rule39_bothBindingsStreamTheSameEvents(_ rpc: Wire, _ rest: Wire) throws {
  let engine = ScriptedEngine { _, _ in [.status(.working, "on it"), .text("ok"), .status(.completed)] }
  let gateway = try TestGateway(TestAgent("agent", engine))
  let streams = try [rpc, rest].map { try gateway.caller().open($0, .stream()).rest().map(\.summary) }
  #expect(streams[0] == streams[1])
  #expect(streams[0].count == 4)
}
