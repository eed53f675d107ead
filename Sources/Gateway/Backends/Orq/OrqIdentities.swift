internal import Bytes
internal import Crypto
internal import Orq
internal import Synchronization

/// Who called, for Orq's traces: always the same for one principal, and of no meaning outside. Remembered, since principals
/// are as few as keys, and to make one out costs more than all else that is written about it.
final class OrqIdentities: Sendable {
  private let known = Mutex<[String: OrqIdentity]>([:])

  /// Beyond that they are made anew for each message.
  private static let knownMax = 4096

  /// nil for callers without a name.
  func identity(of principal: String) -> OrqIdentity? {
    if principal == Principal.anonymousName { return nil }
    if let identity = known.withLock({ $0[principal] }) { return identity }
    let identity = OrqIdentities.made(for: principal)
    known.withLock { known in
      if known.count < OrqIdentities.knownMax { known[principal] = identity }
    }
    return identity
  }

  private static func made(for principal: String) -> OrqIdentity {
    let digest = SHA256.hash(Array("a2a-gateway:\(principal)".utf8))
    return OrqIdentity(id: "a2a_" + Hex.encode(Array(digest.prefix(16))))
  }
}
