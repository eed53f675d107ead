import JSON
import Network
import TestSupport
import Testing

@testable import Gateway

/// Whether an agent whose card claims streams has any, found out without beginning anything.
@Suite struct StreamingProbeTests {
  private let stage: ExternalStage

  init() throws { stage = try ExternalStage() }

  private func serve(_ binding: String = "JSONRPC", _ version: String = "1.0", streaming: JSONValue = true) {
    let path = binding == "JSONRPC" ? "/a2a" : "/rest"
    stage.server.serve(
      stage.server.card {
        $0["capabilities"] = ["streaming": streaming]
        $0["supportedInterfaces"] = [
          [
            "url": .string(stage.server.url + path), "protocolBinding": .string(binding),
            "protocolVersion": .string(version),
          ]
        ]
      })
  }

  /// What a registration's answer says of the claim.
  private func streaming() throws -> String? {
    let answer = try stage.register()
    let probe = answer["a2a"]?["probes"]?.array?.first
    #expect(probe?["outcome"] == "verified", "\(String(describing: probe))")
    return probe?["streaming"]?.string
  }

  private static func error(_ code: Int, _ text: String = "secret words") -> String {
    #"{"jsonrpc":"2.0","id":"1","error":{"code":\#(code),"message":"\#(text)"}}"#
  }

  private static let unsupportedOverREST = """
    {"error":{"code":400,"status":"FAILED_PRECONDITION","message":"no","details":[{"@type":\
    "type.googleapis.com/google.rpc.ErrorInfo","reason":"UNSUPPORTED_OPERATION","domain":"a2a-protocol.org"}]}}
    """

  @Test func whoClaimsNothingIsNotAsked() throws {
    serve(streaming: false)
    #expect(try streaming() == nil)
    #expect(stage.server.seen("/a2a").map(\.rpcMethod) == ["GetTask"])
  }

  @Test func anUnknownTaskShowsThatSubscriptionsAreTaken() throws {
    serve()
    #expect(try streaming() == "verified")
    #expect(stage.server.seen("/a2a").map(\.rpcMethod) == ["GetTask", "SubscribeToTask"])
  }

