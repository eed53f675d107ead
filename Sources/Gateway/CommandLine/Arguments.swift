/// A command line was not understood; exit code 2.
struct UsageError: Error {
  let message: String
}

/// Options and positional words of one command. Options come in any order, as `--name value` or `--name=value`.
struct Arguments {
  private(set) var words: [String] = []
  private var values: [String: [String]] = [:]
  private var flags: Set<String> = []

  /// - Parameters:
  ///   - options: names of options that take a value, without dashes.
  ///   - flags: names of options that take none.
  init(_ arguments: [String], options: Set<String> = [], flags known: Set<String> = []) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--"), argument != "--" else {
        if argument == "--" {
          words += rest
          return
        }
        words.append(argument)
        continue
      }
      let pieces = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(pieces[0])
      if known.contains(name), pieces.count == 1 {
        flags.insert(name)
      } else if options.contains(name) {
        guard let value = pieces.count == 2 ? String(pieces[1]) : rest.popFirst() else {
          throw UsageError(message: "the option --\(name) needs a value")
        }
        values[name, default: []].append(value)
      } else {
        throw UsageError(message: "unknown option \(argument)")
      }
    }
  }

  /// The last one counts.
  subscript(option name: String) -> String? { values[name]?.last }

  /// An option that may be given several times.
  func all(_ name: String) -> [String] { values[name] ?? [] }

  func has(_ flag: String) -> Bool { flags.contains(flag) }
}
