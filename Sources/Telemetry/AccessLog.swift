/// Collects access-log lines of one event loop and hands them to the sink many at a time: no lock and no system call per
/// request. The loop's owner calls ``flush()`` from a timer and when it stops.
///
/// Bounded by ``bytesMax``: a log that grows to half of it between two flushes is handed over at once. What a sink
/// cannot take it drops and counts, and says so in the log itself (see ``LogSink``).
public final class AccessLog {
  /// Bytes that wait at most, for one loop.
  public static let bytesMax = 262_144

  private let sink: any LogSink
  private let wallMilliseconds: () -> Int64
  private var clock = LogTime()
  private var lines: LogLine

  /// - Parameter wallMilliseconds: The clock; an event loop hands in the time that it reads once a turn.
  public init(sink: any LogSink, wallMilliseconds: @escaping () -> Int64 = systemWallMilliseconds) {
    self.sink = sink
    self.wallMilliseconds = wallMilliseconds
    lines = LogLine(reserving: Self.bytesMax / 2 + LogLine.lineBytesMax)
  }

  /// Adds one line; `time` comes first, `build` appends the rest.
  public func record(_ build: (inout LogLine) -> Void) {
    lines.begin()
    lines.time(&clock, milliseconds: wallMilliseconds())
    build(&lines)
    lines.end()
    if lines.bytes.count >= Self.bytesMax / 2 { flush() }
  }

  /// Hands all waiting lines to the sink.
  public func flush() {
    guard !lines.bytes.isEmpty else { return }
    sink.write(lines.bytes)
    lines.removeAll()
  }
}
