/// `a2a-gateway-bench micro`.
enum MicroCommand {
  static func run(_ arguments: [String]) throws {
    let options = try Options(arguments, values: [])
    guard options.words.count <= 1 else { throw UsageError("micro takes one filter at most") }
    let filter = options.words.first ?? ""
    let benchmarks = try MicroBenchmark.all().filter { filter.isEmpty || $0.name.contains(filter) }
    guard !benchmarks.isEmpty else { throw UsageError("no benchmark has \"\(filter)\" in its name") }
    var table = Table(["step", "ns/op", "bytes", "MB/s", "ops"])
    for benchmark in benchmarks {
      Console.note(benchmark.name)
      let (nanoseconds, operations) = try benchmark.measure()
      table.add([
        .text(benchmark.name), .number(nanoseconds, digits: 1), .count(benchmark.bytes),
        .number(Double(benchmark.bytes) / nanoseconds * 1000, digits: 0), .count(operations),
      ])
    }
    table.print(json: options.has("json"))
  }
}
