import HTTP

/// Reads `Retry-After` (RFC 9110 §10.2.3).
enum RetryAfter {
  static let secondsMax = 86_400
  /// What a caller is told where the upstream says nothing.
  static let defaultSeconds = 10

  /// Seconds from now, 1 to ``secondsMax``; the default for a missing field and for one that cannot be read.
  static func seconds(_ field: String?, wallMilliseconds: Int64) -> Int {
    guard let field else { return defaultSeconds }
    if field.utf8.count <= 9, let seconds = Int(field), seconds >= 0 { return min(max(1, seconds), secondsMax) }
    guard let moment = HTTPDate.unixSeconds(field) else { return defaultSeconds }
    return Int(min(max(1, moment - wallMilliseconds / 1000), Int64(secondsMax)))
  }
}
