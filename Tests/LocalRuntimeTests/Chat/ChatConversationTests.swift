import HTTP
import JSON
import Model
import TestSupport
import Testing

@testable import LocalRuntime

private func user(_ parts: Part..., task: String = "T0") -> Message {
  Message(messageID: "u", role: .user, parts: parts, contextID: "C", taskID: task)
}

private func agent(_ parts: Part..., task: String = "T0") -> Message {
  Message(messageID: "a", role: .agent, parts: parts, contextID: "C", taskID: task)
}

private func data(_ value: JSONValue) -> Part { Part(.data(JSONFragment(value))) }

private func calls(_ ids: String...) -> Part {
  data(["tool_calls": .array(ids.map { ["tool_call_id": .string($0), "name": "f", "arguments": ["n": 1]] })])
}

private func result(_ id: String, _ result: JSONValue) -> Part {
  data(["tool_call_id": .string(id), "result": result])
}

/// The messages that a model is told, one line each.
private func told(
  _ parts: [Part], history: [Message] = [], continues: Bool = false, state: JSONFragment? = nil
) throws -> [String] {
  let turn = UpstreamStage.turn(
    parts, history: history, continues: continues,
    earlier: state.map { EarlierTurn(state: .inputRequired, backendState: $0) })
  return try ChatConversation(turn).messages.map { message in
    switch message {
    case .user(let content):
      "user: "
        + content.map { piece in
          switch piece {
          case .text(let text): text.string
          case .image(let url): "image(\(url.string))"
          }
        }.joined(separator: " | ")
    case .assistant(let text, let calls):
      "assistant: \(text.string)" + calls.map { " \($0.id)=\($0.name)(\($0.arguments))" }.joined()
    case .tool(let id, let result): "tool \(id): \(result.string)"
    }
  }
}

private func refusal(_ body: () throws -> [String]) -> AgentError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? AgentError
  }
}

struct ChatConversationTests {
  @Test func theNewMessageComesLast() throws {
    let history = [user(.text("one")), agent(.text("two"))]
    #expect(try told([.text("three")], history: history) == ["user: one", "assistant: two", "user: three"])
  }

  @Test func userAndModelTakeTurns() throws {
    let history = [
      user(.text("a")), user(.text("b"), task: "T1"), agent(.text("c"), .text("d"), task: "T1"),
      agent(.text("e"), task: "T1"), agent(task: "T1"), user(.text("f"), task: "T2"),
    ]
    #expect(try told([.text("g")], history: history) == ["user: a | b", "assistant: c\nd\ne", "user: f | g"])
  }

  // MARK: Content

