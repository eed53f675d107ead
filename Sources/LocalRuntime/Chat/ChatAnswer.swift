import Bytes
import HTTP
import JSON
import Model

/// Reads the answer of a chat-completions server: a stream of chunks, or one object where a server does not stream. Text
/// becomes one artifact in pieces, tool calls become a question, usage and the reason of the end metadata of the task.
/// Reasoning is left out. No I/O.
struct ChatAnswer: UpstreamAnswer {
  static let comesInSmallPieces = true
  static let artifactID = "answer"

  static func event(forStatus status: Int) -> TurnEvent? { nil }

  private enum Form {
    case stream(SSEDecoder)
    case whole([UInt8])
  }

  private let taskID: String
  private let losses: [String]
  private let limits: JSONLimits
  private var form = Form.whole([])
  private var calls: ToolCallCollector
  private var hasText = false
  private var hasChoice = false
  private var finishReason: String?
  private var usage: JSONFragment?
  private var hasEnded = false

  /// - Parameters:
  ///   - losses: of the request; told once the server has accepted it.
  ///   - eventBytesMax: bounds one chunk of a stream, and all tool calls together.
  init(taskID: String, losses: [String] = [], eventBytesMax: Int) {
    self.taskID = taskID
    self.losses = losses
    var limits = JSONLimits.default
    limits.bytesMax = eventBytesMax
    self.limits = limits
    calls = ToolCallCollector(bytesMax: eventBytesMax)
  }

  var isComplete: Bool { hasEnded || finishReason != nil }

  mutating func begin(contentType: MediaType?, _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    switch contentType.map({ "\($0.type)/\($0.subtype)" }) {
    case "text/event-stream": form = .stream(SSEDecoder(eventBytesMax: limits.bytesMax))
    case "application/json": form = .whole([])
    case .none: throw UpstreamFault(.notUnderstood, "the answer has no media type")
    case .some(let other): throw UpstreamFault(.notUnderstood, "the answer's media type is \(other)")
    }
    emit(.status(.working))
    for loss in losses { emit(.loss(loss)) }
  }

  mutating func receive(_ bytes: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    guard !hasEnded else { return }
    switch form {
    case .whole(var body):
      form = .whole([])
      body += bytes
      if body.count > limits.bytesMax { throw UpstreamFault(.tooLong, "the answer is longer than is allowed") }
      form = .whole(body)
    case .stream(var decoder):
      var events: [SSEEvent] = []
      do {
        try decoder.feed(bytes) { events.append($0) }
      } catch {
        throw UpstreamFault(.tooLong, "a chunk is longer than is allowed")
      }
      form = .stream(decoder)
      for event in events where !hasEnded { try take(event.data, emit) }
    }
  }

  mutating func finish(_ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    guard !hasEnded else { return }
    if case .whole(let body) = form { try takeWhole(body, emit) }
    guard finishReason != nil else { throw UpstreamFault(.brokeOff, "the stream ended before the answer did") }
    try conclude(emit)
  }

  // MARK: Reading

  private mutating func take(_ data: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    if data.elementsEqual("[DONE]".utf8) {
      guard hasChoice else { throw UpstreamFault(.notUnderstood, "the stream held no answer") }
      return try conclude(emit)
    }
    try takeChoices(of: try parse(data), content: "delta", emit)
  }

  private mutating func takeWhole(_ body: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    try takeChoices(of: try parse(body), content: "message", emit)
    guard hasChoice else { throw UpstreamFault(.notUnderstood, "there is no choice in the answer") }
    if finishReason == nil { finishReason = "stop" }
  }

  private func parse(_ bytes: [UInt8]) throws(UpstreamFault) -> JSONNode {
    do {
      let root = try JSONDocument.parse(bytes, limits: limits).root
      guard root.kind == .object else { throw UpstreamFault(.notUnderstood, "a chunk is no JSON object") }
      return root
    } catch let error as JSONError {
      throw UpstreamFault(.notUnderstood, "a chunk is not JSON: \(error.message)")
    } catch let fault as UpstreamFault {
      throw fault
    } catch {
      throw UpstreamFault(.notUnderstood, "a chunk cannot be read")
    }
  }

  private mutating func takeChoices(
    of root: JSONNode, content name: StaticString, _ emit: (consuming TurnEvent) -> Void
  ) throws(UpstreamFault) {
    if let error = root["error"], !error.isNull {
      let text = error["message"]?.string ?? String(decoding: error.fragment.bytes, as: UTF8.self)
      throw UpstreamFault(.reported, "the server says: \(text.prefix(300))")
    }
    if let usage = root["usage"], usage.kind == .object { self.usage = usage.fragment }
    // More than one choice was not asked for.
    for choice in root["choices"]?.elements ?? [] where choice["index"]?.int64 ?? 0 == 0 {
      hasChoice = true
      if let content = choice[name] { try takeContent(content, emit) }
      if let reason = choice["finish_reason"]?.string { finishReason = reason }
    }
  }

  private mutating func takeContent(_ node: JSONNode, _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    say(Self.text(node["content"]), emit)
    // A model that declines says so here, and nothing in the content.
    say(Self.text(node["refusal"]), emit)
    for call in node["tool_calls"]?.elements ?? [] { try calls.take(call) }
  }

  /// Text, or the text among the parts of a list.
  private static func text(_ node: JSONNode?) -> JSONString? {
    guard let node else { return nil }
    if let text = node.text { return text }
    var result: JSONString?
    node.forEachElement { part in
      guard part["type"]?.equals("text") == true, let text = part["text"]?.text else { return }
      if result?.append(text) == nil { result = text }
    }
    return result
  }

  // MARK: Saying

  private mutating func say(_ text: JSONString?, _ emit: (consuming TurnEvent) -> Void) {
    guard let text, !text.isEmpty else { return }
    emit(piece(text, isLast: false))
    hasText = true
  }

  private func piece(_ text: JSONString, isLast: Bool) -> TurnEvent {
    let artifact = Artifact(
      artifactID: Self.artifactID, name: hasText ? nil : JSONString(Self.artifactID), parts: [Part(.text(text))])
    return .artifact(artifact, append: hasText, lastChunk: isLast, metadata: nil)
  }

  private mutating func conclude(_ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    let calls = try calls.finish()
    hasEnded = true
    if hasText { emit(piece("", isLast: true)) }
    if let usage { emit(.taskMetadata(name: "usage", usage)) }
    if let finishReason { emit(.taskMetadata(name: "finish_reason", JSONFragment(.string(finishReason)))) }
    guard calls.isEmpty else {
      emit(.backendState(PendingCalls(taskID: taskID, calls: calls).fragment))
      let question = JSONFragment(["tool_calls": .array(calls.map(\.shown))])
      return emit(.status(.inputRequired, parts: [Part(.data(question))], metadata: nil))
    }
    let isCut = finishReason == "length" || finishReason == "content_filter"
    emit(isCut && !hasText ? .status(.failed, FailureText.noAnswer) : .status(.completed))
  }
}
