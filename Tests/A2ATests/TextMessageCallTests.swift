import JSON
import Model
import TestSupport
import Testing

@testable import A2A

/// The short way to read a message's call says what the long way says, or nothing.
struct TextMessageCallTests {
  private static let v1 =
    #"{"jsonrpc":"2.0","id":"ID","method":"SendMessage","params":{"message":"#
    + #"{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"SAID"}]}}}"#

  private static let v03 =
    #"{"id":7,"jsonrpc":"2.0","method":"message/stream","params":{"configuration":{"acceptedOutputModes":["text/plain"],"#
    + #""blocking":true},"message":{"contextId":"c1","kind":"message","messageId":"m1","#
    + #""parts":[{"kind":"text","text":"SAID"}],"role":"user","taskId":"t1"}}}"#

  private func short(_ body: [UInt8]) -> TextMessageCall? { TextMessageCall(body.span) }

  private func short(_ json: String) -> TextMessageCall? { short(Array(json.utf8)) }

  private func long(_ body: [UInt8], _ version: ProtocolVersion) throws -> (id: JSONFragment, call: AgentCall) {
    let request = try JSONRPCRequestReader.read(body)
    return (request.id, try CallDecoder.decode(method: request.method, params: request.params, version: version))
  }

  private func expectSame(_ read: TextMessageCall, as body: [UInt8], _ place: Comment) {
    guard let long = try? long(body, read.version) else {
      Issue.record("read only the short way: \(String(decoding: body, as: UTF8.self)) (\(place))")
      return
    }
    #expect(long.id == read.id, place)
    #expect(long.call == read.call, place)
    guard let text = text(read.call), let other = self.text(long.call) else { return }
    #expect(text.escaped == other.escaped, place)
  }

  private func text(_ call: AgentCall) -> JSONString? {
    switch call {
    case .sendMessage(let request), .sendStreamingMessage(let request): request.message.parts.first?.plainText
    default: nil
    }
  }

