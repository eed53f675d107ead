import A2A
import Configuration
import Crypto
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct GatewayKeysTests {
  let folder: TemporaryFolder
  let state: StateDirectory

  init() throws {
    folder = try TemporaryFolder()
    state = try StateDirectory(path: folder.path + "/state")
  }

  private func configuration(_ signing: SignatureConfiguration.Signing = .es256) -> SignatureConfiguration {
    var configuration = SignatureConfiguration()
    configuration.signing = signing
    return configuration
  }

  private func thumbprints(_ keys: SigningKeys) -> [String] {
    ([keys.current.verificationKey] + keys.retired).map(\.thumbprint)
  }

  // MARK: Files

  @Test func theFirstKeyIsMadeAndFoundAgain() throws {
    let first = try #require(try GatewayKeys(configuration(), in: state)).current
    #expect(first.current.algorithm == .es256 && first.retired.isEmpty)
    let attributes = try FileManager.default.attributesOfItem(atPath: state.path + "/signing/current.pem")
    #expect((attributes[.posixPermissions] as? NSNumber)?.uintValue == 0o600)
    let again = try #require(try GatewayKeys(configuration(), in: state)).current
    #expect(thumbprints(again) == thumbprints(first))
    #expect(try GatewayKeys(configuration(.off), in: state) == nil)
  }

  @Test func rotationKeepsPublicHalvesOfEarlierKeys() throws {
    let keys = try #require(try GatewayKeys(configuration(), in: state))
    var seen = thumbprints(keys.current)
    for _ in 0..<6 {
      let new = try keys.rotate(in: state)
      #expect(thumbprints(new).dropFirst() == seen.prefix(SigningKeys.retiredMax))
      seen.insert(new.current.verificationKey.thumbprint, at: 0)
    }
    #expect(Set(seen).count == 7)
    #expect(try thumbprints(#require(try GatewayKeys(configuration(), in: state)).current) == Array(seen.prefix(5)))
    let retired = try #require(try state.read("signing/retired.json"))
    #expect(!String(decoding: retired, as: UTF8.self).contains(#""d""#))
  }

  /// The machine stops between the two files: the key in use stands in both.
  @Test func anInterruptedRotationChangesNothing() throws {
    let keys = try #require(try GatewayKeys(configuration(), in: state)).current
    try state.write(JSONFragment(JSONWebKey.set([keys.current.verificationKey])).bytes, to: "signing/retired.json")
    #expect(try thumbprints(#require(try GatewayKeys(configuration(), in: state)).current) == thumbprints(keys))
  }

  @Test func aKeyThatWasRemovedLeavesTheEarlierOnes() throws {
    let keys = try #require(try GatewayKeys(configuration(), in: state))
    let first = thumbprints(keys.current)
    _ = try keys.rotate(in: state)
    try state.remove("signing/current.pem")
    #expect(try thumbprints(#require(try GatewayKeys(configuration(), in: state)).current).dropFirst() == first[...])
  }

  @Test func anotherAlgorithmMakesAnotherKey() throws {
    let first = try #require(try GatewayKeys(configuration(), in: state)).current
    let second = try #require(try GatewayKeys(configuration(.edDSA), in: state)).current
    #expect(second.current.algorithm == .edDSA)
    #expect(second.retired.map(\.thumbprint) == thumbprints(first))
  }

  @Test func damagedFilesAreErrorsThatNameThem() throws {
    try state.write(Array("nonsense".utf8), to: "signing/current.pem")
    let broken = #expect(throws: StartError.self) { try GatewayKeys(configuration(), in: state) }
    #expect(broken?.description.contains("signing/current.pem") == true)
    try state.write(SigningKey.generate(.es256).pem(), to: "signing/current.pem")
    try state.write(Array("[]".utf8), to: "signing/retired.json")
    let other = #expect(throws: StartError.self) { try GatewayKeys(configuration(), in: state) }
    #expect(other?.description.contains("signing/retired.json") == true)
  }

  // MARK: Cards

  private func fetch(_ gateway: TestGateway, _ path: String, _ fields: [(String, String)] = []) throws -> WebResponse {
    try gateway.web().request("GET", path, fields)
  }

  private func verdict(_ card: JSONValue, _ keySet: JSONValue) throws -> CardSignatureVerdict {
    let keys = try #require(JSONWebKey.readSet(keySet))
    return CardSignatures.verify(card) { header in keys.filter { $0.matches(header) } }
  }

  @Test(arguments: [SignatureConfiguration.Signing.es256, .edDSA]) func cardsAreSignedByTheKeyThatIsServed(
    _ signing: SignatureConfiguration.Signing
  ) throws {
    let gateway = try TestGateway(.echo, needsKey: true, state: state) { $0.signatures = configuration(signing) }
    let keySet = try fetch(gateway, "/.well-known/jwks.json")
    #expect(keySet.status == 200)
    #expect(keySet.field("content-type") == "application/jwk-set+json")
    #expect(keySet.field("access-control-allow-origin") == "*")
    #expect(keySet.field("cache-control") == "public, max-age=300")
    #expect(!keySet.text.contains(#""d""#))
    let keys = try JSONValue.parse(keySet.body)
    #expect(keys["keys"]?.array?.count == 1)
    let tag = try #require(keySet.field("etag"))
    #expect(try fetch(gateway, "/.well-known/jwks.json", [("If-None-Match", tag)]).status == 304)
    let card = try JSONValue.parse(fetch(gateway, "/agents/echo/card", [("A2A-Version", "1.0")]).body)
    let kid = try #require(keys["keys"]?.array?.first?["kid"]?.string)
    #expect(card["signatures"]?.array?.count == 1, "all forms of our own card are one")
    #expect(try verdict(card, keys) == .valid(keyID: kid))
    // Plain http: no verifier may follow a jku there.
    #expect(CardSignatures.headers(of: card).map(\.keySetURL) == [nil])
    for version in [[("A2A-Version", "0.3")], []] {
      #expect(try JSONValue.parse(fetch(gateway, "/agents/echo/card", version).body)["signatures"] == nil)
    }
    // The same bytes each time: nothing is signed for a request.
    #expect(
      try fetch(gateway, "/agents/echo/card", [("A2A-Version", "1.0")]).body
        == fetch(gateway, "/agents/echo/.well-known/agent-card.json", [("A2A-Version", "1.0")]).body)
  }

  @Test func behindHTTPSTheKeySetIsNamed() throws {
    let gateway = try TestGateway(.echo, state: state) { $0.listeners[0].publicURL = "https://agents.example/base" }
    let card = try JSONValue.parse(fetch(gateway, "/agents/echo/card", [("A2A-Version", "1.0")]).body)
    #expect(CardSignatures.headers(of: card).map(\.keySetURL) == ["https://agents.example/base/.well-known/jwks.json"])
  }

  @Test func withoutAStateFolderOrWithSigningOffNothingIsSigned() throws {
    for gateway in [try TestGateway(.echo), try TestGateway(.echo, state: state) { $0.signatures.signing = .off }] {
      let card = try JSONValue.parse(fetch(gateway, "/agents/echo/card", [("A2A-Version", "1.0")]).body)
      #expect(card["name"] != nil && card["signatures"] == nil)
      #expect(try fetch(gateway, "/.well-known/jwks.json").status == 404)
    }
  }

  @Test func aRunningGatewaySignsAnewAfterARotation() throws {
    let gateway = try TestGateway(.echo, state: state)
    let before = try JSONValue.parse(fetch(gateway, "/agents/echo/card", [("A2A-Version", "1.0")]).body)
    let rotated = Mutex(false)
    let services = gateway.server.services
    #expect(
      services.control.perform { control in
        control.rotateKeys(services) { result in rotated.withLock { $0 = (try? result.get()) != nil } }
      })
    try eventually("the rotation") {
      try gateway.settle()
      return rotated.withLock { $0 }
    }
    let keys = try JSONValue.parse(fetch(gateway, "/.well-known/jwks.json").body)
    let after = try JSONValue.parse(fetch(gateway, "/agents/echo/card", [("A2A-Version", "1.0")]).body)
    let kids = keys["keys"]?.array?.map { $0["kid"]?.string }
    #expect(kids?.count == 2)
    #expect(try verdict(after, keys) == .valid(keyID: kids?[0]))
    #expect(try verdict(before, keys) == .valid(keyID: kids?[1]), "a card in a cache still verifies")
    #expect(try gateway.caller("echo").call(.rest10, .send("still here")).task.texts == ["still here"])
  }

  @Test func anyOriginMayAskForTheKeySet() throws {
    let gateway = try TestGateway(.echo, state: state)
    let answer = try gateway.web().request(
      "OPTIONS", "/.well-known/jwks.json", [("Origin", "https://x.example"), ("Access-Control-Request-Method", "GET")])
    #expect(answer.status == 204 && answer.field("access-control-allow-origin") == "*")
  }
}
