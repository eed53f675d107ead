import Foundation
import Network

/// `a2a-gateway-bench load`.
enum LoadCommand {
  private static let options: Set = [
    "payload", "body", "connections", "time", "warm-up", "rate", "ca", "handshakes",
  ]

  static func run(_ arguments: [String]) throws {
    let options = try Options(arguments, values: options)
    guard !options.words.isEmpty else { throw UsageError("load needs a URL") }
    try ResourceLimits.raiseOpenFiles()
    let plan = try plan(options)
    Console.note("\(plan.connectionCount) connections, \(plan.duration) after \(plan.warmUp) of warm-up")
    let result = LoadGenerator(loop: try EventLoop(), plan: plan).run()
    report(result, json: options.has("json"))
    guard result.requests + result.events > 0 else { throw BenchError("no request was answered") }
  }

  private static func plan(_ options: Options) throws -> LoadPlan {
    let name = options.text("payload") ?? Payload.sendV1.rawValue
    guard let payload = Payload(rawValue: name) else { throw UsageError("--payload is one of \(Payload.names)") }
    let body = try options.text("body").map(file) ?? payload.body
    let trust = try options.text("ca").map(trust)
    let targets = try options.words.map { try LoadTarget($0, version: payload.version, body: body, tls: trust) }
    var plan = LoadPlan(
      targets: targets,
      duration: try options.duration("time", default: .seconds(5), in: .milliseconds(100)...(.seconds(600))))
    plan.warmUp = try options.duration("warm-up", default: plan.warmUp, in: .zero...(.seconds(60)))
    plan.connectionCount = try options.integer("connections", default: 16, in: 1...20_000)
    if options.text("rate") != nil {
      plan.rate = Double(try options.integer("rate", default: 0, in: 1...1_000_000))
    }
    if let kind = options.text("handshakes") {
      guard let connections = LoadPlan.Connections(rawValue: kind), connections != .kept else {
        throw UsageError("--handshakes is full or resumed")
      }
      guard targets.allSatisfy({ $0.tls != nil }) else { throw UsageError("--handshakes needs https URLs") }
      plan.connections = connections
    }
    return plan
  }

  private static func trust(_ path: String) throws -> TLSClientContext {
    var configuration = TLSClientConfiguration()
    configuration.authorities = try file(path)
    return try TLSClientContext(configuration)
  }

  private static func file(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw UsageError("the file \(path) cannot be read")
    }
    return Array(data)
  }

  private static func report(_ result: LoadResult, json: Bool) {
    var table = Table([
      "requests", "req/s", "p50 µs", "p90 µs", "p99 µs", "max µs", "events", "events/s", "first event p50 µs", "bytes",
      "full handshakes", "resumed", "errors",
    ])
    let latency = result.latency
    table.add([
      .count(result.requests), .number(result.requestsPerSecond, digits: 0),
      .number(latency.quantile(0.5)?.microseconds, digits: 0), .number(latency.quantile(0.9)?.microseconds, digits: 0),
      .number(latency.quantile(0.99)?.microseconds, digits: 0),
      .number(latency.count > 0 ? latency.maximum.microseconds : nil, digits: 0), .count(result.events),
      .number(result.eventsPerSecond, digits: 0),
      .number(result.firstEvent.quantile(0.5)?.microseconds, digits: 0), .count(result.bytes),
      .count(result.fullHandshakes), .count(result.resumedHandshakes), .count(result.errorCount),
    ])
    table.print(json: json)
    for (kind, count) in result.errors.sorted(by: { $0.value > $1.value }).prefix(10) {
      Console.note("\(count) × \(kind)")
    }
  }
}

extension UInt64 {
  /// Of a count of nanoseconds.
  var microseconds: Double { Double(self) / 1000 }
}
