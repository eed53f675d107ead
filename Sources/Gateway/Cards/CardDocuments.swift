internal import A2A
internal import Bytes
internal import Crypto
internal import JSON
internal import Model

/// One card as bytes, with its entity tag.
struct CardDocument: Sendable {
  let body: [UInt8]
  /// A strong tag, in quotes.
  let entityTag: String

  init(_ value: JSONValue) {
    var writer = JSONWriter()
    writer.value(value)
    body = writer.finish()
    entityTag = "\"\(Hex.encode(Array(SHA256.hash(body).prefix(16))))\""
  }

  /// True if an `If-None-Match` header names this document (weak comparison, RFC 9110 §13.1.2).
  func matches(ifNoneMatch header: String) -> Bool {
    header.split(separator: ",").contains { field in
      var tag = field.drop { $0 == " " || $0 == "\t" }
      while tag.last == " " || tag.last == "\t" { tag.removeLast() }
      return tag == "*" || tag == entityTag || tag == "W/" + entityTag
    }
  }
}

/// The documents of one agent at one listener, one for each kind of reader: a caller that names its version gets a pure
/// card of it, one that names none gets the superset that both SDK generations parse.
struct CardDocuments: Sendable {
  let v1: CardDocument
  let v03: CardDocument
  let superset: CardDocument

  /// Whether the card of 1.0 carries a signature of the gateway's. The others never do: there is no canonical form of them
  /// that verifiers agree on.
  let isSigned: Bool

  /// - Parameter signer: signs the card of 1.0, here and not for each request; nil leaves it unsigned. So does a card that no
  ///   canonical text can say.
  init(_ card: AgentCard, signer: CardSigner? = nil) {
    let document = AgentCardCodec.encode(signer == nil ? card : card.signable, as: .v1)
    let signed = signer.flatMap { try? CardSignatures.sign(document, with: $0) }
    self.init(
      v1: CardDocument(signed ?? document), v03: CardDocument(AgentCardCodec.encode(card, as: .v03)),
      superset: CardDocument(AgentCardCodec.encode(card, as: .superset)), isSigned: signed != nil)
  }

  private init(v1: CardDocument, v03: CardDocument, superset: CardDocument, isSigned: Bool) {
    self.v1 = v1
    self.v03 = v03
    self.superset = superset
    self.isSigned = isSigned
  }

  /// The same documents, with a signature by another key in place of the one there is.
  func signed(by signer: CardSigner) -> CardDocuments {
    guard isSigned, let document = try? JSONValue.parse(v1.body),
      let signed = try? CardSignatures.sign(document, with: signer)
    else { return self }
    return CardDocuments(v1: CardDocument(signed), v03: v03, superset: superset, isSigned: true)
  }
}
