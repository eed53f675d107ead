import Configuration
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Cards that change, and servers that fail, after an agent was registered.
@Suite struct RefreshTests {
  private func message(_ stage: ExternalStage, _ key: String = "weather") throws -> String {
    try stage.alice.call("POST", "/v2/agents/\(key)/card/refresh")["message"]?.string ?? ""
  }

  @Test func aNewCardIsServedWhenTheAnswerArrives() throws {
    let stage = try ExternalStage()
    try stage.register()
    stage.server.serve(stage.server.card { $0["name"] = "New Teller" })
    let answer = try stage.alice.call("POST", "/v2/agents/weather/card/refresh", [:])
    #expect(answer["card"]?["name"] == "New Teller")
    for _ in 0..<10 { #expect(try stage.publishedName() == "New Teller") }
    try stage.restart()
    #expect(try stage.publishedName() == "New Teller")
  }

  @Test func aCardThatHasNotChangedIsNotSentAgain() throws {
    let stage = try ExternalStage()
    stage.server.serve(stage.server.card(), tag: "\"one\"")
    try stage.register()
    #expect(try message(stage) == "the card is as it was")
    #expect(stage.server.seen(CardServer.wellKnown).last?.fields["if-none-match"] == "\"one\"")
    stage.server.serve(stage.server.card { $0["name"] = "New Teller" }, tag: "\"two\"")
    #expect(try message(stage) == "the card is a new one")
    // Validators outlive the process.
    try stage.restart()
    #expect(try message(stage) == "the card is as it was")
    #expect(stage.server.seen(CardServer.wellKnown).last?.fields["if-none-match"] == "\"two\"")
  }

  @Test func aFailedRefreshKeepsTheLastCard() throws {
    let stage = try ExternalStage()
    try stage.register()
    stage.server[CardServer.wellKnown] = CardServer.Answer(status: 500, body: [])
    let refusal = try stage.alice.refusal("POST", "/v2/agents/weather/card/refresh")
    #expect(refusal.status == 400)
    #expect(refusal.message.contains("answered 500"))
    #expect(try stage.publishedName() == "Weather Teller")
    #expect(stage.gateway.log.lines.contains { $0.contains("cannot be refreshed") })
    stage.server.serve(stage.server.card { $0["skills"] = nil })
    #expect(try stage.alice.refusal("POST", "/v2/agents/weather/card/refresh").message.contains("skills: Is required"))
    #expect(try stage.publishedName() == "Weather Teller")
  }

  @Test func whatIsNoExternalAgentHasNoCardToRefresh() throws {
    let stage = try ExternalStage()
    #expect(try stage.alice.refusal("POST", "/v2/agents/echo/card/refresh").status == 400)
    #expect(try stage.alice.refusal("POST", "/v2/agents/nobody/card/refresh").status == 404)
    #expect(try stage.alice.refusal("PATCH", "/v2/agents/external/echo", [:]).status == 404)
    #expect(try stage.alice.refusal("GET", "/v2/agents/external/echo").status == 404)
  }

  // MARK: Drift

  struct Drift: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var told: String
    var change: @Sendable (inout JSONObject) -> Void
  }

  static let drifts: [Drift] = [
    Drift(testDescription: "another port", told: "instead of") {
      $0["supportedInterfaces"] = [
        ["url": "http://127.0.0.1:1/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"]
      ]
    },
    Drift(testDescription: "a skill less", told: "the skill later is gone") {
      $0["skills"] = [["id": "now", "name": "Now", "description": "The weather now.", "tags": ["weather"]]]
    },
    Drift(testDescription: "no scheme", told: "the security scheme key is gone") { $0["securitySchemes"] = nil },
    Drift(testDescription: "another scheme", told: "the security scheme key has changed") {
      $0["securitySchemes"] = ["key": ["httpAuthSecurityScheme": ["scheme": "Basic"]]]
    },
  ]

  private func secured(_ card: inout JSONObject) {
    card["securitySchemes"] = ["key": ["httpAuthSecurityScheme": ["scheme": "Bearer"]]]
  }

  @Test(arguments: drifts)
  func aCardThatDriftsIsHeldUntilItIsApproved(drift: Drift) throws {
    let stage = try ExternalStage()
    stage.server.serve(stage.server.card(secured))
    try stage.register()
    stage.server.serve(
      stage.server.card {
        secured(&$0)
        $0["name"] = "Drifted"
        drift.change(&$0)
      })
    #expect(try message(stage).contains(drift.told))
    #expect(try stage.publishedName() == "Weather Teller")
    #expect(stage.gateway.log.lines.contains { $0.contains("an operator must approve") })
    // What is held is kept too, and the card in force stays in force.
    try stage.restart()
    #expect(try stage.publishedName() == "Weather Teller")
    let socket = try AdminCaller(stage)
    #expect(try socket.call("GET", "/agents/weather")["held"]?.array?.count == 1)
    _ = try socket.call("POST", "/agents/weather/approve")
    #expect(try stage.publishedName() == "Drifted")
    #expect(try socket.status("POST", "/agents/weather/approve") == 400)
    try stage.restart()
    #expect(try stage.publishedName() == "Drifted")
  }

