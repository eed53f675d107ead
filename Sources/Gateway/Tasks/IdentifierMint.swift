internal import Bytes
internal import Crypto

/// Makes identifiers for one loop, from entropy fetched in blocks.
final class IdentifierMint {
  private var entropy: [UInt64] = []
  private var used = 0
  private let wallMilliseconds: () -> Int64

  init(wallMilliseconds: @escaping () -> Int64) { self.wallMilliseconds = wallMilliseconds }

  func word() -> UInt64 {
    if used == entropy.count { refill() }
    used += 1
    return entropy[used - 1]
  }

  private func refill() {
    entropy = Random.words(512)
    used = 0
  }

  /// 26 characters.
  func ulid() -> String { ULID.text(milliseconds: wallMilliseconds(), entropy: (word(), word())) }

  func messageID() -> String { ulid() }

  func contextID() -> String { ulid() }
}
