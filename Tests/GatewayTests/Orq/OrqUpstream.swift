import Configuration
import Foundation
import JSON
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

/// An Orq workspace in the hands of a test: it answers what the test tells it, when the test tells it.
final class OrqUpstream {
  let listener: RawListener
  private let keyFile: URL
  private var connections: [RawClient] = []
  /// Questions for an agent's manifest are answered with 404 and shown to nobody.
  private let answersDirectory: Bool

  static let key = "sk-upstream-0123456789"

  init(answersDirectory: Bool = true) throws {
    self.answersDirectory = answersDirectory
    listener = try RawListener()
    keyFile = FileManager.default.temporaryDirectory.appending(path: "orq-key-\(UUID().uuidString)")
    try Data((OrqUpstream.key + "\n").utf8).write(to: keyFile)
  }

  deinit { try? FileManager.default.removeItem(at: keyFile) }

  var configuration: OrqConfiguration {
    var configuration = OrqConfiguration(key: .file(keyFile.path))
    configuration.url = "http://127.0.0.1:\(listener.port)"
    return configuration
  }

  /// A gateway whose agents are in this workspace.
  func gateway(
    _ files: CardFile..., generation: OrqConfiguration.Generation = .v4, needsKey: Bool = false,
    time: ManualTime? = nil, _ configure: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws -> TestGateway {
    let files = files.isEmpty ? [OrqUpstream.card()] : files
    return try TestGateway(agents: files.map { TestAgent(file: $0) }, needsKey: needsKey, time: time) {
      $0.orq = configuration
      $0.orq?.generation = generation
      configure(&$0)
    }
  }

  /// A card file for the agent `helper` of the workspace.
  static func card(_ call: OrqAgentConfiguration.Call = .responses, _ change: (inout CardFile) -> Void = { _ in })
    -> CardFile
  {
    let definition = JSONFragment(
      ["model": "openai/gpt-4o", "role": "Helper", "instructions": "Help.", "path": "Default", "settings": [:]])
    let agent = OrqAgentConfiguration(
      agentKey: "helper", call: call, agent: call == .run ? definition : nil)
    var file = CardFile(file: "agent.json", key: "agent", backend: .orq(agent))
    change(&file)
    return file
  }

  // MARK: Requests

  /// The next request.
  func next() throws -> UpstreamRequest {
    while true {
      if let request = try take(milliseconds: 5000) { return request }
    }
  }

  /// Whether nobody has asked for anything that is not answered.
  func isQuiet() throws -> Bool {
    do {
      while try take(milliseconds: 0) == nil {}
      return false
    } catch is RawClient.Failure {
      return true
    }
  }

  /// nil for what is no request: a new connection, the end of one, a question for a manifest.
  private func take(milliseconds: Int32) throws -> UpstreamRequest? {
    connections.removeAll { $0.isClosed }
    guard let connection = try listener.wait(among: connections, milliseconds: milliseconds) else {
      connections.append(try listener.accept())
      return nil
    }
    guard (try? connection.hasMore()) == true else {
      connection.close()
      return nil
    }
    let request = try UpstreamRequest(connection)
    if answersDirectory, request.method == "GET", request.target == "/v2/agents/helper" {
      try request.respond(404, #"{"message":"no such agent"}"#)
      return nil
    }
    return request
  }
}

/// A request as the workspace got it, to be answered.
struct UpstreamRequest {
  let connection: RawClient
  let method: String
  let target: String
  /// The lines of the head without the first one.
  let head: [String]
  let body: String

  init(_ connection: RawClient) throws {
    self.connection = connection
    var lines = try connection.receive(until: "\r\n\r\n").split(separator: "\r\n").map(String.init)
    let words = lines.removeFirst().split(separator: " ")
    try #require(words.count == 3 && words[2] == "HTTP/1.1")
    method = String(words[0])
    target = String(words[1])
    head = lines
    let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
    let count = length.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
    body = String(decoding: count == 0 ? [] : try connection.receive(count: count), as: UTF8.self)
  }

  var json: JSONValue { get throws { try JSONValue.parse(Array(body.utf8)) } }

  func field(_ name: String) -> String? {
    head.first { $0.lowercased().hasPrefix(name + ":") }.map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
  }

  // MARK: Whole answers

  func respond(
    _ status: Int = 200, _ body: String, type: String = "application/json", _ fields: [(String, String)] = []
  ) throws {
    let extra = fields.map { "\($0): \($1)\r\n" }.joined()
    try connection.send(
      "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  /// As `responses.create` answers, or `responses.get` with a status.
  func respond(
    task: String = "01T", text: String? = "hi", _ more: String = #""finish_reason":"stop""#, status: String? = nil
  ) throws {
    let parts = text.map { #"{"kind":"text","text":\#(JSONFragment(.string($0)).text)}"# } ?? ""
    let output = text == nil ? "" : #"{"messageId":"m","role":"agent","parts":[\#(parts)]}"#
    let status = status.map { #","status":"\#($0)""# } ?? ""
    try respond(
      200,
      #"{"_id":"resp_1","task_id":"\#(task)","output":[\#(output)],"created_at":"2026-01-01T00:00:00Z","#
        + #""model":"openai/gpt-4o",\#(more)\#(status)}"#)
  }

  // MARK: Streams

  func startStream() throws {
    try connection.send(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n")
  }

  func chunk(_ text: String) throws {
    try connection.send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
  }

  func event(_ type: String, _ data: String) throws { try chunk(OrqSaid.event(type, data)) }

  func started(task: String = "01T") throws {
    try event("response.started", #"{"responseId":"r","taskId":"\#(task)","model":"openai/gpt-4o"}"#)
  }

  func delta(_ text: String, part: String = "text_1") throws {
    try event("part.delta", #"{"partId":"\#(part)","delta":{"kind":"text","text":"\#(text)"}}"#)
  }

  func partDone(_ text: String, part: String = "text_1") throws {
    try event("part.done", #"{"partId":"\#(part)","part":{"kind":"text","text":"\#(text)"}}"#)
  }

  func done(_ reason: String = "stop") throws { try event("response.done", #"{"finishReason":"\#(reason)"}"#) }

  /// The end of the stream, said properly.
  func end() throws { try connection.send("E\r\ndata: [DONE]\n\n\r\n0\r\n\r\n") }

  /// All of a stream that says one text.
  func stream(_ text: String = "hi", task: String = "01T") throws {
    try startStream()
    try started(task: task)
    try delta(text)
    try partDone(text)
    try done()
    try end()
  }
}

/// What Orq writes.
enum OrqSaid {
  static func event(_ type: String, _ data: String) -> String {
    "data: " + json(type, data) + "\n\n"
  }

  static func json(_ type: String, _ data: String) -> String {
    #"{"type":"\#(type)","timestamp":"2026-01-01T00:00:00Z","data":\#(data)}"#
  }
}

extension JSONFragment {
  /// As it is written.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension TurnEvent {
  /// What it says, without what says it all at once.
  var oneByOne: [TurnEvent] { if case .answered(let answer) = self { answer.events } else { [self] } }
}
