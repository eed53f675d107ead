import Configuration
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

// Agents of an Orq workspace: their cards, and those that are exposed without a card file.

private func manifest(
  _ key: String, id: String? = nil, name: String = "", status: String = "live", kind: String = "internal",
  version: String = "1.0.0"
) -> String {
  """
  {"_id":"\(id ?? "id-" + key)","key":"\(key)","display_name":"\(name)","status":"\(status)","type":"\(kind)","path":"p",
   "role":"Role of \(key)","description":"Does \(key).","instructions":"secret","system_prompt":"secret",
   "model":{"id":"m"},"version":"\(version)","memory_stores":[],"team_of_agents":[],"project_id":"x",
   "settings":{"tools":[{"id":"01JKG6QJ5FGHCWA7RVMMZB82QY","action_type":"current_date","key":"date",
   "display_name":"Date","description":"Says the date."}]}}
  """
}

extension UpstreamRequest {
  fileprivate func respond(page manifests: [String], hasMore: Bool = false) throws {
    try respond(200, #"{"object":"list","data":[\#(manifests.joined(separator: ","))],"has_more":\#(hasMore)}"#)
  }

  fileprivate var line: String { "\(method) \(target)" }
}

extension TestGateway {
  fileprivate func card(_ agent: String = "agent") throws -> JSONValue? {
    let response = try web().request("GET", "/agents/\(agent)/.well-known/agent-card.json")
    guard response.status == 200 else { return nil }
    return try JSONValue.parse(response.body)
  }

  /// The keys of the catalogue.
  fileprivate var catalogue: [String] {
    get throws {
      let json = try JSONValue.parse(web().request("GET", "/agents").body)
      return json["agents"]?.array?.compactMap { $0["key"]?.string } ?? []
    }
  }

  fileprivate func expectCatalogue(_ keys: String...) throws {
    try eventually("the catalogue has \(keys)") { try catalogue == keys }
    // On one loop; after a turn of each, on all.
    try settle()
  }

