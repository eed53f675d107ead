/// How much a line matters, in ascending order.
public enum LogLevel: UInt8, Sendable, Comparable, CaseIterable {
  case trace, debug, info, warning, error

  /// The word in the log and in the configuration.
  public var name: String {
    switch self {
    case .trace: "trace"
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  public init?(name: String) {
    guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// Writes structured log lines: static text with key/values, one JSON object per line
/// (`{"time":"…Z","level":"info","message":"…",…}`). A line below the level costs one comparison.
public struct Logger: Sendable {
  public let level: LogLevel
  public let sink: any LogSink
  private let members: [UInt8]
  private let wallMilliseconds: @Sendable () -> Int64

  /// - Parameters:
  ///   - fields: Go into every line.
  ///   - wallMilliseconds: The clock, in milliseconds since 1970-01-01T00:00:00Z.
  public init(
    level: LogLevel = .info, sink: any LogSink, fields: KeyValuePairs<String, LogValue> = [:],
    wallMilliseconds: @escaping @Sendable () -> Int64 = systemWallMilliseconds
  ) {
    self.init(level: level, sink: sink, members: LogLine.members(fields), wallMilliseconds: wallMilliseconds)
  }

  private init(
    level: LogLevel, sink: any LogSink, members: [UInt8], wallMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.level = level
    self.sink = sink
    self.members = members
    self.wallMilliseconds = wallMilliseconds
  }

  /// A logger that says nothing.
  public static let silent = Logger(level: .error, sink: DiscardingSink())

  /// The same logger with more fields in every line.
  public func with(_ fields: KeyValuePairs<String, LogValue>) -> Logger {
    let added = LogLine.members(fields)
    let joined = members.isEmpty ? added : members + [UInt8(ascii: ",")] + added
    return Logger(level: level, sink: sink, members: joined, wallMilliseconds: wallMilliseconds)
  }

  public func trace(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
    if level <= .trace { log(.trace, message, fields()) }
  }

  public func debug(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
    if level <= .debug { log(.debug, message, fields()) }
  }

  public func info(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
    if level <= .info { log(.info, message, fields()) }
  }

  public func warning(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
    if level <= .warning { log(.warning, message, fields()) }
  }

  public func error(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
    if level <= .error { log(.error, message, fields()) }
  }

  private func log(_ level: LogLevel, _ message: StaticString, _ fields: KeyValuePairs<String, LogValue>) {
    var clock = LogTime()
    var line = LogLine()
    line.begin()
    line.time(&clock, milliseconds: wallMilliseconds())
    line.field("level", level.name)
    line.field("message", message)
    line.append(members: members)
    for (name, value) in fields { line.field(named: name, value) }
    line.end()
    sink.write(line.bytes)
  }
}
