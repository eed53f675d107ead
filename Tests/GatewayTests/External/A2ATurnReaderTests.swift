import A2A
import JSON
import Model
import TestSupport
import Testing

@testable import Gateway

/// Reads events as JSON of one wire and tells what comes out as short lines.
private struct Script {
  let wire: Wire
  var reader: A2ATurnReader

  init(_ wire: Wire, state: A2AContextState = A2AContextState()) {
    self.wire = wire
    reader = A2ATurnReader(state: state, messageID: "own")
  }

  mutating func hear(_ said: A2ASaid...) throws -> [String] {
    var lines: [String] = []
    for said in said {
      let data =
        wire.isREST ? said.json(wire) : #"{"jsonrpc":"2.0","id":"1","result":\#(said.json(wire))}"#
      let item = try ResultDecoder.streamItem(
        Array(data.utf8), version: wire.isV1 ? .v1_0 : .v0_3, binding: wire.isREST ? .rest : .jsonRPC)
      reader.read(item) { lines.append(describe($0)) }
    }
    return lines
  }

  /// What a look-up finds.
  mutating func find(_ said: A2ASaid) throws -> [String] {
    let data = wire.isREST ? said.bare(wire) : #"{"jsonrpc":"2.0","id":"1","result":\#(said.bare(wire))}"#
    let result =
      wire.isREST
      ? try ResultDecoder.rest(
        Array(data.utf8), status: 200, operation: .getTask, version: wire.isV1 ? .v1_0 : .v0_3)
      : try ResultDecoder.jsonRPC(Array(data.utf8), operation: .getTask, version: wire.isV1 ? .v1_0 : .v0_3)
    guard case .task(let task) = result else { throw RawClient.Failure("no task") }
    var lines: [String] = []
    reader.read(task) { lines.append(describe($0)) }
    return lines
  }
}

private func describe(_ event: TurnEvent) -> String {
  func texts(_ parts: [Part]) -> String {
    parts.map { if case .text(let text) = $0.content { text.string } else { "?" } }.joined(separator: "|")
  }
  return switch event {
  case .refused(let error): "refused \(error.kind)"
  case .status(let state, let message, _): "\(state)" + (message.map { ": " + texts($0.parts) } ?? "")
  case .artifact(let artifact, let append, let last, _):
    (append ? "+" : "") + artifact.artifactID + " " + texts(artifact.parts) + (last ? "." : "")
  case .text(let artifactID, let texts): "+\(artifactID) \(JSONString(texts).string)"
  case .awaitingApproval(let message, _): "awaiting" + (message.map { ": " + texts($0.parts) } ?? "")
  case .reply(let message): "reply " + texts(message.parts)
  case .said(let message): "said " + texts(message.parts)
  case .taskMetadata(let name, let value): "\(name) = \(value.text)"
  case .backendState(let state): "remember \(state.text)"
  case .loss(let name): "loss \(name)"
  case .answered: "answered"
  }
}

private let remembered = #"remember {"context":"UC","task":"UT"}"#