  fileprivate func expectCard(_ name: JSONValue) throws {
    try eventually("the card of \(name)") { try card()?["name"] == name }
    try settle()
  }
}

private func exposing(
  _ patterns: String..., files: [CardFile] = [], generation: OrqConfiguration.Generation = .v4, time: ManualTime? = nil
) throws -> (OrqUpstream, TestGateway) {
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try TestGateway(agents: files.map { TestAgent(file: $0) }, time: time) {
    $0.orq = upstream.configuration
    $0.orq?.generation = generation
    $0.orq?.expose = patterns.map { Glob($0) }
  }
  return (upstream, gateway)
}

// MARK: Cards

@Test func theCardOfAnAgentComesFromItsManifest() throws {
  let upstream = try OrqUpstream(answersDirectory: false)
  let file = OrqUpstream.card { $0.card.description = "As the file says." }
  let gateway = try upstream.gateway(file)
  let question = try upstream.next()
  #expect(question.line == "GET /v2/agents/helper")
  #expect(question.field("authorization") == "Bearer \(OrqUpstream.key)")
  // Until the answer is there, the agent has a card all the same.
  let placeholder = try gateway.web().request("GET", "/agents/agent/.well-known/agent-card.json")
  #expect(try JSONValue.parse(placeholder.body)["name"] == "helper")
  try question.respond(200, manifest("helper", name: "Notes", version: "2.1.0"))
  try gateway.expectCard("Notes")
  let card = try #require(try gateway.card())
  #expect(card["description"] == "As the file says.")
  #expect(card["version"] == "2.1.0")
  #expect(card["skills"]?.array?.map { $0["name"] } == ["Role of helper", "Date"])
  #expect(card["capabilities"]?["streaming"] == true)
  #expect(!"\(card)".contains("secret"))
  let now = try gateway.web().request("GET", "/agents/agent/.well-known/agent-card.json")
  #expect(now.field("etag") != placeholder.field("etag"))
}

@Test func aRunIsDescribedByItsCardFileAndAsksForNothing() throws {
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway(OrqUpstream.card(.run))
  try gateway.settle()
  #expect(try upstream.isQuiet())
  let card = try #require(try gateway.card())
  #expect(card["description"] == "Helper")
  #expect(!"\(card)".contains("Help."))
}

@Test func cardsAreAskedForAgainAndFollow() throws {
  let time = ManualTime()
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway(time: time)
  try upstream.next().respond(200, manifest("helper", name: "One"))
  try gateway.expectCard("One")
  try gateway.advance(by: .seconds(299))
  #expect(try upstream.isQuiet())
  try gateway.advance(by: .seconds(1))
  try upstream.next().respond(200, manifest("helper", name: "Two"))
  try gateway.expectCard("Two")
}

@Test func anAgentThatIsGoneKeepsItsLastCardAndTheOperatorIsTold() throws {
  let time = ManualTime()
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway(time: time)
  try upstream.next().respond(200, manifest("helper", name: "One"))
  try gateway.expectCard("One")
  for _ in 0..<2 {
    try gateway.advance(by: .seconds(300))
    try upstream.next().respond(404, #"{"message":"secret"}"#)
    try gateway.settle()
  }
  #expect(try gateway.card()?["name"] == "One")
  #expect(gateway.log.lines.filter { $0.contains("Orq has no such agent") }.count == 1)
}

// MARK: A workspace that is away

@Test func aWorkspaceThatIsAwayIsAskedAgainEverLessOften() throws {
  let time = ManualTime()
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway(time: time)
  try upstream.next().connection.reset()
  var delay = Duration.seconds(1)
  for answer in [503, 500, 200] {
    try gateway.settle()
    try gateway.advance(by: delay - .milliseconds(1))
    #expect(try upstream.isQuiet())
    try gateway.advance(by: .milliseconds(1))
    try upstream.next().respond(answer, answer == 200 ? "<p>secret</p>" : "{}")
    delay *= 2
  }
  #expect(try gateway.card()?["name"] == "helper")
  try gateway.settle()
  try gateway.advance(by: delay)
  try upstream.next().respond(200, manifest("helper", name: "Back"))
  try gateway.expectCard("Back")
  #expect(gateway.log.lines.contains { $0.contains("cannot be asked") && $0.contains("warn") })
}

@Test func agentsWorkWhileTheWorkspaceCannotBeAskedForThem() throws {
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway()
  try upstream.next().respond(500, "{}")
  let pending = try gateway.caller().begin(.rpc10, .send())
  try upstream.next().respond()
  #expect(try pending.reply().task.state == "completed")
}

@Test(arguments: [401, 403])
func aKeyThatOrqRefusesIsAnErrorThatSaysWhatToDo(_ status: Int) throws {
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway()
  try upstream.next().respond(status, #"{"message":"secret"}"#)
  try eventually("the operator is told") {
    gateway.log.lines.contains { $0.contains("orq.key points to") && $0.contains("\"level\":\"error\"") }
  }
  #expect(try gateway.card()?["name"] == "helper")
}

// MARK: Exposing

@Test func allLiveAgentsThatMatchAreExposedPageByPage() throws {
  let (upstream, gateway) = try exposing("note*", "x")
  try gateway.expectCatalogue()
  let first = try upstream.next()
  #expect(first.line == "GET /v2/agents?limit=200")
  try first.respond(
    page: [
      manifest("notes", name: "Notes"), manifest("other"), manifest("note-draft", status: "draft"),
      manifest("note-ext", kind: "a2a"), manifest("x", id: "a b/c"),
    ], hasMore: true)
  let second = try upstream.next()
  #expect(second.line == "GET /v2/agents?limit=200&starting_after=a%20b%2Fc")
  #expect(try gateway.catalogue == [])
  try second.respond(
    page: [manifest("note_2"), manifest("note 3"), #"{"_id":"id","key":5}"#, manifest("note.v1")])
  try gateway.expectCatalogue("note.v1", "note_2", "notes", "x")
  #expect(try gateway.card("notes")?["name"] == "Notes")
  #expect(gateway.log.lines.contains { $0.contains("note 3") && $0.contains("cannot be exposed") })
  #expect(gateway.log.lines.contains { $0.contains("cannot be understood are left out") })
  let pending = try gateway.caller("notes").begin(.rpc10, .send())
  let request = try upstream.next()
  #expect(request.target == "/v2/agents/notes/responses")
  try request.respond()
  #expect(try pending.reply().task.state == "completed")
  let stranger = try gateway.web().request("POST", "/agents/other", [("A2A-Version", "1.0")], body: [])
  #expect(stranger.status == 404)
}

@Test func reservedKeysAreNotExposed() throws {
  let (upstream, gateway) = try exposing("*")
  try upstream.next().respond(page: [manifest("run"), manifest("v1"), manifest("notes")])
  try gateway.expectCatalogue("notes")
  #expect(gateway.log.lines.contains { $0.contains("the gateway uses that word") })
}

@Test func cardFilesGoBeforeWhatIsExposed() throws {
  var notes = OrqUpstream.card { $0.card.name = "By the file" }
  notes.key = "notes"
  let (upstream, gateway) = try exposing("*", files: [notes])
  // The file's agent is `helper`; an agent of Orq has its key.
  try upstream.next().respond(page: [manifest("notes", name: "By Orq"), manifest("helper", name: "Helper")])
  try gateway.expectCatalogue("helper", "notes")
  #expect(try gateway.card("notes")?["name"] == "By the file")
  #expect(try gateway.card("notes")?["description"] == "Does helper.")
  #expect(try gateway.card("helper")?["name"] == "Helper")
}

@Test func anAgentOfACardFileThatTheListLeavesOutIsRetrieved() throws {
  let (upstream, gateway) = try exposing("*", files: [OrqUpstream.card()])
  try upstream.next().respond(page: [manifest("notes")])
  let question = try upstream.next()
  #expect(question.line == "GET /v2/agents/helper")
  try question.respond(200, manifest("helper", name: "Helper", status: "draft"))
  try gateway.expectCatalogue("agent", "notes")
  #expect(try gateway.card()?["name"] == "Helper")
}

@Test func anAgentThatCannotBeUnderstoodHidesNoOther() throws {
  for answer in [200, 500] {
    let time = ManualTime()
    let (upstream, gateway) = try exposing("*", files: [OrqUpstream.card()], time: time)
    try upstream.next().respond(page: [manifest("notes")])
    try upstream.next().respond(answer, #"{"key":"helper"}"#)
    try gateway.expectCatalogue("agent", "notes")
    #expect(gateway.log.lines.contains { $0.contains("cannot be asked") && $0.contains("helper") })
    // It is asked for again soon.
    try gateway.advance(by: .seconds(1))
    try upstream.next().respond(page: [manifest("notes")])
    try upstream.next().respond(200, manifest("helper", name: "Helper"))
    try gateway.expectCard("Helper")
  }
}

@Test func agentsComeGoAndChange() throws {
  let time = ManualTime()
  let (upstream, gateway) = try exposing("*", time: time)
  try upstream.next().respond(page: [manifest("one", name: "One"), manifest("two")])
  try gateway.expectCatalogue("one", "two")
  let tag = try gateway.web().request("GET", "/agents/one/card").field("etag")
  // A turn that is under way keeps its agent.
  let pending = try gateway.caller("two").begin(.rpc10, .send())
  let request = try upstream.next()
  try gateway.settle()
  try gateway.advance(by: .seconds(300))
  try upstream.next().respond(page: [manifest("one", name: "One"), manifest("three", name: "Three")])
  try gateway.expectCatalogue("one", "three")
  #expect(try gateway.card("two") == nil)
  #expect(try gateway.web().request("GET", "/agents/one/card").field("etag") == tag)
  try request.respond()
  #expect(try pending.reply().task.state == "completed")
}

@Test func aListThatFailsChangesNothing() throws {
  let time = ManualTime()
  let (upstream, gateway) = try exposing("*", time: time)
  try upstream.next().respond(page: [manifest("one")])
  try gateway.expectCatalogue("one")
  try gateway.advance(by: .seconds(300))
  // The second page fails: the first one alone is no list.
  try upstream.next().respond(page: [manifest("two")], hasMore: true)
  try upstream.next().respond(502, "{}")
  try gateway.settle()
  #expect(try gateway.catalogue == ["one"])
  try gateway.advance(by: .seconds(1))
  // So does one that begins again and again.
  try upstream.next().respond(page: [manifest("two")], hasMore: true)
  try upstream.next().respond(page: [manifest("two")], hasMore: true)
  try gateway.settle()
  #expect(try gateway.catalogue == ["one"])
  try gateway.advance(by: .seconds(2))
  try upstream.next().respond(200, #"{"data":5}"#)
  try gateway.settle()
  #expect(try gateway.catalogue == ["one"])
  try gateway.advance(by: .seconds(4))
  try upstream.next().respond(page: [manifest("two")])
  try gateway.expectCatalogue("two")
}

@Test func agentsOf3AreListedAtItsOwnPathAndPace() throws {
  let (upstream, gateway) = try exposing("*", generation: .v3)
  let question = try upstream.next()
  #expect(question.line == "GET /v2/agents/?limit=50")
  try question.respond(page: [manifest("one")])
  try gateway.expectCatalogue("one")
}

@Test func aChangedCardDoesNotForgetTheTasksThatRun() throws {
  let time = ManualTime()
  let upstream = try OrqUpstream(answersDirectory: false)
  let gateway = try upstream.gateway(time: time) { $0.limits.turns.concurrentTasksMax = 1 }
  try upstream.next().respond(200, manifest("helper", name: "One"))
  try gateway.expectCard("One")
  let pending = try gateway.caller().begin(.rpc10, .send())
  let request = try upstream.next()
  try gateway.settle()
  try gateway.advance(by: .seconds(300))
  try upstream.next().respond(200, manifest("helper", name: "Two"))
  try gateway.expectCard("Two")
  #expect(try gateway.caller().call(.rpc10, .send()).response.status == 429)
  try request.respond()
  #expect(try pending.reply().task.state == "completed")
  let next = try gateway.caller().begin(.rpc10, .send())
  try upstream.next().respond()
  #expect(try next.reply().task.state == "completed")
}
