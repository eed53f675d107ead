import Foundation
import Glibc
import HTTPTransport
import Network

/// How a comparison is made.
struct ComparisonSettings {
  var gateway = ".build/release/a2a-gateway"
  var rounds = 5
  var duration: Duration = .seconds(3)
  var connections = 16
  var openStreams = 5000
  var events = 500
  var pace: Duration = .milliseconds(20)
  /// The share of noise over which a round is dropped.
  var noiseMax = 0.1
  var serverCore = 0
  var loadCore = 1
}

/// One contender in one round.
struct Slice {
  var load: LoadResult
  /// Of the server's processes.
  var cpuSeconds: Double
  /// Requests, or events of the origin's streams.
  var units: Int
  var noise: Double

  var cpuPerUnit: Double? { units > 0 ? cpuSeconds / Double(units) * 1e6 : nil }
}

/// Runs scenarios: origin and load on one loop of this thread, servers in processes of their own on another core.
final class Comparison {
  private let settings: ComparisonSettings
  private let loop: EventLoop
  private let origin: Origin
  private let files: ServerFiles
  private let trust: TLSClientContext
  private var noise: NoiseMeter

  /// Streams of the paced scenario: enough to keep a proxy busy, with events that do not all come at once.
  private static let pacedStreams = 200
  private static let openTime: Duration = .seconds(60)
  /// For what a measurement has left behind, before the next one begins.
  private static let settleTime: Duration = .milliseconds(200)

  /// - Parameter folder: for the servers' files.
  init(_ settings: ComparisonSettings, folder: URL) throws {
    self.settings = settings
    try Cores.pin(to: settings.loadCore, log: folder.appending(path: "taskset.log"))
    loop = try EventLoop()
    guard let anywhere = SocketAddress("127.0.0.1:0") else { throw BenchError("there is no loopback") }
    origin = Origin(on: loop, try ListeningSocket.bind(to: anywhere, backlog: 4096), OriginPlan())
    try origin.server.start()
    files = try ServerFiles(folder: folder, gateway: settings.gateway, origin: origin.server.address)
    var configuration = TLSClientConfiguration()
    configuration.authorities = try Array(Data(contentsOf: files.certificate))
    trust = try TLSClientContext(configuration)
    noise = NoiseMeter()
  }

  /// Runs one scenario with the contenders that are installed.
  func run(_ scenario: Scenario) throws -> ScenarioResult {
    setOrigin(for: scenario)
    let contenders = scenario.contenders.filter { ChildProcess.isInstalled(executable($0.program)) }
    let servers = try Servers(contenders, files, settings, withOrq: scenario.needsOrq)
    defer { servers.stop() }
    var result = ScenarioResult(scenario: scenario, contenders: contenders)
    result.idleBytes = contenders.map { Accounting.residentBytes(ofTree: servers[$0].process.identifier) }
    if scenario.measure == .openStreams {
      result.streamBytes = try contenders.enumerated().map { index, contender in
        try holdStreams(contender, servers[contender], idle: result.idleBytes[index])
      }
    } else {
      try runRounds(scenario, contenders, servers, &result)
    }
    return result
  }

  private func executable(_ program: Contender.Program) -> String {
    program == .gateway ? settings.gateway : program.rawValue
  }

  private func setOrigin(for scenario: Scenario) {
    origin.service.plan = OriginPlan()
    origin.service.plan.stream = OrqAnswer.Stream(deltaCount: settings.events, textBytes: 40)
    if scenario.measure == .openStreams {
      origin.service.plan.pace = .seconds(3600)
    } else if scenario.isPaced {
      origin.service.plan.pace = settings.pace
    }
  }

  // MARK: Rounds

  private func runRounds(
    _ scenario: Scenario, _ contenders: [Contender], _ servers: Servers, _ result: inout ScenarioResult
  ) throws {
    // Noisy rounds are repeated, but not for ever.
    while result.rounds.count < settings.rounds, result.attempts < settings.rounds * 2 {
      result.attempts += 1
      // There and back, so that what drifts meets all alike.
      let order = result.attempts % 2 == 1 ? Array(contenders.indices) : contenders.indices.reversed()
      var slices: [Int: Slice] = [:]
      for index in order {
        let slice = try measure(scenario, contenders[index], servers[contenders[index]])
        note(scenario, contenders[index], slice, round: result.attempts)
        slices[index] = slice
      }
      let round = contenders.indices.compactMap { slices[$0] }
      if round.allSatisfy({ $0.noise <= settings.noiseMax }) {
        result.rounds.append(round)
      } else {
        Console.note("  round \(result.attempts) is dropped: the machine was busy with something else")
      }
    }
  }

