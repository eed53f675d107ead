import Foundation

/// `a2a-gateway-bench compare`.
enum CompareCommand {
  private static let options: Set = [
    "gateway", "rounds", "time", "connections", "streams", "events", "pace", "noise", "cores",
  ]

  static func run(_ arguments: [String]) throws {
    let options = try Options(arguments, values: options)
    let scenarios = try options.words.map { name throws(UsageError) in
      guard let scenario = Scenario.named(name) else {
        throw UsageError("no scenario \"\(name)\"; there are \(Scenario.all.map(\.name).joined(separator: ", "))")
      }
      return scenario
    }
    let settings = try settings(options, openFiles: try ResourceLimits.raiseOpenFiles())
    for program in Contender.Program.allCases where program != .gateway && !ChildProcess.isInstalled(program.rawValue) {
      Console.note("\(program.rawValue) is not installed: it is left out")
    }
    guard ChildProcess.isInstalled(settings.gateway) else {
      throw BenchError("\(settings.gateway) is not there: build it with config/build.sh, or name it with --gateway")
    }
    let table = try inTemporaryFolder { folder in
      try compare(scenarios.isEmpty ? Scenario.all : scenarios, Comparison(settings, folder: folder))
    }
    table.print(json: options.has("json"))
  }

  /// A scenario that cannot run is no reason to lose the others.
  private static func compare(_ scenarios: [Scenario], _ comparison: Comparison) throws -> Table {
    var table = Table(ScenarioResult.columns)
    for scenario in scenarios {
      Console.note("\(scenario.name): \(scenario.summary)")
      do {
        try comparison.run(scenario).addRows(to: &table)
      } catch let error as BenchError {
        Console.note("  not measured: \(error)")
      }
    }
    guard !table.rows.isEmpty else { throw BenchError("nothing could be measured") }
    return table
  }

  private static func settings(_ options: Options, openFiles: Int) throws(UsageError) -> ComparisonSettings {
    var settings = ComparisonSettings()
    settings.gateway = options.text("gateway") ?? settings.gateway
    settings.rounds = try options.integer("rounds", default: settings.rounds, in: 1...50)
    settings.duration = try options.duration(
      "time", default: settings.duration, in: .milliseconds(200)...(.seconds(60)))
    settings.connections = try options.integer("connections", default: settings.connections, in: 1...1000)
    settings.openStreams = try options.integer("streams", default: settings.openStreams, in: 1...20_000)
    settings.events = try options.integer("events", default: settings.events, in: 1...9000)
    settings.pace = try options.duration("pace", default: settings.pace, in: .milliseconds(1)...(.seconds(10)))
    settings.noiseMax = Double(try options.integer("noise", default: 10, in: 1...1000)) / 100
    if let cores = options.list("cores") {
      let numbers = cores.compactMap { Int($0) }
      guard numbers.count == 2 else { throw UsageError("--cores is two numbers, such as 0,1") }
      (settings.serverCore, settings.loadCore) = (numbers[0], numbers[1])
    }
    let range = 0..<Cores.count
    guard settings.serverCore != settings.loadCore, range.contains(settings.serverCore),
      range.contains(settings.loadCore)
    else { throw UsageError("a comparison needs two cores; this machine has \(Cores.count)") }
    // A stream is two descriptors, here (caller and origin) as well as in each proxy.
    let streamsMax = (openFiles - 200) / 2
    if settings.openStreams > streamsMax {
      Console.note("only \(openFiles) open files are allowed: \(streamsMax) streams instead of \(settings.openStreams)")
      settings.openStreams = max(1, streamsMax)
    }
    return settings
  }

  private static func inTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "a2a-gateway-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
