internal import Bytes
internal import Crypto
internal import Network

/// Makes identifiers for one loop, from entropy fetched in blocks.
final class IdentifierMint {
  private var entropy: [UInt64] = []
  private var used = 0
  private let loop: EventLoop

  init(on loop: EventLoop) { self.loop = loop }

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
  func ulid() -> String { ULID.text(milliseconds: loop.wallMilliseconds, entropy: (word(), word())) }

  func messageID() -> String { ShortID.text((word(), word())) }

  func contextID() -> String { ShortID.text((word(), word())) }
}
