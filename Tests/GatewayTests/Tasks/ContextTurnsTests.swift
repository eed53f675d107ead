import Testing

@testable import Gateway

@Test func turnsOfAContextRunOneAfterTheOther() {
  var turns = ContextTurns<String>()
  #expect(turns.admit("A", taskID: "a", waitingMax: 16) == .start)
  #expect(turns.admit("B", taskID: "b", waitingMax: 16) == .wait)
  #expect(turns.admit("C", taskID: "c", waitingMax: 16) == .wait)
  #expect(turns.finished() == "B")
  #expect(turns.running?.taskID == "b")
  #expect(turns.finished() == "C")
  #expect(turns.finished() == nil)
  #expect(turns.isIdle)
}

@Test func aLongLineIsBusy() {
  var turns = ContextTurns<String>()
  #expect(turns.admit("A", taskID: "a", waitingMax: 1) == .start)
  #expect(turns.admit("B", taskID: "b", waitingMax: 1) == .wait)
  #expect(turns.admit("C", taskID: "c", waitingMax: 1) == .full)
  #expect(turns.finished() == "B")
  #expect(turns.admit("C", taskID: "c", waitingMax: 1) == .wait)
}

@Test func aWaitingTurnCanLeaveTheLine() {
  var turns = ContextTurns<String>()
  _ = turns.admit("A", taskID: "a", waitingMax: 16)
  _ = turns.admit("B", taskID: "b", waitingMax: 16)
  _ = turns.admit("C", taskID: "c", waitingMax: 16)
  #expect(turns.withdraw("b") == "B")
  #expect(turns.withdraw("b") == nil)
  #expect(turns.withdraw("a") == nil)
  #expect(turns.finished() == "C")
}
