public import JSON

/// An event of `stream-run` and `stream-task` (contract §4.4). The answer comes as a whole, with ``Inactive``; there are no
/// pieces of text.
///
/// A stream ends with ``Inactive``, ``Errored``, ``Timeout`` or ``Failed``. Ids of runs, spans and traces differ from
/// release to release; where one is missing it is empty.
public struct OrqAgentEvent: OrqEvent {
  public enum Payload: Sendable, Equatable {
    case executionStarted(ExecutionStarted)
    case started(Started)
    case thought(Thought)
    case inactive(Inactive)
    case errored(Errored)
    case actionReviewRequested(ActionReviewRequested)
    case actionReviewed(ActionReviewed)
    case executionReviewRequired
    case executionReviewed
    case executionNamed(ExecutionNamed)
    case handedOff(HandedOff)
    case messageCreated(MessageCreated)
    case toolStarted(ToolStarted)
    case toolFinished(ToolFinished)
    case toolFailed(ToolFailed)
    case timeout(Timeout)
    case failed(Failed)
  }

  public var timestamp: String
  public var payload: Payload

  public init(_ payload: Payload, timestamp: String) {
    self.payload = payload
    self.timestamp = timestamp
  }

  /// The stream says nothing after this.
  public var isLast: Bool {
    switch payload {
    case .inactive, .errored, .timeout, .failed: true
    default: false
    }
  }

  private static let readers: [EventReader<Payload>] = [
    EventReader(ExecutionStarted.self) { .executionStarted($0) }, EventReader(Started.self) { .started($0) },
    EventReader(Thought.self) { .thought($0) }, EventReader(Inactive.self) { .inactive($0) },
    EventReader(Errored.self) { .errored($0) },
    EventReader(ActionReviewRequested.self) { .actionReviewRequested($0) },
    EventReader(ActionReviewed.self) { .actionReviewed($0) },
    EventReader(ExecutionReviewRequired.self) { _ in .executionReviewRequired },
    EventReader(ExecutionReviewed.self) { _ in .executionReviewed },
    EventReader(ExecutionNamed.self) { .executionNamed($0) }, EventReader(HandedOff.self) { .handedOff($0) },
    EventReader(MessageCreated.self) { .messageCreated($0) }, EventReader(ToolStarted.self) { .toolStarted($0) },
    EventReader(ToolFinished.self) { .toolFinished($0) }, EventReader(ToolFailed.self) { .toolFailed($0) },
    EventReader(Timeout.self) { .timeout($0) }, EventReader(Failed.self) { .failed($0) },
  ]

  public init?(type: JSONNode, timestamp: String, data: JSONNode, _ reader: inout OrqReader) {
    guard let known = OrqAgentEvent.readers.first(where: { type.equals($0.type) }) else { return nil }
    self.init(known.read(data, &reader), timestamp: timestamp)
  }

  public var type: StaticString {
    switch payload {
    case .executionStarted: ExecutionStarted.type
    case .started: Started.type
    case .thought: Thought.type
    case .inactive: Inactive.type
    case .errored: Errored.type
    case .actionReviewRequested: ActionReviewRequested.type
    case .actionReviewed: ActionReviewed.type
    case .executionReviewRequired: ExecutionReviewRequired.type
    case .executionReviewed: ExecutionReviewed.type
    case .executionNamed: ExecutionNamed.type
    case .handedOff: HandedOff.type
    case .messageCreated: MessageCreated.type
    case .toolStarted: ToolStarted.type
    case .toolFinished: ToolFinished.type
    case .toolFailed: ToolFailed.type
    case .timeout: Timeout.type
    case .failed: Failed.type
    }
  }

  public func writeData(into json: inout JSONWriter) {
    switch payload {
    case .executionStarted(let event): event.members(into: &json)
    case .started(let event): event.members(into: &json)
    case .thought(let event): event.members(into: &json)
    case .inactive(let event): event.members(into: &json)
    case .errored(let event): event.members(into: &json)
    case .actionReviewRequested(let event): event.members(into: &json)
    case .actionReviewed(let event): event.members(into: &json)
    case .executionReviewRequired, .executionReviewed: break
    case .executionNamed(let event): event.members(into: &json)
    case .handedOff(let event): event.members(into: &json)
    case .messageCreated(let event): event.members(into: &json)
    case .toolStarted(let event): event.members(into: &json)
    case .toolFinished(let event): event.members(into: &json)
    case .toolFailed(let event): event.members(into: &json)
    case .timeout(let event): event.members(into: &json)
    case .failed(let event): event.members(into: &json)
    }
  }
}