  @Test(arguments: [
    (200, "application/json", error(-32004), "refused"),
    (200, "text/event-stream", "data: \(error(-32004))\n\n", "refused"),
    (200, "text/event-stream", "data: \(error(-32001))\n\n", "verified"),
    // Whoever opens a stream has streams, however it ends.
    (200, "text/event-stream", "", "verified"),
    (200, "application/json", error(-32601), "claimed"),
    (200, "application/json", error(-32603), "claimed"),
    (200, "application/json", error(-32602), "claimed"),
    (401, "text/plain", "secret words", "claimed"),
    (500, "text/plain", "secret words", "claimed"),
    (200, "text/html", "<p>secret words</p>", "claimed"),
    (200, "application/json", #"{"jsonrpc":"2.0","id":"1","result":{}}"#, "claimed"),
  ])
  func onlyThePlainWordOfTheProtocolCounts(status: Int, type: String, body: String, outcome: String) throws {
    serve()
    stage.server.answer("SubscribeToTask", body, status: status, type: type)
    #expect(try streaming() == outcome)
    #expect(!(try stage.alice.request("GET", "/v2/agents/external/weather").text.contains("secret words")))
  }

  @Test(arguments: [
    (400, unsupportedOverREST, "refused"), (404, CardServer.noTaskOverREST, "verified"),
    // A path that is not there, and a server that does not know the verb.
    (404, #"{"detail":"Not Found"}"#, "claimed"), (501, "", "claimed"),
    (400, #"{"error":{"code":400,"message":"no"}}"#, "claimed"),
  ])
  func overHTTPAndJSONTheReasonCounts(status: Int, body: String, outcome: String) throws {
    serve("HTTP+JSON")
    stage.server.answer(":subscribe", body, status: status)
    #expect(try streaming() == outcome)
  }

  @Test func theOtherVerbOfASubscriptionIsTriedToo() throws {
    serve("HTTP+JSON")
    stage.server[":subscribe"] = CardServer.Answer(
      status: 400, body: Array(Self.unsupportedOverREST.utf8), method: "GET")
    #expect(try streaming() == "refused")
  }

  /// Subscriptions of 0.3 are not bound to streams: agents that stream refuse them too.
  @Test func aRefusalIn03LeavesTheClaim() throws {
    serve("JSONRPC", "0.3")
    stage.server.answer("tasks/resubscribe", Self.error(-32004))
    #expect(try streaming() == "claimed")
    #expect(stage.server.seen("/a2a").map(\.rpcMethod) == ["tasks/get", "tasks/resubscribe"])
  }

  @Test func anAnswerThatDripsIsNotWaitedFor() throws {
    let stage = try ExternalStage(time: ManualTime())
    stage.server.serve(stage.server.card { $0["capabilities"] = ["streaming": true] })
    stage.server["SubscribeToTask"] = CardServer.Answer(body: [], isSilent: true)
    let client = try stage.gateway.web()
    try client.send(
      "POST", "/v2/agents/a2a", [("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")],
      body: Caller.bytes(stage.registration()))
    try eventually("the agent is asked") { stage.server.seen("/a2a").count == 2 }
    try stage.gateway.advance(by: InterfaceProbe.time)
    let response = try client.response()
    #expect(response.status == 201)
    #expect(response.text.contains("it has not answered a subscription within 10 s"))
  }

  // MARK: What follows from it

  private static let completed = """
    {"jsonrpc":"2.0","id":"1","result":{"task":{"id":"T","contextId":"C","status":{"state":"TASK_STATE_COMPLETED"},\
    "artifacts":[{"artifactId":"a","parts":[{"text":"sunny"}]}]}}}
    """

  private func calls() -> [String] {
    stage.server.seen("/a2a").compactMap(\.rpcMethod).filter { $0.hasPrefix("Send") }
  }

  @Test func whoHasNoStreamsIsNotAskedForThem() throws {
    serve()
    stage.server.answer("SubscribeToTask", Self.error(-32004))
    stage.server.answer("SendMessage", Self.completed)
    stage.server.answer("SendStreamingMessage", Self.error(-32004))
    try stage.register()
    // A caller may have its stream all the same: the gateway makes it of its own record.
    #expect(try stage.gateway.caller("weather").open(.rpc10, .stream("?")).rest().last?.state == "completed")
    #expect(calls() == ["SendMessage"])
    // Not after a restart either.
    try stage.restart()
    #expect(try stage.gateway.caller("weather").call(.rpc10, .send("?")).task.texts == ["sunny"])
    #expect(calls() == ["SendMessage", "SendMessage"])
  }

  @Test func whoHasLearntToStreamIsAskedForStreams() throws {
    serve()
    stage.server.answer("SubscribeToTask", Self.error(-32004))
    stage.server.answer("SendMessage", Self.completed)
    stage.server.answer("SendStreamingMessage", "data: \(Self.completed)\n\n", type: "text/event-stream")
    try stage.register()
    #expect(try stage.gateway.caller("weather").call(.rpc10, .send("?")).task.texts == ["sunny"])
    stage.server["SubscribeToTask"] = nil
    _ = try stage.alice.call("POST", "/v2/agents/weather/card/refresh")
    #expect(try stage.gateway.caller("weather").call(.rpc10, .send("?")).task.texts == ["sunny"])
    #expect(calls() == ["SendMessage", "SendStreamingMessage"])
  }

  @Test func theClaimIsProbedAgainThoughTheCardIsAsItWas() throws {
    stage.server.serve(stage.server.card { $0["capabilities"] = ["streaming": true] }, tag: "\"one\"")
    stage.server.answer("SubscribeToTask", Self.error(-32004))
    #expect(try streaming() == "refused")
    stage.server["SubscribeToTask"] = nil
    #expect(
      try stage.alice.call("POST", "/v2/agents/weather/card/refresh")["message"] == "the card is as it was")
    let agent = try stage.alice.call("GET", "/v2/agents/external/weather")["agent"]
    #expect(agent?["probes"]?.array?.first?["streaming"] == "verified")
  }

  @Test func aTestTellsOfStreams() throws {
    serve()
    try stage.register()
    stage.server.answer("SubscribeToTask", Self.error(-32004))
    let tested = try stage.alice.call("POST", "/v2/agents/external/weather:testConnection")
    #expect(tested["probes"]?.array?.first?["streaming"] == "refused")
    // It changes nothing.
    let agent = try stage.alice.call("GET", "/v2/agents/external/weather")["agent"]
    #expect(agent?["probes"]?.array?.first?["streaming"] == "verified")
  }

  @Test func onlyOperatorsSeeWhatCameOfProbes() throws {
    serve()
    try stage.register()
    let bob = stage.gateway.orq(as: "bob")
    #expect(try bob.call("GET", "/v2/agents/external/weather")["agent"]?["probes"] == nil)
    #expect(try bob.call("GET", "/v2/agents/weather")["a2a"]?["probes"] == nil)
  }

  /// The log of an agent of a2a-sdk 0.3 shows a failure for each subscription to no task.
  @Test func theTimerDoesNotAskAgainForWhatWasShown() throws {
    let stage = try ExternalStage(time: ManualTime())
    stage.server.serve(stage.server.card { $0["capabilities"] = ["streaming": true] })
    try stage.register()
    try stage.gateway.advance(by: .seconds(331))
    try eventually("the agent is probed again") { stage.server.seen("/a2a").count >= 3 }
    try stage.gateway.settle()
    #expect(stage.server.seen("/a2a").map(\.rpcMethod) == ["GetTask", "SubscribeToTask", "GetTask"])
  }
}
