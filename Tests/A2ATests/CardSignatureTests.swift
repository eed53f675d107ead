import Bytes
import JSON
import Model
import TestSupport
import Testing

@testable import A2A

@Suite struct CardSignatureTests {
  /// A card with everything on which the forms disagree.
  private static let tricky = #"""
    {"name":"Täst 😀","description":"","version":"1","supportedInterfaces":[{"url":"https://a.example/","protocolBinding":"JSONRPC","protocolVersion":"1.0","tenant":""}],
    "provider":{"url":"","organization":"O"},"documentationUrl":"","capabilities":{"streaming":false,"extensions":[{"uri":"u","required":false,"description":"","params":{"b":1,"a":[],"c":{"d":""},"e":null,"f":false,"g":1.50,"h":1e3}}]},
    "securitySchemes":{"m":{"mtlsSecurityScheme":{}},"o":{"oauth2SecurityScheme":{"flows":{"authorizationCode":{"authorizationUrl":"https://a/","tokenUrl":"https://t/","scopes":{},"pkceRequired":false}}}}},
    "securityRequirements":[{"schemes":{"m":{"list":[]}}}],"defaultInputModes":[],"defaultOutputModes":["text/plain"],
    "skills":[{"id":"s","name":"S","description":"d","tags":[],"examples":[],"securityRequirements":[]}],"iconUrl":"https://i/","signatures":[{"protected":"e30","signature":"AA"}]}
    """#

  /// What a2a-sdk 1.3.0 for Python signs of it.
  private static let trickyForSDK =
    #"{"capabilities":{"extensions":[{"params":{"b":1,"f":false,"g":1.5,"h":1000},"uri":"u"}],"streaming":false},"#
    + #""defaultOutputModes":["text/plain"],"iconUrl":"https://i/","name":"Täst 😀","provider":{"organization":"O"},"#
    + #""securitySchemes":{"o":{"oauth2SecurityScheme":{"flows":{"authorizationCode":{"authorizationUrl":"https://a/","#
    + #""tokenUrl":"https://t/"}}}}},"skills":[{"description":"d","id":"s","name":"S"}],"supportedInterfaces":"#
    + #"[{"protocolBinding":"JSONRPC","protocolVersion":"1.0","url":"https://a.example/"}],"version":"1"}"#

  /// What A2A 1.0 §8.4.1 says.
  private static let trickyForSpecification =
    #"{"capabilities":{"extensions":[{"params":{"a":[],"b":1,"c":{"d":""},"e":null,"f":false,"g":1.5,"h":1000},"uri":"u"}],"#
    + #""streaming":false},"defaultInputModes":[],"defaultOutputModes":["text/plain"],"description":"","#
    + #""documentationUrl":"","iconUrl":"https://i/","name":"Täst 😀","provider":{"organization":"O","url":""},"#
    + #""securityRequirements":[{"schemes":{"m":{}}}],"securitySchemes":{"m":{"mtlsSecurityScheme":{}},"o":"#
    + #"{"oauth2SecurityScheme":{"flows":{"authorizationCode":{"authorizationUrl":"https://a/","scopes":{},"#
    + #""tokenUrl":"https://t/"}}}}},"skills":[{"description":"d","id":"s","name":"S","tags":[]}],"supportedInterfaces":"#
    + #"[{"protocolBinding":"JSONRPC","protocolVersion":"1.0","url":"https://a.example/"}],"version":"1"}"#

  private static let plain = #"""
    {"name":"A","description":"d","version":"1","supportedInterfaces":[{"url":"https://a.example/","protocolBinding":"JSONRPC",
    "protocolVersion":"1.0"}],"capabilities":{"streaming":false},"defaultInputModes":["text/plain"],
    "defaultOutputModes":["text/plain"],"skills":[{"id":"s","name":"S","description":"d","tags":["t"]}]}
    """#

  private func card(_ text: String) throws -> JSONObject { try #require(try value(text).object) }

  private func value(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  // MARK: Forms

  @Test func formsOfACardThatHasEmptyMembers() throws {
    let card = try card(Self.tricky)
    let sdk = try text(#require(CardSignatureForm.schemaWithoutEmpty.payload(of: card)))
    #expect(sdk == Self.trickyForSDK)
    #expect(try text(#require(CardSignatureForm.specification.payload(of: card))) == Self.trickyForSpecification)
    var unsigned = card
    unsigned.removeValue("signatures")
    #expect(try CardSignatureForm.raw.payload(of: card) == CanonicalJSON.encode(.object(unsigned)))
    #expect(try text(#require(CardSignatureForm.rawWithoutEmpty.payload(of: card))).contains(#""pkceRequired":false"#))
  }

  @Test func aCardWithoutEmptyMembersHasOneForm() throws {
    let payloads = try CardSignatureForm.allCases.map { $0.payload(of: try card(Self.plain)) }
    #expect(Set(payloads).count == 1 && payloads[0] != nil)
  }

  @Test func membersThatTheSchemaDoesNotKnowAreOfTheRawFormsOnly() throws {
    var card = try card(Self.plain)
    card["url"] = "https://elsewhere.example/"
    for form in CardSignatureForm.allCases {
      #expect(try text(#require(form.payload(of: card))).contains("elsewhere") != form.dropsUnknown)
    }
  }

  @Test func valuesOfTheWrongKindStayAsTheyAre() throws {
    let odd = try card(#"{"name":1,"capabilities":[],"skills":{"a":1},"securitySchemes":["x"],"version":null}"#)
    #expect(
      try text(#require(CardSignatureForm.specification.payload(of: odd)))
        == #"{"capabilities":[],"name":1,"securitySchemes":["x"],"skills":{"a":1}}"#)
  }

  // MARK: Signing and verifying

  /// Signs by stating what is signed, under a name.
  private struct Mark: CardSignatureVerifier {
    var name: String

    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool { signature == Array(name.utf8) + message }
  }

  private func signer(_ name: String = "k", algorithm: String = "ES256", keySetURL: String? = nil) -> CardSigner {
    CardSigner(algorithm: algorithm, keyID: name, keySetURL: keySetURL) { Array(name.utf8) + $0 }
  }

  private func verdict(_ card: JSONValue, trusted: String...) -> CardSignatureVerdict {
    CardSignatures.verify(card) { header in trusted.filter { $0 == header.keyID }.map(Mark.init) }
  }

  @Test func aSignedCardIsValidAndAChangedOneIsNot() throws {
    let signed = try CardSignatures.sign(value(Self.plain), with: signer(keySetURL: "https://a.example/keys"))
    #expect(signed["signatures"]?.array?.count == 1)
    #expect(
      CardSignatures.headers(of: signed) == [
        CardSignatureHeader(algorithm: "ES256", keyID: "k", keySetURL: "https://a.example/keys")
      ])
    let protected = try #require(signed["signatures"]?.array?.first?["protected"]?.string)
    #expect(
      text(try #require(Base64.decode(protected)))
        == #"{"alg":"ES256","kid":"k","jku":"https://a.example/keys","typ":"JOSE"}"#)
    #expect(verdict(signed, trusted: "k") == .valid(keyID: "k"))
    #expect(verdict(signed, trusted: "other") == .unknownKey(keyIDs: ["k"]))
    #expect(verdict(try value(Self.plain), trusted: "k") == .unsigned)
    guard case .object(let members) = signed else { return }
    for name in members.names where name != "signatures" {
      var changed = members
      changed.removeValue(name)
      #expect(
        verdict(.object(changed), trusted: "k")
          == .invalid(reason: "the signature by the key k does not match the card"))
    }
    var renamed = members
    renamed["name"] = "B"
    #expect(
      verdict(.object(renamed), trusted: "k") == .invalid(reason: "the signature by the key k does not match the card"))
    // The order of members says nothing.
    #expect(
      verdict(.object(JSONObject(members.members.reversed().map { ($0.name, $0.value) })), trusted: "k")
        == .valid(keyID: "k"))
  }

  @Test func eachFormIsAccepted() throws {
    let card = try card(Self.tricky)
    for form in CardSignatureForm.allCases {
      let payload = try #require(form.payload(of: card))
      let protected = Base64.encodeURL(Array(#"{"alg":"ES256","kid":"k"}"#.utf8))
      let message = Array("\(protected).\(Base64.encodeURL(payload))".utf8)
      var signed = card
      signed["signatures"] = [
        ["protected": .string(protected), "signature": .string(Base64.encodeURL(Array("k".utf8) + message))]
      ]
      #expect(verdict(.object(signed), trusted: "k") == .valid(keyID: "k"))
      signed["name"] = "other"
      #expect(verdict(.object(signed), trusted: "k") != .valid(keyID: "k"))
    }
  }

  /// A card whose forms differ gets a signature for each, and the signatures it had are gone.
  @Test func aCardWithEmptyMembersIsSignedInEveryForm() throws {
    let signed = try CardSignatures.sign(value(Self.tricky), with: signer())
    #expect(signed["signatures"]?.array?.count == 4)
    #expect(verdict(signed, trusted: "k") == .valid(keyID: "k"))
  }

  @Test func oneGoodSignatureIsEnough() throws {
    let first = try CardSignatures.sign(value(Self.plain), with: signer("one"))
    let second = try CardSignatures.sign(value(Self.plain), with: signer("two"))
    var both = try #require(first.object)
    both["signatures"] = .array((first["signatures"]?.array ?? []) + (second["signatures"]?.array ?? []))
    #expect(verdict(.object(both), trusted: "two") == .valid(keyID: "two"))
    #expect(verdict(.object(both), trusted: "one", "two") == .valid(keyID: "one"))
    #expect(verdict(.object(both), trusted: "three") == .unknownKey(keyIDs: ["one", "two"]))
  }

  // MARK: What hides behind a signature

  /// A signature by the schema says nothing of other members; where they would be read, it is not enough.
  @Test(arguments: [
    (#"{"supportsAuthenticatedExtendedCard":true}"#, false), (#"{"security":[{}]}"#, false),
    (#"{"url":"https://a.example/","preferredTransport":"JSONRPC","protocolVersion":"0.3.0","x-vendor":1}"#, true),
  ])
  func unsignedMembersMayNotChangeWhatTheCardSays(_ members: String, _ isHarmless: Bool) throws {
    let plain = try card(Self.plain)
    var signed = try sign(plain, .specification)
    for (name, value) in try card(members).members { signed[name] = value }
    if isHarmless {
      #expect(verdict(.object(signed), trusted: "k") == .valid(keyID: "k"))
    } else {
      #expect(verdict(.object(signed), trusted: "k") != .valid(keyID: "k"))
    }
  }

  @Test func anEmptyRequirementCannotBeAdded() throws {
    var signed = try sign(card(Self.plain), .schemaWithoutEmpty)
    signed["securityRequirements"] = [["schemes": [:]]]
    #expect(
      verdict(.object(signed), trusted: "k")
        == .invalid(reason: "the signature by the key k does not cover an empty security requirement"))
  }

  private func sign(_ card: JSONObject, _ form: CardSignatureForm) throws -> JSONObject {
    let payload = try #require(form.payload(of: card))
    let protected = Base64.encodeURL(Array(#"{"alg":"ES256","kid":"k"}"#.utf8))
    let message = Array("\(protected).\(Base64.encodeURL(payload))".utf8)
    var signed = card
    signed["signatures"] = [
      ["protected": .string(protected), "signature": .string(Base64.encodeURL(Array("k".utf8) + message))]
    ]
    return signed
  }

  // MARK: Signatures that are none

  @Test(arguments: [
    (#""x""#, "signatures is no list of objects"), ("[1]", "a signature lacks protected or signature"),
    (#"[{"protected":"e30"}]"#, "a signature lacks protected or signature"),
    (#"[{"protected":"!","signature":"AA"}]"#, "a signature is not base64url of what it must be"),
    (#"[{"protected":"AA","signature":"AA"}]"#, "a signature is not base64url of what it must be"),
    (#"[{"protected":"W10","signature":"AA"}]"#, "a signature is not base64url of what it must be"),
    (#"[{"protected":"e30","signature":"AA"}]"#, "a signature names no algorithm"),
    // {"alg":"ES256","kid":"k","crit":["b64"],"b64":false}
    (
      #"[{"protected":"eyJhbGciOiJFUzI1NiIsImtpZCI6ImsiLCJjcml0IjpbImI2NCJdLCJiNjQiOmZhbHNlfQ","signature":"AA"}]"#,
      "a signature demands extensions of JWS"
    ),
  ])
  func signaturesThatCannotBeReadAreInvalid(_ signatures: String, _ reason: String) throws {
    var card = try card(Self.plain)
    card["signatures"] = try value(signatures)
    #expect(verdict(.object(card), trusted: "k") == .invalid(reason: reason))
  }

  @Test func noSignaturesAtAll() throws {
    for none in ["null", "[]"] {
      var card = try card(Self.plain)
      card["signatures"] = try value(none)
      #expect(verdict(.object(card), trusted: "k") == .unsigned)
    }
    #expect(verdict([], trusted: "k") == .unsigned)
  }

  @Test func onlySomeSignaturesAreLookedAt() throws {
    let signed = try CardSignatures.sign(value(Self.plain), with: signer())
    let other = try CardSignatures.sign(value(Self.plain), with: signer("other"))
    var many = try #require(signed.object)
    let noise = Array(repeating: try #require(other["signatures"]?.array?.first), count: CardSignatures.signaturesMax)
    many["signatures"] = .array(noise + (signed["signatures"]?.array ?? []))
    #expect(verdict(.object(many), trusted: "k") == .unknownKey(keyIDs: noise.map { _ in "other" }))
  }

  // MARK: Own cards

  @Test func aSignableCardHasOneForm() throws {
    var card = AgentCard(
      name: "A", description: "d", version: "1",
      supportedInterfaces: [
        AgentInterface(url: "https://a.example/", protocolBinding: "JSONRPC", protocolVersion: "1.0")
      ],
      defaultInputModes: ["text/plain"], defaultOutputModes: [],
      skills: [
        AgentSkill(
          id: "s", name: "S", description: "d", tags: [],
          securityRequirements: [SecurityRequirement(schemes: [.init(name: "mtls")])])
      ])
    card.securitySchemes = [
      NamedSecurityScheme(name: "bearer", scheme: SecurityScheme(.http(scheme: "Bearer", bearerFormat: nil))),
      NamedSecurityScheme(name: "mtls", scheme: SecurityScheme(.mutualTLS)),
    ]
    card.securityRequirements = [SecurityRequirement(schemes: [.init(name: "bearer"), .init(name: "mtls")])]
    let document = AgentCardCodec.encode(card.signable, as: .v1)
    let forms = CardSignatureForm.allCases.map { $0.payload(of: document.object ?? [:]) }
    #expect(Set(forms).count == 1 && forms[0] != nil)
    let signed = try CardSignatures.sign(document, with: signer())
    #expect(signed["signatures"]?.array?.count == 1)
    #expect(signed["securityRequirements"]?.array?.first?["schemes"]?["bearer"] == ["list": ["caller"]])
    // Scopes that are stated stay, and no scope is made up where a server would have to know it.
    var scoped = card
    scoped.securitySchemes.append(
      NamedSecurityScheme(name: "oidc", scheme: SecurityScheme(.openIDConnect(url: "https://i.example/"))))
    scoped.securityRequirements = [
      SecurityRequirement(schemes: [.init(name: "bearer", scopes: ["x"]), .init(name: "oidc")])
    ]
    #expect(scoped.signable.securityRequirements == scoped.securityRequirements)
  }
}