  @Test func aCardThatComesBackIsNotHeldAnyMore() throws {
    let stage = try ExternalStage()
    try stage.register()
    stage.server.serve(stage.server.card(RefreshTests.drifts[1].change))
    #expect(try message(stage).contains("held"))
    stage.server.serve(stage.server.card())
    #expect(try message(stage) == "the card is as it was")
    #expect(try AdminCaller(stage).call("GET", "/agents/weather")["held"] == nil)
  }

  @Test func driftIsTakenWhereTheOperatorWantsThat() throws {
    let stage = try ExternalStage { $0.external.drift = .auto }
    try stage.register()
    stage.server.serve(
      stage.server.card {
        RefreshTests.drifts[1].change(&$0)
        $0["name"] = "Drifted"
      })
    #expect(try message(stage) == "the card is a new one")
    #expect(try stage.publishedName() == "Drifted")
  }

  @Test func whatAnOperatorChangesIsNoDrift() throws {
    let stage = try ExternalStage()
    try stage.register()
    let other = try CardServer()
    other.serve(other.card { $0["name"] = "Moved" })
    _ = try stage.alice.call("PATCH", "/v2/agents/weather", ["a2a": ["agent_url": .string(other.url)]])
    #expect(try stage.publishedName() == "Moved")
  }

  // MARK: Time

  private func cardRequests(_ stage: ExternalStage) -> Int { stage.server.seen(CardServer.wellKnown).count }

  @Test func cardsAreFetchedAgainInTime() throws {
    let stage = try ExternalStage(time: ManualTime())
    try stage.register()
    #expect(cardRequests(stage) == 1)
    try stage.gateway.advance(by: .seconds(299))
    #expect(cardRequests(stage) == 1)
    stage.server.serve(stage.server.card { $0["name"] = "New Teller" })
    try stage.gateway.advance(by: .seconds(32))
    try eventually("the new card is served") { try stage.publishedName() == "New Teller" }
    #expect(cardRequests(stage) == 2)
  }

  @Test func aCardMayAskToBeFetchedLessOften() throws {
    let stage = try ExternalStage(time: ManualTime())
    stage.server.serve(stage.server.card(), fields: ["cache-control": "max-age=3600"])
    try stage.register()
    try stage.gateway.advance(by: .seconds(3599))
    #expect(cardRequests(stage) == 1)
    try stage.gateway.advance(by: .seconds(362))
    try eventually("the card is asked for") { cardRequests(stage) == 2 }
  }

  @Test func failuresAreMetWithPatience() {
    var schedule = RefreshSchedule(interval: .seconds(300))
    #expect(schedule.afterFailure(hasCard: true, jitter: 0) == .seconds(300))
    #expect(schedule.afterFailure(hasCard: true, jitter: 0) == .seconds(600))
    for _ in 0..<40 { _ = schedule.afterFailure(hasCard: true, jitter: 0) }
    #expect(schedule.afterFailure(hasCard: true, jitter: 1) == .seconds(3960))
    #expect(schedule.afterSuccess(freshness: nil, jitter: 0) == .seconds(300))
    #expect(schedule.afterFailure(hasCard: false, jitter: 0) == .seconds(1))
    #expect(schedule.afterSuccess(freshness: .seconds(10_000_000), jitter: 0) == .seconds(86_400))
    #expect(schedule.afterSuccess(freshness: .zero, jitter: 1) == .seconds(330))
  }

  // MARK: Card files

  private func file(_ server: CardServer) -> TestAgent {
    TestAgent(
      file: CardFile(
        file: "weather.json", key: "weather", backend: .a2a(ExternalAgentConfiguration(agentURL: server.url))))
  }

  @Test func theCardOfACardFilesAgentIsFetchedAndKept() throws {
    let server = try CardServer()
    server.serve(server.card())
    // What the operator has written down needs no permission.
    let stage = try ExternalStage(agents: [file(server)]) { $0.egress = EgressConfiguration() }
    try eventually("the card is there") { try stage.publishedName() == "Weather Teller" }
    #expect(try stage.alice.call("GET", "/v2/agents/weather")["type"] == "a2a")
    #expect(try stage.alice.refusal("DELETE", "/v2/agents/weather").status == 409)
    try eventually("the card is kept") {
      stage.state.firstRange(of: Array("Weather Teller".utf8)) != nil
    }
    server.stop()
    try stage.restart()
    #expect(try stage.publishedName() == "Weather Teller")
  }

  @Test func anAgentOfACardFileWaitsForItsCard() throws {
    let server = try CardServer()
    let stage = try ExternalStage(agents: [file(server)], time: ManualTime())
    try eventually("it was asked for in vain") {
      try stage.gateway.advance(by: .milliseconds(10))
      return stage.gateway.log.lines.contains { $0.contains("cannot be refreshed") }
    }
    server.serve(server.card())
    try eventually("the card is there") {
      try stage.gateway.advance(by: .seconds(1))
      return try stage.publishedName() == "Weather Teller"
    }
  }
}
