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
    let bytes = Random.bytes(4096)
    // Whatever their order, all of them are random.
    entropy = stride(from: 0, to: bytes.count, by: 8).map { start in
      bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    used = 0
  }

  /// 26 characters.
  func ulid() -> String { ULID.text(milliseconds: wallMilliseconds(), entropy: (word(), word())) }

  func messageID() -> String { ulid() }

  func contextID() -> String { ulid() }
}
