internal import A2A
internal import Bytes
internal import JSON
internal import Model
internal import Orq

/// Turns what Orq says during one turn into what the task hears. No I/O: events and bodies in, turn events out. Nothing of
/// Orq's own error texts goes through.
struct OrqTurnReader {
  private(set) var context: OrqContextState
  /// The turn has heard its last word.
  private(set) var isOver = false
  /// Types of events that are new to us.
  private(set) var unknownEvents = 0
  /// Orq has named the task of this turn: it can be looked up.
  private(set) var isAccepted = false
  /// The task waits for an approval.
  private var isAwaiting = false
  /// Something was said to the caller.
  private var hasAnswer = false
  /// Parts of the output that are told in pieces, in the order of their first mention; one artifact each.
  private var outputs: [OutputPart] = []
  /// Where a part of this id is, in streams.
  private var outputIndex: [String: Int] = [:]
  /// Texts that were read and are not told yet, of the part at this place.
  private var untold = (place: 0, texts: JSONStrings())

  /// So many texts are told at a time.
  private static let untoldMax = 32

  /// - Parameter context: of the context's last turn, or a fresh one.
  init(context: OrqContextState) { self.context = context }

  typealias Emit = (consuming TurnEvent) -> Void

  // MARK: The response family

  mutating func read(_ event: OrqResponseEvent, _ emit: Emit) {
    tellTexts(emit)
    guard !isOver else { return }
    switch event.payload {
    case .started(let started): accepted(started.taskID, emit)
    case .partDelta(let delta): chunk(delta.partID, delta.delta, emit)
    case .partDone(let done): finish(done.partID, done.part, emit)
    case .toolStarted(let tool): activity("tool", tool.name?.string ?? tool.toolID, "started", emit)
    case .toolDone(let tool): activity("tool", tool.toolID, "done", emit)
    case .toolFailed(let tool): activity("tool", tool.toolID, "failed", emit)
    case .toolReviewRequested: awaitApproval(emit)
    case .toolReviewDone: resume(emit)
    case .done(let done):
      end(reason: done.finishReason, pending: done.pendingToolCalls, usage: done.usage, billing: nil, emit)
    case .failed: fail(emit)
    }
  }

  /// Texts are told together, when something else is read, or with ``tellTexts(_:)``.
  ///
  /// - Parameter data: that the delta was read from.
  mutating func read(_ delta: OrqTextDelta, in data: Span<UInt8>, _ emit: Emit) {
    guard !isOver, !delta.text.range.isEmpty else { return }
    resume(emit)
    let place = place(of: data.extracting(delta.partID))
    if outputs[place].isUnsaid { return say(JSONString(delta.text, in: data), at: place, emit) }
    guard !outputs[place].isDone else { return }
    if untold.place != place || untold.texts.count == OrqTurnReader.untoldMax {
      tellTexts(emit)
      untold.place = place
    }
    untold.texts.append(delta.text, in: data)
  }

  /// To be called when what has come is read.
  mutating func tellTexts(_ emit: Emit) {
    guard !untold.texts.isEmpty else { return }
    var texts = JSONStrings()
    swap(&texts, &untold.texts)
    texts.trim()
    outputs[untold.place].add(texts)
    emit(.text(artifactID: outputs[untold.place].artifactID, texts))
  }

  // MARK: The agent family

  mutating func read(_ event: OrqAgentEvent, _ emit: Emit) {
    tellTexts(emit)
    guard !isOver else { return }
    switch event.payload {
    case .executionStarted(let started): accepted(started.taskID, emit)
    case .started, .messageCreated, .executionNamed: break
    case .thought(let thought): activity("thought", String(thought.iteration), "done", emit)
    case .handedOff(let handed): activity("agent", handed.agentID, "started", emit)
    case .toolStarted(let tool): activity("tool", tool.key ?? tool.actionType, "started", emit)
    case .toolFinished(let tool): activity("tool", tool.actionType, "done", emit)
    case .toolFailed(let tool): activity("tool", tool.actionType, "failed", emit)
    case .actionReviewRequested, .executionReviewRequired: awaitApproval(emit)
    case .actionReviewed, .executionReviewed: resume(emit)
    case .inactive(let inactive):
      // The one place where the answer stands whole; thoughts only led there. The full message may be one that says
      // nothing to the caller, such as a call of a tool: then the text beside it is the answer.
      var isSaid = false
      if let full = inactive.lastMessageFull, full.role == .agent { isSaid = whole(full.parts, emit) }
      if !isSaid { _ = whole([.text(inactive.lastMessage)], emit) }
      end(
        reason: inactive.finishReason, pending: inactive.pendingToolCalls, usage: inactive.usage,
        billing: inactive.billing, emit)
    case .errored, .timeout, .failed: fail(emit)
    }
  }

