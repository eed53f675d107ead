internal import Network
internal import Synchronization

/// Whose the tasks are that calls began in the Orq workspace: the workspace itself tells its key's tasks to anybody who has
/// the key. Kept in memory, bounded, and forgotten after a time without use; a forgotten task is as good as unknown.
final class ForwardedTasks: Sendable {
  private struct Name: Hashable {
    let owner: TaskOwner
    let taskID: String
  }

  /// When a task was noted, and until when that holds.
  private struct Mark: Equatable {
    let number: UInt64
    let until: MonotonicTime
  }

  private struct State {
    var marks: [Name: Mark] = [:]
    /// In the order in which they were noted, some again later.
    var order: [(name: Name, mark: Mark)] = []
    var head = 0
    var number: UInt64 = 0

    mutating func forget(before now: MonotonicTime, countMax: Int) {
      while head < order.count {
        let (name, mark) = order[head]
        guard marks.count > countMax || mark.until <= now || order.count - head > 2 * countMax else { break }
        head += 1
        // Noted again since then: the later place counts.
        if marks[name] == mark { marks[name] = nil }
      }
      if head > order.count / 2 {
        order.removeFirst(head)
        head = 0
      }
    }
  }

  private let state = Mutex(State())
  private let lifetime: Duration

  static let countMax = 100_000

  init(lifetime: Duration) { self.lifetime = lifetime }

  func note(_ taskID: String, of owner: TaskOwner, at now: MonotonicTime) {
    let name = Name(owner: owner, taskID: taskID)
    state.withLock { state in
      state.number += 1
      let mark = Mark(number: state.number, until: now + lifetime)
      state.marks[name] = mark
      state.order.append((name, mark))
      state.forget(before: now, countMax: ForwardedTasks.countMax)
    }
  }

  func isOwned(_ taskID: String, by owner: TaskOwner, at now: MonotonicTime) -> Bool {
    state.withLock { state in
      guard let mark = state.marks[Name(owner: owner, taskID: taskID)] else { return false }
      return mark.until > now
    }
  }

  /// All that are remembered.
  var count: Int { state.withLock { $0.marks.count } }
}
