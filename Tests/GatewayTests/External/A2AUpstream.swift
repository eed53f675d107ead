import A2A
import Configuration
import HTTP
import JSON
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// An external agent in the hands of a test: it speaks one wire, byte by byte, when the test tells it.
final class A2AUpstream {
  let wire: Wire
  let listener: RawListener
  private var connections: [RawClient] = []

  init(_ wire: Wire) throws {
    self.wire = wire
    listener = try RawListener()
  }

  var url: String { "http://127.0.0.1:\(listener.port)/a2a" }

  var configuration: ExternalAgentConfiguration { ExternalAgentConfiguration(agentURL: url) }

  var interface: AgentInterface {
    AgentInterface(
      url: url, protocolBinding: wire.isREST ? "HTTP+JSON" : "JSONRPC", protocolVersion: wire.isV1 ? "1.0" : "0.3")
  }

  func card(streams: Bool = true, _ interfaces: [AgentInterface]? = nil) -> AgentCard {
    AgentCard(
      name: "Partner", description: "Somebody else's.", version: "3.1", supportedInterfaces: interfaces ?? [interface],
      capabilities: AgentCapabilities(streaming: streams), defaultInputModes: ["text/plain", "application/json"],
      defaultOutputModes: ["text/plain"],
      skills: [AgentSkill(id: "help", name: "Help", description: "Helps.", tags: ["help"])])
  }

