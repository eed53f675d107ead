import Bytes
import Glibc

/// Writes the time of a log line. The text of the last second is kept, since a busy log writes many lines in one.
struct LogTime: Sendable {
  private var second: Int64?
  private var text: [UInt8] = []

  /// Appends `2026-11-21T02:42:25.596Z` for milliseconds since 1970-01-01T00:00:00Z.
  mutating func append(milliseconds: Int64, to bytes: inout [UInt8]) {
    let wanted = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
    if wanted != second { refresh(wanted) }
    bytes.append(contentsOf: text)
    bytes.append(UInt8(ascii: "."))
    Self.digits(Int(milliseconds - wanted * 1000), 3, &bytes)
    bytes.append(UInt8(ascii: "Z"))
  }

  private mutating func refresh(_ wanted: Int64) {
    second = wanted
    var seconds = time_t(wanted)
    var parts = unsafe tm()
    // Both arguments are locals that outlive the call; gmtime_r keeps neither.
    unsafe gmtime_r(&seconds, &parts)
    text.removeAll(keepingCapacity: true)
    Self.digits(Int(unsafe parts.tm_year) + 1900, 4, &text)
    text.append(UInt8(ascii: "-"))
    Self.digits(Int(unsafe parts.tm_mon) + 1, 2, &text)
    text.append(UInt8(ascii: "-"))
    Self.digits(Int(unsafe parts.tm_mday), 2, &text)
    text.append(UInt8(ascii: "T"))
    Self.digits(Int(unsafe parts.tm_hour), 2, &text)
    text.append(UInt8(ascii: ":"))
    Self.digits(Int(unsafe parts.tm_min), 2, &text)
    text.append(UInt8(ascii: ":"))
    Self.digits(Int(unsafe parts.tm_sec), 2, &text)
  }

  private static func digits(_ value: Int, _ width: Int, _ bytes: inout [UInt8]) {
    var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }
}

/// The wall clock of this machine, in milliseconds since 1970-01-01T00:00:00Z.
public func systemWallMilliseconds() -> Int64 {
  var now = timespec()
  // The clock id is valid and `now` is a local: the call cannot fail.
  _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
