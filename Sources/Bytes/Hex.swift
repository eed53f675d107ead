/// Hexadecimal text.
public enum Hex {
  static let digits = Array("0123456789abcdef".utf8)

  /// Two lower-case digits a byte.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Sixteen lower-case digits.
  public static func encode(_ word: UInt64) -> String {
    // The string lends 16 bytes, all of which are written.
    unsafe String(unsafeUninitializedCapacity: 16) { text in
      for index in 0..<16 {
        let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index) & 15)
        unsafe text[index] = value < 10 ? 0x30 + value : 0x61 + value - 10
      }
      return 16
    }
  }

  /// nil for an odd count or anything but digits of either case.
  public static func decode(_ text: String) -> [UInt8]? {
    guard text.utf8.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for character in text.utf8 {
      guard let value = value(character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  /// The value of one digit.
  public static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }
}
