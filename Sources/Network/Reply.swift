/// Brings one value from another thread to a loop's own objects: the body that waits for it stays on the loop and may
/// hold whatever is confined to it, only the value travels. See `EventLoop.expect`.
public struct Reply<Value: Sendable>: Sendable {
  let mailbox: Mailbox
  let number: UInt64

  /// Delivers the value. Only the first one counts.
  public func send(_ value: Value) {
    let number = number
    mailbox.submit { $0.deliver(value, number) }
  }
}
