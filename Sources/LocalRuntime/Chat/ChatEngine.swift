public import HTTP
import HTTPTransport
public import JSON
public import Model
public import Network
public import Telemetry

/// A model behind a chat-completions API, as Ollama, vLLM, llama.cpp and many hosted services offer it. Described in
/// `LocalRuntime.docc/ModelServers.md`.
public struct ChatEngine: LocalEngine {
  /// The server and what every request tells it.
  public struct Server: Sendable {
    /// Where chat completions are posted.
    public var url: URI
    public var model: String
    /// Sent as a bearer token.
    public var key: String?
    public var system: String?
    /// Members of every request beyond the engine's own; an object.
    public var parameters: JSONFragment?
    /// What the model may ask its caller to do, in the API's own form; a list.
    public var tools: JSONFragment?
    /// How an https server is proven; nil for the system's authorities.
    public var tls: TLSClientContext?

    public init(
      url: URI, model: String, key: String? = nil, system: String? = nil, parameters: JSONFragment? = nil,
      tools: JSONFragment? = nil, tls: TLSClientContext? = nil
    ) {
      self.url = url
      self.model = model
      self.key = key
      self.system = system
      self.parameters = parameters
      self.tools = tools
      self.tls = tls
    }
  }

  public let name: String
  public let server: Server
  public let bounds: UpstreamBounds
  private let logger: Logger

  /// - Parameter name: The agent's key, for the log and for the generated card.
  public init(name: String, server: Server, bounds: UpstreamBounds = UpstreamBounds(), logger: Logger) {
    self.name = name
    self.server = server
    self.bounds = bounds
    self.logger = logger.with(["agent": .string(name)])
  }

  public var description: EngineDescription {
    EngineDescription(
      name: name, description: "The agent \(name).", version: "1.0.0", inputModes: ChatContent.inputModes,
      outputModes: server.tools == nil ? ["text/plain"] : ["text/plain", "application/json"],
      skills: [
        AgentSkill(
          id: name, name: name, description: "Answers messages to the agent \(name).", tags: ["agent", "chat"])
      ], canStream: true, mayAnswerWithoutTask: true, usesHistory: true, remembers: true)
  }

  public func start(_ turn: Turn, on loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void) -> any RunningTurn
  {
    let conversation: ChatConversation
    do throws(AgentError) {
      conversation = try ChatConversation(turn)
    } catch {
      emit(.refused(error))
      return EndedTurn()
    }
    var request = HTTPClientRequest(.post, server.url, body: ChatRequest.body(server, conversation.messages))
    request.fields.add("Content-Type", "application/json")
    request.fields.add("Accept", "text/event-stream, application/json")
    request.fields.add("Accept-Encoding", "identity")
    if let key = server.key { request.fields.add("Authorization", "Bearer \(key)") }
    request.tls = server.tls
    bounds.apply(to: &request)
    let answer = ChatAnswer(
      taskID: turn.taskID, losses: conversation.losses, eventBytesMax: bounds.eventBytesMax)
    let running = UpstreamTurn(
      answer: answer, loop: loop, logger: logger.with(["task": .string(turn.taskID)]), emit: emit)
    running.begin(request)
    return running
  }
}
