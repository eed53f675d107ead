import Glibc
import HTTPTransport
import Network
import Telemetry

/// `a2a-gateway-bench origin`.
enum OriginCommand {
  static func run(_ arguments: [String]) throws {
    let options = try Options(arguments, values: ["listen", "loops", "events", "bytes", "pace"], flags: [])
    guard options.words.isEmpty else { throw UsageError("origin takes no words, only options") }
    let text = options.text("listen") ?? "127.0.0.1:9900"
    guard let address = SocketAddress(text), address.isLoopback else {
      throw UsageError("--listen is an address of this machine's loopback, such as 127.0.0.1:9900")
    }
    var plan = OriginPlan()
    plan.stream = OrqAnswer.Stream(
      deltaCount: try options.integer("events", default: 100, in: 1...100_000),
      textBytes: try options.integer("bytes", default: 40, in: 1...10_000))
    if options.text("pace") != nil {
      plan.pace = try options.duration("pace", default: .zero, in: .milliseconds(1)...(.seconds(3600)))
    }
    try serve(address, loops: try options.integer("loops", default: 1, in: 1...64), plan)
  }

  /// Serves until INT or TERM.
  private static func serve(_ address: SocketAddress, loops: Int, _ plan: OriginPlan) throws {
    // Before any thread starts, so that all of them leave the signals to the loop below.
    let signals = [SIGINT, SIGTERM]
    Signals.block(signals)
    let first = try ListeningSocket.bind(to: address, reusePort: true)
    let sockets = try [first] + (1..<loops).map { _ in try ListeningSocket.bind(to: first.address, reusePort: true) }
    let group = try LoopGroup(count: loops) { loop in
      let origin = Origin(on: loop, sockets[loop.index], plan)
      try origin.server.start()
      // The loop keeps what runs on it.
      loop.onTurnEnd { withExtendedLifetime(origin) {} }
    }
    Console.note("origin listens on \(first.address)")
    let loop = try EventLoop()
    let handler = try Signals(signals, on: loop) { [unowned loop] _ in loop.stop() }
    loop.run()
    handler.close()
    group.stop()
    group.join()
  }
}

/// An origin on one loop.
struct Origin {
  let server: HTTPServer
  let service: OriginService

  init(on loop: EventLoop, _ socket: ListeningSocket, _ plan: OriginPlan) {
    service = OriginService(plan)
    var options = HTTPServerOptions()
    // Proxies keep connections while another one is measured.
    options.idleTimeout = .seconds(24 * 3600)
    options.connectionsMax = 65_536
    server = HTTPServer(
      loop: loop, socket: socket, options: options, service: service,
      logger: Logger(level: .error, sink: FileDescriptorSink.standardError))
  }
}
