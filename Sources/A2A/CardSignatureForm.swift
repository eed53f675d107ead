import JSON

/// What of a card is signed. A2A 1.0 §8.4.1 leaves room, and implementations differ: a signature is valid if it holds for one
/// of these forms, all without `signatures` and canonical by RFC 8785.
enum CardSignatureForm: Sendable, CaseIterable {
  /// As the specification says it: members of the schema, defaults left out where the schema has no presence.
  case specification
  /// As the official SDK for Python does it: the same, then without anything that is empty, at any depth.
  case schemaWithoutEmpty
  /// The card as it was sent.
  case raw
  /// The card as it was sent, without anything that is empty: clients that do not work by the schema.
  case rawWithoutEmpty

  /// Whether members that the schema does not know are no part of what is signed.
  var dropsUnknown: Bool { self == .specification || self == .schemaWithoutEmpty }

  var dropsEmpty: Bool { self == .schemaWithoutEmpty || self == .rawWithoutEmpty }

  /// The bytes that are signed; nil for a card that no canonical text can say.
  func payload(of card: JSONObject) -> [UInt8]? {
    try? CanonicalJSON.encode(content(of: card))
  }

  func content(of card: JSONObject) -> JSONValue {
    var unsigned = card
    unsigned.removeValue("signatures")
    var value = JSONValue.object(unsigned)
    if dropsUnknown { value = CardSchema.card.project(value) }
    return dropsEmpty ? value.withoutEmpty ?? [:] : value
  }
}
