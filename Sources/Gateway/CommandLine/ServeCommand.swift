internal import Configuration
internal import FoundationEssentials
internal import Glibc
internal import Network
internal import Telemetry

/// `a2a-gateway serve`.
enum ServeCommand {
  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"])
    guard arguments.words.isEmpty else { throw UsageError(message: "serve takes no words, only options") }
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, cards) = ConfigurationFile.report(loaded, console) else { return .configurationInvalid }
    // Before any thread starts, so that all of them inherit the mask and the signals come to the loop below only.
    Signals.block(signals)
    Allocator.prepare(threads: configuration.workers)
    // Each connection is one.
    DescriptorLimit.raise()
    let logger = Logger(level: configuration.log.loggerLevel, sink: FileDescriptorSink.standardError)
    let accessSink = try configuration.log.access.sink(logger)
    let server: GatewayServer
    do {
      server = try GatewayServer(
        configuration: configuration, cards: cards, logger: logger, accessSink: accessSink)
    } catch let error as StartError {
      console.error("a2a-gateway: \(error)")
      return .failed
    }
    announce(server, logger)
    try waitForSignals(server, logger, accessSink)
    logger.info("stopped")
    return .ok
  }

  private static let signals = [SIGTERM, SIGINT, SIGUSR1, SIGHUP]

  private static func announce(_ server: GatewayServer, _ logger: Logger) {
    for url in server.publicURLs { logger.info("listening", ["url": .string(url)]) }
    logger.info("admin listening", ["address": .string(server.adminAddress.description)])
    logger.info("ready", ["agents": .string(server.agentKeys.joined(separator: ","))])
  }

  /// TERM drains, INT or a second TERM stops at once, USR1 opens the access log anew (after a rotation). HUP ends a
  /// gateway whose terminal goes away, as TERM does; of a service it must not be the end: others reload at it.
  private static func waitForSignals(_ server: GatewayServer, _ logger: Logger, _ accessSink: (any LogSink)?) throws {
    let loop = try EventLoop()
    let mailbox = loop.mailbox
    var isStopping = false
    let hasTerminal = isatty(STDERR_FILENO) == 1
    let handler = try Signals(signals, on: loop) { [unowned loop] signal in
      if signal == SIGUSR1 {
        accessSink?.reopen()
      } else if signal == SIGHUP, !hasTerminal {
        logger.warning("HUP changes nothing: restart to apply a new configuration; USR1 opens the access log anew")
      } else if signal != SIGINT, !isStopping {
        isStopping = true
        logger.info("draining: a second TERM or INT stops at once")
        server.drain { mailbox.submit { $0.stop() } }
      } else {
        logger.info("stopping at once")
        loop.stop()
      }
    }
    loop.run()
    handler.close()
    server.stop()
  }
}

/// Where a command's configuration comes from.
enum ConfigurationFile {
  static let defaultPath = "config/gateway.json"

  /// The named file, else the default one if it is there, else none.
  static func path(_ arguments: Arguments) -> String? {
    if let path = arguments[option: "config"] { return path }
    return FileManager.default.fileExists(atPath: defaultPath) ? defaultPath : nil
  }

  /// Prints what is wrong; nil if the configuration cannot be used.
  static func report(_ loaded: LoadedConfiguration, _ console: Console) -> (
    configuration: GatewayConfiguration, cards: [CardFile]
  )? {
    for diagnostic in loaded.diagnostics { console.error(diagnostic.rendered) }
    return loaded.usable
  }
}

extension LogConfiguration {
  var loggerLevel: LogLevel { LogLevel(name: level.rawValue) ?? .info }
}

extension LogConfiguration.Access {
  /// nil when there is no access log. - Parameter logger: told when its file takes no more.
  func sink(_ logger: Logger) throws -> (any LogSink)? {
    switch self {
    case .standardOutput: FileDescriptorSink.standardOutput
    case .standardError: FileDescriptorSink.standardError
    case .file(let path):
      try FileDescriptorSink(
        path: path,
        onFailure: { error in
          logger.error(
            "lines of the access log are lost; free its disk, or name another file and restart",
            ["error": .string(error.description)])
        })
    case .off: nil
    }
  }
}
