import Foundation
import JSON
import TestSupport
import Testing

@testable import Gateway

/// A gateway that is killed right behind its answer, when a caller knows of its task in the workspace.
@Suite(.serialized) struct OrqOwnerKillTests {
  private static let callerKey = "caller-key-0123456789abcdef"

  @Test func aTaskThatItsCallerWasToldOfIsItsOwnInTheNextRun() throws {
    let folder = try TemporaryFolder()
    let upstream = try OrqUpstream()
    try configure(folder, upstream)
    var gateway = try GatewayProgram(folder)
    var known: [String] = []
    for round in 0..<4 {
      for _ in 0...round {
        let id = "01T\(known.count)"
        let client = try begin(gateway, "POST", "/v2/agents/agent/task", OrqBody.turn())
        try upstream.next().respond(200, #"{"id":"\#(id)","contextId":"c","kind":"task","status":{"state":"working"}}"#)
        #expect(try client.response().status == 200)
        known.append(id)
      }
      gateway.program.kill()
      gateway = try GatewayProgram(folder)
      for id in known {
        let client = try begin(gateway, "GET", "/v2/agents/agent/responses/\(id)")
        try upstream.next().respond(task: id, status: "completed")
        #expect(try client.response().status == 200, "\(id)")
        let others = try begin(
          gateway, "GET", "/v2/agents/agent/responses/\(id)", key: GatewayProgram.operatorKey)
        #expect(try others.response().status == 404)
      }
    }
  }

  private func configure(_ folder: TemporaryFolder, _ upstream: OrqUpstream) throws {
    let cards = folder.path + "/cards"
    try FileManager.default.createDirectory(atPath: cards, withIntermediateDirectories: true)
    for (name, text) in [
      ("cards/agent.json", #"{"gateway":{"backend":{"type":"orq","agent_key":"helper"}}}"#),
      ("orq-key", OrqUpstream.key),
      (
        "gateway.json",
        """
        { "listeners": [{ "bind": "127.0.0.1:0" }], "admin": { "bind": "127.0.0.1:0" }, "workers": 2,
          "keys": [{ "name": "olga", "sha256": "\(SealedHeader.digest(GatewayProgram.operatorKey))", "roles": ["operator"] },
                   { "name": "carl", "sha256": "\(SealedHeader.digest(OrqOwnerKillTests.callerKey))", "roles": [] }],
          "orq": { "url": "http://127.0.0.1:\(upstream.listener.port)", "key": { "file": "orq-key" } },
          "state": { "dir": "state" }, "log": { "access": "off" } }
        """
      ),
    ] {
      try Data(text.utf8).write(to: URL(filePath: folder.path + "/" + name))
    }
  }

  private func begin(
    _ gateway: GatewayProgram, _ method: String, _ path: String, _ body: JSONValue? = nil,
    key: String = OrqOwnerKillTests.callerKey
  ) throws -> WebClient {
    let client = try gateway.web()
    let fields = [("Authorization", "Bearer \(key)")] + (body == nil ? [] : [("Content-Type", "application/json")])
    try client.send(method, path, fields, body: body.map(Caller.bytes))
    return client
  }
}
