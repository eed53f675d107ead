import A2A
import Configuration
import Crypto
import Foundation
import HTTP
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

@Suite struct CardVerifierTests {
  private static let card: JSONValue = [
    "name": "Grüße", "description": "d", "version": "1", "capabilities": ["streaming": true],
    "supportedInterfaces": [
      ["url": "https://a.example/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"]
    ], "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
    "skills": [["id": "s", "name": "S", "description": "d", "tags": ["t"]]],
  ]

  private func signed(
    by key: SigningKey, keyID: String? = nil, algorithm: String? = nil, keySetURL: String? = nil
  ) throws -> JSONValue {
    let signer = CardSigner(
      algorithm: algorithm ?? key.algorithm.rawValue, keyID: keyID ?? key.verificationKey.thumbprint,
      keySetURL: keySetURL
    ) { try key.sign($0) }
    return try CardSignatures.sign(CardVerifierTests.card, with: signer)
  }

  private func trusting(_ keys: TrustedKey..., hosts: Set<String> = [], egress: EgressGuard? = nil) -> CardVerifier {
    CardVerifier(keys: keys, hosts: hosts, egress: egress ?? EgressGuard(EgressConfiguration()))
  }

  private func verdict(_ card: JSONValue, _ verifier: CardVerifier) throws -> CardSignatureVerdict {
    try weigh(card, verifier, FetchStage()).0
  }

  private func weigh(
    _ card: JSONValue, _ verifier: CardVerifier, _ stage: FetchStage, tls: TLSClientContext? = nil
  ) throws -> (CardSignatureVerdict, String?) {
    var outcome: (CardSignatureVerdict, String?)?
    verifier.verify(card, on: stage.loop, tls: tls) { outcome = ($0, $1) }
    #expect(outcome == nil, "answers come in a later turn")
    try stage.run("a verdict") { outcome != nil }
    return try #require(outcome)
  }

  // MARK: Named keys

