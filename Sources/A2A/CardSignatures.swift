import Bytes
public import JSON
import Model

/// What a signature says of itself in its protected header (RFC 7515 §4.1).
public struct CardSignatureHeader: Sendable, Equatable {
  /// Such as `ES256`.
  public var algorithm: String
  public var keyID: String?
  /// Where the signer says that its keys are (`jku`): only a hint, which anybody can write.
  public var keySetURL: String?
}

/// A key that signs cards. Cryptography is not of this module: `sign` is handed in.
public struct CardSigner: Sendable {
  public var header: CardSignatureHeader
  /// Signs the bytes in the form of a JWS.
  public var sign: @Sendable ([UInt8]) throws -> [UInt8]

  public init(
    algorithm: String, keyID: String, keySetURL: String? = nil, sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]
  ) {
    header = CardSignatureHeader(algorithm: algorithm, keyID: keyID, keySetURL: keySetURL)
    self.sign = sign
  }
}

/// A key that signatures of cards are verified with.
public protocol CardSignatureVerifier: Sendable {
  func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool
}

/// What the signatures of a card are worth.
public enum CardSignatureVerdict: Sendable, Equatable {
  case unsigned
  /// One of the signatures holds, by this key.
  case valid(keyID: String?)
  /// No signature is of a key that is trusted here.
  case unknownKey(keyIDs: [String])
  /// A signature of a trusted key does not hold, or no signature can be read.
  case invalid(reason: String)
}

/// Signatures of agent cards: JWS with a detached payload (A2A 1.0 §8.4, RFC 7515 appendix F).
public enum CardSignatures {
  /// Signatures of one card that are looked at.
  public static let signaturesMax = 8
  static let protectedBytesMax = 8 * 1024

  // MARK: Signing

  /// The card document with a signature in place of those that it had. The forms in which others verify are mostly one; where
  /// they are not, there is a signature for each, since one that holds is enough.
  public static func sign(_ document: JSONValue, with signer: CardSigner) throws -> JSONValue {
    guard case .object(var card) = document else { return document }
    card.removeValue("signatures")
    let protected = Base64.encodeURL(protectedHeader(signer.header))
    var payloads: [[UInt8]] = []
    for form in CardSignatureForm.allCases {
      let payload = try CanonicalJSON.encode(form.content(of: card))
      if !payloads.contains(payload) { payloads.append(payload) }
    }
    card["signatures"] = .array(
      try payloads.map { payload in
        let signature = try signer.sign(signingInput(protected, payload))
        return ["protected": .string(protected), "signature": .string(Base64.encodeURL(signature))]
      })
    return .object(card)
  }

  private static func protectedHeader(_ header: CardSignatureHeader) -> [UInt8] {
    var members = JSONObject()
    members["alg"] = .string(header.algorithm)
    if let keyID = header.keyID { members["kid"] = .string(keyID) }
    if let url = header.keySetURL { members["jku"] = .string(url) }
    members["typ"] = "JOSE"
    return JSONFragment(.object(members)).bytes
  }

  private static func signingInput(_ protected: String, _ payload: [UInt8]) -> [UInt8] {
    Array(protected.utf8) + [UInt8(ascii: ".")] + Array(Base64.encodeURL(payload).utf8)
  }

  // MARK: Verifying

  /// The headers of a card's signatures that can be read, for whoever looks for their keys.
  public static func headers(of document: JSONValue) -> [CardSignatureHeader] {
    signatures(of: document).compactMap { try? $0.get().header }
  }