struct A2ATurnReaderTests {
  @Test(arguments: Wire.allCases)
  func aStreamIsToldAsItComes(_ wire: Wire) throws {
    var script = Script(wire)
    #expect(try script.hear(.task("submitted")) == [remembered])
    #expect(
      try script.hear(.status("working"), .status("working", "half", messageID: "m1")) == ["working", "working: half"])
    #expect(try script.hear(.artifact("a")) == ["a a"])
    #expect(try script.hear(.artifact("b", append: true, last: true)) == ["+a b."])
    #expect(try script.hear(.status("completed", final: true)) == ["completed"])
    #expect(script.reader.isOver)
    #expect(try script.hear(.artifact("late"), .status("failed")) == [])
  }

  /// 0.3 does not promise a task first.
  @Test(arguments: Wire.allCases)
  func aStreamMayBeginWithAnUpdate(_ wire: Wire) throws {
    var script = Script(wire)
    #expect(try script.hear(.artifact("a", append: true)) == [remembered, "a a"])
    #expect(try script.hear(.artifact("b", append: true)) == ["+a b"])
  }

  @Test(arguments: Wire.allCases)
  func aMessageAloneIsAReply(_ wire: Wire) throws {
    var script = Script(wire)
    #expect(try script.hear(.message("hi")) == ["reply hi"])
    #expect(script.reader.isOver)
    #expect(script.reader.state.contextID == "UC")
  }

  @Test(arguments: Wire.allCases)
  func aMessageBesideATaskIsSaid(_ wire: Wire) throws {
    var script = Script(wire)
    _ = try script.hear(.task("working"))
    #expect(try script.hear(.message("by the way"), .message("by the way")) == ["said by the way"])
    #expect(!script.reader.isOver)
  }

  @Test(arguments: Wire.allCases)
  func eventsOfAnotherTaskArePassedOver(_ wire: Wire) throws {
    var script = Script(wire)
    _ = try script.hear(.task("working"))
    #expect(try script.hear(.status("completed", id: "X"), .artifact("x", task: "X"), .task("failed", id: "X")) == [])
    #expect(script.reader.strayEvents == 3)
  }

  @Test(arguments: Wire.allCases)
  func aQuestionEndsTheTurnAndItsOutputIsKnownToTheNext(_ wire: Wire) throws {
    var script = Script(wire)
    _ = try script.hear(.task("working"), .artifact("draft"))
    let lines = try script.hear(.status("input-required", "Which?"))
    #expect(lines.last == "inputRequired: Which?")
    let state = try #require(A2AContextState(script.reader.state.fragment))
    #expect(state == script.reader.state)
    #expect(state.artifacts.count == 1)
    var next = Script(wire, state: state)
    #expect(try next.hear(.task("working", artifacts: [("a", "draft, done")])) == [remembered, "+a , done", "working"])
  }

  /// Some agents show a continued task first as it stood before the message.
  @Test(arguments: Wire.allCases)
  func theQuestionThatIsBeingAnsweredIsNoNewOne(_ wire: Wire) throws {
    var script = Script(wire, state: A2AContextState(contextID: "UC", taskID: "UT"))
    #expect(try script.hear(.task("input-required", "Which?")) == [remembered])
    #expect(!script.reader.isOver)
    #expect(try script.hear(.status("working"), .task("input-required", "And?")) == ["working", "inputRequired: And?"])
    var silent = Script(wire, state: A2AContextState(contextID: "UC", taskID: "UT"))
    _ = try silent.hear(.task("input-required", "Which?"))
    #expect(try silent.find(.task("input-required", "Which?")) == ["inputRequired: Which?"])
  }

  @Test(arguments: Wire.allCases)
  func anAuthorisationElsewhereDoesNotEndTheTurn(_ wire: Wire) throws {
    var script = Script(wire)
    _ = try script.hear(.task("working"))
    #expect(try script.hear(.status("auth-required", "Log in")) == ["awaiting: Log in"])
    #expect(script.reader.isAwaiting)
    #expect(try script.find(.task("auth-required", "Log in")) == [])
    #expect(script.reader.isAwaiting)
    #expect(try script.hear(.status("working")) == ["working"])
    #expect(!script.reader.isAwaiting)
  }

  // MARK: Look-ups

  @Test(arguments: Wire.allCases)
  func aLookUpTellsOnlyWhatIsNew(_ wire: Wire) throws {
    var script = Script(wire)
    _ = try script.hear(.task("working", "on it"), .artifact("one, "), .artifact("x", id: "b"))
    #expect(try script.find(.task("working", "on it", artifacts: [("a", "one, "), ("b", "x")])) == [])
    #expect(
      try script.find(.task("working", "on it", artifacts: [("a", "one, two"), ("b", "x"), ("c", "new")])) == [
        "+a two", "c new",
      ])
    #expect(
      try script.find(.task("completed", artifacts: [("a", "one, two"), ("b", "other"), ("c", "new")])) == [
        "b other.", "completed",
      ])
  }

  @Test(arguments: Wire.allCases)
  func whatWasSaidSinceTheMessageIsSaidOnce(_ wire: Wire) throws {
    var script = Script(wire)
    let history = [
      ("old", "agent", "before"), ("own", "user", "hello"), ("um1", "agent", "on it"), ("um2", "agent", "more"),
      ("um3", "user", "whoever"),
    ]
    _ = try script.hear(.task("working"), .status("working", "on it"))
    #expect(
      try script.find(.task("completed", artifacts: [("a", "x")], history: history)) == [
        "said more", "a x.", "completed",
      ])
  }

  @Test(arguments: Wire.allCases)
  func metadataOfTheTaskIsToldMemberByMember(_ wire: Wire) throws {
    var script = Script(wire)
    #expect(
      try script.hear(.task("working", metadata: #"{"n":1.0,"o":{"b":1,"a":2}}"#)) == [
        remembered, "n = 1.0", #"o = {"b":1,"a":2}"#, "working",
      ])
    #expect(try script.find(.task("working", metadata: #"{"n":1.0,"o":{"b":1,"a":3}}"#)) == [#"o = {"b":1,"a":3}"#])
  }

  @Test(arguments: Wire.allCases)
  func metadataOfAStatusIsKeptWithTheTaskToo(_ wire: Wire) throws {
    var script = Script(wire)
    _ = try script.hear(.task("working"))
    #expect(
      try script.hear(.status("working", metadata: #"{"usage":{"n":1.0}}"#)) == [#"usage = {"n":1.0}"#, "working"])
    #expect(try script.find(.task("completed", metadata: #"{"usage":{"n":1.0}}"#)) == ["completed"])
  }

  /// The agent is behind a gateway like this one.
  @Test func lossesOfAnotherGatewayAreLossesHere() throws {
    var script = Script(.rpc10)
    let note = #"{"urn:a2a-gateway:translation:v1":{"losses":["tenant","Not A Name","tenant"],"other":true}}"#
    #expect(try script.hear(.task("working", metadata: note)) == [remembered, "loss tenant", "working"])
  }

  @Test(arguments: Wire.allCases)
  func aTaskThatIsOverAtOnceIsToldWhole(_ wire: Wire) throws {
    var script = Script(wire)
    #expect(
      try script.hear(.task("completed", "bye", artifacts: [("a", "x"), ("b", "y")])) == [
        remembered, "a x.", "b y.", "completed: bye",
      ])
  }
}

