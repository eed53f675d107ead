import Crypto
import Foundation
import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

/// `a2a-gateway card sign|verify|diff` and `keys jwks|rotate`, as a program.
@Suite(.serialized) struct SignatureCommandTests {
  let folder: TemporaryFolder
  private let configuration: String

  init() throws {
    folder = try TemporaryFolder()
    configuration = try GatewayProgram.configure(folder)
  }

  /// With both streams of what it says.
  private func run(_ arguments: String...) throws -> (status: Int32, output: String) {
    let result = try Program.run(arguments, in: folder)
    return (result.status, result.output + result.errors)
  }

  private func file(_ name: String, _ text: String) throws -> String {
    let path = folder.path + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  private static let card = #"""
    {"name":"A","description":"d","version":"1","supportedInterfaces":[{"url":"https://a.example/","protocolBinding":"JSONRPC",
    "protocolVersion":"1.0"}],"capabilities":{"streaming":false},"defaultInputModes":["text/plain"],
    "defaultOutputModes":["text/plain"],"skills":[{"id":"s","name":"S","description":"d","tags":["t"]}]}
    """#

  @Test func documentsOfOthersAreBounded() throws {
    let server = try CardServer()
    server[CardServer.wellKnown] = CardServer.Answer(body: Array(repeating: 0x20, count: 5 * 1024 * 1024))
    for command in [["verify"], ["diff", try file("card.json", Self.card)], ["get"]] {
      let result = try Program.run(["card"] + command + [server.url], in: folder)
      #expect(result.status == 4, "\(command) \(result.errors)")
    }
    server.answer("/silent", "")
    server["/silent"]?.isSilent = true
    var call = RemoteCall.forDocument(authorityFile: nil)
    call.time = .milliseconds(20)
    let error = #expect(throws: RemoteUnreachable.self) { try call.run(.get, server.url + "/silent") }
    #expect(error?.message.contains("in full within") == true)
  }

  @Test func aCardIsSignedAndVerifiedByFiles() throws {
    let key = try SigningKey.generate(.edDSA)
    let pem = try file("key.pem", String(decoding: key.pem(), as: UTF8.self))
    let jwk = try file(
      "key.json", String(decoding: JSONFragment(JSONWebKey.value(key.verificationKey)).bytes, as: UTF8.self))
    let card = try file("card.json", Self.card)
    let signed = try run("card", "sign", card, "--key", pem, "--jku", "https://a.example/keys")
    #expect(signed.status == 0, "\(signed.output)")
    let document = try file("signed.json", signed.output)
    let good = try run("card", "verify", document, "--key", jwk)
    #expect(
      good.status == 0 && good.output.contains("signed by the key \(key.verificationKey.thumbprint)"), "\(good.output)")
    let json = try run("card", "verify", document, "--key", jwk, "--json")
    #expect(try JSONValue.parse(Array(json.output.utf8))["valid"] == true)
    let changed = try file("changed.json", signed.output.replacingOccurrences(of: #""name":"A""#, with: #""name":"B""#))
    let bad = try run("card", "verify", changed, "--key", jwk)
    #expect(bad.status == 5 && bad.output.contains("does not match the card"), "\(bad.output)")
    let other = try file(
      "other.json",
      String(decoding: JSONFragment(JSONWebKey.value(SigningKey.generate(.edDSA).verificationKey)).bytes, as: UTF8.self)
    )
    #expect(try run("card", "verify", document, "--key", other).status == 5)
    #expect(try run("card", "verify", card, "--key", jwk).output.contains("the card is not signed"))
    // What is no card is not signed, and no http URL is named for keys.
    let broken = try file("broken.json", #"{"name":"A"}"#)
    #expect(try run("card", "sign", broken, "--key", pem).status == 5)
    #expect(try run("card", "sign", card, "--key", pem, "--jku", "http://a.example/keys").status == 2)
    #expect(try run("card", "sign", card, "--key", card).status == 2)
  }

  @Test func theGatewaysOwnKeysSignVerifyAndRotate() throws {
    let card = try file("card.json", Self.card)
    let none = try run("keys", "jwks", "--config", configuration)
    #expect(none.status == 1 && none.output.contains("there is no signing key"), "\(none.output)")
    let first = try run("keys", "rotate", "--config", configuration)
    #expect(first.status == 0 && first.output.contains("from its next start on"), "\(first.output)")
    let signed = try file("signed.json", run("card", "sign", card, "--config", configuration).output)
    #expect(try run("card", "verify", signed, "--config", configuration).status == 0)
    let gateway = try GatewayProgram(folder)
    let rotated = try run("keys", "rotate", "--config", configuration, "--json")
    let answer = try JSONValue.parse(Array(rotated.output.utf8))
    #expect(rotated.status == 0 && answer["served"] == true, "\(rotated.output)")
    let served = try gateway.web().request("GET", "/.well-known/jwks.json")
    let printed = try run("keys", "jwks", "--config", configuration)
    #expect(printed.output == served.text + "\n")
    let keys = try JSONValue.parse(served.body)["keys"]?.array ?? []
    #expect(keys.count == 2 && keys.first?["kid"] == answer["kid"])
    // The earlier signature still holds, and the running gateway's cards hold by its key set.
    #expect(try run("card", "verify", signed, "--config", configuration).status == 0)
    let base = "http://127.0.0.1:\(gateway.port)"
    let verified = try run("card", "verify", base + "/agents/echo", "--jwks", base + "/.well-known/jwks.json")
    #expect(verified.status == 0, "\(verified.output)")
    #expect(try run("card", "verify", "http://127.0.0.1:1/").status == 4)
  }

  @Test func cardsAreCompared() throws {
    let card = try file("card.json", Self.card)
    let same = try file(
      "same.json",
      Self.card.replacingOccurrences(
        of: #""version":"1","#, with: #""version":"1","iconUrl":"","signatures":[{"x":1}],"#))
    let none = try run("card", "diff", card, same)
    #expect(none.status == 0 && none.output.isEmpty, "\(none.output)")
    let other = try file(
      "other.json",
      Self.card.replacingOccurrences(of: #""tags":["t"]"#, with: #""tags":["u"],"examples":["e"]"#)
        .replacingOccurrences(of: #""version":"1""#, with: #""version":"2","iconUrl":"https://i/""#))
    let diff = try run("card", "diff", card, other)
    #expect(diff.status == 5)
    #expect(
      diff.output == """
        ~ version: "1" → "2"
        - skills[s].tags[t]: "t"
        + skills[s].tags[u]: "u"
        + skills[s].examples: ["e"]
        + iconUrl: "https://i/"

        """)
    let json = try JSONValue.parse(Array(run("card", "diff", card, other, "--json").output.utf8))
    #expect(json["differences"]?.array?.first == ["kind": "changed", "path": "version", "old": "1", "new": "2"])
  }
}
