internal import Network
internal import Synchronization

/// Brings each new registry to every loop.
final class RegistryPublisher: Sendable {
  private struct State {
    var registry: Registry
    var loops: [(mailbox: Mailbox, context: LoopBound<LoopContext>)] = []
  }

  private let state: Mutex<State>

  init(_ registry: Registry) { state = Mutex(State(registry: registry)) }

  /// The agents as they are now. Requests read their loop's own copy, ``LoopContext/registry``.
  var current: Registry { state.withLock { $0.registry } }

  /// A loop begins to serve: it has the current registry when this returns, and gets every later one. On that loop.
  func join(_ context: LoopContext) {
    let bound = LoopBound(context, on: context.loop)
    context.registry = state.withLock { state in
      state.loops.append((context.loop.mailbox, bound))
      return state.registry
    }
  }

  /// Lets go of all loops: they have ended.
  func close() { state.withLock { $0.loops = [] } }

  /// Each loop has the registry from one of its next turns on.
  ///
  /// - Parameter reply: sent when the last of them has it.
  func publish(_ registry: Registry, then reply: Reply<Void>? = nil) {
    // Under the lock, so that two registries come to all loops in one order.
    state.withLock { state in
      state.registry = registry
      let left = LoopCount(state.loops.count)
      for loop in state.loops {
        loop.mailbox.submit { eventLoop in
          loop.context.value(on: eventLoop).registry = registry
          if left.isLast(), let reply { reply.send(()) }
        }
      }
    }
  }
}

/// Counts down from a number of loops.
private final class LoopCount: Sendable {
  private let left: Atomic<Int>

  init(_ count: Int) { left = Atomic(count) }

  func isLast() -> Bool { left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}
