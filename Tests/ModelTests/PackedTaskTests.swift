import JSON
import TestSupport
import Testing

@testable import Model

/// Tasks of all shapes, by a seed.
private struct TaskMaker {
  var random: SeededGenerator

  mutating func task() -> AgentTask {
    let created = chance ? Timestamp(milliseconds: .random(in: -1...4_000_000_000_000, using: &random)) : nil
    var task = AgentTask(
      id: text(), contextID: text(), status: TaskStatus(TaskState.allCases.randomElement(using: &random) ?? .working),
      created: created)
    if chance { task.status.timestamp = Timestamp(milliseconds: .random(in: -1...4_000_000_000_000, using: &random)) }
    if chance { task.status.message = message(task) }
    task.artifacts = list { $0.artifact() }
    task.history = list { $0.message(task) }
    if chance { task.metadata = fragment() }
    for _ in 0..<Int.random(in: 0...3, using: &random) { task.setMetadata(text(), to: fragment()) }
    return task
  }

  private mutating func message(_ task: AgentTask) -> Message {
    var message = Message(
      messageID: text(), role: chance ? .agent : .user, parts: list { $0.part() }, metadata: maybe { $0.fragment() },
      extensions: list { $0.text() }, referenceTaskIDs: list { $0.text() })
    if chance {
      message.move(toContext: task.contextID, task: task.id)
    } else {
      message.contextID = maybe { $0.text() }
      message.taskID = maybe { $0.text() }
    }
    return message
  }

  private mutating func artifact() -> Artifact {
    Artifact(
      artifactID: text(), name: maybe { JSONString($0.text()) }, description: maybe { JSONString($0.text()) },
      parts: list { $0.part() }, metadata: maybe { $0.fragment() }, extensions: list { $0.text() })
  }

  private mutating func part() -> Part {
    let content: Part.Content =
      switch Int.random(in: 0...3, using: &random) {
      case 0: .text(JSONString(text()))
      case 1: .raw("aGVsbG8=")
      case 2: .url("https://e.org/\u{20AC}")
      default: .data(fragment())
      }
    return Part(
      content, mediaType: maybe { JSONString($0.text()) }, filename: maybe { JSONString($0.text()) },
      metadata: maybe { $0.fragment() })
  }

  private mutating func fragment() -> JSONFragment {
    JSONFragment(["big": 12_345_678_901_234_567, "text": .string(text()), "list": [true, nil, [:]]])
  }

  /// Of every length that takes another number of digits, with characters that are escaped.
  private mutating func text() -> String {
    let length = [0, 1, 15, 16, 126, 127, 128, 300, 20_000].randomElement(using: &random) ?? 0
    return String((0..<length).map { _ in ["a", "\"", "\n", "é", "😀"].randomElement(using: &random) ?? "b" })
  }

  private var chance: Bool { mutating get { Bool.random(using: &random) } }

  private mutating func maybe<Value>(_ make: (inout TaskMaker) -> Value) -> Value? { chance ? make(&self) : nil }

  private mutating func list<Value>(_ make: (inout TaskMaker) -> Value) -> [Value] {
    (0..<([0, 0, 1, 1, 2, 5].randomElement(using: &random) ?? 0)).map { _ in make(&self) }
  }
}

struct PackedTaskTests {
  @Test(arguments: 1...40) func aTaskIsUnpackedAsItWasPacked(seed: UInt64) {
    var maker = TaskMaker(random: SeededGenerator(seed: seed))
    let block = PackedTasks()
    let tasks = (0..<5).map { _ in maker.task() }
    let states = (0..<5).map { $0 % 2 == 0 ? nil : JSONFragment(["turn": .string("\($0)")]) }
    let packed = zip(tasks, states).map { block.pack($0, backendState: $1) }
    for (index, packed) in packed.enumerated() {
      #expect(packed.task == tasks[index])
      #expect(packed.contextID == tasks[index].contextID)
      #expect(packed.backendState == states[index])
    }
  }

  @Test func numbersKeepTheirText() throws {
    let text = Array(#"{"n":1.10,"e":1E400,"i":-0}"#.utf8)
    var task = AgentTask(id: "t", contextID: "c", status: TaskStatus(.completed))
    task.setMetadata("usage", to: try JSONFragment.parse(text))
    let unpacked = PackedTasks().pack(task, backendState: nil).task
    #expect(
      unpacked.metadata.map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"usage":{"n":1.10,"e":1E400,"i":-0}}"#)
  }

  @Test func aBlockThatIsFullHasNoRoom() {
    let task = AgentTask(
      id: "t", contextID: "c", status: TaskStatus(.completed),
      artifacts: [Artifact(artifactID: "a", parts: [.text(String(repeating: "x", count: 1000))])])
    let block = PackedTasks()
    var count = 0
    while block.hasRoom(for: 1100) {
      #expect(block.pack(task, backendState: nil).byteCount < 1100)
      count += 1
    }
    #expect((50...70).contains(count))
    #expect(!PackedTasks().hasRoom(for: 100_000))
  }
}
