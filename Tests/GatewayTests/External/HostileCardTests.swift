import Foundation
import JSON
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Servers of cards that mean no good, and operators who do everything at once.
@Suite struct HostileCardTests {
  // MARK: Words

  @Test func wordsOfOthersCannotTellATerminalWhatToDo() {
    #expect(ForeignText.shown("plain, 日本 – ✓") == "plain, 日本 – ✓")
    #expect(
      ForeignText.shown("a\u{1B}[2Jb\r\nc\u{9B}d\u{202E}e\u{2028}")
        == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}")
    #expect(ForeignText.shown(String(repeating: "x", count: 81)) == String(repeating: "x", count: 80) + "…")
    #expect(ForeignText.list((1...18).map(String.init)).hasSuffix("16; and 2 more"))
  }

  private static let noise = "\u{1B}[2J" + String(repeating: "n", count: 100_000)

  @Test(arguments: ["protocolBinding", "protocolVersion", "url"])
  func whatACardSaysOfItsInterfacesIsToldInBrief(name: String) throws {
    let stage = try ExternalStage()
    stage.server.serve(
      stage.server.card {
        var interface: JSONObject = [
          "url": "https://elsewhere.example/a2a", "protocolBinding": "GRPC", "protocolVersion": "1.0",
        ]
        interface[name] = .string(Self.noise)
        $0["supportedInterfaces"] = .array(Array(repeating: .object(interface), count: 4))
      })
    let refusal = try stage.alice.refusal("POST", "/v2/agents/a2a", stage.registration())
    #expect(refusal.status == 400)
    #expect(refusal.message.utf8.count < 4000 && !refusal.message.contains("\u{1B}"), "\(refusal.message)")
    #expect(!stage.gateway.log.lines.contains { $0.utf8.count > 5000 })
  }

  @Test func whatDriftsIsToldInBrief() throws {
    let stage = try ExternalStage()
    stage.server.serve(
      stage.server.card {
        $0["skills"] = .array(
          (0..<100).map { number in
            [
              "id": .string("\(number)\u{1B}[2J" + String(repeating: "n", count: 5000)), "name": "N",
              "description": "D",
              "tags": ["t"],
            ]
          })
      })
    try stage.register()
    stage.server.serve(stage.server.card())
    let message = try stage.alice.call("POST", "/v2/agents/weather/card/refresh")["message"]?.string ?? ""
    #expect(message.contains("and 84 more"))
    #expect(message.utf8.count < 4000 && !message.contains("\u{1B}"))
  }

  // MARK: Bytes

  @Test(arguments: [
    (
      "a head without end",
      "HTTP/1.1 200 OK\r\n" + String(repeating: "X-N: \(String(repeating: "n", count: 1000))\r\n", count: 40)
    ),
    ("a thousand fields", "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 1000) + "\r\n"),
    ("interim answers without end", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 100)),
    ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
    ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    ("a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{"),
    ("an answer cut short", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"),
    (
      "a bomb of brackets", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "[", count: 100_000)
    ),
    ("a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
  ])
  func aServerThatSpeaksNonsenseIsRefused(_ what: String, _ bytes: String) throws {
    let stage = try ExternalStage()
    let listener = try RawListener()
    let client = try stage.gateway.web()
    try client.send(
      "POST", "/v2/agents/a2a", [("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")],
      body: Caller.bytes(
        stage.registration { $0["agent_url"] = .string("http://127.0.0.1:\(listener.port)/agent") }))
    // Whatever the gateway makes of the first answer, it may ask at other places.
    var isAnswered = false
    for _ in 0..<8 where !isAnswered {
      guard try listener.wait(among: [client.raw], milliseconds: 5000) == nil else {
        isAnswered = true
        break
      }
      let server = try listener.accept()
      _ = try server.receive(until: "\r\n\r\n")
      // It may have heard enough before all of it is said.
      try? server.send(bytes)
      server.finishSending()
    }
    let response = try client.response()
    #expect(response.status == 400, "\(what): \(response.text)")
    #expect(response.text.utf8.count < 4000)
    #expect(stage.files.isEmpty)
  }

  @Test func anInterfaceThatDripsIsNotWaitedFor() throws {
    let time = ManualTime()
    let stage = try ExternalStage(time: time)
    let listener = try RawListener()
    let interface: JSONObject = [
      "url": .string("http://127.0.0.1:\(listener.port)/"), "protocolBinding": "JSONRPC", "protocolVersion": "1.0",
    ]
    stage.server.serve(stage.server.card { $0["supportedInterfaces"] = [.object(interface)] })
    let client = try stage.gateway.web()
    try client.send(
      "POST", "/v2/agents/a2a", [("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")],
      body: Caller.bytes(stage.registration()))
    let server = try listener.accept()
    _ = try server.receive(until: "\r\n\r\n")
    try server.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n")
    for _ in 0..<10 {
      try server.send(" ")
      try stage.gateway.advance(by: .seconds(1))
    }
    let response = try client.response()
    #expect(response.status == 201)
    #expect(response.text.contains("has not answered in full within 10 s"), "\(response.text)")
  }

  // MARK: Everything at once

  @Test func whateverIsDoneAtOnceLeavesOneStateOfThings() throws {
    let stage = try ExternalStage()
    var random = SeededGenerator(seed: 20_261_126)
    let operations: [(method: String, path: String, body: JSONValue?)] = [
      ("POST", "/v2/agents/a2a", stage.registration()), ("DELETE", "/v2/agents/weather", nil),
      ("POST", "/v2/agents/weather/card/refresh", nil), ("PATCH", "/v2/agents/weather", ["display_name": "Other"]),
      ("PATCH", "/v2/agents/weather", ["a2a": ["credentials": ["type": "bearer", "token": "t"]]]),
      ("POST", "/v2/agents/external/weather:testConnection", nil), ("DELETE", "/v2/agents/external/weather", nil),
    ]
    let fields = [("Content-Type", "application/json"), ("Authorization", "Bearer \(TestGateway.keys["alice"] ?? "")")]
    for round in 0..<12 {
      let clients = try (0..<8).map { _ in try stage.gateway.web() }
      // A card that another server's owner has just changed, too.
      if round % 3 == 1 { stage.server.serve(stage.server.card(RefreshTests.drifts[round % 2].change)) }
      if round % 3 == 2 { stage.server.serve(stage.server.card()) }
      for client in clients {
        let operation = operations[Int.random(in: operations.indices, using: &random)]
        try client.send(operation.method, operation.path, fields, body: operation.body.map(Caller.bytes))
      }
      for client in clients {
        let response = try client.response()
        #expect([200, 201, 204, 404, 409, 429, 400].contains(response.status), "\(response.status): \(response.text)")
        // All that may be wrong with these requests is that another card is held, or that the agent is not there.
        if response.status == 400 {
          #expect(response.text.contains("external agent") || response.text.contains("interface"))
        }
      }
      let isServed = try stage.publishedName() != nil
      #expect(isServed == (stage.files == ["weather.json"]))
      #expect(isServed == (try stage.alice.request("GET", "/v2/agents/external/weather").status == 200))
      #expect(isServed == (try AdminCaller(stage).status("GET", "/agents/weather") == 200))
    }
    let before = try stage.publishedName()
    try stage.restart()
    #expect(try stage.publishedName() == before)
  }
}