  mutating func countUnknownEvent() { unknownEvents += 1 }

  // MARK: Whole answers

  /// The body of `responses.create` or `responses.get`. False while the agent still runs, and where only a look-up tells:
  /// a created response has no status, so one without a reason to have ended may be that of a turn that failed.
  mutating func read(_ outcome: OrqOutcome, _ emit: Emit) -> Bool {
    tellTexts(emit)
    guard !isOver else { return true }
    accepted(outcome.taskID, emit)
    switch outcome.status {
    case .inProgress: return false
    case .failed: fail(emit)
    case nil where outcome.finishReason == nil && outcome.pendingToolCalls.isEmpty: return false
    case .completed, nil:
      _ = whole(outcome.parts, emit)
      end(
        reason: outcome.finishReason ?? .stop, pending: outcome.pendingToolCalls, usage: outcome.usage, billing: nil,
        emit)
    }
    return true
  }

  /// An answer that leaves nothing to look up.
  ///
  /// - Parameter body: that it was read from.
  mutating func read(_ answer: OrqTextAnswer, in body: Span<UInt8>, _ emit: Emit) {
    guard !isOver else { return }
    if let whole = whole(answer, in: body) {
      isOver = true
      return emit(.answered(whole))
    }
    accepted(body.extracting(answer.taskID).text, emit)
    if !answer.text.range.isEmpty { tell(Part(.text(JSONString(answer.text, in: body))), at: 0, emit) }
    end(reason: answer.finishReason, pending: [], usage: answer.usage, billing: nil, emit)
  }

  /// The answer as all that is said in the turn; nil where it is not, or does not complete it.
  private mutating func whole(_ answer: OrqTextAnswer, in body: Span<UInt8>) -> TurnAnswer? {
    guard !isAccepted, !answer.text.range.isEmpty, context.pendingToolCalls.isEmpty, case .stop = answer.finishReason
    else { return nil }
    let taskID = body.extracting(answer.taskID)
    let state: JSONFragment
    if context.taskID == nil {
      // Nobody looks up a task that has ended: its id is only remembered.
      state = context.fragment(endedBy: taskID)
    } else {
      context.taskID = taskID.text
      state = context.fragment
    }
    isAccepted = true
    hasAnswer = true
    return TurnAnswer(
      artifactID: OrqTurnReader.artifactID(0), text: JSONString(answer.text, in: body), usage: answer.usage?.fragment,
      finishReason: OrqTurnReader.stopReason, backendState: state)
  }

  /// The body of `invoke` or `retrieve_task`. False while the agent still runs.
  mutating func read(_ task: OrqTask, _ emit: Emit) -> Bool {
    tellTexts(emit)
    guard !isOver else { return true }
    accepted(task.id, emit)
    switch task.state {
    case .submitted, .working: return false
    case .failed: fail(emit)
    case .canceled: end(.canceled, "The agent's service has canceled the task.", emit)
    case .rejected: end(.rejected, "The agent does not take this message.", emit)
    case .authRequired:
      awaitApproval(emit)
      return false
    // A state that is new to us is no end: what is not over goes on to be looked up (contract §6.2).
    case .unknown: return false
    case .completed, .inputRequired:
      let last = OrqTurnReader.answer(of: task) ?? task.statusMessage
      if let last { _ = whole(last.parts, emit) }
      let pending = task.state == .inputRequired ? OrqTurnReader.pendingCalls(in: last) : []
      if task.state == .inputRequired, pending.isEmpty {
        // Orq asks, but for no function of the caller's: any text goes on.
        remember(pending: [], emit)
        isOver = true
        emit(.status(.inputRequired))
      } else {
        end(reason: pending.isEmpty ? .stop : .functionCall, pending: pending, usage: nil, billing: nil, emit)
      }
    }
    return true
  }

  /// The agent's last message since the user's: all messages of the task stand there, also those of earlier turns.
  private static func answer(of task: OrqTask) -> OrqMessage? {
    let last = (task.messages ?? task.history ?? []).last { $0.role == .agent || $0.role == .user }
    return last?.role == .agent ? last : nil
  }

