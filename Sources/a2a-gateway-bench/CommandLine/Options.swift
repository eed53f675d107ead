/// The command line was not understood; exit code 2.
struct UsageError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

/// A measurement could not be made; exit code 1.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The words of a command line: options as `--name value` or `--name=value`, flags as `--name`.
struct Options {
  private(set) var words: [String] = []
  private var values: [String: String] = [:]
  private var flags: Set<String> = []

  /// - Parameters:
  ///   - values: names of the options that take a value, without dashes.
  ///   - flags: names of those that take none.
  init(_ arguments: [String], values known: Set<String>, flags knownFlags: Set<String> = ["json"]) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        words.append(argument)
        continue
      }
      let pieces = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(pieces[0])
      if knownFlags.contains(name), pieces.count == 1 {
        flags.insert(name)
      } else if known.contains(name) {
        guard let value = pieces.count == 2 ? String(pieces[1]) : rest.popFirst() else {
          throw UsageError("the option --\(name) needs a value")
        }
        values[name] = value
      } else {
        throw UsageError("unknown option \(argument)")
      }
    }
  }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  func text(_ name: String) -> String? { values[name] }

  /// The comma-separated values of an option.
  func list(_ name: String) -> [String]? { values[name]?.split(separator: ",").map(String.init) }

  func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws(UsageError) -> Int {
    guard let text = values[name] else { return standard }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError("--\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A time such as `500us`, `20ms`, `1.5s` or `2m`; of a bare number the unit is seconds.
  func duration(
    _ name: String, default standard: Duration, in range: ClosedRange<Duration>
  ) throws(UsageError) -> Duration {
    guard let text = values[name] else { return standard }
    guard let duration = Options.duration(text), range.contains(duration) else {
      throw UsageError("--\(name) is a time from \(range.lowerBound) to \(range.upperBound), such as 20ms or 5s")
    }
    return duration
  }

  private static func duration(_ text: String) -> Duration? {
    let unit = text.drop { $0.isNumber || $0 == "." }
    guard let number = Double(text.dropLast(unit.count)), (0...1e6).contains(number) else { return nil }
    switch unit {
    case "us": return .microseconds(number)
    case "ms": return .milliseconds(number)
    case "s", "": return .seconds(number)
    case "m": return .seconds(number * 60)
    default: return nil
    }
  }
}