  @Test(arguments: [SignatureAlgorithm.es256, .edDSA]) func aCardIsHeldAgainstNamedKeys(
    _ algorithm: SignatureAlgorithm
  ) throws {
    let (key, other) = (try SigningKey.generate(algorithm), try SigningKey.generate(algorithm))
    let kid = key.verificationKey.thumbprint
    let card = try signed(by: key)
    #expect(try verdict(card, trusting(TrustedKey(key: key.verificationKey, keyID: kid))) == .valid(keyID: kid))
    #expect(try verdict(card, trusting(TrustedKey(key: key.verificationKey, keyID: nil))) == .valid(keyID: kid))
    #expect(
      try verdict(card, trusting(TrustedKey(key: other.verificationKey, keyID: "other"))) == .unknownKey(keyIDs: [kid]))
    // A key without a name is tried, and does not fit.
    #expect(
      try verdict(card, trusting(TrustedKey(key: other.verificationKey, keyID: nil)))
        == .invalid(reason: "the signature by the key \(kid) does not match the card"))
    #expect(try verdict(CardVerifierTests.card, trusting()) == .unsigned)
    var changed = try #require(card.object)
    changed["version"] = "2"
    #expect(
      try verdict(.object(changed), trusting(TrustedKey(key: key.verificationKey, keyID: kid)))
        == .invalid(reason: "the signature by the key \(kid) does not match the card"))
  }

  /// What the header says of the algorithm never makes a key good for another one.
  @Test(arguments: ["none", "HS256", "ES384", "RS256", "EdDSA", ""]) func aKeyIsForItsOwnAlgorithm(_ name: String)
    throws
  {
    let key = try SigningKey.generate(.es256)
    let card = try signed(by: key, keyID: "k", algorithm: name)
    #expect(
      try verdict(card, trusting(TrustedKey(key: key.verificationKey, keyID: nil))) == .unknownKey(keyIDs: ["k"]))
  }

  // MARK: Key sets

  @Test func aKeySetCountsOnlyAtANamedHostOverHTTPS() throws {
    let key = try SigningKey.generate(.es256)
    for (url, hosts, note) in [
      ("https://keys.example/k", [], "its key set is at keys.example, which signatures.trusted_hosts does not name"),
      ("http://keys.example/k", ["keys.example"], "its key set is not at an https URL"),
      (
        "https://127.0.0.1/k", ["keys.example"],
        "its key set is at 127.0.0.1, which signatures.trusted_hosts does not name"
      ),
      (
        "https://keys.example/k", ["keys.example"],
        "its key set cannot be fetched: keys.example resolves to a private address (10.0.0.7); "
          + "egress.allow in the configuration names what may be called nevertheless"
      ),
    ] as [(String, Set<String>, String)] {
      let stage = try FetchStage(["keys.example": ["10.0.0.7"]])
      let card = try signed(by: key, keyID: "k", keySetURL: url)
      let (verdict, reason) = try weigh(card, trusting(hosts: hosts, egress: stage.egress()), stage)
      #expect(verdict == .unknownKey(keyIDs: ["k"]))
      #expect(reason == note)
    }
  }

  /// A gateway's card, verified over its own key set.
  @Test func theKeySetOfANamedHostIsFetched() throws {
    let folder = try TemporaryFolder()
    let authority = TestCertificate(name: "authority")
    let gateway = try TLSGateway(
      authority: authority, name: "agents.example", state: StateDirectory(path: folder.path + "/state"))
    var trusting = TLSClientConfiguration()
    trusting.authorities = authority.certificate
    let tls = try TLSClientContext(trusting)
    let stage = try FetchStage(["agents.example": ["127.0.0.1"]])
    let egress = try stage.egress("127.0.0.1")
    let base = "https://agents.example:\(gateway.port)"
    var fetched: FetchStage.Outcome?
    var fields = HTTPFields()
    fields.add("a2a-version", "1.0")
    try stage.fetch(egress, tls: tls).get(base + "/agents/echo/card", fields: fields) { fetched = $0 }
    try stage.run("a card") { fetched != nil }
    let card = try #require(fetched).get().value
    let keys = try #require(CardSignatures.headers(of: card).first)
    #expect(keys.keySetURL == base + "/.well-known/jwks.json")
    let verifier = self.trusting(hosts: ["agents.example"], egress: egress)
    #expect(try weigh(card, verifier, stage, tls: tls).0 == .valid(keyID: keys.keyID))
    var changed = try #require(card.object)
    changed["name"] = "another"
    #expect(try weigh(.object(changed), verifier, stage, tls: tls).0 != .valid(keyID: keys.keyID))
    // Another's card cannot borrow the set.
    let foreign = try signed(by: SigningKey.generate(.es256), keyID: keys.keyID, keySetURL: keys.keySetURL)
    guard case .invalid = try weigh(foreign, verifier, stage, tls: tls).0 else {
      return #expect(Bool(false), "a foreign signature under the name of a known key is no signature")
    }
  }

  // MARK: Policy

  @Test func verdictsAreKeptAndPoliciesDecide() {
    let verdicts: [(CardSignatureVerdict, SignatureVerdict.State, String)] = [
      (.valid(keyID: "k"), .valid, "k"), (.unsigned, .unsigned, ""),
      (.unknownKey(keyIDs: ["k"]), .untrusted, "see there"),
      (.invalid(reason: "it is broken"), .invalid, "it is broken"),
    ]
    for (verdict, state, note) in verdicts {
      let kept = SignatureVerdict(verdict, note: "see there")
      #expect(kept == SignatureVerdict(state: state, note: note))
      #expect(SignatureJudge.refusal(kept, .off) == nil && SignatureJudge.refusal(kept, .warn) == nil)
      #expect((SignatureJudge.refusal(kept, .require) == nil) == (state == .valid))
    }
    #expect(CardSignatureVerdict.valid(keyID: nil).fault() == nil)
    #expect(
      CardSignatureVerdict.unknownKey(keyIDs: ["k"]).fault("see there")
        == "the card is signed by no key that is trusted here (k); see there")
  }

  @Test func anUnreadableKeyFileLeavesTheCardUncheckedAndSaysWhy() throws {
    let stage = try FetchStage()
    let judge = SignatureJudge(signatures: SignatureConfiguration(), egress: EgressConfiguration(), logger: .silent)
    var kept: SignatureVerdict?
    let agent = ExternalAgentConfiguration(signatures: .require, trustedKeyFiles: ["/nothing/here"])
    judge.verdict(on: CardVerifierTests.card, of: agent, on: stage.loop, tls: nil) { kept = $0 }
    try stage.run("a verdict") { kept != nil }
    let verdict = try #require(kept)
    #expect(verdict.state == .unchecked && verdict.note.contains("/nothing/here: no such file"))
    #expect(SignatureJudge.refusal(verdict, .require)?.message.contains("no such file") == true)
  }

  // MARK: Keys as JSON and in files

  @Test func keysComeBackFromJSON() throws {
    for algorithm in [SignatureAlgorithm.es256, .edDSA] {
      let key = try SigningKey.generate(algorithm).verificationKey
      let read = try JSONWebKey.read(JSONWebKey.value(key))
      #expect(read.key.parameters == key.parameters)
      #expect(read.keyID == key.thumbprint)
    }
  }

  @Test(arguments: [
    ("[]", "a key is an object"), ("{}", "the key has no kty"), (#"{"kty":"oct","k":"AA"}"#, "private or secret"),
    (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}"#, "private or secret"),
    (#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#, "not supported"),
    (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "32 bytes"),
    (#"{"kty":"EC","crv":"P-256","x":"!","y":"AA"}"#, "the key's x is not base64url"),
    (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "needs 2048 to 8192 bits"),
    (#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "not supported"),
    (
      #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"enc"}"#,
      "not for signatures"
    ),
    (#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"HS256"}"#, "not trusted"),
  ])
  func whatIsNoPublicKeyIsRefused(_ text: String, _ reason: String) throws {
    let value = try JSONValue.parse(Array(text.utf8))
    let fault = #expect(throws: KeyFault.self) { try JSONWebKey.read(value) }
    #expect(fault?.message.contains(reason) == true, "\(fault?.message ?? "")")
    #expect(JSONWebKey.readSet(["keys": [value]])?.isEmpty == true)
  }

  @Test func keyFilesArePEMOrJSON() throws {
    let folder = try TemporaryFolder()
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = folder.path + "/" + name
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return path
    }
    let key = try SigningKey.generate(.es256).verificationKey
    let one = try JSONWebKey.read(file: file("one.json", JSONFragment(JSONWebKey.value(key)).bytes))
    #expect(one.map(\.keyID) == [key.thumbprint])
    let set = try JSONWebKey.read(file: file("set.json", JSONFragment(JSONWebKey.set([key, key])).bytes))
    #expect(set.count == 2)
    let pem =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"
    #expect(try JSONWebKey.read(file: file("key.pem", Array(pem.utf8))).map(\.keyID) == [nil])
    for (name, content, reason) in [
      ("empty", "", "neither a JSON Web Key nor a usable key in PEM"), ("set", #"{"keys":[]}"#, "holds no key"),
      ("none", "{}", "has no kty"),
    ] {
      let path = try file(name, Array(content.utf8))
      let fault = #expect(throws: KeyFault.self) { try JSONWebKey.read(file: path) }
      #expect(fault?.message.hasPrefix(path + ": ") == true && fault?.message.contains(reason) == true)
    }
    let missing = #expect(throws: KeyFault.self) { try JSONWebKey.read(file: folder.path + "/nothing") }
    #expect(missing?.message.hasSuffix("no such file") == true)
  }
}