  private static func pendingCalls(in message: OrqMessage?) -> [OrqPendingToolCall] {
    message?.parts.compactMap { part in
      guard case .toolCall(let call) = part.content else { return nil }
      let arguments = JSONString(String(decoding: call.arguments.bytes, as: UTF8.self))
      return OrqPendingToolCall(id: call.id, name: call.name, arguments: arguments)
    } ?? []
  }

  // MARK: Steps

  private mutating func accepted(_ taskID: String, _ emit: Emit) {
    guard !isAccepted else { return }
    isAccepted = true
    if context.taskID != taskID {
      context.taskID = taskID
      context.pendingToolCalls = []
    }
    // Each task keeps its own: an earlier one of the context may be continued after a later one.
    emit(.backendState(context.fragment))
    emit(.status(.working))
  }

  private mutating func activity(_ kind: String, _ name: String, _ phase: String, _ emit: Emit) {
    isAwaiting = false
    let metadata: JSONValue = .object([
      GatewayExtension.uri.description: ["activity": .string(kind), "name": .string(name), "phase": .string(phase)]
    ])
    emit(.status(.working, parts: [], metadata: JSONFragment(metadata)))
  }

  /// Said once, however often Orq repeats it or is asked.
  private mutating func awaitApproval(_ emit: Emit) {
    guard !isAwaiting else { return }
    isAwaiting = true
    emit(.awaitingApproval(parts: [.text("The agent waits for an approval. Approve or reject it in Orq.")]))
  }

  private mutating func resume(_ emit: Emit) {
    guard isAwaiting else { return }
    isAwaiting = false
    emit(.status(.working))
  }

  // MARK: Output

  private mutating func chunk(_ partID: String, _ delta: OrqPart, _ emit: Emit) {
    // Only text comes in pieces; other parts are taken whole when they are done.
    guard case .text(let text) = delta.content, !text.isEmpty else { return }
    resume(emit)
    say(text, at: place(of: partID), emit)
  }

  private mutating func say(_ text: JSONString, at index: Int, _ emit: Emit) {
    tellTexts(emit)
    // What comes behind a part's end comes twice, or too late: the end said all of it.
    guard !outputs[index].isDone else { return }
    let isFirst = outputs[index].isUnsaid
    let texts = JSONStrings(text)
    outputs[index].add(texts)
    if isFirst {
      emit(.artifact(OrqTurnReader.artifact(index, Part(.text(text))), append: false, lastChunk: false, metadata: nil))
    } else {
      emit(.text(artifactID: outputs[index].artifactID, texts))
    }
  }

  private mutating func finish(_ partID: String, _ part: OrqPart, _ emit: Emit) {
    guard let whole = OrqParts.part(part), OrqTurnReader.saysSomething(whole) || outputIndex[partID] != nil else {
      return
    }
    resume(emit)
    let index = place(of: partID)
    // Said twice.
    if !outputs[index].isDone { settle(index, whole, emit) }
  }

  /// Output that came whole, at the end of the turn. What came in pieces before (a stream that was lost) stands if it says
  /// the same.
  ///
  /// - Returns: whether it says anything.
  private mutating func whole(_ parts: [OrqPart], _ emit: Emit) -> Bool {
    var place = 0
    // Looked at where they lie.
    let parts = parts.span
    for index in parts.indices {
      guard let part = OrqParts.part(parts[index]), OrqTurnReader.saysSomething(part) else { continue }
      tell(part, at: place, emit)
      place += 1
    }
    return place > 0
  }

  /// A part that came whole, and says something.
  private mutating func tell(_ part: consuming Part, at place: Int, _ emit: Emit) {
    if place < outputs.count { return settle(place, part, emit) }
    hasAnswer = true
    emit(.artifact(OrqTurnReader.artifact(place, part), append: false, lastChunk: true, metadata: nil))
  }

  /// A part is told in full. Where its pieces do not add up to that (some were lost, repeated or out of order), it
  /// replaces them.
  private mutating func settle(_ index: Int, _ whole: Part, _ emit: Emit) {
    if case .text(let text) = whole.content {
      if outputs[index].saysAlready(text) {
        if !outputs[index].isDone { close(index, emit) }
        return
      }
      outputs[index].sent = .whole(text)
    }
    outputs[index].isDone = true
    emit(.artifact(OrqTurnReader.artifact(index, whole), append: false, lastChunk: true, metadata: nil))
  }