  /// Weighs a card's signatures: the card counts as signed if one holds, in one of the forms, by one of the keys.
  ///
  /// - Parameters:
  ///   - document: the card as it was sent.
  ///   - keys: the trusted keys that may have made a signature with this header, by algorithm and id.
  public static func verify(
    _ document: JSONValue, keys: (CardSignatureHeader) -> [any CardSignatureVerifier]
  ) -> CardSignatureVerdict {
    guard let card = document.object, let listed = card["signatures"], listed != .null, listed != [] else {
      return .unsigned
    }
    let signatures = signatures(of: document)
    guard !signatures.isEmpty else { return .invalid(reason: "signatures is no list of objects") }
    let forms = CardSignatureForm.allCases.map { ($0, $0.payload(of: card)) }
    var unknown: [String] = []
    var faults: [String] = []
    for signature in signatures {
      switch signature {
      case .failure(let fault): faults.append(fault.reason)
      case .success(let signature):
        let candidates = keys(signature.header)
        if candidates.isEmpty {
          unknown.append(signature.header.keyID ?? "")
          continue
        }
        let signed = forms.first { _, payload in
          guard let payload else { return false }
          let input = signingInput(signature.protected, payload)
          return candidates.contains { $0.isValid(signature.bytes, of: input) }
        }
        guard let (form, _) = signed else {
          faults.append("the signature\(signature.header.byKey) does not match the card")
          continue
        }
        if let hidden = hidden(in: card, from: form) {
          faults.append("the signature\(signature.header.byKey) does not cover \(hidden)")
          continue
        }
        return .valid(keyID: signature.header.keyID)
      }
    }
    if let fault = faults.first { return .invalid(reason: fault) }
    return .unknownKey(keyIDs: unknown)
  }

  /// What the card says that is no part of the form in which it is signed, in words: members of 0.3 count where 1.0 is silent,
  /// and an empty requirement, which asks for nothing, is one way to be let in.
  private static func hidden(in card: JSONObject, from form: CardSignatureForm) -> String? {
    func read(_ value: JSONValue) -> AgentCard? { try? AgentCardCodec.decode(value, requiresInterfaces: false) }
    var unsigned = card
    unsigned.removeValue("signatures")
    guard let whole = read(.object(unsigned)) else { return nil }
    if form.dropsUnknown, read(CardSchema.card.project(.object(unsigned))) != whole {
      return "all that the card says: members of other versions stand beside it"
    }
    let requirements = whole.securityRequirements + whole.skills.flatMap(\.securityRequirements)
    return form.dropsEmpty && requirements.contains { $0.schemes.isEmpty } ? "an empty security requirement" : nil
  }

  // MARK: Reading

  private struct Signature {
    var protected: String
    var header: CardSignatureHeader
    var bytes: [UInt8]
  }

  private struct Fault: Error {
    var reason: String
  }

  private static func signatures(of document: JSONValue) -> [Result<Signature, Fault>] {
    (document["signatures"]?.array ?? []).prefix(signaturesMax).map { value in
      Result { () throws(Fault) in try signature(value) }
    }
  }

  private static func signature(_ value: JSONValue) throws(Fault) -> Signature {
    guard let protected = value["protected"]?.string, let text = value["signature"]?.string else {
      throw Fault(reason: "a signature lacks protected or signature")
    }
    guard protected.utf8.count <= protectedBytesMax, text.utf8.count <= protectedBytesMax,
      let json = Base64.decode(protected), let bytes = Base64.decode(text),
      let header = try? JSONValue.parse(json, limits: JSONLimits(depthMax: 4, nodesMax: 64)).object
    else { throw Fault(reason: "a signature is not base64url of what it must be") }
    guard let algorithm = header["alg"]?.string else { throw Fault(reason: "a signature names no algorithm") }
    // Extensions that must be understood (RFC 7515 §4.1.11): none is.
    if header["crit"] != nil { throw Fault(reason: "a signature demands extensions of JWS") }
    return Signature(
      protected: protected,
      header: CardSignatureHeader(
        algorithm: algorithm, keyID: header["kid"]?.string, keySetURL: header["jku"]?.string), bytes: bytes)
  }
}

extension CardSignatureHeader {
  fileprivate var byKey: String { keyID.map { " by the key \($0)" } ?? "" }
}
