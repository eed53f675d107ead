internal import Bytes
public import JSON

/// A task that is over, as a run of bytes among others in a ``PackedTasks``. A task as it grows lies in a dozen blocks all
/// over memory; many thousand of them are slow to reach and slow to let go of.
public struct PackedTask: Sendable {
  private let home: PackedTasks
  private let start: UInt32
  private let count: UInt32

  fileprivate init(_ home: PackedTasks, _ range: Range<Int>) {
    self.home = home
    start = UInt32(range.lowerBound)
    count = UInt32(range.count)
  }

  public var byteCount: Int { Int(count) }

  private var reader: PackedReader { PackedReader(home.copy(Int(start)..<Int(start) + Int(count))) }

  // What lists and a new turn of the context ask for stands first, and is read where it lies, however large the task is.

  public var contextID: String { home.contextID(from: Int(start)) }

  /// What the task's backend wants to be remembered of it.
  public var backendState: JSONFragment? { home.backendState(from: Int(start)) }

  public var task: AgentTask {
    var reader = reader
    let contextID = reader.string()
    _ = reader.fragment()
    return reader.task(inContext: contextID)
  }
}

/// A block of memory for packed tasks that end one after the other. It goes when the last of them does.
///
/// @unchecked: neither a block nor its tasks are to be used by two threads at once; their owner holds a lock.
public final class PackedTasks: @unchecked Sendable {
  // Each task is written in one step, and nobody reads meanwhile: overlaps cannot be.
  @exclusivity(unchecked) private var packer: Packer

  /// What a block holds, roughly: some dozen tasks of the usual size.
  private static let bytesMax = 64 * 1024
  /// Tasks up to this size, roughly, share a block. Larger ones have one each, so that a block which is left for the next one
  /// is three quarters full: else a caller could have blocks kept that hold next to nothing.
  public static let sharedBytesMax = bytesMax / 4

  /// For many tasks.
  public init() { unsafe packer = Packer(capacity: PackedTasks.bytesMax) }

  /// - Parameter size: of the only task, roughly.
  public init(forOneOf size: Int) { unsafe packer = Packer(capacity: size) }

  /// Whether a task of this size, roughly, finds room here.
  public func hasRoom(for size: Int) -> Bool { unsafe packer.count + size <= PackedTasks.bytesMax }

  /// - Parameter backendState: what the task's backend wants to be remembered of it.
  public func pack(_ task: borrowing AgentTask, backendState: JSONFragment?) -> PackedTask {
    let start = unsafe packer.count
    unsafe packer.pack(task, backendState)
    return unsafe PackedTask(self, start..<packer.count)
  }

  /// The same as to pack its task.
  public func pack(_ task: borrowing AnsweredTask) -> PackedTask {
    let start = unsafe packer.count
    unsafe packer.pack(task)
    return unsafe PackedTask(self, start..<packer.count)
  }

  fileprivate func copy(_ range: Range<Int>) -> [UInt8] { unsafe packer.copy(range) }

  fileprivate func contextID(from start: Int) -> String { unsafe packer.contextID(from: start) }

  fileprivate func backendState(from start: Int) -> JSONFragment? { unsafe packer.backendState(from: start) }
}

// Texts and lists are preceded by their lengths, as base-128 numbers with the lowest digits first; what may be missing by its
// length and one, or 0. Times have eight bytes, and are their milliseconds and one, or 0.

private struct Packer: ~Copyable {
  private var bytes: ByteWriter

  init(capacity: Int) { bytes = ByteWriter(capacity: capacity) }

  var count: Int { bytes.count }

  func copy(_ range: Range<Int>) -> [UInt8] {
    bytes.withSpan { written in
      var copy: [UInt8] = []
      copy.append(written.extracting(range))
      return copy
    }
  }

  func contextID(from start: Int) -> String {
    bytes.withSpan { written in written.extracting(Packer.contextID(in: written, from: start)).text }
  }

  func backendState(from start: Int) -> JSONFragment? {
    bytes.withSpan { written in
      var place = Packer.contextID(in: written, from: start).upperBound
      let length = Int(PackedReader.number(&place) { written[$0] }) - 1
      return length < 0 ? nil : PackedReader.fragment(written.extracting(place..<place + length).copied)
    }
  }

  private static func contextID(in written: Span<UInt8>, from start: Int) -> Range<Int> {
    var place = start
    let length = Int(PackedReader.number(&place) { written[$0] })
    return place..<place + length
  }

