/// The name of an agent in addresses: letters and digits, groups of them joined by `.`, `_` or `-`, a letter first
/// (contracts/orq.md §2.1).
public enum AgentKey {
  public static let charactersMax = 255
  /// Words that mean something else where a key could stand in a path.
  public static let reserved: Set<String> = ["run", "stream-run", "a2a", "external", "v1"]

  public static func isValid(_ key: String) -> Bool { fault(key) == nil }

  /// What is wrong with a key, or nil.
  public static func fault(_ key: String) -> String? {
    if reserved.contains(key) { return "cannot be \"\(key)\": the gateway uses that word in its own paths" }
    let rule = "must be letters and digits, joined by single \".\", \"_\" or \"-\", beginning with a letter"
    guard (1...charactersMax).contains(key.utf8.count) else { return "must have 1 to \(charactersMax) characters" }
    var previousJoins = true
    for (index, byte) in key.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): previousJoins = false
      case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: previousJoins = false
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        if previousJoins { return rule }
        previousJoins = true
      default: return rule
      }
    }
    return previousJoins ? rule : nil
  }
}

/// A pattern in which `*` stands for any text, also none; everything else is itself.
public struct Glob: Sendable, Hashable {
  public let pattern: String
  /// The texts between the stars.
  private let pieces: [[UInt8]]

  public init(_ pattern: String) {
    self.pattern = pattern
    pieces = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// Matches everything.
  public static let any = Glob("*")

  /// Takes time in proportion to the length of the text times that of the pattern at most.
  public func matches(_ text: String) -> Bool {
    if pattern == "*" { return true }
    let text = Array(text.utf8)
    guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else { return text == pieces.first }
    guard text.count >= first.count + last.count, text.starts(with: first),
      text.reversed().starts(with: last.reversed())
    else { return false }
    var rest = text[first.count..<text.count - last.count]
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let found = Self.find(piece, in: rest) else { return false }
      rest = rest[(found + piece.count)...]
    }
    return true
  }

  private static func find(_ piece: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    guard text.count >= piece.count else { return nil }
    return (text.startIndex...text.endIndex - piece.count).first { text[$0...].starts(with: piece) }
  }
}
