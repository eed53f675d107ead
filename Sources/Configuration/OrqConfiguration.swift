public import JSON

/// The Orq workspace whose agents are called.
public struct OrqConfiguration: Sendable, Equatable {
  /// The generation of the Agents API (contracts/orq.md §8).
  public enum Generation: Int, Sendable, CaseIterable {
    case v3 = 3
    case v4 = 4
  }

  /// What cancelling a task does, as Orq cannot cancel.
  public enum CancelPolicy: String, Sendable, CaseIterable {
    /// The task is canceled here; Orq may run on.
    case local
    /// The task is not cancelable.
    case refuse
  }

  /// The base of all paths, without a slash at its end.
  public var url = "https://my.orq.ai"
  public var key: Secret
  public var generation = Generation.v4
  /// PEM file of the authorities to trust instead of the system's.
  public var authorityFile: String?
  /// Keys of agents that are exposed without a card file each.
  public var expose: [Glob] = []
  public var cancel = CancelPolicy.local
  /// How often the workspace is asked for its agents.
  public var refresh: Duration = .seconds(300)
  public var timeouts = UpstreamTimeouts()
  /// Agents that calls register here are registered in the workspace too, under the gateway's own URLs for them.
  public var registersExternal = false
  /// An API key of this gateway, which the workspace presents when it calls those agents; nil where listeners want none.
  public var callbackKey: Secret?

  public init(key: Secret) { self.key = key }
}

/// How long a call to an upstream may wait for each step.
public struct UpstreamTimeouts: Sendable, Equatable {
  /// Until the connection stands: name, TCP and TLS together.
  public var connect: Duration = .seconds(10)
  /// From there to the head of the response.
  public var firstByte: Duration = .seconds(60)
  /// Between two pieces of the response.
  public var silence: Duration = .seconds(600)

  public init() {}
}

/// One agent of Orq.
public struct OrqAgentConfiguration: Sendable, Equatable {
  /// Which of Orq's operations a message becomes.
  public enum Call: String, Sendable, CaseIterable {
    case responses
    case invoke
    /// Orq runs an agent that the card file defines.
    case run
  }

  /// Its key in Orq.
  public var agentKey: String
  public var call: Call
  /// The members of a run call that define the agent; an object, there if and only if the call is `run`.
  public var agent: JSONFragment?

  public init(agentKey: String, call: Call = .responses, agent: JSONFragment? = nil) {
    self.agentKey = agentKey
    self.call = call
    self.agent = agent
  }
}

/// What every call to an agent of Orq carries, and what of it a message may set.
public struct OrqDefaults: Sendable, Equatable {
  /// What a message may set by its metadata.
  public enum MessageField: Sendable, Hashable {
    case variable(String)
    case allVariables
    case memoryEntity
    case threadTags
    case metadata(String)
    case allMetadata

    /// `variables.NAME`, `variables.*`, `memory.entity_id`, `thread_tags`, `metadata.NAME` or `metadata.*`.
    public init?(_ text: String) {
      switch text {
      case "variables.*": self = .allVariables
      case "metadata.*": self = .allMetadata
      case "memory.entity_id": self = .memoryEntity
      case "thread_tags": self = .threadTags
      default:
        guard let dot = text.firstIndex(of: ".") else { return nil }
        let name = String(text[text.index(after: dot)...])
        guard !name.isEmpty, !name.contains("*") else { return nil }
        switch text[..<dot] {
        case "variables": self = .variable(name)
        case "metadata": self = .metadata(name)
        default: return nil
        }
      }
    }
  }

  public var variables: JSONObject = [:]
  public var memoryEntityID: String?
  public var threadTags: [String] = []
  public var metadata: JSONObject = [:]
  public var fromMessage: Set<MessageField> = []

  public init() {}
}
