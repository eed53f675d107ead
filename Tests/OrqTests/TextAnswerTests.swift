import JSON
import TestSupport
import Testing

@testable import Orq

/// The short way to read a whole answer says what the long way says, or nothing.
struct TextAnswerTests {
  private static let form =
    #"{"_id":"r","task_id":"01T","output":[{"messageId":"m","role":"agent","parts":[{"kind":"text","text":"SAID"}]}],"#
    + #""created_at":"t","model":"p/m","finish_reason":"stop","usage":{"total_tokens":3}}"#

  private func answer(_ body: [UInt8]) -> OrqTextAnswer? { OrqTextAnswer(body.span) }

  private func answer(_ json: String) -> OrqTextAnswer? { answer(Array(json.utf8)) }

  private func said(_ answer: OrqTextAnswer, in body: [UInt8]) -> JSONString { JSONString(answer.text, in: body.span) }

  private func expectSame(_ answer: OrqTextAnswer, as body: [UInt8], _ place: Comment) {
    guard let outcome = try? OrqOutcome.decode(body) else {
      Issue.record("read only the short way: \(text(body)) (\(place))")
      return
    }
    #expect(Array(outcome.taskID.utf8) == Array(body[answer.taskID]), place)
    let text = said(answer, in: body)
    #expect(outcome.parts == [.text(text)], place)
    if case .text(let long)? = outcome.parts.first?.content { #expect(long.escaped == text.escaped, place) }
    #expect(outcome.finishReason == answer.finishReason, place)
    #expect(outcome.usage == answer.usage, place)
    #expect(outcome.status == nil && outcome.pendingToolCalls.isEmpty, place)
  }

  @Test func anAnswerIsReadAsItIsWritten() throws {
    let json = Array(TextAnswerTests.form.utf8)
    let read = try #require(answer(json))
    #expect(Array(json[read.taskID]) == Array("01T".utf8))
    #expect(said(read, in: json) == "SAID")
    #expect(read.finishReason == .stop)
    #expect(read.usage?.totalTokens == 3)
  }

  @Test(arguments: ["", "plain", #"\"\\\/\b\f\n\r\t"#, #"\u00e9\ud83d\ude00"#, "é😀", #"a\u0000b"#])
  func textKeepsItsEscapes(content: String) throws {
    let json = TextAnswerTests.form.replacing("SAID", with: content)
    let read = try #require(answer(json))
    #expect(text(said(read, in: Array(json.utf8)).escaped) == content)
    expectSame(read, as: Array(json.utf8), "")
  }

  /// What may be otherwise without being unusual.
  @Test(arguments: [
    (#"{"_id":"r","task_id":"01T","#, #"{"task_id":"01T","_id":"r","#), (#":"stop","#, #": "stop" , "#),
    (#""stop""#, #""length""#), (#""stop""#, #""new""#), (#","usage":{"total_tokens":3}"#, ""),
    (#"{"total_tokens":3}"#, "{}"), (#"{"total_tokens":3}"#, #"{ "a" : {"b":[1, {"a":2}]}, "c":null}"#),
    (#"{"total_tokens":3}"#, #"{"b": 1,"a":{"b":-2.5e3 , "c":0},"d":{"e":{"f":{"g":1}}}}"#),
    (#"{"total_tokens":3}"#, #"{"aa":1,"aba":2,"\u0061":3}"#),
    (#""model""#, #""telemetry":{"span_id":"s","trace_id":"t"},"model""#), (#""messageId":"m","#, ""),
    (#""role""#, #""metadata":{"orq_index":1},"role""#),
    (#"{"kind":"text","text":"SAID"}"#, #"{"text":"SAID","kind":"text"}"#), (#""agent""#, #" "agent""#),
    ("3}}", "3}}  "), (#"{"_id""#, #"  { "_id""#),
  ])
  func whatIsUsualIsRead(piece: String, other: String) throws {
    let json = TextAnswerTests.form.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextAnswerTests.form)
    expectSame(try #require(answer(json), "\(json)"), as: Array(json.utf8), "\(json)")
  }

  /// What is not in the usual form is not guessed at.
  @Test(arguments: [
    ("01T", ""), ("01T", #"0\u0031"#), (#""01T""#, "1"), (#""task_id":"01T","#, ""), (#""_id":"r","#, ""),
    (#""_id":"r","#, #""_id":"r","_id":"r","#), (#""task_id""#, #""task_i\u0064""#), (#""task_id""#, #""taskId""#),
    (#""agent""#, #""user""#), (#""role":"agent","#, ""), (#""role":"agent","#, #""role":"agent","role":"agent","#),
    (#"{"kind""#, #"{"metadata":{},"kind""#), (#""text","#, #""reasoning","#), (#"SAID"}"#, #"SAID"},{"kind":"data"}"#),
    (#"SAID"}]}"#, #"SAID"}]},{}"#), (#""SAID""#, "null"), ("SAID", "\u{1}"), ("SAID", #"\x"#), ("SAID", #"\ud800"#),
    ("SAID", #"""#), (#""messageId":"m""#, #""messageId":null"#), (#""model":"p/m","#, ""), (#""t""#, "null"),
    (#""finish_reason":"stop","#, ""), (#""stop""#, "null"), (#""stop""#, #""st\u006fp""#),
    (#"{"total_tokens":3}"#, "null"), (#"{"total_tokens":3}"#, "[]"), (#"{"total_tokens":3}"#, #"{"a":1,"a":2}"#),
    (#"{"total_tokens":3}"#, #"{"b":{"a":1,"a":2}}"#), (#"{"total_tokens":3}"#, #"{"a":1,"b":01}"#),
    (#"{"total_tokens":3}"#, #"{"a":1,}"#), (#"{"total_tokens":3}"#, #"{"a":1 "b":2}"#),
    (#"{"total_tokens":3}"#, "{\n}"), (#"{"total_tokens":3}"#, #"{"a":01}"#), ("3}}", "3}"), ("3}}", "3}},"),
    (#""model""#, #""status":"completed","model""#), (#""model""#, #""pending_tool_calls":[],"model""#),
    (#""model""#, #""telemetry":{"span_id":"s"},"model""#), (#""model""#, "\n\"model\""), (#""p/m","#, #""p/m",,"#),
    (#""model":"#, #""model" :"#), (#"{"_id""#, "\u{FEFF}{\"_id\""),
  ])
  func otherFormsAreLeft(piece: String, other: String) {
    let json = TextAnswerTests.form.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextAnswerTests.form)
    #expect(answer(json) == nil, "\(json)")
  }

  @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func textThatIsNoUTF8IsLeft(bytes: [UInt8]) {
    let pieces = TextAnswerTests.form.split(separator: "SAID").map { Array($0.utf8) }
    #expect(answer(pieces[0] + bytes + pieces[1]) == nil)
  }

  /// As deep as the long way goes, and no deeper.
  @Test func depthIsBoundedAlike() throws {
    func nested(_ depth: Int) -> String {
      let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      return TextAnswerTests.form.replacing(#"{"total_tokens":3}"#, with: #"{"a":\#(value)}"#)
    }
    let most = JSONLimits.default.depthMax - 2
    expectSame(try #require(answer(nested(most))), as: Array(nested(most).utf8), "")
    #expect(answer(nested(most + 1)) == nil)
    #expect(throws: OrqFault.self) { try OrqOutcome.decode(Array(nested(most + 1).utf8)) }
  }

  @Test(arguments: Seeds.take(8))
  func bothWaysAgree(seed: UInt64) {
    var values = RandomValues(seed: seed)
    let favourites = Array(#"{}[]",:\0-.e nk"#.utf8)
    var short = 0
    for round in 0..<400 {
      let place: Comment = "seed \(seed), round \(round)"
      var response = values.response()
      response.status = nil
      response.error = nil
      response.pendingToolCalls = []
      response.finishReason = .stop
      response.taskID = "01T\(round)"
      response.output = [OrqMessage(messageID: "m", role: .agent, parts: [.text(values.text())])]
      let body = response.encoded()
      if let answer = answer(body) {
        short += 1
        expectSame(answer, as: body, place)
      }
      let broken = body.mutated(using: &values.random, favouring: favourites)
      if let answer = answer(broken) { expectSame(answer, as: broken, place) }
    }
    #expect(short == 400)
  }

  private static let names = [
    "_id", "task_id", "taskId", "output", "messageId", "role", "parts", "kind", "text", "created_at", "model",
    "finish_reason", "usage", "telemetry", "trace_id", "span_id", "metadata", "status", "error", "pending_tool_calls",
    "", #"task_i\u0064"#,
  ]

  @Test(arguments: Seeds.take(8))
  func bothWaysAgreeOnChangedMembers(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let tokens = JSONTokens(TextAnswerTests.form, names: TextAnswerTests.names)
    var read = 0
    for round in 0..<1000 {
      let body = tokens.mutated(using: &random).bytes
      guard let short = answer(body) else { continue }
      expectSame(short, as: body, "seed \(seed), round \(round)")
      read += 1
    }
    #expect(read > 200)
  }
}
