internal import Bytes
public import JSON

/// A moment, in milliseconds since 1970-01-01T00:00:00Z (A2A 1.0 §5.6.1: UTC, millisecond precision).
public struct Timestamp: Sendable, Hashable, Comparable {
  public var milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  /// The years that have four digits. What lies outside is written as the nearest end, and never read.
  private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  /// `2026-11-21T02:42:25.596Z`.
  public var bytes: InlineArray<24, UInt8> {
    let clamped = min(max(milliseconds, Timestamp.range.lowerBound), Timestamp.range.upperBound)
    var (days, remainder) = clamped.quotientAndRemainder(dividingBy: 86_400_000)
    if remainder < 0 {
      days -= 1
      remainder += 86_400_000
    }
    let (year, month, day) = Timestamp.civil(fromDays: days)
    // Unsigned, and as short as they are: divisions take less then.
    let remaining = UInt32(truncatingIfNeeded: remainder)
    let (seconds, milliseconds) = (remaining / 1000, remaining % 1000)
    // The marks between the numbers, whose places are written one by one: a loop over them takes three times as long.
    var bytes: InlineArray<24, UInt8> = [
      0, 0, 0, 0, 0x2D, 0, 0, 0x2D, 0, 0, 0x54, 0, 0, 0x3A, 0, 0, 0x3A, 0, 0, 0x2E, 0, 0, 0, 0x5A,
    ]
    func put(_ number: UInt32, at place: Int) {
      let tens = number / 10
      bytes[place] = UInt8(truncatingIfNeeded: 0x30 &+ tens)
      bytes[place + 1] = UInt8(truncatingIfNeeded: 0x30 &+ number &- 10 &* tens)
    }
    let years = UInt32(truncatingIfNeeded: year)
    put(years / 100, at: 0)
    put(years % 100, at: 2)
    put(UInt32(truncatingIfNeeded: month), at: 5)
    put(UInt32(truncatingIfNeeded: day), at: 8)
    put(seconds / 3600, at: 11)
    put(seconds / 60 % 60, at: 14)
    put(seconds % 60, at: 17)
    put(milliseconds / 10, at: 20)
    bytes[22] = UInt8(truncatingIfNeeded: 0x30 &+ milliseconds % 10)
    return bytes
  }

  /// `2026-11-21T02:42:25.596Z`.
  public var text: String { bytes.span.text }

  /// Reads RFC 3339 with any offset. A missing zone is UTC: 0.3 peers and the 0.3 specification's own samples leave it
  /// out. Digits after the millisecond are dropped. nil when it is not a date and time of the years 0000 to 9999 in UTC.
  public init?(_ text: String) {
    var reader = Reader(bytes: Array(text.utf8))
    guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
      let day = reader.number(2), reader.skip("T") || reader.skip("t") || reader.skip(" "),
      let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2), reader.skip(":"),
      let second = reader.number(2),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    var fraction = 0
    if reader.skip(".") {
      guard let milliseconds = reader.fraction() else { return nil }
      fraction = milliseconds
    }
    var offsetMinutes = 0
    if !reader.skip("Z"), !reader.skip("z"), !reader.isAtEnd {
      let sign = reader.skip("+") ? 1 : -1
      guard sign == 1 || reader.skip("-"), let hours = reader.number(2), reader.skip(":"),
        let minutes = reader.number(2), hours < 24, minutes < 60
      else { return nil }
      offsetMinutes = sign * (hours * 60 + minutes)
    }
    guard reader.isAtEnd, day <= Timestamp.days(inMonth: month, year: year) else { return nil }
    let days = Timestamp.days(year: Int64(year), month: month, day: day)
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offsetMinutes * 60)
    self.init(milliseconds: seconds * 1000 + Int64(fraction))
    guard Timestamp.range.contains(milliseconds) else { return nil }
  }

  // Civil calendar arithmetic on a 400-year cycle that starts on 1 March, so that leap days end a year.

  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    let month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func days(year: Int64, month: Int, day: Int) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
    let yearOfEra = marchYear - era * 400
    let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    mutating func number(_ width: Int) -> Int? {
      guard index + width <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[index..<index + width] {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      index += width
      return value
    }

    mutating func fraction() -> Int? {
      var value = 0
      var scale = 100
      let start = index
      while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
        value += Int(bytes[index] - 0x30) * scale
        scale /= 10
        index += 1
      }
      return index > start ? value : nil
    }
  }
}

extension JSONWriter {
  public mutating func member(_ name: StaticString, _ time: Timestamp) {
    member(name, plain: time.bytes.span)
  }
}
