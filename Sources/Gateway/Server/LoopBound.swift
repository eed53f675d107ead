internal import Network

/// Carries a value that belongs to one loop through code that may run elsewhere. The value can be reached on its own loop
/// only; anywhere else is a programmer's error and stops the process.
// @unchecked: `value(on:)` hands the value out only to the loop that it was bound to, and the loop object itself cannot
// leave its thread; copying or dropping the reference elsewhere touches no state of the value.
struct LoopBound<Value: AnyObject>: @unchecked Sendable {
  private let bound: Value
  private let loop: ObjectIdentifier

  init(_ value: Value, on loop: EventLoop) {
    bound = value
    self.loop = ObjectIdentifier(loop)
  }

  func value(on loop: EventLoop) -> Value {
    precondition(ObjectIdentifier(loop) == self.loop, "a value bound to one event loop was used on another")
    return bound
  }
}
