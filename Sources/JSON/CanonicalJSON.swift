/// The JSON Canonicalization Scheme (RFC 8785): one text for each value, for signing.
public enum CanonicalJSON {
  /// Throws ``JSONError/Kind/unrepresentable`` for a number beyond the range of a binary double, as §3.2.2.3 demands.
  public static func encode(_ value: JSONValue) throws(JSONError) -> [UInt8] {
    var json = JSONWriter()
    try write(value, into: &json)
    return json.finish()
  }

  private static func write(_ value: JSONValue, into json: inout JSONWriter) throws(JSONError) {
    switch value {
    case .null, .bool, .string: json.value(value)
    case .number(let number):
      guard let double = number.double else {
        throw JSONError(.unrepresentable, at: 0, "a number is beyond what the canonical form can say")
      }
      json.number(text: text(of: double))
    case .array(let elements):
      json.beginArray()
      for element in elements { try write(element, into: &json) }
      json.endArray()
    case .object(let object):
      json.beginObject()
      // §3.2.3: by UTF-16 code units, which differs from the order of Unicode beyond the basic plane.
      for member in object.members.sorted(by: { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }) {
        json.key(string: member.name)
        try write(member.value, into: &json)
      }
      json.endObject()
    }
  }

  /// The text of a finite number by ECMAScript (`Number::toString`), which §3.2.2.3 prescribes: the shortest digits that
  /// read back as the same number, without an exponent from 10^-6 up to below 10^21.
  static func text(of number: Double) -> String {
    if number == 0 { return "0" }
    let (digits, point) = shortestDigits(of: number.magnitude)
    let sign = number < 0 ? "-" : ""
    switch point {
    case digits.count...21:
      return sign + digits + String(repeating: "0", count: point - digits.count)
    case 1..<max(digits.count, 1):
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0:
      return sign + "0." + String(repeating: "0", count: -point) + digits
    default:
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      return sign + digits.prefix(1) + fraction + "e" + (point > 0 ? "+" : "-") + String((point - 1).magnitude)
    }
  }

  /// The digits without zeros at either end, and how many of them (or of zeros behind them) stand before the point.
  private static func shortestDigits(of number: Double) -> (digits: String, point: Int) {
    // Swift's own text has the shortest digits too, in forms such as `12.5`, `5e-324` or `1.5e+300`.
    let parts = number.description.split(separator: "e")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = halves.count > 1 ? halves[1] : ""
    let all = halves[0] + fraction
    let significant = all.drop { $0 == "0" }
    var digits = String(significant)
    while digits.last == "0" { digits.removeLast() }
    return (digits, halves[0].count + exponent - (all.count - significant.count))
  }
}
