import Network
import Testing

@testable import Gateway

struct ForwardedTasksTests {
  private let owner = TaskOwner(principal: "p", agentKey: "a")

  @Test func aTaskIsItsOwnersAndForATime() {
    let tasks = ForwardedTasks(lifetime: .seconds(10))
    let now = ManualTime().monotonic()
    tasks.note("T", of: owner, at: now)
    #expect(tasks.isOwned("T", by: owner, at: now))
    #expect(!tasks.isOwned("T", by: TaskOwner(principal: "q", agentKey: "a"), at: now))
    #expect(!tasks.isOwned("T", by: TaskOwner(principal: "p", agentKey: "b"), at: now))
    tasks.note("T", of: owner, at: now + .seconds(6))
    tasks.note("U", of: owner, at: now + .seconds(12))
    #expect(tasks.isOwned("T", by: owner, at: now + .seconds(12)))
    #expect(!tasks.isOwned("T", by: owner, at: now + .seconds(16)))
    tasks.note("V", of: owner, at: now + .seconds(17))
    #expect(tasks.count == 2)
  }

  @Test func theOldestGoWhenThereAreTooMany() {
    let tasks = ForwardedTasks(lifetime: .seconds(10))
    let now = ManualTime().monotonic()
    for number in 0..<ForwardedTasks.countMax + 10 { tasks.note("\(number)", of: owner, at: now) }
    #expect(tasks.count == ForwardedTasks.countMax)
    #expect(!tasks.isOwned("9", by: owner, at: now))
    #expect(tasks.isOwned("10", by: owner, at: now))
    for _ in 0..<3 * ForwardedTasks.countMax { tasks.note("same", of: owner, at: now) }
    #expect(tasks.count <= ForwardedTasks.countMax)
    #expect(tasks.isOwned("same", by: owner, at: now))
  }
}
