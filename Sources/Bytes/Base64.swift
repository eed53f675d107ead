/// Base64 (RFC 4648 §4) and base64url (§5).
public enum Base64 {
  private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let url = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let invalid: UInt8 = 0xFF
  /// Values of the characters of both alphabets.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: invalid, count: 256)
    for alphabet in [standard, url] {
      for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    }
    return values
  }()

  /// Standard alphabet, padded.
  public static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: encodedBytes(bytes), as: UTF8.self)
  }

  /// Standard alphabet, padded, as bytes.
  public static func encodedBytes(_ bytes: [UInt8]) -> [UInt8] { encode(bytes, standard, padded: true) }

  /// URL alphabet, without padding.
  public static func encodeURL(_ bytes: [UInt8]) -> String {
    String(decoding: encode(bytes, url, padded: false), as: UTF8.self)
  }

  /// Reads either alphabet, with or without padding. nil for anything else, also for set bits behind the last byte, so
  /// that each value has one text per alphabet and padding.
  public static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)) }

  /// Reads either alphabet, with or without padding.
  public static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard let count = contentCount(text) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 3 / 4)
    var bits: UInt32 = 0
    var bitCount = 0
    for character in text[..<count] {
      let value = values[Int(character)]
      guard value != invalid else { return nil }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      }
    }
    return bits & (1 << UInt32(bitCount) - 1) == 0 ? bytes : nil
  }

  /// The same value in the standard alphabet with padding; nil if it is not base64. A text that is so already is
  /// returned as it is.
  public static func normalize(_ text: [UInt8]) -> [UInt8]? {
    guard let count = contentCount(text) else { return nil }
    var isStandard = text.count.isMultiple(of: 4)
    for character in text[..<count] {
      guard values[Int(character)] != invalid else { return nil }
      if character == UInt8(ascii: "-") || character == UInt8(ascii: "_") { isStandard = false }
    }
    let spare = count % 4 == 2 ? 0x0F : count % 4 == 3 ? 0x03 : 0
    if spare != 0, Int(values[Int(text[count - 1])]) & spare != 0 { return nil }
    return isStandard ? text : decode(text).map(encodedBytes)
  }

  /// The count of characters before the padding; nil if the count or the padding is impossible.
  private static func contentCount(_ text: [UInt8]) -> Int? {
    var count = text.count
    while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
    let padding = text.count - count
    guard count % 4 != 1, padding == 0 || text.count.isMultiple(of: 4) else { return nil }
    return count
  }

  private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8], padded: Bool) -> [UInt8] {
    var text = [UInt8](repeating: UInt8(ascii: "="), count: (bytes.count + 2) / 3 * 4)
    var (index, place) = (0, 0)
    while index + 3 <= bytes.count {
      let bits = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
      text[place] = alphabet[bits >> 18]
      text[place + 1] = alphabet[bits >> 12 & 63]
      text[place + 2] = alphabet[bits >> 6 & 63]
      text[place + 3] = alphabet[bits & 63]
      index += 3
      place += 4
    }
    let rest = bytes.count - index
    if rest > 0 {
      let bits = Int(bytes[index]) << 16 | (rest == 2 ? Int(bytes[index + 1]) << 8 : 0)
      text[place] = alphabet[bits >> 18]
      text[place + 1] = alphabet[bits >> 12 & 63]
      if rest == 2 { text[place + 2] = alphabet[bits >> 6 & 63] }
      if !padded { text.removeLast(3 - rest) }
    }
    return text
  }
}
