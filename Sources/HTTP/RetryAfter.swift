/// Reads `Retry-After` (RFC 9110 §10.2.3).
public enum RetryAfter {
  public static let secondsMax = 86_400
  /// What a caller is told where an upstream says nothing.
  public static let defaultSeconds = 10

  /// Seconds from now, 1 to ``secondsMax``; nil for a missing field and for one that cannot be read.
  ///
  /// - Parameter wallMilliseconds: the time now, since 1970: the field may hold a date.
  public static func seconds(_ field: String?, wallMilliseconds: Int64) -> Int? {
    guard let field else { return nil }
    if field.utf8.count <= 9, let seconds = Int(field), seconds >= 0 { return min(max(1, seconds), secondsMax) }
    guard let moment = HTTPDate.unixSeconds(field) else { return nil }
    return Int(min(max(1, moment - wallMilliseconds / 1000), Int64(secondsMax)))
  }
}
