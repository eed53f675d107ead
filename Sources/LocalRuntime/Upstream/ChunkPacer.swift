import JSON
import Model
import Network

/// Joins small pieces of text, so that a long answer does not become an event for every word: after n events the next piece
/// waits n tenths of a millisecond for more. The first words of an answer leave at once, a thousand events take at least
/// 50 seconds, and fifteen minutes without a pause come to some 4,000 events. No I/O, no clock of its own.
struct ChunkPacer {
  /// Text that may still be joined with more.
  private var held: TurnEvent?
  private var count = 0
  /// When what is held may leave.
  private(set) var due = MonotonicTime(nanoseconds: 0)

  var isHolding: Bool { held != nil }

  /// Takes the next event and returns what leaves now; only pieces that add text to an artifact are held.
  mutating func take(_ event: TurnEvent, at now: MonotonicTime) -> [TurnEvent] {
    if let joined = held.flatMap({ $0.joined(with: event) }) {
      held = nil
      return hold(joined, at: now)
    }
    let before = release(at: now)
    let after = hold(event, at: now)
    return before.map { [$0] + after } ?? after
  }

  /// What was held.
  mutating func release(at now: MonotonicTime) -> TurnEvent? {
    guard let event = held else { return nil }
    held = nil
    count(at: now)
    return event
  }

  private mutating func hold(_ event: TurnEvent, at now: MonotonicTime) -> [TurnEvent] {
    if event.isOpenText {
      held = event
      return []
    }
    count(at: now)
    return [event]
  }

  private mutating func count(at now: MonotonicTime) {
    count += 1
    due = now + .microseconds(100 * count)
  }
}

extension TurnEvent {
  /// Adds one plain text to an artifact, and is not the last to do so.
  fileprivate var isOpenText: Bool {
    guard case .artifact(let artifact, true, false, nil) = self else { return false }
    return artifact.plainText != nil
  }

  /// One event for two, where the second adds plain text to what the first adds.
  fileprivate func joined(with next: TurnEvent) -> TurnEvent? {
    guard case .artifact(var artifact, true, false, nil) = self, var text = artifact.plainText,
      case .artifact(let more, true, let isLast, nil) = next, more.artifactID == artifact.artifactID,
      let addition = more.plainText
    else { return nil }
    text.append(addition)
    artifact.parts = [Part(.text(text))]
    return .artifact(artifact, append: true, lastChunk: isLast, metadata: nil)
  }
}