  /// All of it was sent in pieces; only the end is to be told.
  private mutating func close(_ index: Int, _ emit: Emit) {
    outputs[index].isDone = true
    emit(.artifact(OrqTurnReader.artifact(index, .text("")), append: true, lastChunk: true, metadata: nil))
  }

  private static func saysSomething(_ part: Part) -> Bool {
    if case .text(let text) = part.content { !text.isEmpty } else { true }
  }

  /// - Parameter partID: looked at where it lies: the last part is mostly the one.
  private mutating func place(of partID: Span<UInt8>) -> Int {
    if let last = outputs.indices.last, outputs[last].isNamed(partID) { return last }
    return place(of: partID.text)
  }

  private mutating func place(of partID: String) -> Int {
    if let index = outputIndex[partID] { return index }
    let index = outputs.count
    outputIndex[partID] = index
    outputs.append(OutputPart(partID: Array(partID.utf8), artifactID: OrqTurnReader.artifactID(index)))
    hasAnswer = true
    return index
  }

  private static func artifact(_ index: Int, _ part: consuming Part) -> Artifact {
    Artifact(artifactID: artifactID(index), parts: [part])
  }

  private static func artifactID(_ index: Int) -> String {
    // Most answers have one part.
    index == 0 ? "output-1" : "output-" + String(index + 1)
  }

  // MARK: Ends

  private mutating func end(
    reason: OrqFinishReason, pending: [OrqPendingToolCall], usage: OrqUsage?, billing: JSONFragment?, _ emit: Emit
  ) {
    isOver = true
    for index in outputs.indices where !outputs[index].isDone { close(index, emit) }
    if let usage { emit(.taskMetadata(name: "usage", usage.fragment)) }
    if let billing { emit(.taskMetadata(name: "cost", billing)) }
    if case .stop = reason {
      emit(.taskMetadata(name: "finish_reason", OrqTurnReader.stopReason))
    } else {
      emit(.taskMetadata(name: "finish_reason", JSONFragment(.string(reason.name))))
    }
    remember(pending: pending.map(\.id), emit)
    guard pending.isEmpty else {
      emit(.status(.inputRequired, parts: [OrqParts.question(pending)], metadata: nil))
      return
    }
    switch reason {
    case .functionCall: emit(.status(.inputRequired))
    case .maxIterations, .maxTime, .contentFilter:
      if !hasAnswer {
        emit(.status(.failed, "The agent stopped without an answer (\(reason.name))."))
      } else {
        emit(.status(.completed))
      }
    case .stop, .length, .toolCalls, .other: emit(.status(.completed))
    }
  }

  /// As nearly every turn ends.
  private static let stopReason = JSONFragment(.string(OrqFinishReason.stop.name))

  private mutating func end(_ state: TaskState, _ text: String, _ emit: Emit) {
    isOver = true
    emit(.status(state, text))
  }

  private mutating func fail(_ emit: Emit) { end(.failed, "The agent failed.", emit) }

  private mutating func remember(pending: [String], _ emit: Emit) {
    guard context.pendingToolCalls != pending else { return }
    context.pendingToolCalls = pending
    emit(.backendState(context.fragment))
  }
}

/// What was sent of one part of the output.
private struct OutputPart {
  /// A text, as it was sent.
  enum Sent {
    /// Nothing yet, or a part that is no text.
    case nothing
    case pieces(TextDigest)
    case whole(JSONString)
  }

  let partID: [UInt8]
  /// Our own.
  let artifactID: String
  var sent = Sent.nothing
  var isDone = false

  func isNamed(_ id: Span<UInt8>) -> Bool { partID.span.isSame(as: id) }

  var isUnsaid: Bool { if case .nothing = sent { true } else { false } }

  func saysAlready(_ text: JSONString) -> Bool {
    switch sent {
    case .nothing: false
    case .pieces(let digest): digest == TextDigest(text)
    case .whole(let whole): whole == text
    }
  }

  mutating func add(_ texts: JSONStrings) {
    var digest = TextDigest()
    switch sent {
    case .nothing: break
    case .pieces(let pieces): digest = pieces
    case .whole(let whole): digest.add(whole)
    }
    digest.add(texts)
    sent = .pieces(digest)
  }
}
