import CLinux
import Glibc
import Synchronization

/// The one door into an event loop from other threads.
public struct Mailbox: Sendable {
  /// Number of the loop behind it, from 0.
  public let loopIndex: Int
  let core: MailboxCore

  /// Has `body` run on the loop, in the order of submission: in its next turn, or at the end of this one where the loop's
  /// own thread submits it. After the loop has ended it is dropped.
  public func submit(_ body: @escaping @Sendable (EventLoop) -> Void) { core.submit(body) }

  /// Whether the calling thread is the one that runs the loop.
  public var isCurrent: Bool { core.runner.load(ordering: .relaxed) == MailboxCore.currentThread }
}

final class MailboxCore: Sendable {
  typealias Body = @Sendable (EventLoop) -> Void

  private struct State {
    var bodies: [Body] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  /// Identity of the thread that runs the loop; 0 while none does.
  let runner = Atomic<UInt>(0)
  /// The loop's own thread has submitted something: it looks here before it goes to sleep, and needs no waking.
  let hasOwnMail = Atomic(false)
  let wakeUp: Int32

  init() throws(SystemError) {
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeUp >= 0 else { throw .last("eventfd") }
  }

  deinit { _ = Glibc.close(wakeUp) }

  static var currentThread: UInt { UInt(pthread_self()) }

  func submit(_ body: @escaping Body) {
    let isFirst = state.withLock { state in
      guard !state.isClosed else { return false }
      state.bodies.append(body)
      return state.bodies.count == 1
    }
    guard isFirst else { return }
    if runner.load(ordering: .relaxed) == MailboxCore.currentThread {
      hasOwnMail.store(true, ordering: .relaxed)
    } else {
      wake()
    }
  }

  /// Everything submitted since the last call, by whatever thread.
  func takeAll() -> [Body] {
    hasOwnMail.store(false, ordering: .relaxed)
    return state.withLock { state in
      var bodies: [Body] = []
      swap(&bodies, &state.bodies)
      return bodies
    }
  }

  /// To be called when the loop was woken.
  func resetWakeUp() {
    var count: UInt64 = 0
    // Resets the counter; that it was zero (EAGAIN) is no error.
    _ = unsafe Glibc.read(wakeUp, &count, 8)
  }

  func close() {
    state.withLock { state in
      state.isClosed = true
      state.bodies = []
    }
  }

  private func wake() {
    var one: UInt64 = 1
    // Fails only when the counter is full, and then the loop wakes anyway.
    _ = unsafe Glibc.write(wakeUp, &one, 8)
  }
}
