import Configuration
import Foundation
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// External agents that the Orq workspace is to know too.
@Suite struct OrqRegistrarTests {
  let orq: OrqUpstream
  let time = ManualTime()
  let stage: ExternalStage

  init() throws {
    let orq = try OrqUpstream()
    self.orq = orq
    stage = try ExternalStage(time: time) {
      $0.orq = orq.configuration
      $0.orq?.registersExternal = true
    }
  }

  @Test func theWorkspaceHearsOfAnAgentUnderTheGatewaysAddress() throws {
    try stage.register()
    let request = try orq.next()
    #expect(request.method == "POST")
    #expect(request.target == "/v2/agents/a2a")
    let url = "http://127.0.0.1:\(stage.gateway.port)/agents/weather"
    #expect(
      try request.json == [
        "key": "weather", "display_name": "Weather", "description": "The weather.", "path": "Default",
        "agent_url": .string(url), "card_url": .string(url + "/.well-known/agent-card.json"), "headers": [:],
      ])
    try request.respond(201, "{}")
    // A new card is passed on.
    stage.server.serve(stage.server.card { $0["name"] = "New" })
    _ = try stage.alice.call("POST", "/v2/agents/weather/card/refresh")
    let refresh = try orq.next()
    #expect(refresh.target == "/v2/agents/weather/card/refresh")
    try refresh.respond(200, #"{"message":"done"}"#)
    #expect(try stage.alice.request("DELETE", "/v2/agents/weather").status == 204)
    let removal = try orq.next()
    #expect(removal.method == "DELETE")
    #expect(removal.target == "/v2/agents/weather")
    try removal.connection.send("HTTP/1.1 204 No Content\r\n\r\n")
  }

  @Test func theWorkspaceGetsAKeyToCallBackWith() throws {
    let (folder, key) = (try TemporaryFolder(), try #require(TestGateway.keys["bob"]))
    let file = folder.path + "/key"
    try Data((key + "\n").utf8).write(to: URL(filePath: file))
    let (orq, time) = (try OrqUpstream(), ManualTime())
    let stage = try ExternalStage(time: time) {
      $0.orq = orq.configuration
      $0.orq?.registersExternal = true
      $0.orq?.callbackKey = .file(file)
    }
    try stage.register()
    let request = try orq.next()
    let headers: JSONValue = ["Authorization": ["value": .string("Bearer \(key)"), "encrypted": true]]
    #expect(try request.json["headers"] == headers)
    try request.respond(409, #"{"message":"taken"}"#)
    let update = try orq.next()
    #expect(try update.json["a2a"]?["headers"] == headers)
    try update.respond(200, "{}")
    // What the workspace presents then is a key of the gateway's, and nothing of it is told.
    let card = try #require(try request.json["agent_url"]?.string)
    #expect(card.hasSuffix("/agents/weather"))
    #expect(!stage.gateway.log.lines.contains { $0.contains(key) })
    #expect(!String(decoding: stage.state, as: UTF8.self).contains(key))
  }

  @Test func aKeyThatIsNobodysIsAFaultAtTheStart() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/key"
    func start() throws {
      _ = try ExternalStage {
        $0.orq = orq.configuration
        $0.orq?.registersExternal = true
        $0.orq?.callbackKey = .file(file)
      }
    }
    #expect(throws: StartError.self) { try start() }
    try Data("some-other-key".utf8).write(to: URL(filePath: file))
    do {
      try start()
      Issue.record("it started")
    } catch let error as StartError {
      #expect(error.description.contains("orq.callback_key is no key of this gateway"))
      #expect(!error.description.contains("some-other-key"))
    }
  }

  @Test func withoutAKeyTheOperatorIsWarned() throws {
    let stage = try ExternalStage {
      $0.orq = orq.configuration
      $0.orq?.registersExternal = true
      $0.listeners[0].auth.anonymous = false
    }
    #expect(stage.gateway.log.lines.contains { $0.contains("orq.callback_key") })
  }

  @Test func whatIsThereAlreadyIsUpdated() throws {
    try stage.register()
    try orq.next().respond(409, #"{"message":"taken"}"#)
    let update = try orq.next()
    #expect(update.method == "PATCH")
    #expect(update.target == "/v2/agents/weather")
    #expect(
      try update.json["a2a"]?["agent_url"] == .string("http://127.0.0.1:\(stage.gateway.port)/agents/weather"))
    try update.respond(200, "{}")
  }

  @Test func aWorkspaceThatHasOnlyTheNewerOperationsIsToldByThose() throws {
    try stage.register()
    try orq.next().respond(404, #"{"message":"Not found"}"#)
    let creation = try orq.next()
    #expect(creation.method == "POST")
    #expect(creation.target == "/v2/agents/external")
    #expect(try creation.json["key"] == "weather")
    try creation.respond(409, #"{"message":"taken"}"#)
    let update = try orq.next()
    #expect(update.method == "PATCH")
    #expect(update.target == "/v2/agents/external/weather")
    #expect(try update.json["agent_url"] == .string("http://127.0.0.1:\(stage.gateway.port)/agents/weather"))
    try update.respond(200, "{}")
    stage.server.serve(stage.server.card { $0["name"] = "New" })
    _ = try stage.alice.call("POST", "/v2/agents/weather/card/refresh")
    let refresh = try orq.next()
    #expect(refresh.target == "/v2/agents/external/weather:refreshCard")
    try refresh.respond(200, "{}")
    #expect(try stage.alice.request("DELETE", "/v2/agents/weather").status == 204)
    let removal = try orq.next()
    #expect(removal.method == "DELETE")
    #expect(removal.target == "/v2/agents/external/weather")
    try removal.respond(200, "{}")
  }

  @Test func aFailureKeepsNobodyWaitingAndIsTriedAgain() throws {
    try stage.register()
    try orq.next().respond(503, "{}")
    #expect(try stage.publishedName() == "Weather Teller")
    try eventually("it was told of") {
      stage.gateway.log.lines.contains { $0.contains("Orq cannot be told of an external agent") }
    }
    try stage.gateway.advance(by: .seconds(1))
    let again = try orq.next()
    #expect(again.target == "/v2/agents/a2a")
    try again.respond(201, "{}")
  }

  @Test func theWorkspaceIsToldAnewAtEachStart() throws {
    try stage.register()
    try orq.next().respond(201, "{}")
    try stage.restart()
    #expect(try orq.next().target == "/v2/agents/a2a")
  }
}
