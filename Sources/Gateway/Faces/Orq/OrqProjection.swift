internal import JSON
internal import Model
internal import Orq

/// What a stream tells of the turn that it belongs to.
struct OrqStreamSubject {
  let agentKey: String
  /// The conversation, which Orq calls the task.
  let conversationID: String
  /// The turn: the task of the model.
  let turnID: String
  /// What the caller has said.
  let message: OrqMessage
  let isContinuation: Bool
  let traceID: String
}

/// Tells one turn in a family of Orq's events, entry by entry of its journal. A value without clock or entropy: both are
/// handed in.
protocol OrqProjection {
  /// Events written so far.
  var eventCount: Int { get }
  /// What got lost so far.
  var losses: OrqLosses { get }

  /// The events that open the stream.
  mutating func begin(at time: Timestamp, into output: inout [UInt8])
  mutating func artifact(
    _ artifact: Artifact, append: Bool, lastChunk: Bool, at time: Timestamp, into output: inout [UInt8])
  /// The task's metadata has a new member.
  mutating func metadata(_ name: String, _ value: JSONFragment, at time: Timestamp)
  /// The turn goes on.
  mutating func progress(
    _ status: TaskStatus, metadata: JSONFragment?, at time: Timestamp, into output: inout [UInt8])
  /// The turn is over; the last event.
  mutating func end(_ status: TaskStatus, at time: Timestamp, into output: inout [UInt8])
  /// The stream breaks although the turn may go on; the last event.
  mutating func fail(_ error: AgentError, at time: Timestamp, into output: inout [UInt8])
  /// The stream was open for as long as its caller wanted; the last event.
  mutating func timeOut(at time: Timestamp, into output: inout [UInt8])
}

extension TaskStatus {
  /// Why a turn has failed, for people.
  var failureText: JSONString {
    var text: JSONString = ""
    for case .text(let more) in (message?.parts ?? []).map(\.content) { text.append(more) }
    return text.isEmpty ? JSONString("the task was \(state == .failed ? "not done" : state.word)") : text
  }

  /// What HTTP would call it.
  var failureCode: Int {
    switch state {
    case .rejected: 422
    case .canceled: 499
    default: 500
    }
  }
}

extension TaskState {
  /// Nothing came of the turn, and Orq continues no such task.
  var isFailure: Bool { isTerminal && self != .completed }
}
