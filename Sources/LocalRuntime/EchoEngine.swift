import JSON
public import Model
public import Network

/// Answers with what it was told: every part as it came, in one artifact named `echo`.
public struct EchoEngine: LocalEngine {
  public init() {}

  public var description: EngineDescription {
    EngineDescription(
      name: "Echo", description: "Answers with the message that it was sent. For a first call, and to test clients.",
      version: "1.0.0", inputModes: ["text/plain", "application/json", "*/*"],
      outputModes: ["text/plain", "application/json", "*/*"],
      skills: [
        AgentSkill(
          id: "echo", name: "Echo", description: "Returns every part of the message unchanged: text, files and data.",
          tags: ["echo", "test"], examples: ["Hello, is anybody there?"])
      ], canStream: true, mayAnswerWithoutTask: false, answersAtOnce: true)
  }

  public func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
  {
    let artifact = Artifact(artifactID: "echo", name: "echo", parts: turn.message.parts)
    emit(.artifact(artifact, append: false, lastChunk: true, metadata: nil))
    emit(.status(.completed))
    return EndedTurn()
  }
}
