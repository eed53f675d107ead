public import JSON

/// Where a task's events are to be pushed (A2A 1.0 §4.3.1). The wire of 0.3 nests it; schemes beyond the first are lost.
public struct PushNotificationConfig: Sendable, Equatable {
  public struct Authentication: Sendable, Equatable {
    public var scheme: String
    public var credentials: String?

    public init(scheme: String, credentials: String? = nil) {
      self.scheme = scheme
      self.credentials = credentials
    }
  }

  public var id: String?
  public var taskID: String?
  public var url: String
  public var token: String?
  public var authentication: Authentication?

  public init(
    id: String? = nil, taskID: String? = nil, url: String, token: String? = nil, authentication: Authentication? = nil
  ) {
    self.id = id
    self.taskID = taskID
    self.url = url
    self.token = token
    self.authentication = authentication
  }
}

/// A message to an agent and how it shall be answered (A2A 1.0 §3.2.1, §3.2.2).
public struct SendRequest: Sendable, Equatable {
  public var message: Message
  public var acceptedOutputModes: [String]
  /// nil: the server's default; 0: no history; n: the n newest.
  public var historyLength: Int?
  /// False waits for a terminal or interrupted state.
  public var returnImmediately: Bool
  public var pushNotification: PushNotificationConfig? {
    get { push?.config }
    set { push = newValue.map { Push($0) } }
  }
  /// Whether there is a ``pushNotification``.
  public var wantsPush: Bool { push != nil }
  public var metadata: JSONFragment?
  /// Out of line: it is large, and few requests have one.
  private var push: Push?

  private final class Push: Sendable, Equatable {
    let config: PushNotificationConfig

    init(_ config: PushNotificationConfig) { self.config = config }

    static func == (a: Push, b: Push) -> Bool { a.config == b.config }
  }

  public init(
    message: Message, acceptedOutputModes: [String] = [], historyLength: Int? = nil, returnImmediately: Bool = false,
    pushNotification: PushNotificationConfig? = nil, metadata: JSONFragment? = nil
  ) {
    self.message = message
    self.acceptedOutputModes = acceptedOutputModes
    self.historyLength = historyLength
    self.returnImmediately = returnImmediately
    self.metadata = metadata
    push = pushNotification.map { Push($0) }
  }
}

/// A page of the caller's tasks (A2A 1.0 §3.1.4).
public struct ListTasksRequest: Sendable, Equatable {
  public static let pageSizeDefault = 50
  public static let pageSizeMax = 100

  public var contextID: String?
  public var state: TaskState?
  /// 1…100.
  public var pageSize: Int
  /// Opaque; nil for the first page.
  public var pageToken: String?
  public var historyLength: Int?
  /// Inclusive lower bound of the status timestamp.
  public var statusTimestampAfter: Timestamp?
  public var includeArtifacts: Bool

  public init(
    contextID: String? = nil, state: TaskState? = nil, pageSize: Int = ListTasksRequest.pageSizeDefault,
    pageToken: String? = nil, historyLength: Int? = nil, statusTimestampAfter: Timestamp? = nil,
    includeArtifacts: Bool = false
  ) {
    self.contextID = contextID
    self.state = state
    self.pageSize = pageSize
    self.pageToken = pageToken
    self.historyLength = historyLength
    self.statusTimestampAfter = statusTimestampAfter
    self.includeArtifacts = includeArtifacts
  }
}

/// The answer to ``ListTasksRequest``.
public struct TaskPage: Sendable, Equatable {
  public var tasks: [AgentTask]
  /// Empty on the last page.
  public var nextPageToken: String
  public var pageSize: Int
  /// Matches before paging.
  public var totalSize: Int

  public init(tasks: [AgentTask], nextPageToken: String, pageSize: Int, totalSize: Int) {
    self.tasks = tasks
    self.nextPageToken = nextPageToken
    self.pageSize = pageSize
    self.totalSize = totalSize
  }
}

/// The eleven operations of A2A 1.0 §3.1, free of any wire dialect.
public enum AgentCall: Sendable, Equatable {
  case sendMessage(SendRequest)
  case sendStreamingMessage(SendRequest)
  case getTask(id: String, historyLength: Int?)
  case listTasks(ListTasksRequest)
  case cancelTask(id: String, metadata: JSONFragment?)
  case subscribeToTask(id: String)
  case createPushConfig(PushNotificationConfig)
  case getPushConfig(taskID: String, id: String?)
  case listPushConfigs(taskID: String, pageSize: Int?, pageToken: String?)
  case deletePushConfig(taskID: String, id: String)
  case getExtendedAgentCard

  /// The A2A 1.0 name, for logs, metrics and access rules.
  public var operation: AgentOperation {
    switch self {
    case .sendMessage: .sendMessage
    case .sendStreamingMessage: .sendStreamingMessage
    case .getTask: .getTask
    case .listTasks: .listTasks
    case .cancelTask: .cancelTask
    case .subscribeToTask: .subscribeToTask
    case .createPushConfig: .createPushConfig
    case .getPushConfig: .getPushConfig
    case .listPushConfigs: .listPushConfigs
    case .deletePushConfig: .deletePushConfig
    case .getExtendedAgentCard: .getExtendedAgentCard
    }
  }
}

/// The operation of a call by its A2A 1.0 name.
public enum AgentOperation: String, Sendable, CaseIterable {
  case sendMessage = "SendMessage"
  case sendStreamingMessage = "SendStreamingMessage"
  case getTask = "GetTask"
  case listTasks = "ListTasks"
  case cancelTask = "CancelTask"
  case subscribeToTask = "SubscribeToTask"
  case createPushConfig = "CreateTaskPushNotificationConfig"
  case getPushConfig = "GetTaskPushNotificationConfig"
  case listPushConfigs = "ListTaskPushNotificationConfigs"
  case deletePushConfig = "DeleteTaskPushNotificationConfig"
  case getExtendedAgentCard = "GetExtendedAgentCard"
}
