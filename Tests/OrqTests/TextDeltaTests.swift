import JSON
import TestSupport
import Testing

@testable import Orq

/// The short way to read a delta of text says what the long way says, or nothing.
struct TextDeltaTests {
  private static let form =
    #"{"type":"part.delta","timestamp":"2026-01-01T00:00:00Z","data":{"partId":"text_1","delta":{"kind":"text","text":"ID"}}}"#

  /// What a delta says, taken from where it lies.
  private struct Delta {
    let partID: [UInt8]
    let text: JSONString

    init?(_ data: [UInt8]) {
      guard let delta = OrqTextDelta(data.span) else { return nil }
      partID = Array(data[delta.partID])
      text = JSONString(delta.text, in: data.span)
    }
  }

  private func delta(_ json: String) -> Delta? { Delta(Array(json.utf8)) }

  private func long(_ data: [UInt8]) -> OrqStreamItem<OrqResponseEvent>? { try? OrqResponseEvent.decode(data) }

  private func expectSame(_ delta: Delta, as data: [UInt8], _ place: Comment) {
    guard case .event(let event)? = long(data), case .partDelta(let whole) = event.payload else {
      Issue.record("read only the short way: \(text(data)) (\(place))")
      return
    }
    #expect(Array(whole.partID.utf8) == delta.partID, place)
    #expect(whole.delta == .text(delta.text), place)
    if case .text(let text) = whole.delta.content { #expect(text.escaped == delta.text.escaped, place) }
  }

  @Test func aDeltaIsReadAsItIsWritten() throws {
    let read = try #require(delta(TextDeltaTests.form))
    #expect(read.text == "ID")
    #expect(text(read.partID) == "text_1")
  }

  @Test(arguments: ["", "plain", #"\"\\\/\b\f\n\r\t"#, #"\u00e9\ud83d\ude00"#, "é😀", #"a\u0000b"#])
  func textKeepsItsEscapes(content: String) throws {
    let json = TextDeltaTests.form.replacing("ID", with: content)
    let read = try #require(delta(json))
    #expect(text(read.text.escaped) == content)
    expectSame(read, as: Array(json.utf8), "")
  }

  /// What is not in the usual form is not guessed at.
  @Test(arguments: [
    (#"{"type""#, #"{ "type""#), ("part.delta", "part.done"), (#""kind":"text""#, #""kind":"reasoning""#),
    (#""}}}"#, #""}}} "#), (#""}}}"#, #""}}"#), (#""}}}"#, #""},"x":1}}"#), ("text_1", ""), ("text_1", #"text\u0031"#),
    ("ID", "\u{1}"), ("ID", #"\x"#), ("ID", #"\ud800"#), ("ID", #"""#), ("timestamp", "Timestamp"),
    (#""partId""#, #""partID""#), ("2026", #"\y"#),
  ])
  func otherFormsAreLeft(piece: String, other: String) {
    let json = TextDeltaTests.form.replacing(piece, with: other, maxReplacements: 1)
    #expect(json != TextDeltaTests.form)
    #expect(delta(json) == nil, "\(json)")
  }

  @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func textThatIsNoUTF8IsLeft(bytes: [UInt8]) {
    let pieces = TextDeltaTests.form.split(separator: "ID").map { Array($0.utf8) }
    #expect(Delta(pieces[0] + bytes + pieces[1]) == nil)
  }

  @Test(arguments: Seeds.take(8))
  func bothWaysAgree(seed: UInt64) {
    var values = RandomValues(seed: seed)
    let favourites = Array(#"{}[]",:\0-.e nk"#.utf8)
    var short = 0
    for round in 0..<400 {
      let place: Comment = "seed \(seed), round \(round)"
      let event = OrqResponseEvent(
        .partDelta(.init(partID: "text_\(round)", delta: .text(values.text()))), timestamp: values.text().string)
      let data = Array(written(event).utf8)
      if let delta = Delta(data) {
        short += 1
        expectSame(delta, as: data, place)
      }
      let broken = data.mutated(using: &values.random, favouring: favourites)
      if let delta = Delta(broken) { expectSame(delta, as: broken, place) }
    }
    #expect(short == 400)
  }
}
