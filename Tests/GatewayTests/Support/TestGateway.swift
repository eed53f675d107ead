import Bytes
import Configuration
import Crypto
import LocalRuntime
import Model
import Network
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// An agent of a test's gateway.
struct TestAgent {
  var key: String
  /// nil where the file's backend answers.
  var engine: (any LocalEngine)?
  var file: CardFile

  init(_ key: String = "agent", _ engine: any LocalEngine, _ change: (inout CardFile) -> Void = { _ in }) {
    self.key = key
    self.engine = engine
    file = CardFile(file: "\(key).json", key: key, backend: .local(.echo))
    change(&file)
  }

  init(file: CardFile) {
    key = file.key
    self.file = file
  }

  static let echo = TestAgent("echo", EchoEngine())
}

/// A whole gateway on two loops, on free ports of the loopback address.
final class TestGateway {
  let server: GatewayServer
  let accessLog = MemorySink()
  let log = MemorySink()
  private let manualTime: ManualTime?
  private var isStopped = false

  /// Keys of callers: principal to the key itself.
  static let keys = ["alice": "alice-key-0123456789abcdef", "bob": "bob-key-0123456789abcdef"]

  /// - Parameters:
  ///   - needsKey: callers must present a key.
  ///   - time: a clock for the test to move; nil is the system's.
  convenience init(
    _ agents: TestAgent..., needsKey: Bool = false, state: StateDirectory? = nil, time: ManualTime? = nil,
    _ configure: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws {
    try self.init(agents: agents, needsKey: needsKey, state: state, time: time, configure)
  }

  /// - Parameter state: where what must outlive the gateway is kept; nil for nowhere.
  init(
    agents: [TestAgent], needsKey: Bool = false, state: StateDirectory? = nil, time: ManualTime? = nil,
    _ configure: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws {
    var configuration = GatewayConfiguration(workers: 2)
    var listener = ListenerConfiguration(bind: .loopback(port: 0))
    listener.auth.anonymous = !needsKey
    configuration.listeners = [listener]
    configuration.admin.bind = .loopback(port: 0)
    configuration.keys = TestGateway.keys.map { name, key in
      APIKeyConfiguration(name: name, sha256: SHA256.hash(Array(key.utf8)))
    }
    configure(&configuration)
    manualTime = time
    server = try GatewayServer(
      configuration: configuration, cards: agents.map(\.file),
      engines: agents.reduce(into: [:]) { $0[$1.key] = $1.engine }, state: state,
      logger: Logger(level: .debug, sink: log), accessSink: accessLog, time: time ?? SystemTime())
  }

  deinit { stop() }

  func stop() {
    if isStopped { return }
    isStopped = true
    server.stop()
  }

  var port: UInt16 { server.addresses[0].port }

  func web(receiveBufferBytes: Int32? = nil) throws -> WebClient {
    try WebClient(port: port, receiveBufferBytes: receiveBufferBytes)
  }

  func admin() throws -> WebClient { try WebClient(port: server.adminAddress.port) }

  /// Calls an agent as someone.
  func caller(_ agent: String = "agent", as principal: String? = nil) -> Caller {
    Caller(gateway: self, agent: agent, key: principal.flatMap { TestGateway.keys[$0] })
  }

  /// Turns every loop a few times: what was due has happened afterwards.
  func settle() throws {
    for _ in 0..<3 {
      for mailbox in server.loops.mailboxes { try mailbox.perform { _ in } }
    }
  }

  /// Moves the clock and lets every loop notice.
  func advance(by duration: Duration) throws {
    try #require(manualTime).advance(by: duration)
    try settle()
  }

  /// A connection that a certain loop serves; needs the agent ``TestAgent/compass``.
  func web(onLoop loop: Int, receiveBufferBytes: Int32? = nil) throws -> WebClient {
    for _ in 0..<200 {
      let client = try web(receiveBufferBytes: receiveBufferBytes)
      let reply = try caller(TestAgent.compass.key).call(.rest10, .send(), on: client)
      if try reply.task.texts == ["\(loop)"] { return client }
    }
    throw RawClient.Failure("no connection came to loop \(loop)")
  }

  /// The lines of the access log once there are so many.
  func accessLines(_ count: Int) throws -> [String] {
    try eventually("\(count) lines in the access log") {
      if manualTime == nil { try settle() } else { try advance(by: .milliseconds(100)) }
      return accessLog.lines.count >= count
    }
    return accessLog.lines
  }
}

extension TestAgent {
  /// Tells which loop serves it.
  static let compass = TestAgent(
    "compass", ScriptedEngine { _, loop in [.text("\(loop)"), .status(.completed)] })
}
