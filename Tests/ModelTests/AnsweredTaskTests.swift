import JSON
import Testing

@testable import Model

struct AnsweredTaskTests {
  /// Tasks with little and with much in each of their places.
  private static func tasks() -> [(turn: Turn, answer: TurnAnswer)] {
    let owner = TaskOwner(principal: "alice", agentKey: "agent")
    return [0, 1, 15, 16, 127, 128, 20_000].map { length in
      let text = String(repeating: "\"é", count: length)
      let usage = length % 2 == 0 ? nil : JSONFragment(["text": .string(text)])
      let message = Message(
        messageID: text, role: .user, parts: [.text(text), Part(.url("https://e.org/"), filename: "f")],
        contextID: length == 1 ? nil : "c" + text, taskID: "t" + text, metadata: usage, extensions: ["urn:e"],
        referenceTaskIDs: [text])
      let turn = Turn(owner: owner, taskID: "t" + text, contextID: "c" + text, message: message)
      let answer = TurnAnswer(
        artifactID: "output-1", text: JSONString(text), usage: usage, finishReason: JSONFragment("stop"),
        backendState: JSONFragment(["task": .string(text)]))
      return (turn, answer)
    }
  }

  @Test func itIsPackedAsItsTask() {
    let (block, other) = (PackedTasks(), PackedTasks())
    for (turn, answer) in AnsweredTaskTests.tasks() {
      var answered = AnsweredTask(turn, answer, at: Timestamp(milliseconds: 1_000_000))
      answered.ended = Timestamp(milliseconds: 2_000_000)
      let task = answered.task
      let packed = block.pack(answered)
      #expect(packed.task == task)
      #expect(packed.contextID == turn.contextID)
      #expect(packed.backendState == answer.backendState)
      #expect(packed.byteCount == other.pack(task, backendState: answer.backendState).byteCount)
    }
  }

  /// Event by event or at once, the task is the same.
  @Test func itIsWhatItsEventsMakeOfATask() {
    for (turn, answer) in AnsweredTaskTests.tasks() {
      let time = Timestamp(milliseconds: 1_000_000)
      var task = AgentTask(
        id: turn.taskID, contextID: turn.contextID, status: TaskStatus(.submitted), history: [turn.message],
        created: time)
      for event in answer.events {
        switch event {
        case .status(let state, _, _): task.status = TaskStatus(state, timestamp: time)
        case .artifact(let artifact, let append, _, _): task.apply(artifact, append: append)
        case .taskMetadata(let name, let value): task.setMetadata(name, to: value)
        case .backendState(let state): #expect(state == answer.backendState)
        default: Issue.record("not a part of an answer: \(event)")
        }
      }
      let answered = AnsweredTask(turn, answer, at: time).task
      #expect(answered == task)
      #expect(answer.eventCount == answer.events.count)
      #expect(answer.byteCount == answer.events.reduce(0) { $0 + $1.byteCount })
    }
  }
}
