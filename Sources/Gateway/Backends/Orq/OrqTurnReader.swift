internal import A2A
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
  private var isWorking = false
  /// Output parts in the order of their first mention: Orq's id of each, nil for those of a whole answer.
  private var outputs: [String] = []
  private var hasOutput = false

  /// - Parameter context: of the context's last turn, or a fresh one.
  init(context: OrqContextState) { self.context = context }

  typealias Emit = (TurnEvent) -> Void

  // MARK: The response family

  mutating func read(_ event: OrqResponseEvent, _ emit: Emit) {
    guard !isOver else { return }
    switch event.payload {
    case .started(let started): accepted(started.taskID, emit)
    case .partDelta(let delta): chunk(delta.partID, delta.delta, emit)
    case .partDone(let done): finish(done.partID, done.part, emit)
    case .toolStarted(let tool): activity("tool", tool.name?.string ?? tool.toolID, "started", emit)
    case .toolDone(let tool): activity("tool", tool.toolID, "done", emit)
    case .toolFailed(let tool): activity("tool", tool.toolID, "failed", emit)
    case .toolReviewRequested: awaitApproval(emit)
    case .toolReviewDone: emit(.status(.working))
    case .done(let done):
      end(reason: done.finishReason, pending: done.pendingToolCalls, usage: done.usage, billing: nil, emit)
    case .failed: fail(emit)
    }
  }

  // MARK: The agent family

  mutating func read(_ event: OrqAgentEvent, _ emit: Emit) {
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
    case .actionReviewed, .executionReviewed: emit(.status(.working))
    case .inactive(let inactive):
      // The one place where the answer stands whole; thoughts only led there.
      whole(inactive.lastMessageFull?.parts ?? [.text(inactive.lastMessage)], emit)
      end(
        reason: inactive.finishReason, pending: inactive.pendingToolCalls, usage: inactive.usage,
        billing: inactive.billing, emit)
    case .errored, .timeout, .failed: fail(emit)
    }
  }

  mutating func countUnknownEvent() { unknownEvents += 1 }

  // MARK: Whole answers

  /// The body of `responses.create` or `responses.get`. False while the agent still runs.
  mutating func read(_ response: OrqResponse, _ emit: Emit) -> Bool {
    guard !isOver else { return true }
    accepted(response.taskID, emit)
    switch response.status {
    case .inProgress: return false
    case .failed: fail(emit)
    case .completed, nil:
      whole(response.output.filter { $0.role == .agent }.flatMap(\.parts), emit)
      end(
        reason: response.finishReason ?? .stop, pending: response.pendingToolCalls, usage: response.usage, billing: nil,
        emit)
    }
    return true
  }

  /// The body of `invoke` or `retrieve_task`. False while the agent still runs.
  mutating func read(_ task: OrqTask, _ emit: Emit) -> Bool {
    guard !isOver else { return true }
    accepted(task.id, emit)
    switch task.state {
    case .submitted, .working: return false
    case .failed, .canceled, .rejected: fail(emit)
    case .authRequired:
      awaitApproval(emit)
      return false
    case .completed, .inputRequired, .unknown:
      let messages = task.messages ?? task.history ?? []
      let last = messages.last { $0.role == .agent } ?? task.statusMessage
      whole(last?.parts ?? [], emit)
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

  private static func pendingCalls(in message: OrqMessage?) -> [OrqPendingToolCall] {
    message?.parts.compactMap { part in
      guard case .toolCall(let call) = part.content else { return nil }
      let arguments = JSONString(String(decoding: call.arguments.bytes, as: UTF8.self))
      return OrqPendingToolCall(id: call.id, name: call.name, arguments: arguments)
    } ?? []
  }

  // MARK: Steps

  private mutating func accepted(_ taskID: String, _ emit: Emit) {
    if context.taskID != taskID {
      context.taskID = taskID
      context.pendingToolCalls = []
      emit(.backendState(context.fragment))
    }
    guard !isWorking else { return }
    isWorking = true
    emit(.status(.working))
  }

  private func activity(_ kind: String, _ name: String, _ phase: String, _ emit: Emit) {
    let metadata: JSONValue = .object([
      GatewayExtension.uri.description: ["activity": .string(kind), "name": .string(name), "phase": .string(phase)]
    ])
    emit(.status(.working, parts: [], metadata: JSONFragment(metadata)))
  }

  private func awaitApproval(_ emit: Emit) {
    emit(.awaitingApproval(parts: [.text("The agent waits for an approval. Approve or reject it in Orq.")]))
  }

  private mutating func chunk(_ partID: String, _ delta: OrqPart, _ emit: Emit) {
    // Only text comes in pieces; other parts are taken whole when they are done.
    guard case .text = delta.content, let part = OrqParts.part(delta) else { return }
    let isNew = !outputs.contains(partID)
    emit(.artifact(artifact(partID, [part]), append: !isNew, lastChunk: false, metadata: nil))
  }

  private mutating func finish(_ partID: String, _ part: OrqPart, _ emit: Emit) {
    guard let whole = OrqParts.part(part) else { return }
    if outputs.contains(partID), case .text = whole.content {
      // All of it was sent in pieces; only the end is to be told.
      emit(.artifact(artifact(partID, [.text("")]), append: true, lastChunk: true, metadata: nil))
    } else {
      emit(.artifact(artifact(partID, [whole]), append: false, lastChunk: true, metadata: nil))
    }
  }

  /// The whole output. What came in pieces before (a stream that was lost) is replaced.
  private mutating func whole(_ parts: [OrqPart], _ emit: Emit) {
    let output = parts.compactMap(OrqParts.part).filter { part in
      if case .text(let text) = part.content { !text.isEmpty } else { true }
    }
    for (index, part) in output.enumerated() {
      let partID = index < outputs.count ? outputs[index] : "#\(index)"
      emit(.artifact(artifact(partID, [part]), append: false, lastChunk: true, metadata: nil))
    }
  }

  /// One artifact for each part of the output, by ids of our own.
  private mutating func artifact(_ partID: String, _ parts: [Part]) -> Artifact {
    hasOutput = true
    let index = outputs.firstIndex(of: partID) ?? outputs.count
    if index == outputs.count { outputs.append(partID) }
    return Artifact(artifactID: "output-\(index + 1)", parts: parts)
  }

  private mutating func end(
    reason: OrqFinishReason, pending: [OrqPendingToolCall], usage: OrqUsage?, billing: JSONFragment?, _ emit: Emit
  ) {
    isOver = true
    if let usage { emit(.taskMetadata(name: "usage", usage.fragment)) }
    if let billing { emit(.taskMetadata(name: "cost", billing)) }
    emit(.taskMetadata(name: "finish_reason", JSONFragment(.string(reason.name))))
    remember(pending: pending.map(\.id), emit)
    guard pending.isEmpty else {
      emit(.status(.inputRequired, parts: [OrqParts.question(pending)], metadata: nil))
      return
    }
    switch reason {
    case .functionCall: emit(.status(.inputRequired))
    case .maxIterations where !hasOutput, .maxTime where !hasOutput, .contentFilter where !hasOutput:
      emit(.status(.failed, "The agent stopped without an answer (\(reason.name))."))
    default: emit(.status(.completed))
    }
  }

  private mutating func remember(pending: [String], _ emit: Emit) {
    guard context.pendingToolCalls != pending else { return }
    context.pendingToolCalls = pending
    emit(.backendState(context.fragment))
  }

  private mutating func fail(_ emit: Emit) {
    isOver = true
    emit(.status(.failed, "The agent failed."))
  }
}
