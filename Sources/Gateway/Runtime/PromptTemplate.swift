internal import JSON
internal import Model
internal import Orq

/// A text in which `{{name}}` stands for the value of a variable. Of `jinja` and `mustache` this is all that is understood;
/// a text that asks for more is refused, not guessed at. Values are put in once: what stands in them is not looked at.
struct PromptTemplate: Sendable, Equatable {
  private enum Piece: Equatable {
    case text(String)
    case variable(String)
  }

  private var pieces: [Piece] = []
  /// What a variable without a value becomes: itself in `text`, nothing in the others.
  private let keepsUnknown: Bool

  /// Of a text with its values, in bytes.
  static let bytesMax = 1024 * 1024

  /// - Parameter field: where the text stands, for errors.
  init(_ source: String, _ engine: OrqTurn.Engine, field: String) throws(AgentError) {
    keepsUnknown = engine == .text
    var rest = source[...]
    while let start = rest.firstRange(of: "{{") {
      let tail = rest[start.upperBound...]
      guard let end = tail.firstRange(of: "}}"), let name = PromptTemplate.name(tail[..<end.lowerBound]) else {
        guard keepsUnknown else { throw PromptTemplate.tooMuch(field, engine) }
        add(text: rest[..<start.upperBound])
        rest = tail
        continue
      }
      add(text: rest[..<start.lowerBound])
      pieces.append(.variable(name))
      rest = tail[end.upperBound...]
    }
    add(text: rest)
    guard engine == .jinja else { return }
    for case .text(let text) in pieces where text.contains("{%") || text.contains("{#") {
      throw PromptTemplate.tooMuch(field, engine)
    }
  }

  private mutating func add(text: Substring) {
    if text.isEmpty { return }
    if case .text(let before)? = pieces.last {
      pieces[pieces.count - 1] = .text(before + text)
    } else {
      pieces.append(.text(String(text)))
    }
  }

  /// A letter or `_`, then letters, digits, `_`, `-` and dots; spaces around it do not count.
  private static func name(_ text: Substring) -> String? {
    var bytes = text.utf8[...]
    while bytes.first == 0x20 { bytes = bytes.dropFirst() }
    while bytes.last == 0x20 { bytes = bytes.dropLast() }
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }
    guard let first = bytes.first, isLetter(first),
      bytes.allSatisfy({
        isLetter($0) || (UInt8(ascii: "-")...UInt8(ascii: "9")).contains($0) && $0 != UInt8(ascii: "/")
      })
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func tooMuch(_ field: String, _ engine: OrqTurn.Engine) -> AgentError {
    .invalidField(
      field,
      "Asks for more of \(engine.rawValue) than {{name}}, which is all that this gateway puts into texts. Write it out."
    )
  }

  /// The text with the values of its variables.
  ///
  /// - Parameter values: objects, the first that knows a name counts.
  func rendered(_ values: [JSONNode]) throws(AgentError) -> String {
    var result = ""
    for piece in pieces {
      switch piece {
      case .text(let text): result += text
      case .variable(let name):
        if let value = values.lazy.compactMap({ PromptTemplate.value(name, in: $0) }).first {
          result += value
        } else if keepsUnknown {
          result += "{{\(name)}}"
        }
      }
      guard result.utf8.count <= PromptTemplate.bytesMax else {
        throw .invalidField("variables", "Make the agent's instructions longer than \(PromptTemplate.bytesMax) bytes.")
      }
    }
    return result
  }

  /// A member of that name, else along the dots in it. Text as it is, anything else as JSON, null as nothing.
  private static func value(_ name: String, in object: JSONNode) -> String? {
    var node = object.member(named: name)
    if node == nil, name.contains(".") {
      node = object
      for step in name.split(separator: ".", omittingEmptySubsequences: false) {
        node = node?.member(named: String(step))
      }
    }
    guard let node else { return nil }
    if node.isNull { return "" }
    return node.string ?? String(decoding: node.fragment.bytes, as: UTF8.self)
  }
}
