import JSON
import Model
import Testing

@testable import A2A

/// Random tasks and events through every dialect: what comes back differs only by what the encoder says it lost.
struct RoundTripFuzzTests {
  @Test(arguments: Dialect.allCases, [1, 2, 3] as [UInt64])
  func eventsLoseOnlyWhatIsReported(dialect: Dialect, seed: UInt64) throws {
    var values = RandomValues(seed: seed)
    for round in 0..<300 {
      let event = values.event()
      let final = values.random.chance(50)
      var encoder = WireEncoder(dialect)
      var json = JSONWriter()
      encoder.streamEvent(event, final: final, into: &json)
      let body = json.finish()
      #expect(!body.contains(0x0A) && !body.contains(0x0D))
      let envelope =
        dialect == .v03REST ? body : Array(#"{"jsonrpc":"2.0","id":1,"result":"#.utf8) + body + [0x7D]
      let item = try ResultDecoder.streamItem(
        envelope, version: dialect.version, binding: dialect == .v03REST ? .rest : .jsonRPC)
      #expect(item.event == Lossy(encoder.losses, dialect).event(event), "seed \(seed), round \(round)")
      if case .status = event { #expect(item.final == (final && dialect != .v1), "seed \(seed), round \(round)") }
    }
  }

  /// Texts that are nearly requests: whatever comes, the reader returns or refuses, and never more than it may.
  @Test(arguments: Dialect.allCases, [11, 12, 13] as [UInt64])
  func brokenEventsAreReadOrRefused(dialect: Dialect, seed: UInt64) {
    var values = RandomValues(seed: seed)
    for _ in 0..<300 {
      var bytes = encoded(dialect) { $0.streamEvent(values.event(), final: true, into: &$1) }.text.utf8.map { $0 }
      for _ in 0..<Int.random(in: 1...4, using: &values.random) {
        let index = Int.random(in: 0..<bytes.count, using: &values.random)
        switch Int.random(in: 0..<3, using: &values.random) {
        case 0: bytes[index] = UInt8.random(in: 0x20...0x7E, using: &values.random)
        case 1: bytes.remove(at: index)
        default: bytes.insert(contentsOf: bytes[index..<min(index + 9, bytes.count)], at: index)
        }
      }
      guard let root = try? JSONDocument.parse(bytes).root else { continue }
      for author in [FieldReader.Author.caller, .agent] {
        var reader = FieldReader(dialect, author: author)
        _ = reader.message(root["message"] ?? root)
        _ = reader.task(root["task"] ?? root)
        #expect(reader.violations.count <= A2ALimits.faultsMax)
      }
    }
  }
}

/// What the table of losses says becomes of a value.
private struct Lossy {
  let losses: TranslationLosses
  let dialect: Dialect

  init(_ losses: TranslationLosses, _ dialect: Dialect) {
    self.losses = losses
    self.dialect = dialect
  }

  func event(_ event: TaskEvent) -> TaskEvent {
    switch event {
    case .task(var task):
      task.status = status(task.status)
      task.history = task.history.map(message)
      task.artifacts = task.artifacts.map(artifact)
      task.metadata = noted(task.metadata)
      return .task(task)
    case .message(let value):
      var message = message(value)
      message.metadata = noted(message.metadata)
      return .message(message)
    case .status(var update):
      update.status = status(update.status)
      update.metadata = noted(update.metadata)
      return .status(update)
    case .artifact(var update):
      update.artifact = artifact(update.artifact)
      update.metadata = noted(update.metadata)
      return .artifact(update)
    }
  }

  /// Where the dialect has room for it, what was lost is told.
  private func noted(_ metadata: JSONFragment?) -> JSONFragment? {
    guard dialect == .v03JSONRPC, !losses.isEmpty else { return metadata }
    let note = JSONFragment(["losses": .array(losses.names.map { .string($0) })])
    let name = GatewayExtension.uri.description
    return metadata?.setting(name, to: note) ?? .object(name, note)
  }

  private func status(_ status: TaskStatus) -> TaskStatus {
    var status = status
    status.message = status.message.map(message)
    return status
  }

  private func message(_ message: Message) -> Message {
    var message = message
    message.parts = message.parts.map(part)
    if losses.contains(.referenceTaskIDs) { message.referenceTaskIDs = [] }
    return message
  }

  private func artifact(_ artifact: Artifact) -> Artifact {
    var artifact = artifact
    artifact.parts = artifact.parts.map(part)
    return artifact
  }

  private func part(_ part: Part) -> Part {
    var part = part
    guard dialect != .v1 else { return part }
    switch part.content {
    case .raw, .url: return part
    case .text:
      guard dialect == .v03REST else { return part }
    case .data: break
    }
    if losses.contains(.partMediaType) { part.mediaType = nil }
    if losses.contains(.partFilename) { part.filename = nil }
    return part
  }
}

/// Small random values of the model: every optional member is there or not, texts hold escapes, JSON is odd.
struct RandomValues {
  var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func event() -> TaskEvent {
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      return .task(
        AgentTask(
          id: id(), contextID: id(), status: status(), artifacts: list(2) { $0.artifact() },
          history: list(3) { $0.message() }, metadata: optional { $0.object() }))
    case 1: return .message(message())
    case 2:
      return .status(
        TaskStatusUpdate(taskID: id(), contextID: id(), status: status(), metadata: optional { $0.object() }))
    default:
      return .artifact(
        TaskArtifactUpdate(
          taskID: id(), contextID: id(), artifact: artifact(), append: random.chance(50),
          lastChunk: random.chance(50), metadata: optional { $0.object() }))
    }
  }

  mutating func status() -> TaskStatus {
    TaskStatus(
      TaskState.allCases.randomElement(using: &random) ?? .working, message: optional { $0.message() },
      timestamp: optional { Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &$0.random)) })
  }

  mutating func message() -> Message {
    Message(
      messageID: id(), role: random.chance(50) ? .user : .agent, parts: list(3) { $0.part() } + [part()],
      contextID: optional { $0.id() }, taskID: optional { $0.id() }, metadata: optional { $0.object() },
      extensions: list(2) { $0.id() }, referenceTaskIDs: list(2) { $0.id() })
  }

  mutating func artifact() -> Artifact {
    Artifact(
      artifactID: id(), name: optional { $0.text() }, description: optional { $0.text() },
      parts: list(3) { $0.part() }, metadata: optional { $0.object() }, extensions: list(2) { $0.id() })
  }

  mutating func part() -> Part {
    let content: Part.Content
    switch Int.random(in: 0..<4, using: &random) {
    case 0: content = .text(random.chance(10) ? "" : text())
    case 1: content = .raw(["aGVsbG8=", "", "AA==", "/+8=", "aGVsbG8gd29ybGQ="].randomElement(using: &random) ?? "")
    case 2: content = .url(text())
    default: content = .data(value())
    }
    return Part(
      content, mediaType: optional { _ in "text/plain" }, filename: optional { $0.text() },
      metadata: optional { $0.partMetadata() })
  }

  /// Where 0.3 adds a member to a part's metadata and takes it out again, an empty object and the escapes of a name do
  /// not survive; nothing depends on either.
  private mutating func partMetadata() -> JSONFragment { JSONFragment(.object(["k": 1, "z": [.null]])) }

  mutating func text() -> JSONString {
    let pieces: [JSONString] = ["hello", #"a\"b"#, "caf\u{e9}", "\u{1F600}", "line\nbreak", "tab\t", "\u{0}"]
    let escaped = JSONString(validatingEscaped: Array(#"\u00e9\/\ud83d\ude00"#.utf8))
    var text = pieces.randomElement(using: &random) ?? "x"
    if random.chance(30), let escaped { text.append(escaped) }
    return text
  }

  private mutating func value() -> JSONFragment {
    let texts = [
      "null", "true", "0", "-1.50", "1e400", "12345678901234567890", #""s\u0041""#, "[]", "[1,[2,{}]]", "{}",
      #"{"value":1}"#, #"{"b":1,"a":{"c":null}}"#,
    ]
    return (try? fragment(texts.randomElement(using: &random) ?? "null")) ?? JSONFragment(.null)
  }

  private mutating func object() -> JSONFragment {
    let texts = ["{}", #"{"k":1.0}"#, #"{"\u006b":"v","z":[1]}"#, #"{"data_part":false}"#]
    return (try? fragment(texts.randomElement(using: &random) ?? "{}")) ?? JSONFragment(.object([:]))
  }

  mutating func id() -> String {
    ["t-1", "01HZX", "caf\u{e9}", "a b", "x\"y"].randomElement(using: &random) ?? "id"
  }

  private mutating func optional<T>(_ make: (inout RandomValues) -> T) -> T? {
    random.chance(50) ? make(&self) : nil
  }

  private mutating func list<T>(_ max: Int, _ make: (inout RandomValues) -> T) -> [T] {
    var result: [T] = []
    for _ in 0..<Int.random(in: 0...max, using: &random) { result.append(make(&self)) }
    return result
  }
}
