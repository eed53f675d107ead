import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct SSETests {
  private static func decode(_ pieces: [[UInt8]], _ max: Int = 1 << 20) -> [String] {
    var decoder = SSEDecoder(eventBytesMax: max)
    var events: [String] = []
    do {
      for piece in pieces {
        try decoder.feed(piece) {
          events.append("\($0.event)|\($0.id ?? "-")|\(String(decoding: $0.data, as: UTF8.self))")
        }
      }
    } catch {
      events.append("\(type(of: error))")
    }
    return events
  }

  static let streams: [(String, [String])] = [
    ("data: a\n\n", ["|-|a"]), ("data: a\r\n\r\n", ["|-|a"]), ("data: a\r\r", ["|-|a"]),
    ("data: a\r\n\n", ["|-|a"]), ("data: a\n\r", ["|-|a"]),
    ("data: a\r\rdata: b\r\n\r\ndata: c\n\n", ["|-|a", "|-|b", "|-|c"]),
    ("data:a\n\n", ["|-|a"]), ("data:  a \n\n", ["|-| a "]), ("data\n\n", ["|-|"]), ("data:\n\n", ["|-|"]),
    ("data: a\ndata: b\ndata\ndata:\n\n", ["|-|a\nb\n\n"]), ("data: \ndata: a\n\n", ["|-|\na"]),
    ("\u{FEFF}data: a\n\n", ["|-|a"]), ("\u{FEFF}\u{FEFF}data: a\n\n", []), ("data: \u{FEFF}\n\n", ["|-|\u{FEFF}"]),
    (": comment\n:\ndata: a\n: more\n\n", ["|-|a"]), (":\n\n:\r\n\r\n", []),
    ("event: x\nid: 1\nretry: 10\ndata: a\n\ndata: b\n\n", ["x|1|a", "|1|b"]),
    ("id: 1\n\ndata: a\n\nid\ndata: b\n\n", ["|1|a", "||b"]), ("id: a\u{0}b\ndata: a\n\n", ["|-|a"]),
    ("event: x\n\ndata: a\n\n", ["|-|a"]), ("unknown: x\ndata2: y\n data: z\n\n", []),
    ("data: a: b\n\n", ["|-|a: b"]), ("data: unfinished\n", []), ("data: unfinished", []), ("", []),
    ("\n\n\r\n\r\r", []),
    ("data: é€😀\n\n", ["|-|é€😀"]),
  ]

  @Test(arguments: streams) func streamsAreReadHoweverTheyAreCut(text: String, events: [String]) {
    let verifier = DecoderVerifier { SSETests.decode($0) }
    #expect(verifier.whole(Array(text.utf8)) == events)
    #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
  }

  @Test func allStreamsInARowAreReadHoweverTheyAreCut() {
    let text = SSETests.streams.map(\.0).joined(separator: "\n\n")
    #expect(DecoderVerifier { SSETests.decode($0) }.disagreement(on: Array(text.utf8)) == nil)
  }

  @Test func eventsAreBounded() {
    let verifier = DecoderVerifier { SSETests.decode($0, 20) }
    for text in [
      "data: fits\n\ndata: 123456789012345\n\n", "data: 1234567\ndata: 1234567\ndata: 1\n\n",
      "data: ok\n\n:" + String(repeating: "c", count: 20), "event: 12345678901234\n\n",
    ] {
      #expect(verifier.whole(Array(text.utf8)).last == "SSETooLarge")
      #expect(verifier.disagreement(on: Array(text.utf8)) == nil)
    }
    #expect(SSETests.decode([Array("data: 12345678901234\n\n".utf8)], 20) == ["|-|12345678901234"])
  }

  @Test(arguments: Seeds.take(200)) func anyBytesAreReadTheSameHoweverTheyAreCut(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = Array("id: 7\r\nevent: e\r\ndata: one\r\ndata: two\r\n\r\n: c\n\ndata: x\r\rdata: y\n\n".utf8)
      .mutated(using: &generator, favouring: Array("\r\n: di\u{0}".utf8) + [0xEF, 0xBB, 0xBF])
    #expect(DecoderVerifier { SSETests.decode($0, 40) }.disagreement(on: bytes, seed: seed) == nil)
  }

  @Test func whatIsWrittenIsReadBack() {
    var output: [UInt8] = []
    SSEEncoder.event(data: Array("{\"a\":1}".utf8), id: "7", event: "status", into: &output)
    SSEEncoder.comment("alive", into: &output)
    SSEEncoder.event(data: Array("b".utf8), into: &output)
    #expect(
      String(decoding: output, as: UTF8.self)
        == "event: status\nid: 7\ndata: {\"a\":1}\n\n: alive\n\ndata: b\n\n")
    #expect(SSETests.decode([output]) == ["status|7|{\"a\":1}", "|7|b"])
  }

  @Test(arguments: ["a\nb", "a\r\nb", "a\rb"]) func lineEndsInDataBecomeDataLines(data: String) {
    var output: [UInt8] = []
    SSEEncoder.event(data: Array(data.utf8), into: &output)
    #expect(SSETests.decode([output]) == ["|-|a\nb"])
  }
}
