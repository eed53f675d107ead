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
    defer { used += 8 }
    return entropy[used..<used + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// 26 characters.
  func ulid() -> String { ULID.text(milliseconds: wallMilliseconds(), entropy: (word(), word())) }

  func messageID() -> String { ulid() }

  func contextID() -> String { ulid() }
}
