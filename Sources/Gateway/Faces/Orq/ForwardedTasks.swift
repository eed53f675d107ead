internal import Configuration
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Synchronization
internal import Telemetry

/// Whose the tasks are that calls began in the Orq workspace: the workspace itself tells its key's tasks to anybody who has
/// the key. Kept in memory and, where there is one, in the state folder; bounded, and forgotten after a time without use. A
/// forgotten task is as good as unknown.
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
    /// How many marks each owner has.
    var counts: [TaskOwner: Int] = [:]
    /// In the order in which they were noted, some again later.
    var order: [(name: Name, mark: Mark)] = []
    var head = 0
    var number: UInt64 = 0
    /// The log has been told of a write that failed.
    var isFailing = false

    mutating func note(_ name: Name, until: MonotonicTime) {
      number += 1
      let mark = Mark(number: number, until: until)
      if marks.updateValue(mark, forKey: name) == nil { counts[name.owner, default: 0] += 1 }
      order.append((name, mark))
    }

    mutating func forget(before now: MonotonicTime, countMax: Int) {
      while head < order.count {
        let (name, mark) = order[head]
        guard marks.count > countMax || mark.until <= now || order.count - head > 2 * countMax else { break }
        head += 1
        // Noted again since then: the later place counts.
        guard marks[name] == mark else { continue }
        marks[name] = nil
        let left = counts[name.owner, default: 1] - 1
        counts[name.owner] = left == 0 ? nil : left
      }
      if head > order.count / 2 {
        order.removeFirst(head)
        head = 0
      }
    }
  }

  private let state = Mutex(State())
  private let lifetime: Duration
  private let log: LineLog?
  private let logger: Logger?

  static let countMax = 100_000
  static let fileName = "tasks/forwarded.log"

  /// A task that is used again is noted again only when so much of its time is over: most that is noted is new.
  private static let renewalShare = 8

  /// - Parameter folder: nil where nothing is kept.
  init(lifetime: Duration, in folder: StateDirectory? = nil, logger: Logger? = nil) {
    self.lifetime = lifetime
    self.logger = logger
    log = folder.map { LineLog(ForwardedTasks.fileName, in: $0, linesMax: ForwardedTasks.countMax) }
  }

  /// Takes up what earlier runs have noted, as far as its time is not over. Blocks.
  ///
  /// - Parameter wallMilliseconds: the same moment as `now`.
  func restore(at now: MonotonicTime, wallMilliseconds: Int64) {
    do throws(BoundedFile.Failure) {
      let lines = try log?.lines() ?? []
      state.withLock { state in
        for line in lines {
          guard let root = try? JSONDocument.parse(Array(line)).root, let at = root["at"]?.int64,
            let principal = root["by"]?.string, let agent = root["agent"]?.string, let task = root["task"]?.string
          else { continue }
          // A clock that was put back makes nothing live longer than from now on.
          let age = Duration.milliseconds(max(0, wallMilliseconds - at))
          guard age < lifetime else { continue }
          let owner = TaskOwner(principal: principal, agentKey: agent)
          state.note(Name(owner: owner, taskID: task), until: now + (lifetime - age))
        }
        state.forget(before: now, countMax: ForwardedTasks.countMax)
      }
    } catch {
      logger?.error(
        "whose the tasks in the Orq workspace are cannot be read: their callers do not find them any more",
        ["file": .string(ForwardedTasks.fileName), "error": .string(error.message)])
    }
  }

  /// - Parameter wallMilliseconds: the same moment as `now`.
  func note(_ taskID: String, of owner: TaskOwner, at now: MonotonicTime, wallMilliseconds: Int64) {
    // What no caller could name is nobody's.
    guard !taskID.isEmpty, taskID.utf8.count <= OrqLimits.identifierBytesMax else { return }
    let name = Name(owner: owner, taskID: taskID)
    let isDue = state.withLock { state in
      let isFresh = state.marks[name].map { $0.until > now + (lifetime - lifetime / ForwardedTasks.renewalShare) }
      if isFresh == true { return false }
      state.note(name, until: now + lifetime)
      state.forget(before: now, countMax: ForwardedTasks.countMax)
      return true
    }
    if isDue, let log { write(taskID, owner, wallMilliseconds, to: log) }
  }

  private func write(_ taskID: String, _ owner: TaskOwner, _ wallMilliseconds: Int64, to log: LineLog) {
    let line = JSONFragment { json in
      json.beginObject()
      json.member("at", Int(wallMilliseconds))
      json.member("by", owner.principal)
      json.member("agent", owner.agentKey)
      json.member("task", taskID)
      json.endObject()
    }
    guard line.bytes.count < LineLog.lineBytesMax else { return }
    do throws(SystemError) {
      try log.append(line.bytes)
      state.withLock { $0.isFailing = false }
    } catch {
      let isNew = state.withLock { state in
        defer { state.isFailing = true }
        return !state.isFailing
      }
      guard isNew else { return }
      logger?.error(
        "whose new tasks in the Orq workspace are will be forgotten with this run; check the state folder and its disk",
        ["file": .string(ForwardedTasks.fileName), "error": .string(error.description)])
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

  /// How many tasks of this owner are remembered.
  func count(of owner: TaskOwner, at now: MonotonicTime) -> Int {
    state.withLock { state in
      state.forget(before: now, countMax: ForwardedTasks.countMax)
      return state.counts[owner] ?? 0
    }
  }
}
