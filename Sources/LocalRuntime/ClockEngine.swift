import JSON
public import Model
public import Network

/// Answers any message with the current date and time in UTC: as a sentence, and as data.
public struct ClockEngine: LocalEngine {
  public init() {}

  public var description: EngineDescription {
    EngineDescription(
      name: "Clock", description: "Tells the current date and time in UTC.", version: "1.0.0",
      inputModes: ["text/plain", "*/*"], outputModes: ["text/plain"],
      skills: [
        AgentSkill(
          id: "current-date", name: "Current date",
          description: "Tells the current date, the day of the week and the time, in UTC, whatever is asked.",
          tags: ["date", "time"], examples: ["What is the date today?", "What time is it?"])
      ], canStream: true, mayAnswerWithoutTask: false, answersAtOnce: true)
  }

  public func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
  {
    let text = ClockEngine.sentence(Timestamp(milliseconds: loop.wallMilliseconds))
    let artifact = Artifact(artifactID: "date", name: "date", parts: [.text(text)])
    emit(.artifact(artifact, append: false, lastChunk: true, metadata: nil))
    emit(.status(.completed))
    return EndedTurn()
  }

  /// `It is Saturday, 2026-11-21, 02:42:25 UTC.`
  static func sentence(_ time: Timestamp) -> String {
    // 1970-01-01 was a Thursday. Division rounds down, also before that day.
    let (quotient, remainder) = time.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let days = remainder < 0 ? quotient - 1 : quotient
    let names = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
    let name = names[Int(((days % 7) + 7) % 7)]
    let text = time.text
    return "It is \(name), \(text.prefix(10)), \(text.dropFirst(11).prefix(8)) UTC."
  }
}
