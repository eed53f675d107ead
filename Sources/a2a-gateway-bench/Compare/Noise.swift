import Network

/// Tells how much the machine was kept from measuring, as a share: 0 for a machine of our own.
///
/// Two signs are added: how much longer a fixed piece of work takes, before and after, than it has ever taken (another
/// tenant of the host, a slower clock), and how busy the cores were meanwhile with what is not ours.
struct NoiseMeter {
  private let time = SystemTime()
  private var best = Double.infinity
  private var slowdown = 0.0
  private var begunAt = MonotonicTime(nanoseconds: 0)
  private var busyBefore = 0.0
  private var oursBefore = 0.0

  private static let spinRounds = 4_000_000

  init() {
    for _ in 0..<5 { slowdown = spin() }
  }

  /// - Parameter ours: CPU seconds of all that takes part.
  mutating func begin(ours: Double) {
    slowdown = spin()
    begunAt = time.monotonic()
    busyBefore = Accounting.busySeconds
    oursBefore = ours
  }

  mutating func end(ours: Double) -> Double {
    let busy = Accounting.busySeconds - busyBefore
    let seconds = (time.monotonic() - begunAt) / .seconds(1)
    let foreign = max(0, busy - (ours - oursBefore)) / (seconds * Double(Cores.count))
    return max(slowdown, spin()) + foreign
  }

  private mutating func spin() -> Double {
    let begin = time.monotonic()
    keep(NoiseMeter.work(begin.nanoseconds | 1))
    let took = Double((time.monotonic() - begin).wholeNanoseconds)
    best = min(best, took)
    return took / best - 1
  }

  /// Some ten milliseconds of arithmetic that cannot be shortened, or done before the clock is read.
  @inline(never)
  private static func work(_ seed: UInt64) -> UInt64 {
    var state = seed
    for _ in 0..<spinRounds {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
    }
    return state
  }
}

/// Has the compiler believe that a value is used.
@inline(never)
func keep<Value: ~Copyable>(_ value: borrowing Value) { withExtendedLifetime(value) {} }
