import Bytes

/// IMF-fixdate (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
public enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// - Parameter seconds: since 1970; not negative.
  public static func text(unixSeconds seconds: Int64) -> [UInt8] {
    let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let date = civil(fromDays: day)
    var text: [UInt8] = []
    text.reserveCapacity(29)
    text.append(utf8: days[Int(day % 7)])
    text.append(", ")
    append(date.day, 2, &text)
    text.append(" ")
    text.append(utf8: months[date.month - 1])
    text.append(" ")
    append(date.year, 4, &text)
    text.append(" ")
    append(Int(second / 3600), 2, &text)
    text.append(":")
    append(Int(second / 60 % 60), 2, &text)
    text.append(":")
    append(Int(second % 60), 2, &text)
    text.append(" GMT")
    return text
  }

  private static func append(_ number: Int, _ width: Int, _ text: inout [UInt8]) {
    let digits = Array(String(number).utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, width - digits.count)))
    text += digits
  }

  /// The Gregorian date of a day since 1970, counted in 400-year cycles that begin on 1 March.
  private static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarMonth = month < 10 ? month + 3 : month - 9
    return (yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0), calendarMonth, day)
  }
}
