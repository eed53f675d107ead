import Bytes
import Configuration
import JSON
import Orq
import TestSupport
import Testing

@testable import Gateway

/// The files that external agents are kept in.
@Suite struct ExternalRecordTests {
  private static func card(_ name: String) -> ExternalRecord.Card {
    var card = ExternalRecord.Card(
      document: JSONFragment(["name": .string(name), "version": "1"]), url: "https://a.example/card",
      validators: FetchValidators(entityTag: "\"1\"", lastModified: "Sun, 06 Nov 1994 08:49:37 GMT"), fetchedAt: 17)
    card.verdict = SignatureVerdict(state: .untrusted, note: "key 1")
    card.probes = [
      InterfaceProbe.Result(
        url: "https://a.example/a2a", binding: "JSONRPC", version: "1.0", outcome: .denied, note: "it answered 401"),
      InterfaceProbe.Result(
        url: "https://a.example/rest", binding: "HTTP+JSON", version: "1.0", outcome: .verified, note: "",
        streaming: InterfaceProbe.Streaming(outcome: .refused, note: "it has none")),
    ]
    return card
  }

  private static let record = ExternalRecord(
    key: "weather", origin: .call, displayName: "Weather \"quoted\"", details: "Tells\nit.", path: "Default",
    agentURL: "https://a.example", cardURL: "https://a.example/card",
    headers: [SealedHeader(name: "X-Key", isEncrypted: true, sealed: [0, 255, 7])],
    credentials: SealedCredentials(
      open: .asked(
        .oauth2(.init(tokenURL: "https://a.example/t", clientID: "c", secret: "", scopes: ["s"], audience: "a"))),
      sealed: [1, 2]), authorityFile: "/ca.pem",
    pin: ExternalAgentConfiguration.Pin(binding: "JSONRPC", version: "1.0"), card: card("old"),
    candidate: ExternalRecord.Candidate(card: card("new"), drift: ["the skill x is gone"]),
    failure: ExternalRecord.Failure(at: 18, message: "answered 500"), createdAt: 1, updatedAt: 2, createdBy: "alice",
    updatedBy: "bob", revision: 3)

  @Test func aRecordIsReadAsItWasWritten() throws {
    #expect(try ExternalRecord(Self.record.encoded) == Self.record)
    var plain = Self.record
    plain.cardURL = nil
    plain.pin = ExternalAgentConfiguration.Pin()
    plain.headers = []
    plain.credentials = SealedCredentials(ClientCertificateFiles(certificate: "/c.pem", key: "/k.pem"))
    plain.authorityFile = nil
    #expect(try ExternalRecord(plain.encoded) == plain)
    plain.credentials = nil
    plain.candidate = nil
    plain.failure = nil
    #expect(try ExternalRecord(plain.encoded) == plain)
  }

  @Test func aPieceOfARecordIsNone() {
    let bytes = Self.record.encoded
    for count in 0..<bytes.count {
      #expect(throws: RecordFault.self) { try ExternalRecord(Array(bytes[..<count])) }
    }
  }

  @Test func aRecordThatLacksAMemberIsNone() throws {
    let whole = try #require(try JSONValue.parse(Self.record.encoded).object)
    let optional: Set = [
      "agent_url", "card_url", "preferred_transport", "protocol_version", "candidate", "failure", "credentials",
      "ca_file",
    ]
    for name in whole.names where !optional.contains(name) {
      var rest = whole
      rest[name] = nil
      #expect(throws: RecordFault.self, "\(name)") { try ExternalRecord(JSONFragment(.object(rest)).bytes) }
    }
  }

  @Test func damageIsFoundOrHarmless() {
    var random = SeededGenerator(seed: 42)
    for _ in 0..<2000 {
      var bytes = Self.record.encoded
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      // Whatever comes of it, it is a record or a fault.
      if let record = try? ExternalRecord(bytes) { #expect(throws: Never.self) { try ExternalRecord(record.encoded) } }
    }
  }

  @Test func everyKeyHasAFileOfItsOwn() {
    #expect(ExternalRecord.fileName(of: "weather", .call) == "agents/external/weather.json")
    #expect(ExternalRecord.fileName(of: "weather", .file) == "agents/card-files/weather.json")
    let long = String(repeating: "k", count: AgentKey.charactersMax)
    let names = [long, String(long.dropLast())].map { ExternalRecord.fileName(of: $0, .call) }
    #expect(Set(names).count == 2)
    // With what is put behind it while it is written, a name of the file system has 255 bytes at most.
    for name in names { #expect(name.split(separator: "/").last?.utf8.count ?? 999 <= 200) }
  }

  @Test func theCardIsLookedForInOrder() throws {
    let base = "https://a.example/x"
    #expect(
      try CardSearch(agentURL: base + "/?t=1", cardURL: nil).urls == [
        base + "/.well-known/agent-card.json", "https://a.example/.well-known/agent-card.json", base + "/card",
        base + "/.well-known/agent.json", "https://a.example/.well-known/agent.json",
      ])
    #expect(try CardSearch(agentURL: base, cardURL: "https://b.example/c").urls == ["https://b.example/c"])
    #expect(try CardSearch(agentURL: base, cardURL: nil, found: base + "/card").urls.first == base + "/card")
    #expect(try CardSearch(agentURL: base, cardURL: nil, found: base + "/card").urls.count == 5)
    // Without a path of its own, an agent has its places once each.
    #expect(try CardSearch(agentURL: "https://a.example", cardURL: nil).urls.count == 3)
    for bad in ["ftp://a.example", "a.example", "https://user@a.example", ""] {
      #expect(throws: ExternalFault.self) { try CardSearch(agentURL: bad, cardURL: nil) }
    }
    #expect(throws: ExternalFault.self) { try CardSearch(agentURL: nil, cardURL: nil) }
  }
}
