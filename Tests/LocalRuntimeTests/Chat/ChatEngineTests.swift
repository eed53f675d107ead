import HTTP
import HTTPTransport
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import LocalRuntime

extension UpstreamStage {
  fileprivate func engine(_ change: (inout UpstreamBounds) -> Void = { _ in }) throws -> ChatEngine {
    var bounds = UpstreamBounds()
    change(&bounds)
    let server = ChatEngine.Server(
      url: try url("/v1/chat/completions"), model: "m", key: "sk-1", system: "Be brief.")
    return ChatEngine(name: "a", server: server, bounds: bounds, logger: logger)
  }
}

private func chunk(_ text: String, _ reason: String = "null") -> String {
  #"{"choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(reason)}]}"#
}

private let answered = [
  "working", "artifact answer: Hello", "artifact answer + last:  there", #"finish_reason = "stop""#, "completed",
]

/// Against a server that is played byte by byte.
struct ChatEngineTests {
  @Test func aMessageIsPostedAndItsAnswerStreamed() throws {
    let stage = try UpstreamStage()
    let running = stage.start(try stage.engine())
    let (server, head, body) = try stage.accept()
    #expect(head.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
    #expect(head.contains("Authorization: Bearer sk-1\r\n"))
    #expect(head.contains("Content-Type: application/json\r\n"))
    #expect(head.contains("Accept-Encoding: identity\r\n"))
    #expect(body.hasPrefix(#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","#))
    try server.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: \(chunk("Hello"))\n\n")
    try stage.run("the first words") { stage.events.count == 2 }
    #expect(stage.texts == Array(answered.prefix(2)))
    try server.send("data: \(chunk(" there", #""stop""#))\n\ndata: [DONE]\n\n")
    try stage.runToEnd()
    #expect(stage.texts == answered)
    // Without effect: the turn has ended.
    running.cancel()
    #expect(stage.log.lines.isEmpty)
  }

  @Test func textIsNotHeldBackForLong() throws {
    let stage = try UpstreamStage()
    let running = stage.start(try stage.engine())
    let (server, _, _) = try stage.accept()
    try server.send(stream([chunk("a"), chunk("b"), chunk("c")]))
    try stage.run("the first words") { stage.events.count == 2 }
    stage.settle()
    #expect(stage.texts == ["working", "artifact answer: a"])
    stage.advance(by: .milliseconds(1))
    #expect(stage.texts.last == "artifact answer +: bc")
    running.cancel()
  }

