import JSON
import Model
import Network
import Testing

@testable import LocalRuntime

struct ChunkPacerTests {
  private var pacer = ChunkPacer()
  private var now = MonotonicTime(nanoseconds: 1_000_000_000)
  private var sent: [String] = []

  private func piece(_ text: String, append: Bool = true, last: Bool = false) -> TurnEvent {
    .artifact(Artifact(artifactID: "a", parts: [.text(text)]), append: append, lastChunk: last, metadata: nil)
  }

  private mutating func take(_ events: TurnEvent...) {
    for event in events { sent += pacer.take(event, at: now).map(\.text) }
  }

  private mutating func release() {
    if let event = pacer.release(at: now) { sent.append(event.text) }
  }

  @Test mutating func piecesThatComeTogetherLeaveTogether() {
    take(piece("a", append: false), piece("b"), piece("c"))
    #expect(sent == ["artifact a: a"])
    #expect(pacer.isHolding)
    release()
    #expect(sent == ["artifact a: a", "artifact a +: bc"])
    #expect(!pacer.isHolding)
  }

  @Test mutating func theLastPieceTakesTheOthersWithIt() {
    take(piece("b"), piece("", last: true), .status(.completed))
    #expect(sent == ["artifact a + last: b", "completed"])
  }

  @Test mutating func orderIsKept() {
    let other = TurnEvent.artifact(
      Artifact(artifactID: "b", parts: [.text("x")]), append: true, lastChunk: false, metadata: nil)
    take(piece("1"), other, piece("2"), .taskMetadata(name: "usage", JSONFragment(1)), piece("3"))
    release()
    #expect(
      sent == ["artifact a +: 1", "artifact b +: x", "artifact a +: 2", "usage = 1", "artifact a +: 3"])
  }

  /// One token a millisecond for a quarter of an hour: far below the events that a task may have.
  @Test mutating func aLongAnswerHasFewEvents() {
    for _ in 0..<900_000 {
      now = now + .milliseconds(1)
      take(piece("x"))
      if pacer.due <= now { release() }
    }
    #expect(sent.count < 5000)
    #expect(sent.first == "artifact a +: x")
  }
}
