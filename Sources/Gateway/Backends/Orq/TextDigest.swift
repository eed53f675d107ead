internal import JSON

/// Tells whether pieces add up to a text without keeping them: their length, and a hash over words of eight bytes (FNV-1a),
/// whatever pieces they come in. Nothing rests on it but whether a text is sent once more.
struct TextDigest: Equatable {
  private var count = 0
  private var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// The bytes behind the last whole word, the first one lowest.
  private var rest: UInt64 = 0

  init() {}

  init(_ text: JSONString) { add(text) }

  mutating func add(_ text: JSONString) { add(text.utf8.span) }

  mutating func add(_ texts: JSONStrings) { texts.forEachUTF8 { add($0) } }

  private mutating func add(_ bytes: Span<UInt8>) {
    // A byte has no invalid representation.
    let raw = unsafe bytes.bytes
    let shift = UInt64(count & 7) * 8
    var index = 0
    while index + 8 <= raw.byteCount {
      // In bounds by the loop's condition.
      let word = unsafe UInt64(littleEndian: raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
      mix(rest | word << shift)
      // Shifting by 64 leaves nothing.
      rest = word >> (64 - shift)
      index += 8
    }
    count += index
    while index < raw.byteCount {
      rest |= UInt64(bytes[index]) << (UInt64(count & 7) * 8)
      index += 1
      count += 1
      guard count & 7 == 0 else { continue }
      mix(rest)
      rest = 0
    }
  }

  private mutating func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x100_0000_01b3 }
}