  @Test func theNextTurnUsesTheSameConnection() throws {
    let stage = try UpstreamStage()
    let engine = try stage.engine()
    _ = stage.start(engine)
    let (server, _, _) = try stage.accept()
    let body = "data: \(chunk("Hi", #""stop""#))\n\ndata: [DONE]\n\n"
    let size = String(body.utf8.count, radix: 16)
    try server.send(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n")
    try stage.runToEnd()
    #expect(HTTPClient.shared(on: stage.loop).idleCount == 0)
    try server.send("0\r\n\r\n")
    try stage.run("the end of the response") { HTTPClient.shared(on: stage.loop).idleCount == 1 }
  }

  @Test func aServerThatDoesNotEndItsResponseIsLeft() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.engine())
    let (server, _, _) = try stage.accept()
    try server.send(stream([chunk("Hi", #""stop""#), "[DONE]"]))
    try stage.runToEnd()
    stage.advance(by: .seconds(3))
    #expect(try server.isAtEnd())
  }

  @Test func whatIsCompleteIsNoFailureForWantOfItsEnd() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.engine())
    let (server, _, _) = try stage.accept()
    try server.send(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "400\r\ndata: \(chunk("Hi", #""stop""#))\n\n")
    try stage.run("the first words") { stage.events.count == 2 }
    server.close()
    try stage.runToEnd()
    #expect(stage.texts.last == "completed")
  }

  // MARK: Failures

  @Test(arguments: [
    ("HTTP/1.1 500 Oops\r\nContent-Length: 14\r\n\r\nupstream words", "failed: The agent failed."),
    (
      "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\nupstream words",
      "failed: The agent failed."
    ),
    ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "failed: The agent failed."),
    ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "failed: The agent failed."),
    ("", "failed: The agent failed."),
    (response("upstream words", "text/html"), "failed: The agent's answer could not be understood."),
    (response("upstream words"), "failed: The agent's answer could not be understood."),
    (response(#"{"error":{"message":"upstream words"}}"#), "failed: The agent failed."),
    ("upstream words\r\n\r\n", "failed: The agent's answer could not be understood."),
    (stream([chunk("x"), "upstream words"]), "failed: The agent's answer could not be understood."),
    (stream([chunk("x")]), "failed: The agent's answer broke off."),
    (stream([]), "failed: The agent's answer broke off."),
    (
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\ndata: \(chunk("x"))\n\n",
      "failed: The agent's answer broke off."
    ),
    (
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n",
      "failed: The agent's answer is too long."
    ),
  ])
  func whateverGoesWrongIsAFailureInGeneralTerms(_ response: String, _ outcome: String) throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.engine())
    try stage.answer(response)
    stage.settle()
    #expect(stage.texts.last == outcome)
    #expect(!stage.texts.joined().contains("upstream words"))
    #expect(stage.log.lines.count == 1)
    #expect(stage.logText.contains(#""agent":"a","task":"T""#))
    // One message is sent once.
    #expect(!stage.listener.hasConnection)
  }

  @Test func theLogSaysWhatTheServerSaid() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.engine())
    try stage.answer(
      response(#"{"error":"no such model"}"#, status: "404 Not Found") + String(repeating: "x", count: 100))
    try stage.run("the log") { !stage.log.lines.isEmpty }
    #expect(stage.logText.contains(#""status":404"#))
    #expect(stage.logText.contains("no such model"))
    #expect(!stage.logText.contains("sk-1"))
  }

  @Test func aServerThatCannotBeReachedIsAFailure() throws {
    let stage = try UpstreamStage()
    let port = try RawListener().port
    let server = ChatEngine.Server(url: try #require(URI("http://127.0.0.1:\(port)/v1/chat/completions")), model: "m")
    _ = stage.start(ChatEngine(name: "a", server: server, logger: stage.logger))
    try stage.runToEnd()
    #expect(stage.texts == ["failed: The agent could not be reached."])
    #expect(stage.logText.contains("Connection refused"))
  }

  @Test(arguments: [
    ("429 Too Many Requests", "Retry-After: 7\r\n", "refused tooManyRequests after 7: "),
    ("429 Too Many Requests", "", "refused tooManyRequests after 10: "),
    ("503 Service Unavailable", "Retry-After: 120\r\n", "refused unavailable after 120: "),
  ])
  func aServerThatIsBusyRefuses(_ status: String, _ field: String, _ expected: String) throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.engine())
    try stage.answer("HTTP/1.1 \(status)\r\n\(field)Content-Length: 14\r\n\r\nupstream words")
    #expect(stage.events.count == 1)
    #expect(stage.texts.first?.hasPrefix(expected) == true)
    #expect(stage.texts.first?.contains("upstream words") == false)
  }

  @Test func eachWaitHasAnEnd() throws {
    for said in ["", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: \(chunk("x"))\n\n"] {
      let stage = try UpstreamStage()
      _ = stage.start(try stage.engine { $0.silence = .seconds(30) })
      let (server, _, _) = try stage.accept()
      try server.send(said)
      stage.settle()
      stage.advance(by: .seconds(29))
      #expect(!stage.isOver)
      stage.advance(by: .seconds(2))
      #expect(stage.texts.last == "failed: The agent took too long.")
    }
  }

  @Test func theAnswerIsBounded() throws {
    let stage = try UpstreamStage()
    _ = stage.start(try stage.engine { $0.answerBytesMax = 300 })
    try stage.answer(stream((0..<10).map { _ in chunk("x") }))
    #expect(stage.texts.last == "failed: The agent's answer is too long.")
  }

  @Test func cancelDropsTheExchange() throws {
    let stage = try UpstreamStage()
    let running = stage.start(try stage.engine())
    let (server, _, _) = try stage.accept()
    try server.send(stream([chunk("a"), chunk("b")]))
    try stage.run("the first words") { stage.events.count == 2 }
    running.cancel()
    #expect(try server.isAtEnd())
    stage.advance(by: .seconds(1))
    #expect(stage.events.count == 2)
  }

  @Test func cancelBeforeTheConnectionStandsSendsNothing() throws {
    let stage = try UpstreamStage()
    stage.start(try stage.engine()).cancel()
    stage.settle()
    #expect(!stage.listener.hasConnection)
    #expect(stage.events.isEmpty)
  }

  // MARK: Tool calls

  @Test func aQuestionAndItsAnswer() throws {
    let stage = try UpstreamStage()
    let engine = try stage.engine()
    _ = stage.start(engine)
    try stage.answer(
      stream([
        #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{ }"}}]},"finish_reason":"tool_calls"}]}"#,
        "[DONE]",
      ]))
    guard case .status(.inputRequired, let question, _)? = stage.events.last,
      case .backendState(let state)? = stage.events.dropLast().last
    else {
      Issue.record("no question: \(stage.texts)")
      return
    }
    let second = try UpstreamStage()
    let turn = UpstreamStage.turn(
      [Part(.data(JSONFragment(["tool_call_id": "c1", "result": ["sum": 3]])))],
      history: [
        Message(messageID: "m", role: .user, parts: [.text("hello")], taskID: "T"),
        Message(messageID: "q", role: .agent, parts: question?.parts ?? [], taskID: "T"),
      ], continues: true, earlier: EarlierTurn(state: .inputRequired, backendState: state))
    _ = second.start(try second.engine(), turn)
    let (server, _, body) = try second.accept()
    #expect(
      body.contains(
        #"{"role":"user","content":"hello"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{ }"}}]},{"role":"tool","tool_call_id":"c1","content":"{\"sum\":3}"}]"#
      ))
    try server.send(stream([chunk("3", #""stop""#), "[DONE]"]))
    try second.runToEnd()
    #expect(second.texts.last == "completed")
  }

  @Test func aMessageThatTheModelCannotBeGivenIsRefusedAtOnce() throws {
    let stage = try UpstreamStage()
    _ = stage.start(
      try stage.engine(), UpstreamStage.turn([Part(.raw("AAAA"), mediaType: "application/pdf")]))
    #expect(stage.texts.first?.hasPrefix("refused contentTypeNotSupported: message.parts[0]") == true)
    #expect(stage.events.count == 1)
  }
}
