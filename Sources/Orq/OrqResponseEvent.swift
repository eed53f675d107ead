public import JSON

/// An event of `responses.create` with `stream` (contract §4.5). Text arrives in pieces.
///
/// A stream ends with ``Done`` or ``Failed``.
public struct OrqResponseEvent: OrqEvent {
  public enum Payload: Sendable, Equatable {
    case started(Started)
    case partDelta(PartDelta)
    case partDone(PartDone)
    case toolStarted(ToolStarted)
    case toolDone(ToolDone)
    case toolFailed(ToolFailed)
    case toolReviewRequested(ToolReviewRequested)
    case toolReviewDone(ToolReviewDone)
    case done(Done)
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
    case .done, .failed: true
    default: false
    }
  }

  /// The most frequent first.
  private static let readers: [EventReader<Payload>] = [
    EventReader(PartDelta.self) { .partDelta($0) }, EventReader(PartDone.self) { .partDone($0) },
    EventReader(Started.self) { .started($0) }, EventReader(Done.self) { .done($0) },
    EventReader(ToolStarted.self) { .toolStarted($0) }, EventReader(ToolDone.self) { .toolDone($0) },
    EventReader(ToolFailed.self) { .toolFailed($0) },
    EventReader(ToolReviewRequested.self) { .toolReviewRequested($0) },
    EventReader(ToolReviewDone.self) { .toolReviewDone($0) }, EventReader(Failed.self) { .failed($0) },
  ]

  public init?(type: JSONNode, timestamp: String, data: JSONNode, _ reader: inout OrqReader) {
    guard let known = OrqResponseEvent.readers.first(where: { type.equals($0.type) }) else { return nil }
    self.init(known.read(data, &reader), timestamp: timestamp)
  }

  public var type: StaticString {
    switch payload {
    case .started: Started.type
    case .partDelta: PartDelta.type
    case .partDone: PartDone.type
    case .toolStarted: ToolStarted.type
    case .toolDone: ToolDone.type
    case .toolFailed: ToolFailed.type
    case .toolReviewRequested: ToolReviewRequested.type
    case .toolReviewDone: ToolReviewDone.type
    case .done: Done.type
    case .failed: Failed.type
    }
  }

  public func writeData(into json: inout JSONWriter) {
    switch payload {
    case .started(let event): event.members(into: &json)
    case .partDelta(let event): event.members(into: &json)
    case .partDone(let event): event.members(into: &json)
    case .toolStarted(let event): event.members(into: &json)
    case .toolDone(let event): event.members(into: &json)
    case .toolFailed(let event): event.members(into: &json)
    case .toolReviewRequested(let event): event.members(into: &json)
    case .toolReviewDone(let event): event.members(into: &json)
    case .done(let event): event.members(into: &json)
    case .failed(let event): event.members(into: &json)
    }
  }
}