  mutating func pack(_ task: borrowing AgentTask, _ backendState: JSONFragment?) {
    text(task.contextID)
    text(backendState?.bytes)
    text(task.id)
    let status = task.status
    bytes.append(status.state.rawValue)
    time(status.timestamp)
    time(task.created)
    number(status.message == nil ? 0 : 1)
    if let message = status.message { self.message(message, task.contextID, task.id) }
    let (artifacts, history) = (task.artifacts, task.history)
    number(UInt64(artifacts.count))
    for index in artifacts.indices { artifact(artifacts[index]) }
    number(UInt64(history.count))
    for index in history.indices { message(history[index], task.contextID, task.id) }
    metadata(task.metadataParts)
  }

  /// The same as for ``AnsweredTask/task``, which would have to be made first.
  mutating func pack(_ task: borrowing AnsweredTask) {
    text(task.contextID)
    text(Optional(task.answer.backendState.bytes))
    text(task.id)
    bytes.append(TaskState.completed.rawValue)
    time(task.ended)
    time(task.created)
    missing()
    number(1)
    answer(task.answer)
    number(1)
    message(task.message, task.contextID, task.id)
    number(task.answer.usage == nil ? 2 : 3)
    if let usage = task.answer.usage {
      text(TurnAnswer.usageName)
      text(usage.bytes.span)
    }
    text(TurnAnswer.finishReasonName)
    text(task.answer.finishReason.bytes.span)
  }

  /// As its ``TurnAnswer/artifact``.
  private mutating func answer(_ answer: TurnAnswer) {
    text(answer.artifactID)
    number(1)
    content(0, answer.text.escaped)
    // Of the part its media type, file name and metadata.
    missing(3)
    // Of the artifact its name, description and metadata, and its extensions, of which there are none.
    missing(4)
  }

  /// Values that are not there, or lists of nothing.
  private mutating func missing(_ count: Int = 1) { for _ in 0..<count { bytes.append(0) } }

  private mutating func time(_ time: Timestamp?) {
    bytes.append(littleEndian: time.map { UInt64(bitPattern: $0.milliseconds) &+ 1 } ?? 0)
  }

  private mutating func metadata(_ metadata: TaskMetadata) {
    switch metadata.content {
    case .whole(let whole):
      let text = whole.bytes
      number(0)
      self.text(text.span)
    case .members(let members):
      number(UInt64(members.count) + 1)
      // By index: a loop over the members themselves copies each.
      for index in members.indices {
        let value = members[index].value.bytes
        text(members[index].name)
        text(value.span)
      }
    }
  }

  /// - Parameter contextID: of the task that it is packed with, as is `taskID`.
  private mutating func message(_ message: Message, _ contextID: String, _ taskID: String) {
    text(message.messageID)
    let isInPlace = message.contextID == contextID && message.taskID == taskID
    bytes.append((message.role == .agent ? PackedTask.isOfAgent : 0) | (isInPlace ? PackedTask.isInPlace : 0))
    if !isInPlace {
      text(message.contextID)
      text(message.taskID)
    }
    parts(message.parts)
    text(message.metadata?.bytes)
    texts(message.extensions)
    texts(message.referenceTaskIDs)
  }

  private mutating func artifact(_ artifact: Artifact) {
    text(artifact.artifactID)
    parts(artifact.parts)
    text(artifact.name?.escaped)
    text(artifact.description?.escaped)
    text(artifact.metadata?.bytes)
    texts(artifact.extensions)
  }

  private mutating func parts(_ parts: [Part]) {
    number(UInt64(parts.count))
    for index in parts.indices {
      switch parts[index].content {
      case .text(let text): content(0, text.escaped)
      case .raw(let text): content(1, text.escaped)
      case .url(let text): content(2, text.escaped)
      case .data(let fragment): content(3, fragment.bytes)
      }
      text(parts[index].mediaType?.escaped)
      text(parts[index].filename?.escaped)
      text(parts[index].metadata?.bytes)
    }
  }

  private mutating func content(_ kind: UInt8, _ content: [UInt8]) {
    bytes.append(kind)
    text(content.span)
  }

  private mutating func texts(_ texts: [String]) {
    number(UInt64(texts.count))
    for text in texts { self.text(text) }
  }

  mutating func text(_ text: String) { self.text(text.utf8Span.span) }

  private mutating func text(_ text: String?) {
    guard let text else { return number(0) }
    let utf8 = text.utf8Span.span
    number(UInt64(utf8.count) + 1)
    bytes.append(utf8)
  }

  mutating func text(_ text: [UInt8]?) {
    guard let text else { return number(0) }
    number(UInt64(text.count) + 1)
    bytes.append(text.span)
  }

  private mutating func text(_ text: StaticString) {
    number(UInt64(text.utf8CodeUnitCount))
    bytes.append(text)
  }

  private mutating func text(_ text: Span<UInt8>) {
    number(UInt64(text.count))
    bytes.append(text)
  }

