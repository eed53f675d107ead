/// Who may see a task: one caller at one agent. A task of another owner is indistinguishable from an unknown one
/// (A2A 1.0 §3.3.2, §13.1). One object for all that a request hands it to.
public final class TaskOwner: Sendable {
  /// Opaque, stable name of the caller.
  public let principal: String
  public let agentKey: String
  /// A stable hash (FNV-1a): ids that carry a part of it outlive a process once tasks are kept on disk.
  public let digest: UInt64

  public init(principal: String, agentKey: String) {
    self.principal = principal
    self.agentKey = agentKey
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ text: Span<UInt8>) {
      for index in text.indices { hash = (hash ^ UInt64(text[index])) &* TaskOwner.prime }
    }
    add(principal.utf8Span.span)
    hash = hash &* TaskOwner.prime
    add(agentKey.utf8Span.span)
    digest = hash
  }

  private static var prime: UInt64 { 0x100_0000_01b3 }
}

extension TaskOwner: Hashable {
  public static func == (a: TaskOwner, b: TaskOwner) -> Bool {
    a === b || a.digest == b.digest && a.principal == b.principal && a.agentKey == b.agentKey
  }

  // Both names are the operator's: nobody else can choose them so that they collide.
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
