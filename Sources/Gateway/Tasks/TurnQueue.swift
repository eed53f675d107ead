internal import Model
internal import Network
internal import Synchronization

/// A context is (principal, agent, contextId): the same id of another caller is another context.
struct ContextKey: Hashable, Sendable {
  let owner: TaskOwner
  let contextID: String
}

/// A turn that runs or waits, as other loops see it.
struct TurnHandle: Sendable, Identifiable {
  /// Of the runner, which lives as long as this.
  let id: ObjectIdentifier
  let taskID: String
  let mailbox: Mailbox
  let runner: LoopBound<TurnRunner>

  /// Calls the runner on its own loop.
  func perform(_ body: @escaping @Sendable (TurnRunner) -> Void) {
    mailbox.submit { [runner] loop in body(runner.value(on: loop)) }
  }
}

/// The order of the turns of one context. A value without locks or loops.
struct ContextTurns<Turn: Identifiable> {
  enum Admission: Equatable {
    case start
    case wait
    case full
  }

  /// The first one runs, the others wait.
  private(set) var line: [Turn] = []

  var isIdle: Bool { line.isEmpty }

  mutating func admit(_ turn: Turn, waitingMax: Int) -> Admission {
    guard line.count <= waitingMax else { return .full }
    line.append(turn)
    return line.count == 1 ? .start : .wait
  }

  /// A turn is over or waits no longer; returns the turn that runs next, if this was the running one.
  mutating func leave(_ id: Turn.ID) -> Turn? {
    guard let index = line.firstIndex(where: { $0.id == id }) else { return nil }
    line.remove(at: index)
    return index == 0 ? line.first : nil
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

  func admit(_ turn: TurnHandle, to key: ContextKey) -> ContextTurns<TurnHandle>.Admission {
    shard(key).contexts.withLock { $0[key, default: ContextTurns()].admit(turn, waitingMax: waitingMax) }
  }

  /// A turn is over, whether it ran or waited; returns the turn that runs next, if there is one to start.
  func leave(_ id: TurnHandle.ID, _ key: ContextKey) -> TurnHandle? {
    shard(key).contexts.withLock { contexts in
      let next = contexts[key]?.leave(id)
      if contexts[key]?.isIdle == true { contexts[key] = nil }
      return next
    }
  }

  /// The turns of a task that run or wait: one, or two for the moment in which one ends and the next has come.
  func turns(of taskID: String, in key: ContextKey) -> [TurnHandle] {
    shard(key).contexts.withLock { $0[key]?.line.filter { $0.taskID == taskID } ?? [] }
  }

  func isRunning(_ taskID: String, in key: ContextKey) -> Bool {
    shard(key).contexts.withLock { $0[key]?.line.first?.taskID == taskID }
  }

  /// The turns of all callers of an agent that run or wait, each with its context.
  func turns(ofAgent key: String) -> [(key: ContextKey, turn: TurnHandle)] {
    shards.flatMap { shard in
      shard.contexts.withLock { contexts in
        contexts.filter { $0.key.owner.agentKey == key }.flatMap { key, turns in turns.line.map { (key, $0) } }
      }
    }
  }

  /// Turns that run now.
  var runningCount: Int { shards.reduce(0) { $0 + $1.contexts.withLock { $0.count } } }
}