  @inline(__always)
  private mutating func number(_ number: UInt64) {
    // As nearly all are.
    if number < 0x80 { bytes.append(UInt8(truncatingIfNeeded: number)) } else { longNumber(number) }
  }

  private mutating func longNumber(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension PackedTask {
  fileprivate static let isOfAgent: UInt8 = 1
  /// A message in the task's own context and task.
  fileprivate static let isInPlace: UInt8 = 2
}

/// Reads what a ``Packer`` has written: whatever is not as that writes it is a fault of this program.
private struct PackedReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func task(inContext contextID: String) -> AgentTask {
    let id = string()
    guard let state = TaskState(rawValue: byte()) else { preconditionFailure("a state that no task has") }
    var status = TaskStatus(state)
    status.timestamp = time()
    let created = time()
    if number() == 1 { status.message = message(contextID, id) }
    let artifacts = list { $0.artifact() }
    let history = list { $0.message(contextID, id) }
    return AgentTask(
      id: id, contextID: contextID, status: status, artifacts: artifacts, history: history, metadata: metadata(),
      created: created)
  }

  private mutating func time() -> Timestamp? {
    let time = take(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return time == 0 ? nil : Timestamp(milliseconds: Int64(bitPattern: time &- 1))
  }

  private mutating func metadata() -> TaskMetadata {
    let count = number()
    guard count > 0 else { return TaskMetadata(fragment(take(Int(number())))) }
    return TaskMetadata(members: (1..<count).map { _ in (string(), fragment(take(Int(number())))) })
  }

  private mutating func message(_ contextID: String, _ taskID: String) -> Message {
    let messageID = string()
    let flags = byte()
    var place: (contextID: String?, taskID: String?) = (contextID, taskID)
    if flags & PackedTask.isInPlace == 0 { place = (optionalString(), optionalString()) }
    let parts = list { $0.part() }
    let metadata = fragment()
    return Message(
      messageID: messageID, role: flags & PackedTask.isOfAgent == 0 ? .user : .agent, parts: parts,
      contextID: place.contextID, taskID: place.taskID, metadata: metadata, extensions: list { $0.string() },
      referenceTaskIDs: list { $0.string() })
  }

  private mutating func artifact() -> Artifact {
    let artifactID = string()
    let parts = list { $0.part() }
    return Artifact(
      artifactID: artifactID, name: optionalText(), description: optionalText(), parts: parts, metadata: fragment(),
      extensions: list { $0.string() })
  }

  private mutating func part() -> Part {
    let kind = byte()
    let content = take(Int(number()))
    let kept: Part.Content =
      switch kind {
      case 0: .text(text(content))
      case 1: .raw(text(content))
      case 2: .url(text(content))
      default: .data(fragment(content))
      }
    return Part(kept, mediaType: optionalText(), filename: optionalText(), metadata: fragment())
  }

  mutating func string() -> String { String(decoding: take(Int(number())), as: UTF8.self) }

  mutating func fragment() -> JSONFragment? { optional().map { fragment($0) } }

  private mutating func optionalString() -> String? { optional().map { String(decoding: $0, as: UTF8.self) } }

  private mutating func optionalText() -> JSONString? { optional().map { text($0) } }

  private mutating func optional() -> ArraySlice<UInt8>? {
    let length = Int(number())
    return length == 0 ? nil : take(length - 1)
  }

  private mutating func list<Element>(_ element: (inout PackedReader) -> Element) -> [Element] {
    (0..<number()).map { _ in element(&self) }
  }

  private func text(_ escaped: ArraySlice<UInt8>) -> JSONString {
    guard let text = JSONString(validatingEscaped: Array(escaped)) else {
      preconditionFailure("no content of a string")
    }
    return text
  }

  private func fragment(_ text: ArraySlice<UInt8>) -> JSONFragment { PackedReader.fragment(Array(text)) }

  static func fragment(_ text: [UInt8]) -> JSONFragment {
    do {
      return try JSONFragment.parse(text, limits: .none)
    } catch {
      preconditionFailure("a fragment is made only of valid JSON: \(error)")
    }
  }

  private mutating func number() -> UInt64 { PackedReader.number(&place) { bytes[$0] } }

  /// The number at a place, which moves behind it.
  static func number(_ place: inout Int, _ byte: (Int) -> UInt8) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let digit = byte(place)
      place += 1
      number |= UInt64(digit & 0x7F) << shift
      if digit < 0x80 { return number }
      shift += 7
    }
  }

  private mutating func byte() -> UInt8 {
    place += 1
    return bytes[place - 1]
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    place += count
    return bytes[(place - count)..<place]
  }
}
