/// A name that tasks are owned by, with what it adds to an owner's hash. Made once for each caller and each agent, so that an
/// owner is found for every request at no cost.
public final class OwnerName: Sendable {
  public let text: String
  fileprivate let digest: UInt64

  public init(_ text: String) {
    self.text = text
    digest = OwnerName.digest(of: text.utf8Span.span)
  }

  /// By words of eight bytes; the last one is shorter and ends with the count, so that a text ends where it does.
  private static func digest(of text: Span<UInt8>) -> UInt64 {
    var digest: UInt64 = 0
    // A byte has no invalid representation.
    let raw = unsafe text.bytes
    var index = 0
    while index + 8 <= text.count {
      // In bounds by the loop's condition.
      let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      digest = TaskOwner.mix(digest, UInt64(littleEndian: word))
      index += 8
    }
    var last = UInt64(text.count - index)
    while index < text.count {
      last = last << 8 | UInt64(text[index])
      index += 1
    }
    return TaskOwner.mix(digest, last)
  }
}

/// Who may see a task: one caller at one agent. A task of another owner is indistinguishable from an unknown one
/// (A2A 1.0 §3.3.2, §13.1).
public struct TaskOwner: Sendable {
  private let caller: OwnerName
  private let agent: OwnerName

  public init(caller: OwnerName, agent: OwnerName) {
    self.caller = caller
    self.agent = agent
  }

  public init(principal: String, agentKey: String) {
    self.init(caller: OwnerName(principal), agent: OwnerName(agentKey))
  }

  /// Opaque, stable name of the caller.
  public var principal: String { caller.text }
  public var agentKey: String { agent.text }
  /// A stable hash: ids that carry a part of it outlive a process once tasks are kept on disk.
  public var digest: UInt64 {
    // Turned by a bit, so that two names are not the same the other way round.
    TaskOwner.mix(caller.digest << 1 | caller.digest >> 63, agent.digest)
  }

  fileprivate static func mix(_ digest: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (digest ^ word) &* 0x9E37_79B9_7F4A_7C15
    return mixed ^ mixed >> 29
  }
}

extension TaskOwner: Hashable {
  public static func == (a: TaskOwner, b: TaskOwner) -> Bool {
    (a.caller === b.caller || a.caller.digest == b.caller.digest && a.principal == b.principal)
      && (a.agent === b.agent || a.agent.digest == b.agent.digest && a.agentKey == b.agentKey)
  }

  // Both names are the operator's: nobody else can choose them so that they collide.
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
