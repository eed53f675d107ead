/// A JSON text as its tokens, to be changed the way that byte by byte comes about too seldom: members that come twice, are
/// called otherwise, change places or have other values; the unusual ones of strings, numbers and spaces.
public struct JSONTokens {
  public private(set) var tokens: [String] = []
  private let names: [String]

  private static let strings = [
    #""""#, #""a""#, #""2.0""#, #""2\u002e0""#, #""te\u0078t""#, #""text""#, #""user""#, #""ROLE_USER""#, #""agent""#,
    #""message""#, #""stop""#, #""\ud83d\ude00""#, #""\ud83d""#, #""\ude00""#, #""\ud83d\ud83d""#, #""\u0000""#,
    #""\n\t\/\\\"\b\f\r""#, #""\x""#, #""\u12g4""#, "\"é\"", "\"e\u{301}\"", "\"\u{FEFF}\"", "\"\u{7F}\"", "\"\u{1F}\"",
    "\"\t\"", #""a b""#, #""message\/send""#, "\"open", #""0123456789abcde\"""#,
  ]
  private static let scalars = [
    "null", "true", "false", "True", "0", "-0", "1.0", "1E+400", "-1.5e-3", "01", "1.", ".5", "+1", "-", "NaN",
    "123456789012345678901234567890", "truefalse",
  ]
  private static let spaces = [" ", "  ", "\t", "\n", "\r\n", "\u{A0}", "\u{0C}", "\u{FEFF}", "/**/"]
  /// Around the bounds of names and ids.
  private static let lengths = [128, 129, 256, 257, 1022, 1023]

  /// - Parameters:
  ///   - json: valid, and without spaces between its tokens.
  ///   - names: that members may get beside those that they have.
  public init(_ json: String, names: [String]) {
    self.names = names
    var (string, isEscaped) = (false, false)
    for scalar in json.unicodeScalars {
      let isPunctuation = !string && "{}[],:".unicodeScalars.contains(scalar)
      if isPunctuation || tokens.last.map({ $0.count == 1 && "{}[],:".contains($0) && !string }) ?? true {
        tokens.append("")
      }
      tokens[tokens.count - 1].unicodeScalars.append(scalar)
      if isEscaped {
        isEscaped = false
      } else if string, scalar == "\\" {
        isEscaped = true
      } else if scalar == "\"" {
        string.toggle()
      }
    }
  }

  public var bytes: [UInt8] { Array(tokens.joined().utf8) }

  /// The text with a few changes, or with none.
  public func mutated(using random: inout SeededGenerator) -> JSONTokens {
    var changed = self
    for _ in 0..<Int.random(in: 0...3, using: &random) where !changed.tokens.isEmpty { changed.change(&random) }
    return changed
  }

  private mutating func change(_ random: inout SeededGenerator) {
    let place = Int.random(in: 0..<tokens.count, using: &random)
    let members = tokens.indices.filter { $0 + 2 < tokens.count && tokens[$0 + 1] == ":" }
    guard let member = members.randomElement(using: &random), let other = members.randomElement(using: &random) else {
      return tokens[place] = value(&random)
    }
    let end = endOfValue(member + 2)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: tokens.remove(at: place)
    case 1: tokens.insert(tokens[place], at: place)
    case 2: tokens.insert(JSONTokens.spaces.randomElement(using: &random) ?? " ", at: place)
    case 3: tokens.insert(" ", at: place)
    case 4: tokens.replaceSubrange(member + 2..<end, with: [value(&random)])
    case 5: tokens[member] = "\"\(names.randomElement(using: &random) ?? "")\""
    case 6: tokens.removeSubrange(end < tokens.count && tokens[end] == "," ? member..<end + 1 : member..<end)
    case 7: tokens.insert(contentsOf: tokens[member..<end] + [","], at: other)
    case 8:
      let name = "\"\(names.randomElement(using: &random) ?? "")\""
      tokens.insert(contentsOf: [name, ":", value(&random), ","], at: other)
    default: exchange(member, other)
    }
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    let (first, second) = (min(a, b), max(a, b))
    let (firstEnd, secondEnd) = (endOfValue(first + 2), endOfValue(second + 2))
    guard firstEnd <= second else { return }
    let (x, y) = (Array(tokens[first..<firstEnd]), Array(tokens[second..<secondEnd]))
    tokens.replaceSubrange(second..<secondEnd, with: x)
    tokens.replaceSubrange(first..<firstEnd, with: y)
  }

  private func value(_ random: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<8, using: &random) {
    case 0...2: return JSONTokens.strings.randomElement(using: &random) ?? ""
    case 3, 4: return JSONTokens.scalars.randomElement(using: &random) ?? ""
    case 5:
      let piece = ["x", "é", #"\u00e9"#].randomElement(using: &random) ?? ""
      let length = JSONTokens.lengths.randomElement(using: &random) ?? 0
      return "\"\(String(repeating: piece, count: length / (piece == "é" ? 2 : 1)))\""
    case 6: return ["{}", "[]", #"{"a":1,"a":2}"#, #"{"a":{"b":[1, {"c":null}]}}"#].randomElement(using: &random) ?? ""
    default: return "[\(value(&random)),\(value(&random))]"
    }
  }

  /// Behind the value that begins there.
  private func endOfValue(_ start: Int) -> Int {
    var (index, depth) = (start, 0)
    while index < tokens.count {
      if tokens[index] == "{" || tokens[index] == "[" { depth += 1 }
      if tokens[index] == "}" || tokens[index] == "]" { depth -= 1 }
      index += 1
      if depth <= 0 { break }
    }
    return index
  }
}
