/// What a scenario has shown.
struct ScenarioResult {
  let scenario: Scenario
  let contenders: [Contender]
  /// Rounds that count; in each the slices in the order of the contenders.
  var rounds: [[Slice]] = []
  var attempts = 0
  /// Of each contender's server, before any load.
  var idleBytes: [Int] = []
  /// For each open stream, of each contender.
  var streamBytes: [Double?] = []

  static let columns = [
    "scenario", "contender", "per s", "p50 µs", "p99 µs", "CPU µs", "CPU ÷ nginx", "p50 ÷ nginx", "idle MB",
    "KB/stream", "bytes", "noise %", "rounds", "errors",
  ]

  /// One row for each contender.
  func addRows(to table: inout Table) {
    let baseline = contenders.firstIndex(where: \.isBaseline)
    for (index, contender) in contenders.enumerated() {
      let slices = rounds.map { $0[index] }
      let requests = slices.reduce(0) { $0 + $1.load.requests }
      table.add([
        .text(scenario.name), .text(contender.label),
        .number(median(slices.map { ScenarioResult.perSecond(scenario, $0) }), digits: 0),
        .number(median(slices.compactMap { latency($0, 0.5) }), digits: 0),
        .number(median(slices.compactMap { latency($0, 0.99) }), digits: 0),
        .number(median(slices.compactMap(\.cpuPerUnit)), digits: 2),
        .number(ratio(index, to: baseline, \.cpuPerUnit), digits: 2),
        .number(ratio(index, to: baseline) { latency($0, 0.5) }, digits: 2),
        .number(Double(idleBytes[index]) / 1_048_576, digits: 1),
        .number(streamBytes.isEmpty ? nil : streamBytes[index].map { $0 / 1024 }, digits: 1),
        .number(requests > 0 ? Double(slices.reduce(0) { $0 + $1.load.bytes }) / Double(requests) : nil, digits: 0),
        .number(median(slices.map { $0.noise * 100 }), digits: 1), .text("\(rounds.count)/\(attempts)"),
        .count(slices.reduce(0) { $0 + $1.load.errorCount }),
      ])
    }
  }

  static func perSecond(_ scenario: Scenario, _ slice: Slice) -> Double {
    scenario.measure == .events ? slice.load.eventsPerSecond : slice.load.requestsPerSecond
  }

  /// Of whole answers; of streams, to the first event.
  private func latency(_ slice: Slice, _ share: Double) -> Double? {
    let histogram = scenario.measure == .events ? slice.load.firstEvent : slice.load.latency
    return histogram.quantile(share)?.microseconds
  }

  /// The median of the ratios within each round: what slows a whole round down cancels out.
  private func ratio(_ index: Int, to baseline: Int?, _ value: (Slice) -> Double?) -> Double? {
    guard let baseline else { return nil }
    return median(
      rounds.compactMap { round in
        guard let own = value(round[index]), let other = value(round[baseline]), other > 0 else { return nil }
        return own / other
      })
  }

  private func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
