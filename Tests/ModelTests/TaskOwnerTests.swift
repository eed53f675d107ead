import Model
import Testing

@Suite struct TaskOwnerTests {
  @Test func ownersAreEqualByTheirNames() {
    let owner = TaskOwner(principal: "alice", agentKey: "echo")
    let same = TaskOwner(principal: "alice", agentKey: "echo")
    #expect(owner == same)
    #expect(owner.digest == same.digest)
    #expect(Set([owner, same]).count == 1)
  }

  /// Texts of all lengths around a word, whose border between the two names moves.
  @Test func ownersDifferByWhereANameEnds() {
    let text = "0123456789abcdefghij"
    let owners = (0...text.count).map { end in
      TaskOwner(principal: String(text.prefix(end)), agentKey: String(text.dropFirst(end)))
    }
    #expect(Set(owners).count == owners.count)
    #expect(Set(owners.map(\.digest)).count == owners.count)
  }
}
