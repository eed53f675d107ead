import Configuration
import JSON
import LocalRuntime
import Model
import TestSupport
import Testing

// Texts that an agent says in runs, as those see them who follow its task: whenever they come, wherever they begin, however
// slowly they read.

/// Some of what an agent may say while it goes on.
private func said(_ random: inout SeededGenerator) -> TurnEvent {
  let artifactID = ["a", "b"].randomElement(using: &random) ?? ""
  switch Int.random(in: 0..<8, using: &random) {
  case 0: return .status(.working)
  case 1: return .taskMetadata(name: "usage", JSONFragment(["n": .int(Int.random(in: 0..<9, using: &random))]))
  case 2: return .text("whole", id: artifactID)
  default:
    var texts = JSONStrings()
    for _ in 0..<Int.random(in: 1...32, using: &random) {
      texts.append(["x", "é\n", "\"\\", "😀", "some words "].randomElement(using: &random) ?? "")
    }
    return .text(artifactID: artifactID, texts)
  }
}

extension EventView {
  /// Its number in the journal.
  fileprivate var number: Int? { id?.split(separator: ".").last.flatMap { Int($0) } }

  fileprivate var artifactID: String? { json["artifact"]?["artifactId"]?.string }
}

/// What the artifacts say after these events.
private func texts(_ events: some Sequence<EventView>) -> [String: String] {
  var texts: [String: String] = [:]
  for event in events where event.kind == .artifact {
    guard let id = event.artifactID, let text = event.text else { continue }
    texts[id] = (event.json["append"]?.bool == true ? texts[id] ?? "" : "") + text
  }
  return texts
}

private func texts(ofTask event: EventView) -> [String: String] {
  let artifacts = event.json["artifacts"]?.array ?? []
  return artifacts.reduce(into: [:]) { texts, artifact in
    if let id = artifact["artifactId"]?.string { texts[id] = TaskView.texts(artifact).joined() }
  }
}

@Test(arguments: Seeds.take(3))
func runsOfTextAreFollowedFromAnyPlace(seed: UInt64) throws {
  var random = SeededGenerator(seed: seed)
  // The small one holds what is said at once.
  let bound = random.oneIn(2) ? 200 : 10_000
  let engine = ScriptedEngine()
  let gateway = try TestGateway(TestAgent("agent", engine)) { $0.limits.tasks.journalEventsMax = bound }
  let first = try gateway.caller().open(.rpc10, .stream())
  let turn = try engine.nextTurn()
  try turn.emit(.status(.working))
  var heard = [try first.expect(), try first.expect()]
  var joined: [(after: Int?, stream: EventStream)] = []
  for _ in 0..<40 {
    try turn.emit((0..<Int.random(in: 1...4, using: &random)).map { _ in said(&random) })
    guard random.oneIn(2) else { continue }
    // Of the last one that was said all is there; who comes back may have seen less.
    let marker = "mark \(random.next())"
    try turn.emit(.text(marker, id: "c"))
    while heard.last?.text != marker { heard.append(try first.expect()) }
    let wire = try #require(Wire.allCases.randomElement(using: &random))
    let after = random.oneIn(3) ? nil : heard.suffix(60).randomElement(using: &random)
    let client = try gateway.web(receiveBufferBytes: random.oneIn(2) ? 4096 : nil)
    let fields = after.flatMap(\.id).map { [("Last-Event-ID", $0)] } ?? []
    joined.append(
      (after?.number, try gateway.caller().open(wire, .subscribe(turn.taskID), fields, on: client)))
  }
  try turn.emit(.status(.completed))
  heard += try first.rest()
  #expect(zip(heard, heard.dropFirst()).allSatisfy { ($0.number ?? 0) < ($1.number ?? 0) })
  for (after, stream) in joined {
    var events = try stream.rest()
    // Who is slower than a journal that forgets is told so.
    let isCut = bound < 10_000 && events.last?.kind == .error
    if isCut { events.removeLast() }
    let start = try #require(events.first?.number)
    let last = try #require(heard.last?.number)
    let end = try #require(isCut ? events.last?.number : last)
    // A place that the journal no longer reaches back to is as good as none.
    if let after, bound > last { #expect(start == after) }
    #expect(texts(ofTask: events[0]) == texts(heard.prefix { ($0.number ?? 0) <= start }), "\(stream.wire)")
    let missed = heard.filter { start < $0.number ?? 0 && $0.number ?? 0 <= end }
    #expect(events.dropFirst().map(\.number) == missed.map(\.number), "\(stream.wire)")
    #expect(events.dropFirst().map(\.summary) == missed.map(\.summary), "\(stream.wire)")
  }
}
