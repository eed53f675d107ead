internal import Bytes
internal import Model

/// A task id as a number, to be looked up by.
struct TaskKey: Hashable {
  let high: UInt64
  let low: UInt64

  /// For a ``SlotTable``: its random bits are ours alone.
  var spread: UInt64 { (low ^ high) &* 0x9E37_79B9_7F4A_7C15 }
}

/// Task ids: short identifiers that also carry the number of the store's shard, so that an id alone tells where its task lies.
/// 69 random bits remain; ids are names, not secrets: every read checks the owner as well.
struct TaskIdentifier {
  let key: TaskKey
  let shard: Int

  /// nil for a text that no ``mint(shard:entropy:)`` made.
  init?(_ text: String) {
    guard let (high, low) = ShortID.number(text) else { return nil }
    key = TaskKey(high: high, low: low)
    shard = Int(low & 63)
  }

  static func mint(shard: Int, entropy: (UInt64, UInt64)) -> String {
    ShortID.text((entropy.0, entropy.1 << 6 | UInt64(shard) & 63))
  }

  static func shard(of owner: TaskOwner, count: Int) -> Int {
    Int((owner.digest ^ owner.digest >> 32) % UInt64(count))
  }
}
