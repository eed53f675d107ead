import Configuration
import JSON
import Model
import TestSupport
import Testing

// What the protocol's own conformance kit asks about media types (A2A 1.0 §3.1.1, §5.4; 0.3 §8.2).

private func part(_ wire: Wire, mediaType: String) -> JSONValue {
  let type = JSONValue.string(mediaType)
  return switch wire {
  case .rpc10, .rest10: ["raw": "dGNr", "mediaType": type]
  case .rpc03: ["kind": "file", "file": ["bytes": "dGNr", "mimeType": type]]
  case .rest03: ["file": ["fileWithBytes": "ZEdOcg==", "mimeType": type]]
  }
}

private func send(_ wire: Wire, mediaType: String, task: String? = nil) -> Call {
  var sending = Sending(taskID: task)
  sending.change = { $0[wire == .rest03 ? "content" : "parts"] = [part(wire, mediaType: mediaType)] }
  return .sending(sending)
}

/// Takes images and plain text, and asks back.
private func asking() -> TestAgent {
  TestAgent("agent", ScriptedEngine { _, _ in [.status(.inputRequired)] }) {
    $0.card.defaultInputModes = ["text/plain", "image/*"]
  }
}

@Test(arguments: Wire.allCases)
func aPartOfATypeThatTheAgentDoesNotTakeIsRefused(_ wire: Wire) throws {
  let gateway = try TestGateway(asking())
  let reply = try gateway.caller().call(wire, send(wire, mediaType: "application/x-unsupported"))
  #expect(reply.error?.code == -32005)
  if wire.isREST { #expect(reply.response.status == (wire.isV1 ? 400 : 415)) }
  // Words that the kit of 0.3 looks for.
  let message = reply.error?.message ?? ""
  for word in ["content", "type", "incompatible", "not", "supported"] { #expect(message.contains(word), "\(word)") }
  #expect(try gateway.caller().call(.rpc10, .list([])).result["totalSize"] == 0)
}

@Test(arguments: Wire.allCases)
func aPartOfATypeThatTheAgentTakesIsServed(_ wire: Wire) throws {
  let gateway = try TestGateway(asking())
  let task = try gateway.caller().call(wire, send(wire, mediaType: "image/png")).task
  #expect(task.state == "input-required")
  let refused = try gateway.caller().call(wire, send(wire, mediaType: "audio/mpeg", task: task.id))
  #expect(refused.error?.code == -32005)
  #expect(try gateway.caller().call(wire, .get(task.id)).task.state == "input-required")
}

@Test(arguments: Wire.allCases)
func whatAnAgentDoesNotOfferIsDeclinedInTheKitsWords(_ wire: Wire) throws {
  let gateway = try TestGateway(TestAgent("agent", ScriptedEngine(streams: false) { _, _ in [.status(.completed)] }))
  let declined: [(Call, [String])] = [
    (.pushCreate("t"), ["push", "notification", "not", "supported"]),
    (.stream(), ["operation", "not", "supported"]),
    (.extendedCard, ["operation", "not", "supported"]),
  ]
  for (call, words) in declined {
    let message = try gateway.caller().call(wire, call).error?.message ?? ""
    for word in words { #expect(message.contains(word), "\(word) in \(message)") }
  }
}

@Test func theBodyOfAnErrorRepeatsItsStatus() throws {
  let forbidding = TestAgent("agent", ScriptedEngine { _, _ in [.status(.completed)] }) {
    $0.access.operations = [.getTask]
  }
  let gateway = try TestGateway(forbidding)
  let caller = gateway.caller()
  let version = [("A2A-Version", "1.0")]
  let forbidden = try caller.call(.rest10, .send())
  #expect(forbidden.json["error"]?["code"] == 403)
  #expect(forbidden.json["error"]?["status"] == "PERMISSION_DENIED")
  let answers: [(WebResponse, Int, JSONValue)] = [
    (try caller.request("GET", "/message:send", version), 405, "UNIMPLEMENTED"),
    (try caller.request("GET", "/no-such-path", version), 404, "NOT_FOUND"),
    (try gateway.web().request("GET", "/agents/none/tasks", version), 404, "NOT_FOUND"),
  ]
  for (response, status, name) in answers {
    let error = try JSONValue.parse(response.body)["error"]
    #expect(response.status == status)
    #expect(error?["code"] == .int(status))
    #expect(error?["status"] == name)
  }
}
