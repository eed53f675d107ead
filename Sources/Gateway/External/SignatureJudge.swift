internal import A2A
internal import Configuration
internal import JSON
internal import Network
internal import Telemetry

/// Weighs the signatures of external cards, by the keys and the policy of their agents.
struct SignatureJudge: Sendable {
  let signatures: SignatureConfiguration
  let egress: EgressConfiguration
  let logger: Logger

  /// `done` is called once, in a later turn of the loop.
  ///
  /// - Parameters:
  ///   - document: the card as it was sent.
  ///   - tls: how the agent's own servers are proven; key sets are fetched by it too.
  func verdict(
    on document: JSONValue, of agent: ExternalAgentConfiguration, on loop: EventLoop, tls: TLSClientContext?,
    _ done: @escaping (SignatureVerdict) -> Void
  ) {
    guard agent.signatures != .off else { return loop.later { done(.unchecked) } }
    let verifier: CardVerifier
    do throws(KeyFault) {
      verifier = try CardVerifier(signatures, keyFiles: agent.trustedKeyFiles, egress: egress)
    } catch {
      let verdict = SignatureVerdict(state: .unchecked, note: "a trusted key cannot be read: \(error)")
      return loop.later { done(verdict) }
    }
    verifier.verify(document, on: loop, tls: tls) { verdict, note in
      // Most cards are not signed: that alone is nothing to tell of.
      if verdict != .unsigned, let fault = verdict.fault(note) {
        logger.warning(
          "the signature of an external card does not count",
          ["reason": .string(ForeignText.shown(fault, charactersMax: 500))])
      }
      done(SignatureVerdict(verdict, note: note))
    }
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
    return ExternalFault(
      .card,
      "the card is not taken: \(reason)\(verdict.note.isEmpty ? "" : " (\(verdict.note))"); signatures are required")
  }
}

extension SignatureVerdict {
  init(_ verdict: CardSignatureVerdict, note: String?) {
    switch verdict {
    case .unsigned: self.init(state: .unsigned)
    case .valid(let keyID): self.init(state: .valid, note: ForeignText.shown(keyID ?? ""))
    case .unknownKey(let keyIDs):
      let names = keyIDs.map { ForeignText.shown($0) }.joined(separator: ", ")
      self.init(state: .untrusted, note: note.map { ForeignText.shown($0, charactersMax: 300) } ?? names)
    case .invalid(let reason): self.init(state: .invalid, note: ForeignText.shown(reason, charactersMax: 300))
    }
  }
}