  @Test func imagesAndTextFilesAndDataAreTold() throws {
    let parts: [Part] = [
      .text("look"), Part(.raw("iVBORw=="), mediaType: "image/png"),
      Part(.url("https://x.example/a.jpg"), mediaType: "image/jpeg", filename: "a.jpg"),
      Part(.raw("R3LDvMOfZQ=="), mediaType: "text/markdown; charset=utf-8"), data(["n": 1]),
    ]
    #expect(
      try told(parts) == [
        #"user: look | image(data:image/png;base64,iVBORw==) | image(https://x.example/a.jpg) | Grüße | {"n":1}"#
      ])
    #expect(try ChatConversation(UpstreamStage.turn(parts)).losses == ["data_as_text"])
    #expect(try ChatConversation(UpstreamStage.turn()).losses == [])
  }

  @Test(arguments: [
    Part(.raw("AAAA"), mediaType: "application/pdf"), Part(.raw("AAAA")), Part(.raw("/w=="), mediaType: "text/plain"),
    Part(.url("https://x.example/a.pdf"), mediaType: "application/pdf"), Part(.url("https://x.example/a.png")),
  ])
  func otherFilesAreRefused(_ part: Part) {
    let error = refusal { try told([.text("x"), part]) }
    #expect(error?.kind == .contentTypeNotSupported)
    #expect(error?.fieldViolations.first?.field == "message.parts[1]")
    #expect(error?.message.contains("text, files of text and images") == true)
  }

  @Test(arguments: ["file:///etc/passwd", "data:image/png;base64,AAAA", "http://user:pass@x/", "no"])
  func imagesAreOnTheWebOnly(_ url: String) {
    let error = refusal { try told([Part(.url(JSONString(url)), mediaType: "image/png")]) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.fieldViolations.first?.field == "message.parts[0].url")
  }

  @Test func earlierFilesThatCannotBeToldAreNamed() throws {
    let history = [agent(Part(.raw("AAAA"), mediaType: "application/pdf", filename: "a.pdf"))]
    // What an agent says is text; a user's file could be there only from a time when the agent was another.
    let mine = [user(Part(.raw("AAAA"), mediaType: "application/pdf", filename: "a.pdf"))]
    #expect(try told([.text("x")], history: history) == ["user: x"])
    #expect(try told([.text("x")], history: mine) == ["user: [file: a.pdf] | x"])
  }

  // MARK: Tool calls

  private static let asked = [user(.text("why?"), task: "T"), agent(calls("c1", "c2"), task: "T")]
  private static let output = agent(.text("Let me see."), task: "T")

  @Test func resultsFollowTheirCalls() throws {
    let list = data([
      "tool_results": [
        ["tool_call_id": "c2", "result": ["a": [1, .null]]], ["tool_call_id": "c1", "result": "plain \"text\""],
      ]
    ])
    #expect(
      try told([list, .text("go on")], history: Self.asked + [Self.output], continues: true) == [
        "user: why?", #"assistant: Let me see. c1=f({"n":1}) c2=f({"n":1})"#, "tool c1: plain \"text\"",
        #"tool c2: {"a":[1,null]}"#, "user: go on",
      ])
    #expect(
      try told([result("c1", 1), result("c2", true)], history: Self.asked, continues: true) == [
        "user: why?", #"assistant:  c1=f({"n":1}) c2=f({"n":1})"#, "tool c1: 1", "tool c2: true",
      ])
  }

  @Test func whatTheModelSaidIsRepeatedToTheLetter() throws {
    let state = PendingCalls(
      taskID: "T", calls: [ToolCall(id: "c1", name: "g", arguments: "{ \"n\" : 1.0 }")])
    #expect(
      try told([result("c1", "r")], history: Self.asked, continues: true, state: state.fragment) == [
        "user: why?", "assistant:  c1=g({ \"n\" : 1.0 })", "tool c1: r",
      ])
    // Of another task of the context: what callers saw has to do.
    let other = PendingCalls(taskID: "T9", calls: [ToolCall(id: "c9", name: "g", arguments: "{}")])
    #expect(
      try told([result("c1", "r"), result("c2", "r")], history: Self.asked, continues: true, state: other.fragment)
        .count == 4)
    // And where the history is too long to reach back.
    #expect(
      try told([result("c1", "r")], continues: true, state: state.fragment)
        == ["assistant:  c1=g({ \"n\" : 1.0 })", "tool c1: r"])
  }

  @Test func everyRoundOfATaskIsRepeated() throws {
    let history =
      Self.asked + [
        user(result("c1", "one"), result("c2", "two"), task: "T"), agent(calls("c3"), task: "T"), Self.output,
      ]
    #expect(
      try told([result("c3", "three")], history: history, continues: true) == [
        "user: why?", #"assistant:  c1=f({"n":1}) c2=f({"n":1})"#, "tool c1: one", "tool c2: two",
        #"assistant: Let me see. c3=f({"n":1})"#, "tool c3: three",
      ])
  }

  @Test func answersThatWereRefusedAreForgotten() throws {
    let history = Self.asked + [user(result("c1", "only one"), task: "T")]
    #expect(
      try told([result("c1", "a"), result("c2", "b")], history: history, continues: true) == [
        "user: why?", #"assistant:  c1=f({"n":1}) c2=f({"n":1})"#, "tool c1: a", "tool c2: b",
      ])
  }

  @Test func callsOfEarlierTasksAreToldWhereTheyWereAnswered() throws {
    let answered = [
      user(.text("q")), agent(calls("x")), user(result("x", 1), .text("and?")), agent(.text("done")),
    ]
    #expect(
      try told([.text("next")], history: answered) == [
        "user: q", #"assistant:  x=f({"n":1})"#, "tool x: 1", "user: and?", "assistant: done", "user: next",
      ])
    // The task was canceled while it waited; or its beginning is beyond the bounds of the history.
    #expect(
      try told([.text("next")], history: [user(.text("q")), agent(.text("hm"), calls("x"))])
        == ["user: q", "assistant: hm", "user: next"])
    #expect(
      try told([.text("next")], history: [user(result("x", 1)), agent(.text("done"))])
        == ["assistant: done", "user: next"])
  }

  @Test func missingAndUnknownIdsAreNamed() {
    let error = refusal {
      try told([result("c1", 1), result("c3", 1), result("c1", 2)], history: Self.asked, continues: true)
    }
    #expect(error?.kind == .invalidParams)
    #expect(
      error?.fieldViolations == [
        .init(
          field: "message.parts[1].data.tool_call_id", description: "no tool call \"c3\" is pending"),
        .init(field: "message.parts[2].data.tool_call_id", description: "\"c1\" has a result already"),
        .init(field: "message.parts", description: "the result of the tool call \"c2\" is missing"),
      ])
    let text = refusal { try told([.text("just go on")], history: Self.asked, continues: true) }
    #expect(text?.message.contains("\"c1\" is missing") == true && text?.message.contains("\"c2\" is missing") == true)
  }

  @Test(
    arguments: [
      (["tool_results": []], "message.parts[0].data.tool_results"),
      (["tool_results": 1], "message.parts[0].data.tool_results"),
      (["tool_results": [["result": 1]]], "message.parts[0].data.tool_results[0].tool_call_id"),
      (["tool_results": [["tool_call_id": "c1"]]], "message.parts[0].data.tool_results[0].result"),
      (["tool_call_id": 7, "result": 1], "message.parts[0].data.tool_call_id"),
    ] as [(JSONValue, String)])
  func malformedResultsAreRefused(_ value: JSONValue, _ field: String) {
    let error = refusal { try told([data(value)], history: Self.asked, continues: true) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.fieldViolations.map(\.field) == [field])
  }

  @Test func resultsThatNobodyAskedForAreRefused() {
    let error = refusal { try told([result("c1", 1)]) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.message == "message.parts[0].data.tool_call_id: no tool call is pending")
  }
}

