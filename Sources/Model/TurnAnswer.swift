public import JSON

/// All that an agent says in a turn, where that is one text, and the turn completes with it: as most turns do.
public struct TurnAnswer: Sendable, Equatable {
  public let artifactID: String
  public let text: JSONString
  /// What the turn took; nil where the agent does not say.
  public let usage: JSONFragment?
  public let finishReason: JSONFragment
  /// As ``TurnEvent/backendState(_:)`` has it.
  public let backendState: JSONFragment

  public init(
    artifactID: String, text: JSONString, usage: JSONFragment?, finishReason: JSONFragment, backendState: JSONFragment
  ) {
    self.artifactID = artifactID
    self.text = text
    self.usage = usage
    self.finishReason = finishReason
    self.backendState = backendState
  }

  static let usageName: StaticString = "usage"
  static let finishReasonName: StaticString = "finish_reason"

  /// The same, said one by one.
  public var events: [TurnEvent] {
    var events: [TurnEvent] = [
      .backendState(backendState), .status(.working),
      .artifact(artifact, append: false, lastChunk: true, metadata: nil),
    ]
    for (name, value) in metadata { events.append(.taskMetadata(name: name, value)) }
    events.append(.status(.completed))
    return events
  }

  public var eventCount: Int { usage == nil ? 5 : 6 }

  /// What the events say, in bytes on the wire, roughly.
  public var byteCount: Int {
    var count = text.escaped.count + TurnAnswer.finishReasonName.utf8CodeUnitCount + finishReason.bytes.count
    if let usage { count += TurnAnswer.usageName.utf8CodeUnitCount + usage.bytes.count }
    return count + backendState.bytes.count
  }

  var artifact: Artifact { Artifact(artifactID: artifactID, parts: [Part(.text(text))]) }

  var metadata: [(name: String, value: JSONFragment)] {
    let reason = (name: TurnAnswer.finishReasonName.description, value: finishReason)
    guard let usage else { return [reason] }
    return [(TurnAnswer.usageName.description, usage), reason]
  }
}