  private func measure(_ scenario: Scenario, _ contender: Contender, _ server: Server) throws -> Slice {
    var plan = LoadPlan(targets: [try target(contender, server)], duration: settings.duration)
    plan.connectionCount =
      scenario.isPaced ? Comparison.pacedStreams : settings.connections * (scenario.rate == nil ? 1 : 4)
    plan.connections = scenario.connections
    plan.rate = scenario.rate
    var cpu: [Double] = []
    var events: [Int] = []
    noise.begin(ours: Accounting.cpuSeconds(ofTree: getpid()))
    let generator = LoadGenerator(loop: loop, plan: plan)
    let load = generator.run {
      cpu.append(Accounting.cpuSeconds(ofTree: server.process.identifier))
      events.append(origin.service.eventsSent)
    }
    let share = noise.end(ours: Accounting.cpuSeconds(ofTree: getpid()))
    origin.service.endStreams()
    generator.runLoop(for: Comparison.settleTime)
    return Slice(
      load: load, cpuSeconds: cpu[1] - cpu[0],
      units: scenario.measure == .events ? events[1] - events[0] : load.requests,
      noise: share)
  }

  private func target(_ contender: Contender, _ server: Server) throws -> LoadTarget {
    let (scheme, port) = contender.isSecure ? ("https", server.ports.secure) : ("http", server.ports.plain)
    return try LoadTarget(
      "\(scheme)://127.0.0.1:\(port)\(contender.path)", version: contender.payload.version,
      body: contender.payload.body, tls: trust)
  }

  private func note(_ scenario: Scenario, _ contender: Contender, _ slice: Slice, round: Int) {
    let row = ScenarioResult.perSecond(scenario, slice)
    var text = "  \(scenario.name) \(round)  \(contender.label.padded(to: 24))\(Int(row)) /s"
    if let cpu = slice.cpuPerUnit { text += ", \((cpu * 100).rounded() / 100) µs of CPU" }
    text += ", noise \(Int(slice.noise * 100)) %"
    if contender.isSecure {
      text += ", handshakes \(slice.load.fullHandshakes) + \(slice.load.resumedHandshakes) resumed"
    }
    for (kind, count) in slice.load.errors.sorted(by: { $0.value > $1.value }).prefix(3) {
      text += "\n    \(count) × \(kind)"
    }
    Console.note(text)
  }

  // MARK: Open streams

  /// Bytes for each of many streams that have begun and are silent; nil where they did not all open.
  private func holdStreams(_ contender: Contender, _ server: Server, idle: Int) throws -> Double? {
    var plan = LoadPlan(targets: [try target(contender, server)], duration: .zero)
    plan.connectionCount = settings.openStreams
    let generator = LoadGenerator(loop: loop, plan: plan)
    generator.start()
    defer { generator.stop() }
    let deadline = loop.readClock() + Comparison.openTime
    while generator.openStreams < settings.openStreams, loop.readClock() < deadline {
      generator.runLoop(for: .milliseconds(100))
    }
    generator.runLoop(for: .seconds(1))
    let open = generator.openStreams
    let grown = Accounting.residentBytes(ofTree: server.process.identifier) - idle
    Console.note("  open-streams  \(contender.label.padded(to: 24))\(open) streams, \(grown / 1024) KB more than idle")
    return open == settings.openStreams ? Double(grown) / Double(open) : nil
  }
}

/// A running server.
struct Server {
  let process: ChildProcess
  let ports: ServerPorts
}

/// The servers of a scenario: one process for each program and kind of log, whatever roles it has.
private struct Servers {
  private struct Key: Hashable {
    let program: Contender.Program
    let isLogged: Bool
  }

  private var running: [Key: Server] = [:]

  init(_ contenders: [Contender], _ files: ServerFiles, _ settings: ComparisonSettings, withOrq: Bool) throws {
    do {
      for contender in contenders where running[Servers.key(contender)] == nil {
        running[Servers.key(contender)] = try Servers.start(contender, files, settings, withOrq)
      }
    } catch {
      stop()
      throw error
    }
  }

  private static func start(
    _ contender: Contender, _ files: ServerFiles, _ settings: ComparisonSettings, _ withOrq: Bool
  ) throws -> Server {
    let ports = try ServerPorts.free()
    let command = try files.prepare(contender.program, ports, isLogged: contender.isLogged, withOrq: withOrq)
    let process = try ChildProcess(
      command, core: settings.serverCore, environment: [ServerFiles.orqKeyVariable: "bench"],
      log: files.folder.appending(path: "\(contender.program.rawValue)-\(ports.plain).log"))
    do {
      try process.waitUntilReady(ports.plain)
    } catch {
      process.stop()
      throw error
    }
    return Server(process: process, ports: ports)
  }

  private static func key(_ contender: Contender) -> Key {
    Key(program: contender.program, isLogged: contender.isLogged)
  }

  subscript(_ contender: Contender) -> Server {
    guard let server = running[Servers.key(contender)] else { preconditionFailure("a server for every contender") }
    return server
  }

  func stop() {
    for server in running.values { server.process.stop() }
  }
}
