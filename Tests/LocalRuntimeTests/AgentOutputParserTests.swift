import Bytes
import JSON
import Model
import Testing

@testable import LocalRuntime

/// What a parser says about an output that arrives in the given pieces, with the chunks of an artifact joined.
private func events(_ pieces: [[UInt8]], lineBytesMax: Int = 1000, outputBytesMax: Int = 10_000) -> [String] {
  var parser = AgentOutputParser(lineBytesMax: lineBytesMax, outputBytesMax: outputBytesMax)
  var result: [String] = []
  var open: (id: String, text: String)?
  func close() {
    if let done = open { result.append("artifact \(done.id): \(done.text)") }
    open = nil
  }
  func emit(_ event: TurnEvent) {
    if case .artifact(let artifact, let append, let last, _) = event, let part = artifact.parts.first,
      case .text(let text) = part.content
    {
      if !append { close() }
      open = (artifact.artifactID, (open?.text ?? "") + text.string)
      if last { close() }
      return
    }
    close()
    result.append(describe(event))
  }
  do {
    for piece in pieces { try parser.receive(piece, emit) }
    try parser.finish(emit)
    close()
  } catch {
    close()
    result.append("fault: \(error)")
  }
  return result
}

private func describe(_ event: TurnEvent) -> String {
  func text(_ parts: [Part]) -> String {
    parts.map { part in
      let content =
        switch part.content {
        case .text(let text): "text(\(text.string))"
        case .raw(let raw): "raw(\(raw.string))"
        case .url(let url): "url(\(url.string))"
        case .data(let data): "data(\(String(decoding: data.bytes, as: UTF8.self)))"
        }
      return content + (part.mediaType.map { " \($0.string)" } ?? "")
    }.joined(separator: ", ")
  }
  func json(_ fragment: JSONFragment?) -> String {
    fragment.map { " \(String(decoding: $0.bytes, as: UTF8.self))" } ?? ""
  }
  return switch event {
  case .status(let state, let message, let metadata): "\(state): \(text(message?.parts ?? []))\(json(metadata))"
  case .artifact(let artifact, let append, let last, _):
    "artifact \(artifact.artifactID) \(artifact.name?.string ?? "-")\(append ? " append" : "")\(last ? " last" : ""): "
      + text(artifact.parts)
  case .reply(let message): "reply: \(text(message.parts))"
  case .taskMetadata(let name, let value): "metadata \(name):\(json(value))"
  case .text, .refused, .said, .awaitingApproval, .backendState, .loss, .answered: "\(event)"
  }
}

