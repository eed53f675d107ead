import JSON
import Testing

@Suite struct JSONMendingTests {
  @Test(arguments: [
    (#""a\ud83d""#, "a\u{FFFD}"), (#""\ude00b""#, "\u{FFFD}b"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
    (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83d\n""#, "\u{FFFD}\n"),
    (#""\\ud83d\ud83d""#, #"\ud83d"# + "\u{FFFD}"),
    (#""\\\ud83dx""#, #"\"# + "\u{FFFD}x"), (#""\uD83D\u0041""#, "\u{FFFD}A"), (#""\ud83d\ude00""#, "😀"),
    (#""plain""#, "plain"),
  ])
  func halfPairsBecomeTheReplacementCharacter(json: String, text: String) throws {
    #expect(try JSONDocument.parseMending(Array(json.utf8)).root.string == text)
  }

  @Test func namesAreMendedToo() throws {
    #expect(try JSONDocument.parseMending(Array(#"{"\udc00":[1]}"#.utf8)).root.member(named: "\u{FFFD}") != nil)
  }

  @Test(arguments: ["", #""\ud83"#, #""\ud83d"#, "[1,]", #"{"a":1,"a":2}"#, #"{"\ud800":1,"\udc00":2}"#])
  func allElseIsAsStrict(json: String) {
    #expect(throws: JSONError.self) { try JSONDocument.parseMending(Array(json.utf8)) }
  }

  @Test func whatIsNotUTF8IsNotMended() {
    let bytes: [UInt8] = [0x22, 0xFF, 0x22]
    #expect(throws: JSONError.self) { try JSONDocument.parseMending(bytes) }
  }
}
