import Bytes
import JSON
import Model
import Testing

@testable import A2A

/// A frame that is kept and filled says what the encoder says of the whole event.
struct TextFrameTests {
  private func whole(
    _ text: JSONString, of frame: TextFrame, _ dialect: Dialect, _ id: JSONFragment?, _ eventID: EventID
  ) -> [UInt8] {
    let artifact = Artifact(artifactID: frame.artifactID, parts: [Part(.text(text))])
    let update = TaskArtifactUpdate(taskID: "T", contextID: "C", artifact: artifact, append: true)
    var losses: TranslationLosses = []
    let frame = ResponseEncoder.streamEvent(
      .artifact(update), final: false, dialect: dialect, id: id, eventID: eventID, losses: &losses)
    #expect(losses.isEmpty)
    return frame
  }

  @Test func aFrameIsWrittenOut() {
    let frame = TextFrame(taskID: "T", contextID: "C", artifactID: "a", dialect: .v1, id: nil, epoch: "e")
    var output = Array("before ".utf8)
    output.append(addingCapacity: 1000) { frame.append(JSONStrings("hi"), from: 12, to: &$0) }
    let event =
      #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","parts":[{"text":"hi"}]},"append":true}}"#
    #expect(text(output) == "before id: e.12\ndata: \(event)\n\n")
  }

  @Test(arguments: Dialect.allCases, [1, 2, 3] as [UInt64])
  func itEqualsTheWholeEvent(dialect: Dialect, seed: UInt64) throws {
    var values = RandomValues(seed: seed)
    for round in 0..<100 {
      let id = try dialect == .v03REST || values.random.chance(50) ? nil : fragment(#"{"a":"b"}"#)
      // Ids that look like what stands around them.
      let artifactID = [values.id(), "a", "b", "", #"","parts":[{"text":""#, "\u{1}\n"][round % 6]
      let frame = TextFrame(
        taskID: "T", contextID: "C", artifactID: artifactID, dialect: dialect, id: id, epoch: "0a1b2c3d")
      for first in [0, 1, 9, 10, 99, 100, 123_456_789, 999_999_999_999] {
        var texts = JSONStrings()
        var told: [UInt8] = []
        for index in 0..<[1, 2, 12, 120][round % 4] {
          let text = values.text()
          texts.append(text)
          told += whole(text, of: frame, dialect, id, EventID(epoch: "0a1b2c3d", sequence: first + index))
        }
        var output: [UInt8] = []
        let byteCount = frame.byteCount(texts, from: first)
        output.append(addingCapacity: byteCount) { frame.append(texts, from: first, to: &$0) }
        #expect(output == told, "seed \(seed), round \(round)")
        #expect(output.count == byteCount, "seed \(seed), round \(round)")
      }
    }
  }
}
