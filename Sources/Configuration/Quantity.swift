/// Reads what operators write for amounts: a number and a unit, without a space.
public enum Quantity {
  /// `250ms`, `15s`, `10m`, `24h`, `7d`: whole numbers up to ten years. nil for anything else.
  public static func duration(_ text: String) -> Duration? {
    guard let (number, unit) = split(text) else { return nil }
    let milliseconds: Int
    switch unit {
    case "ms": milliseconds = 1
    case "s": milliseconds = 1000
    case "m": milliseconds = 60_000
    case "h": milliseconds = 3_600_000
    case "d": milliseconds = 86_400_000
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: milliseconds)
    guard !overflow, product <= 3650 * 86_400_000 else { return nil }
    return .milliseconds(product)
  }

  /// `512B`, `64KiB`, `10MiB`, `1GiB`: whole numbers up to a tebibyte. nil for anything else.
  public static func bytes(_ text: String) -> Int? {
    guard let (number, unit) = split(text) else { return nil }
    let shift: Int
    switch unit {
    case "B": shift = 0
    case "KiB": shift = 10
    case "MiB": shift = 20
    case "GiB": shift = 30
    case "TiB": shift = 40
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    return overflow || product > 1 << 40 ? nil : product
  }

  /// A duration in the largest unit that keeps it whole.
  public static func text(_ duration: Duration) -> String {
    let milliseconds = duration.milliseconds
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] as [(String, Int64)]
    where milliseconds != 0 && milliseconds % size == 0 {
      return "\(milliseconds / size)\(unit)"
    }
    return "\(milliseconds)ms"
  }

  /// A size in the largest unit that keeps it whole.
  public static func text(bytes: Int) -> String {
    for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
    where bytes != 0 && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)B"
  }

  private static func split(_ text: String) -> (Int, Substring)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 15, let number = Int(digits) else { return nil }
    return (number, text[digits.endIndex...])
  }
}
