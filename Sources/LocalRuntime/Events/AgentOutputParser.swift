import Bytes
import JSON
import Model

/// Why the output of an agent cannot be used. For the operator's log; a caller is told in general terms only.
enum AgentOutputFault: Error, Equatable {
  case outputTooLong
  case lineTooLong(line: Int)
  /// What the agent did wrong, and in which line (or event) of its output.
  case protocolBroken(line: Int, reason: String)
}

/// Reads what an agent says (a program on its standard output, a service in its response), in pieces of any size: plain
/// text, which becomes one artifact in chunks, or JSON events, one per line. Which of the two it is, the first line tells,
/// unless it is known before. No I/O.
struct AgentOutputParser {
  private enum Mode {
    /// The first line may still turn out to be an event; its bytes wait.
    case undecided
    case text
    case events
  }

  /// The id and name of the artifact that plain text becomes.
  static let textArtifactID = "answer"
  /// Line ends that wait at the end of plain text: enough to drop the last one, few enough to search again and again.
  private static let lineEndsMax = 64

  private let lineBytesMax: Int
  private let outputBytesMax: Int
  private var mode = Mode.undecided
  private var decoder = AgentEventDecoder()
  /// Bytes that are not used up: an open line, or the beginning of a character.
  private var pending: [UInt8] = []
  /// How far `pending` is known to hold no line end.
  private var scanned = 0
  private var bytesIn = 0
  private var line = 0
  /// Some text is out, and its artifact is not closed.
  private var hasBegunText = false
  /// The agent has ended its turn itself, by a final status, a question or a reply.
  private(set) var hasEnded = false

  /// - Parameter isEvents: true where it is known to be events; otherwise the first line tells.
  init(lineBytesMax: Int, outputBytesMax: Int, isEvents: Bool = false) {
    self.lineBytesMax = lineBytesMax
    self.outputBytesMax = outputBytesMax
    if isEvents { mode = .events }
  }

  /// Takes the next bytes and says what they mean. After the event that ends the turn everything is ignored.
  mutating func receive(_ bytes: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(AgentOutputFault) {
    guard !hasEnded, !bytes.isEmpty else { return }
    bytesIn += bytes.count
    if bytesIn > outputBytesMax { throw .outputTooLong }
    pending += bytes
    if mode == .undecided { decide(isEnd: false) }
    switch mode {
    case .undecided: break
    case .text: emitText(isEnd: false, emit)
    case .events: try emitLines(isEnd: false, emit)
    }
  }

  /// Takes one whole event, which may have line breaks between its tokens.
  mutating func receive(event bytes: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(AgentOutputFault) {
    guard !hasEnded else { return }
    bytesIn += bytes.count
    if bytesIn > outputBytesMax { throw .outputTooLong }
    mode = .events
    try emitLine(bytes[...], emit)
  }

  /// The output has ended: what waits is all there is.
  mutating func finish(_ emit: (consuming TurnEvent) -> Void) throws(AgentOutputFault) {
    guard !hasEnded else { return }
    if mode == .undecided { decide(isEnd: true) }
    switch mode {
    case .undecided: break
    case .text: emitText(isEnd: true, emit)
    case .events: try emitLines(isEnd: true, emit)
    }
  }

  // MARK: Which of the two

  private mutating func decide(isEnd: Bool) {
    guard let first = pending.first(where: { !Self.isSpace($0) }) else {
      // Blank lines decide nothing, unless there are very many.
      if isEnd || pending.count > lineBytesMax { mode = .text }
      return
    }
    guard first == UInt8(ascii: "{"), let start = pending.firstIndex(of: first) else {
      mode = .text
      return
    }
    let end = pending[max(start, scanned)...].firstIndex(of: 0x0A)
    scanned = pending.count
    guard let end = end ?? (isEnd ? pending.count : nil) else {
      if pending.count - start > lineBytesMax { mode = .text }
      return
    }
    let document = try? JSONDocument.parse(Array(pending[start..<end]), limits: limits)
    let isEvent = document.map { AgentEventDecoder.kind($0.root) != nil } ?? false
    mode = isEvent ? .events : .text
    scanned = 0
  }

  private var limits: JSONLimits {
    var limits = JSONLimits.default
    limits.bytesMax = lineBytesMax
    return limits
  }

  // MARK: Text

  /// Sends what is there as a chunk; the beginning of a character waits for its rest. The line end that programs print
  /// last is no part of the answer, so line ends at the end of a chunk wait too.
  private mutating func emitText(isEnd: Bool, _ emit: (consuming TurnEvent) -> Void) {
    var end = isEnd ? pending.count : pending.count - Self.incompleteCharacterLength(pending)
    let floor = max(0, end - Self.lineEndsMax)
    while end > floor, pending[end - 1] == 0x0A || pending[end - 1] == 0x0D { end -= 1 }
    // An answer that has begun is closed by a last chunk, if need be an empty one.
    guard end > 0 || isEnd && hasBegunText else {
      if isEnd { pending = [] }
      return
    }
    let text = String(decoding: pending[..<end], as: UTF8.self)
    pending.removeFirst(isEnd ? pending.count : end)
    let name: JSONString? = hasBegunText ? nil : "answer"
    let artifact = Artifact(artifactID: Self.textArtifactID, name: name, parts: [.text(text)])
    emit(.artifact(artifact, append: hasBegunText, lastChunk: isEnd, metadata: nil))
    hasBegunText = true
  }

  /// How many bytes at the end may be the beginning of a character: 0…3.
  private static func incompleteCharacterLength(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return wanted > length ? length : 0
    }
    return 0
  }

  // MARK: Events

  private mutating func emitLines(isEnd: Bool, _ emit: (consuming TurnEvent) -> Void) throws(AgentOutputFault) {
    var start = 0
    while !hasEnded, let end = pending[max(start, scanned)...].firstIndex(of: 0x0A) {
      try emitLine(pending[start..<end], emit)
      start = end + 1
      scanned = start
    }
    if hasEnded {
      pending = []
      return
    }
    if isEnd, start < pending.count {
      try emitLine(pending[start...], emit)
      start = pending.count
    }
    pending.removeFirst(start)
    scanned = pending.count
    if pending.count > lineBytesMax { throw .lineTooLong(line: line + 1) }
  }

  private mutating func emitLine(_ bytes: ArraySlice<UInt8>, _ emit: (consuming TurnEvent) -> Void)
    throws(AgentOutputFault)
  {
    line += 1
    if bytes.allSatisfy(Self.isSpace) { return }
    if bytes.count > lineBytesMax { throw .lineTooLong(line: line) }
    let event: TurnEvent
    do {
      event = try decoder.decode(try JSONDocument.parse(Array(bytes), limits: limits).root)
    } catch let error as JSONError {
      throw .protocolBroken(line: line, reason: "it is not JSON: \(error.message)")
    } catch let error as AgentEventDecoder.Refusal {
      throw .protocolBroken(line: line, reason: error.reason)
    } catch {
      throw .protocolBroken(line: line, reason: "it cannot be read")
    }
    hasEnded = event.endsTurn
    emit(event)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
