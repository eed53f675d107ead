/// Reads `limits`: every bound of ``Limits`` under its own name in snake case, grouped as there, with the range that it
/// may have, and then the relations between them.
enum LimitsReader {
  private static let moments: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
  private static let hours: ClosedRange<Duration> = .seconds(1)...(.seconds(7 * 86_400))
  private static let years: ClosedRange<Duration> = .seconds(1)...(.seconds(3650 * 86_400))
  private static let kibibyte = 1024
  private static let mebibyte = 1024 * 1024
  private static let gibibyte = 1024 * 1024 * 1024

  static func read(_ reader: inout ObjectReader, _ limits: inout Limits) {
    var result = limits
    _ = reader.object("http") { http(&$0, &result.http) }
    _ = reader.object("json") { reader in
      reader.count("depth_max", &result.json.depthMax, in: 8...512)
      reader.count("nodes_max", &result.json.nodesMax, in: 1000...10_000_000)
    }
    _ = reader.object("tasks") { tasks(&$0, &result.tasks) }
    _ = reader.object("contexts") { reader in
      reader.count("waiting_turns_max", &result.contexts.waitingTurnsMax, in: 0...1000)
      reader.count("history_tasks_max", &result.contexts.historyTasksMax, in: 0...1000)
      reader.bytes("history_bytes_max", &result.contexts.historyBytesMax, in: 0...64 * mebibyte)
    }
    _ = reader.object("turns") { turns(&$0, &result.turns) }
    _ = reader.object("streams") { reader in
      reader.bytes("buffer_bytes_max", &result.streams.bufferBytesMax, in: 16 * kibibyte...64 * mebibyte)
      reader.duration("keep_alive", &result.streams.keepAlive, in: .seconds(1)...(.seconds(3600)))
    }
    _ = reader.object("commands") { commands(&$0, &result.commands) }
    for (message, hint) in faultsInRelations(result) { reader.faults.error(reader.start, message, hint: hint) }
    limits = result
  }

  private static func http(_ reader: inout ObjectReader, _ limits: inout HTTPServerLimits) {
    reader.bytes("request_line_bytes_max", &limits.requestLineBytesMax, in: 256...mebibyte)
    reader.bytes("head_bytes_max", &limits.headBytesMax, in: kibibyte...mebibyte)
    reader.count("headers_max", &limits.headersMax, in: 8...10_000)
    reader.bytes("body_bytes_max", &limits.bodyBytesMax, in: kibibyte...gibibyte)
    reader.count("connections_max", &limits.connectionsMax, in: 1...1_000_000)
    reader.bytes("held_bytes_max", &limits.heldBytesMax, in: mebibyte...1024 * gibibyte)
    reader.duration("head_time", &limits.headTime, in: moments)
    reader.duration("body_time", &limits.bodyTime, in: moments)
    reader.duration("idle_time", &limits.idleTime, in: moments)
    reader.duration("write_stall_time", &limits.writeStallTime, in: moments)
    reader.duration("drain_time", &limits.drainTime, in: hours)
  }

  private static func tasks(_ reader: inout ObjectReader, _ limits: inout TaskLimits) {
    reader.count("tasks_max", &limits.tasksMax, in: 100...10_000_000)
    reader.bytes("bytes_max", &limits.bytesMax, in: mebibyte...1024 * gibibyte)
    reader.duration("terminal_retention", &limits.terminalRetention, in: years)
    reader.duration("interrupted_retention", &limits.interruptedRetention, in: years)
    reader.count("journal_events_max", &limits.journalEventsMax, in: 16...1_000_000)
    reader.bytes("output_bytes_max", &limits.outputBytesMax, in: 4 * kibibyte...4 * gibibyte)
  }

  private static func turns(_ reader: inout ObjectReader, _ limits: inout TurnLimits) {
    reader.duration("task_time", &limits.taskTime, in: hours)
    reader.duration("silence", &limits.silence, in: hours)
    reader.count("events", &limits.events, in: 16...10_000_000)
    reader.duration("direct_reply_wait", &limits.directReplyWait, in: .milliseconds(0)...(.seconds(60)))
    if let wait = reader.duration("blocking_wait", in: hours) { limits.blockingWait = wait }
    reader.count("concurrent_tasks_max", &limits.concurrentTasksMax, in: 1...100_000)
  }

  private static func commands(_ reader: inout ObjectReader, _ limits: inout CommandLimits) {
    reader.bytes("output_bytes_max", &limits.outputBytesMax, in: 4 * kibibyte...4 * gibibyte)
    reader.bytes("line_bytes_max", &limits.lineBytesMax, in: kibibyte...64 * mebibyte)
    reader.bytes("memory_bytes_max", &limits.memoryBytesMax, in: 16 * mebibyte...1024 * gibibyte)
    reader.duration("kill_grace", &limits.killGrace, in: .milliseconds(0)...(.seconds(300)))
  }

  /// What two bounds together get wrong. The defaults satisfy all of these.
  static func faultsInRelations(_ limits: Limits) -> [(message: String, hint: String)] {
    let rules: [(Bool, String, String)] = [
      (
        limits.http.requestLineBytesMax <= limits.http.headBytesMax,
        "http.request_line_bytes_max is more than http.head_bytes_max", "a request line is part of its head"
      ),
      (
        Int64(limits.http.bodyBytesMax) <= Int64(limits.tasks.bytesMax),
        "http.body_bytes_max is more than tasks.bytes_max", "one message could fill the task store"
      ),
      (
        limits.tasks.outputBytesMax <= limits.tasks.bytesMax,
        "tasks.output_bytes_max is more than tasks.bytes_max", "one task could fill the task store"
      ),
      (
        limits.commands.lineBytesMax <= limits.commands.outputBytesMax,
        "commands.line_bytes_max is more than commands.output_bytes_max", "a line is part of the output"
      ),
      (
        limits.turns.blockingWait.map { $0 <= limits.turns.taskTime } ?? true,
        "turns.blocking_wait is more than turns.task_time", "leave it out to wait as long as a task may run"
      ),
      (
        limits.turns.directReplyWait <= limits.turns.taskTime,
        "turns.direct_reply_wait is more than turns.task_time", "a turn ends after task_time"
      ),
    ]
    return rules.filter { !$0.0 }.map { (message: $0.1, hint: $0.2) }
  }
}
