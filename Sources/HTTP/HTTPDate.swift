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

  /// Seconds since 1970 of a date in this form; nil for any other text, also for the forms that RFC 9110 calls obsolete.
  public static func unixSeconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 29, let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
      let month = months.firstIndex(of: String(decoding: bytes[8..<11], as: UTF8.self)),
      let hour = number(bytes[17..<19]), let minute = number(bytes[20..<22]), let second = number(bytes[23..<25]),
      (1970...9999).contains(year), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let days = daysBefore(year: year, month: month + 1) + day - 1
    let seconds = Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
    // Writing it again finds all that is wrong: the day of the week, the 30th of February, a missing space.
    return self.text(unixSeconds: seconds) == bytes ? seconds : nil
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    digits.allSatisfy(ASCII.isDigit) ? digits.reduce(0) { $0 * 10 + Int($1 & 15) } : nil
  }

  /// Days from 1970 to the first of a month; the year is counted from March on.
  private static func daysBefore(year: Int, month: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month <= 2 ? 9 : -3)) + 2) / 5
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
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
