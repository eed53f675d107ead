import Model
import Testing

struct TimestampTests {
  @Test func writesUTCWithMilliseconds() {
    #expect(Timestamp(milliseconds: 0).text == "1970-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: 1_795_228_945_596).text == "2026-11-21T02:42:25.596Z")
    #expect(Timestamp(milliseconds: -1).text == "1969-12-31T23:59:59.999Z")
  }

  @Test func readsWhatItWrites() {
    for milliseconds: Int64 in [0, 1, -1, 951_782_400_000, 1_709_164_800_123, 253_402_300_799_999, -62_167_219_200_000]
    {
      let timestamp = Timestamp(milliseconds: milliseconds)
      #expect(Timestamp(timestamp.text) == timestamp)
    }
  }

  @Test(arguments: [
    ("2026-11-21T02:42:25.596240Z", "2026-11-21T02:42:25.596Z"),
    ("2026-11-21T02:42:26.211957+00:00", "2026-11-21T02:42:26.211Z"),
    ("2026-11-21T04:12:25+01:30", "2026-11-21T02:42:25.000Z"),
    ("2026-11-20T23:42:25.5-03:00", "2026-11-21T02:42:25.500Z"),
    ("2026-11-21t02:42:25z", "2026-11-21T02:42:25.000Z"),
    ("2026-11-21 02:42:25", "2026-11-21T02:42:25.000Z"),
    ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z"),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
  ])
  func readsAnyOffsetAndTakesNoZoneForUTC(text: String, utc: String) {
    #expect(Timestamp(text)?.text == utc)
  }

  @Test(arguments: [
    "", "yesterday", "2026-11-21", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z",
    "2026-11-21T00:00:61Z", "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00Z ", "2026-11-21T00:00:00+1:00",
    "2026-11-21T00:00:00+24:00", "2026-11-21T00:00:00*01:00", "+026-11-21T00:00:00Z", "2026-11-21T0０:00:00Z",
  ])
  func refusesWhatIsNoDateAndTime(text: String) {
    #expect(Timestamp(text) == nil)
  }

  /// An offset can move a valid local time out of the years that four digits can write.
  @Test func refusesTimesThatLeaveTheFourDigitYears() {
    #expect(Timestamp("0000-01-01T00:00:00+00:01") == nil)
    #expect(Timestamp("9999-12-31T23:59:59-00:01") == nil)
  }

  @Test func writesTheNearestEndForTimesThatHaveNoFourDigitYear() {
    #expect(Timestamp(milliseconds: .min).text == "0000-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: .max).text == "9999-12-31T23:59:59.999Z")
  }

  @Test func ordersByTime() {
    #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
  }
}
