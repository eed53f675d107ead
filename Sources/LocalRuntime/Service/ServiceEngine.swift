public import HTTP
import HTTPTransport
public import JSON
public import Model
public import Network
public import Telemetry

/// A service that takes messages by HTTP and answers as a command agent does. Described in
/// `LocalRuntime.docc/Services.md`.
public struct ServiceEngine: LocalEngine {
  /// The service and what every request tells it.
  public struct Service: Sendable {
    /// Where messages are posted.
    public var url: URI
    /// Beyond those that say how the message travels.
    public var fields: HTTPFields
    /// Handed to the service with every message; an object.
    public var settings: JSONFragment?
    /// How an https server is proven; nil for the system's authorities.
    public var tls: TLSClientContext?

    public init(
      url: URI, fields: HTTPFields = HTTPFields(), settings: JSONFragment? = nil, tls: TLSClientContext? = nil
    ) {
      self.url = url
      self.fields = fields
      self.settings = settings
      self.tls = tls
    }
  }

  public let name: String
  public let service: Service
  public let bounds: UpstreamBounds
  private let logger: Logger

  /// - Parameter name: The agent's key, for the log and for the generated card.
  public init(name: String, service: Service, bounds: UpstreamBounds = UpstreamBounds(), logger: Logger) {
    self.name = name
    self.service = service
    self.bounds = bounds
    self.logger = logger.with(["agent": .string(name)])
  }

  public var description: EngineDescription {
    EngineDescription(
      name: name, description: "The agent \(name).", version: "1.0.0",
      inputModes: ["text/plain", "application/json", "*/*"], outputModes: ["text/plain", "application/json", "*/*"],
      skills: [
        AgentSkill(id: name, name: name, description: "Answers messages to the agent \(name).", tags: ["agent"])
      ], canStream: true, mayAnswerWithoutTask: true, usesHistory: true)
  }

  public func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
  {
    var request = HTTPClientRequest(
      .post, service.url, fields: service.fields, body: AgentInput.line(turn, settings: service.settings))
    request.fields.add("Content-Type", "application/json")
    request.fields.add("Accept", "application/x-ndjson, text/event-stream, application/json, text/plain")
    request.fields.add("Accept-Encoding", "identity")
    request.tls = service.tls
    bounds.apply(to: &request)
    let running = UpstreamTurn(
      answer: ServiceAnswer(bounds), loop: loop, logger: logger.with(["task": .string(turn.taskID)]), emit: emit)
    running.begin(request)
    return running
  }
}
