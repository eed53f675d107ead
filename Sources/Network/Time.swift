import Glibc
import Synchronization

/// A moment on a clock that never goes back. Only differences mean something.
public struct MonotonicTime: Comparable, Hashable, Sendable {
  public var nanoseconds: UInt64

  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// Later than any moment that a clock shows.
  public static let distantFuture = MonotonicTime(nanoseconds: .max)

  public static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }

  /// Saturates: nothing is later than `distantFuture`.
  public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
  }

  /// The time from `b` to `a`; negative where `a` is the earlier one.
  public static func - (a: MonotonicTime, b: MonotonicTime) -> Duration {
    a >= b
      ? .nanoseconds(Int64(a.nanoseconds - b.nanoseconds)) : .zero - .nanoseconds(Int64(b.nanoseconds - a.nanoseconds))
  }
}

extension Duration {
  /// In nanoseconds; negative durations are zero, durations over 500 years saturate.
  public var wholeNanoseconds: UInt64 {
    let attosecondsPerNanosecond: UInt64 = 1_000_000_000
    let total = attoseconds
    guard total >= 0 else { return 0 }
    let (high, low) = (UInt64(truncatingIfNeeded: total >> 64), UInt64(truncatingIfNeeded: total))
    // One division of the machine; the general one of 128 bits is ten times as long, and this is asked for all the time.
    return high < attosecondsPerNanosecond ? attosecondsPerNanosecond.dividingFullWidth((high, low)).quotient : .max
  }
}

/// Where time comes from: the system, or a test.
public protocol TimeSource: Sendable {
  func monotonic() -> MonotonicTime
  /// Milliseconds since 1970-01-01T00:00:00Z.
  func wallMilliseconds() -> Int64
}

/// The clocks of the system.
public struct SystemTime: TimeSource {
  public init() {}

  public func monotonic() -> MonotonicTime {
    let time = SystemTime.read(CLOCK_MONOTONIC)
    return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  public func wallMilliseconds() -> Int64 {
    let time = SystemTime.read(CLOCK_REALTIME)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // Cannot fail: the clock ids are constants that every kernel has, and `time` is writable.
    _ = unsafe clock_gettime(clock, &time)
    return time
  }
}

/// A clock that only moves when told: for tests of time-outs. A loop that sleeps meanwhile notices at its next turn;
/// submit something to its mailbox to make it turn.
public final class ManualTime: TimeSource {
  private let state: Mutex<(monotonic: UInt64, wallMilliseconds: Int64)>

  public init(wallMilliseconds: Int64 = 1_700_000_000_000) {
    state = Mutex((monotonic: 1_000_000_000, wallMilliseconds: wallMilliseconds))
  }

  public func monotonic() -> MonotonicTime { state.withLock { MonotonicTime(nanoseconds: $0.monotonic) } }

  public func wallMilliseconds() -> Int64 { state.withLock { $0.wallMilliseconds } }

  /// Moves both clocks forward.
  public func advance(by duration: Duration) {
    state.withLock {
      $0.monotonic += duration.wholeNanoseconds
      $0.wallMilliseconds += Int64(duration.wholeNanoseconds / 1_000_000)
    }
  }
}
