public import JSON

/// Who answers.
public enum Backend: Sendable, Equatable {
  /// An engine on this machine.
  case local(LocalEngineConfiguration)
  /// An agent of the Orq workspace that the configuration names.
  case orq(OrqAgentConfiguration)
  /// An A2A agent elsewhere.
  case a2a(ExternalAgentConfiguration)
}

/// An engine of the embedded runtime.
public enum LocalEngineConfiguration: Sendable, Equatable {
  /// Answers with what it was told.
  case echo
  /// Answers with the date and time.
  case clock
  case command(CommandConfiguration)
  case openai(ChatServerConfiguration)
  case http(ServiceConfiguration)
}

/// A program that answers, one process per turn.
public struct CommandConfiguration: Sendable, Equatable {
  /// What the program reads from its standard input.
  public enum Input: String, Sendable, CaseIterable {
    /// One JSON line with the message and all that belongs to it.
    case json
    /// The text of the message alone.
    case text
  }

  /// The program and its arguments; never empty.
  public var command: [String]
  /// Where it runs; the card file's folder unless the file says otherwise.
  public var folder: String
  /// What it gets beyond the few variables that every program gets.
  public var environment: [String: TextOrSecret]
  /// Handed to the program with every turn; an object.
  public var settings: JSONFragment?
  public var input: Input

  public init(
    command: [String], folder: String, environment: [String: TextOrSecret] = [:], settings: JSONFragment? = nil,
    input: Input = .json
  ) {
    self.command = command
    self.folder = folder
    self.environment = environment
    self.settings = settings
    self.input = input
  }
}

/// A model behind a chat-completions API: Ollama, vLLM, llama.cpp, a hosted one.
public struct ChatServerConfiguration: Sendable, Equatable {
  /// Where `/chat/completions` is below, without a slash at its end.
  public var url: String
  /// As the server names it; nil only under `runtime.models`, where it is what the `*` of the pattern stands for.
  public var model: String?
  /// Sent as a bearer token.
  public var key: Secret?
  /// What the model is told before the conversation.
  public var system: String?
  /// Members of every request beyond the gateway's own, such as `temperature`; an object.
  public var parameters: JSONFragment?
  /// What the model may ask the caller to do, in the API's own form; a list.
  public var tools: JSONFragment?
  /// PEM file of the authorities to trust instead of the system's.
  public var authorityFile: String?

  public init(
    url: String, model: String?, key: Secret? = nil, system: String? = nil, parameters: JSONFragment? = nil,
    tools: JSONFragment? = nil, authorityFile: String? = nil
  ) {
    self.url = url
    self.model = model
    self.key = key
    self.system = system
    self.parameters = parameters
    self.tools = tools
    self.authorityFile = authorityFile
  }
}

/// A field of every call to an upstream.
public struct UpstreamHeader: Sendable, Equatable {
  public var name: String
  public var value: TextOrSecret

  public init(name: String, value: TextOrSecret) {
    self.name = name
    self.value = value
  }
}

/// A service that takes messages by HTTP and answers as a `command` agent does.
public struct ServiceConfiguration: Sendable, Equatable {
  /// Where messages are posted.
  public var url: String
  public var headers: [UpstreamHeader]
  /// Handed to the service with every turn; an object.
  public var settings: JSONFragment?
  /// PEM file of the authorities to trust instead of the system's.
  public var authorityFile: String?

  public init(
    url: String, headers: [UpstreamHeader] = [], settings: JSONFragment? = nil, authorityFile: String? = nil
  ) {
    self.url = url
    self.headers = headers
    self.settings = settings
    self.authorityFile = authorityFile
  }
}

/// Agents that are not stated in card files but made by a call.
public struct RuntimeConfiguration: Sendable, Equatable {
  /// Which engine runs which models.
  public struct ModelRule: Sendable, Equatable {
    /// Names of models as callers give them, such as `local/*`.
    public var models: Glob
    public var engine: LocalEngineConfiguration

    public init(models: Glob, engine: LocalEngineConfiguration) {
      self.models = models
      self.engine = engine
    }
  }

  /// In written order; the first that matches counts.
  public var models: [ModelRule] = []

  public init() {}
}
