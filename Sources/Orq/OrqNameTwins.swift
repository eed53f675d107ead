/// The two spellings of a member's name: the contract's, and that of the Node SDK of the release candidate (contract §8).
enum OrqNameTwins {
  /// `system_prompt` becomes `systemPrompt`; nil for a name of one word.
  static func camelCase(_ name: StaticString) -> String? {
    let bytes = name.description.utf8
    guard let joint = bytes.firstIndex(of: UInt8(ascii: "_")), joint > bytes.startIndex else { return nil }
    var twin: [UInt8] = []
    var isUpper = false
    for byte in bytes {
      if byte == UInt8(ascii: "_") {
        isUpper = true
      } else {
        twin.append(isUpper ? byte & ~0x20 : byte)
        isUpper = false
      }
    }
    return String(decoding: twin, as: UTF8.self)
  }

  /// `systemPrompt` becomes `system_prompt`; other names stay what they are.
  static func snakeCase(_ name: String) -> String {
    var twin: [UInt8] = []
    for byte in name.utf8 {
      if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
        if !twin.isEmpty { twin.append(UInt8(ascii: "_")) }
        twin.append(byte | 0x20)
      } else {
        twin.append(byte)
      }
    }
    return String(decoding: twin, as: UTF8.self)
  }
}
