internal import Network
internal import Synchronization

/// A context is (principal, agent, contextId): the same id of another caller is another context.
struct ContextKey: Hashable, Sendable {
  let owner: TaskOwner
  let contextID: String
}

/// A turn that runs or waits, as other loops see it.
struct TurnHandle: Sendable {
  let taskID: String
  let mailbox: Mailbox
  let runner: LoopBound<TurnRunner>

  /// Calls the runner on its own loop.
  func perform(_ body: @escaping @Sendable (TurnRunner) -> Void) {
    mailbox.submit { [runner] loop in body(runner.value(on: loop)) }
  }
}

/// The order of the turns of one context: one runs, some wait. A value without locks or loops.
struct ContextTurns<Handle> {
  enum Admission: Equatable {
    case start
    case wait
    case full
  }

  private(set) var running: (taskID: String, handle: Handle)?
  private var waiting: [(taskID: String, handle: Handle)] = []

  var isIdle: Bool { running == nil }

  mutating func admit(_ handle: Handle, taskID: String, waitingMax: Int) -> Admission {
    guard running != nil else {
      running = (taskID, handle)
      return .start
    }
    guard waiting.count < waitingMax else { return .full }
    waiting.append((taskID, handle))
    return .wait
  }

  /// The running turn is over; returns the turn that runs next.
  mutating func finished() -> Handle? {
    running = waiting.isEmpty ? nil : waiting.removeFirst()
    return running?.handle
  }

  /// Takes a waiting turn out of the line.
  mutating func withdraw(_ taskID: String) -> Handle? {
    guard let index = waiting.firstIndex(where: { $0.taskID == taskID }) else { return nil }
    return waiting.remove(at: index).handle
  }
}

/// The contexts that have a turn running, over all loops, in shards under a lock each.
final class TurnQueue: Sendable {
  private final class Shard: Sendable {
    let contexts = Mutex<[ContextKey: ContextTurns<TurnHandle>]>([:])
  }

  private let shards = (0..<64).map { _ in Shard() }
  private let waitingMax: Int

  init(waitingMax: Int) { self.waitingMax = waitingMax }

  private func shard(_ key: ContextKey) -> Shard { shards[(key.hashValue & .max) % shards.count] }

  func admit(_ handle: TurnHandle, to key: ContextKey) -> ContextTurns<TurnHandle>.Admission {
    shard(key).contexts.withLock {
      $0[key, default: ContextTurns()].admit(handle, taskID: handle.taskID, waitingMax: waitingMax)
    }
  }

  /// The running turn of a context is over; returns the turn that runs next.
  func finished(_ key: ContextKey) -> TurnHandle? {
    shard(key).contexts.withLock { contexts in
      let next = contexts[key]?.finished()
      if contexts[key]?.isIdle == true { contexts[key] = nil }
      return next
    }
  }

  /// The turn of a task, running or waiting; a waiting one leaves the line.
  func turnToCancel(of taskID: String, in key: ContextKey) -> TurnHandle? {
    shard(key).contexts.withLock { contexts in
      if let running = contexts[key]?.running, running.taskID == taskID { return running.handle }
      return contexts[key]?.withdraw(taskID)
    }
  }

  func isRunning(_ taskID: String, in key: ContextKey) -> Bool {
    shard(key).contexts.withLock { $0[key]?.running?.taskID == taskID }
  }

  /// Turns that run now.
  var runningCount: Int { shards.reduce(0) { $0 + $1.contexts.withLock { $0.count } } }
}
