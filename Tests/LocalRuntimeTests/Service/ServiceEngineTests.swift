import HTTP
import HTTPTransport
import JSON
import Model
import TestSupport
import Testing

@testable import LocalRuntime

/// What a body of that media type says; chunks of text are joined.
private func events(_ pieces: [[UInt8]], _ contentType: String?, eventBytesMax: Int = 1000) -> [String] {
  var bounds = UpstreamBounds()
  bounds.eventBytesMax = eventBytesMax
  bounds.answerBytesMax = 4000
  var answer = ServiceAnswer(bounds)
  var result: [String] = []
  var text = ""
  func emit(_ event: TurnEvent) {
    if case .artifact(let artifact, _, let isLast, _) = event, artifact.artifactID == "answer",
      case .text(let piece)? = artifact.parts.first?.content
    {
      text += piece.string
      if isLast { result.append("said: \(text)") }
    } else {
      result.append(event.text)
    }
  }
  do {
    try answer.begin(contentType: contentType.flatMap(MediaType.init), emit)
    for piece in pieces { try answer.receive(piece, emit) }
    try answer.finish(emit)
  } catch {
    result.append("\(error.kind): \(error.reason)")
  }
  return result
}

private func events(_ body: String, _ contentType: String?) -> [String] { events([Array(body.utf8)], contentType) }

struct ServiceAnswerTests {
  @Test(arguments: ["text/plain", "text/markdown; charset=utf-8", nil]) func textIsTheAnswer(_ contentType: String?) {
    #expect(events("Hello\nWorld\n", contentType) == ["said: Hello\nWorld", "completed"])
    #expect(events("", contentType) == ["completed"])
  }

  private static let lines = """
    {"type":"status","state":"working","text":"Thinking"}
    {"type":"artifact","text":"a","id":"x"}
    {"type":"usage","tokens":3}

    """
  private static let linesEvents = ["working: Thinking", "artifact x: a", #"usage = {"tokens":3}"#, "completed"]

  @Test(arguments: ["application/x-ndjson", "application/jsonl", "text/plain"])
  func linesOfEventsAreUnderstood(_ contentType: String) {
    #expect(events(Self.lines, contentType) == Self.linesEvents)
    #expect(DecoderVerifier { events($0, contentType) }.disagreement(on: Array(Self.lines.utf8)) == nil)
  }

  @Test func aStreamOfEventsIsUnderstood() {
    let stream = ": hello\n\n" + Self.lines.split(separator: "\n").map { "event: x\r\ndata: \($0)\r\n\r\n" }.joined()
    #expect(events(stream, "text/event-stream") == Self.linesEvents)
    #expect(DecoderVerifier { events($0, "text/event-stream") }.disagreement(on: Array(stream.utf8)) == nil)
    // One event over several lines.
    #expect(
      events("data: {\"type\":\ndata: \"artifact\", \"id\": \"x\", \"text\":\"a\"}\n\n", "text/event-stream")
        == ["artifact x: a", "completed"])
  }

  @Test func anObjectIsOneEvent() {
    let body = "{\n  \"type\": \"message\",\n  \"text\": \"Hi\"\n}\n"
    #expect(events(body, "application/json") == ["reply: Hi"])
    #expect(DecoderVerifier { events($0, "application/json") }.disagreement(on: Array(body.utf8)) == nil)
    #expect(events("", "application/json") == ["completed"])
  }

  @Test func nothingCountsBehindTheEnd() {
    let end = #"{"type":"status","state":"input-required","text":"Which?"}"#
    #expect(events("\(end)\ngarbage\n", "application/x-ndjson") == ["inputRequired: Which?"])
    #expect(events("data: \(end)\n\ndata: garbage\n\n", "text/event-stream") == ["inputRequired: Which?"])
  }

