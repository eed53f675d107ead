internal import JSON
internal import Model

/// Tells what of an artifact was passed on without keeping it: the length and FNV-1a of its content. Pieces of plain text
/// count as one text however they were cut. Nothing rests on it but whether something is sent once more.
struct ArtifactDigest: Sendable, Equatable {
  private var count = 0
  private var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  private var endsInText = false

  /// How much a whole artifact has beyond what was passed on.
  enum Difference: Equatable {
    case none
    case more([Part])
    /// What was passed on is no beginning of it.
    case other
  }

  init() {}

  mutating func add(_ parts: [Part]) {
    for part in parts {
      begin(part)
      for byte in ArtifactDigest.bytes(of: part) { add(byte) }
    }
  }

  func difference(to parts: [Part]) -> Difference {
    var walk = ArtifactDigest()
    for (index, part) in parts.enumerated() {
      if walk == self { return ArtifactDigest.more(parts[index...]) }
      walk.begin(part)
      let bytes = ArtifactDigest.bytes(of: part)
      for (offset, byte) in bytes.enumerated() {
        // Only text is ever cut.
        if walk == self, walk.endsInText, !ArtifactDigest.continuesCharacter(byte) {
          let rest = JSONString(String(decoding: bytes[offset...], as: UTF8.self))
          var first = part
          first.content = .text(rest)
          return .more([first] + parts[(index + 1)...])
        }
        walk.add(byte)
      }
    }
    return walk == self ? .none : .other
  }

  /// Empty text is nothing more.
  private static func more(_ rest: ArraySlice<Part>) -> Difference {
    let isNothing = rest.allSatisfy { $0.isPlainText && $0.content == .text("") }
    return isNothing ? .none : .more(Array(rest))
  }

  private static func continuesCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  private mutating func begin(_ part: Part) {
    let isText = part.isPlainText
    if !(isText && endsInText) { add(isText ? 1 : 2) }
    endsInText = isText
  }

  private mutating func add(_ byte: UInt8) {
    count += 1
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  /// Plain text as such; of any other part, all that it is made of.
  private static func bytes(of part: Part) -> [UInt8] {
    let (kind, content): (UInt8, [UInt8]) =
      switch part.content {
      case .text(let text): (3, text.utf8)
      case .raw(let base64): (4, base64.utf8)
      case .url(let url): (5, url.utf8)
      case .data(let data): (6, data.bytes)
      }
    if part.isPlainText { return content }
    var bytes = [kind] + content
    for more in [part.mediaType?.utf8, part.filename?.utf8, part.metadata?.bytes] { bytes += [0] + (more ?? []) }
    return bytes
  }

  // MARK: Between turns

  init?(_ node: JSONNode) {
    let numbers = node.elements.map(\.string)
    guard numbers.count == 3, let count = numbers[0].flatMap({ Int($0) }),
      let hash = numbers[1].flatMap({ UInt64($0, radix: 16) })
    else { return nil }
    self.count = count
    self.hash = hash
    endsInText = numbers[2] == "text"
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    json.string(String(count))
    json.string(String(hash, radix: 16))
    json.string(endsInText ? "text" : "")
    json.endArray()
  }
}

extension Part {
  /// Text and nothing else.
  fileprivate var isPlainText: Bool {
    guard case .text = content else { return false }
    return mediaType == nil && filename == nil && metadata == nil
  }
}
