internal import Bytes
internal import Model

/// A task id as a number, to be looked up by.
struct TaskKey: Hashable {
  let high: UInt64
  let low: UInt64

  /// For a ``SlotTable``: its random bits are ours alone.
  var spread: UInt64 { (low ^ high) &* 0x9E37_79B9_7F4A_7C15 }
}

/// Task ids: ULIDs whose last two characters also carry the number of the store's shard, so that an id alone tells where
/// its task lies. 74 random bits remain; ids are names, not secrets: every read checks the owner as well.
struct TaskIdentifier {
  let key: TaskKey
  let shard: Int

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  static let length = 26

  /// nil for a text that no ``mint(shard:milliseconds:entropy:)`` made. One text for each value: lower case, and the letters
  /// that other readers of base32 forgive, are other texts.
  init?(_ text: String) {
    let digits = text.utf8Span.span
    let values = TaskIdentifier.values
    // The first digit stands for the top three bits only.
    guard digits.count == TaskIdentifier.length, values[Int(digits[0])] < 8 else { return nil }
    // 26 digits of five bits: two for the top eight bits, then twice twelve.
    var words = (top: UInt64(0), middle: UInt64(0), low: UInt64(0))
    var all: UInt8 = 0
    func read(_ range: Range<Int>, _ word: inout UInt64) {
      for index in range {
        // Within both: there are 26 digits, and a value for each byte.
        let value = unsafe values.span[unchecked: Int(digits[unchecked: index])]
        all |= value
        word = word << 5 | UInt64(value)
      }
    }
    read(0..<2, &words.top)
    read(2..<14, &words.middle)
    read(14..<26, &words.low)
    guard all < 32 else { return nil }
    let high = words.top << 56 | words.middle >> 4
    let low = words.middle << 60 | words.low
    key = TaskKey(high: high, low: low)
    shard = Int(low >> 4 & 63)
  }

  static func mint(shard: Int, milliseconds: Int64, entropy: (UInt64, UInt64)) -> String {
    let low = (UInt64(shard) & 63) << 4 | entropy.1 & ~0x3F0
    return ULID.text(milliseconds: milliseconds, entropy: (entropy.0, low))
  }

  static func shard(of owner: TaskOwner, count: Int) -> Int {
    Int((owner.digest ^ owner.digest >> 32) % UInt64(count))
  }

  /// By the digit; 0xFF for what is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()
}