struct ChatRequestTests {
  private func body(_ change: (inout ChatEngine.Server) -> Void = { _ in }, _ parts: [Part] = [.text("hi")]) throws
    -> String
  {
    var server = ChatEngine.Server(url: try #require(URI("http://localhost/v1/chat/completions")), model: "m")
    change(&server)
    let messages = try ChatConversation(UpstreamStage.turn(parts)).messages
    return String(decoding: ChatRequest.body(server, messages), as: UTF8.self)
  }

  @Test func aRequestSaysNoMoreThanNeeded() throws {
    #expect(
      try body()
        == #"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"#
    )
  }

  @Test func everythingHasItsPlace() throws {
    let text = try body(
      {
        $0.system = "Be \"brief\"."
        $0.tools = JSONFragment([["type": "function", "function": ["name": "f"]]])
        $0.parameters = JSONFragment(["temperature": 0, "stop": ["x"]])
      }, [.text("a"), .text("b"), Part(.raw("AAAA"), mediaType: "IMAGE/PNG")])
    #expect(
      text
        == #"{"model":"m","messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],"stream":true,"tools":[{"type":"function","function":{"name":"f"}}],"stream_options":{"include_usage":true},"temperature":0,"stop":["x"]}"#
    )
  }

  @Test func streamOptionsCanBeChangedAndLeftOut() throws {
    #expect(try body { $0.parameters = JSONFragment(["stream_options": .null]) }.contains("stream_options") == false)
    #expect(
      try body { $0.parameters = JSONFragment(["stream_options": ["x": 1]]) }.hasSuffix(#""stream_options":{"x":1}}"#))
  }

  @Test func numbersAndEscapesPassThrough() throws {
    let parameters = try JSONFragment.parse(Array(#"{"seed":12345678901234567890,"t":1.50}"#.utf8))
    let text = try #require(JSONString(validatingEscaped: Array(#"\u00e9\n\ud83d\ude00"#.utf8)))
    let body = try body({ $0.parameters = parameters }, [Part(.text(text))])
    #expect(body.contains(#""seed":12345678901234567890,"t":1.50"#))
    #expect(body.contains(#""content":"\u00e9\n\ud83d\ude00""#))
  }
}
