internal import Configuration
internal import Model
internal import Network

/// Weighs the signatures of external cards.
struct SignatureJudge: Sendable {
  func verdict(
    on card: ExternalCard, of agent: ExternalAgentConfiguration, on loop: EventLoop,
    _ done: @escaping (SignatureVerdict) -> Void
  ) {
    let verdict = card.card.signatures.isEmpty ? SignatureVerdict(state: .unsigned) : .unchecked
    loop.later { done(verdict) }
  }

  /// Why a card is not taken; nil where it is.
  static func refusal(
    _ verdict: SignatureVerdict, _ policy: ExternalAgentConfiguration.SignaturePolicy
  ) -> ExternalFault? {
    guard policy == .require, verdict.state != .valid else { return nil }
    let reason =
      switch verdict.state {
      case .unchecked: "nobody has looked at its signatures"
      case .unsigned: "it has no signature"
      case .untrusted: "none of its signatures is by a trusted key"
      case .invalid: "its signatures do not hold"
      case .valid: ""
      }
    let note = verdict.note.isEmpty ? "" : " (\(verdict.note))"
    return ExternalFault(.card, "the card is not taken: \(reason)\(note); signatures are required")
  }
}
