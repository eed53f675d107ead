import HTTP
import Model

/// Why a response cannot be used; the reason is for the operator's log only.
struct UpstreamFault: Error, Equatable {
  enum Kind: Equatable {
    /// Something else than what was agreed on.
    case notUnderstood
    /// More than the bounds allow.
    case tooLong
    /// It ends before the answer does.
    case brokeOff
    /// The upstream says itself that it has failed.
    case reported
  }

  let kind: Kind
  let reason: String

  init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}

/// Reads the body of a successful response, in pieces of any size, and says what it means. No I/O.
///
/// The event that ends the turn comes from `receive` or `finish`; nothing is said after it.
protocol UpstreamAnswer {
  /// Whether its text comes in pieces that are too small to be passed on one by one.
  static var comesInSmallPieces: Bool { get }

  /// What a status beyond 2xx means for the task; nil for a failure.
  static func event(forStatus status: Int) -> TurnEvent?

  /// The head of a 2xx response is there.
  mutating func begin(contentType: MediaType?, _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault)

  mutating func receive(_ bytes: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault)

  /// The body has ended properly.
  mutating func finish(_ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault)

  /// All that matters was said: if the rest does not come, nothing is missing.
  var isComplete: Bool { get }
}