  @Test(arguments: [
    ("application/json", #"{"answer":42}"#, "notUnderstood: event 1: \"type\" is missing"),
    ("application/json", "[1]", "notUnderstood: event 1: it is not a JSON object"),
    ("application/json", "<html>", "notUnderstood: event 1: it is not JSON"),
    ("application/x-ndjson", "hello", "notUnderstood: event 1: it is not JSON"),
    ("text/event-stream", "data: hello\n\n", "notUnderstood: event 1: it is not JSON"),
    ("text/plain", "{\"type\":\"usage\"}\nhello\n", "notUnderstood: event 2: it is not JSON"),
  ])
  func whatIsNoEventIsAFault(_ contentType: String, _ body: String, _ fault: String) {
    #expect(events(body, contentType).last?.hasPrefix(fault) == true)
  }

  @Test func everythingIsBounded() {
    let long = Array(repeating: UInt8(ascii: "x"), count: 5000)
    for contentType in ["text/plain", "application/json", "application/x-ndjson", "text/event-stream"] {
      #expect(events([long], contentType).last?.hasPrefix("tooLong: ") == true, "\(contentType)")
    }
    let event = Array("data: {\"type\":\"usage\"}\n\n".utf8)
    #expect(events(Array(repeating: event, count: 400), "text/event-stream").last?.hasPrefix("tooLong: ") == true)
  }
}

extension UpstreamStage {
  fileprivate func service(_ change: (inout ServiceEngine.Service) -> Void = { _ in }) throws -> ServiceEngine {
    var service = ServiceEngine.Service(url: try url("/answer?x=1"))
    change(&service)
    return ServiceEngine(name: "a", service: service, logger: logger)
  }
}

struct ServiceEngineTests {
  @Test func aServiceIsToldWhatAProgramIsTold() throws {
    let stage = try UpstreamStage()
    let earlier = Message(messageID: "m0", role: .agent, parts: [.text("before")])
    _ = stage.start(
      try stage.service {
        $0.fields.add(named: "X-Team", "a")
        $0.settings = JSONFragment(["tone": "calm"])
      }, UpstreamStage.turn([.text("say \"é\"")], history: [earlier]))
    let (server, head, body) = try stage.accept()
    #expect(head.hasPrefix("POST /answer?x=1 HTTP/1.1\r\n"))
    #expect(head.contains("X-Team: a\r\n"))
    #expect(head.contains("Content-Type: application/json\r\n"))
    let root = try JSONDocument.parse(Array(body.utf8)).root
    #expect(root["protocol"]?.int64 == 1)
    #expect(root["taskId"]?.string == "T")
    #expect(root["principal"]?.string == "partner")
    #expect(root["text"]?.string == "say \"é\"")
    #expect(root["history"]?.elements.first?["role"]?.string == "agent")
    #expect(root["settings"]?["tone"]?.string == "calm")
    try server.send(response("Hello", "text/plain"))
    try stage.runToEnd()
    #expect(stage.texts.last == "completed")
  }

  @Test func eventsArePassedOnAsTheyCome() throws {
    let stage = try UpstreamStage()
    let running = stage.start(try stage.service())
    let (server, _, _) = try stage.accept()
    try server.send(stream([#"{"type":"artifact","id":"x","text":"one"}"#]))
    try stage.run("the first event") { stage.events.count == 1 }
    try server.send("data: {\"type\":\"artifact\",\"id\":\"x\",\"append\":true,\"text\":\"two\"}\n\n")
    try stage.run("the second event") { stage.events.count == 2 }
    #expect(stage.texts == ["artifact x: one", "artifact x +: two"])
    running.cancel()
    #expect(try server.isAtEnd())
    #expect(stage.events.count == 2)
  }

  @Test func aServiceMayAnswerWithoutATask() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.service())
    try stage.answer(response(#"{"type":"message","text":"Hi"}"#))
    #expect(stage.texts == ["reply: Hi"])
    #expect(try stage.service().description.mayAnswerWithoutTask)
  }

  @Test(arguments: [
    ("HTTP/1.1 204 No Content\r\n\r\n", "completed"),
    (
      "HTTP/1.1 422 Unprocessable\r\nContent-Length: 14\r\n\r\nupstream words",
      "rejected: The agent refused the message."
    ),
    ("HTTP/1.1 400 Bad\r\nContent-Length: 14\r\n\r\nupstream words", "failed: The agent failed."),
    ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "failed: The agent failed."),
    (response("upstream words"), "failed: The agent's answer could not be understood."),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nupst", "failed: The agent's answer broke off."),
  ])
  func statusesAndFaultsAreMapped(_ response: String, _ outcome: String) throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.service())
    try stage.answer(response)
    #expect(stage.texts.last == outcome)
    #expect(!stage.texts.joined().contains("upstream words"))
  }

  @Test func aCompressedAnswerIsNotTakenForText() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.service())
    try stage.answer(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nzzzz")
    #expect(stage.texts == ["failed: The agent's answer could not be understood."])
    #expect(stage.logText.contains("content coding gzip"))
  }

  @Test func anEndlessRowOfInterimAnswersHasAnEnd() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.service())
    let (server, _, _) = try stage.accept()
    for _ in 0..<20 { try server.send("HTTP/1.1 102 Processing\r\n\r\n") }
    try stage.runToEnd()
    #expect(stage.texts == ["failed: The agent's answer could not be understood."])
  }

  @Test func aServiceThatIsBusyRefuses() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.service())
    try stage.answer("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n")
    #expect(stage.texts == ["refused unavailable after 3: the agent is not available; retry later"])
  }

  @Test func silenceHasAnEnd() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.service())
    let (server, _, _) = try stage.accept()
    stage.advance(by: .seconds(601))
    #expect(stage.texts == ["failed: The agent took too long."])
    #expect(try server.isAtEnd())
  }
}
