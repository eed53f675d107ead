internal import JSON
internal import Model
internal import Orq

/// The response family (contract §4.5): text as it comes, every other part when it is whole.
struct OrqResponseProjection: OrqProjection {
  /// A text that goes on.
  private struct OpenText {
    var artifactID: String
    var partID: String
    var text: JSONString
  }

  private let subject: OrqStreamSubject
  /// Makes the variable piece of a part's id.
  private let mintID: () -> String
  private var translation = OrqAnswerTranslation()
  private var open: [OpenText] = []
  private var told: Set<String> = []
  private var usage: JSONFragment?
  private var finishReason: JSONFragment?
  private var isInReview = false

  private(set) var eventCount = 0

  var losses: OrqLosses { translation.losses }

  init(_ subject: OrqStreamSubject, mintID: @escaping () -> String) {
    self.subject = subject
    self.mintID = mintID
  }

  mutating func begin(at time: Timestamp, into output: inout [UInt8]) {
    let started = OrqResponseEvent.Started(
      responseID: OrqNames.responseID(turn: subject.turnID), taskID: subject.conversationID,
      model: OrqNames.model(agent: subject.agentKey), workflowRunID: subject.turnID,
      userMessageID: subject.message.messageID)
    write(.started(started), time, &output)
  }

  mutating func artifact(
    _ artifact: Artifact, append: Bool, lastChunk: Bool, at time: Timestamp, into output: inout [UInt8]
  ) {
    translation.noteNames(of: artifact)
    let isNew = told.insert(artifact.artifactID).inserted
    if !append, !isNew {
      translation.lose(.artifactReplaced)
      close(artifact.artifactID, time, &output)
    }
    for (index, part) in artifact.parts.enumerated() {
      // Text that begins an addition goes on with the text before it, as it does in the task.
      if !(append && index == 0) { close(artifact.artifactID, time, &output) }
      self.part(part, of: artifact.artifactID, time, &output)
    }
    if lastChunk { close(artifact.artifactID, time, &output) }
  }

  mutating func metadata(_ name: String, _ value: JSONFragment, at time: Timestamp) {
    switch name {
    case "usage": usage = value
    case "finish_reason": finishReason = value
    default: break
    }
  }

  mutating func progress(
    _ status: TaskStatus, metadata: JSONFragment?, at time: Timestamp, into output: inout [UInt8]
  ) {
    if metadata != nil { translation.lose(.activity) }
    review(status, time, &output)
    for part in status.message?.parts ?? [] {
      guard case .text(let text) = translation.part(part).content else {
        translation.lose(.progress)
        continue
      }
      let id = "reasoning_\(mintID())"
      let reasoning = OrqPart(.reasoning(OrqReasoning(text, id: id)))
      write(.partDone(OrqResponseEvent.PartDone(partID: id, part: reasoning)), time, &output)
    }
  }

  /// A task that waits for an approval elsewhere is told as the review of a tool: the family has no other word for it.
  /// What was decided is not known, so that nothing tells its end but the turn going on.
  private mutating func review(_ status: TaskStatus, _ time: Timestamp, _ output: inout [UInt8]) {
    let wasInReview = isInReview
    isInReview = status.state == .authRequired
    guard isInReview, !wasInReview else { return }
    let requested = OrqResponseEvent.ToolReviewRequested(
      toolID: "approval", toolCallID: subject.turnID, name: "approval", arguments: JSONFragment(.object([:])),
      requiresApproval: true)
    write(.toolReviewRequested(requested), time, &output)
  }

  mutating func end(_ status: TaskStatus, at time: Timestamp, into output: inout [UInt8]) {
    while let first = open.first { close(first.artifactID, time, &output) }
    if status.state.isFailure {
      let failed = OrqResponseEvent.Failed(error: status.failureText, code: status.failureCode)
      return write(.failed(failed), time, &output)
    }
    for part in status.message?.parts ?? [] where OrqToolCalls.pending(in: part) == nil {
      self.part(part, of: "", time, &output)
      close("", time, &output)
    }
    let done = OrqResponseEvent.Done(
      finishReason: OrqAnswerTranslation.finishReason(status.state, stated: finishReason),
      usage: translation.usage(usage), pendingToolCalls: OrqToolCalls.pending(in: status))
    write(.done(done), time, &output)
  }

  mutating func fail(_ error: AgentError, at time: Timestamp, into output: inout [UInt8]) {
    let failed = OrqResponseEvent.Failed(
      error: JSONString(error.message), code: OrqErrorMapping.status(of: error.kind))
    write(.failed(failed), time, &output)
  }

  mutating func timeOut(at time: Timestamp, into output: inout [UInt8]) {
    fail(AgentError(.unavailable, "the stream was open for as long as it may be"), at: time, into: &output)
  }

  // MARK: Parts

  private mutating func part(_ part: Part, of artifactID: String, _ time: Timestamp, _ output: inout [UInt8]) {
    let part = translation.part(part)
    guard case .text(let text) = part.content else {
      close(artifactID, time, &output)
      let kind = if case .data = part.content { "data" } else { "file" }
      let done = OrqResponseEvent.PartDone(partID: "\(kind)_\(mintID())", part: part)
      return write(.partDone(done), time, &output)
    }
    let index: Int
    if let going = open.firstIndex(where: { $0.artifactID == artifactID }) {
      index = going
      open[index].text.append(text)
    } else {
      index = open.count
      open.append(OpenText(artifactID: artifactID, partID: "text_\(mintID())", text: text))
    }
    let delta = OrqResponseEvent.PartDelta(partID: open[index].partID, delta: part)
    write(.partDelta(delta), time, &output)
  }

  /// Ends the text of an artifact, if one goes on.
  private mutating func close(_ artifactID: String, _ time: Timestamp, _ output: inout [UInt8]) {
    guard let index = open.firstIndex(where: { $0.artifactID == artifactID }) else { return }
    let text = open.remove(at: index)
    let done = OrqResponseEvent.PartDone(partID: text.partID, part: .text(text.text))
    write(.partDone(done), time, &output)
  }

  private mutating func write(_ payload: OrqResponseEvent.Payload, _ time: Timestamp, _ output: inout [UInt8]) {
    eventCount += 1
    OrqResponseEvent(payload, timestamp: time.text).write(into: &output)
  }
}
