public import JSON

/// One thing that is wrong (or doubtful) in a file, with its place, said the way a compiler says it.
public struct Diagnostic: Error, Sendable, Equatable {
  public enum Severity: String, Sendable {
    /// The file cannot be used.
    case error
    /// It can be used, and probably does not do what its author wants.
    case warning
  }

  public var severity: Severity
  /// The file as the operator named it; empty where no file is at fault.
  public var file: String
  /// nil where the whole file is meant.
  public var line: Int?
  /// In characters, from 1.
  public var column: Int?
  /// What is wrong, as one sentence without a full stop.
  public var message: String
  /// What to do about it.
  public var hint: String?
  /// The line of the file, and how many characters from the column on are meant. nil where the line may hold a secret.
  var excerpt: Excerpt?

  struct Excerpt: Sendable, Equatable {
    var text: String
    var length: Int
  }

  public init(
    _ severity: Severity = .error, file: String, line: Int? = nil, column: Int? = nil, message: String,
    hint: String? = nil
  ) {
    self.severity = severity
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }

  /// `config/gateway.json:12:5: error: unknown key "listner"; did you mean "listeners"?`, then the line with a caret below
  /// the place, then the hint. Ends without a line end.
  public var rendered: String {
    var result = ""
    if !file.isEmpty { result += file + ":" }
    if let line { result += "\(line):" }
    if let column { result += "\(column):" }
    if !result.isEmpty { result += " " }
    result += "\(severity.rawValue): \(message)"
    if let excerpt, let line, let column {
      let (text, offset) = Self.window(excerpt.text, around: column - 1)
      let number = String(line)
      let margin = String(repeating: " ", count: number.count)
      let room = max(1, min(excerpt.length, text.count - offset))
      result += "\n \(number) | \(text)"
      result += "\n \(margin) | \(String(repeating: " ", count: offset))^\(String(repeating: "~", count: room - 1))"
    }
    if let hint { result += "\n hint: \(hint)" }
    return result
  }

  /// The same facts for machines.
  public var json: JSONValue {
    var object: JSONObject = ["severity": .string(severity.rawValue), "message": .string(message)]
    if !file.isEmpty { object["file"] = .string(file) }
    if let line { object["line"] = .number(JSONNumber(line)) }
    if let column { object["column"] = .number(JSONNumber(column)) }
    if let hint { object["hint"] = .string(hint) }
    return .object(object)
  }

  /// At most 120 characters of a line, with the place in sight, and where the place is in them. Tabs count as one space,
  /// and what could drive a terminal is shown as a dot.
  private static func window(_ line: String, around place: Int) -> (text: String, offset: Int) {
    let widthMax = 120
    var characters = line.map { character -> Character in
      if character == "\t" { return " " }
      let isControl = character.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
      return isControl ? "·" : character
    }
    var offset = min(place, characters.count)
    if offset > widthMax - 20 {
      let cut = offset - widthMax / 2
      characters.removeFirst(cut)
      offset -= cut
    }
    return (String(characters.prefix(widthMax)), offset)
  }
}

extension [Diagnostic] {
  /// True where a file cannot be used.
  public var hasErrors: Bool { contains { $0.severity == .error } }
}

/// The text of one file and what was found wrong in it. A reader goes on after a fault, so that an operator sees all of
/// them at once.
final class FaultList {
  let file: String
  private let lines: [String]
  private var found: [Diagnostic] = []

  /// In the order of the file, whatever the order in which it was checked.
  var diagnostics: [Diagnostic] {
    found.enumerated().sorted { a, b in
      let places = (a.element.line ?? 0, a.element.column ?? 0, a.offset)
      return places < (b.element.line ?? 0, b.element.column ?? 0, b.offset)
    }.map(\.element)
  }

  /// Faults reported for one file at most: a file that is something else altogether shall not flood the terminal.
  private static let countMax = 100

  init(file: String, bytes: [UInt8]) {
    self.file = file
    lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(decoding: $0.last == 0x0D ? $0.dropLast() : $0, as: UTF8.self)
    }
  }

  func error(_ range: SourceRange, _ message: String, hint: String? = nil, isSecret: Bool = false) {
    add(.error, range, message, hint, isSecret)
  }

  func warning(_ range: SourceRange, _ message: String, hint: String? = nil) {
    add(.warning, range, message, hint, false)
  }

  private func add(
    _ severity: Diagnostic.Severity, _ range: SourceRange, _ message: String, _ hint: String?, _ isSecret: Bool
  ) {
    guard found.count < Self.countMax else { return }
    var diagnostic = Diagnostic(
      severity, file: file, line: range.start.line, column: range.start.column, message: message, hint: hint)
    if !isSecret, range.start.line <= lines.count {
      let text = lines[range.start.line - 1]
      let isOneLine = range.end.line == range.start.line
      let end = isOneLine ? range.end.column : text.count + 1
      diagnostic.excerpt = Diagnostic.Excerpt(text: text, length: max(1, end - range.start.column))
    }
    found.append(diagnostic)
  }
}
