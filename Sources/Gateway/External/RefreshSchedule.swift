/// When the card of an external agent is fetched again.
struct RefreshSchedule: Sendable, Equatable {
  /// How often at most, while all is well.
  let interval: Duration
  private(set) var failures = 0

  /// However long a server lets its card be kept, and however often it has failed.
  static let delayMax: Duration = .seconds(86_400)
  private static let failureDelayMax: Duration = .seconds(3600)
  /// Agents that came together shall not be asked together for ever.
  private static let jitterPercent = 10

  init(interval: Duration) { self.interval = interval }

  /// - Parameters:
  ///   - freshness: how long the server says that the card may be kept.
  ///   - jitter: 0 to 1.
  mutating func afterSuccess(freshness: Duration?, jitter: Double) -> Duration {
    failures = 0
    return RefreshSchedule.spread(max(interval, min(freshness ?? .zero, RefreshSchedule.delayMax)), jitter)
  }

  /// Twice as long after each failure. An agent that has no card yet is asked sooner: it serves nobody meanwhile.
  mutating func afterFailure(hasCard: Bool, jitter: Double) -> Duration {
    failures = min(failures + 1, 20)
    let first = hasCard ? interval : min(interval, .seconds(1))
    let most = max(hasCard ? RefreshSchedule.failureDelayMax : interval, interval)
    return RefreshSchedule.spread(min(first * (1 << (failures - 1)), most), jitter)
  }

  private static func spread(_ delay: Duration, _ jitter: Double) -> Duration {
    delay + delay * jitterPercent / 100 * jitter
  }
}
