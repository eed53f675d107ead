import Configuration
import JSON
import LocalRuntime
import Model
import TestSupport
import Testing

/// Turns that run may not fill the memory, however many there are.
struct StoreBoundTests {
  @Test func whatRunningTurnsSayTogetherIsBounded() throws {
    let engine = ScriptedEngine()
    let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.bytesMax = 4_000_000 }
    let text = String(repeating: "x", count: 1_000_000)
    var turns: [(turn: ScriptedTurn, stream: EventStream)] = []
    for _ in 0..<8 {
      let stream = try gateway.caller().open(.rpc10, .stream())
      turns.append((try engine.nextTurn(), stream))
    }
    for (turn, _) in turns { try turn.emit(.text(text)) }
    var states: [String] = []
    for (turn, stream) in turns {
      // Where the turn is over, this is said to nobody.
      try turn.emit(.status(.completed))
      let last = try #require(try stream.rest().last)
      states.append(try #require(last.state))
      if last.state == "failed" { #expect("\(last.json)".contains("has no room for more output now")) }
    }
    #expect(states.contains("failed"))
    #expect(states.contains("completed"))
    // There is room again once they are over.
    let later = try gateway.caller().begin(.rpc10, .send())
    try engine.nextTurn().complete(text)
    #expect(try later.reply().task.state == "completed")
  }

  /// Not only output can be much.
  @Test(arguments: 0..<4) func whateverATurnSaysIsBounded(place: Int) throws {
    let large = String(repeating: "x", count: 60_000)
    let json = JSONFragment(["k": .string(large)])
    let event: TurnEvent =
      switch place {
      case 0: .status(.working, large)
      case 1: .said(AgentMessage([.text(large)]))
      case 2: .taskMetadata(name: "k", json)
      default: .status(.working, parts: [], metadata: json)
      }
    let engine = ScriptedEngine { _, _ in Array(repeating: event, count: 20) + [.status(.completed)] }
    let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.outputBytesMax = 1_000_000 }
    let task = try gateway.caller().call(.rpc10, .send()).task
    #expect(task.state == "failed")
    #expect("\(task.json)".contains("exceeds the size allowed"))
  }

  @Test func aTaskThatIsLargerThanTheStoreIsStillSeenToEnd() throws {
    let text = String(repeating: "x", count: 1_000_000)
    let gateway = try TestGateway(
      TestAgent("agent", ScriptedEngine { _, _ in [.text(text), .status(.completed)] })
    ) { $0.limits.tasks.bytesMax = 500_000 }
    for _ in 0..<3 {
      #expect(try gateway.caller().call(.rpc10, .send()).task.state == "completed")
      #expect(try gateway.caller().open(.rpc10, .stream()).rest().last?.state == "completed")
    }
  }
}