  @Test func aMessageIsReadAsItIsWritten() throws {
    let read = try #require(short(TextMessageCallTests.v1))
    #expect(read.version == .v1_0 && read.id == JSONFragment(.string("ID")))
    #expect(
      read.call == .sendMessage(SendRequest(message: Message(messageID: "m1", role: .user, parts: [.text("SAID")]))))
    let other = try #require(short(TextMessageCallTests.v03))
    #expect(other.version == .v0_3 && other.id.bytes == Array("7".utf8))
    let message = Message(messageID: "m1", role: .user, parts: [.text("SAID")], contextID: "c1", taskID: "t1")
    #expect(other.call == .sendStreamingMessage(SendRequest(message: message, acceptedOutputModes: ["text/plain"])))
  }

  /// What may be otherwise without being unusual.
  @Test(arguments: [
    ("SAID", ""), ("SAID", #"\"\\\/\b\f\n\r\t"#), ("SAID", #"\u00e9\ud83d\ude00"#), ("SAID", "é😀"), ("m1", #"\u0061"#),
    (#""ID""#, "-1.5e3"), (#""ID""#, #""""#), ("SendMessage", "SendStreamingMessage"),
    (#"{"jsonrpc":"2.0","id":"ID","#, #" { "id": "ID" , "jsonrpc": "2.0","#),
    (#"[{"text":"SAID"}]"#, #" [ {"text":"SAID"} ] "#),
    (#""params":{"#, #""params":{"configuration":{"returnImmediately":true,"acceptedOutputModes":[]},"#),
    (#""params":{"#, #""params":{"configuration":{"acceptedOutputModes":["a", "\u0062"],"returnImmediately": false},"#),
    (#""role""#, #""contextId":"c","taskId":"t","role""#), ("}}}", "}}}  "),
  ])
  func whatIsUsualIsRead(piece: String, other: String) throws {
    let json = TextMessageCallTests.v1.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextMessageCallTests.v1)
    expectSame(try #require(short(json), "\(json)"), as: Array(json.utf8), "\(json)")
  }

  @Test(arguments: [
    (#""blocking":true"#, #""blocking":false"#), ("message/stream", "message/send"), (#","taskId":"t1""#, ""),
    (#""kind":"message","#, ""), (#","blocking":true"#, ""),
    (#""kind":"text","text":"SAID""#, #""text":"SAID","kind":"text""#),
  ])
  func whatIsUsualIn03IsRead(piece: String, other: String) throws {
    let json = TextMessageCallTests.v03.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextMessageCallTests.v03)
    expectSame(try #require(short(json), "\(json)"), as: Array(json.utf8), "\(json)")
  }

  /// What is not in the usual form is not guessed at.
  @Test(arguments: [
    (#""2.0""#, #""1.0""#), (#""2.0""#, "2.0"), (#""jsonrpc":"2.0","#, ""), (#""id":"ID","#, ""), (#""ID""#, "null"),
    (#""ID""#, "{}"), (#""ID""#, "01"), (#""ID""#, "1x"), (#""ID""#, "true"), (#""ID""#, #""\x""#),
    (#""id":"ID","#, #""id":"ID","id":"ID","#), ("SendMessage", "GetTask"), ("SendMessage", "message/send"),
    (#""messageId":"m1","#, ""), (#""m1""#, #""""#), (#""m1""#, "null"), (#""messageId""#, #""message_id""#),
    (#""messageId":"m1","#, #""messageId":"m1","messageId":"m1","#), ("ROLE_USER", "ROLE_AGENT"), ("ROLE_USER", "user"),
    (#""role":"ROLE_USER","#, ""), (#"{"text":"SAID"}"#, ""), (#"{"text":"SAID"}"#, "{}"), (#""SAID""#, "null"),
    (#"{"text":"SAID"}"#, #"{"text":"SAID"},{"text":"b"}"#), (#"{"text":"SAID"}"#, #"{"text":"SAID","text":"b"}"#),
    (#"{"text":"SAID"}"#, #"{"text":"SAID","kind":"text"}"#), (#""role""#, #""kind":"message","role""#),
    (#""role""#, #""metadata":{},"role""#), (#""role""#, #""contextId":"a b","role""#),
    (#""role""#, #""taskId":"","role""#),
    (#""params":{"#, #""params":{"tenant":"t","#), (#""params":{"#, #""params":{"metadata":{},"#),
    (#""params":{"#, #""params":{"configuration":{"blocking":true},"#),
    (#""params":{"#, #""params":{"configuration":{},"#),
    (#""params":{"#, #""params":{"configuration":{"historyLength":1},"#),
    (#""params":{"#, #""params":{"configuration":{"returnImmediately":1},"#),
    (#""params":{"#, #""params":{"configuration":{"acceptedOutputModes":[1]},"#),
    (#""params":{"#, #""params":null,"x":{"#),
    ("SAID", "\u{1}"), ("SAID", #"\x"#), ("SAID", #"\ud800"#), ("SAID", #"""#), ("}}}", "}}"), ("}}}", "}}},"),
    ("}}}", "}}}\n"),
    (#"{"jsonrpc""#, "\u{FEFF}{\"jsonrpc\""), (#"{"jsonrpc""#, #"[{"jsonrpc""#),
  ])
  func otherFormsAreLeft(piece: String, other: String) {
    let json = TextMessageCallTests.v1.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextMessageCallTests.v1)
    #expect(short(json) == nil, "\(json)")
  }

  @Test(arguments: [
    (#""kind":"text","#, ""), (#""user""#, #""ROLE_USER""#), (#""blocking""#, #""returnImmediately""#),
    (#""kind":"message""#, #""kind":"task""#), ("message/stream", "tasks/get"), ("message/stream", "SendMessage"),
  ])
  func otherFormsOf03AreLeft(piece: String, other: String) {
    let json = TextMessageCallTests.v03.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextMessageCallTests.v03)
    #expect(short(json) == nil, "\(json)")
  }

  @Test func boundsAreThoseOfTheLongWay() throws {
    func json(_ id: Int, _ messageID: Int, _ contextID: Int, _ mode: Int) -> String {
      TextMessageCallTests.v1.replacing("ID", with: String(repeating: "i", count: id), maxReplacements: 1)
        .replacing("m1", with: String(repeating: "m", count: messageID))
        .replacing(#""role""#, with: #""contextId":"\#(String(repeating: "c", count: contextID))","role""#)
        .replacing(
          #""params":{"#,
          with: #""params":{"configuration":{"acceptedOutputModes":["\#(String(repeating: "o", count: mode))"]},"#)
    }
    let most = json(1022, 256, 128, 256)
    expectSame(try #require(short(most)), as: Array(most.utf8), "")
    for over in [json(1023, 1, 1, 1), json(1, 257, 1, 1), json(1, 1, 129, 1), json(1, 1, 1, 257)] {
      #expect(short(over) == nil)
      #expect(throws: (any Error).self) { try long(Array(over.utf8), .v1_0) }
    }
    let body = Array(TextMessageCallTests.v1.utf8)
    for limits in [
      JSONLimits(bytesMax: body.count - 1), JSONLimits(depthMax: 4), JSONLimits(nodesMax: 4),
    ] { #expect(TextMessageCall(body.span, limits: limits) == nil) }
    #expect(TextMessageCall(body.span, limits: JSONLimits(bytesMax: body.count, depthMax: 5)) != nil)
  }

  @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func textThatIsNoUTF8IsLeft(bytes: [UInt8]) {
    let pieces = TextMessageCallTests.v1.split(separator: "SAID").map { Array($0.utf8) }
    #expect(short(pieces[0] + bytes + pieces[1]) == nil)
  }

  @Test(arguments: Seeds.take(8), [v1, v03])
  func bothWaysAgree(seed: UInt64, form: String) {
    var random = SeededGenerator(seed: seed)
    let favourites = Array(#"{}[]",:\0-.e nkmu"#.utf8)
    for round in 0..<1000 {
      let broken = Array(form.utf8).mutated(using: &random, favouring: favourites)
      if let read = short(broken) { expectSame(read, as: broken, "seed \(seed), round \(round)") }
    }
  }

  private static let names = [
    "jsonrpc", "id", "method", "params", "message", "configuration", "messageId", "message_id", "role", "parts", "text",
    "kind", "contextId", "context_id", "taskId", "task_id", "acceptedOutputModes", "blocking", "returnImmediately",
    "historyLength", "metadata", "extensions", "tenant", "referenceTaskIds", "data", "url", "filename", "",
    #"i\u0064"#, "ID",
  ]

  @Test(arguments: Seeds.take(8), [v1, v03])
  func bothWaysAgreeOnChangedMembers(seed: UInt64, form: String) {
    var random = SeededGenerator(seed: seed)
    let tokens = JSONTokens(form, names: TextMessageCallTests.names)
    var read = 0
    for round in 0..<1000 {
      let body = tokens.mutated(using: &random).bytes
      guard let short = short(body) else { continue }
      expectSame(short, as: body, "seed \(seed), round \(round)")
      read += 1
    }
    #expect(read > 200)
  }
}
