internal import Bytes

/// Task ids: ULIDs whose last two characters also carry the number of the store's shard, so that an id alone tells where
/// its task lies. 74 random bits remain; ids are names, not secrets: every read checks the owner as well.
enum TaskIdentifier {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  static let length = 26

  static func mint(shard: Int, milliseconds: Int64, entropy: (UInt64, UInt64)) -> String {
    let low = (UInt64(shard) & 63) << 4 | entropy.1 & 15
    var text = Array(ULID.text(milliseconds: milliseconds, entropy: entropy).utf8)
    text[length - 2] = alphabet[Int(low >> 5)]
    text[length - 1] = alphabet[Int(low & 31)]
    return String(decoding: text, as: UTF8.self)
  }

  /// nil for a text that no ``mint(shard:milliseconds:entropy:)`` made.
  static func shard(of id: String) -> Int? {
    let text = id.utf8
    guard text.count == length, let high = value(text[text.index(text.endIndex, offsetBy: -2)]),
      let low = value(text[text.index(before: text.endIndex)])
    else { return nil }
    return (high << 5 | low) >> 4 & 63
  }

  /// A stable hash (FNV-1a): ids outlive a process once tasks are kept on disk.
  static func shard(principal: String, agentKey: String, of count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in principal.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = hash &* 0x100_0000_01b3
    for byte in agentKey.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int((hash ^ hash >> 32) % UInt64(count))
  }

  private static func value(_ byte: UInt8) -> Int? { alphabet.firstIndex(of: byte) }
}
