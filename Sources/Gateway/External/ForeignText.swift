/// Words of somebody else, in messages for operators: they must not fill a log, nor tell a terminal what to do.
enum ForeignText {
  /// The text up to a bound, with a mark in place of what is not to be seen or changes how the rest is shown.
  static func shown(_ text: String, charactersMax: Int = 80) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      guard index < charactersMax else { return result + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Some of many, and how many more there are.
  static func list(_ sentences: [String], max: Int = 16, separator: String = "; ") -> String {
    let rest = sentences.count - max
    return sentences.prefix(max).joined(separator: separator) + (rest > 0 ? "\(separator)and \(rest) more" : "")
  }
}