struct ArtifactDigestTests {
  private func difference(_ told: [Part], _ whole: [Part]) -> ArtifactDigest.Difference {
    var digest = ArtifactDigest()
    digest.add(told)
    return digest.difference(to: whole)
  }

  @Test func textIsOneHoweverItIsCut() {
    #expect(difference([.text("ab"), .text("c")], [.text("a"), .text("bc")]) == .none)
    #expect(difference([.text("ab")], [.text("abc"), .text("d")]) == .more([.text("c"), .text("d")]))
    #expect(difference([.text("ab")], [.text("ab"), .text("d")]) == .more([.text("d")]))
    #expect(difference([.text("ab")], [.text("ax")]) == .other)
    #expect(difference([.text("abc")], [.text("ab")]) == .other)
    #expect(difference([], [.text("ab")]) == .more([.text("ab")]))
    #expect(difference([], []) == .none)
  }

  @Test func charactersAreNotCut() {
    // The beginning of a character cannot be told from the beginning of another one: both are told anew.
    #expect(difference([.text("é")], [.text("éè")]) == .more([.text("è")]))
  }

  @Test func otherPartsAreToldWhole() throws {
    let data = Part(.data(try JSONFragment.parse(Array("[1]".utf8))))
    let named = Part(.text("a"), mediaType: "text/markdown")
    #expect(difference([data], [data, .text("x")]) == .more([.text("x")]))
    #expect(difference([.text("a")], [named]) == .other)
    #expect(difference([named], [named, named]) == .more([named]))
    #expect(difference([.text("a"), data], [.text("a"), data, data]) == .more([data]))
  }

  /// Whatever is told in pieces and then found whole: together it is the whole, once.
  @Test(arguments: 0..<50)
  func aDifferenceCompletesWhatWasTold(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var whole: [Part] = []
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let text = String(
        (0..<Int.random(in: 0...6, using: &random)).map { _ in "aé€😀b".randomElement(using: &random) ?? "a" })
      whole.append(
        Bool.random(using: &random)
          ? .text(text) : Part(.text(JSONString(text)), filename: Bool.random(using: &random) ? "f" : nil))
    }
    let count = Int.random(in: 0...whole.count, using: &random)
    guard case .more(let rest) = difference(Array(whole[..<count]), whole) else {
      #expect(difference(Array(whole[..<count]), whole) == .none, "seed \(seed)")
      return
    }
    #expect(difference(Array(whole[..<count]) + rest, whole) == .none, "seed \(seed)")
  }
}
