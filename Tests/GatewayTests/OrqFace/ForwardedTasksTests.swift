import Foundation
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

struct ForwardedTasksTests {
  private let owner = TaskOwner(principal: "p", agentKey: "a")

  @Test func aTaskIsItsOwnersAndForATime() {
    let tasks = ForwardedTasks(lifetime: .seconds(10))
    let now = ManualTime().monotonic()
    note("T", tasks, at: now)
    #expect(tasks.isOwned("T", by: owner, at: now))
    #expect(tasks.count(of: owner, at: now) == 1)
    #expect(!tasks.isOwned("T", by: TaskOwner(principal: "q", agentKey: "a"), at: now))
    #expect(!tasks.isOwned("T", by: TaskOwner(principal: "p", agentKey: "b"), at: now))
    note("T", tasks, at: now + .seconds(6))
    note("U", tasks, at: now + .seconds(12))
    #expect(tasks.isOwned("T", by: owner, at: now + .seconds(12)))
    #expect(!tasks.isOwned("T", by: owner, at: now + .seconds(16)))
    note("V", tasks, at: now + .seconds(17))
    #expect(tasks.count == 2)
    #expect(tasks.count(of: owner, at: now + .seconds(23)) == 1)
    #expect(tasks.count(of: owner, at: now + .seconds(30)) == 0)
  }

  private func note(
    _ taskID: String, _ tasks: ForwardedTasks, of owner: TaskOwner? = nil, at now: MonotonicTime, wall: Int64 = 0
  ) {
    tasks.note(taskID, of: owner ?? self.owner, at: now, wallMilliseconds: wall)
  }

  // MARK: In the state folder

  @Test func theNextRunKnowsThemForTheRestOfTheirTime() throws {
    let folder = try TemporaryFolder()
    let now = ManualTime().monotonic()
    let other = TaskOwner(principal: "q \"\\\n", agentKey: "a")
    do {
      let state = try StateDirectory(path: folder.path + "/state")
      let tasks = ForwardedTasks(lifetime: .seconds(10), in: state)
      tasks.restore(at: now, wallMilliseconds: 1_000)
      note("old", tasks, at: now, wall: 1_000)
      note("T", tasks, at: now, wall: 5_000)
      note("U", tasks, of: other, at: now, wall: 6_000)
      note("late", tasks, at: now, wall: 99_000)
      state.release()
    }
    let state = try StateDirectory(path: folder.path + "/state")
    let tasks = ForwardedTasks(lifetime: .seconds(10), in: state)
    tasks.restore(at: now, wallMilliseconds: 12_000)
    #expect(!tasks.isOwned("old", by: owner, at: now))
    #expect(tasks.isOwned("T", by: owner, at: now))
    #expect(!tasks.isOwned("T", by: other, at: now))
    #expect(!tasks.isOwned("T", by: owner, at: now + .seconds(3)))
    #expect(tasks.isOwned("U", by: other, at: now + .seconds(3)))
    // A clock that was put back makes nothing live longer than its time.
    #expect(tasks.isOwned("late", by: owner, at: now + .seconds(9)))
    #expect(!tasks.isOwned("late", by: owner, at: now + .seconds(10)))
  }

  @Test func whatACrashHasCutOffIsPassedOver() throws {
    let folder = try TemporaryFolder()
    let now = ManualTime().monotonic()
    let path = folder.path + "/state/" + ForwardedTasks.fileName
    do {
      let state = try StateDirectory(path: folder.path + "/state")
      let tasks = ForwardedTasks(lifetime: .seconds(10), in: state)
      for task in ["T", "U"] { note(task, tasks, at: now) }
      state.release()
    }
    let whole = try Data(contentsOf: URL(filePath: path))
    for cut in [1, 2, 20, whole.count - 1] {
      try whole.dropLast(cut).write(to: URL(filePath: path))
      let state = try StateDirectory(path: folder.path + "/state")
      let tasks = ForwardedTasks(lifetime: .seconds(10), in: state)
      tasks.restore(at: now, wallMilliseconds: 0)
      // Without its line end alone, the last line is whole.
      #expect(tasks.isOwned("U", by: owner, at: now) == (cut == 1))
      note("V", tasks, at: now)
      let again = ForwardedTasks(lifetime: .seconds(10), in: state)
      again.restore(at: now, wallMilliseconds: 0)
      #expect(again.isOwned("V", by: owner, at: now), "\(cut)")
      state.release()
    }
  }

  @Test func whatCannotBeKeptIsSaidOnce() throws {
    let folder = try TemporaryFolder()
    let state = try StateDirectory(path: folder.path + "/state")
    // Where the folder of the log should be there is a file.
    try Data().write(to: URL(filePath: folder.path + "/state/tasks"))
    let sink = MemorySink()
    let tasks = ForwardedTasks(lifetime: .seconds(10), in: state, logger: Logger(level: .info, sink: sink))
    let now = ManualTime().monotonic()
    for number in 0..<3 { note("\(number)", tasks, at: now) }
    #expect(tasks.isOwned("2", by: owner, at: now))
    #expect(sink.lines.count == 1)
    #expect(sink.lines[0].contains("forgotten"))
  }

  @Test func theLogIsBounded() throws {
    let folder = try TemporaryFolder()
    let state = try StateDirectory(path: folder.path + "/state")
    let log = LineLog("tasks/some.log", in: state, linesMax: 10)
    for number in 0..<95 { try log.append(Array("\(number)".utf8)) }
    let lines = try log.lines().map { String(decoding: $0, as: UTF8.self) }
    #expect(lines == (80..<95).map { "\($0)" })
    // A later run goes on behind what is there.
    let next = LineLog("tasks/some.log", in: state, linesMax: 10)
    try next.append(Array("x".utf8))
    #expect(try next.lines().last.map { String(decoding: $0, as: UTF8.self) } == "x")
    #expect(try next.lines().count == 16)
  }

  @Test func idsThatNobodyCouldNameAreNotKept() {
    let tasks = ForwardedTasks(lifetime: .seconds(10))
    let now = ManualTime().monotonic()
    for id in ["", String(repeating: "x", count: 257)] { note(id, tasks, at: now) }
    #expect(tasks.count == 0)
  }

  @Test func theOldestGoWhenThereAreTooMany() {
    let tasks = ForwardedTasks(lifetime: .seconds(10))
    let now = ManualTime().monotonic()
    for number in 0..<ForwardedTasks.countMax + 10 { note("\(number)", tasks, at: now) }
    #expect(tasks.count == ForwardedTasks.countMax)
    #expect(!tasks.isOwned("9", by: owner, at: now))
    #expect(tasks.isOwned("10", by: owner, at: now))
    for _ in 0..<3 * ForwardedTasks.countMax { note("same", tasks, at: now) }
    #expect(tasks.count <= ForwardedTasks.countMax)
    #expect(tasks.isOwned("same", by: owner, at: now))
  }
}
