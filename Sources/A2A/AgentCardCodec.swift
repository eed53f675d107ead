public import JSON
public import Model

/// One fault of a card document, by the path of the member.
public struct AgentCardFault: Sendable, Equatable {
  /// Such as `skills[0].tags`; empty for the document itself.
  public var path: String
  public var message: String

  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }
}

/// Everything that is wrong with a card document; never empty.
public struct AgentCardFaults: Error, Sendable, Equatable {
  public var faults: [AgentCardFault]
}

/// Agent cards as documents (A2A 1.0 §4.4, 0.3 §5.5).
public enum AgentCardCodec {
  /// The document that a client of one version reads, or one that clients of both can read.
  public enum Form: Sendable, Hashable, CaseIterable {
    case v1
    case v03
    /// The members of both versions side by side, for clients that do not say which they are.
    case superset
  }

  /// Reads a card of either version, or of both at once. Where both say something, 1.0 wins. Members that no version
  /// knows are ignored; every fault is listed.
  ///
  /// - Parameter requiresInterfaces: whether a card that names no endpoint is a fault; false for card files, whose
  ///   endpoints the gateway fills in.
  public static func decode(
    _ value: JSONValue, requiresInterfaces: Bool = true
  ) throws(AgentCardFaults) -> AgentCard {
    var reader = AgentCardReader()
    let card = reader.card(value, requiresInterfaces: requiresInterfaces)
    guard reader.faults.isEmpty else { throw AgentCardFaults(faults: reader.faults) }
    return card
  }

  /// Writes a card; the same card gives the same bytes. Members that are empty are left out, but for those that the
  /// schema of 0.3 requires. `signatures` appear only in ``Form/v1``: they hold for no other form.
  ///
  /// `card.supportedInterfaces` lists the endpoints of both versions. A form names those of its version; where there is
  /// none, the document lacks them and clients of that version refuse it.
  public static func encode(_ card: AgentCard, as form: Form) -> JSONValue {
    AgentCardWriter(form: form, card: card).document()
  }
}