  /// A gateway where this agent is known as `agent`.
  func gateway(
    streams: Bool = true, card: AgentCard? = nil, needsKey: Bool = false, time: ManualTime? = nil,
    _ change: (inout ExternalAgentConfiguration) -> Void = { _ in },
    configure: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws -> TestGateway {
    let gateway = try TestGateway(.echo, needsKey: needsKey, time: time, configure)
    var configuration = configuration
    change(&configuration)
    try gateway.expose(card ?? self.card(streams: streams), configuration)
    return gateway
  }

  // MARK: Requests

  /// The next request.
  func next() throws -> UpstreamRequest {
    while true {
      if let request = try take(milliseconds: 5000) { return request }
    }
  }

  /// The next request, which calls one operation of A2A 1.0 by that name.
  func expect(_ operation: String) throws -> A2ARequest {
    let request = A2ARequest(wire, try next())
    let called = try request.operation
    try #require(called == operation, "\(request.request.method) \(request.request.target): \(request.request.body)")
    return request
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

  /// The request that is there already; nil where there is none.
  func poll() throws -> UpstreamRequest? {
    do {
      while true {
        if let request = try take(milliseconds: 0) { return request }
      }
    } catch is RawClient.Failure {
      return nil
    }
  }

  /// The next request, where it comes only when the gateway's clock moves on.
  func nextWhenDue(_ gateway: TestGateway, step: Duration = .milliseconds(250)) throws -> A2ARequest {
    var request: UpstreamRequest?
    try eventually("the agent is asked again") {
      try gateway.advance(by: step)
      request = try poll()
      return request != nil
    }
    return A2ARequest(wire, try #require(request))
  }

  /// nil for what is no request: a new connection, or the end of one.
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
    return try UpstreamRequest(connection)
  }
}

extension TestGateway {
  private struct Record: AgentRecord {
    var key: String
  }

  /// Serves an external agent, as if a call had registered it.
  func expose(
    _ card: AgentCard?, _ configuration: ExternalAgentConfiguration, as key: String = "agent",
    check: ExternalNetwork.AddressCheck? = nil
  ) throws {
    let services = server.services
    let builder = RegistryBuilder(
      configuration: services.configuration, publicURLs: services.publicURLs, logger: Logger(level: .debug, sink: log),
      gatewayName: services.gatewayName)
    let external = try builder.externalAgent(key, configuration, card: card, check: check)
    let agent = builder.agent(
      CardFile(file: "test", key: key, backend: .a2a(configuration)), external: external, record: Record(key: key))
    let isThere = services.control.perform { $0.catalogue.put([agent]) }
    try #require(isThere)
    try settle()
  }
}

/// A call as an external agent got it, to be answered in its dialect.
struct A2ARequest {
  let wire: Wire
  let request: UpstreamRequest

  init(_ wire: Wire, _ request: UpstreamRequest) {
    self.wire = wire
    self.request = request
  }

  /// The called operation by its 1.0 name.
  var operation: String? {
    get throws {
      if wire.isREST {
        let base = "/a2a" + (wire.isV1 ? "" : "/v1")
        let target = request.target.prefix { $0 != "?" }
        guard target.hasPrefix(base) else { return nil }
        switch (request.method, target.dropFirst(base.count)) {
        case ("POST", "/message:send"): return "SendMessage"
        case ("POST", "/message:stream"): return "SendStreamingMessage"
        case (_, let path) where path.hasSuffix(":subscribe"): return "SubscribeToTask"
        case ("POST", let path) where path.hasSuffix(":cancel"): return "CancelTask"
        case ("GET", let path) where path.hasPrefix("/tasks/"): return "GetTask"
        default: return nil
        }
      }
      let names = [
        "message/send": "SendMessage", "message/stream": "SendStreamingMessage", "tasks/get": "GetTask",
        "tasks/cancel": "CancelTask", "tasks/resubscribe": "SubscribeToTask",
      ]
      let method = try request.json["method"]?.string ?? ""
      return wire.isV1 ? method : names[method]
    }
  }

  /// The parameters, or the body over REST.
  var params: JSONValue {
    get throws { wire.isREST ? try request.json : try #require(try request.json["params"]) }
  }

  var message: JSONValue { get throws { try #require(try params["message"]) } }

  // MARK: Answers

  /// In the envelope of JSON-RPC.
  private func enveloped(_ result: String, _ member: String = "result") throws -> String {
    if wire.isREST { return result }
    let id = JSONFragment(try #require(try request.json["id"])).text
    return #"{"jsonrpc":"2.0","id":\#(id),"\#(member)":\#(result)}"#
  }

  /// A task or a message, as the answer to a send.
  func respond(_ said: A2ASaid) throws { try request.respond(200, try enveloped(said.json(wire))) }

  /// A task, as the answer to a get or a cancel.
  func respond(bare said: A2ASaid) throws { try request.respond(200, try enveloped(said.bare(wire))) }

  /// An error: by the code of JSON-RPC, or by status and reason over REST.
  func respond(error code: Int, status: Int, reason: String, text: String = "upstream text") throws {
    try request.respond(wire.isREST ? status : 200, try errorBody(code, status, reason, text))
  }

  func errorBody(_ code: Int, _ status: Int, _ reason: String, _ text: String) throws -> String {
    let info =
      #"[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"\#(reason)","domain":"a2a-protocol.org","metadata":{}}]"#
    return switch wire {
    case .rpc10: try enveloped(#"{"code":\#(code),"message":"\#(text)","data":\#(info)}"#, "error")
    case .rpc03: try enveloped(#"{"code":\#(code),"message":"\#(text)"}"#, "error")
    case .rest10: #"{"error":{"code":\#(status),"status":"X","message":"\#(text)","details":\#(info)}}"#
    case .rest03: #"{"message":"\#(text)"}"#
    }
  }

  func startStream() throws { try request.startStream() }

  func send(_ said: A2ASaid) throws { try request.chunk("data: \(try enveloped(said.json(wire)))\n\n") }

  func send(_ all: [A2ASaid]) throws { for said in all { try send(said) } }

  /// The end of the stream, said properly.
  func endStream() throws { try request.connection.send("0\r\n\r\n") }

  /// A whole stream.
  func stream(_ all: A2ASaid...) throws {
    try startStream()
    try send(all)
    try endStream()
  }
}

/// What an external agent says, written by hand for each wire: the tests do not lean on the gateway's own encoders.
struct A2ASaid {
  private enum Kind { case task, message, status, artifact }

  private let kind: Kind
  private let body: (Wire) -> String

  /// - Parameter artifacts: by id.
  static func task(
    _ state: String, _ message: String? = nil, id: String = "UT", context: String = "UC",
    artifacts: [(id: String, text: String)] = [], history: [(id: String, role: String, text: String)] = [],
    metadata: String? = nil
  ) -> A2ASaid {
    A2ASaid(kind: .task) { wire in
      var members = [#""id":"\#(id)","contextId":"\#(context)","status":\#(status(wire, state, message))"#]
      if !artifacts.isEmpty {
        members.append(
          #""artifacts":["# + artifacts.map { artifact(wire, $0.id, $0.text) }.joined(separator: ",") + "]")
      }
      if !history.isEmpty {
        members.append(
          #""history":["# + history.map { said(wire, $0.text, id: $0.id, role: $0.role) }.joined(separator: ",")
            + "]")
      }
      if let metadata { members.append(#""metadata":\#(metadata)"#) }
      if wire == .rpc03 { members.append(#""kind":"task""#) }
      return "{" + members.joined(separator: ",") + "}"
    }
  }

  static func status(
    _ state: String, _ message: String? = nil, final: Bool = false, id: String = "UT", messageID: String = "um1",
    metadata: String? = nil
  ) -> A2ASaid {
    A2ASaid(kind: .status) { wire in
      let more = metadata.map { #","metadata":\#($0)"# } ?? ""
      let end =
        wire == .rpc03
        ? #","kind":"status-update","final":\#(final)"# : final && wire == .rest03 ? #","final":true"# : ""
      return
        #"{"taskId":"\#(id)","contextId":"UC","status":\#(status(wire, state, message, messageID))\#(more)\#(end)}"#
    }
  }

  static func artifact(
    _ text: String, id: String = "a", append: Bool = false, last: Bool = false, task: String = "UT"
  ) -> A2ASaid {
    A2ASaid(kind: .artifact) { wire in
      let kind = wire == .rpc03 ? #","kind":"artifact-update""# : ""
      let flags = (append ? #","append":true"# : "") + (last ? #","lastChunk":true"# : "")
      return #"{"taskId":"\#(task)","contextId":"UC","artifact":\#(artifact(wire, id, text))\#(flags)\#(kind)}"#
    }
  }

  static func message(_ text: String, context: String? = "UC") -> A2ASaid {
    A2ASaid(kind: .message) { said($0, text, id: "um", role: "agent", context: context) }
  }

  /// As an element of a stream, or as the answer to a send.
  func json(_ wire: Wire) -> String {
    if wire == .rpc03 { return body(wire) }
    let name =
      switch kind {
      case .task: "task"
      case .message: "message"
      case .status: "statusUpdate"
      case .artifact: "artifactUpdate"
      }
    return #"{"\#(name)":\#(body(wire))}"#
  }

  func bare(_ wire: Wire) -> String { body(wire) }

  // MARK: Pieces

  private static func state(_ wire: Wire, _ word: String) -> String {
    if wire == .rpc03 { return word }
    if word == "canceled" { return wire == .rest03 ? "TASK_STATE_CANCELLED" : "TASK_STATE_CANCELED" }
    return "TASK_STATE_" + word.uppercased().replacing("-", with: "_")
  }

  private static func status(_ wire: Wire, _ word: String, _ text: String?, _ id: String = "um1") -> String {
    let message = text.map { #","message":\#(said(wire, $0, id: id, role: "agent"))"# } ?? ""
    return #"{"state":"\#(state(wire, word))"\#(message)}"#
  }

  private static func said(_ wire: Wire, _ text: String, id: String, role: String, context: String? = "UC")
    -> String
  {
    let role = wire == .rpc03 ? role : "ROLE_" + role.uppercased()
    let parts = wire == .rest03 ? "content" : "parts"
    let kind = wire == .rpc03 ? #","kind":"message""# : ""
    let place = context.map { #","contextId":"\#($0)""# } ?? ""
    return #"{"messageId":"\#(id)","role":"\#(role)","\#(parts)":[\#(part(wire, text))]\#(place)\#(kind)}"#
  }

  private static func artifact(_ wire: Wire, _ id: String, _ text: String) -> String {
    #"{"artifactId":"\#(id)","parts":[\#(part(wire, text))]}"#
  }

  private static func part(_ wire: Wire, _ text: String) -> String {
    wire == .rpc03 ? #"{"kind":"text","text":"\#(text)"}"# : #"{"text":"\#(text)"}"#
  }
}
