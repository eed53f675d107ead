import Testing

@testable import Gateway

private struct Turn: Identifiable, Equatable {
  let id: Character
}

private let (a, b, c) = (Turn(id: "a"), Turn(id: "b"), Turn(id: "c"))

@Test func turnsOfAContextRunOneAfterTheOther() {
  var turns = ContextTurns<Turn>()
  #expect(turns.admit(a, waitingMax: 16) == .start)
  #expect(turns.admit(b, waitingMax: 16) == .wait)
  #expect(turns.admit(c, waitingMax: 16) == .wait)
  #expect(turns.leave(a.id) == b)
  #expect(turns.leave(b.id) == c)
  #expect(turns.leave(c.id) == nil)
  #expect(turns.isIdle)
}

@Test func aLongLineIsBusy() {
  var turns = ContextTurns<Turn>()
  #expect(turns.admit(a, waitingMax: 1) == .start)
  #expect(turns.admit(b, waitingMax: 1) == .wait)
  #expect(turns.admit(c, waitingMax: 1) == .full)
  #expect(turns.leave(a.id) == b)
  #expect(turns.admit(c, waitingMax: 1) == .wait)
}

@Test func aWaitingTurnThatLeavesStartsNobody() {
  var turns = ContextTurns<Turn>()
  for turn in [a, b, c] { _ = turns.admit(turn, waitingMax: 16) }
  #expect(turns.leave(b.id) == nil)
  #expect(turns.leave(b.id) == nil)
  #expect(turns.leave(a.id) == c)
}