/// The result is the same whole, at every split point and byte by byte.
private func verified(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> [String] {
  let bytes = Array(text.utf8)
  let whole = events([bytes])
  for split in 0...bytes.count {
    let result = events([Array(bytes[..<split]), Array(bytes[split...])])
    #expect(result == whole, "split at \(split)", sourceLocation: sourceLocation)
  }
  #expect(events(bytes.map { [$0] }) == whole, "byte by byte", sourceLocation: sourceLocation)
  return whole
}

@Suite struct AgentOutputParserTests {
  @Test func plainTextIsOneArtifactWithoutTheLastLineEnd() {
    #expect(verified("Hello, world\n") == ["artifact answer: Hello, world"])
    #expect(verified("one\ntwo\r\n\nthree") == ["artifact answer: one\ntwo\r\n\nthree"])
    #expect(verified("é€😀 naïve\n\n") == ["artifact answer: é€😀 naïve"])
  }

  @Test func noOutputIsNoArtifact() {
    #expect(verified("") == [])
    #expect(verified("\n\n") == [])
  }

  @Test func textIsSentAsItComes() throws {
    var parser = AgentOutputParser(lineBytesMax: 1000, outputBytesMax: 1000)
    var seen: [TurnEvent] = []
    try parser.receive(Array("Hel".utf8)) { seen.append($0) }
    try parser.receive(Array("lo\n".utf8)) { seen.append($0) }
    try parser.finish { seen.append($0) }
    #expect(
      seen.map(describe) == [
        "artifact answer answer: text(Hel)", "artifact answer - append: text(lo)",
        "artifact answer - append last: text()",
      ])
  }

  @Test func noChunkHoldsHalfACharacter() throws {
    var parser = AgentOutputParser(lineBytesMax: 1000, outputBytesMax: 1000)
    var seen = ""
    for byte in Array("a😀b".utf8) {
      try parser.receive([byte]) { event in
        guard case .artifact(let artifact, _, _, _) = event, case .text(let text) = artifact.parts[0].content else {
          return
        }
        #expect(!text.string.contains("\u{FFFD}"))
        seen += text.string
      }
    }
    #expect(seen == "a😀b")
  }

  @Test func invalidTextIsReplacedAndDoesNotStop() {
    #expect(events([[0x61, 0xFF, 0xC0, 0x62, 0xE2, 0x82]]) == ["artifact answer: a\u{FFFD}\u{FFFD}b\u{FFFD}"])
  }

  @Test func eventsOfEveryKind() {
    let output = """
      {"type":"status","state":"working","text":"Reading…"}

      {"type":"tool","name":"search","arguments":{"q":"x"}}
      {"type":"artifact","name":"file","parts":[{"raw":"aGk","mediaType":"text/plain"},{"url":"https://e.example/"}]}
      {"type":"artifact","id":"d","data":{"n":1e400},"last":true}
      {"type":"usage","inputTokens":3,"outputTokens":5}
      {"type":"metadata","name":"cost","value":0.10}
      {"type":"status","state":"input-required","parts":[{"text":"Which?"},{"data":[1,2]}],"metadata":{"k":true}}
      {"type":"status","state":"completed"}

      """
    #expect(
      verified(output) == [
        "working: text(Reading…)", #"working:  {"tool":{"name":"search","arguments":{"q":"x"}}}"#,
        "artifact artifact-1 file: raw(aGk=) text/plain, url(https://e.example/)",
        #"artifact d - last: data({"n":1e400})"#,
        #"metadata usage: {"inputTokens":3,"outputTokens":5}"#, "metadata cost: 0.10",
        #"inputRequired: text(Which?), data([1,2]) {"k":true}"#,
      ])
  }

  @Test func chunksWithoutAnIdBelongToTheArtifactBefore() {
    let output = """
      {"type":"artifact","name":"a","text":"1"}
      {"type":"artifact","append":true,"text":"2"}
      {"type":"artifact","append":true,"last":true,"text":"3"}
      {"type":"artifact","text":"4","last":true}
      """
    #expect(verified(output) == ["artifact artifact-1: 123", "artifact artifact-2: 4"])
  }

  @Test(arguments: ["auth-required", "completed", "failed", "canceled", "rejected"])
  func everyFinalStateEndsTheTurn(_ state: String) throws {
    let result = verified("{\"type\":\"status\",\"state\":\"\(state)\",\"text\":\"t\"}\nthis is ignored\n")
    #expect(result.count == 1)
    #expect(result[0].hasSuffix(": text(t)"))
  }

  @Test func aMessageIsAReplyAndMustComeFirst() {
    #expect(verified(#"{"type":"message","text":"Hi"}"#) == ["reply: text(Hi)"])
    let late = verified("{\"type\":\"status\",\"state\":\"working\"}\n{\"type\":\"message\",\"text\":\"Hi\"}\n")
    #expect(late.count == 2)
    #expect(late[1].contains("must be the first event"))
  }

  @Test func jsonThatIsNoEventIsText() {
    #expect(verified("{\"type\":\"invoice\",\"total\":3}\n") == [#"artifact answer: {"type":"invoice","total":3}"#])
    #expect(verified("{\n  \"type\": \"status\"\n}") == ["artifact answer: {\n  \"type\": \"status\"\n}"])
    #expect(verified("[1,2]") == ["artifact answer: [1,2]"])
    #expect(verified("{ not json") == ["artifact answer: { not json"])
  }

  @Test(arguments: [
    ("oops", "it is not JSON"), ("[1]", "it is not a JSON object"), ("{}", "\"type\" is missing"),
    (#"{"type":"surprise"}"#, "unknown type \"surprise\""), (#"{"type":"status"}"#, "needs \"state\""),
    (#"{"type":"status","state":"done"}"#, "unknown state \"done\""),
    (#"{"type":"status","state":"working","text":1}"#, "must be text"),
    (#"{"type":"status","state":"working","metadata":[]}"#, "must be an object"),
    (#"{"type":"artifact"}"#, "an artifact needs"), (#"{"type":"artifact","parts":[]}"#, "an artifact needs"),
    (#"{"type":"artifact","parts":[{}]}"#, "exactly one"),
    (#"{"type":"artifact","parts":[{"text":"a","url":"b"}]}"#, "exactly one"),
    (#"{"type":"artifact","parts":[{"raw":"!"}]}"#, "base64"), (#"{"type":"artifact","text":"a","id":""}"#, "\"id\""),
    (#"{"type":"artifact","text":"a","append":"yes"}"#, "true or false"),
    (#"{"type":"metadata","value":1}"#, "\"name\""),
  ])
  func garbageAmongEventsIsAFaultThatNamesTheLine(_ line: String, _ reason: String) {
    let result = verified("{\"type\":\"status\",\"state\":\"working\"}\n\(line)\n")
    #expect(result.count == 2)
    #expect(result[1].contains("line: 2"))
    #expect(result[1].replacing("\\", with: "").contains(reason))
  }

  @Test func halfAnEventAtTheEndIsAFault() {
    #expect(verified("{\"type\":\"status\",\"state\":\"working\"}\n{\"type\":\"sta")[1].contains("not JSON"))
  }

  @Test func tooMuchOutputIsAFault() {
    let flood = [UInt8](repeating: 0x78, count: 600)
    let result = events([flood, flood], outputBytesMax: 1000)
    #expect(result.last == "fault: outputTooLong")
  }

  @Test func aLineThatDoesNotEndIsAFaultInEventsAndTextBefore() {
    let first = Array("{\"type\":\"status\",\"state\":\"working\"}\n".utf8)
    #expect(
      events([first, [UInt8](repeating: 0x78, count: 200)], lineBytesMax: 100).last == "fault: lineTooLong(line: 2)")
    let open = Array("{\"type\":\"status\"".utf8) + [UInt8](repeating: 0x20, count: 200)
    #expect(events([open], lineBytesMax: 100).last?.hasPrefix("artifact answer: {\"type\"") == true)
  }
}

/// Output that nobody thought of, made from a seed: pieces of the protocol, of text and of neither.
@Suite struct CommandOutputFuzzTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let pieces: [[UInt8]] =
    [
      "{\"type\":\"status\",\"state\":\"working\"}", "{\"type\":\"artifact\",\"text\":\"é\"}",
      "{\"type\":\"artifact\",",
      "\"append\":true}", "{\"type\":\"status\",\"state\":\"completed\"}", "{", "}", "\n", "\r\n", "\n\n\n", " ",
      "text", "é€😀",
      "null", "\"",
    ].map { Array($0.utf8) } + [[0xFF], [0xE2, 0x82], [0xF0, 0x9F], [0x00], [UInt8](repeating: 0x0A, count: 100)]

  @Test(arguments: 0..<300) func theResultDoesNotDependOnThePieces(_ seed: UInt64) {
    var random = Generator(state: seed)
    var output: [UInt8] = []
    for _ in 0..<Int.random(in: 0...12, using: &random) { output += Self.pieces.randomElement(using: &random) ?? [] }
    let whole = events([output])
    var split: [[UInt8]] = []
    var rest = output[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...9, using: &random))
      split.append(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    #expect(events(split) == whole, "seed \(seed)")
    #expect(whole.count { $0.hasPrefix("completed") || $0.hasPrefix("fault") } <= 1)
  }
}

@Suite struct ErrorLinesTests {
  @Test func cutsLinesAndBoundsThem() {
    var lines = ErrorLines()
    var seen: [String] = []
    lines.receive(Array("one\n\ntw".utf8)) { seen.append($0) }
    lines.receive(Array("o\n".utf8) + [UInt8](repeating: 0x78, count: 5000)) { seen.append($0) }
    lines.finish { seen.append($0) }
    #expect(seen == ["one", "two", String(repeating: "x", count: ErrorLines.lineBytesMax)])
  }

  @Test func dropsAndCountsWhatIsTooMuch() {
    var lines = ErrorLines()
    var seen = 0
    for _ in 0..<ErrorLines.linesMax + 7 { lines.receive(Array("x\n".utf8)) { _ in seen += 1 } }
    #expect(seen == ErrorLines.linesMax)
    #expect(lines.droppedLines == 7)
  }
}
