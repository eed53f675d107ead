import HTTP
import Testing

struct RetryAfterTests {
  @Test(
    arguments: [
      (nil, nil), ("5", 5), ("0", 1), ("999999", 86_400), ("-1", nil), ("soon", nil), ("99999999999999999999", nil),
      ("Tue, 14 Nov 2023 22:13:50 GMT", 30), ("Tue, 14 Nov 2023 22:13:10 GMT", 1),
    ] as [(String?, Int?)])
  func fieldsAreSecondsFromNow(_ field: String?, _ seconds: Int?) {
    // Tue, 14 Nov 2023 22:13:20 GMT
    #expect(RetryAfter.seconds(field, wallMilliseconds: 1_700_000_000_000) == seconds)
  }
}
