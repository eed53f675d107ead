/// Who may see a task: one caller at one agent. A task of another owner is indistinguishable from an unknown one
/// (A2A 1.0 §3.3.2, §13.1). One object for all that a request hands it to.
public final class TaskOwner: Sendable {
  /// Opaque, stable name of the caller.
  public let principal: String
  public let agentKey: String
  /// A stable hash: ids that carry a part of it outlive a process once tasks are kept on disk.
  public let digest: UInt64

  public init(principal: String, agentKey: String) {
    self.principal = principal
    self.agentKey = agentKey
    var digest: UInt64 = 0
    TaskOwner.add(principal.utf8Span.span, to: &digest)
    TaskOwner.add(agentKey.utf8Span.span, to: &digest)
    self.digest = digest
  }

  /// By words of eight bytes; the last one is shorter and ends with the count, so that a text ends where it does.
  private static func add(_ text: Span<UInt8>, to digest: inout UInt64) {
    func mix(_ word: UInt64) {
      digest = (digest ^ word) &* 0x9E37_79B9_7F4A_7C15
      digest ^= digest >> 29
    }
    // A byte has no invalid representation.
    let raw = unsafe text.bytes
    var index = 0
    while index + 8 <= text.count {
      // In bounds by the loop's condition.
      mix(UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)))
      index += 8
    }
    var last = UInt64(text.count - index)
    while index < text.count {
      last = last << 8 | UInt64(text[index])
      index += 1
    }
    mix(last)
  }
}

extension TaskOwner: Hashable {
  public static func == (a: TaskOwner, b: TaskOwner) -> Bool {
    a === b || a.digest == b.digest && a.principal == b.principal && a.agentKey == b.agentKey
  }

  // Both names are the operator's: nobody else can choose them so that they collide.
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
