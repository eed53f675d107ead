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
    body = writer.bytes
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

  init(_ card: AgentCard) {
    v1 = CardDocument(AgentCardCodec.encode(card, as: .v1))
    v03 = CardDocument(AgentCardCodec.encode(card, as: .v03))
    superset = CardDocument(AgentCardCodec.encode(card, as: .superset))
  }
}
