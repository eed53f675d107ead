internal import Bytes
internal import Crypto

/// Makes identifiers for one loop, from entropy fetched in blocks.
final class IdentifierMint {
  private var entropy: [UInt8] = []
  private var used = 0
  private let wallMilliseconds: () -> Int64

  init(wallMilliseconds: @escaping () -> Int64) { self.wallMilliseconds = wallMilliseconds }

  func word() -> UInt64 {
    if used + 8 > entropy.count {
      entropy = Random.bytes(4096)
      used = 0
    }
    let (block, place) = (entropy, used)
    var word: UInt64 = 0
    for index in place..<place + 8 { word = word << 8 | UInt64(block[index]) }
    used += 8
    return word
  }

  /// 26 characters.
  func ulid() -> String { ULID.text(milliseconds: wallMilliseconds(), entropy: (word(), word())) }

  func messageID() -> String { ulid() }

  func contextID() -> String { ulid() }
}
